"""What is said of the horizon beside the main estimate: few who were still followed, and another difference nearby."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import numpy as np
import pytest

from isotherm.app.study_docx import docx_of
from isotherm.app.study_page import page_of
from isotherm.app.study_report_headline import headline_of
from isotherm.app.study_report_horizon import MOVED, horizon_words
from isotherm.app.study_report_parts import Bound, text_of
from isotherm.study.designs.contrast import contrast
from isotherm.study.disclosure import WITHHELD
from tests.app.made_up_study import result_of

KEY = "design.clone_censor_weight.os"
FEW = "Few were still followed, and in line with a strategy, at 12 months (each patient in every arm): "


def few_left(followed: int = 7, risk: float = 0.3, n: int = 60) -> dict[str, Any]:
    """Return the study of timing with so many in its delayed arm."""
    result = result_of("designs")
    for part, value in (("followed", followed), ("risk", risk), ("n", n)):
        result["results"][f"{KEY}.delayed.{part}"]["value"] = value
    return result


def shifted(**differences: float | None) -> dict[str, Any]:
    """Return it with other differences before and after the horizon; its own has an interval of 0 to 20 points."""
    result = result_of("designs")
    result["results"]["headline.effect"] |= {"value": 0.1, "low": 0.0, "high": 0.2}
    for part, value in differences.items():
        result["results"][f"{KEY}.delayed.{part}"] |= {"value": value, "why": "" if value is not None else "not known"}
    return result


def test_few_who_were_still_followed_are_said_with_their_numbers_bound() -> None:
    runs = horizon_words(few_left())

    assert text_of(runs) == f"{FEW}with “Delayed ablation” 7 of 60. What is told of that time rests on them. "
    assert [one.id for one in runs if isinstance(one, Bound)] == [f"{KEY}.delayed.followed", f"{KEY}.delayed.n"]


def test_an_arm_with_ten_or_in_which_few_are_left_since_the_others_died_is_not_few() -> None:
    assert horizon_words(few_left(10)) == ()
    assert horizon_words(few_left(7, risk=0.85)) == ()  # nine would be alive had nobody been lost
    assert horizon_words(result_of("designs")) == ()


def test_a_release_says_it_without_the_number_and_only_as_far_as_what_is_withheld_tells() -> None:
    result = few_left()
    result["results"][f"{KEY}.delayed.followed"] |= {"value": None, "why": WITHHELD}
    words = text_of(horizon_words(result))
    assert words == f"{FEW}with “Delayed ablation”. What is told of that time rests on them. "
    result["results"][f"{KEY}.delayed.n"]["value"] = 20  # nine of these could be all who were not lost
    assert horizon_words(result) == ()


def test_a_difference_that_is_another_one_nearby_is_told_with_the_times() -> None:
    runs = horizon_words(shifted(earlier=0.02, later=0.11))

    assert text_of(runs).replace("\u00a0", " ") == (
        "The difference depends on the time that was chosen: it is 2.0 percentage points at 10 months, "
        "10.0 percentage points at 12 months, 11.0 percentage points at 14 months. "
    )
    assert [one.id for one in runs if isinstance(one, Bound)] == [
        f"{KEY}.delayed.earlier", "headline.effect", f"{KEY}.delayed.later"
    ]  # fmt: skip
    assert horizon_words(shifted(earlier=0.03, later=0.17)) == ()
    alone = text_of(horizon_words(shifted(earlier=None, later=-0.05)))
    assert "10 months" not in alone
    assert "at 14 months" in alone


def test_what_counts_as_another_difference_does_not_hang_on_the_level_of_the_interval() -> None:
    result = shifted(earlier=0.02, later=0.1)  # 0.08 apart; an error of 0.051 at 95 %, of 0.078 at 80 %
    assert horizon_words(result)
    result["results"]["headline.effect"]["level"] = 0.8
    assert horizon_words(result) == ()


def test_without_clones_nobody_stands_in_every_arm() -> None:
    result = few_left()
    for arm in ("upfront", "delayed"):
        result["results"][f"{KEY}.{arm}.n"]["label"] = "patients"
    assert text_of(horizon_words(result)).startswith("Few were still followed at 12 months: with ")


def test_the_numbers_are_those_of_the_curves_and_of_who_was_at_risk() -> None:
    result = result_of("designs")
    records, curves = result["results"], result["curves"]

    def free(arm: str, day: float) -> float:
        one = curves[f"{KEY}.{arm}"]
        row = int(np.searchsorted(one["days"], day + 1e-6, side="right")) - 1
        return 1.0 if row < 0 else float(one["survival"][row])

    for part, day in (("earlier", 365.0 * 5.0 / 6.0), ("later", 365.0 * 7.0 / 6.0)):
        expected = free("upfront", day) - free("delayed", day)
        assert records[f"{KEY}.delayed.{part}"]["value"] == pytest.approx(expected, abs=1e-9)
    for arm in ("upfront", "delayed"):
        one = curves[f"{KEY}.{arm}"]
        around = [records[key]["value"] for key, day in zip(one["at_risk"], one["table_days"], strict=True)
                  if abs(day - 365.0) < 62.0]  # fmt: skip
        assert min(around) <= records[f"{KEY}.{arm}.followed"]["value"] <= max(around)


def test_a_release_tells_the_ten_of_who_was_followed_and_no_difference_nearby() -> None:
    records = result_of("designs released")["results"]
    for key, one in records.items():
        if re.fullmatch(r"design\..*\.(earlier|later)|curve\..*\.followed_\d+", key):
            assert (one["value"], one["why"]) == (None, WITHHELD)
        if key.endswith(".followed"):
            assert one["value"] is None or one["value"] % 10 == 0


def test_of_curves_without_a_design_it_is_said_of_the_time_in_the_table_of_the_arms() -> None:
    result = result_of("weights")
    assert horizon_words(result) == ()
    result["results"]["curve.os.adjusted.drug.followed_1"]["value"] = 4
    n = result["results"]["events.os.adjusted.drug.n"]["value"]
    assert f"with “Drug” 4 of {n}. " in text_of(horizon_words(result))
    result["results"]["curve.os.adjusted.drug.followed_1"] |= {"value": None, "why": WITHHELD}
    assert horizon_words(result) == ()


def test_the_page_and_the_document_say_it_beside_the_estimate() -> None:
    result = few_left()
    head = headline_of(result)
    assert text_of(head.horizon).startswith(FEW)
    html = page_of(result, head, (), {})
    assert html.index('class="figures"') < html.index(FEW) < html.index('class="reading"')
    with zipfile.ZipFile(io.BytesIO(docx_of(result, head, ()))) as package:
        written = package.read("word/document.xml").decode()
    words = "".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", written))
    assert f"{FEW}with “Delayed ablation” 7 of 60. What is told" in words


@pytest.mark.parametrize("a_month", [0.01, 0.06])
def test_chance_alone_says_it_of_fewer_than_one_study_in_ten(a_month: float) -> None:
    random, said, studies, month = np.random.default_rng(1), 0, 100, 30.4375
    for _ in range(studies):
        arm = np.repeat([0, 1], 100)
        event, end = random.exponential(1.0 / a_month, 200), random.uniform(43.0, 90.0, 200)
        curves, effect = _compared(np.minimum(event, end) * month, event <= end, arm, 36.0 * month)
        nearby = [curves[0].survival_at(day * month) - curves[1].survival_at(day * month) for day in (30.0, 42.0)]
        error = (effect.high - effect.low) / (2.0 * 1.96)
        said += any(abs(one - effect.estimate) > MOVED * error for one in nearby)
    assert said < studies / 10


def _compared(days: Any, event: Any, arm: Any, horizon: float) -> Any:
    found = contrast(days, event, arm, ("a", "b"), endpoint="overall survival", horizon_days=horizon)
    return found.curves, found.risk_differences[0]
