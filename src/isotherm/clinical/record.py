"""RecordKind: what is kept of one thing that happened to a patient; Record: one of them, as it was noted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from isotherm.clinical.kinds import Value, ValueKind

FilledBy = Literal["question", "person", "image", "signature"]
"""Who fills a field: "question" is asked of everybody, "person" is there for those who want to tell more, "image" is
what isotherm reads off scans. What follows from other fields (age, scores, intervals, endpoints) is no field at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(ValueKind):
    """One field of a record.

    Parameters
    ----------
    by : {"question", "person", "image", "signature"}
        A signature is the name of whoever works, which no form asks for.
    needed : bool
        Whether a record makes no sense without it.
    refers : str
        Of a key: the kind of record that it points to, of the same patient.
    """

    by: FilledBy = "person"
    needed: bool = False
    refers: str = ""

    def __post_init__(self) -> None:
        ValueKind.__post_init__(self)
        if self.refers and self.form != "key":
            raise ValueError(f"{self.name}: only a key points to another record.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordKind:
    """One kind of record: a table of the registry, an instrument of REDCap.

    Parameters
    ----------
    name : str
        "lesion"; its own key is `lesion_id`, where a patient may have several.
    label : str
        What people call one of them.
    fields : tuple of Field
        Without the patient's key and its own.
    several : bool
        Whether a patient may have more than one.
    of_everybody : bool
        Whether every patient has one, whether it is told or not.
    by_name : mapping of str to Field
    own_key : ValueKind
        What its own key may be.
    needed : tuple of str
        Fields without which a record makes no sense.

    Notes
    -----
    A record is found by the patient's key and its own: "lesion 2" is another lesion in another patient, and stays the
    same one through all scans, sessions and years.
    """

    name: str
    label: str
    fields: tuple[Field, ...]
    several: bool = True
    of_everybody: bool = False
    by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    own_key: ValueKind = field(init=False, repr=False, compare=False)
    needed: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Worked out once, since hundreds of thousands of records ask for them.
        object.__setattr__(self, "by_name", MappingProxyType({one.name: one for one in self.fields}))
        object.__setattr__(self, "own_key", ValueKind(name=self.key, form="key", label=self.label))
        object.__setattr__(self, "needed", tuple(one.name for one in self.fields if one.needed))
        names = [PATIENT_KEY, self.key, *(one.name for one in self.fields)]
        if self.several and len(set(names)) < len(names):
            raise ValueError(f"{self.name}: two fields have one name.")

    @property
    def key(self) -> str:
        """The field that tells several records of a patient apart; the patient's own where there is only one."""
        return f"{self.name}_id" if self.several else PATIENT_KEY

    @property
    def keys(self) -> tuple[str, ...]:
        """The fields that find one record."""
        return (PATIENT_KEY, self.key) if self.several else (PATIENT_KEY,)

    def field(self, name: str) -> Field:
        """Return a field by its name; KeyError where there is none."""
        return self.by_name[name]


PATIENT_KEY = "patient_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record, as it was noted.

    Parameters
    ----------
    kind : RecordKind
    patient_id : str
    id : str
        Its own key; empty where a patient has only one of its kind.
    values : mapping of str to value
        What is known.
    unknown : frozenset of str
        Fields that somebody was asked and could not tell: another thing than a field that nobody has filled.

    Raises
    ------
    ValueError
        A field that the kind has not, a value of another form, a needed one missing; values are not repeated.
    """

    kind: RecordKind
    patient_id: str
    id: str = ""
    values: Mapping[str, Value]
    unknown: frozenset[str] = field(default_factory=frozenset[str])

    def __post_init__(self) -> None:
        _KEY.checked(self.patient_id)
        if self.kind.several:
            self.kind.own_key.checked(self.id)
        elif self.id:
            raise ValueError(f"a patient has one {self.kind.name}, which needs no key of its own")
        fields = self.kind.by_name
        strange = next((name for name in (*self.values, *self.unknown) if name not in fields), None)
        if strange is not None:
            raise ValueError(f"{strange} is no field of a {self.kind.name}")
        if self.unknown & self.values.keys():
            raise ValueError(f"{min(self.unknown & self.values.keys())} is both told and unknown")
        missing = next((name for name in self.kind.needed if name not in self.values), None)
        if missing is not None:
            raise ValueError(f"{missing} is missing; a {self.kind.name} needs it")
        checked = {name: fields[name].checked(value) for name, value in self.values.items()}
        object.__setattr__(self, "values", MappingProxyType(checked))

    def get(self, name: str) -> Value | None:
        """Return the value of a field; None where it is unknown or was never noted."""
        return self.values.get(name)


_KEY = ValueKind(name=PATIENT_KEY, form="key", label="patient")
