"""The first screen of a study's report: the main estimate, its interval, what it says, and what it cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isotherm.app.study_report_arms import by_arm, by_arm_of_design
from isotherm.app.study_report_claim import claim, compared, few_of
from isotherm.app.study_report_designs import of_design, remaining_of
from isotherm.app.study_report_frame import (
    Outcome,
    arms_of,
    family,
    has_design,
    has_naive_beside,
    holds_null,
    is_adjusted,
    is_modeled,
    is_ratio,
    is_several,
    measure_of,
    null_words,
    outcomes_of,
    warnings_of,
)
from isotherm.app.study_report_horizon import horizon_words
from isotherm.app.study_report_interval import interval_words, many_failed
from isotherm.app.study_report_parts import Bound, Runs, Table, Words, bound, in_months, prose, say
from isotherm.app.study_report_release import is_withheld, release_words
from isotherm.app.study_report_words import Result, has_interval, missing
from isotherm.printable import first_named

LIMITS = "What this estimate cannot show"
BLINDED = "Outcomes are blinded: their columns were not read, and there is no estimate yet."
NO_ESTIMATE = "No main estimate is among the results."
CUT_ESTIMATE = "There is a main estimate, and this release withholds it: a small count could be worked out from it."

ABOUT = {
    "ATE": "It compares everybody with {treated} and everybody with {reference}. ",
    "ATT": "It asks what {reference} would have changed for patients like those with {treated}. ",
    "ATC": "It asks what {treated} would have changed for patients like those with {reference}. ",
    "overlap": "Patients whose recorded covariates fit both arms count most, those nearly certain to be in one arm "
               "count least. ",
    "matching": "Patients whose recorded covariates fit both arms count most, much as if each had been matched to one "
                "of the other arm. ",
}  # fmt: skip
"""What each estimand asks, said beside the main estimate."""


@dataclass(frozen=True, slots=True)
class Headline:
    """What somebody finds in ten seconds.

    Parameters
    ----------
    outcome : str
    claim : str
        The estimate as a line that stands alone; see `claim`.
    measure : str
        "Hazard ratio, “Drug” against “No drug”, adjusted".
    estimate, interval, level : Bound or None
        None without a main estimate: then `why` says why.
    how : Runs
        How the interval came about, with the replicates of a bootstrap.
    failed : Runs
        That many of these replicates failed; empty where few did.
    horizon : Runs
        That few were still followed at the time of the risks, or that their difference depends on it; mostly empty.
    reading : Runs
        The estimate as a sentence, with its direction.
    chance : Runs
        Whether its interval holds no difference.
    facts : Runs
        Whom the estimate is about, and what was adjusted for.
    naive : Runs
        The naive estimate, named as such.
    arms : Table or None
        Patients, events, effective sample sizes, and what happened in each arm in absolute terms.
    caveats : tuple of Runs
        The most important first.
    why : str
    release : str
        What a release has withheld and rounded; empty where it is none.
    """

    outcome: str
    claim: str
    measure: str
    estimate: Bound | None
    interval: Bound | None
    level: Bound | None
    how: Runs
    failed: Runs
    horizon: Runs
    reading: Runs
    chance: Runs
    facts: Runs
    naive: Runs
    arms: Table | None
    caveats: tuple[Runs, ...]
    why: str
    release: str


def headline_of(result: Result) -> Headline:
    """Return the first screen; without a main estimate, why there is none."""
    designed = has_design(result)
    outcome = of_design(result) if designed else outcomes_of(result)[0]
    main = result["results"].get("headline.effect")
    if main is None or main["value"] is None:
        why = BLINDED if result["protocol"]["outcomes_blinded"] else NO_ESTIMATE
        if main is not None:
            why = CUT_ESTIMATE if is_withheld(main["why"]) else f"The main estimate does not exist: {missing(main)}"
        return Headline(
            outcome.label, "", "", None, None, None, (), (), (), (), (), (), (), _arms(result), caveats_of(result), why,
            release_words(result),
        )  # fmt: skip
    kind = _kind(result)
    caveats = _all_caveats(result, remaining_of(result) if designed else warnings_of(result, outcome.name))
    return Headline(
        outcome=outcome.label, claim=claim(result, outcome),
        measure=f"{in_months(measure_of(main))}, {compared(result)}, {kind}",
        estimate=bound(result, "headline.effect", "estimate"),
        interval=bound(result, "headline.effect", "interval") if has_interval(main) else None,
        level=bound(result, "headline.effect", "level"),
        how=interval_words(result), failed=many_failed(result), horizon=horizon_words(result),
        reading=_reading(result, outcome),
        chance=_chance(result, limits_below=bool(caveats)), facts=_facts(result), naive=_naive(result),
        arms=_arms(result), why="", caveats=caveats, release=release_words(result),
    )  # fmt: skip


def _arms(result: Result) -> Table | None:
    """Return what happened in each arm, of the analysis that the main estimate comes from."""
    return by_arm_of_design(result, of_design(result)) if has_design(result) else by_arm(result)


def _kind(result: Result) -> str:
    """Say by which analysis the main estimate came about."""
    first = f", first of {len(result['protocol']['arms']) - 1} comparisons" if is_several(result) else ""
    if has_design(result):
        return f"by {result['results']['headline.design']['text']}{first}"
    if is_modeled(result):
        return f"covariates in the model{first}"
    return f"{'adjusted' if is_adjusted(result) else 'not adjusted'}{first}"


def _reading(result: Result, outcome: Outcome) -> Runs:
    """Say the main estimate as a sentence with its direction."""
    record, arms = result["results"]["headline.effect"], arms_of(result)
    null = 1.0 if is_ratio(record) else 0.0
    side = "the same" if record["value"] == null else "a higher" if record["value"] > null else "a lower"
    words = {
        "treated": f"“{arms[0].label}”", "reference": f"“{arms[-1].label}”",
        "what": "rate" if "azard" in str(record["label"]) else "risk", "events": outcome.counted_as, "side": side,
    }  # fmt: skip
    if is_ratio(record):
        measure = "hazard" if words["what"] == "rate" else "risk"
        start = (
            f"The estimated {measure} with {{treated}} is {{headline.effect:estimate}} times that with {{reference}}"
        )
    else:
        start = "The estimated difference, {treated} minus {reference}, is {headline.effect:estimate}"
    return say(result, start + ": {side} {what} of {events}. ", **words)


def _chance(result: Result, *, limits_below: bool) -> Runs:
    """Say whether the interval holds no difference, and what it does not cover."""
    record = result["results"]["headline.effect"]
    inside = holds_null(record)
    if inside is None:
        return (Words("The data set no interval."),)
    words = {"null": null_words(record), "what": "rate" if "azard" in str(record["label"]) else "risk"}
    chance = f"It covers chance alone, not {'the limits named below' if limits_below else 'bias'}."
    end = "includes {null}: a higher and a lower {what} are both compatible with these data. "
    return say(result, f"The interval {end if inside else 'does not include {null}. '}{chance}", **words)


def _facts(result: Result) -> Runs:
    """Say whom the estimate is about, and what was adjusted for."""
    arms = arms_of(result)
    words = {"treated": f"“{arms[0].label}”", "reference": f"“{arms[-1].label}”"}
    about = "" if has_design(result) else ABOUT.get(str(result["settings"].get("estimand")), "")
    return (*say(result, "Whom it is about: {headline.target}. "), *say(result, about, **words),
            *_adjusted_for(result))  # fmt: skip


def _adjusted_for(result: Result) -> Runs:
    if has_design(result):
        return say(result, "{headline.adjusted} ")
    labels = [str(one["label"]) for one in result["protocol"]["covariates"] if one["use"] == "adjust"]
    if not labels or not (is_adjusted(result) or is_modeled(result)):
        return ()
    return (Words(f"Adjusted for: {first_named(labels)}."),)


def _naive(result: Result) -> Runs:
    if "headline.naive" not in result["results"] or not has_naive_beside(result):
        return ()
    return (bound(result, "headline.naive", "value"),)


def _all_caveats(result: Result, beside: Sequence[str]) -> tuple[Runs, ...]:
    """Return every caveat: the author's first, few patients, findings about the design, then the rest."""
    first, *others = caveats_of(result) or ((),)
    findings = {str(one["key"]) for one in result["findings"] if one["level"] == "stop" or one["kind"] == "finding"}
    graver, rest = ([(bound(result, key),) for key in beside if (key in findings) is grave] for grave in (True, False))
    return tuple(one for one in (first, *few_of(result), *graver, *others, *rest) if one)


def caveats_of(result: Result) -> tuple[Runs, ...]:
    """Return the caveats, each by itself; before them what else has to be read beside the main estimate."""
    single = [key for key, _ in family(result, "caveat")]
    whole = result["results"].get("headline.caveat")
    if whole is None or whole["text"] is None:
        return tuple((bound(result, key),) for key in single)
    rest = str(whole["text"])
    for key in single:
        rest = rest.replace(str(result["results"][key]["text"]), "")
    first = ["headline.caveat"] if rest.strip() else []
    return tuple((bound(result, key),) for key in (first or single))


def headline_text(headline: Headline) -> str:
    """Return the estimate and its interval in one line, for those who search or listen."""
    if headline.estimate is None:
        return headline.why
    interval = "" if headline.interval is None else f" ({prose(headline.interval)})"
    return f"{headline.measure}: {headline.estimate.text}{interval}"
