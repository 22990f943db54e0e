"""Log-rank: the table by hand, strata, pairs, corrections, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from isotherm.errors import BadSetting, NothingToCompare
from isotherm.outcome import TimeToEvent
from isotherm.study.survival.cox import cox
from isotherm.study.survival.logrank import logrank, logrank_pairs
from tests.study.survival.made import cohort, cut_at


def test_four_patients_give_the_sums_of_the_hand() -> None:
    test = logrank(TimeToEvent([1, 2, 3, 4], [1, 1, 1, 0]), ["a", "b", "a", "b"])
    # Expected in a: 2/4 + 1/3 + 1/2; variance: 1/4 + 2/9 + 1/4.
    assert test.expected[0] == pytest.approx(4 / 3)
    assert test.variance[0, 0] == pytest.approx(13 / 18)
    assert test.chi_square == pytest.approx((2 - 4 / 3) ** 2 / (13 / 18))
    assert (test.df, test.n.tolist(), test.observed.tolist()) == (1, [2, 2], [2, 1])


@pytest.mark.parametrize("seed", range(3))
def test_without_ties_it_is_the_score_test_of_a_cox_model(seed: int) -> None:
    outcome, x = cohort(seed, whole=False, strata=True)
    assert logrank(outcome, x[:, 1]).chi_square == pytest.approx(cox(outcome, x[:, 1]).score_test, rel=1e-9)


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0])
def test_whole_weights_are_patients_and_one_stratum_is_none(rho: float) -> None:
    outcome, x = cohort(3)
    counts = np.random.default_rng(0).integers(1, 4, size=len(outcome))
    weighted = logrank(TimeToEvent(outcome.time_days, outcome.event, weight=counts), x[:, 1], rho=rho)
    rows = np.repeat(np.arange(len(outcome)), counts)
    copied = logrank(outcome.take(rows), x[rows, 1], rho=rho)
    assert weighted.chi_square == pytest.approx(copied.chi_square, rel=1e-10)
    one = TimeToEvent(outcome.time_days, outcome.event, strata=np.zeros(len(outcome)))
    assert logrank(one, x[:, 1], rho=rho).chi_square == pytest.approx(logrank(outcome, x[:, 1], rho=rho).chi_square)


def test_an_empty_stratum_and_one_of_a_single_arm_add_nothing() -> None:
    outcome, x = cohort(4, 30, strata=True)
    assert outcome.strata is not None
    more = TimeToEvent(
        np.append(outcome.time_days, [3, 4]), np.append(outcome.event, [1, 0]), strata=np.append(outcome.strata, [9, 9])
    )
    both = (logrank(more, np.append(x[:, 1], [1, 1])), logrank(outcome, x[:, 1]))
    assert both[0].chi_square == pytest.approx(both[1].chi_square)
    assert both[0].stratified


def test_a_patient_split_into_stretches_is_the_same_patient() -> None:
    outcome, x = cohort(6, strata=True)
    split, rows = cut_at(outcome, 4.0)
    assert logrank(split, x[rows, 1]).chi_square == pytest.approx(logrank(outcome, x[:, 1]).chi_square)


def test_pairs_of_arms_are_corrected_for_their_number() -> None:
    outcome, _ = cohort(7, 60)
    arm = np.arange(60) % 4
    plain, holm, bonferroni = (
        [test.p_value for test in logrank_pairs(outcome, arm, correction=c)]  # type: ignore[arg-type]
        for c in ("none", "Holm", "Bonferroni")
    )
    assert bonferroni == pytest.approx(np.minimum(np.array(plain) * 6, 1.0))
    assert min(holm) == pytest.approx(min(bonferroni))
    assert all(a <= b <= c for a, b, c in zip(plain, holm, bonferroni, strict=True))
    assert logrank_pairs(outcome, arm)[0].arms == ("0", "1")


@pytest.mark.parametrize(
    ("outcome", "arm", "settings", "error", "words"),
    [
        (TimeToEvent([1, 2], [1, 1]), [1, 1], {}, NothingToCompare, "1 arm came"),
        (TimeToEvent([1, 2], [0, 0]), [1, 2], {}, NothingToCompare, "No event"),
        (TimeToEvent([1, 2], [1, 1], strata=[1, 2]), [1, 2], {}, NothingToCompare, "only one arm"),
        (TimeToEvent([1, 2], [1, 1], weight=[0.5, 1]), [1, 2], {}, BadSetting, "no whole numbers"),
        (TimeToEvent([1, 2], [1, 1], cluster=[0, 0]), [1, 2], {}, BadSetting, "Clusters"),
        (TimeToEvent([1, 2], [1, 1]), [1, 2], {"rho": -1.0}, BadSetting, "rho = -1"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    outcome: TimeToEvent, arm: list[int], settings: dict[str, float], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        logrank(outcome, arm, **settings)


def test_pairs_need_two_arms_and_a_known_correction() -> None:
    with pytest.raises(NothingToCompare, match="1 arm"):
        logrank_pairs(TimeToEvent([1, 2], [1, 1]), [1, 1])
    with pytest.raises(BadSetting, match='"Sidak" came'):
        logrank_pairs(TimeToEvent([1, 2], [1, 1]), [1, 2], correction="Sidak")  # type: ignore[arg-type]
