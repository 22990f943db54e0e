"""Clones as records: why and when they were censored, weights, numbers at risk, answers with other weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isotherm.study.designs.clone_result import CloneResult
from isotherm.study.result import Cell, Results, cell

WEIGHTS = {"mean": "mean weight", "least": "smallest weight", "most": "largest weight",
           "effective": "effective sample size"}  # fmt: skip
SENSITIVITY = ("truncated", "unweighted")
MEASURES = ("risk_difference", "rmst_difference", "hazard_ratio")
TITLES = ("Risk difference", "Difference of restricted means", "Hazard ratio")
RESTRICTED = "Difference of restricted means to {:g} days, days"
"""The head of a column: without its horizon, a restricted mean says nothing."""


def add_clones(
    results: Results, key: str, name: str, answer: CloneResult, arms: Sequence[str], behind: Sequence[str], *,
    horizon: float,
) -> None:  # fmt: skip
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
    horizon : float
        Day of the risks, and up to which restricted means go.
    """
    labels = {one.name: arm for one, arm in zip(answer.result.arms, arms, strict=True)}
    if answer.shared_events:
        results.coarse_count(f"{key}.shared_events", answer.shared_events,
                       f"{name}: patients whose event counts in every strategy")  # fmt: skip
    _censored(results, key, name, answer, labels)
    _weights(results, key, name, answer, labels, behind)
    _at_risk(results, key, name, answer, labels)
    _sensitivity(results, key, name, answer, arms, behind, horizon)


def _censored(results: Results, key: str, name: str, answer: CloneResult, labels: Mapping[str, str]) -> None:
    rows: list[list[Cell]] = []
    for place, one in enumerate(answer.censored, start=1):
        own, words = f"{key}.censored.{place}", f"{one.strategy}: {one.reason}"
        results.coarse_count(own, one.n, f"{name}, censored, {words}", arm=labels[one.strategy])
        days = {"first_day": one.first_day, "median_day": one.median_day, "last_day": one.last_day}
        for part, day in days.items():
            results.number(f"{own}.{part}", "number", day, f"{name}, censored, {words}: {part.replace('_', ' ')}",
                           arm=labels[one.strategy], rests_on=[own])  # fmt: skip
        rows.append([words, cell(own), *(cell(f"{own}.{part}") for part in days)])
    results.table(_table(key, "censored"), f"{name}: censored for leaving a strategy",
                  ["", "Number", "First day", "Day, median", "Last day"], rows)  # fmt: skip


def _weights(results: Results, key: str, name: str, answer: CloneResult, labels: Mapping[str, str],
             behind: Sequence[str]) -> None:  # fmt: skip
    rows: list[list[Cell]] = []
    for one in answer.weights:
        keys = [f"{key}.weights.{labels[one.strategy]}.{part}" for part in WEIGHTS]
        for own, part, words in zip(keys, WEIGHTS, WEIGHTS.values(), strict=True):
            results.number(own, "number", getattr(one, part), f"{name}, {one.strategy}: {words}",
                           arm=labels[one.strategy], rests_on=behind)  # fmt: skip
        rows.append([one.strategy, *map(cell, keys)])
    heads = (words[:1].upper() + words[1:] for words in WEIGHTS.values())
    results.table(_table(key, "weights"), f"{name}: weights of those who were not censored for leaving", ["", *heads],
                  rows)  # fmt: skip


def _at_risk(results: Results, key: str, name: str, answer: CloneResult, labels: Mapping[str, str]) -> None:
    rows: list[list[Cell]] = []
    for place, one in enumerate(answer.at_risk, start=1):
        own, words = f"{key}.at_risk.{place}", f"{one.strategy}, just after day {one.day:g}"
        results.coarse_count(own, one.n, f"{name}, at risk: {words}", arm=labels[one.strategy])
        results.number(f"{own}.weighted", "number", one.weighted, f"{name}, at risk, sum of weights: {words}",
                       arm=labels[one.strategy], rests_on=[own])  # fmt: skip
        rows.append([words, cell(own), cell(f"{own}.weighted")])
    results.table(_table(key, "at_risk"), f"{name}: at risk just after the end of each window",
                  ["", "Number", "Sum of weights"], rows)  # fmt: skip


def _table(key: str, what: str) -> str:
    return key.replace("design.", f"design_{what}.", 1)


def _sensitivity(
    results: Results, key: str, name: str, answer: CloneResult, arms: Sequence[str], behind: Sequence[str],
    horizon: float,
) -> None:  # fmt: skip
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
    results.table(_table(key, "sensitivity"), f"{name}: the same with other weights",
                  ["", f"Risk difference at {horizon:g} days", RESTRICTED.format(horizon), "Hazard ratio"],
                  rows)  # fmt: skip
