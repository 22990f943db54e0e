"""Effects as records: the main estimate of each outcome first, the naive one beside it, never alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from isotherm.effect import Effect
from isotherm.errors import InputError
from isotherm.study.analysis.adjust import Adjusted
from isotherm.study.analysis.boot import Replicates
from isotherm.study.analysis.compare import Comparison, arms_of
from isotherm.study.analysis.estimate import (
    Sample,
    as_it_is,
    conditional_fit,
    effect_of,
    first_in_pairs,
    hazard_ratio_fit,
    main_effect,
)
from isotherm.study.analysis.failed import add_many_failed, behind_failures
from isotherm.study.analysis.units import Units
from isotherm.study.clustered import ignoring_clusters
from isotherm.study.evalue import e_value
from isotherm.study.protocol_methods import Estimation
from isotherm.study.result import Cell, Kind, Results, cell

UNADJUSTED = Adjusted(np.ones(0), np.zeros(0, dtype=np.int64), None, None, None)
"""Stands for no adjustment where only that is asked."""

PAIRS = ("both", "first_only", "second_only", "neither")
"""Pairs by who had the event: both, only the treated, only the reference patient, neither."""

FEW_EVENTS = 10
"""An estimate from fewer events than this in either arm is a warning."""


def add_headline(results: Results, comparison: Comparison, estimation: Estimation) -> None:
    """Add the main estimate of the primary outcome, the naive one after it, and the caveat beside both."""
    protocol = comparison.units.cohort.protocol
    name = protocol.primary.name
    _main(results, comparison, name, estimation, "headline.effect", [])
    _naive(results, comparison, name, estimation, "headline.naive", [])
    results.text("headline.target", "Whose effect", comparison.first.target)
    results.text("headline.caveat", "Read beside it", " ".join(protocol.caveats))


def add_effects(results: Results, comparison: Comparison, estimation: Estimation) -> dict[str, Effect | None]:
    """Add the effects on every outcome; return the main ones."""
    found: dict[str, Effect | None] = {}
    rows: list[list[Cell]] = []
    for name, endpoint in comparison.units.endpoints.items():
        behind = _counts(results, comparison, name)
        found[name] = _main(results, comparison, name, estimation, f"effect.{name}.adjusted", behind)
        _naive(results, comparison, name, estimation, f"effect.{name}.naive", behind)
        shown = ["adjusted"] if comparison.first.made is None else ["adjusted", "naive"]
        if endpoint.days is not None and comparison.first.paired and not endpoint.per_tumor:
            label = label_of(comparison, name, ", given the pair")
            results.attempt(
                f"effect.{name}.conditional",
                "ratio",
                label,
                lambda name=name: _conditional(comparison, name, estimation),
                outcome=name,
                rests_on=[*behind, *_first_in_pairs(results, comparison, name)],
            )
            shown.append("conditional")
        if comparison.units.site is not None and endpoint.days is not None:
            results.attempt(
                f"effect.{name}.site_stratified",
                "ratio",
                label_of(comparison, name, ", stratified by site"),
                lambda name=name: _by_site(comparison, name, estimation),
                outcome=name,
                rests_on=behind,
            )
            shown.append("site_stratified")
        if endpoint.per_tumor and endpoint.days is not None:
            results.attempt(
                f"effect.{name}.unclustered",
                "ratio",
                label_of(comparison, name, f", {_crude(comparison)}, ignores clustering"),
                lambda name=name: _unclustered(comparison, name, estimation),
                outcome=name,
                rests_on=behind,
            )
            shown.append("unclustered")
        rows += [
            [
                results.records[f"effect.{name}.{part}"].label,
                cell(f"effect.{name}.{part}"),
                cell(f"effect.{name}.{part}", "p"),
            ]
            for part in shown
        ]
        _e_value(results, name, found[name], behind)
    results.table("effects", "Effects", ["", "Estimate", "p"], rows)
    return found


def kind_of(units: Units, name: str) -> Kind:
    """Return the kind of an outcome's effect."""
    return "difference" if units.endpoints[name].days is None else "ratio"


def label_of(comparison: Comparison, name: str, words: str) -> str:
    """Return what an effect is called: outcome, measure and the words on the comparison."""
    outcome = comparison.units.endpoints[name].outcome
    measure = "Hazard ratio" if outcome.kind == "time" else "Risk difference"
    cause = " (cause-specific)" if outcome.competes else ""
    return f"{outcome.label}: {measure}{cause}{words}"


def _main(results: Results, comparison: Comparison, name: str, estimation: Estimation, key: str,
          behind: list[str]) -> Effect | None:  # fmt: skip
    """Add the main estimate, with the share of its variance that is due to missing values if some were imputed."""
    share: list[float] = []

    def make() -> Effect:
        effect, pooled = comparison.effect(name, estimation)
        share.extend([] if pooled is None else [pooled.missing_share])
        return effect

    words = ", adjusted" if comparison.first.made is not None else ", not adjusted"
    kind, label = kind_of(comparison.units, name), label_of(comparison, name, words)
    rests = [*behind, *pairs_behind(comparison, name)]
    effect = results.attempt(key, kind, label, make, outcome=name, rests_on=rests)
    if share and key.startswith("effect."):
        results.number(
            f"imputation.missing_share.{name}",
            "share",
            share[0],
            "Share of the variance due to missing values",
            outcome=name,
        )
    return effect


