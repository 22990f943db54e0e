"""The first screen of a study's report: the main estimate, its interval, what it says, and what it cannot say."""

from __future__ import annotations

from dataclasses import dataclass

from isotherm.app.study_report_frame import (
    Outcome,
    arms_of,
    family,
    holds_null,
    is_adjusted,
    is_ratio,
    measure_of,
    null_words,
    outcomes_of,
    warnings_of,
)
from isotherm.app.study_report_parts import Bound, Runs, Words, bound, prose, say
from isotherm.app.study_report_words import Result, has_interval, missing

BLINDED = "Outcomes are blinded: their columns were not read, and there is no estimate yet."
NO_ESTIMATE = "No main estimate is among the results."


@dataclass(frozen=True, slots=True)
class Headline:
    """What somebody finds in ten seconds.

    Parameters
    ----------
    outcome : str
    measure : str
        "Hazard ratio, adjusted", or "Hazard ratio, not adjusted".
    estimate, interval, level : Bound or None
        None without a main estimate: then `why` says why.
    reading : Runs
        The estimate as a sentence, with its direction.
    facts : Runs
        Whose effect, how many patients and events.
    naive : Runs
        The naive estimate, named as such.
    caveats : tuple of Runs
        The most important first.
    why : str
    """

    outcome: str
    measure: str
    estimate: Bound | None
    interval: Bound | None
    level: Bound | None
    reading: Runs
    facts: Runs
    naive: Runs
    caveats: tuple[Runs, ...]
    why: str


def headline_of(result: Result) -> Headline:
    """Return the first screen; without a main estimate, why there is none."""
    outcome, main = outcomes_of(result)[0], result["results"].get("headline.effect")
    if main is None or main["value"] is None:
        why = BLINDED if result["protocol"]["outcomes_blinded"] else NO_ESTIMATE
        if main is not None:
            why = f"The main estimate does not exist: {missing(main)}"
        return Headline(outcome.label, "", None, None, None, (), (), (), caveats_of(result), why)
    kind = "adjusted" if is_adjusted(result) else "not adjusted"
    return Headline(
        outcome=outcome.label, measure=f"{measure_of(main)}, {kind}",
        estimate=bound(result, "headline.effect", "estimate"),
        interval=bound(result, "headline.effect", "interval") if has_interval(main) else None,
        level=bound(result, "headline.effect", "level"), reading=reading_of(result, "headline.effect"),
        facts=_facts(result, outcome), naive=_naive(result), why="",
        caveats=(*caveats_of(result), *((bound(result, key),) for key in warnings_of(result, outcome.name))),
    )  # fmt: skip


def reading_of(result: Result, key: str) -> Runs:
    """Say an estimate as a sentence whose direction cannot be misread, and whether its interval holds no difference."""
    record, arms = result["results"][key], arms_of(result)
    words = {"treated": f"“{arms[0].label}”", "reference": f"“{arms[-1].label}”", "null": null_words(record)}
    if is_ratio(record):
        what = "hazard" if "azard" in str(record["label"]) else "risk"
        runs = say(result, f"The estimated {what} with {{treated}} is {{{key}:estimate}} times that with "
                           "{reference}. Above {null}: more events with {treated}; below: fewer. ",
                    **words)  # fmt: skip
    else:
        runs = say(result, f"The estimated difference, {{treated}} minus {{reference}}, is {{{key}:estimate}}: above "
                           "{null}, more with {treated}; below {null}, less. ", **words)  # fmt: skip
    inside = holds_null(record)
    if inside is None:
        return (*runs, Words("The data set no interval."))
    if inside:
        end = "The interval includes {null}: fewer and more are both compatible with these data. "
    else:
        end = "The interval does not include {null}. "
    return (*runs, *say(result, end + "It counts chance alone, not what is named below.", **words))


def _facts(result: Result, outcome: Outcome) -> Runs:
    """Say what was adjusted for, whose effect it is, and in how many it was seen."""
    target = (*_adjusted_for(result), *say(result, "Whose effect: {headline.target}. "))
    unit = f"{outcome.unit}s"
    counts = [
        say(result, f"{{events.{outcome.name}.{arm.name}.events}} events in {{events.{outcome.name}.{arm.name}.n}} "
                    f"{unit} with {{arm}}", arm=f"“{arm.label}”")
        for arm in arms_of(result)
    ]  # fmt: skip
    joined: list[Runs] = [counts[0], *((Words("; "), *one) for one in counts[1:])] if all(counts) else []
    return (*target, *(run for one in joined for run in one), *([Words(".")] if joined else []))


def _adjusted_for(result: Result) -> Runs:
    labels = [str(one["label"]) for one in result["protocol"]["covariates"] if one["use"] == "adjust"]
    return (Words(f"Adjusted for: {', '.join(labels)}. "),) if labels and is_adjusted(result) else ()


def _naive(result: Result) -> Runs:
    if "headline.naive" not in result["results"] or not is_adjusted(result):
        return ()
    return (bound(result, "headline.naive", "value"),)


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
