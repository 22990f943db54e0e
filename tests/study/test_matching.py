"""Matching: MatchIt's pairs on LaLonde's data, calipers that hold, ties, orders, blocks, and what cannot be reached."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadColumn, BadSetting, CaliperBroken, NoOverlap, OutOfReach
from isotherm.study.design_matrix import design_matrix
from isotherm.study.matched import Caliper, Matched, check_caliper
from isotherm.study.matching import match_mahalanobis, match_nearest, whitened
from isotherm.study.propensity import Propensity
from tests.study import lalonde

FIFTH = Caliper(0.2)
SETTINGS: dict[str, dict[str, Any]] = {
    "nn_greedy": {"caliper": None, "scale": "probability"},
    "nn_cal02": {"caliper": FIFTH, "scale": "probability"},
    "nn_cal02_order_smallest": {"caliper": FIFTH, "scale": "probability", "order": "smallest"},
    "nn_cal02_order_data": {"caliper": FIFTH, "scale": "probability", "order": "data"},
    "nn_cal02_logit": {},
    "nn_cal01_logit_21": {"caliper": Caliper(0.1), "ratio": 2},
    "nn_replace": {"caliper": FIFTH, "scale": "probability", "replace": True},
    "nn_exact_race": {"caliper": FIFTH, "scale": "probability", "exact": lalonde.table()["race"]},
}


def partners(matched: Matched) -> dict[str, list[str]]:
    names = lalonde.table()["rowname"].to_numpy()
    found: dict[str, list[str]] = {name: [] for name in names[matched.treated]}
    assert matched.pairs is not None
    for one, other in matched.pairs:
        found[names[one]].append(names[other])
    return found


@pytest.mark.parametrize("name", SETTINGS)
def test_every_pair_set_and_weight_is_that_of_matchit(name: str) -> None:
    golden = lalonde.reference()[name]
    matched = match_nearest(lalonde.scores(), **SETTINGS[name])
    assert partners(matched) == {key: value.split(";") if value else [] for key, value in golden["match"].items()}
    assert np.abs(matched.weight - lalonde.by_row(golden["weights"])).max() < 1e-13
    if golden["caliper"] is None:
        assert matched.caliper is None
    else:
        assert matched.caliper == pytest.approx(golden["caliper"], rel=1e-7)
    if golden["subclass"] is None:
        assert matched.set_number is None
    else:
        numbers = lalonde.by_row(golden["subclass"])
        assert matched.set_number is not None
        assert np.array_equal(np.where(matched.set_number < 0, np.nan, matched.set_number + 1), numbers, equal_nan=True)


def test_mahalanobis_is_that_of_matchit_but_for_controls_at_equal_distance() -> None:
    golden = lalonde.reference()["mahalanobis"]["match"]
    matched = match_mahalanobis(lalonde.design(), lalonde.table()["treat"])
    names = lalonde.table()["rowname"].tolist()
    z = whitened(lalonde.design().by_level()[1], matched.treated)
    assert matched.pairs is not None
    theirs = np.array([names.index(golden[names[one]]) for one in matched.pairs[:, 0]])
    differ = theirs != matched.pairs[:, 1]
    ours = np.linalg.norm(z[matched.pairs[:, 0]] - z[matched.pairs[:, 1]], axis=1)
    assert differ.sum() == 9
    assert np.abs(ours - np.linalg.norm(z[matched.pairs[:, 0]] - z[theirs], axis=1)).max() < 1e-12


def test_the_caliper_assertion_fires_on_every_setting_of_a_matchit_that_broke_it() -> None:
    trap = json.loads((lalonde.GOLDEN / "TRAP_MatchIt_4.5.1_broken_caliper.json").read_text())
    settings = [entry for entry in trap.values() if isinstance(entry, dict)]
    assert len(settings) == 6
    for entry in settings:
        wide, held = entry["pairs_over_caliper"], entry["pairs"] - entry["pairs_over_caliper"]
        gaps = np.concatenate([np.full(wide, entry["max_distance"]), np.full(held, entry["caliper"])])
        with pytest.raises(CaliperBroken, match=f"^{wide} of {entry['pairs']} pairs"):
            check_caliper(gaps, entry["caliper"])
        check_caliper(gaps[wide:], entry["caliper"])


def test_a_pair_without_a_distance_breaks_the_caliper_too() -> None:
    with pytest.raises(CaliperBroken):
        check_caliper(np.array([np.nan]), 1.0)


def scores(logit: Any, treated: Any) -> Propensity:
    logit = np.array(logit, dtype=float)
    return Propensity(np.array(treated, dtype=bool), logit, np.arange(len(logit)), len(logit), ())


ARMS = st.lists(
    st.tuples(st.integers(-8, 8).map(lambda k: k / 4), st.booleans(), st.integers(0, 1)), min_size=4, max_size=30
).filter(lambda rows: 0 < sum(row[1] for row in rows) <= len(rows) / 2)


def brute_force(logit: Any, treated: Any, block: Any, width: float, ratio: int, replace: bool) -> set[tuple[int, int]]:
    """The rule as it is written down, by looking at everybody."""
    place = sorted(range(len(logit)), key=lambda i: (logit[i], i))
    rank = {i: k for k, i in enumerate(place)}
    free = {i for i in range(len(logit)) if not treated[i]}
    pairs: set[tuple[int, int]] = set()
    turns = sorted((i for i in range(len(logit)) if treated[i]), key=lambda i: (-logit[i], i))
    for turn in range(ratio):
        for i in turns:
            mine = {b for a, b in pairs if a == i}
            near = [j for j in free - mine if block[i] == block[j] and abs(logit[i] - logit[j]) <= width]
            if len(mine) == turn and near:
                best = min(near, key=lambda j: (abs(logit[i] - logit[j]), rank[j] > rank[i], abs(rank[j] - rank[i])))
                pairs.add((i, best))
                if not replace:
                    free.remove(best)
    return pairs


@given(ARMS, st.sampled_from([0.25, 0.5, 100.0]), st.integers(1, 3), st.booleans())
def test_matching_over_sorted_scores_equals_looking_at_everybody(
    rows: list[tuple[float, bool, int]], width: float, ratio: int, replace: bool
) -> None:
    logit, treated, block = (list(column) for column in zip(*rows, strict=True))
    expected = brute_force(logit, treated, block, width, ratio, replace)
    settings: dict[str, Any] = {"caliper": Caliper(width, "absolute"), "ratio": ratio, "replace": replace}
    if not expected:
        with pytest.raises(NoOverlap):
            match_nearest(scores(logit, treated), exact=block, **settings)
        return
    matched = match_nearest(scores(logit, treated), exact=block, **settings)
    assert matched.pairs is not None
    assert {(int(a), int(b)) for a, b in matched.pairs} == expected
    assert (matched.gaps <= width).all()
    uses = np.bincount(matched.pairs[:, 1])
    assert replace or uses.max() == 1
    # The flow adds up in both arms, and the weights of either arm have mean 1.
    for arm in (True, False):
        out = sum(part.n for part in matched.left_out if part.treated == arm)
        assert matched.n_matched(treated=arm) + out == sum(flag == arm for flag in treated)
        mine = matched.weight[matched.matched & (matched.treated == arm)]
        assert mine.mean() == pytest.approx(1.0)


@given(st.permutations(range(40)))
def test_permuted_rows_give_the_same_matched_sets_where_no_scores_are_equal(order: list[int]) -> None:
    random = np.random.default_rng(5)
    logit, treated = random.normal(size=40), np.arange(40) < 15
    first = match_nearest(scores(logit, treated))
    again = match_nearest(scores(logit[order], treated[order]))
    assert first.pairs is not None
    assert again.pairs is not None
    back = np.array(order)[again.pairs]
    assert {tuple(pair) for pair in back.tolist()} == {tuple(pair) for pair in first.pairs.tolist()}


@given(st.integers(0, 10_000))
def test_mirrored_arms_give_the_mirrored_match(seed: int) -> None:
    random = np.random.default_rng(seed)
    logit, treated = random.normal(size=30), np.arange(30) % 3 == 0
    one = match_nearest(scores(logit, treated), ratio=2)
    other = match_nearest(scores(-logit, ~treated), ratio=2, estimand="ATC", order="smallest")
    assert np.array_equal(one.pairs, other.pairs)  # pyright: ignore[reportArgumentType]
    assert np.array_equal(one.weight, other.weight)


def test_with_equal_scores_the_first_row_chooses_first_and_the_left_neighbor_is_chosen() -> None:
    # Rows 1 and 3 are treated with the same score; controls 0 and 2 have it too, control 4 is 1 away.
    matched = match_nearest(scores([0, 0, 0, 0, 1], [0, 1, 0, 1, 0]), caliper=None)
    assert matched.pairs is not None
    assert matched.pairs.tolist() == [[1, 0], [3, 2]]


def test_a_random_order_is_kept_by_its_seed() -> None:
    first, again, other = (
        match_nearest(lalonde.scores(), order="random", seed=seed, caliper=None).pairs for seed in (1, 1, 2)
    )
    assert first is not None
    assert np.array_equal(first, again)  # pyright: ignore[reportArgumentType]
    assert not np.array_equal(first, other)  # pyright: ignore[reportArgumentType]


def test_the_pooled_sd_of_austin_is_narrower_and_both_are_named_with_their_width() -> None:
    score, arm = lalonde.scores().probability, lalonde.scores().treated
    wide, narrow = Caliper(0.2).absolute(score, arm), Caliper(0.2, "pooled sd").absolute(score, arm)
    assert wide == 0.2 * np.std(score, ddof=1)
    assert narrow == pytest.approx(0.2 * np.sqrt((np.var(score[arm], ddof=1) + np.var(score[~arm], ddof=1)) / 2))
    assert narrow / wide == pytest.approx(0.775, abs=0.001)
    matched = match_nearest(lalonde.scores(), caliper=Caliper(0.2, "pooled sd"))
    assert "caliper 0.2 (pooled SD of the arms (Austin 2011)) = " in matched.method
    assert "of the logit" in matched.method


def test_more_treated_than_controls_cannot_give_the_att_without_replacement_and_the_message_says_what_can() -> None:
    few = scores(np.arange(10.0), np.arange(10) < 7)
    with pytest.raises(OutOfReach, match=r"7 treated and 3 controls.*4 treated would find nobody.*the ATC, the ATT"):
        match_nearest(few, caliper=None)
    with pytest.raises(OutOfReach, match="7 controls and 3 treated"):
        match_nearest(scores(np.arange(10.0), np.arange(10) > 6), caliper=None, estimand="ATC")
    assert match_nearest(few, caliper=None, replace=True).n_matched(treated=True) == 7
    other = match_nearest(few, caliper=None, estimand="ATC")
    assert other.n_matched(treated=False) == 3
    assert other.target == "all 3 controls (ATC)"
    assert [(part.reason, part.treated, part.n) for part in other.left_out] == [("not chosen", True, 4)]


def test_who_was_left_out_is_told_with_the_reason() -> None:
    logit, treated, block = [0.0, 0.1, 0.0, 5.0, 0.0, 9.0], [1, 1, 0, 1, 1, 0], [0, 0, 0, 0, 1, 2]
    matched = match_nearest(
        scores([*logit, 50.0, 51.0, 52.0], [*treated, 0, 0, 0]),
        caliper=Caliper(1.0, "absolute"),
        exact=[*block, 3, 3, 3],
    )
    assert [(part.reason, part.treated, part.at.tolist()) for part in matched.left_out] == [
        ("no control in the same exact block", True, [4]),
        ("no control within the caliper", True, [3]),
        ("every control who was allowed was taken", True, [0]),
        ("not chosen", False, [5, 6, 7, 8]),
    ]
    assert matched.target == "the matched only: 1 of 4 treated (ATT in the matched)"


def test_no_pair_within_the_caliper_is_an_error_that_names_the_caliper() -> None:
    apart = scores([0.0, 0.1, 9.0, 9.1], [1, 1, 0, 0])
    with pytest.raises(NoOverlap, match=r"None of the 2 treated has a control within the caliper of 0\.5"):
        match_nearest(apart, caliper=Caliper(0.5, "absolute"))
    with pytest.raises(NoOverlap, match="None of the 2 controls has a treated unit in the same exact block"):
        match_nearest(apart, caliper=None, exact=[0, 0, 1, 1], estimand="ATC")


def test_several_exact_variables_are_one_block() -> None:
    table = lalonde.table()
    matched = match_nearest(lalonde.scores(), exact=table[["race", "married"]])
    assert matched.pairs is not None
    for name in ("race", "married"):
        values = table[name].to_numpy()
        assert (values[matched.pairs[:, 0]] == values[matched.pairs[:, 1]]).all()


def test_an_exact_variable_must_be_complete_and_of_the_length_of_the_table() -> None:
    with pytest.raises(BadColumn, match="missing in 1 of 614"):
        match_nearest(lalonde.scores(), exact=np.array([None, *["a"] * 613], dtype=object))
    with pytest.raises(BadColumn, match="614 rows"):
        match_nearest(lalonde.scores(), exact=["a", "b"])
    with pytest.raises(BadColumn, match="614 rows"):
        match_nearest(lalonde.scores(), exact="race")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"ratio": 0}, "ratio of 0"),
        ({"order": "best"}, "'best'"),
        ({"scale": "odds"}, "'odds'"),
        ({"estimand": "ATE"}, "ATT or ATC"),
        ({"seed": 1}, "seed"),
        ({"order": "random"}, "seed"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: Any, says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        match_nearest(lalonde.scores(), **settings)


@pytest.mark.parametrize("width", [0.0, -1.0, np.nan, np.inf])
def test_a_caliper_is_a_width_above_zero(width: float) -> None:
    with pytest.raises(BadSetting, match="width above 0"):
        Caliper(width)


def test_a_caliper_has_a_unit_that_can_be_computed() -> None:
    with pytest.raises(BadSetting, match="'logit'"):
        Caliper(0.2, "logit")  # pyright: ignore[reportArgumentType]
    with pytest.raises(BadSetting, match="two units in each arm"):
        match_nearest(scores([0.0, 1.0, 2.0], [1, 0, 0]), caliper=Caliper(1.0, "pooled sd"))


def test_mahalanobis_within_calipers_of_the_propensity_holds_both() -> None:
    matched = match_mahalanobis(
        lalonde.design(),
        lalonde.table()["treat"],
        scores=lalonde.scores(),
        caliper=Caliper(0.2),
        exact=lalonde.table()["race"],
        ratio=2,
    )
    assert matched.caliper is not None
    assert len(matched.gaps) > 100
    assert matched.gaps.max() <= matched.caliper
    assert "caliper 0.2 (SD of all units) = 0.360902 of the logit" in matched.method


def test_mahalanobis_with_replacement_gives_everyone_the_nearest() -> None:
    matched = match_mahalanobis(lalonde.design(), lalonde.table()["treat"], replace=True, ratio=2)
    z = whitened(lalonde.design().by_level()[1], matched.treated)
    controls = np.flatnonzero(~matched.treated)
    assert matched.pairs is not None
    for one, two in matched.pairs.reshape(-1, 2, 2)[:40]:
        gaps = np.linalg.norm(z[controls] - z[one[0]], axis=1)
        ours = np.linalg.norm(z[[one[1], two[1]]] - z[one[0]], axis=1)
        assert one[1] != two[1]
        assert np.allclose(ours, np.sort(gaps)[:2])


def test_mahalanobis_needs_scores_and_caliper_together_and_of_the_same_rows() -> None:
    treat = lalonde.table()["treat"]
    with pytest.raises(BadSetting, match="both, or neither"):
        match_mahalanobis(lalonde.design(), treat, caliper=Caliper(0.2))
    with pytest.raises(BadSetting, match="other rows"):
        match_mahalanobis(lalonde.design(), treat, scores=scores([0, 1], [0, 1]), caliper=Caliper(0.2))


def test_mahalanobis_needs_covariates_that_vary_within_the_arms() -> None:
    table = pd.DataFrame({"x": [0.0, 0.0, 1.0, 1.0], "treat": [0, 0, 1, 1]})
    with pytest.raises(BadColumn, match="do not vary within the arms"):
        match_mahalanobis(design_matrix(table, ["x"]), table["treat"])


def test_a_match_adds_up_or_is_none() -> None:
    arm, rows = np.array([True, False]), np.arange(2)
    with pytest.raises(ValueError, match="add up"):
        Matched(arm, rows, "ATT", np.array([1.0, 0.0]), None, None, None, None, "", ())
    with pytest.raises(ValueError, match="finite"):
        Matched(arm, rows, "ATT", np.array([1.0, np.nan]), None, None, None, None, "", ())


def test_what_is_independent_afterwards_is_the_set_or_with_replacement_the_unit() -> None:
    once = match_nearest(lalonde.scores())
    again = match_nearest(lalonde.scores(), replace=True)
    assert np.array_equal(once.cluster, once.set_number)  # pyright: ignore[reportArgumentType]
    assert np.array_equal(again.cluster, np.arange(614))
