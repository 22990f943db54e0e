"""Room: how much a workspace may hold of uploads, jobs and imports; what is more is refused before it comes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from isotherm.app.web.workspace import UNFINISHED, Workspace
from isotherm.errors import InputError

COUNTED_EVERY_S = 60.0
"""Between two looks at the disk what has come is added up."""

PARTS = ("jobs", "uploads", "imports", "studies")
"""Folders of a workspace that people fill."""


class NoRoom(InputError):
    """The workspace holds as much as it may."""


class Room:
    """What is left of what a workspace may hold.

    Parameters
    ----------
    workspace : Workspace
    most_gb : float
    clock_s : callable
        Tells seconds that only grow.
    """

    def __init__(self, workspace: Workspace, most_gb: float, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._workspace, self.most_gb, self._clock_s = workspace, most_gb, clock_s
        self._lock = threading.Lock()
        self._held, self._coming, self._counted_s = 0, 0, -COUNTED_EVERY_S

    def take(self, coming: int) -> int:
        """Keep room for what will come, until it is `over`; return how many bytes more there is room for, with these.

        Raises
        ------
        NoRoom
        """
        with self._lock:
            now = self._clock_s()
            if now - self._counted_s >= COUNTED_EVERY_S:
                self._held, self._counted_s = self._on_disk(), now
            left = int(self.most_gb * 1e9) - self._held - self._coming
            if left <= 0 or coming > left:
                raise NoRoom(f"The workspace may hold {self.most_gb:g} GB and has no room for this; clear what is not "
                             "needed any more (Jobs, Kept files), or start isotherm serve with a larger --room-gb."
                             )  # fmt: skip
            self._coming += coming
            return left

    def over(self, taken: int, *, kept: int = 0) -> None:
        """Keep no more room for something that was to come; count what was kept of it."""
        with self._lock:
            self._coming -= taken
            self._held += kept

    def look_again(self) -> None:
        """Look at the disk the next time: something was cleared."""
        with self._lock:
            self._counted_s = -COUNTED_EVERY_S

    def _on_disk(self) -> int:
        # A file that still comes has its room already.
        return sum(size_of(self._workspace.folder / name, without=UNFINISHED) for name in PARTS)


def size_of(folder: Path, *, without: str = "") -> int:
    """Return the bytes of all files below a folder, but of those whose name begins with `without`.

    Links are not followed; of no folder it is 0.
    """
    total, open_folders = 0, [str(folder)]
    while open_folders:
        try:
            with os.scandir(open_folders.pop()) as entries:
                for one in entries:
                    if one.is_dir(follow_symlinks=False):
                        open_folders.append(one.path)
                    elif not (without and one.name.startswith(without)):
                        total += one.stat(follow_symlinks=False).st_size
        except OSError:  # taken away in between
            continue
    return total
