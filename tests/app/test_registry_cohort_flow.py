"""Flow of a cohort: who has nothing that a day could be known of is told apart from those whose day is not known."""

from __future__ import annotations

from datetime import date
from typing import Any, get_args

import pytest

from isotherm.app.registry_cohort import Found
from isotherm.app.registry_cohort_flow import cohort_flow
from isotherm.registry.cohort import cohort
from isotherm.registry.endpoints_kinds import Unit
from isotherm.study.predicate import Predicate
from tests.registry.muddled import Made, day, tables_of

MADE: Made = {
    "patient": [{"patient_id": one, "born_on": date(1960, 1, 1)} for one in ("early", "late", "never", "undated")],
    "decision": [{"patient_id": one, "decision_id": "1", "decided_on": day(0)} for one in ("early", "late", "undated")],
    "session": [{"patient_id": "early", "session_id": "1", "ablated_on": day(10)},
                {"patient_id": "late", "session_id": "1", "ablated_on": day(900)},
                {"patient_id": "undated", "session_id": "1", "ablated_on": None}],
    "lesion": [{"patient_id": one, "lesion_id": "1"} for one in ("early", "late", "never", "undated")],
}  # fmt: skip


def counts(where: str, per: Any = "patient") -> dict[str, int]:
    flow = cohort_flow(Found(cohort(tables_of(MADE), per), 0, 0, {}, simulated=False), Predicate(where))
    return {box.says: box.patients for box in flow.boxes if box.kind == "left"}


@pytest.mark.parametrize("per", [one for one in get_args(Unit) if one != "session"])
def test_no_ablation_is_known_and_a_day_that_is_missing_is_not(per: Unit) -> None:
    some = f"{day(100).isoformat()}"

    assert counts(f"ablated_on >= {some}", per) == {
        f"Not: first ablation at least {some}": 1, "No ablation on record": 1,
        f"Not known: first ablation at least {some}": 1,
    }  # fmt: skip


def test_of_several_columns_nobody_says_which_one_is_not_there() -> None:
    said = counts("ablated_on >= systemic_on")

    assert sum(said.values()) == 4
    assert not any("on record" in one for one in said)


def test_what_is_asked_after_another_condition_is_told_apart_as_well() -> None:
    assert counts("n_lesions is missing and systemic_on < 2030-01-01")["No systemic therapy on record"] == 4
