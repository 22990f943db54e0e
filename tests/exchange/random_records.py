"""Random records of every kind and form, hostile words among them, for round trips."""

from __future__ import annotations

import json
import string
from datetime import date

from hypothesis import strategies as st

from isotherm.clinical.kinds import LONGEST_TEXT, ValueKind
from isotherm.clinical.record import Record, RecordKind
from isotherm.clinical.record_kinds import FACT, RECORD_KINDS
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS
from isotherm.exchange.case_facts import NOT_ASSESSABLE

TODAY = date(2026, 11, 26)

HOSTILE = (
    *("=1+1", "+49", "-5", "@SUM(A1)", "'", "''=", "'=x", " blank", "blank ", "\u3000", "a,b;c|d", 'say "no"'),
    *("two\nlines", "\nfirst", "#N/A", "#REF!", "#FORMULA!", "_x000D_", "_x005F_x0041_", "\ufffe", "unknown", "UNK"),
    *("NASK", "null", "nan", "TRUE", "1e5", "007", "ä€🫀", "\u200e\u202e", "\uff1d1", "0", "2024-01-01", "UNK, no"),
)

keys = st.text(string.ascii_letters + string.digits, min_size=1, max_size=1).flatmap(
    lambda first: st.text(string.ascii_letters + string.digits + "._:-", max_size=12).map(lambda rest: first + rest)
) | st.sampled_from(["007", "7", "1e5", "true", "x" * 64, "2024-01-01", "NA", "UNK"])

words = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_categories=("Cc", "Cs")) | st.just("\n"), min_size=1, max_size=40
) | st.just("w" * LONGEST_TEXT)  # fmt: skip


def values_of(field: ValueKind) -> st.SearchStrategy:
    """Draw what a field may hold."""
    match field.form:
        case "number":
            return st.floats(field.low, field.high)
        case "whole":
            return st.integers(int(field.low), int(field.high))
        case "yes or no":
            return st.booleans()
        case "choice":
            return st.sampled_from(field.choices)
        case "date":
            return st.dates(date(1, 1, 1), TODAY)
        case "text":
            return words
        case "key":
            return keys


@st.composite
def facts(draw: st.DrawFn, patient_id: str, id: str) -> Record:  # noqa: A002
    """Draw a fact record that a case file could hold."""
    kind = draw(st.sampled_from((*CASE_FACTS.values(), *LESION_FACTS.values())))
    value = st.dates(date(1900, 1, 1), TODAY) if kind.form == "date" else values_of(kind)
    told = draw(st.just(NOT_ASSESSABLE) | value)
    text = json.dumps(told) if not isinstance(told, date) else told.isoformat()
    values = {"name": kind.name, "value": draw(st.sampled_from((text, f'{{ value = {text}, source = "=1+1, ä€" }}')))}
    values |= {"lesion_id": draw(keys)} if kind.of == "lesion" else {}
    return Record(kind=FACT, patient_id=patient_id, id=id, values=values)


@st.composite
def records(draw: st.DrawFn, kind: RecordKind, patient_id: str, id: str) -> Record:  # noqa: A002
    if kind is FACT:
        return draw(facts(patient_id, id))
    values, unknown = {}, set()
    for field in kind.fields:
        told = "told" if field.needed else draw(st.sampled_from(("told", "unknown", "empty", "empty")))
        if told == "told":
            values[field.name] = draw(values_of(field))
        elif told == "unknown":
            unknown.add(field.name)
    return Record(kind=kind, patient_id=patient_id, id=id, values=values, unknown=frozenset(unknown))


@st.composite
def registries(draw: st.DrawFn) -> list[Record]:
    """Draw the records of a few patients; references may point to nothing, which is no matter of a round trip."""
    found: list[Record] = []
    for patient_id in draw(st.lists(keys, min_size=1, max_size=2, unique=True)):
        found.append(draw(records(RECORD_KINDS["patient"], patient_id, "")))
        for kind in draw(st.lists(st.sampled_from(list(RECORD_KINDS.values())[1:]), max_size=3, unique_by=id)):
            ids = draw(st.lists(keys, min_size=1, max_size=2, unique=True)) if kind.several else [""]
            found += [draw(records(kind, patient_id, one)) for one in ids]
    return found


def by_key(records: list[Record]) -> dict[tuple[str, str, str], Record]:
    """Return records by what finds them."""
    return {(one.kind.name, one.patient_id, one.id): one for one in records}
