"""Three arms and more, competing events, tumors in patients, intercurrent events and serial measurements in a run."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from isotherm.errors import BadColumn
from isotherm.outcome import TimeToEvent
from isotherm.study.analysis.run import analyze
from isotherm.study.cohort import cohort
from isotherm.study.cohort_outcomes import observed
from isotherm.study.disclosure import WITHHELD, release
from isotherm.study.document import document_of, document_text
from isotherm.study.known import ExposureStart
from isotherm.study.protocol_designs import ArmStrategy, Asked, Landmark, Naive
from isotherm.study.protocol_methods import Estimation, Matching, Methods, Unadjusted
from isotherm.study.protocol_parts import Arm, Arms, Covariate, Data
from isotherm.study.result import StudyResult
from isotherm.study.survival.competing import cumulative_incidence
from isotherm.study.survival.fine_gray import fine_gray
from isotherm.study.survival.gray import gray
from isotherm.study.survival.logrank import logrank
from tests.study.four_arms import CODED, YES_NO, four, people
from tests.study.protocols import AGE, BEFORE, OS
from tests.study.registry import (
    BURDEN,
    COMPLICATION,
    COURSE,
    LTP,
    PLAIN,
    REPEAT,
    VOLUME,
    follows_schema,
    registry,
    timing,
)

TUMORS = Data(file="registry.csv", patient="id", tumor="lesion")


@pytest.fixture(scope="module")
def result() -> StudyResult:
    return analyze(four(), people())


def value(result: StudyResult, key: str) -> float:
    found = result.results.records[key].value
    assert found is not None, result.results.records[key].why
    return found


def test_four_arms_have_curves_a_test_of_all_and_pairs_with_the_reference(result: StudyResult) -> None:
    table = people()
    times = TimeToEvent(table["months"] * 365.25 / 12.0, table["dead"].astype(int))
    test = logrank(times, table["group"])
    found = result.results.records["logrank.os.naive"]
    assert (found.value, found.p) == (test.chi_square, test.p_value)
    assert found.unit == "chi-square, 3 df"
    for arm in "abcd":
        assert f"survival.os.naive.{arm}" in result.results.curves
        assert value(result, f"events.os.{arm}.n") == 40
    for arm in "abc":
        for kind in ("adjusted", "naive"):
            assert value(result, f"effect.os.{kind}.{arm}") > 0.0
        assert -1.0 < value(result, f"effect.c.naive.{arm}") < 1.0
    assert "effect.os.naive.d" not in result.results.records
    assert value(result, "headline.effect") == value(result, "effect.os.adjusted.a")
    assert value(result, "headline.naive") == value(result, "effect.os.naive.a")
    assert value(result, "binary.c.naive.risk.b") == people().query("group == 'b'")["c"].mean()


def test_four_arms_follow_schema_and_checklist_and_hold_in_a_release(result: StudyResult) -> None:
    for one in (result, release(result)):
        follows_schema(json.loads(document_text(document_of(one, {"isotherm": "0"}))))
    assert not any(key.startswith("incidence.") for key in release(result).results.curves)


def test_an_outcome_that_an_arm_does_not_have_is_a_reason_and_no_crash() -> None:
    table = people()
    table.loc[table["group"] == "a", ["months", "c"]] = np.nan
    found = analyze(four(outcomes=(OS, YES_NO)), table).results.records
    assert "not known in anybody of an arm" in found["effect.os.naive.b"].why
    assert "not known in anybody of an arm" in found["effect.c.naive.b"].why
    assert found["binary.c.naive.risk.a"].value is None
    assert found["logrank.os.naive"].value is not None
    alone = analyze(four(outcomes=(OS,)), table.assign(months=table["months"].where(table["group"] == "b")))
    assert alone.results.records["logrank.os.naive"].value is None


def test_blinded_outcomes_of_four_arms_are_not_read() -> None:
    study = four(outcomes_blinded=True)
    found = analyze(study, people().drop(columns=list(study.outcome_columns)))
    assert "headline.effect" not in found.results.records


def test_each_competing_event_has_incidence_tests_and_both_ratios(result: StudyResult) -> None:
    table = people()
    times = TimeToEvent(table["time"], table["status"].astype(int))
    test = gray(times, table["group"], cause=2)
    assert result.results.records["gray.ltp.naive.2"].p == pytest.approx(test.p_value)
    own = cumulative_incidence(times.take(table["group"].to_numpy() == "b"), cause=3)
    assert value(result, "incidence.ltp.naive.b.3.at_1") == own.at(200.0)[0]
    pair = table["group"].isin(["c", "d"]).to_numpy()
    fit = fine_gray(times.take(pair), (table["group"][pair] == "c").to_numpy(float), cause=1)
    assert value(result, "fine_gray.ltp.naive.1.c") == pytest.approx(np.exp(fit.coefficients[0]))
    assert value(result, "cause_specific.ltp.naive.1.c") > 0.0
    for arm in "abcd":
        last = table[table["group"] == arm].sort_values("time").iloc[-1]
        beyond = result.results.records[f"incidence.ltp.naive.{arm}.1.at_2"]
        assert (beyond.value is None) == (last["status"] == 0.0)
    total = sum(value(result, f"incidence.ltp.naive.{arm}.{cause}.events") for arm in "abcd" for cause in (1, 2, 3))
    assert total == (table["status"] > 0).sum()
    assert "what brings it about" in (result.results.records["competing.questions"].text or "")
    assert "Kaplan-Meier" in result.results.records["curve.ltp.naive.a.median"].why


def test_incidence_of_a_few_is_withheld(result: StudyResult) -> None:
    early = analyze(four(methods=Methods(adjustment=Unadjusted(), estimation=Estimation(at_days=(30.0,)))), people())
    assert early.results.records["incidence.ltp.naive.a.1.at_1"].value is not None
    assert release(early).results.records["incidence.ltp.naive.a.1.at_1"].why == WITHHELD


def test_an_event_that_nobody_has_and_an_arm_without_rows_are_reasons() -> None:
    table = people().assign(status=lambda one: one["status"].replace({2.0: 0.0}))
    table.loc[table["group"] == "a", "time"] = np.nan
    found = analyze(four(outcomes=(OS, CODED)), table).results.records
    assert found["gray.ltp.naive.2"].value is None
    assert found["fine_gray.ltp.naive.2.b"].value is None
    assert "nobody in this arm" in found["incidence.ltp.naive.a.1.at_1"].why
    assert "known in one arm only" in found["cause_specific.ltp.naive.1.a"].why


def test_codes_that_the_protocol_does_not_name_are_refused() -> None:
    with pytest.raises(BadColumn, match="'status' is no code that the protocol names"):
        analyze(four(outcomes=(OS, replace(CODED, competing_events=((2, "Death"),)))), people())


def test_an_event_on_the_day_on_which_the_clock_starts_is_refused() -> None:
    with pytest.raises(BadColumn, match="0 with an event"):
        analyze(four(), people().assign(time=lambda one: one["time"].where(one["status"] != 2.0, 0.0)))


# Two arms, adjusted; tumors in patients.


def tumors(**changes: Any) -> Any:
    parts: dict[str, Any] = {
        "data": TUMORS, "outcomes": (timing().outcomes[0], LTP, COMPLICATION), "intercurrent": (REPEAT,),
        "serial": (VOLUME,), "designs": timing().designs[:1],
    }  # fmt: skip
    return timing(**parts | changes)


@pytest.fixture(scope="module")
def of_tumors() -> StudyResult:
    return analyze(tumors(), registry(90, tumors=3))


def test_tumors_count_from_their_own_ablation_and_are_clustered(of_tumors: StudyResult) -> None:
    table = registry(90, tumors=3)
    made = cohort(tumors(), table)
    found = observed(made, "ltp").times
    assert found.time_days.tolist() == (made.table["tumor_on"] - made.table["treated_on"]).dt.days.tolist()
    records = of_tumors.results.records
    assert "robust over clusters" in records["fine_gray.ltp.naive.1.delayed"].method
    assert "Fine-Gray model with clusters" in records["gray.ltp.naive.1"].why
    assert records["effect.ltp.unclustered"].label.endswith("ignores clustering")
    assert "ignores clustering" in records["effect.ltp.unclustered"].method
    assert records["effect.ltp.naive"].p != records["effect.ltp.unclustered"].p


def test_yes_no_outcomes_of_tumors_respect_patients(of_tumors: StudyResult) -> None:
    records = of_tumors.results.records
    assert "GEE" in records["binary.complication.naive.odds_ratio"].method
    assert "Fisher" in records["binary.complication.naive.unclustered"].method
    assert "Wilson interval" in records["binary.complication.naive.risk.upfront"].method
    never = analyze(tumors(), registry(90, tumors=3).assign(
        complication=lambda one: ((one["ablated_on"] - one["decided_on"]).dt.days > 28) * 1.0))  # fmt: skip
    assert never.results.records["binary.complication.naive.odds_ratio"].value is None


def test_an_outcome_of_tumors_that_one_arm_lacks_has_reasons() -> None:
    table = registry(90, tumors=3)
    table["complication"] = table["complication"].where((table["ablated_on"] - table["decided_on"]).dt.days <= 28)
    records = analyze(tumors(), table).results.records
    for part in ("risk.delayed", "difference", "odds_ratio", "unclustered"):
        assert records[f"binary.complication.naive.{part}"].value is None, part


def test_three_arms_of_tumors_are_clustered_as_well() -> None:
    table = registry(120, tumors=3).assign(
        group=lambda one: one["id"].str[-1].map(lambda digit: "abcd"[int(str(digit)) % 4])
    )
    study = four(data=TUMORS, covariates=(BURDEN,), outcomes=(replace(timing().outcomes[0]), COMPLICATION, LTP),
                 time_zero=timing().time_zero)  # fmt: skip
    records = analyze(study, table).results.records
    assert "GEE" in records["effect.complication.naive.a"].method
    assert "Wilson interval" in records["binary.complication.naive.risk.a"].method
    assert "robust" in records["effect.ltp.naive.a"].method
    assert records["logrank.ltp.naive"].value is None
    none = analyze(study, table.assign(complication=lambda one: (one["group"] == "a") * 1.0)).results.records
    assert none["effect.complication.naive.b"].value is None


def test_matched_arms_have_adjusted_incidence_as_well() -> None:
    found = analyze(tumors(methods=replace(PLAIN, adjustment=Matching()), outcomes=(timing().outcomes[0], LTP)),
                    registry(90, tumors=2))  # fmt: skip
    assert "incidence.ltp.adjusted" in found.results.tables
    assert found.results.records["incidence.ltp.adjusted.delayed.1.at_1"].value is not None


def test_intercurrent_events_are_counted_and_handled_as_declared(of_tumors: StudyResult) -> None:
    table = registry(90, tumors=3)
    made = cohort(tumors(), table)
    first = (made.table["repeat_on"] < made.table["tumor_on"]).to_numpy()
    assert value(of_tumors, "intercurrent.repeat.ltp.upfront") == first[made.in_arm("upfront")].sum()
    policy, composite, hypothetical = (
        observed(cohort(tumors(intercurrent=(replace(REPEAT, handled=how),)), table), "ltp").times
        for how in ("treatment policy", "composite", "hypothetical")
    )
    assert (composite.event[first] == 1).all()
    assert (hypothetical.event[first] == 0).all()
    assert (composite.time_days[first] < policy.time_days[first]).all()
    assert composite.time_days.tolist() == hypothetical.time_days.tolist()
    for other in (composite, hypothetical):
        assert (other.event[~first] == policy.event[~first]).all()


def test_intercurrent_events_of_patients_are_counted_once_per_patient() -> None:
    table = registry(90, tumors=3)
    table["repeat_on"] = table.groupby("id")["repeat_on"].transform("first")
    found = analyze(tumors(intercurrent=(replace(REPEAT, outcomes=("os",)),)), table)
    made = cohort(tumors(), table).table
    early = made[(made["repeat_on"] < made["last_on"]) & ((made["ablated_on"] - made["decided_on"]).dt.days <= 28)]
    assert value(found, "intercurrent.repeat.os.upfront") == early["id"].nunique()


def test_an_intercurrent_event_before_the_clock_is_refused() -> None:
    table = registry(60, tumors=2)
    table.loc[:3, "repeat_on"] = table.loc[:3, "treated_on"]
    with pytest.raises(BadColumn, match="'repeat_on' is not after the outcome's clock starts"):
        analyze(tumors(), table)


def test_serial_measurements_are_described_by_month_and_arm(of_tumors: StudyResult) -> None:
    made = cohort(tumors(), registry(90, tumors=3))
    own = made.table[made.in_arm("delayed")]
    assert value(of_tumors, "serial.volume.delayed.2.n") == own["volume_6"].notna().sum()
    assert value(of_tumors, "serial.volume.delayed.2.median") == pytest.approx(own["volume_6"].median())
    change = (own["volume_6"] - own["volume_1"]).median()
    assert value(of_tumors, "serial.volume.delayed.2.change") == pytest.approx(change)
    assert "tumors of one patient are not independent" in of_tumors.results.tables["serial.volume"]["title"]
    hidden = release(of_tumors).results.records
    assert hidden["serial.volume.delayed.2.n"].value == value(of_tumors, "serial.volume.delayed.2.n") // 10 * 10


def test_months_without_a_measurement_have_a_reason() -> None:
    found = analyze(timing(serial=(VOLUME,)), registry(60).assign(volume_6=np.nan)).results
    assert found.records["serial.volume.all.2.median"].why == "nobody was measured"
    assert "one row per patient" in found.tables["serial.volume"]["title"]


def test_a_covariate_of_one_arm_only_still_describes_four() -> None:
    study = four(covariates=(AGE, Covariate(column="sex", label="Sex", kind="number", known=BEFORE, use="describe")))
    assert value(analyze(study, people()), "effect.os.adjusted.a") > 0.0


def test_an_arm_of_one_patient_has_no_difference_that_respects_patients() -> None:
    table = registry(60, tumors=2).assign(group=lambda one: np.where(one["id"] == "P1", "c", "d"))
    table.loc[table["id"].isin(["P3", "P5", "P7"]), "group"] = "a"
    table.loc[table["id"].isin(["P9", "P11", "P13"]), "group"] = "b"
    study = four(data=TUMORS, covariates=(BURDEN,), outcomes=(timing().outcomes[0], COMPLICATION),
                 time_zero=timing().time_zero)  # fmt: skip
    found = analyze(study, table.assign(complication=(np.arange(len(table)) % 2) * 1.0)).results.records
    assert found["effect.complication.naive.c"].value is None
    assert found["effect.complication.naive.c"].why


def test_four_arms_are_answered_by_a_design_where_the_protocol_has_one() -> None:
    windows = ((0.0, 14.0), (15.0, 28.0), (60.0, 90.0))
    arms = Arms(start="decided_on", end="ablated_on", reference="w0", arms=tuple(
        Arm(name=f"w{k}", label=f"Window {k}", window_days=one, strategy=ArmStrategy(ablation=Asked(days=one)))
        for k, one in enumerate(windows)
    ))  # fmt: skip
    course = replace(COURSE, endpoints=("overall survival",))
    found = analyze(timing(arms=arms, designs=(Landmark(day=90.0), Naive()), course=course), registry(120))
    assert found.results.records["headline.design"].text == "landmark of the progression-free, day 90"
    for arm in ("w1", "w2"):
        assert f"design.landmark.os.{arm}.risk_difference" in found.results.records


def test_naive_alone_answers_where_nothing_bars_it() -> None:
    table = registry(80).assign(arm=np.where(np.random.default_rng(3).random(80) < 0.5, "a", "b"))
    strategy = ArmStrategy(ablation=Asked(days=(0.0, 28.0)))
    later = ArmStrategy(ablation=Asked(days=(60.0, 90.0)))
    two = (Arm(name="a", label="A", values=("a",), strategy=strategy),
           Arm(name="b", label="B", values=("b",), strategy=later))  # fmt: skip
    arms = Arms(column="arm", reference="a", arms=two)
    study = timing(arms=arms, designs=(Naive(),), exposure=ExposureStart(says="plan", when="at time zero"),
                   course=replace(COURSE, endpoints=("overall survival",)))  # fmt: skip
    records = analyze(study, table).results.records
    assert records["headline.effect"].value == records["effect.os.naive"].value
    assert "headline.design" not in records
    assert "design.naive.barred" not in records
    assert records["design.naive.os.b.risk_difference"].value is not None
