"""Competing events as records: cumulative incidence, Gray's test, and two hazard ratios with their questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from isotherm.columns import Int
from isotherm.effect import Effect
from isotherm.errors import FitError, InputError, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.analysis.curves import NOBODY, NOT_SO_LONG, Analyzed, gaps
from isotherm.study.design_matrix import Bool
from isotherm.study.protocol_methods import Estimation
from isotherm.study.result import Cell, Results, cell
from isotherm.study.survival.cause_specific import cause_specific_cox
from isotherm.study.survival.competing import Incidence, cumulative_incidence
from isotherm.study.survival.fine_gray import fine_gray
from isotherm.study.survival.gray import gray

QUESTIONS = (
    "Cumulative incidence: how many have had the event by a day, whatever else took patients away before. "
    "Cause-specific hazard ratio: how fast it comes in those still free of every event, which is the question of what "
    "brings it about. Subdistribution hazard ratio (Fine-Gray) and Gray's test: whether the risk itself differs, to "
    "which the other events add, which is the question of what a patient has to expect."
)
MEASURES = {"cause_specific": "Cause-specific hazard ratio", "fine_gray": "Subdistribution hazard ratio"}


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The arms of one outcome in one analysis.

    Parameters
    ----------
    one : Analyzed
    arms, labels : tuple of str
        Names and labels, the reference last.
    code : array of int, shape (m,)
        Place of the arm of each row of the sample.
    words : str
        What the analysis is called: "adjusted", "naive" or "not adjusted".
    """

    one: Analyzed
    arms: tuple[str, ...]
    labels: tuple[str, ...]
    code: Int
    words: str

    @property
    def times(self) -> TimeToEvent:
        """All rows with the codes of their events."""
        sample = self.one.sample
        assert sample.endpoint.days is not None
        return TimeToEvent(sample.endpoint.days[sample.rows], sample.endpoint.code[sample.rows], None, sample.weight,
                           sample.cluster)  # fmt: skip


def add_competing(results: Results, compared: Compared, estimation: Estimation) -> None:
    """Add incidence, tests and ratios of every event of an outcome."""
    outcome = compared.one.sample.endpoint.outcome
    if "competing.questions" not in results.records:
        results.text("competing.questions", "Which question each number answers", QUESTIONS)
    behind = _counts(results, compared)
    risks: list[list[Cell]] = []
    ratios: list[list[Cell]] = []
    for cause, words in outcome.causes:
        for arm in compared.arms:
            risks.append(_incidence(results, compared, arm, cause, words, estimation, behind))
        ratios += _tested(results, compared, cause, words, estimation, behind)
    head = [f"By day {day:g}" for day in estimation.at_days]
    title = f"{outcome.label}, {compared.words}: cumulative incidence (Aalen-Johansen)"
    results.table(f"incidence.{compared.one.key}", title, ["", *head], risks)
    results.table(f"competing.{compared.one.key}", f"{outcome.label}, {compared.words}: competing events",
                  ["", *MEASURES.values(), "Gray's test, p"], ratios)  # fmt: skip


def _counts(results: Results, compared: Compared) -> list[str]:
    """Count the events of each kind in each arm; return the ids."""
    keys: list[str] = []
    sample = compared.one.sample
    codes = sample.endpoint.code[sample.rows]
    for cause, words in sample.endpoint.outcome.causes:
        for place, arm in enumerate(compared.arms):
            keys.append(f"incidence.{compared.one.key}.{arm}.{cause}.events")
            count = int(((codes == cause) & (compared.code == place)).sum())
            results.coarse_count(keys[-1], count, f"{words}: {compared.labels[place]}", arm=arm,
                           outcome=sample.endpoint.outcome.name)  # fmt: skip
    return keys


def _incidence(results: Results, compared: Compared, arm: str, cause: int, words: str, estimation: Estimation,
               behind: Sequence[str]) -> list[Cell]:  # fmt: skip
    """Add one curve and its values at the fixed days; return their row."""
    place = compared.arms.index(arm)
    key, label = f"incidence.{compared.one.key}.{arm}.{cause}", f"{words}: {compared.labels[place]}"
    mine = compared.code == place
    found = None
    if mine.any():
        found = cumulative_incidence(compared.times.take(mine), cause=cause, level=estimation.level, label=label)
        results.curves[key] = _drawn(found, compared, arm, words)
    for k, day in enumerate(estimation.at_days, start=1):
        risk, low, high, why = _at(found, day)
        around = _around(results, compared, f"{key}.{k}", mine, day)
        results.number(f"{key}.at_{k}", "probability", risk, f"{label}, by day {day:g}", low=low, high=high, why=why,
                       level=estimation.level, arm=arm, outcome=compared.one.name,
                       rests_on=[*behind, *around],
                       method="Aalen-Johansen; infinitesimal jackknife, log interval")  # fmt: skip
    return [label, *(cell(f"{key}.at_{k}") for k in range(1, len(estimation.at_days) + 1))]


