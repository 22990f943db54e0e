"""A simulated registry: dates in order, everything as declared, the same from one seed, and labelled in every row."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isotherm.errors import BadSetting
from isotherm.study.protocol_designs import Asked
from isotherm.study.simulate.registry import Registry, simulate_registry, stream
from isotherm.study.simulate.registry_draws import draw
from isotherm.study.simulate.registry_lives import live
from isotherm.study.simulate.registry_scans import first_seen, nominal_days
from isotherm.study.simulate.scenario_parts import Decline, Gaps, Hazards, Lesions, PlannedArm, ScanSchedule
from tests.study.simulate.made import DELAYED, SMALL, UPFRONT, small

DATES = ["decided_on", "systemic_on", "ablated_on", "unfit_on", "progressed_on", "died_on", "last_seen_on"]

PLAIN = small(gaps=Gaps(), decline=Decline(), lost=0.0)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return simulate_registry(small(patients=300), seed=7)


def as_dates(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**{name: pd.to_datetime(table[name]) for name in DATES})


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_dates_are_in_order_in_every_world(seed: int) -> None:
    table = as_dates(simulate_registry(SMALL, seed=seed).tables.patients)
    for name in DATES[1:]:
        there = table[name].notna()
        assert (table[name] >= table["decided_on"])[there].all(), name
        assert (table[name] <= table["last_seen_on"])[there].all(), name
    both = table["ablated_on"].notna() & table["progressed_on"].notna()
    assert (table["ablated_on"] < table["progressed_on"])[both].all()
    unfit = table["ablated_on"].notna() & table["unfit_on"].notna()
    assert (table["ablated_on"] < table["unfit_on"])[unfit].all()
    assert (table["died_on"].notna() == (table["died"] == 1)).all()
    assert (table["died_on"] == table["last_seen_on"])[table["died"] == 1].all()
    assert (table["last_seen_on"] <= pd.Timestamp(SMALL.closed_on)).all()


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_duplicates_are_as_declared_and_equal_but_for_id_and_center(seed: int) -> None:
    made = simulate_registry(SMALL, seed=seed)
    patients, tumors, scans = (
        t.set_index("patient") for t in (made.tables.patients, made.tables.tumors, made.tables.scans)
    )
    assert len(made.twice) == 6
    assert len(patients) == 66
    assert patients.index.is_unique
    for first, again in made.twice:
        assert patients["center"][first] != patients["center"][again]
        both = patients.drop(columns="center").loc[[first, again]]
        assert (both.nunique() <= 1).all()
        assert (both.isna().sum() != 1).all()
        assert tumors.loc[[first], "size_cm"].tolist() == tumors.loc[[again], "size_cm"].tolist()
        assert scans["scan_on"][scans.index == first].tolist() == scans["scan_on"][scans.index == again].tolist()


def test_one_seed_makes_one_registry_down_to_the_byte() -> None:
    texts = [simulate_registry(SMALL, seed=1).tables for _ in range(2)]
    assert texts[0].tumors.to_csv() == texts[1].tumors.to_csv()
    assert texts[0].tumors.to_csv() != simulate_registry(SMALL, seed=2).tables.tumors.to_csv()


def test_the_tables_of_a_seed_stay_what_they_were() -> None:
    made = simulate_registry(SMALL, seed=20_261_125).tables
    found = {
        name: hashlib.sha256(getattr(made, name).to_csv(index=False).encode()).hexdigest()[:16]
        for name in ("patients", "tumors", "scans")
    }
    # The draws of NumPy's generators are kept from version to version; a change here changes every simulated study.
    assert found == GOLDEN


GOLDEN = {"patients": "3f0d22945d3b298e", "tumors": "e3bc4f2e24d58e6e", "scans": "b4f9323e414cdb14"}


def test_every_row_says_that_it_is_synthetic(registry: Registry) -> None:
    for table in (registry.tables.patients, registry.tables.tumors, registry.tables.scans):
        assert table.columns[0] == "synthetic"
        assert (table["synthetic"] == "simulated, no patient").all()
        assert table["patient"].str.startswith("SYN-").all()


def test_patients_are_treated_as_intended_unless_something_comes_first() -> None:
    made = simulate_registry(PLAIN.with_patients(400), seed=3)
    lives, arm = made.lives, made.arm
    done = np.isfinite(lives.ablation_days)
    for k, (low, high) in enumerate(((0, 28), (60, 90), (0, 28), (100, 200))):
        own = done & (arm == k)
        days = lives.ablation_days[own] - (lives.systemic_days[own] if k in (1, 3) else 0.0)
        assert ((days >= low) & (days <= high)).all()
        assert days.min() < low + 5
        assert days.max() > high - 5
    assert not np.isfinite(lives.systemic_days[arm == 2]).any()
    both = done & (arm == 0) & np.isfinite(lives.systemic_days)
    gap = lives.systemic_days[both] - lives.ablation_days[both]
    assert ((gap >= 14) & (gap <= 28)).all()
    missed = ~done & (arm < 2)
    assert (np.minimum(lives.progression_days, lives.last_days)[missed] <= 118).all()


def test_groups_come_from_the_dates_and_those_in_none_are_called_other(registry: Registry) -> None:
    table = registry.tables.patients
    assert set(table["timing_group"]) == {"upfront", "delayed", "alone", "other"}
    days = (pd.to_datetime(table["systemic_on"]) - pd.to_datetime(table["ablated_on"])).dt.days
    assert days[table["timing_group"] == "upfront"].between(14, 28).all()
    assert days[table["timing_group"] == "delayed"].between(-90, -60).all()
    assert table["systemic_on"].isna()[table["timing_group"] == "alone"].all()


def test_progression_is_only_seen_on_scans(registry: Registry) -> None:
    scans = set(zip(registry.tables.scans["patient"], registry.tables.scans["scan_on"], strict=True))
    table = registry.tables.patients.dropna(subset="progressed_on")
    assert set(zip(table["patient"], table["progressed_on"], strict=True)) <= scans
    local = registry.tables.tumors.query("tumor_status == 1")
    assert set(zip(local["patient"], local["tumor_seen_on"], strict=True)) <= scans
    shows = registry.tables.scans.groupby("patient")[["progression_elsewhere", "local_progression"]].max().max(axis=1)
    assert set(shows[shows == 1].index) == set(table["patient"])


def test_scans_are_listed_once_a_day_in_order_up_to_the_last_contact(registry: Registry) -> None:
    scans = registry.tables.scans
    assert not scans.duplicated(["patient", "scan_on"]).any()
    assert scans.groupby("patient")["days_after_decision"].is_monotonic_increasing.all()
    last = registry.tables.patients.set_index("patient")["last_seen_on"]
    assert (scans["scan_on"] <= scans["patient"].map(last)).all()
    assert set(scans["reason"]) == {"schedule", "before ablation"}


def test_tumors_carry_the_facts_of_their_patient_and_their_own(registry: Registry) -> None:
    patients, tumors = registry.tables.patients.set_index("patient"), registry.tables.tumors
    assert (tumors.groupby("patient").size() == patients["tumors"].sort_index()).all()
    assert (tumors.groupby("patient")["size_cm"].max() == patients["largest_cm"].sort_index()).all()
    assert tumors["size_cm"].between(0.5, 5.0).all()
    ablated = tumors["ablated_on"].notna()
    assert tumors["tumor_status"].notna().equals(ablated)
    assert tumors["margin_mm"].isna()[~ablated].all()
    assert (tumors["tumor_ablated_on"] == tumors["ablated_on"])[ablated].all()
    died = tumors["tumor_status"] == 2
    assert (tumors["tumor_seen_on"] == tumors["died_on"])[died].all()
    assert (tumors["three_cm_or_more"] == (tumors["size_cm"] >= 3.0)).all()


def test_as_many_values_are_missing_as_declared_and_no_others(registry: Registry) -> None:
    patients = registry.tables.patients
    assert patients["cea_ng_ml"].isna().mean() == pytest.approx(0.2, abs=0.08)
    assert patients["male"].isna().mean() == pytest.approx(0.1, abs=0.06)
    whole = ["age", "performance_status", "tumors", "largest_cm", "decided_on", "last_seen_on", "timing_group"]
    assert not patients[whole].isna().any().any()
    tumors = registry.tables.tumors
    by_patient = tumors.groupby("patient")["cea_ng_ml"].nunique(dropna=False)
    assert (by_patient == 1).all()
    ablated = tumors["ablated_on"].notna()
    assert tumors["margin_mm"].isna()[ablated].mean() == pytest.approx(0.3, abs=0.08)


def test_without_duplicates_or_gaps_all_is_as_it_was_drawn() -> None:
    made = simulate_registry(PLAIN, seed=4)
    assert made.twice == ()
    assert not made.tables.patients[["male", "cea_ng_ml"]].isna().any().any()
    assert made.tables.patients["cea_ng_ml"].tolist() == made.draws.described["cea_ng_ml"].tolist()
    assert made.tables.patients["unfit_on"].isna().all()


def test_burden_and_centers_decide_who_goes_first() -> None:
    made = simulate_registry(PLAIN.with_patients(2_000), seed=5)
    burden = made.draws.facts["burden"]
    assert burden[made.arm == 0].mean() < burden[made.arm != 0].mean() - 0.2
    by_center = [np.mean(made.arm[made.draws.center == k] == 0) for k in range(3)]
    assert max(by_center) - min(by_center) > 0.05


def test_tumors_of_one_patient_progress_together_and_risk_factors_work() -> None:
    lesions = Lesions(number=(0.0, 1.0), bridging=0.5)
    made = simulate_registry(small(patients=3_000, gaps=Gaps(), lesions=lesions), seed=6)
    tumors = made.tables.tumors.query("tumor_status.notna()")
    local = (tumors["tumor_status"] == 1).astype(float)
    first, second = local[tumors["tumor"] == 1].to_numpy(), local[tumors["tumor"] == 2].to_numpy()
    assert np.corrcoef(first, second)[0, 1] > 0.03
    for name in ("bridging_vessel", "peridiaphragmatic"):
        yes = tumors[name] == 1
        assert local[yes].mean() > local[~yes].mean() + 0.02
    assert local[tumors["margin_mm"] < 3].mean() > local[tumors["margin_mm"] > 7].mean() + 0.03


def test_who_is_not_ablated_has_the_systemic_therapy_that_was_to_follow_it_soon_after() -> None:
    arms = (replace(UPFRONT, share=0.5), replace(DELAYED, share=0.5))
    made = simulate_registry(
        small(patients=400, arms=arms, gaps=Gaps(), decline=Decline(hazard=1.5, stops=1.0)), seed=8
    )
    lives, missed = made.lives, (made.arm == 0) & np.isinf(made.lives.ablation_days)
    given = missed & np.isfinite(lives.systemic_days)
    reason = np.minimum(lives.distant_days, lives.unfit_days)
    assert given.sum() > 50
    assert (lives.systemic_days[given] == reason[given] + 7.0).all()


def test_frailty_may_be_left_out_and_hazards_are_then_the_ones_asked_for() -> None:
    never = PlannedArm(name="x", label="X", share=0.5, ablation=Asked(days=(9_000.0, 9_000.0)),
                       systemic=Asked(days=None))  # fmt: skip
    other = PlannedArm(name="y", label="Y", share=0.5, ablation=Asked(days=(9_001.0, 9_001.0)),
                       systemic=Asked(days=None))  # fmt: skip
    world = small(hazards=Hazards(progression=0.04, death=0.02, death_after_progression=0.05, frailty_variance=0.0),
                  arms=(never, other), decline=Decline(), lost=0.0,
                  scans=ScanSchedule(every_days=14.0, later_every_days=14.0, jitter_days=0.0))  # fmt: skip
    draws = draw(world, 20_000, stream(1, 0))
    lives = live(world, draws, np.zeros(20_000, dtype=np.int64))
    months = np.minimum(lives.distant_days, lives.last_days).sum() / (365.25 / 12.0)
    died_first = lives.died & np.isinf(lives.distant_days)
    # Progression is seen a week later on average, and some of the dead had progressed since their last scan.
    assert np.isfinite(lives.distant_days).sum() / months == pytest.approx(0.04, rel=0.04)
    assert died_first.sum() / months == pytest.approx(0.0205, rel=0.06)


def test_an_early_ablation_goes_by_the_scans_of_the_decision_and_a_late_one_has_its_own() -> None:
    fast = Hazards(progression=0.6, death=0.001, death_after_progression=0.02, frailty_variance=0.0)
    made = simulate_registry(small(patients=400, hazards=fast, gaps=Gaps(), decline=Decline(), lost=0.0), seed=9)
    lives, late = made.lives, np.isin(made.arm, (1, 3))
    assert np.isinf(lives.planning_days[~late]).all()
    # Progression that nobody has seen stops no early ablation, and every late one.
    assert np.isfinite(lives.ablation_days[~late]).mean() > 0.95
    found = late & np.isfinite(lives.planning_days) & (lives.distant_days == lives.planning_days)
    assert found.sum() > 20
    assert np.isinf(lives.ablation_days[found]).all()
    always = replace(SMALL.scans, before_ablation_after_days=0.0)
    again = simulate_registry(small(patients=400, hazards=fast, gaps=Gaps(), decline=Decline(), lost=0.0, scans=always),
                              seed=9)  # fmt: skip
    assert np.isfinite(again.lives.ablation_days[~late]).mean() < 0.9


def test_scans_are_often_at_first_and_then_less_so() -> None:
    schedule = ScanSchedule(every_days=60.0, later_every_days=180.0, later_after_days=365.0)
    days = nominal_days(schedule, 1_000.0)
    assert days[:7].tolist() == [60.0, 120.0, 180.0, 240.0, 300.0, 360.0, 420.0]
    assert np.diff(days[6:]).tolist() == [180.0] * (len(days) - 7)
    assert days[-1] > 1_000.0
    at_once = ScanSchedule(every_days=60.0, later_every_days=180.0, later_after_days=0.0)
    assert nominal_days(at_once, 300.0)[:2].tolist() == [180.0, 360.0]


def test_what_happened_is_seen_on_that_day_or_the_next_scan_and_never_after_the_last() -> None:
    scans = np.array([[10.0, 20.0, 30.0], [11.0, 21.0, 31.0]])
    seen = first_seen(scans, np.array([10.0, 22.0, 40.0, np.inf]), np.array([0, 1, 1, 0]))
    assert seen.tolist() == [10.0, 31.0, np.inf, np.inf]


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(BadSetting, match="seed -1"):
        simulate_registry(SMALL, seed=-1)
