"""Weighted rows of a Fine-Gray model: who failed of another cause stays at risk, less and less, as censoring takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isotherm.columns import DistinctTimes, Float, Int
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.risk_table import ratio, risk_table


@dataclass(frozen=True, slots=True, eq=False)
class Censoring:
    """How patients of each group are censored over the distinct times; g groups, t times.

    Parameters
    ----------
    group : array of int, shape (n,)
    left : array, shape (g, t)
        The chance of not being censored before each time (Kaplan-Meier of the censoring, read just before).
    at_risk, censored : array, shape (g, t)
    """

    group: Int
    left: Float
    at_risk: Float
    censored: Float


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Rows of the weighted Cox model.

    Parameters
    ----------
    outcome : TimeToEvent
        Event 1 for the cause; a row for each stretch of constant weight.
    subject : array of int, shape (r,)
        Row that each comes from.
    """

    outcome: TimeToEvent
    subject: Int


def censoring(outcome: TimeToEvent, group: Int) -> Censoring:
    """Estimate the chance of being censored, in each group. Who fails on a day can still be censored on that day."""
    table = risk_table(outcome, group, strata=False)
    kept = np.array([(1.0 - ratio(*pair)).cumprod() for pair in zip(table.censored, table.at_risk, strict=True)])
    left = np.concatenate([np.ones((len(kept), 1)), kept[:, :-1]], axis=1)
    return Censoring(group, left, table.at_risk, table.censored)


def weighted_rows(outcome: TimeToEvent, cause: int, of: Censoring) -> Weighted:
    """Cut the observation of those who failed of another cause into stretches of constant weight.

    Up to its own end every row has weight 1. At a later event time s of the cause, who failed of another cause at t
    has the weight G(s-) / G(t-): the chance of being watched still, had nothing happened. A stretch ends with the last
    event time before that chance falls again.
    """
    code, watched = outcome.times.code, outcome.time_days > 0.0
    events = np.unique(code[outcome.event == cause])
    failed = np.flatnonzero((outcome.event > 0) & (outcome.event != cause))
    subject: list[Int] = [np.flatnonzero(watched)]
    first: list[Int] = [np.zeros(0, np.int64)]
    last: list[Int] = [np.zeros(0, np.int64)]
    weight: list[Float] = [np.zeros(0)]
    for g in range(len(of.left)):
        of_group = failed[of.group[failed] == g]
        then = of.left[g, events]
        runs = np.flatnonzero(np.concatenate([[True], then[1:] != then[:-1]]))
        ends = np.append(runs[1:], len(events)) - 1
        begin = np.searchsorted(events, code[of_group], side="right")
        run = np.searchsorted(runs, begin, side="right") - 1
        count = np.where(begin < len(events), len(runs) - run, 0)
        rows = np.repeat(np.arange(len(of_group)), count)
        piece = run[rows] + np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        starts = np.maximum(runs[piece], begin[rows])
        own = code[of_group][rows]
        subject.append(of_group[rows])
        first.append(np.where(starts == begin[rows], own, events[starts - 1]))
        last.append(events[ends[piece]])
        weight.append(then[starts] / of.left[g, own])
    stretches = np.concatenate(first), np.concatenate(last)
    return _assemble(outcome, cause, np.concatenate(subject), *stretches, np.concatenate(weight))


def _assemble(outcome: TimeToEvent, cause: int, subject: Int, first: Int, last: Int, weight: Float) -> Weighted:
    """Return the rows as they came, and behind them the stretches after a failure; codes of times go up by one."""
    added = len(first)
    own = subject[: len(subject) - added]
    days = np.concatenate([[0.0], outcome.times.days])
    stop = np.concatenate([outcome.times.code[own], last]) + 1
    start = np.concatenate([np.zeros(len(own), np.int64), first + 1])
    rows = TimeToEvent(
        days[stop],
        np.concatenate([outcome.event[own] == cause, np.zeros(added, np.bool_)]),
        days[start],
        np.concatenate([np.ones(len(own)), weight]),
        ranked=DistinctTimes(days, stop, start),
    )
    return Weighted(rows, subject)
