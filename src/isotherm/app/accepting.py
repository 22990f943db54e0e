"""Accepting: a margin that somebody looked at goes into the registry, with who, why, and how it was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from isotherm.app.accepting_places import of_patient
from isotherm.app.recorded import Recorded
from isotherm.app.records_of_case import Values, key_for, margin_values, record_of
from isotherm.app.side_doubts import side_doubt
from isotherm.app.size_doubts import Filing, size_doubt
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import NotAcceptable, SidesInDoubt, SizeInDoubt
from isotherm.registry.changing import Changed, Target
from isotherm.registry.simulated import NOT_OF_A_PATIENT
from isotherm.registry.store import Store, open_store


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedScan:
    """A scan of the registry; with its day, a new one that is added, unless the registry holds it with this day."""

    id: str
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Where a margin goes, who accepts it and why.

    Parameters
    ----------
    patient_id, lesion_id : str
        Of the registry.
    after, before : NamedScan
    ablation_id : str
        "" where the registry does not hold the ablation.
    by, why : str
        For the audit, and for the record.
    revision : int, optional
        Of the margin that stood there when the person looked; None where there was none.
    size_seen : bool
        Whether the person says that it is this lesion, of whatever size the registry knows it.
    sides_why : str
        Why the scans are right where they look swapped, or are one, for the audit; "" where nobody has said so.
    corrected_why : str
        Why its outlines were corrected by hand, for the audit; "" where they were not.
    """

    patient_id: str
    lesion_id: str
    after: NamedScan
    before: NamedScan | None = None
    ablation_id: str = ""
    by: str
    why: str
    revision: int | None = None
    size_seen: bool = False
    sides_why: str = ""
    corrected_why: str = ""

    @property
    def margin_id(self) -> str:
        """The key of the margin: that of its ablation, under which `isotherm case` keeps it, or of scan and lesion."""
        return self.ablation_id or key_for(self.after.id, self.lesion_id)

    def read_at(self, revisions: Mapping[str, int]) -> Acceptance:
        """Return the same with the revision that its margin had when the person looked, by the keys of margins."""
        return replace(self, revision=revisions.get(self.margin_id))


def measured_values(document: Mapping[str, Any], label: str, *, folder: str) -> Values:
    """Return what the margin of one lesion of a result would say in a registry.

    Raises
    ------
    NotAcceptable
        There is no such lesion.
    """
    return margin_values(document, _lesion(document["lesions"], label), folder=folder)


def is_simulated(document: Mapping[str, Any]) -> bool:
    """Return whether anything that a result was measured on never was of a patient."""
    return any(one["simulated"] for one in document["inputs"])


def refuse_simulated(address: str, document: Mapping[str, Any]) -> None:
    """Say before anybody fills in a form what a registry of patients will not take.

    Raises
    ------
    NotAcceptable
    """
    if is_simulated(document):
        with open_store(address) as store:
            if not store.simulated():
                raise NotAcceptable(NOT_OF_A_PATIENT)


def accept_margin(address: str, document: Mapping[str, Any], label: str, asked: Acceptance, *, folder: str) -> str:
    """Write the margin of one lesion into a registry; return the key of its record.

    Parameters
    ----------
    address : str
        Of the registry.
    document : mapping
        The content of margin.json: the full result.
    label : str
        Of the lesion in the result.
    asked : Acceptance
    folder : str
        Where margin.json lies, as the registry names it.

    Raises
    ------
    NotAcceptable
        The registration failed its gates, there is no such lesion, the ablation is of another one, or the scans are in
        the wrong order.
    SidesInDoubt
        Before and after look swapped, or are one image, and nobody has said why they are right.
    SizeInDoubt
        The tumor is not as large as the lesion was, and nobody has said that it is this one.
    BadRecord
        The registry has no such patient, lesion or ablation, already has a margin where none stood before, or the
        images were simulated and its patients are not.
    Overtaken
        Somebody has changed the margin since.
    """
    lesion = _lesion(document["lesions"], label)
    if asked.before is not None and asked.before.id == asked.after.id:
        raise NotAcceptable("The scan before and the scan after have one key; choose two scans.")
    if lesion["status"] == "withheld":
        raise NotAcceptable(
            "The registration failed its gates: no margin is told, and none goes into the registry; correct the "
            "registration, or note the lesion as not assessable."
        )
    values = {**margin_values(document, lesion, folder=folder), "lesion_id": asked.lesion_id,
              "scan_id": asked.after.id, "before_scan_id": None if asked.before is None else asked.before.id,
              "ablation_id": asked.ablation_id or None, "reader": asked.by}  # fmt: skip
    try:
        with open_store(address) as store:
            _check_places(store, asked)
            signed = _sides_signed(asked, side_doubt(lesion, document["warnings"]))
            _write(store, _signed(store, signed, lesion), values)
    except ValueError as error:  # it names the field, never a value
        raise NotAcceptable(f"This cannot be kept as a margin: {error}; correct it and accept again.") from None
    return asked.margin_id


