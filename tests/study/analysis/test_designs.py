"""Designs of a protocol in a run: who is in them, what each is about, what is refused, and what a release hides."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.errors import BadColumn, NoSoundDesign, NothingToCompare
from isotherm.study.analysis.courses import strategies_of, timed
from isotherm.study.analysis.run import analyze
from isotherm.study.cohort import cohort
from isotherm.study.designs.clone_censor_weight import clone_censor_weight
from isotherm.study.designs.strategy import arms_by_treatment
from isotherm.study.disclosure import WITHHELD, release
from isotherm.study.document import document_of, document_text
from isotherm.study.guard.audit import findings_of
from isotherm.study.predicate import Predicate
from isotherm.study.protocol_designs import CensoringWeights, Landmark, Naive, TimeDependentCox
from isotherm.study.protocol_parts import Covariate, Data, Step
from isotherm.study.result import StudyResult
from tests.study.protocols import BEFORE
from tests.study.registry import (
    ARMS,
    BURDEN,
    CHANGING,
    CLONES,
    COURSE,
    EVERY,
    follows_schema,
    registry,
    timing,
)

ONE = replace(COURSE, endpoints=("overall survival",))
SITES = Data(file="registry.csv", patient="id", site="site")


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What was said while it was analyzed."""
    return []


@pytest.fixture(scope="module")
def result(told: list[str]) -> StudyResult:
    study = timing(designs=EVERY, course=replace(COURSE, changing=(CHANGING,)))
    return analyze(study, registry(100), progress=told.append)


def test_progress_says_how_many_designs_and_outcomes_there_are(result: StudyResult, told: list[str]) -> None:
    assert f"design 2 of {len(EVERY)}: {EVERY[1].name}" in told
    assert "outcome 1 of 1: Overall survival" in told


def text(result: StudyResult, key: str) -> str:
    return result.results.records[key].text or ""


def value(result: StudyResult, key: str) -> float:
    found = result.results.records[key].value
    assert found is not None, result.results.records[key].why
    return found


def test_the_first_sound_design_answers_and_the_naive_one_comes_after_it(result: StudyResult) -> None:
    keys = list(result.results.records)
    assert keys[:2] == ["headline.effect", "headline.naive"]
    end = "os.delayed.risk_difference"
    assert value(result, "headline.effect") == value(result, f"design.clone_censor_weight.{end}")
    assert value(result, "headline.naive") == value(result, f"design.naive.{end}")
    assert text(result, "headline.design") == "clone, censor, weight"
    assert "if all patients had followed a strategy" in text(result, "headline.target")
    assert "arm after time zero, immortal time" in text(result, "design.naive.barred")
    assert "stands here beside a sound design" in text(result, "design.naive.barred")


def test_a_design_gives_what_it_gives_on_its_own(result: StudyResult) -> None:
    protocol = timing(designs=EVERY, course=replace(COURSE, changing=(CHANGING,)))
    found = timed(cohort(protocol, registry(100)))
    alone = clone_censor_weight(found.courses, strategies_of(protocol), endpoint="overall survival", horizon_days=365.0,
                                seed=7, replicates=20)  # fmt: skip
    effect, record = alone.result.risk_differences[0], result.results.records["headline.effect"]
    assert (record.value, record.low, record.high) == (effect.estimate, effect.low, effect.high)
    keys = [key for key in result.results.records if key.startswith("design.clone_censor_weight.os.censored.")]
    assert sum(value(result, key) for key in keys if key.rpartition(".")[2].isdigit()) == sum(
        one.n for one in alone.censored
    )
    assert value(result, "design.clone_censor_weight.os.shared_events") == alone.shared_events
    assert value(result, "design.clone_censor_weight.os.weights.upfront.most") == alone.weights[0].most


