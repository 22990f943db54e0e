"""The value of a fact record: read as a case file has it, written out of plain words, and said in plain words again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

from isotherm.clinical.fact import Fact
from isotherm.clinical.kinds import FactKind, Value
from isotherm.clinical.record import RecordKind
from isotherm.clinical.record_kinds import FACT
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS
from isotherm.errors import BadCase
from isotherm.exchange.case_facts import NOT_ASSESSABLE, facts_of
from isotherm.exchange.record_cells import value_of
from isotherm.toml_form import Key, parsed

YES_NO = {"yes": "true", "no": "false"}
"""What people write, in the words of tables."""


def toml_of(value: Value) -> str:
    """Return a plain value as TOML has it."""
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def fact_wanted(kind: FactKind) -> str:
    """Return what may be said of a fact, in words."""
    wanted = "yes or no" if kind.form == "yes or no" else kind.wanted
    return f"{wanted}, or {NOT_ASSESSABLE}"


def kind_of_fact(values: Mapping[str, Value]) -> FactKind:
    """Return the kind of fact that the fields of a fact record name.

    Raises
    ------
    ValueError
        A lesion has no such fact, or only a lesion has it.
    """
    name, of_lesion = str(values.get("name")), "lesion_id" in values
    kinds, others = (LESION_FACTS, CASE_FACTS) if of_lesion else (CASE_FACTS, LESION_FACTS)
    if name in kinds:
        return kinds[name]
    label = others[name].label
    if of_lesion:
        raise ValueError(f"lesion_id is told, and “{label}” is of the patient; leave the lesion out")
    raise ValueError(f"lesion_id is missing, and “{label}” is of a lesion; say of which")


def facts_in(kind: FactKind, text: str) -> tuple[Fact, ...]:
    """Return the facts that a text tells as a case file would.

    Raises
    ------
    ValueError
        With what may be said, and never the text.
    """
    try:
        table, document = parsed(f"x = {text}\n", "a fact record", BadCase, private=True)
        # A fact of a later day is kept, so that no day is too late here.
        found = document.value(Key(facts_of(kind, date.max)), table["x"], (kind.name,))
        document.refuse()
        if len(table) == 1:
            return found
    except BadCase:
        pass
    raise ValueError(f"value of “{kind.label}” is {fact_wanted(kind)}")


def bare_fact(values: Mapping[str, Value]) -> Fact | None:
    """Return the one fact that a fact record tells; None where it tells more than a value, or cannot be read."""
    try:
        found = facts_in(kind_of_fact(values), str(values["value"]))
    except ValueError:
        return None
    return found[0] if len(found) == 1 and found[0] == Fact(value=found[0].value) else None


def fact_fields(kind: RecordKind, values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return fields of a record as they are written: of a fact the value as a case file has it; others as they are.

    Raises
    ------
    ValueError
        The value is none of this fact; what comes first in the message is the field.
    """
    if kind is not FACT or not {"name", "value"} <= values.keys():  # what is missing, the record itself says
        return values
    return {**values, "value": _as_in_a_case_file(kind_of_fact(values), str(values["value"]).strip())}


def _as_in_a_case_file(kind: FactKind, text: str) -> str:
    try:
        facts_in(kind, text)
    except ValueError:
        plain = _of_plain_words(kind, " ".join(text.split()))
        if plain is None:
            raise
        return plain
    return text


def _of_plain_words(kind: FactKind, words: str) -> str | None:
    folded = words.casefold()
    if folded == NOT_ASSESSABLE:
        return toml_of(NOT_ASSESSABLE)
    level = next((one for one in kind.choices if one.casefold() == folded), words)
    try:
        return toml_of(value_of(YES_NO.get(folded, folded) if kind.form == "yes or no" else level, kind))
    except ValueError:
        return None
