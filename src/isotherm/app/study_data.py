"""The protocol of a study and its table: a file beside the protocol, or a cohort of a registry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from isotherm.app.registry_cohort import MARK, Found, asked_of, narrowed, read_everybody
from isotherm.clinical.record import PATIENT_KEY
from isotherm.errors import BadColumn, BadSetting, BadTable
from isotherm.exchange.protocol_files import read_protocol
from isotherm.exchange.tables_in import read_records
from isotherm.registry.cohort import KNOWN_ON
from isotherm.study.chosen import Chosen
from isotherm.study.cohort import Cohort, cohort
from isotherm.study.predicate import Predicate, near
from isotherm.study.protocol import Protocol
from isotherm.study.simulate.synthetic import NOBODY_LIVED


@dataclass(frozen=True, slots=True, eq=False)
class StudyData:
    """A protocol with its table.

    Parameters
    ----------
    protocol : Protocol
        With the caveat that nobody lived, where its registry says so.
    table : DataFrame
        With the columns that the protocol uses.
    inputs : tuple of str
        Files that must not be written over.
    registry : dict or None
        Which registry the table comes from, at which moment, and what was asked; no value of a patient.
    chosen : Chosen or None
        How the registry chose its rows.
    """

    protocol: Protocol
    table: pd.DataFrame
    inputs: tuple[str, ...]
    registry: dict[str, Any] | None
    chosen: Chosen | None = None

    def cohort(self) -> Cohort:
        """Return the eligible patients in their arms.

        Raises
        ------
        InputError
        """
        return cohort(self.protocol, self.table, self.chosen)

    @property
    def registry_words(self) -> str:
        """The registry in words, for methods sections."""
        if self.registry is None:
            return ""
        one = self.registry
        condition = f", where {one['where']}" if one["where"] else ""
        lived = f". {NOBODY_LIVED}" if one["simulated"] else ""
        return f"{one['registry_id']}, audit entry {one['entries']}, a row per {one['per']}{condition}{lived}"

    def provenance(self, *, released: bool = False) -> dict[str, Any] | None:
        """Return where the table comes from for result.json; a release has no counts of rows that were left out."""
        if self.registry is None or not released:
            return self.registry
        return self.registry | {"not_met": None, "unknown": None}


def read_study(path: str) -> StudyData:
    """Read a protocol and its table.

    Raises
    ------
    InputError, NoAnswer
    """
    return study_of(read_protocol(path), path)


def study_of(protocol: Protocol, path: str) -> StudyData:
    """Read the table of a protocol that has been read, or looked through, already; `path` is where it lies.

    Raises
    ------
    InputError, NoAnswer
    """
    folder, data = Path(path).parent, protocol.data
    if not data.file.startswith(MARK):
        return StudyData(protocol, read_records(protocol, folder), (path, str(folder / data.file)), None)
    for name, value in (("separator", data.separator), ("encoding", data.encoding), ("sheet", data.sheet)):
        if value is not None:
            raise BadSetting(f"The data come from a registry, so they have no {name}; leave it out of [data].")
    address, asked = asked_of(data.file, folder)
    where = Predicate(asked.where) if asked.where else None  # said before anything is read
    everybody = read_everybody(address, asked)
    found = narrowed(everybody, where)
    future = {*found.cohort.later, *protocol.outcome_columns}
    later = [name for name in where.columns if name in future] if where is not None else []
    if later:
        raise BadSetting(
            f"The condition on the registry asks for '{later[0]}', which only the future tells; make it a step of "
            "eligibility with an override, where it is counted and seen."
        )
    table = _columns(protocol, found.cohort.table)
    return StudyData(_with_caveat(protocol, found), table, (path, address), found.provenance(asked),
                     _chosen(protocol, where, everybody, found))  # fmt: skip


def _chosen(protocol: Protocol, where: Predicate | None, everybody: Found, found: Found) -> Chosen:
    """Return how the rows that are kept were chosen from the whole registry."""
    whole, kept = everybody.cohort.table, found.cohort.table
    known_on = {name: day for name, day in KNOWN_ON[found.cohort.per].items() if name in kept.columns}
    asked = () if where is None else where.columns
    zero = protocol.time_zero.column
    names = list(dict.fromkeys([PATIENT_KEY, *([] if zero is None else [zero]), *asked, *known_on.values()]))
    lost = whole.loc[~whole[PATIENT_KEY].isin(kept[PATIENT_KEY]), names].reset_index(drop=True)
    return Chosen(where=where, left_out=lost[PATIENT_KEY].nunique(), facts=kept[names], lost=lost, known_on=known_on)


def _with_caveat(protocol: Protocol, found: Found) -> Protocol:
    """Return the protocol, which says that nobody lived where the registry says so, whatever its file has left out."""
    if not found.simulated or NOBODY_LIVED in protocol.caveats:
        return protocol
    return replace(protocol, caveats=(NOBODY_LIVED, *protocol.caveats))


def _columns(protocol: Protocol, cohort: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a protocol out of a cohort, as `read_records` gives them."""
    if not len(cohort):
        raise BadTable("The registry gives no row for this study; look at the condition after where.")
    for name in protocol.columns:
        if name not in cohort.columns:
            raise BadColumn(f"The cohort has no column '{name}'{near(name, cohort.columns)}.")
    return cohort[list(protocol.columns)]
