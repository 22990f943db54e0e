"""A FHIR R4B bundle that `fhir_out` wrote → an Intake of records, with every problem by its entry."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import UnreadableFile
from isotherm.exchange.fhir_elements import ELEMENTS, read_element
from isotherm.exchange.fhir_names import ABSENT, FIELDS, RESOURCES, Json, extension_url, full_name, id_system
from isotherm.exchange.fhir_values import coding_in, from_fhir, items, members
from isotherm.exchange.record_cells import wanted
from isotherm.exchange.record_intake import Intake
from isotherm.exchange.record_tables_in import FUTURE
from isotherm.exchange.simulated_mark import is_test_data

UNTOLD = "unknown"
"""The gender of a patient of whom none was noted: the element must not be left out."""


def read_fhir(path: str | os.PathLike[str], *, today: date) -> Intake:
    """Read the records of a bundle.

    Parameters
    ----------
    path : path
    today : date
        A later day is a slip of the pen.

    Returns
    -------
    Intake
        Rows are the bundle's entries, columns the fields. A resource that names no record of a registry is a problem,
        since nothing is skipped without a word.

    Raises
    ------
    UnreadableFile
        No JSON, or no bundle.
    """
    file, intake = Path(path), Intake()
    intake.rows[file.name] = 0
    bundle = _bundle(file)
    intake.simulated = is_test_data(bundle)
    entries = (members(members(one).get("resource")) for one in items(bundle.get("entry")))
    for number, resource in enumerate(entries, start=1):
        intake.simulated |= is_test_data(resource)
        intake.counted(file.name)
        kinds = _kinds(resource)
        if not kinds:
            says = "it is no resource that names a record of a registry"
            intake.problem(file.name, number, "", says)
        for kind, key in kinds:
            _record(kind, key, resource, intake, (file.name, number), today)
    return intake


def _bundle(file: Path) -> Json:
    try:
        bundle: Any = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UnreadableFile(f"'{file.name}' cannot be read: {(error.strerror or 'it is damaged').lower()}.") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"'{file.name}' is not JSON; give a FHIR bundle.") from error
    if members(bundle).get("resourceType") != "Bundle":
        raise UnreadableFile(f"'{file.name}' is no FHIR bundle; give one that `isotherm registry export` wrote.")
    return members(bundle)


def _kinds(resource: Json) -> list[tuple[RecordKind, str]]:
    """Return the kinds of record that a resource holds, each with its own key."""
    found: list[tuple[RecordKind, str]] = []
    for name, kind in RECORD_KINDS.items():
        key = _key(resource, name)
        if resource.get("resourceType") == RESOURCES[name] and key is not None:
            found.append((kind, key if kind.several else ""))
    return found


def _key(resource: Json, kind: str) -> str | None:
    held: object = resource.get("identifier")
    every = map(members, items(held) or [held])
    found = next((one.get("value") for one in every if one.get("system") == id_system(kind)), None)
    return found if isinstance(found, str) else None


def _patient(resource: Json) -> str:
    whose = resource if resource.get("resourceType") == "Patient" else members(resource.get("subject"))
    return _key(whose, "patient") or ""


def _record(
    kind: RecordKind, key: str, resource: Json, intake: Intake, place: tuple[str, int], today: date
) -> None:  # fmt: skip
    patient, before = _patient(resource), len(intake.problems)
    values: dict[str, Value] = {}
    unknown: set[str] = set()
    if kind.name == "patient" and not _told(resource):
        resource = {name: one for name, one in resource.items() if name != "gender"}
    for field in kind.fields:
        try:
            held = _held(kind, field, resource)
            if held is None:
                continue
            value = held if not isinstance(held, dict) else None if _is_absent(held) else from_fhir(kind, field, held)
        except (ValueError, AttributeError, TypeError):
            intake.problem(*place, field.name, wanted(field), patient)
            continue
        if value is None:
            unknown.add(field.name)
        else:
            values[field.name] = value
        if isinstance(value, date) and value > today:
            intake.problem(*place, field.name, FUTURE, patient)
    if len(intake.problems) == before:
        intake.take(kind, (patient, key), values, frozenset(unknown), place=place,
                    columns={one.name: one.name for one in kind.fields})  # fmt: skip


def _told(resource: Json) -> bool:
    return resource.get("gender") != UNTOLD


def _held(kind: RecordKind, field: Field, resource: Json) -> Value | Json | None:
    """Return what a resource says of a field: a value, or a component or extension that holds one or says why not."""
    element = ELEMENTS[kind.name].get(field.name)
    value = None if element is None else read_element(resource, element, kind, field)
    if value is not None:
        return value
    for one in map(members, items(resource.get("component"))):
        if coding_in(members(one.get("code")).get("coding"), FIELDS) == full_name(kind, field):
            return one
    mine = (one for one in _extensions(resource) if one.get("url") == extension_url(kind, field))
    return next(mine, None)


def _extensions(held: Json) -> Iterator[Json]:
    return map(members, items(held.get("extension")))


def _is_absent(held: Json) -> bool:
    return "dataAbsentReason" in held or any(one.get("url") == ABSENT for one in _extensions(held))