def pairs_behind(comparison: Comparison, name: str) -> list[str]:
    """Return the counts of pairs that a paired difference of risks is a function of, as ids."""
    paired = comparison.first.paired and not comparison.units.endpoints[name].per_tumor
    parts = PAIRS if paired and comparison.units.endpoints[name].days is None else ()
    return [f"binary.{name}.pairs.{part}" for part in parts]


def _naive(results: Results, comparison: Comparison, name: str, estimation: Estimation, key: str,
           behind: list[str]) -> None:  # fmt: skip
    units = comparison.units
    sample = as_it_is(units.treated, units.endpoints[name])
    results.attempt(key, kind_of(comparison.units, name), label_of(comparison, name, ", naive"),
                    lambda: main_effect(sample, UNADJUSTED, estimation), outcome=name, rests_on=behind)  # fmt: skip


def _conditional(comparison: Comparison, name: str, estimation: Estimation) -> Effect:
    fit = conditional_fit(comparison.sample(name), estimation)
    return effect_of(fit, estimation, "stratified by pair, conditional (another estimand)")


def _first_in_pairs(results: Results, comparison: Comparison, name: str) -> list[str]:
    """Count, without printing, the pairs by who had the event first.

    The effect given the pair, and the test within pairs, are functions of these counts alone.
    """
    keys = first_in_pairs_of(comparison, name)
    for key, count in zip(keys, first_in_pairs(comparison.sample(name)), strict=True):
        results.unprinted(key, count)
    return keys


def first_in_pairs_of(comparison: Comparison, name: str) -> list[str]:
    """Return the ids of these counts."""
    return [f"first_in_pair.{name}.{who}" for who in (*arms_of(comparison), "both on one day")]


def _crude(comparison: Comparison) -> str:
    """Return what the arms as they are are called: beside an adjusted estimate naive, alone not adjusted."""
    return "not adjusted" if comparison.first.made is None else "naive"


def _unclustered(comparison: Comparison, name: str, estimation: Estimation) -> Effect:
    sample = replace(as_it_is(comparison.units.treated, comparison.units.endpoints[name]), cluster=None)
    return ignoring_clusters(effect_of(hazard_ratio_fit(sample, estimation), estimation, "not adjusted"))


def _by_site(comparison: Comparison, name: str, estimation: Estimation) -> Effect:
    sample, site = comparison.sample(name), comparison.units.site
    assert site is not None
    fit = hazard_ratio_fit(sample, estimation, strata=np.unique(site[sample.unit], return_inverse=True)[1])
    return effect_of(fit, estimation, "a baseline hazard for each site")


def _counts(results: Results, comparison: Comparison, name: str) -> list[str]:
    """Count patients and events of an outcome per arm, before and after adjustment; return what effects rest on."""
    units, endpoint = comparison.units, comparison.units.endpoints[name]
    worth, behind = 6, list[str]()
    samples = {"": as_it_is(units.treated, endpoint), "adjusted.": comparison.sample(name)}
    kinds = ("",) if comparison.first.made is None else ("", "adjusted.")
    for kind in kinds:
        for arm, value in zip(arms_of(comparison), (True, False), strict=True):
            behind += _of_arm(results, samples[kind].arm(value), f"events.{name}.{kind}{arm}", arm, name, worth)
    results.count(f"missing.outcome.{name}", len(endpoint.unknown), f"{endpoint.outcome.label}: not known", worth=1,
                  outcome=name)  # fmt: skip
    lost = np.bincount(units.treated[endpoint.unknown].astype(np.int64), minlength=2).tolist()
    for arm, count in zip(arms_of(comparison), reversed(lost), strict=True):
        results.unprinted(f"missing.outcome.{name}.{arm}", count)
        if not units.cohort.people.tumors:
            results.total(f"table_one.size.{arm}.patients", [f"events.{name}.{arm}.n", f"missing.outcome.{name}.{arm}"])
            _unknown_among_compared(results, name, arm)
    results.total(f"missing.outcome.{name}", [f"missing.outcome.{name}.{arm}" for arm in arms_of(comparison)])
    for kind in kinds[1:]:
        _left_out(results, comparison, name, kind)
    return behind


