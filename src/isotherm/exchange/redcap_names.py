"""What REDCap calls the fields, choices and gaps of records: one name for each in the whole project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from isotherm.clinical.record import PATIENT_KEY, Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS

INSTRUMENT, INSTANCE, EVENT = "redcap_repeat_instrument", "redcap_repeat_instance", "redcap_event_name"

UNKNOWN_CODE = "UNK"
UNKNOWN = MappingProxyType({"UNK": "Unknown", "ASKU": "Asked but unknown", "NI": "No information",
                            "NAV": "Temporarily unavailable", "NAVU": "Not available"})  # fmt: skip
"""Missing data codes that say: somebody was asked, and could not tell. The first one is written."""

EMPTY = MappingProxyType({"NASK": "Not asked", "NA": "Not applicable", "MSK": "Masked", "NP": "Not present"})
"""Missing data codes that say: nobody has told anything."""

CODES = frozenset((*UNKNOWN, *EMPTY))


@dataclass(frozen=True, slots=True)
class Variable:
    """A field of a kind of record, as REDCap knows it; `field` is None for the kind's own key."""

    name: str
    kind: RecordKind
    field: Field | None


def variable_name(kind: RecordKind, field: str) -> str:
    """Return the name of a field within the project: three letters of its kind before it.

    Names have to be unique over all instruments there, and "lesion_id" is a field of several kinds. The prefix is
    short, since statistics packages cut names (SAS after 32 letters), and the same whatever fields will come.
    """
    return f"{kind.name[:3]}_{field}"


def completeness(kind: RecordKind) -> str:
    """Return the field by which REDCap says that an instrument is complete."""
    return f"{kind.name}_complete"


def choice_code(choice: str) -> str:
    """Return the code of a choice: its letters and digits. It stays the same when choices are added."""
    return re.sub(r"[^A-Za-z0-9]+", "_", choice).strip("_")


def variables(kind: RecordKind) -> tuple[Variable, ...]:
    """Return the variables of an instrument in their order, without the record's id."""
    own = [Variable(variable_name(kind, kind.key), kind, None)] if kind.several else []
    return (*own, *(Variable(variable_name(kind, one.name), kind, one) for one in kind.fields))


VARIABLES: Mapping[str, Variable] = MappingProxyType(
    {one.name: one for kind in RECORD_KINDS.values() for one in variables(kind)}
)

RECORD_ID = PATIENT_KEY
"""The first field of the first instrument, which tells records apart."""
