"""What can be recomputed from printed numbers: one small function for each kind of check."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

from scipy.special import ndtri

from isotherm.evidence.interval import interval_from_p

Compute = Callable[..., float]

Z95 = -float(ndtri(0.025))
"""Printed intervals that are recomputed here are of 95 %."""


def _quotient(above: float, below: float) -> float:
    return above / below if below else math.nan


def _percentage(part: float, whole: float) -> float:
    return 100.0 * _quotient(part, whole)


def _sum(*values: float) -> float:
    return math.fsum(values)


def _difference(whole: float, part: float) -> float:
    return whole - part


def _half_difference(outer: float, inner: float) -> float:
    return (outer - inner) / 2.0


def _root(ratio: float, steps: float) -> float:
    return ratio ** (1.0 / steps)


def _after_fall(percent: float) -> float:
    return 1.0 - percent / 100.0


def _after_rise(percent: float) -> float:
    return 1.0 + percent / 100.0


def _specificity(false_positive: float, without: float) -> float:
    return _percentage(without - false_positive, without)


def _positive_value(true_positive: float, false_positive: float) -> float:
    return _percentage(true_positive, true_positive + false_positive)


def _negative_value(true_positive: float, having: float, false_positive: float, without: float) -> float:
    true_negative = without - false_positive
    return _percentage(true_negative, having - true_positive + true_negative)


def _odds_ratio(events: float, n: float, reference_events: float, reference_n: float) -> float:
    return _quotient(events * (reference_n - reference_events), (n - events) * reference_events)


def _woolf(sign: float) -> Compute:
    """Return a limit of the odds ratio's interval (Woolf B. Ann Hum Genet 1955;19:251-253)."""

    def limit(events: float, n: float, reference_events: float, reference_n: float) -> float:
        cells = (events, n - events, reference_events, reference_n - reference_events)
        if min(cells) <= 0.0:
            return math.nan
        error = math.sqrt(sum(1.0 / cell for cell in cells))
        return _odds_ratio(events, n, reference_events, reference_n) * math.exp(sign * Z95 * error)

    return limit


def _proportional_hazards(survival: float, reference_survival: float) -> float:
    """Return the hazard ratio that two survivals in % at one time mean if hazards are proportional."""
    if not (0.0 < survival < 100.0 and 0.0 < reference_survival < 100.0):
        return math.nan
    return math.log(survival / 100.0) / math.log(reference_survival / 100.0)


def _lower_from_p(estimate: float, p_value: float) -> float:
    return interval_from_p(estimate, p_value, 0.95)[0]


def _upper_from_p(estimate: float, p_value: float) -> float:
    return interval_from_p(estimate, p_value, 0.95)[1]


def _middle(low: float, high: float) -> float:
    return math.sqrt(low * high) if min(low, high) > 0.0 else math.nan


def _largest_rise(*values: float) -> float:
    return max(after - before for before, after in pairwise(values))


def _largest_fall(*values: float) -> float:
    return max(before - after for before, after in pairwise(values))


def _same(value: float) -> float:
    return value


MANY = 99
"""Kinds that take this many operands take any number."""

KINDS: dict[str, tuple[int, int, Compute]] = {
    "percentage": (2, 2, _percentage),
    "sum": (2, MANY, _sum),
    "difference": (2, 2, _difference),
    "half difference": (2, 2, _half_difference),
    "ratio": (2, 2, _quotient),
    "root": (2, 2, _root),
    "ratio from percent fall": (1, 1, _after_fall),
    "ratio from percent rise": (1, 1, _after_rise),
    "tumor burden score": (2, 2, math.hypot),
    "proportional hazards": (2, 2, _proportional_hazards),
    "specificity": (2, 2, _specificity),
    "positive predictive value": (2, 2, _positive_value),
    "negative predictive value": (4, 4, _negative_value),
    "odds ratio": (4, 4, _odds_ratio),
    "Woolf lower limit": (4, 4, _woolf(-1.0)),
    "Woolf upper limit": (4, 4, _woolf(1.0)),
    "lower limit from p": (2, 2, _lower_from_p),
    "upper limit from p": (2, 2, _upper_from_p),
    "middle of interval": (2, 2, _middle),
    "largest rise": (2, MANY, _largest_rise),
    "largest fall": (2, MANY, _largest_fall),
    "same": (1, 1, _same),
}
"""For each kind: the fewest and the most operands, and the function of their values."""

TESTS = {"two proportions": (4, 4), "two-way table": (4, MANY)}
"""Kinds that compute p values by several tests, and say which of them was printed."""

P_FROM_INTERVAL = {"p from interval": (3, 3)}
"""The kind whose function depends on the record: on its measure, and on the level of its interval."""
