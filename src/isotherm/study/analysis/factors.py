"""Factors of an outcome as records: each alone and all together, and tumors of a patient not taken for strangers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isotherm.columns import Float
from isotherm.effect import Effect
from isotherm.errors import FitError, InputError, IsothermError, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.cohort import Cohort
from isotherm.study.factor_terms import FactorRows, Term, factor_rows
from isotherm.study.protocol_factors import Factors
from isotherm.study.protocol_methods import Estimation
from isotherm.study.result import Cell, Results, cell
from isotherm.study.survival.cause_specific import cause_specific_cox
from isotherm.study.survival.cox import CoxFit
from isotherm.study.survival.fine_gray import FineGrayFit, fine_gray
from isotherm.study.survival.proportional_hazards import proportional_hazards

MODELS = {"": "Cause-specific hazard ratio", "fine_gray_": "Subdistribution hazard ratio"}
"""What each model gives; the second only where another event competes."""

HAZARD_RATIO = "Hazard ratio"

METHOD = (
    "All named factors entered one model at once, none chosen by its p value, in the same {unit}s in which each was "
    "estimated alone"
)
CLUSTERED = "; variances are robust over patients, since tumors of one patient are not independent"


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """One analysis of factors on its way into the results."""

    results: Results
    factors: Factors
    rows: FactorRows
    estimation: Estimation

    @property
    def key(self) -> str:
        return f"factors.{self.factors.name}"

    @property
    def unit(self) -> str:
        return f"{self.rows.outcome.unit}s"

    @property
    def usable(self) -> list[Term]:
        """Factors that can be estimated."""
        return [term for term in self.rows.terms if not term.why]

    @property
    def names(self) -> list[str]:
        return [name for term in self.usable for name in term.names]

    def models(self) -> dict[str, str]:
        """Return the measure of each model."""
        return MODELS if self.rows.outcome.competes else {"": HAZARD_RATIO}

    def fit(self, kind: str, x: Float, names: Sequence[str]) -> CoxFit | FineGrayFit:
        times: TimeToEvent = self.rows.inside
        if kind:
            return fine_gray(times, x, names=names)
        return cause_specific_cox(times, x, names=names, ties=self.estimation.ties)

    def effects(self, fit: CoxFit | FineGrayFit) -> dict[str, Effect]:
        found = dict(zip(fit.names, fit.effects(level=self.estimation.level), strict=True))
        if isinstance(fit, FineGrayFit) or not self.rows.outcome.competes:
            return found
        return {name: replace(one, method=f"cause-specific {one.method}") for name, one in found.items()}


def add_factors(results: Results, cohort: Cohort, estimation: Estimation) -> None:
    """Add every analysis of factors that the protocol names."""
    for factors in cohort.protocol.factors:
        _add(_Run(results, factors, factor_rows(cohort, factors), estimation))


def _add(run: _Run) -> None:
    whole = _counts(run)
    behind = {term.column: [*whole, *_level_counts(run, term)] for term in run.rows.terms}
    together = {kind: _together(run, kind) for kind in run.models()}
    for kind, measure in run.models().items():
        for term in run.rows.terms:
            _effects(run, term, kind, measure, together[kind], behind[term.column])
        title = f"{run.factors.label}: {measure[:1].lower()}{measure[1:]}s, each factor alone and all together"
        rows = [row for term in run.rows.terms for row in _table_rows(run, term, kind)]
        run.results.table(f"factors_{kind}table.{run.factors.name}", title,
                          ["", run.unit.capitalize(), "Events", "Alone", "p", "Together", "p"], rows)  # fmt: skip
    _tests(run, together[""], behind)
    run.results.curves[run.key] = {
        "label": run.factors.label, "outcome": run.rows.outcome.name, "unit": run.rows.outcome.unit,
        "measure": run.models()[""], "groups": [_drawn(run, term) for term in run.rows.terms],
    }  # fmt: skip
    _said(run)


def _counts(run: _Run) -> list[str]:
    """Count who is analyzed and who is left out; return what every estimate rests on."""
    rows, results, words = run.rows, run.results, {"outcome": run.rows.outcome.name}
    n, label = int(rows.complete.sum()), run.factors.label
    counts = {
        "n": (n, f"{run.unit} in whom all factors are known"),
        "events": (int((rows.code == 1).sum()), "events among them"),
        "without": (int((rows.code == 0).sum()), "without any event among them"),
        "incomplete": (len(rows.times) - n, f"{run.unit} left out since a factor is missing"),
    }
    if rows.outcome.competes:
        counts["competing"] = (int((rows.code > 1).sum()), "competing events among them")
    if rows.times.cluster is not None:
        counts["patients"] = (len(np.unique(rows.times.cluster[rows.complete])), "their patients")
    for part, (value, what) in counts.items():
        results.coarse_count(f"{run.key}.{part}", value, f"{label}: {what}", **words)
    for column, what, count in rows.missing:
        results.coarse_count(f"{run.key}.missing.{column}", count, f"{label}: {what} missing", **words)
    return [f"{run.key}.{part}" for part in ("events", "without", *(["competing"] if "competing" in counts else []))]


def _level_counts(run: _Run, term: Term) -> list[str]:
    """Count each level of a factor and its events; return the ids."""
    keys: list[str] = []
    for k, (_, words, inside) in enumerate(term.levels):
        key = f"{run.key}.{term.column}.{k}"
        label = f"{run.factors.label}: {term.label}: {words}"
        events = inside & (run.rows.code == 1)
        run.results.coarse_count(f"{key}.n", int(inside.sum()), label, outcome=run.rows.outcome.name)
        run.results.coarse_count(f"{key}.events", int(events.sum()), f"{label}, events", outcome=run.rows.outcome.name)
        run.results.unprinted(f"{key}.others", int((inside & ~events).sum()))
        keys += [f"{key}.events", f"{key}.others"]
    return keys


def _together(run: _Run, kind: str) -> CoxFit | FineGrayFit | str:
    """Return the model of all factors, or why there is none."""
    try:
        if not run.usable:
            raise NothingToCompare("None of the factors can be estimated, so there is no model of all.")
        return run.fit(kind, np.column_stack([term.x for term in run.usable]), run.names)
    except (FitError, InputError) as error:
        return str(error)


def _effects(run: _Run, term: Term, kind: str, measure: str, together: CoxFit | FineGrayFit | str,
             behind: list[str]) -> None:  # fmt: skip
    """Add the ratios of one factor in one model, alone and with all others."""
    alone: CoxFit | FineGrayFit | str = term.why
    if not term.why:
        try:
            alone = run.fit(kind, term.x, term.names)
        except (FitError, InputError) as error:
            alone = str(error)
    for how, fit in ((f"{kind}univariable", alone), (f"{kind}multivariable", term.why or together)):
        ending = "alone" if how.endswith("univariable") else "with all others"
        found = {} if isinstance(fit, str) else run.effects(fit)
        for name, words in zip(term.names or (term.column,), term.labels or ("",), strict=True):
            of = f"{term.label}: {words}" if term.reference not in ("", "no") and words else term.label
            label = f"{run.factors.label}: {measure[:1].lower()}{measure[1:]} of {of}, {ending}"
            key = f"{run.key}.{name}.{how}"
            if isinstance(fit, str):
                run.results.number(key, "ratio", None, label, why=fit, outcome=run.rows.outcome.name)
            else:
                run.results.effect(key, found[name], label=label, outcome=run.rows.outcome.name, rests_on=behind)


def _tests(run: _Run, fit: CoxFit | FineGrayFit | str, behind: dict[str, list[str]]) -> None:
    """Add the test of each factor of several levels, that of proportional hazards, and events per variable."""
    every = list(dict.fromkeys(key for keys in behind.values() for key in keys))
    words: dict[str, Any] = {"outcome": run.rows.outcome.name}
    for term in run.usable:
        if len(term.names) > 1:
            p, why = (None, fit) if isinstance(fit, str) else (fit.wald_p_value(term.names)[2], "")
            run.results.number(
                f"{run.key}.{term.column}.test", "p", p, f"{run.factors.label}: {term.label}, all levels", p=p, why=why,
                method="Wald test of all levels in the model of all factors", rests_on=behind[term.column], **words,
            )  # fmt: skip
    _proportional(run, fit, every)
    events, columns = int((run.rows.code == 1).sum()), len(run.names)
    run.results.number(f"{run.key}.events_per_variable", "number", events / columns if columns else None,
                       f"{run.factors.label}: events per variable of the model of all factors",
                       why="no factor can be estimated", rests_on=every, **words)  # fmt: skip


def _proportional(run: _Run, fit: CoxFit | FineGrayFit | str, behind: Sequence[str]) -> None:
    """Add the test of proportional hazards in the model of all factors."""
    key, outcome = f"{run.key}.proportional_hazards", run.rows.outcome
    label = f"{run.factors.label}: test of proportional hazards, all factors"
    try:
        if not isinstance(fit, CoxFit):
            raise NothingToCompare(str(fit))
        test = proportional_hazards(fit, transform=run.estimation.ph_transform)[-1]
    except IsothermError as error:
        run.results.number(key, "number", None, label, why=str(error), outcome=outcome.name)
        return
    alone = "; it takes tumors for independent" if run.rows.times.cluster is not None else ""
    run.results.number(key, "number", test.chi_square, label, p=test.p_value, rests_on=behind, outcome=outcome.name,
                       unit=f"chi-square, {test.df} df",
                       method=f"score test of the model of all factors, transform {test.transform}{alone}")  # fmt: skip


def _table_rows(run: _Run, term: Term, kind: str) -> list[list[Cell]]:
    """Return a row for a number and a yes/no, and a row for each level of a category under its head."""
    rows: list[list[Cell]] = []
    levels = {name: k for k, (name, _, _) in enumerate(term.levels)}
    head = term.reference not in ("", "no")
    if head:
        test = cell(f"{run.key}.{term.column}.test", "p") if len(term.names) > 1 and not kind else ""
        key = f"{run.key}.{term.column}.0"
        rows += [
            [term.label, "", "", "", "", "", test],
            [f"{term.reference} (reference)", cell(f"{key}.n"), cell(f"{key}.events"), "1", "", "1", ""],
        ]
    for name, words in zip(term.names or (term.column,), term.labels or ("",), strict=True):
        key = f"{run.key}.{term.column}.{levels.get(name, 0)}"
        counts = [cell(f"{key}.n"), cell(f"{key}.events")] if name in levels else ["", ""]
        estimates: list[Cell] = []
        for how in ("univariable", "multivariable"):
            estimates += [cell(f"{run.key}.{name}.{kind}{how}"), cell(f"{run.key}.{name}.{kind}{how}", "p")]
        rows.append([words if head else term.label, *counts, *estimates])
    return rows


def _drawn(run: _Run, term: Term) -> dict[str, Any]:
    """Return what a forest draws of a factor."""
    levels = {name: k for k, (name, _, _) in enumerate(term.levels)}
    shown: list[dict[str, Any]] = []
    for name, words in zip(term.names or (term.column,), term.labels or ("",), strict=True):
        key = f"{run.key}.{term.column}.{levels[name]}" if name in levels else run.key
        shown.append(
            {
                "label": words,
                "alone": f"{run.key}.{name}.univariable",
                "together": f"{run.key}.{name}.multivariable",
                "n": f"{key}.n",
                "events": f"{key}.events",
            }
        )
    reference = term.reference if term.reference not in ("", "no") else None
    return {"label": term.label, "reference": reference, "levels": shown}


def _said(run: _Run) -> None:
    """Add how the factors were estimated."""
    clustered = CLUSTERED if run.rows.times.cluster is not None else ""
    run.results.text(f"{run.key}.method", f"{run.factors.label}: method",
                     METHOD.format(unit=run.rows.outcome.unit) + clustered)  # fmt: skip