def _sides_signed(asked: Acceptance, doubt: str) -> Acceptance:
    """Return what is asked; the audit has why scans that look swapped are right."""
    if not doubt:
        return asked
    if not asked.sides_why:
        raise SidesInDoubt(
            f"Look which scan is before and which is after: {doubt}; measure again with the right scans, or say why "
            "these are right."
        )
    return replace(asked, why=asked.why and f"{asked.why}; though {doubt}, the scans are right: {asked.sides_why}")


def _signed(store: Store, asked: Acceptance, lesion: Mapping[str, Any]) -> Acceptance:
    """Return what is asked; the audit has why it was corrected, and what sizes that differ somebody found right."""
    if asked.why and asked.corrected_why:
        asked = replace(asked, why=f"{asked.why}; corrected by hand: {asked.corrected_why}")
    records = [one.record for one in of_patient(store, asked.patient_id)]
    doubt = size_doubt(records, _filing(records, asked), lesion["tumor"]["recist_mm"])
    if not doubt:
        return asked
    if not asked.size_seen:
        raise SizeInDoubt(f"Look whether this is the lesion: {doubt}; choose another one, or say that it is this one.")
    return replace(asked, why=f"{asked.why}; said to be this lesion: {doubt}")


def _filing(records: Sequence[Record], asked: Acceptance) -> Filing:
    kept = Recorded.of(records)
    after, before = (None if one is None else kept.day_of("scan", one.id, "scanned_on") or one.on
                     for one in (asked.after, asked.before))  # fmt: skip
    return Filing(lesion_id=asked.lesion_id, ablation_id=asked.ablation_id, after_on=after, before_on=before)


def _write(store: Store, asked: Acceptance, values: Values) -> None:
    new = list(_scans(store, asked))
    if asked.revision is None:
        new.append(record_of("margin", asked.patient_id, asked.margin_id, values))
        store.add(new, by=asked.by, why=asked.why)
        return
    target = Target(RECORD_KINDS["margin"], asked.patient_id, asked.margin_id, asked.revision)
    store.import_all(new, [Changed(target, _rounded(values), frozenset())], by=asked.by, why=asked.why)


def _check_places(store: Store, asked: Acceptance) -> None:
    """Refuse an ablation of another lesion, and scans in the wrong order."""
    days: dict[str, object] = {one.id: one.on for one in (asked.after, asked.before) if one is not None}
    for one in (kept.record for kept in of_patient(store, asked.patient_id)):
        if one.kind.name == "ablation" and one.id == asked.ablation_id and one.get("lesion_id") != asked.lesion_id:
            raise NotAcceptable("This ablation is of another lesion; choose one of the same lesion, or none.")
        if one.kind.name == "scan" and one.id in days:
            days[one.id] = one.get("scanned_on")
    before = None if asked.before is None else days[asked.before.id]
    after = days[asked.after.id]
    if isinstance(before, date) and isinstance(after, date) and before > after:
        raise NotAcceptable("The scan before was taken after the scan after; look at the days and choose again.")


def _lesion(lesions: Sequence[Mapping[str, Any]], label: str) -> Mapping[str, Any]:
    found = next((one for one in lesions if one["label"] == label), None)
    if found is None:
        raise NotAcceptable("The result has no lesion of this label; choose one of those that were measured.")
    return found


def _scans(store: Store, asked: Acceptance) -> Iterator[Record]:
    """Yield the scans that the registry does not hold yet."""
    records = (kept.record for kept in of_patient(store, asked.patient_id))
    held = {one.id: one.get("scanned_on") for one in records if one.kind.name == "scan"}
    for scan in (asked.after, asked.before):
        if scan is None:
            continue
        if scan.id in held:
            if scan.on not in (None, held[scan.id]):
                raise NotAcceptable(
                    "The registry has a scan of this key, of another day; choose it, or give the new one a key of its "
                    "own."
                )
            continue
        if scan.on is None:
            raise NotAcceptable(
                "The registry does not hold this scan of this patient; name it as a new one, with the day on which it "
                "was taken."
            )
        yield record_of("scan", asked.patient_id, scan.id, {"scanned_on": scan.on})


def _rounded(values: Values) -> Values:
    """Return values without digits that nobody measured; what is not known empties its field."""
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()}
