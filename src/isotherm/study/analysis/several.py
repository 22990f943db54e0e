"""Three arms and more: each as it is, curves and a test of all, and each against the reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from isotherm.columns import Float, Int
from isotherm.effect import Effect
from isotherm.errors import FitError, InputError, NothingToCompare
from isotherm.study.analysis.competing import Compared, add_competing
from isotherm.study.analysis.curves import Analyzed, add_arms
from isotherm.study.analysis.estimate import Sample, two_arms_of
from isotherm.study.analysis.units import Endpoint, endpoint_of
from isotherm.study.binary import risk, risk_difference
from isotherm.study.clustered import clustered_comparison, clustered_risk
from isotherm.study.cohort import Cohort
from isotherm.study.design_matrix import design_matrix
from isotherm.study.protocol_methods import Estimation
from isotherm.study.protocol_parts import Outcome
from isotherm.study.result import Cell, Results, cell
from isotherm.study.survival.cox import cox
from isotherm.study.survival.logrank import logrank

TARGET = "Patients as they came into each arm; nothing but the named covariates is adjusted for."
UNADJUSTED_TARGET = "Patients as they came into each arm; nothing is adjusted for."
METHOD = "Arms compared in pairs with the reference; covariates enter a Cox model"


def add_several_headline(results: Results, cohort: Cohort, estimation: Estimation) -> None:
    """Add the first comparison with the reference for the primary outcome, adjusted and naive."""
    name = cohort.protocol.primary.name
    arms, labels = _ordered(cohort)
    for key, adjust in (("headline.effect", True), ("headline.naive", False)):
        _effect(results, key, cohort, name, 0, estimation, adjust=adjust, label=f"{labels[0]} v {labels[-1]}",
                arm=arms[0], behind=())  # fmt: skip
    timed = cohort.protocol.primary.kind == "time"
    results.text("headline.target", "Whose effect", TARGET if timed else UNADJUSTED_TARGET)
    results.text("headline.caveat", "Read beside it", " ".join(cohort.protocol.caveats))


def add_several(results: Results, cohort: Cohort, estimation: Estimation, progress: Callable[[str], None]) -> None:
    """Add every outcome of three arms or more."""
    rows, survival, risks = list[list[Cell]](), list[list[Cell]](), list[list[Cell]]()
    arms, labels = _ordered(cohort)
    outcomes = cohort.protocol.outcomes
    for place, outcome in enumerate(outcomes, start=1):
        progress(f"outcome {place} of {len(outcomes)}: {outcome.label}")
        sample, code = _sample(cohort, outcome.name)
        behind = _counts(results, cohort, sample, code)
        if outcome.kind == "time":
            _times(results, cohort, sample, code, estimation, behind)
            key = f"logrank.{outcome.name}.naive"
            rows.append([f"{outcome.label}: {results.records[key].label}", cell(key), cell(key, "p")])
            survival += [_survival(outcome, arm, estimation) for arm in arms]
        else:
            _yes_no(results, sample, code, arms, estimation, behind)
            risks += [[f"{outcome.label}: Risk, {arm}", cell(f"binary.{outcome.name}.naive.risk.{arm}"), ""]
                      for arm in arms]  # fmt: skip
        for place, arm in enumerate(arms[:-1]):
            for kind in ("adjusted", "naive") if outcome.kind == "time" else ("naive",):
                key = f"effect.{outcome.name}.{kind}.{arm}"
                _effect(results, key, cohort, outcome.name, place, estimation, adjust=kind == "adjusted",
                        label=f"{labels[place]} v {labels[-1]}", arm=arm, behind=behind)  # fmt: skip
                rows.append([results.records[key].label, cell(key), cell(key, "p")])
    results.table("effects", "Effects", ["", "Estimate", "p"], rows)
    fixed = [f"Free of the event at {day:g} days" for day in estimation.at_days]
    results.table("survival", "Survival", ["", "Patients", "Events", "Median, days", *fixed], survival)
    results.table("binary", "Yes/no outcomes", ["", "Estimate", "p"], risks)


def _survival(outcome: Outcome, arm: str, estimation: Estimation) -> list[Cell]:
    """Return the row of an arm: counts, median and survival at the fixed times."""
    key, counts = f"curve.{outcome.name}.naive.{arm}", f"events.{outcome.name}.{arm}"
    days = (cell(f"{key}.at_{k}") for k in range(1, len(estimation.at_days) + 1))
    return [f"{outcome.label}, not adjusted: {arm}", cell(f"{counts}.n"), cell(f"{counts}.events"),
            cell(f"{key}.median"), *days]  # fmt: skip


def _ordered(cohort: Cohort) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names and labels of the arms, the reference last."""
    arms = sorted(cohort.protocol.arms.arms, key=lambda arm: arm.name == cohort.protocol.arms.reference)
    return tuple(arm.name for arm in arms), tuple(arm.label for arm in arms)


