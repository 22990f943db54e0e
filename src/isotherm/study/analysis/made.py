"""How units were made comparable, as records: propensity, matching or weights, overlap, balance before and after."""

from __future__ import annotations

import numpy as np

from isotherm.confidence import exponential, normal_quantile
from isotherm.study.analysis.adjust import Adjusted
from isotherm.study.analysis.balanced import add_balance, table_one_counts
from isotherm.study.analysis.compare import Comparison, arms_of, predicts
from isotherm.study.matched import Matched
from isotherm.study.propensity import LogisticFit
from isotherm.study.protocol_methods import Estimation
from isotherm.study.result import Cell, Results, cell
from isotherm.study.weighting import Weighted

BINS = 20
"""Bins of propensity between 0 and 1 in which overlap is drawn."""

BESIDE_DESIGNS = "Arms as they became, beside the designs, are compared as they are: nothing was adjusted for there."


def add_adjustment(results: Results, comparison: Comparison, estimation: Estimation) -> None:
    """Add everything between the cohort and its outcomes; of several imputed data sets, that of the first."""
    adjusted = comparison.first
    _imputation(results, comparison)
    if adjusted.made is None or adjusted.design is None:
        beside = bool(comparison.units.cohort.protocol.designs)  # which adjust in ways of their own
        words = BESIDE_DESIGNS if beside else "Nothing was adjusted for: the arms are compared as they are."
        results.finding("finding.not_adjusted", "warning", words)
        return
    _rows(results, comparison)
    _propensity(results, comparison, estimation)
    if isinstance(adjusted.made, Matched):
        _matching(results, comparison, adjusted.made)
    else:
        _weighting(results, comparison, adjusted.made)
    _overlap(results, comparison, adjusted)
    add_balance(results, comparison)


def _rows(results: Results, comparison: Comparison) -> None:
    """Add how many units are complete, per arm."""
    design = comparison.first.design
    assert design is not None
    treated = comparison.units.treated
    complete = np.zeros(len(treated), dtype=np.bool_)
    complete[design.rows] = True
    filled = "" if comparison.imputed is None else ", gaps filled"
    results.count("propensity.n", len(design.rows), f"Patients with every covariate{filled}", worth=5)
    results.count("propensity.incomplete", int((~complete).sum()), "Patients without a covariate", worth=3)
    results.total("table_one.size.all.patients", ["propensity.n", "propensity.incomplete"])
    for name, arm in zip(arms_of(comparison), (True, False), strict=True):
        inside, outside = int((complete & (treated == arm)).sum()), int((~complete & (treated == arm)).sum())
        results.count(f"propensity.{name}.n", inside, f"{name}: with every covariate{filled}", worth=5, arm=name)
        results.count(f"propensity.{name}.incomplete", outside, f"{name}: without a covariate", worth=3, arm=name)
        results.total(f"table_one.size.{name}.patients", [f"propensity.{name}.n", f"propensity.{name}.incomplete"])
        for column, _ in design.missing:
            _others(results, f"propensity.{name}.incomplete", f"missing.{column}.{name}")
    for part in ("n", "incomplete"):
        results.total(f"propensity.{part}", [f"propensity.{name}.{part}" for name in arms_of(comparison)])
    if (~complete).any():
        results.finding("finding.incomplete", "warning", f"{int((~complete).sum())} of {len(complete)} patients lack a "
                        "covariate and take no part in the adjusted comparison.", int((~complete).sum()))  # fmt: skip


def _others(results: Results, whole: str, part: str) -> None:
    """Say that those with a gap are those with a gap in one covariate and the others."""
    rest = f"{whole}.besides.{part}"
    results.unprinted(rest, results.counts[whole].value - results.counts[part].value)
    results.total(whole, [part, rest])


def _propensity(results: Results, comparison: Comparison, estimation: Estimation) -> None:
    adjusted = comparison.first
    if adjusted.scores is None or adjusted.design is None:
        results.text("propensity.method", "Propensity", "no propensity is needed for coarsened exact matching")
        return
    rows: list[list[Cell]] = []
    several = len(adjusted.scores.fits) > 1
    for place, fit in enumerate(adjusted.scores.fits, start=1):
        start, site = (f"propensity.site_{place}", f", {fit.site}") if several else ("propensity", "")
        for row, name in enumerate(fit.names):
            behind = table_one_counts(results, adjusted.design, name)
            label = f"Odds ratio of treatment, {comparison.units.column_label(name, steps=True)}{site}"
            _odds_ratio(results, f"{start}.{name}", label, fit, row, comparison, estimation, behind)
            rows.append([label, cell(f"{start}.{name}")])
    results.text("propensity.method", "Propensity", f"logistic regression, {adjusted.scores.fits[0].method}")
    results.table("propensity", "The model of the propensity", ["", "Odds ratio"], rows)
    for number, warning in enumerate(adjusted.scores.warnings, start=1):
        results.finding(f"finding.propensity_{number}", "warning", warning)


def _odds_ratio(
    results: Results, key: str, label: str, fit: LogisticFit, row: int, comparison: Comparison, estimation: Estimation,
    behind: list[str],
) -> None:  # fmt: skip
    """Add an odds ratio per declared step; a column that says nothing at its site has no interval."""
    steps = {one.column: one.per for one in comparison.units.cohort.protocol.adjusted}
    step, z = steps.get(fit.names[row], 1.0), normal_quantile(estimation.level)
    b, se = step * float(fit.coefficients[row]), step * float(fit.standard_errors[row])
    interval = (
        {"low": exponential(b - z * se), "high": exponential(b + z * se), "level": estimation.level} if se > 0.0 else {}
    )
    results.number(key, "ratio", exponential(b), label, method=f"logistic regression, {fit.method}", rests_on=behind,
                   why="beyond all numbers", **interval)  # fmt: skip