def _unknown_among_compared(results: Results, name: str, arm: str) -> None:
    """Say that those who are matched or weighted are those with a known outcome and those without."""
    wholes = [key for key in (f"matching.{arm}.matched", f"weighting.{arm}.kept") if key in results.counts]
    for whole in wholes:
        inside = results.counts[whole].value - results.counts[f"events.{name}.adjusted.{arm}.n"].value
        parts = [f"missing.outcome.{name}.{arm}.{part}" for part in ("compared", "left_out")]
        results.unprinted(parts[0], inside)
        results.unprinted(parts[1], results.counts[f"missing.outcome.{name}.{arm}"].value - inside)
        results.total(whole, [f"events.{name}.adjusted.{arm}.n", parts[0]])
        results.total(f"missing.outcome.{name}.{arm}", parts)


def _of_arm(results: Results, sample: Sample, key: str, arm: str, name: str, worth: int) -> list[str]:
    events, n = int(sample.event.sum()), len(sample)
    label = sample.endpoint.outcome.label
    results.count(f"{key}.n", n, f"{label}: {arm}", worth=worth, arm=arm, outcome=name)
    results.count(f"{key}.events", events, f"{label}: {arm}, events", worth=worth - 1, arm=arm, outcome=name)
    results.unprinted(f"{key}.without", n - events)
    results.total(f"{key}.n", [f"{key}.events", f"{key}.without"])
    return [f"{key}.events", f"{key}.without"]


def _left_out(results: Results, comparison: Comparison, name: str, kind: str) -> None:
    """Say that all are those who are compared and those who are left out, with events and without."""
    for arm in arms_of(comparison):
        for part in ("n", "events"):
            whole, inside = (results.counts[f"events.{name}.{k}{arm}.{part}"].value for k in ("", kind))
            results.unprinted(f"events.{name}.left_out.{arm}.{part}", whole - inside)
            results.total(f"events.{name}.{arm}.{part}",
                          [f"events.{name}.{kind}{arm}.{part}", f"events.{name}.left_out.{arm}.{part}"])  # fmt: skip
        # Whoever sees that nobody is left out knows that no event is.
        left = f"events.{name}.left_out.{arm}"
        results.unprinted(f"{left}.without", results.counts[f"{left}.n"].value - results.counts[f"{left}.events"].value)
        results.total(f"{left}.n", [f"{left}.events", f"{left}.without"])


def _e_value(results: Results, name: str, effect: Effect | None, behind: list[str]) -> None:
    keys = {"estimate": "E-value of the estimate", "limit": "E-value of the limit nearer to no effect"}
    try:
        found = None if effect is None else e_value(effect)
        why = "there is no adjusted estimate"
    except InputError as error:
        found, why = None, str(error)
    for part, label in keys.items():
        results.number(
            f"evalue.{name}.{part}",
            "ratio",
            None if found is None else getattr(found, part),
            label,
            why=why,
            method="" if found is None else found.method,
            outcome=name,
            rests_on=behind,
        )


def add_bootstrap(
    results: Results, comparison: Comparison, boot: Mapping[str, Replicates], estimation: Estimation, replicates: int
) -> None:
    """Add intervals from the bootstrap of the whole analysis, with its failures counted."""
    results.number("bootstrap.replicates", "number", float(replicates), "Replicates of the whole analysis")
    for name, found in boot.items():
        kind, label = kind_of(comparison.units, name), label_of(comparison, name, ", bootstrap")
        if isinstance(found.effect, str):
            results.number(f"bootstrap.{name}", kind, None, label, why=found.effect, outcome=name)
            continue
        back = math.exp if kind == "ratio" else float
        for suffix, limits, words in (
            ("", found.effect.percentile(level=estimation.level), "percentiles"),
            (
                ".normal",
                found.effect.normal(level=estimation.level),
                "normal, from the standard deviation of the replicates",
            ),
        ):
            results.number(
                f"bootstrap.{name}{suffix}", kind, back(found.effect.estimate), label, low=back(limits[0]),
                high=back(limits[1]), level=estimation.level, outcome=name,
                method=f"{words}; propensity, matching or weights and effect made anew in each of "
                f"{replicates} replicates",
            )  # fmt: skip
        behind = behind_failures(results)
        add_many_failed(results, f"bootstrap.{name}.many_failed", found.effect, outcome=name, rests_on=behind)
        results.number(f"bootstrap.{name}.failed", "number", float(found.effect.n_failed), "Replicates that failed",
                       method=found.effect.failure_words, outcome=name, rests_on=behind)  # fmt: skip
        for number, remark in enumerate(found.effect.remarks, start=1):
            results.finding(f"finding.bootstrap_{number}.{name}", "warning", remark)


def add_few_events(results: Results, comparison: Comparison) -> None:
    """Warn of outcomes with few events in an arm."""
    for name, endpoint in comparison.units.endpoints.items():
        sample = comparison.sample(name)
        fewest = min(int(sample.arm(arm).event.sum()) for arm in (True, False))
        if fewest < FEW_EVENTS:
            results.finding(f"finding.few_events.{name}", "warning", f"{endpoint.outcome.label}: an arm has {fewest} "
                            "events; intervals and p values rest on few patients.", fewest)  # fmt: skip