def test_every_eligible_patient_counts_in_an_arm_or_not(result: StudyResult) -> None:
    assert value(result, "course.eligible") == value(result, "course.patients") == 100
    assert value(result, "design.clone_censor_weight.os.upfront.n") == 100
    assert value(result, "flow.arm.other.patients") + value(result, "flow.arm.without_end.patients") > 0
    own = [f"design.landmark.pfs.{part}" for part in ("upfront.n", "delayed.n", "left_out.1", "left_out.2",
                                                     "left_out.3")]  # fmt: skip
    assert sum(value(result, key) for key in own) == 100


def test_a_design_without_curves_says_why_it_has_no_risk(result: StudyResult) -> None:
    found = result.results.records["design.time_dependent_cox.os.delayed.risk_difference"]
    assert found.value is None
    assert "no curve per strategy" in found.why
    assert value(result, "design.time_dependent_cox.os.delayed.hazard_ratio") > 0.0
    assert "group_1.n" in " ".join(result.results.records)
    living = result.results.records["design.living.pfs.delayed.hazard_ratio"]
    assert "a landmark of the living says nothing about progression-free survival" in living.why


def test_every_number_of_designs_is_in_the_document_the_schema_and_the_checklist(result: StudyResult) -> None:
    for one in (result, release(result)):
        document = json.loads(document_text(document_of(one, {"isotherm": "0"})))
        follows_schema(document)
        assert {"designs.os", "design_targets.os", "design_risks.pfs", "design_counts.os", "course"} <= set(
            document["tables"]
        )
    assert {"design.clone_censor_weight.os.upfront", "design.landmark.pfs.delayed"} <= set(result.results.curves)


def under_curves(result: StudyResult) -> set[str]:
    """Return the ids of the numbers at risk under the curves of designs."""
    return {at for key, one in result.results.curves.items() if key.startswith("design.") for at in one["at_risk"]}


def test_curves_of_a_design_say_what_their_days_count_from_and_whether_they_are_adjusted() -> None:
    designs = (CLONES, Landmark(day=90.0), Naive(), Naive(name="late", clock="ablation"))
    made = analyze(timing(designs=designs), registry(100))
    found = made.results
    said = {key.split(".")[1]: (one["clock"], one["start_day"], one["adjusted"], one["at_risk_of"])
            for key, one in found.curves.items() if key.startswith("design.")}  # fmt: skip
    assert said == {
        "clone_censor_weight": ("time zero", 0.0, True, "clones, not weighted"),
        "landmark": ("time zero", 90.0, False, "patients"),
        "naive": ("time zero", 0.0, False, "patients"),
        "late": ("ablation", 0.0, False, "patients"),
    }
    risks = [found.records[f"design.{name}.os.delayed.risk"].label.partition(": ")[2] for name in said]
    assert risks == ["risk at 365 days, counted from time zero, adjusted by weights",
                     "risk at 365 days, counted from day 90 after time zero, not adjusted",
                     "risk at 365 days, counted from time zero, not adjusted",
                     "risk at 365 days, counted from ablation, not adjusted"]  # fmt: skip
    told = {name: (text(made, f"design.{name}.os.clock"), found.records[f"design.{name}.os.start_day"].value,
                   text(made, f"design.{name}.os.adjusted")) for name in said}  # fmt: skip
    assert told == {
        "clone_censor_weight": ("time zero", 0.0, "adjusted by weights"),
        "landmark": ("time zero", 90.0, "not adjusted"),
        "naive": ("time zero", 0.0, "not adjusted"), "late": ("ablation", 0.0, "not adjusted"),
    }  # fmt: skip
    assert text(made, "design.landmark.os.among") == "alive and progression-free"
    assert "design.naive.os.among" not in found.records
    rows = found.tables["designs.os"]["rows"]
    assert [row[2] for row in rows] == ["all", "only hazard ratio", "none", "none"]


