"""Tasks of the exchange: read tables, lay them beside the registry, import all or nothing, write everything out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from isotherm.app.places import usable_file, usable_folder
from isotherm.app.registry_cohort import Asked, read_everybody
from isotherm.app.registry_import_plan import Plan, keys_there, plan
from isotherm.app.registry_mark import is_simulated
from isotherm.clinical.record import Record
from isotherm.errors import BadRecord, BadSetting, NoAnswer, OutputError, Overtaken, StoreError
from isotherm.exchange.atomic import write_text
from isotherm.exchange.fhir_definitions import definitions
from isotherm.exchange.fhir_in import read_fhir
from isotherm.exchange.fhir_out import json_of, write_fhir
from isotherm.exchange.record_check import Checked, check
from isotherm.exchange.record_intake import Intake
from isotherm.exchange.record_mapping_files import read_mapping
from isotherm.exchange.record_mapping_in import read_mapped
from isotherm.exchange.record_problems import problem_table
from isotherm.exchange.record_tables_in import read_tables
from isotherm.exchange.record_tables_out import write_tables
from isotherm.exchange.redcap_dictionary import dictionary, missing_data_codes, repeating_instruments
from isotherm.exchange.redcap_in import read_redcap
from isotherm.exchange.redcap_out import write_redcap
from isotherm.printable import printable
from isotherm.registry.changing import Changed, Target
from isotherm.registry.store import Store, open_store

Form = Literal["tables", "redcap", "fhir"]
OutForm = Literal["csv", "excel", "parquet", "redcap", "fhir"]
Progress = Callable[[str], None]

NOT_OF_PATIENTS = (
    "What came in says of itself that it was simulated and is of no patient, and goes into no registry of patients; "
    "import it into one in which nobody ever lived, which isotherm registry init --simulated makes."
)


NOT_AS_SEEN = (
    "Somebody else has changed records since the look that this would change too; nothing was written. Look again, and "
    "see whether it is still right."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an import is asked to do.

    Parameters
    ----------
    path : str
        A table, a book, a folder or a bundle.
    form : {"tables", "redcap", "fhir"}
        Whose names its columns have: the registry's own, or ours in REDCap; or a FHIR bundle.
    mapping : str, optional
        A file that says what the columns of other tables mean.
    dry_run : bool
        Looks, and writes nothing.
    partial : bool
        Imports the patients without problems although others have some.
    update : bool
        Changes records of which the table tells something else.
    seen : str
        The mark of the plan that somebody looked at before: if what would change is another one by now, nothing is
        written. Empty where nobody looked.
    """

    path: str
    form: Form
    mapping: str | None = None
    dry_run: bool = False
    partial: bool = False
    update: bool = False
    seen: str = ""

    def __post_init__(self) -> None:
        if self.mapping is not None and self.form != "tables":
            raise BadSetting(f"A mapping says what columns mean, and those of {self.form} are known; leave one out.")


@dataclass(frozen=True, slots=True)
class Imported:
    """What was found, and what was done.

    Parameters
    ----------
    wish : Wish
    checked : Checked
    plan : Plan
    done : bool
    misfits : int, optional
        After an import, how many records of the registry do not fit the others of the same patient; see `Cohort`.
    """

    wish: Wish
    checked: Checked
    plan: Plan
    done: bool
    misfits: int | None = None

    @property
    def is_held_up(self) -> bool:
        """Whether nothing may be imported, since something is wrong."""
        return bool(self.checked.problems) and not self.wish.partial


def read(wish: Wish, today: date) -> Intake:
    """Read what is to be imported; see the reader of each form for what it refuses."""
    if wish.mapping is not None:
        return read_mapped(wish.path, read_mapping(wish.mapping), today=today)
    match wish.form:
        case "tables":
            return read_tables(wish.path, today=today)
        case "redcap":
            return read_redcap(wish.path, today=today)
        case "fhir":
            return read_fhir(wish.path, today=today)


