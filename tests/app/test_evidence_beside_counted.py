"""From when a study counts survival and of whom, and what is read of results of older versions that lack parts."""

from __future__ import annotations

from typing import Any

import pytest

from isotherm.app.evidence_beside_counted import Counted, counted
from isotherm.app.evidence_beside_own_by_arm import own_rates
from isotherm.app.study_report_frame import Outcome
from tests.app.made_up_study import result_of

OS = Outcome(name="os", label="Overall survival", definition="", unit="patient", primary=True, timed=True,
             counted_as="deaths")  # fmt: skip
KEY = "design.landmark.os"
CURVE = {"days": [0.0, 100.0, 400.0], "survival": [1.0, 0.8, 0.5], "low": [None, 0.7, 0.3], "high": [None, 0.9, 0.7],
         "level": 0.95}  # fmt: skip


def text(words: str) -> dict[str, Any]:
    return {"text": words, "value": None, "label": words, "method": KEY}


def bare(curve: dict[str, Any] | None = None, **results: dict[str, Any]) -> dict[str, Any]:
    """Return what an older version may have written: two arms, no settings, at most one curve."""
    arms = [{"name": "a", "label": "A", "reference": False}, {"name": "b", "label": "B", "reference": True}]
    curves = {} if curve is None else {"curves": {"survival.os.naive.a": curve, f"{KEY}.a": curve}}
    return {"protocol": {"arms": arms}, "settings": {}, "results": {"protocol.time_zero": text("decision"), **results},
            **curves}  # fmt: skip


def of_design(curve: dict[str, Any] | None = None, *, clock: str = "time zero", start: float = 0.0,
              adjusted: str = "not adjusted", among: str = "") -> dict[str, Any]:  # fmt: skip
    """Return a result with a design as its main estimate, and records of how it counts."""
    made = of_old_design(curve)
    made["results"] |= {f"{KEY}.clock": text(clock), f"{KEY}.start_day": text("") | {"value": start},
                        f"{KEY}.adjusted": text(adjusted)}  # fmt: skip
    made["results"] |= {f"{KEY}.among": text(among)} if among else {}
    return made


def of_old_design(curve: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the same as an older version wrote it: nothing says how the design counts."""
    made = bare(curve)
    made["results"] |= {"headline.design": text("landmark"), f"{KEY}.a.hazard_ratio": {}}
    return made


def test_a_landmark_counts_from_its_day_and_of_those_who_reached_it() -> None:
    assert counted(of_design(start=90.0, among="alive and progression-free"), OS) == Counted(
        time_zero="day 90 after decision", is_adjusted=False,
        remark="from day 90 on, of those alive and progression-free then; not adjusted",
    )  # fmt: skip
    living = counted(of_design(start=1234.5, among="alive", adjusted="adjusted by weights"), OS)
    assert (living.is_adjusted, living.remark) == (True, "from day 1234.5 on, of those alive then")


def test_other_designs_count_from_the_clock_that_their_records_name() -> None:
    assert counted(of_design(adjusted="adjusted by weights"), OS) == Counted(time_zero="decision", is_adjusted=True)
    naive = counted(of_design(clock="the start of systemic therapy"), OS)
    assert naive == Counted(time_zero="the start of systemic therapy", is_adjusted=False, remark="not adjusted")
    assert counted(of_design(adjusted=""), OS).is_adjusted is None


@pytest.mark.parametrize("name", ["designs", "designs released"])
def test_a_run_and_its_release_say_how_each_design_counts(name: str) -> None:
    made, found = result_of(name), dict[str, Counted]()
    for design in ("clone_censor_weight", "landmark", "living", "time_dependent_cox"):
        made["results"]["headline.design"]["method"] = f"design.{design}.os"
        found[design] = counted(made, OS)
    landmark = "from day 90 on, of those {} then; not adjusted"
    assert found == {
        "clone_censor_weight": Counted(time_zero="decision", is_adjusted=True),
        "landmark": Counted(time_zero="day 90 after decision", is_adjusted=False,
                            remark=landmark.format("alive and progression-free")),
        "living": Counted(time_zero="day 90 after decision", is_adjusted=False, remark=landmark.format("alive")),
        "time_dependent_cox": Counted(time_zero="decision", is_adjusted=None),
    }  # fmt: skip


def test_of_a_result_of_an_older_version_it_is_said_that_it_does_not_say() -> None:
    found = counted(of_old_design(CURVE | {"start_day": 90.0, "clock": "time zero", "adjusted": False}), OS)
    assert found == Counted(time_zero="not said by this result, which an older version wrote", is_adjusted=None,
                            remark="this result does not say from when it counts, of whom, or whether it is adjusted; "
                                   "run the study again")  # fmt: skip


def test_an_adjusted_curve_of_an_imputed_study_is_that_of_the_first_data_set() -> None:
    sets = {"kind": "number", "label": "Imputed data sets", "value": 20.0, "low": None, "high": None, "unit": "",
            "text": None}  # fmt: skip
    made = bare(CURVE, **{"imputation.data_sets": sets})
    assert [one.remark for one in own_rates(made, OS, 200.0)] == ["", ""]
    made["results"]["weighting.target"] = text("overlap")
    made["curves"]["survival.os.adjusted.a"] = CURVE
    words = "first of 20 imputed data sets; its interval leaves out the imputation"
    a, b = own_rates(made, OS, 200.0)
    assert (a.remark, b.remark) == (words, "")  # there is no curve of the other one
    assert a.says.replace("\u00a0", " ") == f"80.0 % (95 % interval 70.0 to 90.0), {words}"


@pytest.mark.parametrize("made", [bare(), bare(CURVE | {"days": [], "survival": [], "low": [], "high": []}), bare({}),
                                  of_design(), of_design({})])  # fmt: skip
def test_what_an_older_version_left_out_is_no_curve(made: dict[str, Any]) -> None:
    assert {one.says for one in own_rates(made, OS, 200.0)} == {"none: this study has no survival curve of the arm"}


def test_a_curve_without_level_has_an_interval_of_none() -> None:
    unsaid = {part: words for part, words in CURVE.items() if part != "level"}
    assert own_rates(bare(unsaid), OS, 200.0)[0].says.replace("\u00a0", " ") == "80.0 % (interval 70.0 to 90.0)"


def test_only_of_the_arms_as_they_are_it_is_known_that_nobody_was_observed_that_long() -> None:
    assert own_rates(bare(CURVE), OS, 900.0)[0].why.startswith("nobody of this arm was observed that long; its curve")
    assert own_rates(of_design(CURVE), OS, 900.0)[0].why == "its curve ends at 13.1 months"
