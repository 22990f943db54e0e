"""What a registry holds of a patient that a margin is accepted into, and how one that it holds came there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import NotAcceptable
from isotherm.registry.rows import Kept
from isotherm.registry.store import Store, open_store


@dataclass(frozen=True, slots=True)
class Places:
    """What of a patient a margin may be accepted into, as the registry holds it."""

    lesions: tuple[str, ...]
    scans: tuple[tuple[str, date], ...]
    ablations: tuple[tuple[str, str], ...]
    margins: Mapping[str, Kept]
    records: tuple[Record, ...]

    def revision_of(self, margin_id: str) -> int | None:
        """Return the revision of a margin that stands there; None where there is none."""
        kept = self.margins.get(margin_id)
        return None if kept is None else kept.revision


@dataclass(frozen=True, slots=True)
class Accepted:
    """A margin that the registry holds: its record, who accepted it last and why, and what stood there before."""

    record: Record
    by: str
    why: str
    old: Mapping[str, object] | None


def accepted_of(address: str, patient_id: str, margin_id: str, *, folder: str) -> Accepted:
    """Return how a margin of a result came into a registry, as its audit tells it.

    Raises
    ------
    NotAcceptable
        The registry holds no such margin of this result.
    StoreError
    """
    with open_store(address) as store:
        kept = next((one.record for one in of_patient(store, patient_id)
                     if one.record.kind.name == "margin" and one.record.id == margin_id), None)  # fmt: skip
        told = store.history(patient_id=patient_id, kind_name="margin", record_id=margin_id, last=1)
    if kept is None or not str(kept.get("result") or "").startswith(f"{folder}/"):
        raise NotAcceptable("The registry holds no such margin of this measurement now; look at the patient's page.")
    last = told[-1]
    return Accepted(kept, last.who, last.why, None if last.old is None else json.loads(last.old))


def places_of(address: str, patient_id: str) -> Places:
    """Return what of a patient a margin may be accepted into.

    Raises
    ------
    NotAcceptable
        The registry has no such patient.
    StoreError
    """
    with open_store(address) as store:
        kept = of_patient(store, patient_id)
    by_kind = {name: [one for one in kept if one.record.kind.name == name] for name in RECORD_KINDS}
    return Places(
        tuple(one.record.id for one in by_kind["lesion"]),
        tuple((one.record.id, day) for one in by_kind["scan"] if isinstance(day := one.record.get("scanned_on"), date)),
        tuple((one.record.id, str(one.record.get("lesion_id") or "")) for one in by_kind["ablation"]),
        {one.record.id: one for one in by_kind["margin"]}, tuple(one.record for one in kept),
    )  # fmt: skip


def of_patient(store: Store, patient_id: str) -> tuple[Kept, ...]:
    """Return the records of a patient, with their revisions.

    Raises
    ------
    NotAcceptable
        The registry has no such patient.
    StoreError
    """
    kept = store.patient(patient_id)
    if not kept:
        raise NotAcceptable("The registry has no patient of this key; add the patient first, or choose another one.")
    return kept
