"""Clones as records: why and when they were censored, weights, numbers at risk, answers with other weights."""

from __future__ import annotations

from collections.abc import Sequence

from isotherm.study.designs.clone_result import CloneResult
from isotherm.study.result import Cell, Kind, Results, cell

WEIGHTS = {"mean": "mean weight", "least": "smallest weight", "most": "largest weight",
           "effective": "effective number"}  # fmt: skip
SENSITIVITY = ("truncated", "unweighted")
MEASURES = ("risk_difference", "rmst_difference", "hazard_ratio")
TITLES = ("Risk difference", "Difference of restricted means", "Hazard ratio")


def add_clones(
    results: Results, key: str, name: str, answer: CloneResult, arms: Sequence[str], behind: Sequence[str]
) -> None:
    """Add what an answer of weighted clones (or patients) is judged by.

    Parameters
    ----------
    results : Results
    key, name : str
        Start of the ids; what the design is called.
    answer : CloneResult
    arms : sequence of str
        Names for ids, in the order of the strategies.
    behind : sequence of str
        Ids of the counts that the estimates rest on.
    """
    labels = {one.name: arm for one, arm in zip(answer.result.arms, arms, strict=True)}
    rows: list[list[Cell]] = []

    def add(part: str, kind: Kind, words: str, value: float, arm: str | None, *, days: str = "") -> None:
        rests = () if kind == "count" else behind
        results.number(f"{key}.{part}", kind, value, f"{name}, {words}", arm=arm, unit=days, rests_on=rests)
        rows.append([f"{words}{f' ({days})' if days else ''}", cell(f"{key}.{part}")])

    if answer.shared_events:
        add("shared_events", "count", "patients whose event counts in every strategy", answer.shared_events, None)
    for place, one in enumerate(answer.censored, start=1):
        days = f"first day {one.first_day:g}, median {one.median_day:g}, last {one.last_day:g}"
        add(f"censored.{place}", "count", f"{one.strategy}: censored, {one.reason}", one.n, labels[one.strategy],
            days=days)  # fmt: skip
    for one in answer.weights:
        for part, words in WEIGHTS.items():
            add(f"weights.{labels[one.strategy]}.{part}", "number", f"{one.strategy}: {words}", getattr(one, part),
                labels[one.strategy])  # fmt: skip
    for place, one in enumerate(answer.at_risk, start=1):
        words, arm = f"{one.strategy}: at risk just after day {one.day:g}", labels[one.strategy]
        add(f"at_risk.{place}", "count", words, one.n, arm)
        add(f"at_risk.{place}.weighted", "number", f"{words}, sum of weights", one.weighted, arm)
    results.table(key.replace("design.", "design_clones.", 1),
                  f"{name}: who was censored and why, weights, numbers at risk", ["", "Value"], rows)  # fmt: skip
    _sensitivity(results, key, name, answer, arms, behind)


def _sensitivity(
    results: Results, key: str, name: str, answer: CloneResult, arms: Sequence[str], behind: Sequence[str]
) -> None:
    others = len(arms) - 1
    rows: list[list[Cell]] = []
    for short, (words, effects) in zip(SENSITIVITY, answer.sensitivity, strict=True):
        for k, arm in enumerate(arms[1:]):
            keys = [f"{key}.{short}.{arm}.{measure}" for measure in MEASURES]
            for place, (own, title) in enumerate(zip(keys, TITLES, strict=True)):
                unit = "days" if place == 1 else ""
                results.effect(own, effects[place * others + k], label=f"{name}, {words}: {title}", arm=arm, unit=unit,
                               rests_on=behind)  # fmt: skip
            rows.append([f"{words}: {answer.result.arms[k + 1].name}", *(cell(own) for own in keys)])
    results.table(key.replace("design.", "design_weights.", 1), f"{name}: the same with other weights",
                  ["", *TITLES], rows)  # fmt: skip
