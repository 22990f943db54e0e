"""Survival printed for each arm, no ratio: beside the study's own at that time, or as a median; none is derived."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from isotherm.app.evidence_beside_counted import counted
from isotherm.app.evidence_beside_own_by_arm import InArm, own_medians, own_rates
from isotherm.app.evidence_beside_rows import Setting, arms_matched, arms_words, published_setting
from isotherm.app.evidence_words import flag_words, source_words, status_words, value_words
from isotherm.app.study_report_frame import Outcome, arms_of
from isotherm.app.study_report_words import DAYS_PER_MONTH, Result
from isotherm.evidence.library import Library
from isotherm.evidence.paper import Paper
from isotherm.evidence.published_effect import DAYS, days_of
from isotherm.evidence.result import PublishedResult
from isotherm.evidence.study_effect import plain

SURVIVAL = "survival"
"""How an endpoint ends whose printed percentages are those who are free of it, as the study's own are."""

Arms = tuple[PublishedResult, ...]
"""Rates of one publication, endpoint and time, or its medians: one of each arm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByArm:
    """Survival in each arm as a publication prints it, at a time or as a median, and as the study has it.

    Parameters
    ----------
    name, paper : str
        The publication with its design, and alone.
    about : str
        Endpoint, time and analysis as printed: "overall survival at 5 years, after matching".
    at : str
        "5 years"; empty of medians.
    own_setting, setting : Setting
        Of the study and of the publication.
    arms_there : str
        As of a row.
    published, own : tuple of InArm
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
    published: tuple[InArm, ...]
    own: tuple[InArm, ...]
    remarks: tuple[str, ...]

    @property
    def unit(self) -> str:
        """In what its numbers are: "percent", of medians "months"."""
        return "percent" if self.at else "months"


def printed_by_arm(records: Iterable[PublishedResult]) -> tuple[Arms, ...]:
    """Return the survival, percentages and medians, that stands in print for each of two arms or more, sets together.

    Of one set are those of one publication that differ in nothing but the arm; the treated arm, which says its
    reference, stands first.
    """
    sets: dict[tuple[object, ...], list[PublishedResult]] = {}
    for one in records:
        if _is_survival(one) and (_is_rate(one) or _is_median(one)):
            about = (one.paper, plain(one.endpoint), one.measure, plain(one.label), one.at, one.analysis,
                     one.population, one.modality, one.time_zero, one.unit, one.adjusted, one.status,
                     one.source.where)  # fmt: skip
            sets.setdefault(about, []).append(one)
    return tuple(tuple(sorted(found, key=lambda one: not one.reference)) for found in sets.values()
                 if len({one.arm for one in found}) == len(found) > 1)  # fmt: skip


def by_arm_beside(library: Library, sets: Sequence[Arms], result: Result, outcome: Outcome, own: Setting
                 ) -> tuple[ByArm, ...]:  # fmt: skip
    """Lay the study's own survival beside each set: arms by the same names first, then rates before medians."""
    found = [_beside(library.papers[arms[0].paper], arms, result, outcome, own) for arms in sets]
    return tuple(sorted(found, key=lambda one: (not one.arms_there, not one.at)))


def _is_rate(one: PublishedResult) -> bool:
    return one.measure == "percentage" and one.number_unit == "%" and bool(one.at)


def _is_median(one: PublishedResult) -> bool:
    return one.measure == "median" and one.number_unit in DAYS and not one.at


def _is_survival(one: PublishedResult) -> bool:
    return (one.unit == "patient" and bool(one.arm) and one.estimate is not None and one.operator == "="
            and not (one.unit_suspect or one.direction_suspect)
            and plain(one.endpoint).endswith(SURVIVAL) and SURVIVAL in plain(one.label))  # fmt: skip


def _beside(paper: Paper, arms: Arms, result: Result, outcome: Outcome, own: Setting) -> ByArm:
    first = arms[0]
    measure, about = (f"survival at {first.at}", f"{first.endpoint} at {first.at}") if first.at else (
        "median survival", first.label)  # fmt: skip
    labels, ids = [_label(paper, one.arm) for one in arms], [one.arm for one in arms]
    matched = arms_matched(arms_of(result), paper, ids)
    own_of_arms = own_rates(result, outcome, days_of(first.at)) if first.at else own_medians(result, outcome)
    status = () if first.status == "published" else (status_words(first),)
    p_values = tuple(f"{_between(paper, one, arms)}: p {one.p_operator} {one.p_value}"
                     for one in arms if one.p_value is not None)  # fmt: skip
    bare = () if any(one.has_interval for one in arms) else ("No interval is printed",)
    return ByArm(
        name=f"{paper.short} ({paper.design}, {first.organ})", paper=paper.short, at=first.at,
        about=f"{about}{f', {first.analysis}' if first.analysis else ''}",
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


def _between(paper: Paper, one: PublishedResult, arms: Arms) -> str:
    """Return which arms a p value is between: of three and more it compares two."""
    if len(arms) == 2 or not one.reference:
        return "Between the arms, as printed"
    return f"As printed, {_label(paper, one.arm)} v {_label(paper, one.reference)}"


def _label(paper: Paper, arm: str) -> str:
    found = paper.arm(arm)
    return arm if found is None else found.name


def _printed(paper: Paper, one: PublishedResult, label: str) -> InArm:
    """Return a printed number in percent or in months; a median that was printed in years says what that is."""
    scale = 1.0 if one.at else DAYS[one.number_unit] / DAYS_PER_MONTH
    value = scale * float(one.estimate or 0)
    limits = None if one.low is None or one.high is None or not one.has_interval else (float(one.low), float(one.high))
    low, high = (None, None) if limits is None else (scale * limits[0], scale * limits[1])
    remark = "" if one.at or one.number_unit == "months" else f"about {value:.0f} months"
    return InArm(arm=label, printed=value_words(replace(one, p_value=None)), value=value, low=low, high=high,
                 remark=remark, source=source_words(one, paper), id=one.id)  # fmt: skip
