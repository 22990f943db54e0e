"""A folder of publications of one's own → their texts, to be read as those that come with isotherm."""

from __future__ import annotations

import os
from pathlib import Path

from isotherm.errors import UnreadableFile
from isotherm.exchange.text_files import text_of


def read_papers(folder: str | os.PathLike[str]) -> dict[str, str]:
    """Return the text of every TOML file of a folder, by its name.

    Raises
    ------
    UnreadableFile
        The folder cannot be read or holds no TOML file; or one of them is far too long, or not UTF-8.
    """
    place = Path(folder)
    try:
        files = sorted(file for file in place.iterdir() if file.suffix == ".toml")
    except OSError as error:
        reason = (error.strerror or "the system refused").lower()
        raise UnreadableFile(f"The folder of publications '{place.name}' cannot be read: {reason}.") from error
    if not files:
        raise UnreadableFile(f"The folder '{place.name}' holds no publication; give files such as wang_2013.toml.")
    return {file.name: text_of(file, called="publication", example="publication's TOML file") for file in files}
