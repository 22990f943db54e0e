"""Limits of agreement: Bland's and Altman's own data, formulas by hand, coverage of intervals, and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, nct, t

from isotherm.errors import BadColumn, BadSetting, NothingToCompare
from isotherm.study.limits_of_agreement import Limits, limits_of_agreement

LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
"""Peak flow of 17 people by two meters, l/min: first measurements of Bland and Altman, Lancet 1986;i:307, table 1."""


def test_the_figures_of_bland_and_altman_come_out_of_their_data() -> None:
    found = limits_of_agreement(LARGE, MINI)
    assert round(found.bias.estimate, 1) == -2.1
    assert round(found.sd, 1) == 38.8
    assert found.bias.estimate - 2.0 * found.sd == pytest.approx(-79.7, abs=0.1)
    assert found.bias.estimate + 2.0 * found.sd == pytest.approx(75.5, abs=0.1)
    assert (round(found.bias.low, 1), round(found.bias.high, 1)) == (-22.0, 17.8)
    assert found.upper.estimate == pytest.approx(found.bias.estimate + 1.959964 * found.sd, rel=1e-6)


def test_intervals_are_those_of_mover_and_near_the_exact_ones_of_tolerance() -> None:
    found, n, z = limits_of_agreement(LARGE, MINI), 17, 1.9599639845400545
    sd, mean = float(np.std(np.subtract(LARGE, MINI), ddof=1)), float(np.mean(np.subtract(LARGE, MINI)))
    least, most = (sd * math.sqrt(16.0 / chi2.ppf(share, 16)) for share in (0.975, 0.025))
    shift = z**2 * sd**2 / n
    assert found.upper.low == pytest.approx(mean + z * sd - math.sqrt(shift + z**2 * (sd - least) ** 2))
    assert found.upper.high == pytest.approx(mean + z * sd + math.sqrt(shift + z**2 * (most - sd) ** 2))
    assert found.lower.low == pytest.approx(2.0 * mean - found.upper.high)
    assert found.lower.high == pytest.approx(2.0 * mean - found.upper.low)
    exact = [mean + sd * nct.ppf(share, 16, z * math.sqrt(n)) / math.sqrt(n) for share in (0.025, 0.975)]
    assert (found.upper.low, found.upper.high) == pytest.approx(exact, abs=0.1 * sd)
    assert found.bias.high - mean == pytest.approx(t.ppf(0.975, 16) * sd / math.sqrt(n))


def test_tumors_in_patients_are_an_analysis_of_variance() -> None:
    difference = np.array([1.0, 2.0, 3.0, 5.0, 4.0, 8.0, 0.0])
    patient = ["a", "a", "b", "b", "b", "c", "d"]
    found = limits_of_agreement(difference, np.zeros(7), cluster=patient)
    means = [1.5, 4.0, 8.0, 0.0]
    within = (0.5 + 2.0) / 3.0  # sums of squares within a and b, over 7 tumors less 4 patients
    total = np.var(means, ddof=1) + (1.0 - np.mean([1 / 2, 1 / 3, 1.0, 1.0])) * within
    assert found.bias.estimate == pytest.approx(np.mean(means))
    assert found.sd == pytest.approx(math.sqrt(total))
    assert "7 tumors in 4 patients" in found.lower.method


@given(st.integers(0, 1000), st.integers(3, 12))
def test_one_tumor_in_each_patient_is_the_same_with_and_without_patients(seed: int, n: int) -> None:
    first, second = np.random.default_rng(seed).normal(size=(2, n))
    alone, of = limits_of_agreement(first, second), limits_of_agreement(first, second, cluster=np.arange(n)[::-1])
    for one, other in zip(_numbers(alone), _numbers(of), strict=True):
        assert one == pytest.approx(other)
    turned = limits_of_agreement(second, first)
    assert turned.upper.estimate == pytest.approx(-alone.lower.estimate)
    assert turned.upper.high == pytest.approx(-alone.lower.low)
    doubled = limits_of_agreement(2.0 * first, 2.0 * second)
    assert doubled.lower.low == pytest.approx(2.0 * alone.lower.low)


def _numbers(found: Limits) -> list[float]:
    return [value for one in (found.bias, found.lower, found.upper) for value in (one.estimate, one.low, one.high)]


def test_intervals_hold_the_true_limits_of_tumors_in_patients() -> None:
    random, held, runs = np.random.default_rng(9), np.zeros(2), 600
    patient = np.repeat(np.arange(25), 1 + np.arange(25) % 4)
    true = 1.959964 * math.sqrt(1.0 + 0.5)
    for _ in range(runs):
        difference = random.normal(size=25)[patient] + random.normal(0.0, math.sqrt(0.5), len(patient))
        found = limits_of_agreement(difference, np.zeros(len(patient)), cluster=patient)
        held += [found.lower.low <= -true <= found.lower.high, found.upper.low <= true <= found.upper.high]
    assert (np.abs(held / runs - 0.95) < 0.03).all()


@pytest.mark.parametrize(
    ("first", "second", "cluster", "words"),
    [
        ([1.0, 2.0], [1.0, 1.0], None, "2 tumors were measured"),
        ([1.0, 2.0, 4.0], [1.0, 1.0, 1.0], [1, 1, 2], "2 patients with such tumors"),
        ([2.0, 3.0, 4.0], [1.0, 2.0, 3.0], None, "differ by the same everywhere"),
    ],
)
def test_too_little_is_refused(first: list[float], second: list[float], cluster: list[int] | None, words: str) -> None:
    with pytest.raises(NothingToCompare, match=words):
        limits_of_agreement(first, second, cluster=cluster)


def test_values_that_cannot_be_are_refused() -> None:
    with pytest.raises(BadColumn, match="missing or infinite in 1 of 3 rows"):
        limits_of_agreement([1.0, float("nan"), 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(BadColumn, match="2 rows; 3 are wanted"):
        limits_of_agreement([1.0, 2.0, 3.0], [1.0, 2.0])
    with pytest.raises(BadSetting):
        limits_of_agreement(LARGE, MINI, level=95.0)
