"""Published relations of margin, or of size, with recurrence: one for each publication, method, day and measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from isotherm.evidence.library import Library
from isotherm.evidence.paper import Modality, Organ, Paper
from isotherm.evidence.result import PublishedResult
from isotherm.evidence.result_parts import MarginMethod

About = Literal["margin", "size"]
Kind = Literal["rate per class", "hazard ratio", "risk ratio", "odds ratio", "cut-off"]

KINDS: dict[str, Kind] = {
    "percentage": "rate per class", "range": "rate per class", "hazard ratio": "hazard ratio",
    "subdistribution hazard ratio": "hazard ratio", "risk ratio": "risk ratio", "odds ratio": "odds ratio",
    "cut-off": "cut-off",
}  # fmt: skip
"""Which measures make which kind; others are no relation."""

IN_MM: tuple[Kind, ...] = ("rate per class", "cut-off")
"""Kinds whose axis is a length, so that a patient's own can be laid beside them."""

UNKNOWN = ("not printed", "several", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Results that stand in one panel: of one publication and population, measured in one way on one day.

    Parameters
    ----------
    about : str
        "margin" or "size".
    kind : str
    paper : Paper
    records, parents : tuple of PublishedResult
        What stands in the panel; what derived ones of these were computed from.
    margin : MarginMethod or None
        How margins were measured; None where it is not recorded.
    organ, modality, population, endpoint, at : str
    """

    about: About
    kind: Kind
    paper: Paper
    records: tuple[PublishedResult, ...]
    parents: tuple[PublishedResult, ...]
    margin: MarginMethod | None
    organ: Organ
    modality: Modality
    population: str
    endpoint: str
    at: str


def relations(library: Library, about: About) -> tuple[Relation, ...]:
    """Return the published relations, kind by kind, in the order of the library."""
    groups: dict[tuple[object, ...], list[PublishedResult]] = {}
    for record in library.results.values():
        if record.mm_class is None or record.mm_class.of != about or record.measure not in KINDS:
            continue
        key = (KINDS[record.measure], record.paper, record.margin, record.organ, record.modality, record.population,
               record.endpoint, record.at)  # fmt: skip
        groups.setdefault(key, []).append(record)
    found = [_relation(library, about, tuple(records)) for records in groups.values()]
    order = list(dict.fromkeys(KINDS.values()))
    return tuple(sorted(found, key=lambda one: order.index(one.kind)))


def _relation(library: Library, about: About, records: tuple[PublishedResult, ...]) -> Relation:
    first = records[0]
    parents = tuple(library.result(name) for record in records for name in record.parents)
    return Relation(
        about=about, kind=KINDS[first.measure], paper=library.papers[first.paper], records=records, parents=parents,
        margin=first.margin, organ=first.organ, modality=first.modality, population=first.population,
        endpoint=first.endpoint, at=first.at,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class HowMeasured:
    """How a patient's margin or size was measured; empty and None are not known.

    Parameters
    ----------
    organ : str
        "liver" or "lung".
    modality : str
        How the tumor was ablated: "RFA", "MWA", ...
    method : str
        Of the margin: "2D", "3D" (registration not said), "3D rigid", "3D non-rigid".
    imaging : str
        Of the zone: "CT", "MRI".
    days_after : float or None
        Days from ablation to the image of the zone.
    """

    organ: str = ""
    modality: str = ""
    method: str = ""
    imaging: str = ""
    days_after: float | None = None


def reasons_against(relation: Relation, patient: HowMeasured) -> tuple[str, ...]:
    """Return why a patient's margin or size may not be laid beside a relation, each in a few words; none if it may.

    Margins of another method or day are other measurements: zones shrink within weeks, a margin between two slices is
    not one in space. What a publication does not print cannot be shown to match. An ablation modality that it does not
    print is no reason by itself, since its patients had one.
    """
    said = [_organ(relation, patient), _modality(relation, patient)]
    if relation.about == "margin":
        said += _measured(relation.margin, patient)
    if relation.kind not in IN_MM:
        article = "an" if relation.kind[0] in "aeiou" else "a"
        said.append(f"{article} {relation.kind} has no place for one {relation.about}")
    if any(record.unit_suspect for record in relation.records):
        said.append("the printed numbers cannot be what the table says they are")
    return tuple(one for one in said if one)


def _organ(relation: Relation, patient: HowMeasured) -> str:
    if not patient.organ:
        return "the patient's organ is not known"
    if relation.organ == "any" or patient.organ in relation.organ:
        return ""
    return f"{relation.organ} here, {patient.organ} in the patient"


def _modality(relation: Relation, patient: HowMeasured) -> str:
    if relation.modality in UNKNOWN:
        return ""
    if not patient.modality:
        return f"{relation.modality} here, how the patient was ablated is not known"
    fits = patient.modality == relation.modality or (
        relation.modality == "RFA and MWA" and patient.modality in ("RFA", "MWA")
    )
    return "" if fits else f"{relation.modality} here, {patient.modality} in the patient"


def _measured(margin: MarginMethod | None, patient: HowMeasured) -> list[str]:
    if margin is None:
        return ["the publication does not print how and when margins were measured"]
    return [_method(margin, patient), _imaging(margin, patient), _day(margin, patient)]


def _method(margin: MarginMethod, patient: HowMeasured) -> str:
    if margin.method in UNKNOWN:
        return "several methods here" if margin.method == "several" else "the method is not printed here"
    if not patient.method:
        return f"{margin.method} here, the patient's method is not known"
    if patient.method == margin.method or (margin.method == "3D" and patient.method.startswith("3D")):
        return ""
    if margin.method.startswith("3D") and patient.method == "3D":
        return f"{margin.method} here, registration not said in the patient"
    return f"{margin.method} here, {patient.method} in the patient"


def _imaging(margin: MarginMethod, patient: HowMeasured) -> str:
    if margin.imaging in UNKNOWN:
        return "the imaging is not printed here"
    if not patient.imaging:
        return f"{margin.imaging} here, the patient's imaging is not known"
    return "" if patient.imaging == margin.imaging else f"{margin.imaging} here, {patient.imaging} in the patient"


def _day(margin: MarginMethod, patient: HowMeasured) -> str:
    if margin.days_after is None:
        return "the day is not printed here"
    low, high = margin.days_after
    days = f"day {low:g}" if low == high else f"days {low:g} to {high:g}"
    if patient.days_after is None:
        return f"{days} here, the patient's day is not known"
    # Day 0 lasts until day 1: an image of the same evening is one of the same day.
    return "" if low <= patient.days_after < high + 1.0 else f"{days} here, day {patient.days_after:g} in the patient"