def import_records(address: str, wish: Wish, *, today: date, by: str, why: str, progress: Progress) -> Imported:
    """Import records, all of them or none; of whole patients with `partial`.

    Raises
    ------
    InputError
        What came cannot be read at all.
    Overtaken
        Somebody changed a record meanwhile; nothing is written.
    StoreError
        The registry cannot be used, or what came in was simulated and the
        registry is one of patients.
    """
    progress("reading what came in")
    intake = read(wish, today)
    with open_store(address) as store:
        if intake.simulated and not store.simulated():
            raise BadRecord(NOT_OF_PATIENTS)
        progress("looking up what the registry holds")
        there = keys_there(store, {one.record.patient_id for one in intake.noted})
        checked = check(intake, there.__contains__)
        found = plan(checked.good, store, there)
        result = Imported(wish, checked, found, done=False)
        if wish.dry_run or result.is_held_up or not (found.new or (found.changes and wish.update)):
            return result
        if wish.update and wish.seen not in ("", found.mark):
            raise Overtaken(NOT_AS_SEEN)
        progress("writing to the registry")
        store.import_all(found.new, _changed(found) if wish.update else (), by=by, why=why)
    progress("holding the records of each patient against each other")
    return Imported(wish, checked, found, done=True, misfits=_misfits(address))


def _misfits(address: str) -> int | None:
    try:
        return read_everybody(address, Asked()).cohort.misfits
    except (NoAnswer, StoreError):  # what was imported is written, whatever comes after
        return None


def _changed(found: Plan) -> list[Changed]:
    """Return changes of the revisions that they were held against; whoever is faster makes the import stop."""
    return [
        Changed(Target(r.kind, r.patient_id, r.id, one.revision), one.values, one.unknown)
        for one in found.changes for r in (one.noted.record,)
    ]  # fmt: skip


def write_problems(checked: Checked, path: str) -> Path:
    """Write every problem into a table of its own."""
    file = usable_file(path)
    write_text(file, problem_table(checked.problems))
    return file


def export_records(address: str, out: str, form: OutForm, *, patients: Iterable[str] = ()) -> Mapping[str, int]:
    """Write every record that counts, or those of some patients; return how many, by kind.

    Raises
    ------
    OutputError
        Something is there already, or the place cannot be written to.
    """
    place = _free(out, is_folder=form in ("csv", "parquet"))
    wanted = frozenset(patients)
    with open_store(address) as store:
        found = _of(store, wanted)
        if form == "redcap":
            return write_redcap(found, place)
        simulated = store.simulated()
        if form == "fhir":
            return write_fhir(found, place, simulated=simulated)
        return write_tables(found, place, form=form, simulated=simulated)


def _of(store: Store, patients: frozenset[str]) -> Iterable[Record]:
    if not patients:
        yield from store.records()
    for one in sorted(patients):
        kept = store.patient(one)
        if not kept:
            raise BadSetting("A patient that was named is not in the registry; see isotherm registry show.")
        yield from (each.record for each in kept)


def _free(out: str, *, is_folder: bool) -> Path:
    place = usable_folder(out) if is_folder else usable_file(out)
    if place.exists() and (not is_folder or any(place.iterdir())):
        raise OutputError(f"'{printable(place.name)}' is there already; name another place.")
    return place


def write_dictionary(out: str, registry: str | None = None) -> tuple[Path, ...]:
    """Write what REDCap and FHIR have to know of our records; return the files.

    Parameters
    ----------
    out : str
    registry : str, optional
        Address of the registry whose records go into the project: the mark of simulated patients goes with them.

    Raises
    ------
    OutputError
    StoreError
        The registry cannot be opened.
    """
    folder = _free(out, is_folder=True)
    simulated = registry is not None and is_simulated(registry)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder '{printable(folder.name)}' cannot be made; choose another place.") from error
    files = {"redcap_dictionary.csv": dictionary(simulated=simulated),
             "redcap_repeating_instruments.csv": repeating_instruments(),
             "redcap_missing_data_codes.txt": missing_data_codes(),
             "fhir_definitions.json": json_of(definitions())}  # fmt: skip
    for name, text in files.items():
        write_text(folder / name, text)
    return tuple(folder / name for name in files)
