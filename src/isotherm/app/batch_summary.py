"""What became of a list of cases so far: for the progress line, for the tables on disk, and for the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from isotherm.app.batch_attempt import Outcome
from isotherm.app.batch_tables import (
    CASE_COLUMNS,
    CASES,
    LESION_COLUMNS,
    Told,
    told_of,
    told_of_refused,
)
from isotherm.app.batch_task import Task
from isotherm.app.outputs import TABLE, table_text
from isotherm.app.terminal import folded
from isotherm.exchange.atomic import write_text
from isotherm.printable import printable

MOST_TOLD = 10
"""Cases without a margin that the end lists; all of them are in cases.csv."""

EVERY_S, SHARE = 1.0, 20.0
"""Tables are written at most once a second, and writing them takes at most a twentieth of the time."""


class Summary:
    """What became of each case, in the order of the list.

    Parameters
    ----------
    folder : Path
        Where the tables go.
    tasks : sequence of Task
    """

    def __init__(self, folder: Path, tasks: Sequence[Task]) -> None:
        self.folder = folder
        self.measured = self.kept = self.refused = 0
        self._tasks = {task.name: task for task in tasks}
        self._told: dict[str, Told | None] = dict.fromkeys(self._tasks)
        self._started_s = time.monotonic()
        self._next_s = 0.0

    def keep(self, name: str, told: Told) -> None:
        """Take over what an earlier run has measured."""
        self._told[name] = told
        self.kept += 1

    def knows(self, name: str) -> bool:
        """Say whether a case has ended."""
        return self._told[name] is not None

    def add(self, name: str, outcome: Outcome) -> None:
        """Take in how a case ended, and write the tables when it is time again."""
        task = self._tasks[name]
        if outcome.document is None:
            self._told[name] = told_of_refused(task, outcome.why)
            self.refused += 1
        else:
            self._told[name] = told_of(task, outcome.document)
            self.measured += 1
        if time.monotonic() >= self._next_s:
            self.write()

    @property
    def known(self) -> list[Told]:
        """What is known of the cases that have ended, in the order of the list."""
        return [told for told in self._told.values() if told is not None]

    @property
    def incomplete(self) -> bool:
        """Whether a case was refused, or a margin withheld."""
        return any(told.incomplete for told in self.known)

    def write(self) -> None:
        """Write both tables, whole.

        Raises
        ------
        OutputError
        """
        start = time.monotonic()
        write_text(self.folder / CASES, table_text(CASE_COLUMNS, (told.case for told in self.known)))
        rows = (lesion for told in self.known for lesion in told.lesions)
        write_text(self.folder / TABLE, table_text(LESION_COLUMNS, rows))
        now = time.monotonic()
        self._next_s = now + max(EVERY_S, SHARE * (now - start))

    def ahead(self) -> str:
        """Return how far the list is, for a progress line: "3 of 200 done, 1 refused, 25 min left"."""
        past = self.measured + self.kept + self.refused
        told = f"{past} of {len(self._told)} done"
        if self.refused:
            told += f", {self.refused} refused"
        if (new := past - self.kept) > 0:
            left_s = (time.monotonic() - self._started_s) / new * (len(self._told) - past)
            told += f", {left_s / 60.0:.0f} min left" if left_s >= 90.0 else f", {left_s:.0f} s left"
        return told

    def text(self, width: int | None = None) -> str:
        """Return the end for a terminal, its sentences in lines of at most `width` columns where one is given."""
        known = self.known
        cases = "case" if self.measured == 1 else "cases"
        lines = [f"{self.measured} {cases} measured, {self.kept} kept from an earlier run, {self.refused} refused."]
        if statuses := Counter(status for told in known for status in told.statuses):
            lines.append(f"Lesions: {', '.join(f'{count} {status}' for status, count in statuses.most_common())}.")
        missing = [dict(zip(CASE_COLUMNS, told.case, strict=True)) for told in known if told.incomplete]
        lines += [
            line
            for one in missing[:MOST_TOLD]
            for line in folded(f"{one['case']}: {one['status']}: {one['why']}", width)
        ]
        if (rest := len(missing) - MOST_TOLD) > 0:
            lines.append(f"  and {rest} more")
        lines += [f"Cases:   {self.folder / CASES}", f"Lesions: {self.folder / TABLE}"]
        return "\n".join(printable(line) for line in lines)
