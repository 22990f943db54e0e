"""Values of records ↔ values of FHIR: quantities in UCUM, concepts with our codes and those of standards."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, cast

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Field, RecordKind
from isotherm.exchange.fhir_names import (
    RESOURCES,
    STANDARD,
    UCUM,
    UNITS,
    Json,
    choices_system,
    full_name,
    id_system,
)
from isotherm.exchange.table_columns import date_in

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:isotherm:fhir")


def urn(kind: str, patient_id: str, key: str) -> str:
    """Return the address of a resource within a bundle; the same record has the same one always."""
    return f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{kind}|{patient_id}|{key}')}"


def reference(kind: str, patient_id: str, key: str) -> Json:
    """Return a reference to a record, with its key, by which it is read back."""
    address = urn(kind, patient_id, "" if kind == "patient" else key)
    return {"reference": address, "type": RESOURCES[kind], "identifier": identifier(kind, key)}


def identifier(kind: str, key: str) -> Json:
    """Return a key."""
    return {"system": id_system(kind), "value": key}


def quantity(value: float, unit: str) -> Json:
    """Return a number with its unit."""
    return {"value": value, "system": UCUM, "code": UNITS[unit]} | ({"unit": unit} if unit else {})


def codings(kind: RecordKind, field: Field, choice: str) -> list[Json]:
    """Return the codes of a choice: ours first, then those of standards."""
    standard = STANDARD.get(full_name(kind, field), {}).get(choice, ())
    return [{"system": choices_system(kind, field), "code": choice, "display": choice},
            *({"system": system, "code": code} for system, code in standard)]  # fmt: skip


def to_fhir(kind: RecordKind, field: Field, value: Value) -> Json:
    """Return a value as a choice of type, as in {"valueBoolean": true}."""
    match field.form:
        case "number":
            return {"valueQuantity": quantity(float(value), field.unit)}  # pyright: ignore[reportArgumentType]
        case "whole":
            return {"valueInteger": value}
        case "yes or no":
            return {"valueBoolean": value}
        case "choice":
            return {"valueCodeableConcept": {"coding": codings(kind, field, str(value))}}
        case "date":
            return {"valueDateTime": value.isoformat() if isinstance(value, date) else value}
        case "text" | "key":
            return {"valueString": value}


def from_fhir(kind: RecordKind, field: Field, held: Json) -> Value:
    """Return the value that a choice of type holds.

    Raises
    ------
    ValueError
        It holds none of this form; the message repeats nothing.
    """
    match field.form:
        case "number":
            return field.checked(in_unit(held.get("valueQuantity"), field))
        case "whole":
            return field.checked(held.get("valueInteger"))
        case "yes or no":
            return field.checked(held.get("valueBoolean"))
        case "choice":
            return field.checked(choice_in(held.get("valueCodeableConcept"), kind, field))
        case "date":
            return field.checked(date_in(held.get("valueDateTime")))
        case "text" | "key":
            return field.checked(held.get("valueString"))


def in_unit(held: object, field: Field) -> float | None:
    """Return the number of a quantity; None where it has another unit than the field."""
    told = members(held)
    value: Any = told.get("value") if told.get("code") == UNITS[field.unit] else None
    return value if isinstance(value, int | float) else None


def choice_in(held: object, kind: RecordKind, field: Field) -> str | None:
    """Return the choice that a concept holds by a code of ours."""
    return coding_in(members(held).get("coding"), choices_system(kind, field))


def coding_in(coded: object, system: str) -> str | None:
    """Return the code of a system, among codes of several."""
    return next((one.get("code") for one in map(members, items(coded)) if one.get("system") == system), None)


def members(held: object) -> Json:
    """Return what an object of JSON holds; nothing where it is none."""
    return cast("Json", held) if isinstance(held, dict) else {}


def items(held: object) -> list[Any]:
    """Return what a list of JSON holds; nothing where it is none."""
    return cast("list[Any]", held) if isinstance(held, list) else []
