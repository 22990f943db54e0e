"""JobTable: the jobs of a workspace, a row and a folder each; the row tells the state, the folder what was asked."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isotherm.app.web.context_time import stamp
from isotherm.app.web.job import ENDED, ID, Job, State, work_called
from isotherm.app.web.workspace import Workspace
from isotherm.errors import BadSetting
from isotherm.exchange.atomic import write_text
from isotherm.printable import printable

ASKED, SAID, DONE, FAILED, PID, LOG, OUT = (
    "asked.json", "said.txt", "done.json", "failed.txt", "pid", "log.txt", "out",
)  # fmt: skip
"""What lies in the folder of a job."""

LONGEST_TITLE = 120
ALL = -1
"""As many jobs as there are, for SQLite."""
COLUMNS = "id, work, title, who, state, asked_at, started_at, ended_at, attempts, said, link, patient"


@dataclass(frozen=True, slots=True)
class JobTable:
    """The jobs of a workspace."""

    workspace: Workspace

    def folder(self, job_id: str) -> Path:
        """Return the folder of a job."""
        assert ID.fullmatch(job_id)
        return self.workspace.jobs / job_id

    def add(self, work: str, title: str, asked: Mapping[str, Any], *, who: str, registry: str, patient: str = "",
            job_id: str = "") -> Job:  # fmt: skip
        """Add a job, which waits; where one has the `job_id` that came, return that one.

        Raises
        ------
        OutputError
            Its folder cannot be made.
        """
        work_called(work)
        if job_id and (there := self.get(job_id)) is not None:
            return there
        job = Job(id=job_id or secrets.token_hex(8), work=work, title=printable(title)[:LONGEST_TITLE],
                  who=printable(who), state="waiting", asked_at=stamp(), patient=patient)  # fmt: skip
        folder = self.folder(job.id)
        try:
            (folder / OUT).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadSetting(f"The job cannot be kept: {(error.strerror or 'unknown').lower()}.") from None
        write_text(folder / ASKED, json.dumps({"work": work, "who": who, "registry": registry, "asked": dict(asked)}))
        with self.workspace.connected() as connection:
            connection.execute(
                "INSERT INTO job (id, work, title, who, state, asked_at, patient) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (job.id, job.work, job.title, job.who, job.state, job.asked_at, job.patient),
            )
        return job

    def get(self, job_id: str) -> Job | None:
        """Return a job; None where there is none."""
        if not ID.fullmatch(job_id):
            return None
        with self.workspace.connected(reads=True) as connection:
            row = connection.execute(f"SELECT {COLUMNS} FROM job WHERE id = ?", (job_id,)).fetchone()
        return None if row is None else _job(row)

    def of(self, *states: State, last: int = 200) -> tuple[Job, ...]:
        """Return the jobs in some states, or all; the latest first."""
        marks = ", ".join("?" for _ in states)
        where = f"WHERE state IN ({marks})" if states else ""
        with self.workspace.connected(reads=True) as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM job {where} ORDER BY asked_at DESC, id LIMIT ?", (*states, last)
            ).fetchall()
        return tuple(_job(row) for row in rows)

    def of_patient(self, patient_id: str) -> tuple[Job, ...]:
        """Return the jobs about a patient, the latest first."""
        with self.workspace.connected(reads=True) as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM job WHERE patient = ? ORDER BY asked_at DESC, id", (patient_id,)
            ).fetchall()
        return tuple(_job(row) for row in rows)

    def is_of(self, job_id: str, patient_id: str) -> None:
        """Let a job be about a patient, so that who looks at it looks at them."""
        with self.workspace.connected() as connection:
            connection.execute("UPDATE job SET patient = ? WHERE id = ?", (patient_id, job_id))

    def move(self, job_id: str, state: State, *, since: tuple[State, ...], said: str = "", link: str = "") -> bool:
        """Let a job be in another state, if it is in one of some states now; return whether it was."""
        marks = ", ".join("?" for _ in since)
        now = stamp()
        times = {"running": "started_at = ?, attempts = attempts + 1", "waiting": "ended_at = NULL, started_at = ?"}
        time = times.get(state, "ended_at = ?")
        with self.workspace.connected() as connection:
            moved = connection.execute(
                f"UPDATE job SET state = ?, said = ?, link = ?, {time} WHERE id = ? AND state IN ({marks})",
                (state, said, link, None if state == "waiting" else now, job_id, *since),
            )
        return moved.rowcount == 1

    def forget_attempts(self, job_id: str) -> None:
        """Count the starts of a job anew, which somebody runs again."""
        with self.workspace.connected() as connection:
            connection.execute("UPDATE job SET attempts = 0 WHERE id = ?", (job_id,))

    def remove(self, job_id: str) -> bool:
        """Take the row of a job that is over away; return whether there was one."""
        marks = ", ".join("?" for _ in ENDED)
        with self.workspace.connected() as connection:
            gone = connection.execute(f"DELETE FROM job WHERE id = ? AND state IN ({marks})", (job_id, *sorted(ENDED)))
        return gone.rowcount == 1

    def ask_anew(self, job_id: str, *, who: str) -> None:
        """Let a job be of somebody else, who runs it again, and count its starts anew."""
        file = self.folder(job_id) / ASKED
        asked = json.loads(file.read_text(encoding="utf-8"))
        write_text(file, json.dumps(asked | {"who": who}))
        with self.workspace.connected() as connection:
            connection.execute("UPDATE job SET who = ?, attempts = 0 WHERE id = ?", (printable(who), job_id))

    def told(self, job: Job) -> str:
        """Return in words how far a job is."""
        if job.is_over:
            return job.said
        if job.state == "waiting":
            return "waits for its turn"
        try:
            return printable((self.folder(job.id) / SAID).read_text(encoding="utf-8")) or "starting"
        except OSError:
            return "starting"


def _job(row: sqlite3.Row) -> Job:
    told: dict[str, Any] = {name: "" if row[name] is None else row[name] for name in row.keys()}
    return Job(**told)
