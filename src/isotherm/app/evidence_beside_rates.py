"""Rates that a publication prints for each arm, no ratio: beside the study's own at the same time, and none derived."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from isotherm.app.evidence_beside_counted import counted
from isotherm.app.evidence_beside_own_rates import ArmRate, own_rates
from isotherm.app.evidence_beside_rows import Setting, arms_matched, arms_words, published_setting
from isotherm.app.evidence_words import flag_words, source_words, status_words, value_words
from isotherm.app.study_report_frame import Outcome, arms_of
from isotherm.app.study_report_words import Result
from isotherm.evidence.library import Library
from isotherm.evidence.paper import Paper
from isotherm.evidence.published_effect import days_of
from isotherm.evidence.result import PublishedResult
from isotherm.evidence.study_effect import plain

SURVIVAL = "survival"
"""How an endpoint ends whose printed percentages are those who are free of it, as the study's own are."""

Arms = tuple[PublishedResult, ...]
"""Rates of one publication, endpoint and time: one of each arm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Survival in each arm as a publication prints it, and as the study has it at the same time.

    Parameters
    ----------
    name, paper : str
        The publication with its design, and alone.
    about : str
        Endpoint, time and analysis as printed: "overall survival at 5 years, after matching".
    at : str
        "5 years".
    own_setting, setting : Setting
        Of the study and of the publication.
    arms_there : str
        As of a row.
    published, own : tuple of ArmRate
    remarks : tuple of str
        Status, the p value between arms, and what is wrong with a number.
    """

    name: str
    paper: str
    about: str
    at: str
    own_setting: Setting
    setting: Setting
    arms_there: str
    published: tuple[ArmRate, ...]
    own: tuple[ArmRate, ...]
    remarks: tuple[str, ...]


def printed_rates(records: Iterable[PublishedResult]) -> tuple[Arms, ...]:
    """Return the survival percentages that stand in print for each of two arms or more, each set together.

    Of one set are those of one publication that differ in nothing but the arm; the treated arm, which says its
    reference, stands first.
    """
    sets: dict[tuple[object, ...], list[PublishedResult]] = {}
    for one in records:
        if _is_rate(one):
            about = (one.paper, plain(one.endpoint), one.at, one.analysis, one.population, one.modality, one.time_zero,
                     one.unit, one.adjusted, one.status, one.source.where)  # fmt: skip
            sets.setdefault(about, []).append(one)
    return tuple(tuple(sorted(found, key=lambda one: not one.reference)) for found in sets.values()
                 if len({one.arm for one in found}) == len(found) > 1)  # fmt: skip


def rates_beside(library: Library, sets: Sequence[Arms], result: Result, outcome: Outcome, own: Setting
                 ) -> tuple[Rates, ...]:  # fmt: skip
    """Lay the study's own survival beside each set, those whose arms go by the same names first."""
    found = [_beside(library.papers[arms[0].paper], arms, result, outcome, own) for arms in sets]
    return tuple(sorted(found, key=lambda one: not one.arms_there))


def _is_rate(one: PublishedResult) -> bool:
    return (one.measure == "percentage" and one.number_unit == "%" and one.unit == "patient"
            and bool(one.arm and one.at) and one.estimate is not None and one.operator == "="
            and not (one.unit_suspect or one.direction_suspect)
            and plain(one.endpoint).endswith(SURVIVAL) and SURVIVAL in plain(one.label))  # fmt: skip


def _beside(paper: Paper, arms: Arms, result: Result, outcome: Outcome, own: Setting) -> Rates:
    first = arms[0]
    measure = f"survival at {first.at}"
    labels, ids = [_label(paper, one) for one in arms], [one.arm for one in arms]
    matched = arms_matched(arms_of(result), paper, ids)
    own_of_arms = own_rates(result, outcome, days_of(first.at))
    status = () if first.status == "published" else (status_words(first),)
    p_values = tuple(f"Between the arms, as printed: p {one.p_operator} {one.p_value}"
                     for one in arms if one.p_value is not None)  # fmt: skip
    bare = () if any(one.has_interval for one in arms) else ("No interval is printed",)
    return Rates(
        name=f"{paper.short} ({paper.design}, {first.organ})", paper=paper.short, at=first.at,
        about=f"{first.endpoint} at {first.at}{f', {first.analysis}' if first.analysis else ''}",
        own_setting=_own_setting(result, outcome, own, measure),
        setting=published_setting(first, arms=" v ".join(labels), measure=measure),
        arms_there=arms_words(paper, ids) if matched else "",
        published=tuple(_printed(paper, one, label) for one, label in zip(arms, labels, strict=True)),
        own=tuple(own_of_arms[arm.number] for arm in matched) or own_of_arms,
        remarks=tuple(dict.fromkeys([*status, *p_values, *bare, *(flag for one in arms for flag in flag_words(one))])),
    )  # fmt: skip


def _own_setting(result: Result, outcome: Outcome, own: Setting, measure: str) -> Setting:
    """Return the setting of the study's survival, which may be adjusted for less than its main effect."""
    bare = counted(result, outcome).is_adjusted is False
    return replace(own, measure=measure, adjustment="none" if bare else own.adjustment)


def _label(paper: Paper, one: PublishedResult) -> str:
    arm = paper.arm(one.arm)
    return one.arm if arm is None else arm.name


def _printed(paper: Paper, one: PublishedResult, label: str) -> ArmRate:
    limits = (float(one.low), float(one.high)) if one.has_interval and one.low and one.high else (None, None)
    return ArmRate(arm=label, printed=value_words(replace(one, p_value=None)), value=float(one.estimate or 0),
                   low=limits[0], high=limits[1], source=source_words(one, paper), id=one.id)  # fmt: skip
