"""Release: whoever knows everything that is left cannot work out a small count."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from isotherm.errors import BadSetting
from isotherm.study.analysis.failed import add_many_failed
from isotherm.study.disclosure import WITHHELD, release, vague, withheld_counts
from isotherm.study.disclosure_curves import histogram, safe_days
from isotherm.study.document import document_of, document_text
from isotherm.study.predicate import Predicate
from isotherm.study.protocol_methods import Sensitivity
from isotherm.study.protocol_parts import Data, Step
from isotherm.study.resample import Bootstrap
from isotherm.study.result import Count, Record, Results, StudyResult, Sum
from tests.study.cohorts import COMPLICATION, FIXED, LTP, PAIRS, WEIGHTS, people, run, value
from tests.study.protocols import OS

SMALLEST = 10
TABLE = people(240, seed=3, gaps=14)


@pytest.fixture(scope="module")
def local() -> StudyResult:
    step = Step(says="Older than 38", where=Predicate("age > 38"))
    variation = Sensitivity(name="most", says="Without the oldest", where=Predicate("age < 83"))
    data = Data(file="cohort.csv", patient="id", site="site")
    return run(
        TABLE, methods=PAIRS, eligibility=(step,), data=data, sensitivity=(variation,), outcomes=(OS, COMPLICATION)
    )


@pytest.fixture(scope="module")
def released(local: StudyResult) -> StudyResult:
    return release(local)


def public(released: StudyResult) -> dict[str, float]:
    """Return every count that is left."""
    records = released.results.records
    return {key: one.value for key, one in records.items() if one.kind == "count" and one.value is not None}


def span(key: str, result: StudyResult, known: dict[str, float]) -> tuple[float, float]:
    """Work out between what a count lies, from what is left and how counts add up: the attack, by its own program."""
    sums = [one for one in result.results.sums if {one.total, *one.parts} <= set(result.results.counts)]
    names = sorted({name for one in sums for name in (one.total, *one.parts)} | {key})
    place = {name: k for k, name in enumerate(names)}
    matrix = np.zeros((len(sums), len(names)))
    for row, one in enumerate(sums):
        matrix[row, place[one.total]] += 1.0
        for part in one.parts:
            matrix[row, place[part]] -= 1.0
    bounds = [(known[name], known[name]) if name in known else (0.0, None) for name in names]
    goal = np.zeros(len(names))
    goal[place[key]] = 1.0
    ends = []
    for sign in (1.0, -1.0):
        found: Any = linprog(sign * goal, A_eq=matrix, b_eq=np.zeros(len(sums)), bounds=bounds, method="highs")
        assert found.status in (0, 3)
        ends.append(float(found.fun) * sign if found.status == 0 else np.inf)
    return ends[0], ends[1]


def test_the_cohort_has_small_counts_of_every_kind(local: StudyResult) -> None:
    small = {key.split(".")[0] for key, one in local.results.counts.items() if one.printed and 0 < one.value < SMALLEST}
    assert {"flow", "missing", "propensity", "matching"} <= small


def test_no_small_count_is_left(released: StudyResult) -> None:
    assert not [key for key, value in public(released).items() if 0 < value < SMALLEST]


def test_no_small_count_can_be_worked_out_from_the_others(local: StudyResult, released: StudyResult) -> None:
    known = public(released)
    for key, one in local.results.counts.items():
        if 0 < one.value < SMALLEST and any(key in (s.total, *s.parts) for s in local.results.sums):
            low, high = span(key, local, known)
            assert low <= one.value <= high
            assert high - low >= SMALLEST, key


def test_hiding_only_the_small_counts_would_not_do(local: StudyResult) -> None:
    """The attack finds what it should: without complementary suppression it recovers small counts exactly."""
    naive = {key: float(one.value) for key, one in local.results.counts.items()
             if one.printed and not 0 < one.value < SMALLEST}  # fmt: skip
    hidden = [key for key, one in local.results.counts.items() if one.printed and 0 < one.value < SMALLEST]
    spans = [span(key, local, naive) for key in hidden if any(key in (s.total, *s.parts) for s in local.results.sums)]
    assert any(high - low < 1e-6 for low, high in spans)


def test_shares_and_differences_go_with_the_counts_that_they_are_made_of(released: StudyResult) -> None:
    records = released.results.records
    for key, one in records.items():
        if key.endswith(".share") and key.startswith("table_one."):
            assert (one.value is None) == (records[f"{key.removesuffix('share')}count"].value is None)
    assert any(one.why == WITHHELD for one in records.values())


def test_no_number_of_patients_is_left_beside_a_number_or_within_a_sentence(released: StudyResult) -> None:
    assert all(one.n is None and one.events is None for one in released.results.records.values())
    assert released.head["data"]["rows"] is None
    assert not [one for one in released.results.findings if any(c.isdigit() for c in one["says"].split(" of ")[0][:4])]
    assert any("Some patients lack a covariate" in one["says"] for one in released.results.findings)
    assert "some" in (released.results.records["matching.target"].text or "")


def test_no_share_has_digits_that_tell_of_how_many_it_is_one(local: StudyResult, released: StudyResult) -> None:
    for key, one in released.results.records.items():
        if one.kind != "count" and one.value is not None:
            assert one.value == pytest.approx(local.results.records[key].value, rel=6e-3)
            assert float(f"{one.value:.3g}") == one.value


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (
            "The covariate 'x' has one value in all 9 complete rows",
            "The covariate 'x' has one value in all complete rows",
        ),
        ("15 of 90 patients lack a covariate", "Some patients lack a covariate"),
        (
            "the matched only: 70 of 75 controls (ATC in the matched)",
            "the matched only: some controls (ATC in the matched)",
        ),
        ("4 clusters came for the coefficients of age", "Some clusters came for the coefficients of age"),
        ("It was not among the 12 patients in the arms", "It was not among the patients in the arms"),
        ("late in 12 patients, median 14 days later", "late in some patients, median [withheld] days later"),
        ("nobody before day 12", "nobody before day [withheld]"),
        (
            "caliper 0.2 (SD of all units) = 0.13 of the logit, 95 %",
            "caliper 0.2 (SD of all units) = 0.13 of the logit, 95 %",
        ),
    ],
)
def test_counts_within_a_sentence_become_some(words: str, left: str) -> None:
    assert vague(words) == left


@pytest.mark.parametrize("failed", [0, 12])
def test_how_many_replicates_failed_does_not_tell_of_the_few_events_that_made_them_fail(
    local: StudyResult, failed: int
) -> None:
    values = np.where(np.arange(200) < failed, np.nan, np.linspace(-1.0, 1.0, 200))
    found = Bootstrap(0.0, values, np.ones(200), (("no event in an arm", failed),) if failed else (), 1)

    def made(events: int) -> Record:
        results = Results()
        results.unprinted("events.os.drug.events", events)
        add_many_failed(results, "bootstrap.os.many_failed", found, outcome="os")
        return release(replace(local, results=results)).results.records["bootstrap.os.many_failed"]

    few = made(2)
    assert (few.text, few.method, few.why) == (None, "", WITHHELD)  # as where none failed
    assert ("12 of 200" in str(made(40).text)) == (failed == 12)


def test_what_is_withheld_has_neither_words_nor_a_method_but_a_plan_keeps_its_words(local: StudyResult) -> None:
    results = Results()
    results.unprinted("events.os.drug.events", 2)
    said: dict[str, Any] = {"outcome": "os", "method": "one patient of the arm", "label": "Said"}
    results.add("effect.os.said", Record(kind="text", text="two of them died", **said))
    results.add("effect.os.none", Record(kind="ratio", why="neither of the two patients", **said))
    results.add("protocol.outcomes", Record(kind="text", text="Overall survival in two arms", label="Outcomes"))
    records = release(replace(local, results=results)).results.records
    for key in ("effect.os.said", "effect.os.none"):
        assert (records[key].text, records[key].method, records[key].why) == (None, "", WITHHELD)
    assert records["protocol.outcomes"].text == "Overall survival in two arms"


def test_no_hash_of_rows_and_no_patients_are_left(released: StudyResult) -> None:
    assert released.adjusted is None
    assert {box["hash"] for box in released.flow["boxes"]} == {None}
    assert released.results.records["matching.widest"].value is None
    settings_of = released.head["settings"]
    assert (settings_of["release"], settings_of["smallest_cell"]) == (True, SMALLEST)


def test_curves_keep_days_between_which_nobody_or_enough_had_the_event(
    local: StudyResult, released: StudyResult
) -> None:
    for arm in ("drug", "none"):
        whole = local.results.curves[f"survival.os.naive.{arm}"]
        kept = released.results.curves[f"survival.os.naive.{arm}"]
        assert (kept["events"], kept["censored"], kept["censored_days"]) == ([], [], [])
        assert len(kept["days"]) < len(whole["days"])
        for part in ("events", "censored"):
            edges = [-1.0, *kept["days"], np.inf]
            for low, high in pairwise(edges):
                inside = sum(n for n, day in zip(whole[part], whole["days"], strict=True) if low < day <= high)
                assert inside == 0 or inside >= SMALLEST


def test_a_median_is_left_only_where_its_days_part_no_few_from_the_days_of_its_curve(local: StudyResult) -> None:
    left: list[bool] = []
    for whole in (local, run(people(2400, seed=4), methods=WEIGHTS, outcomes=(OS,))):
        out = release(whole).results
        for arm in ("drug", "none"):
            curve = whole.results.curves[f"survival.os.naive.{arm}"]
            cuts = [*out.curves[f"survival.os.naive.{arm}"]["days"]]
            for analysis in ("naive", "adjusted"):
                key = f"curve.os.{analysis}.{arm}.median"
                one = whole.results.records[key]
                left.append(out.records[key].value is not None)
                if left[-1]:
                    cuts += [day for day in (one.value, one.low, one.high) if day is not None]
            for low, high in pairwise([-1.0, *sorted(cuts), np.inf]):
                inside = sum(n for n, day in zip(curve["events"], curve["days"], strict=True) if low < day <= high)
                assert inside == 0 or inside >= SMALLEST
    assert {*left} == {True, False}


def test_numbers_at_risk_never_differ_by_a_few(local: StudyResult, released: StudyResult) -> None:
    for arm in ("drug", "none"):
        keys = local.results.curves[f"survival.os.naive.{arm}"]["at_risk"]
        left = [one for key in keys if (one := released.results.records[key].value) is not None]
        assert all(a - b == 0 or a - b >= SMALLEST for a, b in pairwise(left))


def test_overlap_shows_no_bin_of_a_few(released: StudyResult) -> None:
    for arm in ("drug", "none"):
        curve = released.results.curves[f"overlap.{arm}"]
        assert all(count is None or count == 0 or count >= SMALLEST for count in curve["before"])
        assert curve["after"] == [None] * len(curve["before"])


def test_a_lonely_small_bin_takes_others_with_it() -> None:
    curve = {"before": [3, 12, 40, 0], "after": [1.5, 5.5, 20.5, 0.0], "arm": "drug", "edges": [], "label": ""}
    assert histogram(curve, SMALLEST, withheld=False)["before"] == [None, None, None, 0]
    assert histogram(curve, 2, withheld=False)["before"] == [3, 12, 40, 0]
    assert histogram(curve, 2, withheld=True)["before"] == [None] * 4


def test_weights_keep_their_histogram_where_enough_are_in_a_bin() -> None:
    released = release(run(people(240, seed=3), methods=WEIGHTS, outcomes=(OS,)))
    assert any(value is not None for value in released.results.curves["overlap.drug"]["after"])
    assert released.results.records["weighting.drug.largest_share"].value is None


def test_the_document_of_a_release_holds_the_same_ids_and_no_small_count(
    local: StudyResult, released: StudyResult
) -> None:
    document = json.loads(document_text(document_of(released, {"isotherm": "0"})))
    whole = document_of(local, {"isotherm": "0"})
    assert list(document["results"]) == list(whole["results"])
    assert document["tables"] == json.loads(json.dumps(whole["tables"]))
    assert document["settings"]["release"] is True


def test_a_small_cohort_loses_almost_everything_and_still_holds() -> None:
    tiny = release(run(people(30, seed=4), outcomes=(OS,)))
    assert tiny.results.records["effect.os.naive"].why == WITHHELD
    assert not [one for one in public(tiny).values() if 0 < one < SMALLEST]


def test_the_smallest_cell_can_be_raised_and_not_be_nothing(local: StudyResult) -> None:
    assert len(public(release(local, smallest=20))) < len(public(release(local)))
    with pytest.raises(BadSetting, match="smallest cell of 1 came"):
        release(local, smallest=1)


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=2, max_size=4))
def test_any_table_with_its_margins_keeps_its_small_cells(rows: list[list[int]]) -> None:
    counts: dict[str, Count] = {}
    sums: list[Sum] = []
    for i, row in enumerate(rows):
        counts |= {f"{i}.{j}": Count(n, 1, printed=True) for j, n in enumerate(row)}
        counts[f"row {i}"] = Count(sum(row), 3, printed=True)
        sums.append(Sum(f"row {i}", tuple(f"{i}.{j}" for j in range(3))))
    for j in range(3):
        counts[f"column {j}"] = Count(sum(row[j] for row in rows), 3, printed=True)
        sums.append(Sum(f"column {j}", tuple(f"{i}.{j}" for i in range(len(rows)))))
    hidden = withheld_counts(counts, sums, SMALLEST)
    known = {key: float(one.value) for key, one in counts.items() if key not in hidden}
    stand_in: Any = _Stand(counts, sums)
    for key, one in counts.items():
        if 0 < one.value < SMALLEST:
            assert key in hidden
            low, high = span(key, stand_in, known)
            assert high - low >= SMALLEST


class _Stand:
    """What `span` asks of a result."""

    def __init__(self, counts: dict[str, Count], sums: list[Sum]) -> None:
        self.results = self
        self.counts = counts
        self.sums = sums


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans()), min_size=1, max_size=30),
    st.lists(st.integers(0, 31), max_size=6),
)
def test_days_of_a_curve_never_part_a_few(steps: list[tuple[int, int, bool]], wanted: list[int]) -> None:
    days = np.arange(1.0, len(steps) + 1.0)
    events, censored = (np.cumsum([step[k] for step in steps]) for k in (0, 1))
    own = [np.cumsum([step[k] * step[2] for step in steps]) for k in (0, 1)]
    kept = safe_days([(days, events, censored), (days, own[0], own[1])], [float(day) for day in wanted], SMALLEST)
    edges = [-1.0, *kept, np.inf]
    for counts in (events, censored, *own, events - own[0], censored - own[1]):
        each = np.diff(np.concatenate([[0], counts]))
        for low, high in pairwise(edges):
            inside = each[(days > low) & (days <= high)].sum() if kept else SMALLEST
            assert inside == 0 or inside >= SMALLEST


def test_a_release_says_nothing_of_single_patients_in_its_text(released: StudyResult) -> None:
    ids = set(TABLE["id"])
    text = document_text(document_of(released, {"isotherm": "0"}))
    assert not [name for name in ids if f'"{name}"' in text]
    assert replace(released, adjusted=pd.DataFrame()).adjusted is not None


def test_no_curve_of_a_release_goes_on_beyond_its_last_observation() -> None:
    fixed = replace(FIXED, at_days=(200.0, 365.25, 9000.0))
    local = run(people(400, seed=5), methods=replace(WEIGHTS, estimation=fixed), outcomes=(OS,))
    result = release(local)
    for key, curve in result.results.curves.items():
        if key.startswith("survival."):
            assert curve["end_day"] <= local.results.curves[key]["end_day"] < 9000.0
            assert curve["days"]
            assert max(curve["days"]) <= local.results.curves[key]["end_day"]


def test_cumulative_hazards_are_left_on_the_days_of_the_curve_only() -> None:
    fixed = replace(FIXED, at_days=(200.0, 230.0, 365.25))
    local = run(people(400, seed=5), methods=replace(WEIGHTS, estimation=fixed), outcomes=(OS, LTP))
    result, seen = release(local), set[bool]()
    for key, curve in result.results.curves.items():
        for k, day in enumerate(fixed.at_days, start=1) if key.startswith("survival.") else ():
            left = result.results.records[f"{key.replace('survival', 'curve')}.hazard_{k}"].value is not None
            assert left == (day in curve["days"])
            seen.add(left)
    assert seen == {True, False}
    # A competing outcome has no curve that could say which days part nobody or enough.
    assert local.results.records["curve.ltp.naive.drug.hazard_1"].value is not None
    assert result.results.records["curve.ltp.naive.drug.hazard_1"].why == WITHHELD


def test_pairs_of_a_few_take_everything_with_them_that_is_a_function_of_them(local: StudyResult) -> None:
    """McNemar's test and the interval of the paired difference tell both counts of unlike pairs exactly."""
    few = local.results.counts["binary.complication.pairs.first_only"]
    result = release(local, smallest=few.value + 1)
    for key in ("effect.complication.adjusted", "binary.complication.adjusted.mcnemar"):
        assert local.results.records[key].value is not None
        assert result.results.records[key].why == WITHHELD
    drug, none, both = (
        local.results.counts[f"first_in_pair.os.{who}"].value for who in ("drug", "none", "both on one day")
    )
    assert value(local, "effect.os.conditional") == pytest.approx((drug + both) / (none + both))
    assert value(local, "logrank.os.adjusted") == pytest.approx((drug - none) ** 2 / (drug + none))
    result = release(local, smallest=min(drug, none) + 1)
    for key in ("effect.os.conditional", "logrank.os.adjusted"):
        assert result.results.records[key].why == WITHHELD


