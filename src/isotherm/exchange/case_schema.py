"""The JSON Schema of a case, made from the vocabulary: app/schemas/case-1.schema.json holds it, and a test keeps it so.

A TOML file read with its dates as text in the form 2025-03-01 follows it as well.
"""

from __future__ import annotations

import json
import re
from typing import Any

from isotherm.clinical.fact import ORIGINS
from isotherm.clinical.kinds import FactKind
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS
from isotherm.exchange.case_facts import NOT_ASSESSABLE, units_of
from isotherm.exchange.case_shapes import LONGEST_ID, SCHEMA

Schema = dict[str, Any]

DAY: Schema = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}

ID: Schema = {
    "description": "A key without meaning", "type": ["string", "integer"], "minLength": 1, "maxLength": LONGEST_ID,
}  # fmt: skip


def case_schema() -> Schema:
    """Return the schema: what a file may hold. That facts do not contradict each other it cannot say."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:isotherm:case:1",
        "title": SCHEMA,
        "description": "One patient on one day. What was never noted is left out, and is neither no nor zero. "
        f'"{NOT_ASSESSABLE}": somebody looked and could not tell. No day may be later than today.',
        "type": "object",
        "required": ["on"],
        "properties": {
            "schema": {"description": "Name and version of this form", "const": SCHEMA},
            "on": {"description": "The day that is asked about: facts of later days are not used", **DAY},
            "id": ID,
            "lesions_complete": {"description": "Whether these are all lesions", "type": "boolean"},
            "patient": _table([*CASE_FACTS.values()], "Disease, patient, plan, work-up and therapy"),
            "lesion": {
                "description": "Lesions of the organ in question; without an id, the number in the list",
                "type": "array",
                "items": _table([*LESION_FACTS.values()], "One lesion", id=ID),
            },
        },
        "additionalProperties": False,
        "$defs": _forms(),
    }


def schema_text() -> str:
    """Return the exact text of the file that is shipped."""
    return json.dumps(case_schema(), indent=1, ensure_ascii=False) + "\n"


def _table(kinds: list[FactKind], description: str, **others: Schema) -> Schema:
    facts = {kind.name: _fact(kind) for kind in kinds}
    return {"description": description, "type": "object", "properties": others | facts, "additionalProperties": False}


def _fact(kind: FactKind) -> Schema:
    words = kind.label + (f" ({kind.unit})" if kind.unit else "") + (f": {kind.note}" if kind.note else "")
    one = {"$ref": f"#/$defs/{_form(kind)}"}
    return {"description": words, "anyOf": [one, {"type": "array", "minItems": 1, "items": one}]}


def _forms() -> Schema:
    """Return every way in which facts are written: kinds of one form, unit and limits share one."""
    kinds = (*CASE_FACTS.values(), *LESION_FACTS.values())
    return {_form(kind): {"anyOf": [_value(kind), {"const": NOT_ASSESSABLE}, _noted(kind)]} for kind in kinds}


def _form(kind: FactKind) -> str:
    """Return the name of a form, in letters that a reference may hold."""
    if kind.is_number:
        words = f"{kind.form} {kind.low:g} to {kind.high:g} {kind.unit.replace('%', 'percent')}"
    else:
        words = f"choice {kind.name}" if kind.form == "choice" else kind.form
    return "-".join(re.findall(r"[A-Za-z0-9_.]+", words))


def _noted(kind: FactKind) -> Schema:
    """Return a value with what is known of it; limits hold in the unit the fact is kept in, so that it is `value`'s."""
    others: Schema = {"on": DAY, "origin": {"enum": list(ORIGINS)}, "source": {"type": "string"}}
    value = {"anyOf": [_value(kind), {"const": NOT_ASSESSABLE}]}
    if kind.is_number:
        others |= {"low": {"type": "number"}, "high": {"type": "number"}}
        value = {"anyOf": [{"type": "number"}, {"const": NOT_ASSESSABLE}]}
    if kind.unit:
        others["unit"] = {"enum": list(units_of(kind))}
    return {"type": "object", "required": ["value"], "properties": {"value": value, **others},
            "dependentRequired": {"low": ["high"], "high": ["low"]} if kind.is_number else {},
            "additionalProperties": False}  # fmt: skip


def _value(kind: FactKind) -> Schema:
    match kind.form:
        case "number":
            return {"type": "number", "minimum": kind.low, "maximum": kind.high}
        case "whole":
            return {"type": "integer", "minimum": int(kind.low), "maximum": int(kind.high)}
        case "yes or no":
            return {"type": "boolean"}
        case "choice":
            return {"enum": list(kind.choices)}
        case "date":
            return DAY
