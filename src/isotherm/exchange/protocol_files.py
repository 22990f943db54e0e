"""study.toml → Protocol: a mistake is answered with file, line, key, what came and what is allowed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from isotherm.errors import BadProtocol
from isotherm.exchange.protocol_shapes import PROTOCOL
from isotherm.exchange.text_files import text_of
from isotherm.study.protocol import Protocol
from isotherm.toml_form import parsed


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
    return protocol_from(text_of(file, called="protocol", example="study.toml"), name=file.name)


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
