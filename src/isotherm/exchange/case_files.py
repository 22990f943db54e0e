"""case.toml or case.json → Case: a mistake is answered with file, line, key and what is allowed, never with a value."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast

from isotherm.clinical.case import Case
from isotherm.errors import BadCase, UnreadableFile
from isotherm.exchange.case_shapes import case_shape
from isotherm.exchange.text_files import text_of
from isotherm.printable import printable
from isotherm.toml_form import Document, endless, parsed
from isotherm.toml_lines import json_lines_of

LARGEST_BYTES = 1_000_000
"""A case longer than this is some other file."""

Form = Literal["toml", "json"]
FORMS: dict[str, Form] = {".toml": "toml", ".json": "json"}


def read_case_file(path: str | os.PathLike[str], *, today: date) -> Case:
    """Read one patient on one day from a file; docs/case.md tells its form.

    Parameters
    ----------
    path : path
        .toml or .json.
    today : date
        No day in the file may be later.

    Raises
    ------
    UnreadableFile
        The file is missing, a folder, far too long, or not UTF-8.
    BadCase
        Every problem that was found, one line each: file, line, key, what is allowed. No value is repeated.
    """
    file = Path(path)
    form = FORMS.get(file.suffix.lower())
    if form is None:
        raise UnreadableFile(f"'{printable(file.name)}' came; a case is one of: {', '.join(FORMS)}.")
    text = text_of(file, called="case", example="case.toml of one patient", largest_bytes=LARGEST_BYTES)
    return case_from(text, name=printable(file.name), today=today, form=form)


def case_from(text: str, *, today: date, name: str = "case.toml", form: Form = "toml") -> Case:
    """Read a case from the text of a file; `name` is what errors call it.

    Raises
    ------
    BadCase
    """
    if not text.strip():
        raise BadCase(("", f"{name} is empty; `isotherm criteria init` writes a form to fill in."))
    table, document = parsed(text, name, BadCase, private=True) if form == "toml" else _json(text, name)
    case = document.noun(case_shape(today), table, ())
    document.refuse()
    return cast("Case", case)


def _json(text: str, name: str) -> tuple[dict[str, Any], Document]:
    try:
        table = json.loads(text, object_pairs_hook=_once)
        lines = json_lines_of(text)
    except json.JSONDecodeError as error:
        raise BadCase(("", f"{name} is not valid JSON: {error}.")) from error
    except _Twice as twice:
        raise BadCase(("", f'{name} has the key "{printable(str(twice))}" twice in one table; keep one.')) from None
    except (ValueError, RecursionError) as error:
        raise endless(name, BadCase) from error
    if not isinstance(table, dict):
        raise BadCase(("", f"{name} holds no table of keys; write {{...}} with on, patient and lesion."))
    return cast("dict[str, Any]", table), Document(name, lines, BadCase, private=True)


class _Twice(Exception):
    """A key that came twice: JSON would silently keep the last."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found
