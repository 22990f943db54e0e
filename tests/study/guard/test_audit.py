"""The audit: silent about a sound registry, gravest first, blind where it has to be, and in a document to give away."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import InputError
from isotherm.study.cohort import cohort
from isotherm.study.disclosure import vague
from isotherm.study.finding import DESIGNS, Finding, Tally, open_designs
from isotherm.study.guard.audit import findings_of, possible_designs
from isotherm.study.guard.document import audit_document
from isotherm.study.known import Entry, ExposureStart, TimeZero
from isotherm.study.predicate import Predicate
from isotherm.study.protocol_parts import Arm, Arms, Scans, Step
from tests.study.guard.made import DIED, audit, registry, study, timing, upfront_or_delayed
from tests.study.protocols import AGE, DATED_ARMS, OS, SEX

WIDE = Arms(start="ablated_on", end="systemic_on", reference="second", arms=(
    Arm(name="first", label="Ablation first", window_days=(0.0, 900.0)),
    Arm(name="second", label="Systemic therapy first", window_days=(-900.0, -1.0)),
))  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_said_of_a_registry_without_a_fault(seed: int) -> None:
    assert audit(registry(seed=seed)) == {}


def test_findings_about_records_are_among_those_about_design() -> None:
    coded = registry()
    coded.loc[3, "age"] = 999.0
    assert audit(coded)["code.age"].level == "warn"


def test_the_gravest_come_first() -> None:
    levels = [one.level for one in upfront_or_delayed(timing(60)).values()]
    assert levels == sorted(levels, key=("stop", "warn", "note").index)
    assert {"stop", "warn"} <= set(levels)


def test_a_stop_bars_designs_and_nothing_else_does() -> None:
    with pytest.raises(ValueError, match="only a stop bars designs"):
        Finding("a", "A.", 1, "stop")
    with pytest.raises(ValueError, match="only a stop bars designs"):
        Finding("a", "A.", 1, "warn", "", ("naive",))
    with pytest.raises(ValueError, match="only a stop bars designs"):
        Finding("a", "A.", 1, "stop", "", ("hope",))


FROM_A_DECISION = ("naive", "landmark", "time_dependent_cox", "clone_censor_weight")


def test_designs_that_no_finding_bars_are_open_and_the_planned_ones_can_be_asked_for() -> None:
    barred = Finding("a", "A.", 1, "stop", "Mend it.", ("naive", "landmark"))
    assert open_designs([barred]) == ("time_dependent_cox", "clone_censor_weight", "censoring_weights")
    assert open_designs([barred], ("naive",)) == ()
    assert open_designs([]) == tuple(DESIGNS)


def test_designs_of_changing_treatment_need_its_date() -> None:
    assert possible_designs(study()) == ("naive", "landmark")
    dated = ExposureStart(says="dose", column="dose_on")
    assert possible_designs(study(exposure=dated)) == FROM_A_DECISION
    assert possible_designs(study(arms=DATED_ARMS)) == FROM_A_DECISION
    assert possible_designs(study(arms=DATED_ARMS, time_zero=TimeZero(says="board"), outcomes=(OS,))) == (
        "naive", "landmark",
    )  # fmt: skip


def test_a_patient_of_several_tumors_is_counted_once() -> None:
    table = timing()
    tumors = pd.concat([table.assign(tumor=1), table.assign(tumor=2)], ignore_index=True)
    data = dataclasses.replace(study().data, tumor="tumor")
    once, twice = upfront_or_delayed(table), upfront_or_delayed(tumors, data=data)
    assert {key: (one.says, one.counts) for key, one in once.items()} == {
        key: (one.says, one.counts) for key, one in twice.items()
    }


def test_blinded_outcomes_are_not_read_and_it_is_said_what_was_not_looked_for() -> None:
    table = timing()
    secret = table.assign(dead="secret", progressed="secret", last="secret", progress_on="secret")
    found = upfront_or_delayed(secret, outcomes_blinded=True)
    opened = upfront_or_delayed(table)
    assert found["outcomes_not_read"].level == "note"
    assert "were not looked for" in found["outcomes_not_read"].says
    assert "outcomes_not_read" not in opened
    assert set(opened) - set(found) == {"no_event_before.delayed", "event_in_no_arm"}


def test_the_document_says_what_bars_each_design() -> None:
    made = cohort(study(arms=DATED_ARMS), timing())
    document = audit_document(made, findings_of(made), {"isotherm": "0"})
    designs = {one["name"]: one for one in document["designs"]}
    assert designs["naive"]["barred_by"] == [
        "arm_after_time_zero.upfront", "arm_after_time_zero.delayed", "immortal_time",
    ]  # fmt: skip
    assert designs["naive"]["planned"]
    assert document["open"] == ["landmark", "time_dependent_cox", "clone_censor_weight"]
    (first, *_) = document["findings"][0]["counts"]
    assert (first["unit"], first["arm"], first["value"]) == ("patients", "upfront", first["of"])


def test_a_release_holds_no_count_below_ten_no_days_and_no_count_within_a_sentence() -> None:
    made = cohort(study(arms=DATED_ARMS), timing(60))
    document = audit_document(made, findings_of(made), {}, released=True)
    assert document["settings"] == {"release": True, "smallest_cell": 10}
    tallies = [one for finding in document["findings"] for one in finding["counts"]]
    assert {one["value"] for one in tallies if one["unit"].endswith("days")} == {None}
    assert all(one["value"] is None or one["value"] % 10 == 0 for one in tallies)
    for finding in document["findings"]:
        assert not any(one.isdigit() for one in finding["says"].replace("below 10", "")), finding["says"]
        assert not any(one.isdigit() for one in finding["do"])


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.sampled_from([0.0, 0.1, 0.5]))
def test_whatever_the_dates_are_each_finding_is_named_once_and_says_numbers(seed: int, n: int, gaps: float) -> None:
    random = np.random.default_rng(seed)
    table = registry(n, seed=seed)
    for name in ("ablated_on", "systemic_on", "seen_on", "scan_1"):
        on = table["decided_on"] + pd.to_timedelta(random.integers(-400, 400, n), "D")
        table[name] = on.where(random.uniform(size=n) >= gaps)
    asked = study(
        arms=WIDE, outcomes=(DIED,), covariates=(AGE, SEX), scans=Scans(columns=("scan_1",), outcomes=("os",)),
        entry=Entry(says="visit", column="seen_on"),
        eligibility=(Step(says="seen", where=Predicate("seen_on is not missing"), unknown="keep"),),
    )  # fmt: skip
    try:
        made = cohort(asked, table)
    except InputError:
        return
    found = findings_of(made)
    assert len({one.key for one in found}) == len(found)
    for one in found:
        assert "nan" not in one.says.lower().replace("dominant", "")
        assert "inf" not in one.says.lower()
        assert all(math.isfinite(tally.value) for tally in one.counts)


@given(st.integers(0, 500), st.integers(0, 500))
def test_two_released_counts_never_tell_of_fewer_than_ten_people(count: int, whole: int) -> None:
    made = cohort(study(), registry())
    one = Finding("a", "A.", 1, counts=(Tally(what="a", value=count, of=whole),))
    (finding,) = audit_document(made, [one], {}, released=True)["findings"]
    value, of = finding["counts"][0]["value"], finding["counts"][0]["of"]
    for true, told in ((count, value), (whole, of)):
        fitting = range(1, 10) if told is None else [0] if told == 0 else range(told, told + 10)
        assert true in fitting
        assert len(fitting) >= 9 or true == 0


@pytest.mark.parametrize(
    ("says", "left"),
    [
        ("4 of 20 patients, median 75.5 days later", "Some patients, median [withheld] days later"),
        ("2250 patient-days are free", "Some patient-days are free"),
        ('mean 73.2 days in "A", mean 0 days in "B"', 'mean [withheld] days in "A", mean [withheld] days in "B"'),
        ("12 events, 2.4 per variable; below 10 a model", "Some events, some per variable; below 10 a model"),
        ("before day 95, while", "before day [withheld], while"),
        ("1 of the 3 patient ids; 2 of 3 sites", "Some patient ids; some sites"),
    ],
)  # fmt: skip
def test_sentences_lose_their_counts_and_the_days_of_a_few(says: str, left: str) -> None:
    assert vague(says) == left
