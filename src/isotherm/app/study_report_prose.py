"""Methods and results of a study as text: sentences whose every number is bound to the id of its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from isotherm.app.study_report_designs import became_words, design_words, rest_words
from isotherm.app.study_report_factors import factor_names, factor_words
from isotherm.app.study_report_frame import (
    Arm,
    Outcome,
    analysis_of,
    arms_of,
    has_design,
    is_adjusted,
    is_ratio,
    measure_of,
    outcomes_of,
)
from isotherm.app.study_report_parts import (
    Block,
    Bound,
    Heading,
    Paragraph,
    Runs,
    Words,
    blocks,
    joined,
    say,
    told,
)
from isotherm.app.study_report_release import is_withheld
from isotherm.app.study_report_words import Result

METHODS = (
    ("Design and data", (
        "{protocol.design}. ", "Question: {protocol.question} ", "Source of the data: {data.source}. ",
        "Registry: {data.registry}. ",
        "Places: {data.sites}. ", "Years of time zero: {data.dates}. ",
        "Codes that mean “not known”: {data.missing_codes}. ",
    )),
    ("Patients and comparison", (
        "Eligible: {protocol.eligibility}. ", "Arms: {protocol.arms}. ", "Strategies: {protocol.strategies}. ",
        "Time zero: {protocol.time_zero}. ",
        "Start of the exposure: {protocol.exposure}. ",
    )),
    ("Outcomes", ("{protocol.outcomes}. ",)),
    ("Covariates", ("{protocol.covariates.used} ", "How covariates were entered: {protocol.codings}. ")),
    ("Adjustment and estimation", (
        "{protocol.methods} ", "Propensity model: {propensity.method}. ", "Weighting: {weighting.method}. ",
        "Matching: {matching.method}. ", "Caliper: {matching.caliper}. ",
        "Widest difference of a pair: {matching.widest}. ",
        "Whom the estimate is about: {weighting.target}. ", "Whom the estimate is about: {matching.target}. ",
        "Denominator of standardized differences: {balance.denominator}. ",
        "Missing covariates: {imputation.method}, {imputation.data_sets} data sets. ",
    )),
    ("Subgroups and sensitivity analyses", ("Subgroups: {protocol.subgroups}. ",
                                             "Sensitivity analyses: {protocol.sensitivity}. ")),
)  # fmt: skip
"""Paragraphs of the methods: a sentence stands if its results are there."""


def methods_text(result: Result) -> tuple[Block, ...]:
    """Return the methods as headings and paragraphs."""
    found: list[Block] = []
    for title, sentences in METHODS:
        runs = joined(*(say(result, one) for one in sentences if _told(result, one)))
        found += [Heading(title), Paragraph(runs)] if runs else []
    return tuple(found)


def _told(result: Result, template: str) -> bool:
    """Whether each text that a sentence of the methods needs is there: "nothing is declared" is no sentence."""
    ids = [part.partition("}")[0].partition(":")[0] for part in template.split("{")[1:]]
    records = [result["results"].get(key) for key in ids]
    return all(record is not None and (record["text"] is not None or record["value"] is not None) for record in records)


def results_text(result: Result) -> tuple[Block, ...]:
    """Return the results as headings and paragraphs, without a verdict."""
    return blocks(
        Heading("Patients"), Paragraph(joined(who_came(result), balance_words(result), overlap_words(result))),
        design_words(result), became_words(result),
        [block for outcome in outcomes_of(result) for block in _outcome(result, outcome)],
        [block for name in factor_names(result) for block in factor_words(result, name)],
        *([Heading("Subgroups"), Paragraph(found)] if (found := subgroup_words(result)) else []),
        *([Heading("Stability"), Paragraph(found)] if (found := stability_words(result)) else []),
    )  # fmt: skip


def _outcome(result: Result, outcome: Outcome) -> tuple[Block, ...]:
    runs = outcome_words(result, outcome)
    return (Heading(outcome.label), Paragraph(runs)) if runs else ()


def who_came(result: Result) -> Runs:
    """Say how many came in and how many are in each arm."""
    boxes: list[Mapping[str, str]] = result["flow"].get("boxes") or []
    if not boxes:
        return ()
    first = say(result, f"{{{boxes[0]['patients']}}} patients were in the table; compared are")
    arms = [say(result, f"{'' if k == 0 else ' and'} {{table_one.size.{arm.name}.patients}} with {{arm}}",
                arm=f"“{arm.label}”") for k, arm in enumerate(arms_of(result))]  # fmt: skip
    return joined(first, *arms, (Words(". "),), *_fewer(result))


def _fewer(result: Result) -> Iterator[Runs]:
    """Say of which patients the comparisons are, where they are of others than of all in the arms."""
    if "course.patients" in result["results"]:
        yield rest_words(result)
        yield (Words(": a strategy counts from time zero on, whoever completes it. "),)
    if "finding.incomplete" in result["results"]:
        yield say(result, "{finding.incomplete} ")


def balance_words(result: Result) -> Runs:
    """Say how far arms differed at most, and how many patients the adjusted arms are worth."""
    worst = say(result, "The largest standardized difference of a covariate was {balance.worst.before} before "
                        "adjustment and {balance.worst.after} after it ({balance.denominator}). ")  # fmt: skip
    sizes = [say(result, "After adjustment the effective sample size with {arm} is "
                         f"{{balance.{arm.name}.ess_after}}, of {{balance.{arm.name}.ess_before}}. ",
                 arm=f"“{arm.label}”")
             for arm in arms_of(result)]  # fmt: skip
    of = (Words("Of the arms as they became, and not of the designs: "),) if has_design(result) else ()
    return joined(of, worst, *sizes) if worst or any(sizes) else ()


def overlap_words(result: Result) -> Runs:
    """Say where the propensities of each arm lie."""
    return joined(*(
        say(result, f"The median propensity with {{arm}} was {{overlap.{arm.name}.median}} (quartiles "
                    f"{{overlap.{arm.name}.low_quartile}} and {{overlap.{arm.name}.high_quartile}}). ",
            arm=f"“{arm.label}”")
        for arm in arms_of(result)
    ))  # fmt: skip


def outcome_words(result: Result, outcome: Outcome) -> Runs:
    """Say what was seen in an outcome: events, follow-up, times, the estimate, the naive one, how the model fits."""
    out, arms, analysis = outcome.name, arms_of(result), analysis_of(result)
    counts = [say(result, f"With {{arm}} there were {{events.{out}.{arm.name}.events}} {{events}} among "
                          f"{{events.{out}.{arm.name}.n}} {outcome.unit}s. ", arm=f"“{arm.label}”",
                  events=outcome.counted_as) for arm in arms]  # fmt: skip
    sentences = (
        *counts,
        say(result, f"Median follow-up was {{followup.{out}.all}} (reverse Kaplan-Meier). "),
        *(_times(result, out, arm) for arm in arms),
        estimate_words(result, out),
        say(result, f"Without adjustment (naive) it was {{effect.{out}.naive}}. ") if is_adjusted(result) else (),
        say(result, f"Within matched sets, which is another estimand, it was {{effect.{out}.conditional}}. "),
        say(result, f"With a baseline of its own for each site it was {{effect.{out}.site_stratified}}. "),
        *_restricted(result, f"rmst.{out}.{analysis}"),
        _log_rank(result, out),
        say(result, f"The test of proportional hazards gave {{proportional_hazards.{out}.{analysis}:p_words}}. "),
        say(result, f"The E-value of the estimate was {{evalue.{out}.estimate}}, that of the limit nearer to no "
                    f"difference {{evalue.{out}.limit}}. "),
    )  # fmt: skip
    return _but_withheld(result, sentences)


def _restricted(result: Result, key: str) -> tuple[Runs, Runs]:
    """Say the difference of restricted means with its horizon, and whether many replicates of its interval failed."""
    first, last = arms_of(result)[0], arms_of(result)[-1]
    record = result["results"].get(f"{key}.{first.name}")
    known = record is not None and record["value"] is not None
    start = f"{{{key}.{first.name}:label}}" if known else "Restricted mean times"
    return (
        say(result, f"{start}, {{t}} minus {{r}}: the difference was {{{key}.difference}} ({_said(result)}). ",
            t=f"“{first.label}”", r=f"“{last.label}”"),
        told(result, f"{{{key}.many_failed}} "),
    )  # fmt: skip


def _but_withheld(result: Result, sentences: tuple[Runs, ...]) -> Runs:
    """Join sentences; in a release those about withheld numbers are one, instead of the same reason again and again."""
    if not result["settings"].get("release"):
        return joined(*sentences)
    told = [one for one in sentences if not any(isinstance(run, Bound) and run.missing for run in one)]
    end = (Words("Further numbers are withheld: a small count could be worked out from them."),)
    return joined(*told, end if len(told) < len(sentences) else ())


def competes(result: Result, out: str) -> bool:
    """Whether an outcome has competing events: then it has no median time, and another test."""
    return f"incidence.{out}.{analysis_of(result)}" in result["tables"]


def _log_rank(result: Result, out: str) -> Runs:
    """Say the test of the naive arms; nothing where it has no answer since tumors are clustered and events compete."""
    found = say(result, f"The log-rank test of the arms as they are (naive) gave {{logrank.{out}.naive:p_words}}. ")
    none = any(isinstance(run, Bound) and run.missing for run in found)
    return () if none and competes(result, out) else found


def _times(result: Result, out: str, arm: Arm) -> Runs:
    if competes(result, out):
        last = f"incidence.{out}.{analysis_of(result)}.{arm.name}.1.at_{len(result['settings']['at_days'])}"
        return say(result, f"The cumulative incidence with {{arm}}, by the last of the declared times, was {{{last}}} "
                           f"({_said(result)}). ", arm=f"“{arm.label}”")  # fmt: skip
    key = f"curve.{out}.{analysis_of(result)}.{arm.name}.median"
    return say(result, f"The median time with {{arm}} was {{{key}}} ({_said(result)}). ",
               arm=f"“{arm.label}”")  # fmt: skip


def _said(result: Result) -> str:
    return "adjusted" if is_adjusted(result) else "not adjusted"


def estimate_words(result: Result, out: str) -> Runs:
    """Say the adjusted estimate of an outcome with its direction; why there is none where there is none."""
    key, arms = f"effect.{out}.adjusted", arms_of(result)
    record = result["results"].get(key)
    if record is None:
        return ()
    label, start = measure_of(record), "Adjusted, the" if is_adjusted(result) else "Not adjusted, the"
    words = {
        "label": label[:1].lower() + label[1:],
        "treated": f"“{arms[0].label}”",
        "reference": f"“{arms[-1].label}”",
    }
    if is_withheld(record["why"]):
        return say(result, f"{start} {{label}} was {{{key}}}. ", **words)
    if record["value"] is None:
        return say(result, f"{start} {{label}} could not be estimated: {{{key}:why}}. ", **words)
    than = "{treated} against {reference}" if is_ratio(record) else "{treated} minus {reference}"
    return say(result, f"{start} {{label}}, {than}, was {{{key}:estimate}} ({{{key}:level}} interval "
                       f"{{{key}:interval}}, {{{key}:p_words}}). ", **words)  # fmt: skip


def subgroup_words(result: Result) -> Runs:
    """Say the test of each interaction for the primary outcome."""
    primary = outcomes_of(result)[0].name
    return joined(*(
        say(result, f"The test whether the effect differs between subgroups of “{{label}}” gave "
                    f"{{subgroup.{one['name']}.interaction.{primary}:p_words}}. ", label=str(one["label"]))
        for one in result["protocol"]["subgroups"]
    ))  # fmt: skip


def stability_words(result: Result) -> Runs:
    """Say what the bootstrap and the sensitivity analyses gave for the primary outcome."""
    primary = outcomes_of(result)[0].name
    return joined(
        say(result, f"The whole analysis, repeated on {{bootstrap.replicates}} bootstrap replicates, gave "
                    f"{{bootstrap.{primary}}} with its percentile interval; "
                    f"{{bootstrap.{primary}.failed}} replicates could not be analyzed. "),
        *(say(result, f"{{says}}: {{sensitivity.{one['name']}.{primary}}}. ", says=str(one["says"]))
          for one in result["protocol"]["sensitivity"]),
    )  # fmt: skip