def _sample(cohort: Cohort, name: str) -> tuple[Sample, Int]:
    """Return everybody in whom an outcome is known, and their arms, the reference last."""
    outcome = next(one for one in cohort.protocol.outcomes if one.name == name)
    first, member = np.unique(cohort.person, return_index=True, return_inverse=True)[1:]
    endpoint = endpoint_of(cohort, outcome, member.astype(np.int64))
    place = {arm: k for k, arm in enumerate(_ordered(cohort)[0])}
    by_place = np.array([place[arm] for arm in cohort.protocol.arms.names], dtype=np.int64)
    code = by_place[cohort.arm[first]][endpoint.unit]
    return _everybody(endpoint), code


def _everybody(endpoint: Endpoint) -> Sample:
    unit = endpoint.unit
    cluster = unit if endpoint.per_tumor else None
    return Sample(endpoint, np.arange(len(unit)), unit, np.zeros(len(unit), dtype=np.bool_), None, cluster)


def _counts(results: Results, cohort: Cohort, sample: Sample, code: Int) -> list[str]:
    """Count patients (or tumors) and events of each arm; return what estimates rest on."""
    outcome, keys = sample.endpoint.outcome, list[str]()
    whole = "rows" if outcome.unit == "tumor" else "patients"
    arms, labels = _ordered(cohort)
    for place, (arm, label) in enumerate(zip(arms, labels, strict=True)):
        mine = code == place
        n, events = int(mine.sum()), int(sample.event[mine].sum())
        key, size = f"events.{outcome.name}.{arm}", f"table_one.size.{arm}.{whole}"
        results.count(f"{key}.n", n, f"{outcome.label}: {label}", worth=6, arm=arm, outcome=outcome.name)
        results.count(f"{key}.events", events, f"{outcome.label}: {label}, events", worth=5, arm=arm,
                      outcome=outcome.name)  # fmt: skip
        results.unprinted(f"{key}.without", n - events)
        results.unprinted(f"missing.outcome.{outcome.name}.{arm}", results.counts[size].value - n)
        results.total(f"{key}.n", [f"{key}.events", f"{key}.without"])
        results.total(size, [f"{key}.n", f"missing.outcome.{outcome.name}.{arm}"])
        keys += [f"{key}.events", f"{key}.without"]
    return keys


def _times(results: Results, cohort: Cohort, sample: Sample, code: Int, estimation: Estimation,
           behind: list[str]) -> None:  # fmt: skip
    """Add curves of all arms, a test of all, and what competes."""
    name = sample.endpoint.outcome.name
    arms, labels = _ordered(cohort)
    parts = [(arm, sample.take(code == place)) for place, arm in enumerate(arms)]
    for analysis in ("adjusted", "naive"):  # the same without adjustment: reports show one of them
        add_arms(results, Analyzed(name, analysis, sample), estimation, parts, dict(zip(arms, labels, strict=True)))
    key, label = f"logrank.{name}.naive", f"Log-rank test of {len(arms)} arms"
    try:
        test = logrank(sample.times(), code)
        results.number(key, "number", test.chi_square, label, p=test.p_value, unit=f"chi-square, {test.df} df",
                       method="log-rank test of all arms", outcome=name, rests_on=behind)  # fmt: skip
    except (FitError, InputError) as error:
        results.number(key, "number", None, label, why=str(error), outcome=name)
    if sample.endpoint.outcome.competes:
        shown = Compared(Analyzed(name, "naive", sample), arms, labels, code, "not adjusted")
        add_competing(results, shown, estimation)


