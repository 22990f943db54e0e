"""Where results may go: checked before anything is computed, made when it is used, never over what came in."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path

from isotherm.errors import OutputError
from isotherm.printable import printable

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""Failures of a disk that would meet every file."""


def usable_folder(path: str) -> Path:
    """Say that a folder can be made and written to, before anything is computed, and make nothing.

    Raises
    ------
    OutputError
    """
    if not path:
        raise OutputError("An empty name came for the output folder; name one.")
    folder = Path(path)
    try:
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    except OSError as error:
        raise unusable(folder, error.strerror) from None
    if not there.is_dir():
        raise unusable(folder, "a file is in its place" if there == folder else "a file is in the place of its parent")
    if not os.access(there, os.W_OK | os.X_OK):
        raise unusable(folder, "no permission to write")
    return folder


def usable_file(path: str) -> Path:
    """Say the same of a file, whose folder must be there."""
    file = Path(path)
    if not path or (file.exists() and not file.is_file()):
        raise OutputError(f"'{_name(file)}' cannot be written: a folder or a device came; name a file.")
    if not file.parent.is_dir():
        raise OutputError(f"'{_name(file)}' cannot be written: its folder does not exist; make the folder first.")
    usable_folder(str(file.parent))
    return file


def new_file(path: str) -> Path:
    """Say the same of a file that must not be there yet."""
    file = usable_file(path)
    if file.exists():
        raise OutputError(f"'{_name(file)}' is there already; name another file.")
    return file


def unusable(folder: Path, why: str | None) -> OutputError:
    """Return the error for a folder that results cannot be written to."""
    return OutputError(
        f"The output folder '{_name(folder)}' cannot be used: {(why or 'unknown').lower()}; name another one."
    )


def keep_inputs(written: Iterable[Path], inputs: Iterable[str]) -> None:
    """Refuse to write, or to clear away, a file that came in.

    Raises
    ------
    OutputError
    """
    came = {os.path.realpath(path) for path in inputs}
    for path in written:
        if os.path.realpath(path) in came:
            raise OutputError(
                f"'{_name(path)}' came in and would be overwritten by a result; name another place for the results."
            )


@contextmanager
def new_folder(path: str) -> Generator[Path]:
    """Make the folder for results, and its parents; where an error leaves them empty, take them away again.

    Raises
    ------
    OutputError
    """
    folder = usable_folder(path)
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        _make(folder)
        yield folder
    except BaseException:
        for place in made:
            with suppress(OSError):
                place.rmdir()  # refuses, as it should, where something has been written
        raise


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(folder, error.strerror) from None


def _name(path: Path) -> str:
    return printable(path.name[:60])
