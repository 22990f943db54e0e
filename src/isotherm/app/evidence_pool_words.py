"""A pooling in words: estimates as printed, what heterogeneity says, what was set aside, where each number stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from isotherm.app.evidence_pool import Pooled
from isotherm.app.report_words import decimal
from isotherm.app.study_report_words import ratio
from isotherm.evidence.pooling import MetaAnalysis, Summary
from isotherm.evidence.result import PublishedResult
from isotherm.evidence.study_effect import StudyEffect

Named: TypeAlias = tuple[str, str]
"""What the publication of a result is called, and what the result is called beside others."""

FIRST_ARM, MORE = "in the arm that is named first", "with more of what is named"

SIDES = {
    "hazard ratio": "hazard", "subdistribution hazard ratio": "hazard", "odds ratio": "odds", "risk ratio": "risk",
}  # fmt: skip


def number_words(value: float, *, is_ratio: bool) -> str:
    """Return a ratio, or a difference, with the digits that mean something."""
    return ratio(value) if is_ratio else decimal(value, 3)


def pooled_words(analysis: MetaAnalysis, summary: Summary) -> str:
    """Return a pooled estimate with its interval."""
    effect = analysis.common_effect if summary is analysis.common else analysis.random_effect
    numbers = (number_words(one, is_ratio=analysis.studies[0].is_logarithm)
               for one in (effect.estimate, effect.low, effect.high))  # fmt: skip
    return "{} ({} to {})".format(*numbers)


def prediction_words(analysis: MetaAnalysis) -> str:
    """Return the prediction interval, or why there is none."""
    if analysis.prediction is None:
        return "none with two studies"
    return " to ".join(number_words(one, is_ratio=analysis.studies[0].is_logarithm) for one in analysis.prediction)


def printed_words(record: PublishedResult) -> str:
    """Return an estimate with its interval as printed; its level where that is not 95 %."""
    level = "" if float(record.level) == 0.95 else f", {100.0 * float(record.level):g} %"
    return f"{record.estimate} ({record.low} to {record.high}{level})"


def p_words(p_value: float) -> str:
    """Return a p value."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}" if p_value < 0.1 else f"p = {p_value:.2f}"


def model_words(found: Pooled) -> dict[str, str]:
    """Return what each model is called, the one that was asked for named as the main one."""
    settings = found.analysis.settings
    names = {
        "common": "Common effect",
        "random": f"Random effects ({settings.tau2_method}, {settings.interval} interval)",
    }
    return {key: f"{name}{'; main model' if key == found.main else ''}" for key, name in names.items()}


def heterogeneity_words(analysis: MetaAnalysis) -> str:
    """Return in one sentence how far the studies differ."""
    scatter, method = analysis.heterogeneity, analysis.heterogeneity.tau2_method
    limits = "" if scatter.tau2_limits is None else f" ({scatter.tau2_limits[0]:.3g} to {scatter.tau2_limits[1]:.3g})"
    share = "" if scatter.i2_limits is None else " ({:.0f} to {:.0f} %)".format(*(100.0 * x for x in scatter.i2_limits))
    test = f"Q {scatter.q:.2f}, {scatter.freedom} degrees of freedom, {p_words(scatter.p_value)}"
    spread = f"tau2 {scatter.tau2:.3g}{limits}, I2 {100.0 * scatter.i2:.0f} %{share} by {method}"
    return f"Heterogeneity: {test}; {spread}."


def override_words(analysis: MetaAnalysis) -> Iterator[str]:
    """Yield each rule that was set aside, with what it found and why."""
    for one in analysis.overrides:
        yield f"Set aside: {one.what}. {one.problem} Reason given: {one.reason}."


def comparison_words(studies: Sequence[StudyEffect]) -> str:
    """Return what is compared with what, or that the studies do not compare the same."""
    return studies[0].compared_with if _alike(studies) else "comparisons that differ"


def sides(studies: Sequence[StudyEffect]) -> tuple[str, str]:
    """Return what lies on either side of no difference, after which arm stands first; never after a label."""
    first = studies[0]
    what = SIDES.get(first.measure, "value")
    where = f"per {first.slope_unit} more" if first.slope_unit else f"with {first.compared}"
    return both_sides(what, where if _alike(studies) else FIRST_ARM)


def sides_of(records: Sequence[PublishedResult]) -> tuple[str, str]:
    """Return what lies on either side of no difference for results that stand side by side and are not pooled."""
    steps = {_step(one) for one in records}
    measures = {SIDES.get(one.measure, "") for one in records}
    what = next(iter(measures)) if len(measures) == 1 else ""
    groups = FIRST_ARM if all(one.arm or one.per for one in records) else "in the group that is named first"
    where = next(iter(steps)) if len(steps) == 1 else MORE if "" not in steps else f"{groups}, or {MORE}"
    return both_sides(what, where or groups)


def both_sides(what: str, where: str) -> tuple[str, str]:
    """Return what lower and higher mean; which of two arms or groups is meant is said once."""
    once = where.startswith("in the ")
    return (
        " ".join(word for word in ("lower", what, where) if word),
        " ".join(word for word in ("higher", what, "" if once else where) if word),
    )  # fmt: skip


def in_common_words(pairs: Iterable[tuple[Named, Named]]) -> tuple[str, ...]:
    """Return which results have patients in common, in one sentence; nothing where none have."""
    told = dict.fromkeys(f"rows of {a[0]}" if a[0] == b[0] else f"{a[1]} and {b[1]}" for a, b in pairs)
    return (f"Patients in common: {'; '.join(told)}.",) if told else ()


def _step(record: PublishedResult) -> str:
    """Return the step of a slope in words, as per 1 mm more margin; empty for a comparison of groups."""
    if not record.per:
        return ""
    of = "" if record.mm_class is None else " margin" if record.mm_class.of == "margin" else " of size"
    step = "step" if record.per.startswith("not printed") else record.per
    return f"per {step} more{of}"


def _alike(studies: Sequence[StudyEffect]) -> bool:
    return len({study.compared_with for study in studies}) == 1
