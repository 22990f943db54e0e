"""study.toml → Protocol: a mistake is answered with file, line, key, what came and what is allowed."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import cast

from isotherm.errors import BadProtocol
from isotherm.exchange.protocol_shapes import PROTOCOL
from isotherm.exchange.text_files import text_of
from isotherm.exchange.toml_form import Document
from isotherm.exchange.toml_lines import lines_of
from isotherm.study.protocol import Protocol

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
    text = text_of(path, called="protocol", example="the study.toml", largest_bytes=LARGEST_BYTES)
    return protocol_from(text, name=Path(path).name)


def protocol_from(text: str, *, name: str = "study.toml") -> Protocol:
    """Read a protocol from the text of a file; `name` is what errors call it.

    Raises
    ------
    BadProtocol
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        sentence = str(error).replace("\n", " ")
        raise BadProtocol(("", f"{name} is not valid TOML: {sentence}.")) from error
    except RecursionError as error:
        raise BadProtocol(("", f"{name} nests lists or tables without end; write a plain study.toml.")) from error
    document = Document(name, lines_of(text.replace("\r\n", "\n")))
    protocol = document.noun(PROTOCOL, table, ())
    document.refuse()
    return cast("Protocol", protocol)
