"""Arms by later dates: immortal days per arm, the contrast they favor from the data, and who is in no arm."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from isotherm.study.finding import DESIGNS, Finding
from isotherm.study.known import ExposureStart, Known, TimeZero
from isotherm.study.protocol_parts import Arm, Arms, Outcome
from tests.study.guard.made import DIED, NEVER_LATER, audit, registry, timing, upfront_or_delayed
from tests.study.protocols import AGE, ARMS, DATED_ARMS, OS, SEX

DOSED = ExposureStart(says="first dose", column="dose_on")


def late(found: dict[str, Finding]) -> list[str]:
    return [key for key in found if key.startswith(("arm_after", "exposure_after", "immortal"))]


def test_arms_that_are_decided_later_are_stopped_with_patients_and_days_of_each() -> None:
    table = timing()
    found = upfront_or_delayed(table)
    both = table["ablated_on"].notna() & table["systemic_on"].notna()
    n = int((both & (table["drug"] == 0.0)).sum())
    delayed = found["arm_after_time_zero.delayed"]
    assert (delayed.level, delayed.bars, delayed.rows) == ("stop", ("naive",), n)
    assert [(one.unit, one.value) for one in delayed.counts] == [
        ("patients", n), ("patient-days", 73.0 * n), ("median days", 73.0),
    ]  # fmt: skip
    assert f'"Systemic therapy first" was decided after time zero in {n} of {n} patients' in delayed.says
    assert "median 73 days later" in delayed.says
    assert found["arm_after_time_zero.upfront"].counts[2].value == 23.0


def test_the_favored_arm_is_told_from_the_days_at_hand_whichever_it_is() -> None:
    immortal = upfront_or_delayed()["immortal_time"]
    assert immortal.level == "stop"
    assert 'favors "Systemic therapy first" over "Ablation first"' in immortal.says
    assert 'mean 73 days in "Systemic therapy first", mean 23 days in "Ablation first"' in immortal.says
    table = timing()
    shifted = table.assign(decided_on=table["decided_on"] + pd.Timedelta(days=3))
    # The same dates, but upfront waits for its second treatment, delayed was treated wholly before the board.
    before = shifted["drug"] == 0.0
    for name in ("ablated_on", "systemic_on"):
        shifted[name] = shifted[name].where(~before, shifted[name] - pd.Timedelta(days=80))
    mirrored = upfront_or_delayed(shifted)
    assert 'favors "Ablation first" over "Systemic therapy first"' in mirrored["immortal_time"].says
    assert "arm_after_time_zero.delayed" not in mirrored
    assert "arm_before_time_zero.delayed" in mirrored


def test_equal_waits_favor_no_arm() -> None:
    table = registry()
    found = audit(table.assign(dose_on=table["decided_on"] + pd.Timedelta(days=1)), exposure=DOSED)
    assert "alike in all arms, so they favor none" in found["immortal_time"].says


def test_arms_that_are_known_at_time_zero_are_not_found() -> None:
    found = upfront_or_delayed(timing(treated_alike=True))
    assert late(found) == []
    assert "no_event_before.delayed" not in found
    table = registry()
    assert audit(table.assign(dose_on=table["decided_on"]), exposure=DOSED) == {}


def test_ever_against_never_is_found_without_a_window() -> None:
    table = registry()
    waited = pd.to_timedelta(np.random.default_rng(3).integers(20, 200, len(table)), "D")
    on = (table["decided_on"] + waited).where((table["drug"] == 1.0) & (table["decided_on"] + waited < table["last"]))
    table = table.assign(ablated_on=on, ablated=on.notna().astype(float))
    found = audit(table, arms=NEVER_LATER, exposure=ExposureStart(says="ablation", column="ablated_on"))
    assert late(found) == ["arm_after_time_zero.ablated", "immortal_time"]
    assert 'favors "Ablated" over "Never"' in found["immortal_time"].says
    assert "no_event_before.ablated" in found


def test_an_arm_that_was_intended_is_no_stop_where_some_of_it_never_began() -> None:
    table = registry()
    on = (table["decided_on"] + pd.Timedelta(days=9)).where(np.arange(len(table)) % 5 > 0)
    found = audit(table.assign(dose_on=on), exposure=DOSED)
    assert {one.level for one in found.values()} == {"warn"}
    assert "If the arm is what was intended at time zero, nothing is wrong" in found["arm_after_time_zero.drug"].says
    assert found["immortal_time"].says.startswith("If arms are what was done: counted from time zero")


def test_time_zero_at_the_first_treatment_bars_cloning() -> None:
    table = timing()
    first = table[["ablated_on", "systemic_on"]].min(axis=1)
    found = upfront_or_delayed(table.assign(decided_on=first))
    assert found["no_decision_date"].bars == ("clone_censor_weight",)
    assert "no_decision_date" not in upfront_or_delayed(table)
    assert "no_decision_date" not in upfront_or_delayed(timing(treated_alike=True))


def test_an_arm_that_began_before_time_zero_is_told_and_its_direction_left_open() -> None:
    table = timing()
    found = upfront_or_delayed(table.assign(decided_on=table["ablated_on"].fillna(table["decided_on"])))
    delayed = found["arm_before_time_zero.delayed"]
    assert (delayed.level, delayed.counts[2].value) == ("warn", 70.0)
    assert "which is more cannot be told from the table" in delayed.says
    assert "arm_before_time_zero.upfront" not in found
    assert not [key for key in upfront_or_delayed(table) if key.startswith("arm_before")]


def test_an_arm_without_early_events_is_set_beside_the_events_of_the_others() -> None:
    found = upfront_or_delayed()["no_event_before.delayed"]
    assert (
        'in arm "Systemic therapy first" nobody had the event before the arm was decided, median 73 days' in found.says
    )
    table = timing()
    inside = table["ablated_on"].notna() & table["systemic_on"].notna()
    day = (table["last"] - table["decided_on"]).dt.days
    early = int((inside & (table["drug"] == 1.0) & (table["dead"] == 1.0) & (day < 73)).sum())
    assert early > 0
    assert found.counts[1].value == early
    # Nobody dies early in either arm: nothing is to be set beside.
    late_deaths = table.assign(last=table["last"].where(day >= 80, table["decided_on"] + pd.Timedelta(days=80)))
    assert "no_event_before.delayed" not in upfront_or_delayed(late_deaths)
    # An arm whose patients did have the event before: it is not immortal in that outcome.
    pfs = (Outcome(name="pfs", label="PFS", event="progressed", date="progress_on", primary=True),)
    assert "no_event_before.delayed" not in upfront_or_delayed(outcomes=pfs)


def test_eligible_patients_of_no_arm_who_had_the_event_are_counted() -> None:
    table = timing()
    gone = table["ablated_on"].isna() | table["systemic_on"].isna()
    died = int((gone & (table["dead"] == 1.0)).sum())
    found = upfront_or_delayed(table)["event_in_no_arm"]
    assert died > 0
    assert (found.rows, found.counts[0].of) == (died, int(gone.sum()))
    assert "event_in_no_arm" not in upfront_or_delayed(table[~gone])


def test_the_primary_outcome_is_only_asked_for_times_of_patients() -> None:
    yes_no = Outcome(name="c", label="Complication", kind="yes/no", event="progressed", primary=True)
    found = upfront_or_delayed(outcomes=(yes_no,))
    assert "no_event_before.delayed" not in found
    assert "event_in_no_arm" not in found


def test_four_arms_are_audited_like_two() -> None:
    arms = Arms(start="ablated_on", end="systemic_on", reference="late", arms=(
        *DATED_ARMS.arms[:1], Arm(name="soon", label="Soon", values=(), window_days=(-71.0, -60.0)),
        Arm(name="late", label="Late", window_days=(-90.0, -72.0)),
        Arm(name="same", label="Same day", window_days=(-1.0, 1.0)),
    ))  # fmt: skip
    table = timing()
    table.loc[table.index % 4 == 0, "systemic_on"] = table["ablated_on"]
    table.loc[table.index % 4 == 2, "systemic_on"] = table["ablated_on"] - pd.Timedelta(days=73)
    found = audit(table, arms=arms)
    assert {"arm_after_time_zero.upfront", "arm_after_time_zero.soon", "immortal_time"} <= set(found)


def test_without_dates_what_is_declared_is_judged() -> None:
    undated = {"time_zero": TimeZero(says="decision"), "outcomes": (OS,)}
    table = timing().assign(months=12.0)
    found = upfront_or_delayed(table, **undated)
    assert found["arm_dates_unchecked"].bars == tuple(DESIGNS)
    plain = registry().assign(months=lambda one: (one["last"] - one["decided_on"]).dt.days / 30.0)
    after = audit(plain, exposure=ExposureStart(says="dose", when="after time zero"), **undated)
    assert after["exposure_after_time_zero"].bars == tuple(DESIGNS)
    later = audit(plain, exposure=ExposureStart(says="dose", day=10.0), **undated)["exposure_after_time_zero"]
    assert (later.bars, later.counts[0].value) == (("naive",), 2400.0)
    start = tuple(dataclasses.replace(one, known=Known(when="before exposure start")) for one in (AGE, SEX))
    before = audit(plain, exposure=ExposureStart(says="dose", day=-10.0), **undated, covariates=start)
    assert before["exposure_before_time_zero"].level == "warn"
    for exposure in (ExposureStart(says="dose", when="at time zero"), ExposureStart(says="dose", day=0.0)):
        assert audit(plain, exposure=exposure, arms=ARMS, **undated) == {}


@pytest.mark.parametrize("table", [timing(), timing(treated_alike=True)])
def test_no_sentence_explains_a_published_result(table: pd.DataFrame) -> None:
    for one in upfront_or_delayed(table, outcomes=(DIED,)).values():
        assert not {"publish", "paper", "literature", "explain"} & set(one.says.lower().split())