def test_a_release_keeps_the_day_on_which_a_design_begins_with_every_digit() -> None:
    made = analyze(timing(designs=(CLONES, Landmark(day=100.25))), registry(100))
    released = release(made).results.records
    assert released["design.landmark.os.start_day"] == made.results.records["design.landmark.os.start_day"]
    assert released["design.landmark.os.start_day"].value == 100.25


def half(days: list[float], shares: list[float | None]) -> float | None:
    """Return the first day at or below a half; of a step that lies on a half its middle."""
    below = [day for day, share in zip(days, shares, strict=True) if share is not None and share < 0.5 + 1e-9]
    under = [day for day, share in zip(days, shares, strict=True) if share is not None and share < 0.5 - 1e-9]
    if not below:
        return None
    return below[0] if below[0] in under else (below[0] + (under or days[-1:])[0]) / 2.0


def test_the_median_of_a_design_is_where_its_curve_comes_down_to_a_half(result: StudyResult) -> None:
    medians = {key: one for key, one in result.results.records.items()
               if key.endswith(".median") and key.startswith("design.")}  # fmt: skip
    assert {"design.clone_censor_weight.os.delayed.median", "design.landmark.pfs.upfront.median"} <= set(medians)
    for key, one in medians.items():
        curve = result.results.curves[key.removesuffix(".median")]
        ends = [half(curve["days"], curve[part]) for part in ("survival", "low", "high")]
        assert [one.value, one.low, one.high] == ends, key
        assert one.level == curve["level"]
        assert one.why == ("" if ends[0] is not None else "not reached: more than half were free of it to the end")
    assert any(one.value is not None for one in medians.values())


def test_a_release_withholds_the_medians_of_designs_which_with_a_risk_near_them_tell_of_few(
    result: StudyResult,
) -> None:
    released = release(result).results.records
    medians = {key for key in released if key.startswith("design.") and key.endswith(".median")}
    assert medians
    assert {released[key].value for key in medians} == {None}
    assert any(one.value is not None for key, one in released.items() if key.endswith(".risk"))


def test_numbers_at_risk_of_a_design_are_those_who_are_still_followed_on_its_clock() -> None:
    protocol = timing(designs=(CLONES, Landmark(day=90.0), Naive(name="late", clock="ablation")))
    table = registry(100)
    found, courses = analyze(protocol, table).results, timed(cohort(protocol, table)).courses
    last, _ = courses.outcome("overall survival")
    days = (last - courses.ablation_days)[arms_by_treatment(courses, strategies_of(protocol)) == 1]
    late, landmark = (found.curves[f"design.{name}.os.delayed"] for name in ("late", "landmark"))
    told = [found.records[key].value for key in late["at_risk"]]
    assert told == [int(((days > 0.0) & (days >= day)).sum()) for day in late["table_days"]]
    assert landmark["table_days"][0] == 90.0
    assert found.records[landmark["at_risk"][0]].value == found.records["design.landmark.os.delayed.n"].value
    cloned = found.curves["design.clone_censor_weight.os.delayed"]
    clones = [found.records[key].value or 0.0 for key in cloned["at_risk"]]
    assert clones == sorted(clones, reverse=True)
    assert all(float(one).is_integer() for one in clones)


