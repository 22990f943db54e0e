"""From when a study counts survival and of whom, and what is read of results of older versions that lack parts."""

from __future__ import annotations

from typing import Any

import pytest

from isotherm.app.evidence_beside_counted import Counted, counted
from isotherm.app.evidence_beside_own_rates import own_rates
from isotherm.app.study_report_frame import Outcome

OS = Outcome(name="os", label="Overall survival", definition="", unit="patient", primary=True, timed=True,
             counted_as="deaths")  # fmt: skip
KEY = "design.landmark.os"
CURVE = {"days": [0.0, 100.0, 400.0], "survival": [1.0, 0.8, 0.5], "low": [None, 0.7, 0.3], "high": [None, 0.9, 0.7],
         "level": 0.95}  # fmt: skip
AMONG = "Among those alive and progression-free 90 days after time zero: overall survival from then on."


def text(words: str) -> dict[str, Any]:
    return {"text": words, "value": None, "label": words, "method": KEY}


def bare(curve: dict[str, Any] | None = None, **results: dict[str, Any]) -> dict[str, Any]:
    """Return what an older version may have written: two arms, no settings, at most one curve."""
    arms = [{"name": "a", "label": "A", "reference": False}, {"name": "b", "label": "B", "reference": True}]
    curves = {} if curve is None else {"curves": {"survival.os.naive.a": curve, f"{KEY}.a": curve}}
    return {"protocol": {"arms": arms}, "settings": {}, "results": {"protocol.time_zero": text("decision"), **results},
            **curves}  # fmt: skip


def of_design(curve: dict[str, Any] | None = None, *, target: str = "", risk: str = "") -> dict[str, Any]:
    made = bare(curve)
    made["results"] |= {"headline.design": text("landmark"), f"{KEY}.a.hazard_ratio": {}}
    made["results"] |= {f"{KEY}.target": text(target)} if target else {}
    made["results"] |= {f"{KEY}.a.risk": text(risk)} if risk else {}
    return made


def test_a_landmark_counts_from_its_day_and_of_those_who_reached_it() -> None:
    made = of_design(CURVE | {"start_day": 90.0, "clock": "time zero", "adjusted": False}, target=AMONG)
    assert counted(made, OS) == Counted(
        time_zero="day 90 after decision", is_adjusted=False,
        remark="from day 90 on, of those alive and progression-free then; not adjusted",
    )  # fmt: skip
    living = of_design(CURVE | {"start_day": 90.5}, target="Among those alive 90.5 days after time zero: survival.")
    assert counted(living, OS).remark == "from day 90.5 on, of those alive then"
    assert counted(of_design(CURVE | {"start_day": 90}), OS).remark.endswith("whom the design counts then")


def test_without_curves_the_risk_of_a_design_says_from_when_it_counts() -> None:
    risk = "landmark, A: risk at 365 days, counted from {}, {}"
    released = counted(of_design(risk=risk.format("day 90 after time zero", "not adjusted")), OS)
    assert (released.time_zero, released.is_adjusted) == ("day 90 after decision", False)
    weighted = counted(of_design(risk=risk.format("time zero", "adjusted by weights")), OS)
    assert weighted == Counted(time_zero="decision", is_adjusted=True)
    assert counted(of_design(risk=risk.format("ablation", "not adjusted")), OS).time_zero == "ablation"
    assert counted(of_design(), OS) == Counted(time_zero="decision")
    naive = of_design(CURVE | {"start_day": 0.0, "clock": "systemic", "adjusted": False})
    assert counted(naive, OS) == Counted(time_zero="the start of systemic therapy", is_adjusted=False,
                                         remark="not adjusted")  # fmt: skip


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
