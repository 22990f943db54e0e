"""study.toml → Protocol: a mistake is answered with file, line, key, what came and what is allowed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from isotherm.errors import BadProtocol, UnreadableFile
from isotherm.exchange.protocol_shapes import PROTOCOL
from isotherm.study.protocol import Protocol
from isotherm.toml_form import parsed

LARGEST_BYTES = 1_000_000
"""A protocol longer than this is some other file."""


def read_protocol(path: str | os.PathLike[str]) -> Protocol:
    """Read a protocol from a file.

    Raises
    ------
    UnreadableFile
        The file is missing, a folder, far too long, or not UTF-8.
    BadProtocol
        Every problem that was found, one line each: file, line, key, what came, what is allowed.
    """
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise UnreadableFile(f"'{file.name}' is longer than a protocol can be; give the study.toml.")
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or "the system refused").lower()
        raise UnreadableFile(f"The protocol '{file.name}' cannot be read: {reason}.") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"The protocol '{file.name}' is not UTF-8 text; save it as UTF-8.") from error
    return protocol_from(text, name=file.name)


def protocol_from(text: str, *, name: str = "study.toml") -> Protocol:
    """Read a protocol from the text of a file; `name` is what errors call it.

    Raises
    ------
    BadProtocol
    """
    table, document = parsed(text, name, BadProtocol)
    protocol = document.noun(PROTOCOL, table, ())
    document.refuse()
    return cast("Protocol", protocol)
