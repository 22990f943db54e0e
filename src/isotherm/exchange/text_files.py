"""Text of a small file that a person wrote: missing, far too long or not UTF-8 is answered in one sentence."""

from __future__ import annotations

import hashlib
from pathlib import Path

from isotherm.errors import UnreadableFile

LARGEST_BYTES = 1_000_000
"""A file longer than this was not written by hand."""


def hash_of(content: bytes) -> str:
    """Return the SHA-256 of what a file holds, as sha256sum gives it: with other line ends it is another file."""
    return hashlib.sha256(content).hexdigest()


def text_of(file: Path, *, called: str, example: str, largest_bytes: int = LARGEST_BYTES) -> str:
    """Return the text of a file.

    Parameters
    ----------
    file : Path
    called : str
        What the file is, as in "protocol".
    example : str
        A name that such a file has, as in "study.toml".
    largest_bytes : int
        A longer file is none of these.

    Raises
    ------
    UnreadableFile
        The file is missing, a folder, far too long, or not UTF-8.
    """
    try:
        if file.stat().st_size > largest_bytes:
            raise UnreadableFile(f"'{file.name}' is longer than a {called} can be; give the {example}.")
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or "the system refused").lower()
        raise UnreadableFile(f"The {called} '{file.name}' cannot be read: {reason}.") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"The {called} '{file.name}' is not UTF-8 text; save it as UTF-8.") from error
