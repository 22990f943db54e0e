"""A file → its text: UTF-8, not longer than such a file can be, or one sentence on why not."""

from __future__ import annotations

import os
from pathlib import Path

from isotherm.errors import UnreadableFile


def text_of(path: str | os.PathLike[str], *, called: str, example: str, largest_bytes: int) -> str:
    """Return the text of a file.

    Parameters
    ----------
    path : path
    called : str
        What the file is: "protocol".
    example : str
        What to give instead of something else: "the study.toml".
    largest_bytes : int
        A longer file is some other one.

    Raises
    ------
    UnreadableFile
        The file is missing, a folder, far too long, or not UTF-8.
    """
    file = Path(path)
    try:
        if file.stat().st_size > largest_bytes:
            raise UnreadableFile(f"'{file.name}' is longer than a {called} can be; give {example}.")
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or "the system refused").lower()
        raise UnreadableFile(f"The {called} '{file.name}' cannot be read: {reason}.") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"The {called} '{file.name}' is not UTF-8 text; save it as UTF-8.") from error
