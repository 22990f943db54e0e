"""A folder that one run at a time writes into: a file in it is locked, and the lock ends with the process."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from isotherm.errors import OutputError

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            raise BlockingIOError from None

else:
    import fcntl

    def _lock(handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            return  # no locks here, as on some network file systems


NAME = ".isotherm-lock"


@contextmanager
def one_at_a_time(folder: Path) -> Generator[None]:
    """Keep a folder to this process for as long as the block lasts.

    Where the file system knows no locks, nothing is kept.

    Raises
    ------
    OutputError
        Another process has it, or the folder cannot be written to.
    """
    path = folder / NAME
    try:
        handle = _locked(path)
    except BlockingIOError:
        raise OutputError(
            f"Another run is writing into the output folder '{folder.name[:60]}'; wait for it, or name another folder."
        ) from None
    except OSError as error:
        why = (error.strerror or "unknown").lower()
        raise OutputError(f"The output folder '{folder.name[:60]}' cannot be used: {why}; name another one.") from error
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        with suppress(OSError):
            os.close(handle)


def _locked(path: Path) -> int:
    """Return a handle on the locked file; anew where whoever had it took it away in between."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle)
            if path.exists() and os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