def test_a_release_tells_counts_of_designs_as_the_ten_that_they_reach(result: StudyResult) -> None:
    hidden = release(result).results
    assert not any(key.startswith("design.") for key in hidden.curves)
    for key, one in hidden.records.items():
        if key in under_curves(result):
            assert (one.value, one.why) == (None, WITHHELD), key
        elif key.startswith(("design.", "course.")) and one.kind == "count":
            before = result.results.records[key].value or 0.0
            assert one.value == (None if 0 < before < 10 else before // 10 * 10), key
    assert hidden.records["design.clone_censor_weight.os.weights.upfront.most"].why == WITHHELD
    assert hidden.records["design.clone_censor_weight.os.censored.1.first_day"].why == WITHHELD


def test_a_risk_that_rests_on_few_events_is_withheld_and_so_is_what_follows_from_it() -> None:
    table = registry(100)
    few = analyze(timing(designs=(CLONES, Naive()), course=replace(ONE, horizon_days=60.0)), table)
    hidden = release(few).results.records
    for key in ("design.naive.os.upfront.risk", "design.naive.os.delayed.risk_difference", "headline.naive"):
        assert few.results.records[key].value is not None
        assert hidden[key].why == WITHHELD, key


def test_the_same_study_gives_the_same_numbers_with_any_number_of_workers() -> None:
    one, two = (analyze(timing(course=ONE), registry(80), workers=workers) for workers in (1, 3))
    assert one.results.records == two.results.records


def test_naive_alone_is_refused_where_dates_bar_it() -> None:
    with pytest.raises(NoSoundDesign, match=r"\(naive\) is barred by .*immortal_time.* which \[\[design\]\] is left"):
        analyze(timing(designs=(Naive(),)), registry(80))


def test_a_protocol_without_designs_is_refused_where_naive_is_barred_and_not_where_it_is_not() -> None:
    with pytest.raises(NoSoundDesign):
        analyze(timing(designs=()), registry(80))


def first_treatment(table: pd.DataFrame) -> pd.DataFrame:
    """Move time zero to the first treatment: half begin with ablation, half with systemic therapy."""
    early = (table["ablated_on"] - table["decided_on"]).dt.days <= 28
    systemic = table["systemic_on"].where(~early, table["ablated_on"] + pd.Timedelta(days=15))
    zero = table["ablated_on"].where(early, systemic)
    late = systemic > table["seen_on"]
    kept = table.assign(decided_on=zero, systemic_on=systemic.where(~late))
    return kept[kept["progressed_on"].isna() | (kept["progressed_on"] > zero)]


def begun_protocol(**changes: Any) -> Any:
    upfront, delayed = ARMS.arms[0].strategy, ARMS.arms[1].strategy
    assert upfront is not None
    assert delayed is not None
    arms = replace(ARMS, arms=(
        replace(ARMS.arms[0], window_days=(0.0, 0.0), strategy=replace(upfront,
                                                                     ablation=replace(_asked(0), days=(0.0, 0.0)))),
        replace(ARMS.arms[1], window_days=(1.0, 90.0), strategy=replace(delayed,
                                                                      ablation=replace(_asked(1), days=(29.0, 90.0)))),
    ))  # fmt: skip
    course = replace(ONE, zero="first treatment")
    return timing(arms=arms, course=course, designs=(CensoringWeights(replicates=20), Naive()), **changes)


def _asked(place: int) -> Any:
    strategy = ARMS.arms[place].strategy
    assert strategy is not None
    return strategy.ablation


def test_where_time_zero_is_the_first_treatment_arms_are_weighted_as_begun() -> None:
    found = analyze(begun_protocol(), first_treatment(registry(140)))
    assert text(found, "headline.design") == "arms as begun, weighted at baseline and for censoring"
    assert "no_decision_date" in " ".join(one["key"] for one in found.results.findings)
    start = "design.censoring_weights.os"
    parts = [value(found, f"{start}.{part}") for part in ("upfront.n", "delayed.n", "left_out.1")]
    assert sum(parts) == value(found, "course.patients")
    assert f"{start}.shared_events" not in found.results.records


def test_a_first_treatment_that_is_called_a_decision_bars_cloning() -> None:
    protocol = timing(course=ONE)
    table = first_treatment(registry(140))
    bars = {one.key: one.bars for one in findings_of(cohort(protocol, table))}
    assert bars["no_decision_date"] == ("clone_censor_weight",)
    found = analyze(protocol, table)
    assert text(found, "headline.design") == "landmark of the progression-free, day 90"
    assert "It was not carried out" in text(found, "design.clone_censor_weight.barred")


def test_where_everybody_begins_with_the_same_treatment_clones_are_possible() -> None:
    table = registry(80)
    assert (table["systemic_on"] == table["decided_on"]).all()
    assert "no_decision_date" not in {one.key for one in findings_of(cohort(timing(), table))}


def test_a_design_that_cannot_be_estimated_says_why_and_the_others_stand() -> None:
    found = analyze(timing(course=replace(ONE, horizon_days=20_000.0)), registry(80))
    record = found.results.records["design.clone_censor_weight.os.delayed.risk_difference"]
    assert "choose a horizon" in record.why
    assert found.results.records["headline.effect"].value is None


def test_without_a_naive_design_none_is_shown() -> None:
    found = analyze(timing(designs=(CLONES, TimeDependentCox()), course=ONE), registry(80))
    assert "headline.naive" not in found.results.records
    assert value(found, "effect.os.naive") > 0.0


def test_blinded_outcomes_are_not_read_and_no_design_is_carried_out() -> None:
    table = registry(80)
    protocol = timing(outcomes_blinded=True)
    found = analyze(protocol, table.drop(columns=list(protocol.outcome_columns)))
    assert not any(key.startswith(("design.", "course.", "headline.")) for key in found.results.records)


def test_sites_are_strata_of_the_bootstrap_where_they_enter_the_propensity() -> None:
    within = replace(timing().methods, propensity=replace(timing().methods.propensity, sites="terms"))
    plain = analyze(timing(data=SITES, course=ONE), registry(80))
    strata = analyze(timing(data=SITES, course=ONE, methods=within), registry(80))
    assert value(plain, "headline.effect") == value(strata, "headline.effect")
    assert plain.results.records["headline.effect"].low != strata.results.records["headline.effect"].low


# From a table to courses.


def courses(table: pd.DataFrame, **changes: Any) -> Any:
    return timed(cohort(timing(**changes), table))


def test_patients_without_a_usable_course_are_left_out_and_counted() -> None:
    table = registry(80)
    table.loc[table.index[:3], "burden"] = np.nan
    gone = table.index[table["died_on"].isna()][:2]
    table.loc[gone, "seen_on"] = pd.NaT
    found = courses(table)
    counts = dict(found.left_out)
    assert counts["time zero, last contact or death is not known"] == len(gone)
    assert len(found.courses) + sum(counts.values()) == found.eligible == 80


def test_who_was_not_observed_after_time_zero_is_left_out() -> None:
    table = registry(60)
    row = table.index[table["progressed_on"].isna() & table["ablated_on"].isna()][0]
    table.loc[row, "seen_on"] = table.loc[row, "decided_on"]
    table.loc[row, "died_on"] = table.loc[row, "systemic_on"] = pd.NaT
    assert dict(courses(table).left_out)["not observed after time zero"] == 1


@pytest.mark.parametrize(
    ("column", "days", "says"),
    [("ablated_on", -3, "'ablated_on' is before time zero"), ("ablated_on", 9000, "is after death or last contact"),
     ("progressed_on", 0, "'progressed_on' is on the day of time zero")],
)  # fmt: skip
def test_dates_that_contradict_each_other_are_refused(column: str, days: int, says: str) -> None:
    table = registry(60)
    table.loc[table.index[5], column] = table.loc[table.index[5], "decided_on"] + pd.Timedelta(days=days)
    with pytest.raises(BadColumn, match=says):
        courses(table)


def test_dates_of_a_patient_are_the_same_in_all_rows() -> None:
    table = registry(60, tumors=2)
    twice = table.index[table["lesion"] == 2.0][0]
    table.loc[twice, "seen_on"] += pd.Timedelta(days=1)
    with pytest.raises(BadColumn, match="'seen_on' is not the same in all tumors of a patient"):
        courses(table, data=Data(file="r", patient="id", tumor="lesion"))


def test_nobody_with_a_course_is_nothing_to_compare() -> None:
    with pytest.raises(NothingToCompare, match="None of 60 eligible patients"):
        courses(registry(60).assign(burden=np.nan))


def test_categories_and_constants_become_columns_or_none() -> None:
    stage = Covariate(column="stage", label="Stage", kind="category", levels=(("a", "A"), ("b", "B"), ("c", "C")),
                      reference="B", known=BEFORE)  # fmt: skip
    table = registry(60).assign(stage=np.array(["a", "b", "c"])[np.arange(60) % 3])
    assert courses(table, covariates=(BURDEN, stage)).courses.baseline_names == ("Burden", "Stage: A", "Stage: C")
    assert courses(table.assign(burden=1.0)).courses.baseline_names == ()
    assert courses(table, course=replace(COURSE, baseline=("burden",)),
                   covariates=(BURDEN, stage)).courses.baseline_names == ("Burden",)  # fmt: skip
    some = courses(table.assign(burden=np.where(np.arange(60) < 4, np.nan, 1.0)))
    assert dict(some.left_out)["a covariate at time zero is not known (Burden)"] == 4


def test_changing_covariates_are_carried_forward_together() -> None:
    other = replace(CHANGING, label="Other", baseline="burden", values=("o_1",), dates=("o_1_on",))
    table = registry(60).assign(o_1=5.0)
    table["o_1_on"] = table["ps_1_on"] + pd.Timedelta(days=1)
    table.loc[table.index[1], ["o_1", "o_1_on"]] = [np.nan, pd.NaT]
    found = courses(table, course=replace(COURSE, changing=(CHANGING, other))).courses
    assert found.changing is not None
    assert found.changing.names == ("Performance", "Other")
    day = float((table["ps_1_on"] - table["decided_on"]).dt.days.iloc[0])
    early, late = (found.known_before(np.array([0]), np.array([at]))[0] for at in (day + 0.5, day + 1.5))
    assert early.tolist() == [table["ps_1"].iloc[0], table["burden"].iloc[0]]
    assert late.tolist() == [table["ps_1"].iloc[0], 5.0]
    assert found.baseline_names == ()


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [("ps_1_on", pd.NaT, "missing where ps_1 is not, or the reverse"),
     ("ps_1_on", pd.Timestamp("2010-01-01"), "not after time zero")],
)  # fmt: skip
def test_measurements_without_a_day_or_before_time_zero_are_refused(column: str, value: Any, says: str) -> None:
    table = registry(60)
    table.loc[table.index[3], column] = value
    with pytest.raises(BadColumn, match=says):
        courses(table, course=replace(COURSE, changing=(CHANGING,)))