def _matching(results: Results, comparison: Comparison, made: Matched) -> None:
    results.text("matching.method", "Matching", made.method)
    results.text("matching.target", "Whose effect", made.target)
    for name, arm in zip(arms_of(comparison), (True, False), strict=True):
        inside = made.n_matched(treated=arm)
        results.count(f"matching.{name}.matched", inside, f"{name}: matched{comparison.of_first}", worth=7, arm=name)
        results.count(f"matching.{name}.left_out", int((made.treated == arm).sum()) - inside,
                      f"{name}: not matched{comparison.of_first}", worth=3, arm=name)  # fmt: skip
        results.total(f"propensity.{name}.n", [f"matching.{name}.matched", f"matching.{name}.left_out"])
        reasons = [(k, part) for k, part in enumerate(made.left_out, start=1) if part.treated == arm]
        for k, part in reasons:
            results.count(
                f"matching.left_out.{k}", part.n, f"{name}: {part.reason}{comparison.of_first}", worth=1, arm=name
            )
        results.total(f"matching.{name}.left_out", [f"matching.left_out.{k}" for k, _ in reasons])
    if made.set_number is not None:
        results.count("matching.sets", int(made.set_number.max()) + 1, f"Matched sets{comparison.of_first}", worth=6)
    if comparison.first.paired:
        for name in arms_of(comparison):
            results.total(f"matching.{name}.matched", ["matching.sets"])
    results.number("matching.caliper", "number", made.caliper, "Caliper", why="there is no caliper")
    widest = float(made.gaps.max()) if len(made.gaps) else None
    results.number(
        "matching.widest",
        "number",
        widest,
        "Widest difference of a pair",
        why="there are no pairs with scores",
        method="checked against the caliper in this run",
    )


def _weighting(results: Results, comparison: Comparison, made: Weighted) -> None:
    results.text("weighting.method", "Weights", made.method)
    results.text("weighting.target", "Whose effect", made.target)
    for name, arm in zip(arms_of(comparison), (True, False), strict=True):
        kept = int(((made.weight > 0.0) & (made.treated == arm)).sum())
        label = f"{name}: share of the weight that the heaviest patient carries{comparison.of_first}"
        results.number(f"weighting.{name}.largest_share", "share", made.largest_share(treated=arm), label, arm=name)
        results.unprinted(f"weighting.{name}.kept", kept)
        results.count(
            f"weighting.{name}.left_out",
            int((made.treated == arm).sum()) - kept,
            f"{name}: trimmed{comparison.of_first}",
            worth=2,
            arm=name,
        )
        results.total(f"propensity.{name}.n", [f"weighting.{name}.kept", f"weighting.{name}.left_out"])


def _overlap(results: Results, comparison: Comparison, adjusted: Adjusted) -> None:
    """Add how propensities are distributed in each arm, before and after."""
    if adjusted.scores is None or adjusted.made is None:
        return
    chance, edges = adjusted.scores.probability, np.linspace(0.0, 1.0, BINS + 1)
    labels = {arm.name: arm.label for arm in comparison.units.cohort.protocol.arms.arms}
    for name, arm in zip(arms_of(comparison), (True, False), strict=True):
        mine = adjusted.scores.treated == arm
        for part, value in zip(
            ("low_quartile", "median", "high_quartile"), np.quantile(chance[mine], (0.25, 0.5, 0.75)), strict=True
        ):
            label = f"{labels[name]}: propensity, {part}{comparison.of_first}"
            results.number(f"overlap.{name}.{part}", "probability", float(value), label, arm=name)
        before, after = (np.histogram(chance[mine], edges, weights=weights[mine])[0]
                         for weights in (np.ones(len(chance)), adjusted.made.weight))  # fmt: skip
        results.curves[f"overlap.{name}"] = {
            "label": labels[name], "arm": name, "edges": edges.tolist(), "before": [int(count) for count in before],
            "after": after.tolist(),
        }  # fmt: skip


def _imputation(results: Results, comparison: Comparison) -> None:
    imputed = comparison.imputed
    if imputed is None:
        return
    results.number("imputation.data_sets", "number", float(len(imputed.tables)), "Imputed data sets")
    results.count("imputation.rows", imputed.incomplete_rows, "Patients with a gap", worth=1)
    for name, count in imputed.filled:
        results.count(f"imputation.{name}", count, f"Imputed values of {name}", worth=1)
        results.total(f"imputation.{name}", [f"missing.{name}.all"])
    for name, _ in imputed.filled:
        _others(results, "imputation.rows", f"imputation.{name}")
    results.text("imputation.method", "Missing covariates", imputed.method + "; matching or weighting in each data set")
    for number, warning in enumerate(imputed.warnings, start=1):
        results.finding(f"finding.imputation_{number}", "warning", warning)
    if not comparison.units.endpoints:
        results.finding("finding.imputed_blindly", "warning", "Outcomes are blinded and predict no missing covariate: "
                        "what links them fades. Impute anew when they are opened.")  # fmt: skip
    for name, endpoint in comparison.units.endpoints.items():
        if not predicts(endpoint):
            why = "is of tumors" if endpoint.per_tumor else "is not known in everybody"
            says = (
                f"{endpoint.outcome.label} {why} and predicts no missing covariate: what links it to them fades in the "
                "values that were filled in."
            )
            results.finding(f"finding.no_predictor.{name}", "warning", says)
    results.finding("finding.first_data_set", "warning", "Main estimates and sensitivity analyses are pooled over all "
                    "imputed data sets; curves, subgroups, balance and tests are those of the first.")  # fmt: skip