def _around(results: Results, compared: Compared, key: str, mine: Bool, day: float) -> list[str]:
    """Count, without printing, the events of each kind before and after a day: a risk may tell of a few of them."""
    sample = compared.one.sample
    assert sample.endpoint.days is not None
    codes, before = sample.endpoint.code[sample.rows], sample.endpoint.days[sample.rows] <= day
    keys: list[str] = []
    for cause, _ in sample.endpoint.outcome.causes:
        for part, inside in (("by", before), ("after", ~before)):
            keys.append(f"{key}.{part}.{cause}")
            results.unprinted(keys[-1], int((mine & inside & (codes == cause)).sum()))
    return keys


def _at(found: Incidence | None, day: float) -> tuple[float | None, float | None, float | None, str]:
    if found is None:
        return None, None, None, NOBODY
    try:
        risk, _, low, high = found.at(day)
    except InputError:
        return None, None, None, NOT_SO_LONG
    return risk, low, high, ""


def _drawn(found: Incidence, compared: Compared, arm: str, words: str) -> dict[str, object]:
    return {
        "label": compared.labels[compared.arms.index(arm)], "event": words, "cause": found.cause, "arm": arm,
        "outcome": compared.one.name, "analysis": compared.one.analysis, "days": found.times_days.tolist(),
        "risk": found.risk.tolist(), "level": found.level, "variance": found.variance,
        "low": gaps(found.low),
        "high": gaps(found.high),
    }  # fmt: skip


def _tested(results: Results, compared: Compared, cause: int, words: str, estimation: Estimation,
            behind: Sequence[str]) -> list[list[Cell]]:  # fmt: skip
    """Add Gray's test and both ratios of each arm against the reference; return a row for each comparison."""
    gray_key = f"gray.{compared.one.key}.{cause}"
    try:
        test = gray(compared.times, compared.code, cause=cause)
        results.number(gray_key, "number", test.chi_square, f"{words}: Gray's test", p=test.p_value,
                       unit=f"chi-square, {test.df} df", method="Gray's test, rho 0", outcome=compared.one.name,
                       rests_on=behind)  # fmt: skip
    except (FitError, InputError) as error:
        results.number(gray_key, "number", None, f"{words}: Gray's test", why=str(error), outcome=compared.one.name)
    rows: list[list[Cell]] = []
    for place, arm in enumerate(compared.arms[:-1]):
        pair = f"{words}: {compared.labels[place]} v {compared.labels[-1]}"
        keys = [f"{kind}.{compared.one.key}.{cause}.{arm}" for kind in MEASURES]
        for key, kind, measure in zip(keys, MEASURES, MEASURES.values(), strict=True):
            results.attempt(key, "ratio", f"{pair}, {measure[:1].lower()}{measure[1:]}",
                            lambda kind=kind, place=place: _ratio(compared, kind, place, cause, estimation),
                            rests_on=behind, outcome=compared.one.name, arm=arm)  # fmt: skip
        rows.append([pair, *map(cell, keys), cell(gray_key, "p") if place == 0 else ""])
    return rows


def _ratio(compared: Compared, kind: str, place: int, cause: int, estimation: Estimation) -> Effect:
    """Return a hazard ratio of an arm against the reference, from these two arms alone."""
    rows = np.isin(compared.code, (place, len(compared.arms) - 1))
    inside = (compared.code[rows] == place).astype(np.float64)
    if not inside.size or inside.all() or not inside.any():
        raise NothingToCompare("The outcome is known in one arm only, or in nobody; nothing compares.")
    times = compared.times.take(rows)
    if kind == "fine_gray":
        return fine_gray(times, inside, cause=cause, names=["arm"]).effects(level=estimation.level)[0]
    fit = cause_specific_cox(times, inside, cause=cause, names=["arm"], ties=estimation.ties)
    effect = fit.effects(level=estimation.level)[0]
    return replace(effect, method=f"cause-specific {effect.method}")