def test_two_measurements_of_one_day_are_refused() -> None:
    twice = replace(CHANGING, values=("ps_1", "ps_2"), dates=("ps_1_on", "ps_2_on"))
    table = registry(60).assign(ps_2=1.0, ps_2_on=lambda one: one["ps_1_on"])
    with pytest.raises(BadColumn, match="the day of another measurement"):
        courses(table, course=replace(COURSE, changing=(twice,)))


def test_strategies_come_with_the_reference_first() -> None:
    assert [one.name for one in strategies_of(timing())] == ["Ablation first", "Delayed ablation"]
    turned = timing(arms=replace(ARMS, reference="delayed"))
    assert [one.name for one in strategies_of(turned)] == ["Delayed ablation", "Ablation first"]


def test_a_contraindication_releases() -> None:
    table = registry(60)
    table["unfit_on"] = table["decided_on"] + pd.Timedelta(days=1)
    free = courses(table[table["seen_on"] > table["unfit_on"]], course=replace(COURSE, contraindication="unfit_on"))
    assert (free.courses.contraindication_days == 1.0).all()


def test_eligibility_filters_designs_as_well() -> None:
    step = Step(says="Low burden", where=Predicate("burden < 0"))
    found = courses(registry(80), eligibility=(step,))
    assert found.eligible == int((registry(80)["burden"] < 0).sum())
