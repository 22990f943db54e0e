"""Files that appear whole or not at all: a temporary name in the same folder, then a rename."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from isotherm.errors import OutputError

PREFIX = ".isotherm-"
"""How temporary names begin; 16 hexadecimal digits follow."""


def leftovers(folder: Path) -> list[Path]:
    """Return the temporary files in a folder, which only a run that was killed leaves behind."""
    return [path for path in folder.glob(f"{PREFIX}*") if re.match("[0-9a-f]{16}", path.name.removeprefix(PREFIX))]


@contextmanager
def replacing(
    path: str | os.PathLike[str], *, suffix: str = "", survives_power_cut: bool = True
) -> Generator[Path, None, None]:
    """Give a temporary path to write to; it takes the place of `path` when the block ends without an error.

    Parameters
    ----------
    path : path
        What is to be written. A link is followed; what stands there stays untouched until the new file is complete.
    suffix : str
        Ending of the temporary name, for writers that choose the format by it (".nii.gz").
    survives_power_cut : bool
        Waits until the content is on the disk. Copies that are checked again before they are trusted need no waiting.

    Raises
    ------
    OutputError
        The folder is missing or cannot be written to, or `path` is a folder or a device.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OutputError(f"'{target.name}' cannot be written: it is a folder or a device; choose another name.")
    # Not made by `tempfile`: its files can be read by their owner only, and a rename keeps that.
    temporary = target.with_name(f"{PREFIX}{secrets.token_hex(8)}{suffix}")
    try:
        yield temporary
        if survives_power_cut:
            _to_disk(temporary)
        temporary.replace(target)
    except OSError as error:
        raise OutputError(_cannot_write(target, error)) from error
    finally:
        _remove(temporary)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a whole file, or nothing: see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a whole text file in UTF-8 with its line ends as given, or nothing: see `replacing`."""
    write_bytes(path, text.encode("utf-8"))


def _to_disk(path: Path) -> None:
    """Wait until the content is on the disk: a rename must not outlive a crash that the content did not."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # the folder went away, or never was there: nothing of ours is left in it
        return


def _cannot_write(target: Path, error: OSError) -> str:
    if not target.parent.is_dir():
        return f"'{target.name}' cannot be written: its folder does not exist; make the folder first."
    reason = (error.strerror or "the system refused").lower()
    return f"'{target.name}' cannot be written: {reason}; check the folder's permissions and free space."