def _yes_no(results: Results, sample: Sample, code: Int, arms: tuple[str, ...], estimation: Estimation,
            behind: list[str]) -> None:  # fmt: skip
    """Add the risk of each arm, with an interval that respects patients where a row is a tumor."""
    outcome = sample.endpoint.outcome
    for place, arm in enumerate(arms):
        part = sample.take(code == place)
        key = f"binary.{outcome.name}.naive.risk.{arm}"
        try:
            found = (risk(int(part.event.sum()), len(part), level=estimation.level) if part.cluster is None
                     else clustered_risk(part.event, part.cluster, level=estimation.level).effect)  # fmt: skip
            results.number(key, "probability", found.estimate, "Risk", low=found.low, high=found.high,
                           level=estimation.level, n=found.n, events=found.events, method=found.method, arm=arm,
                           outcome=outcome.name, rests_on=behind)  # fmt: skip
        except (FitError, InputError) as error:
            results.number(key, "probability", None, "Risk", why=str(error), arm=arm, outcome=outcome.name)


def _effect(results: Results, key: str, cohort: Cohort, name: str, place: int, estimation: Estimation, *,
            adjust: bool, label: str, arm: str, behind: tuple[str, ...] | list[str]) -> None:  # fmt: skip
    outcome = next(one for one in cohort.protocol.outcomes if one.name == name)
    timed = outcome.kind == "time"
    measure = "Hazard ratio" if timed else "Risk difference"
    kind = "adjusted" if adjust and timed else "not adjusted" if adjust else "naive"  # a risk takes no covariates
    words = f"{measure}{' (cause-specific)' if outcome.competes else ''}, {kind}"
    results.attempt(key, "ratio" if timed else "difference", f"{outcome.label}: {words}, {label}",
                    lambda: _compared(cohort, name, place, estimation, adjust=adjust), arm=arm, outcome=name,
                    rests_on=behind)  # fmt: skip


def _compared(cohort: Cohort, name: str, place: int, estimation: Estimation, *, adjust: bool) -> Effect:
    """Return the effect of an arm against the reference: one Cox model of all arms, or a difference of two risks."""
    sample, code = _sample(cohort, name)
    last = len(cohort.protocol.arms.arms) - 1
    if len(set(code.tolist())) <= last:
        raise NothingToCompare("The outcome is not known in anybody of an arm; leave the arm out.")
    if sample.endpoint.days is None:
        return _difference(sample, code, place, last, estimation)
    x = np.column_stack([code == k for k in range(last)]).astype(np.float64)
    names, rows, words = [f"arm {k}" for k in range(last)], np.arange(len(sample)), "not adjusted"
    if adjust:
        more, columns, rows = _covariates(cohort, sample)
        x, names, words = np.column_stack([x[rows], more]), [*names, *columns], "covariates in the model"
    kept = np.zeros(len(sample), dtype=np.bool_)
    kept[rows] = True
    fit = cox(sample.take(kept).times(), x, names=names, ties=estimation.ties)
    effect = fit.effects(level=estimation.level)[place]
    return replace(effect, method=f"{words}: {effect.method}")


def _covariates(cohort: Cohort, sample: Sample) -> tuple[Float, list[str], Int]:
    """Return the covariates of the rows that have all of them, their names, and those rows."""
    first = np.unique(cohort.person, return_index=True)[1]
    table = cohort.covariates().iloc[first[sample.unit]].reset_index(drop=True)
    design = design_matrix(table, cohort.kinds(), reference=cohort.references())
    return design.x, list(design.columns), design.rows


def _difference(sample: Sample, code: Int, place: int, last: int, estimation: Estimation) -> Effect:
    rows = np.isin(code, (place, last))
    pair = replace(sample.take(rows), treated=code[rows] == place)
    if pair.cluster is None:
        return risk_difference(two_arms_of(pair), level=estimation.level)
    found = clustered_comparison(pair.event, pair.treated, pair.cluster, level=estimation.level)
    if found.difference is None:
        raise NothingToCompare(found.difference_why)
    return found.difference
