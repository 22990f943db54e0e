"""Foreman: starts jobs that wait, a few of a lane at once, looks after those that run, and notes what came of them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from isotherm.app.web.context_time import stamp
from isotherm.app.web.job import INTAKE, Job, lane_of, work_called
from isotherm.app.web.job_process import end, is_at_work, start
from isotherm.app.web.job_table import ALL, DONE, FAILED, JobTable
from isotherm.errors import IsothermError

LOOKS_EVERY_S = 0.25
RESTS_S = 5.0
"""How long nothing is looked for where nothing runs, unless somebody asks."""

BESIDE_AT_ONCE = 2
"""Jobs at once in each lane but the common one, and that of imports: as the studies before and after of one pair."""

MOST_STARTS = 2
"""A job whose process was lost is started once more: the machine may have gone down; it may be the job itself, too."""


class Foreman:
    """Looks after the jobs of a workspace, in a thread of its own, from `open` to `close`."""

    def __init__(self, table: JobTable, *, at_once: int) -> None:
        self.table = table
        self._at_once = {"": at_once, INTAKE: 1}
        self._own: dict[str, subprocess.Popen[bytes]] = {}
        self._asked, self._ending = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="foreman", daemon=True)
        self._one = threading.Lock()

    def open(self) -> None:
        """Begin; jobs that an earlier server has started are gone on with."""
        self._thread.start()

    def close(self) -> None:
        """End the processes; their jobs wait for the next server."""
        self._ending.set()
        self._asked.set()
        self._thread.join()
        running: Sequence[Job] = ()
        with suppress(sqlite3.Error):  # a disk that is full leaves no process behind
            running = self.table.of("running", last=ALL)
        for job_id in {job.id for job in running} | self._own.keys():
            end(self.table.folder(job_id), self._own.get(job_id))
        self._own.clear()
        with suppress(sqlite3.Error):  # the next server sees for itself that nobody does them any more
            for job in running:
                if not self._settled(job):
                    self.table.move(job.id, "waiting", since=("running",))
                    self.table.forget_attempts(job.id)

    def wake(self) -> None:
        """Look at once."""
        self._asked.set()

    def cancel(self, job: Job) -> None:
        """Let a job not go on."""
        with self._one:
            if self.table.move(job.id, "cancelled", since=("waiting", "running"), said="It was cancelled."):
                end(self.table.folder(job.id), self._own.pop(job.id, None))
        self.wake()

    def forget(self, job: Job) -> bool:
        """Let a job that is over not be known any more; return whether it was over."""
        with self._one:
            return self.table.remove(job.id)

    def again(self, job: Job, *, who: str) -> None:
        """Let a job that is over run once more; what it writes then is of who asks now."""
        with self._one:
            now = self.table.get(job.id)
            if now is None or not now.is_over:
                return
            self.table.ask_anew(job.id, who=who)
            self.table.move(job.id, "waiting", since=("done", "failed", "cancelled"))
        self.wake()

    def _look_after(self) -> None:
        while not self._ending.is_set():
            self._asked.clear()
            busy = True
            # A disk that is full for a while must not end the one who looks after everything.
            with suppress(IsothermError, OSError, sqlite3.Error), self._one:
                busy = self._look()
            self._asked.wait(LOOKS_EVERY_S if busy else RESTS_S)

    def _look(self) -> bool:
        """Look once at every job; return whether there is something to look at again soon."""
        running = [job for job in self.table.of("running", last=ALL) if not self._is_over(job)]
        self._let_go({job.id for job in running})
        waiting = self.table.of("waiting", last=ALL)[::-1]
        busy = Counter(lane_of(job) for job in running)
        for job in waiting:
            lane = lane_of(job)
            if busy[lane] < self._at_once.get(lane, BESIDE_AT_ONCE):
                self._start(job)
                busy[lane] += 1
        return bool(running or waiting)

    def _let_go(self, running: set[str]) -> None:
        """Forget processes that ended although nobody here has ended them."""
        for job_id in [one for one, own in self._own.items() if one not in running and own.poll() is not None]:
            del self._own[job_id]

    def _start(self, job: Job) -> None:
        if not self.table.move(job.id, "running", since=("waiting",)):
            return
        try:
            self._own[job.id] = start(self.table.folder(job.id))
        except OSError as error:
            why = (error.strerror or "the system refused").lower()
            self.table.move(job.id, "failed", since=("running",), said=f"No process could be started for it: {why}.")

    def _is_over(self, job: Job) -> bool:
        """Note what came of a job, if its process has ended; return whether it has."""
        own, folder = self._own.get(job.id), self.table.folder(job.id)
        alive = own.poll() is None if own is not None else is_at_work(folder)
        if alive and _runs_s(job) > work_called(job.work).most_s:
            end(folder, self._own.pop(job.id, None))
            self.table.move(job.id, "failed", since=("running",), said="It took too long and was given up.")
            return True
        if alive:
            return False
        self._own.pop(job.id, None)
        if self._settled(job):
            return True
        if own is not None and is_at_work(folder):
            return False  # one that an earlier server has started was faster
        self._lost(job)
        return True

    def _settled(self, job: Job) -> bool:
        """Note what a process has left behind; return whether it had come to an end."""
        folder = self.table.folder(job.id)
        if (folder / DONE).is_file():
            came = json.loads((folder / DONE).read_text(encoding="utf-8"))
            self.table.move(job.id, "done", since=("running",), said=came["said"], link=came["link"])
            return True
        if (folder / FAILED).is_file():
            self.table.move(job.id, "failed", since=("running",), said=_text(folder / FAILED))
            return True
        return False

    def _lost(self, job: Job) -> None:
        if job.attempts < MOST_STARTS:
            self.table.move(job.id, "waiting", since=("running",))
            return
        self.table.move(job.id, "failed", since=("running",), said="Its process was ended twice by something else, as "
                        "a system without memory left does; close other programs and run it again.")  # fmt: skip


def _runs_s(job: Job) -> float:
    return (_time(stamp()) - _time(job.started_at)).total_seconds()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