def test_who_is_matched_with_an_unknown_outcome_cannot_be_counted_from_outside() -> None:
    table = people(400, seed=9)
    table["complication"] = table["complication"].where(np.arange(400) % 40 != 7)
    local = run(table, methods=PAIRS, outcomes=(OS, COMPLICATION))
    for arm in ("drug", "none"):
        lost = f"missing.outcome.complication.{arm}.compared"
        known = public(release(local))
        assert 0 < local.results.counts[lost].value < SMALLEST
        low, high = span(lost, local, known)
        assert high - low >= SMALLEST
    broken = "binary.complication.broken_pairs"
    assert 0 < local.results.counts[broken].value < 2 * SMALLEST


def test_those_with_a_gap_are_those_of_each_covariate_and_the_others() -> None:
    table = people(240, seed=3, gaps=14)
    table["age"] = table["age"].where(np.arange(240) % 50 != 2)
    local = run(table, outcomes=(OS,), eligibility=())
    counts = local.results.counts
    for arm in ("drug", "none"):
        whole = counts[f"propensity.{arm}.incomplete"].value
        for column in ("age", "lesions"):
            part = counts[f"missing.{column}.{arm}"].value
            assert counts[f"propensity.{arm}.incomplete.besides.missing.{column}.{arm}"].value == whole - part
