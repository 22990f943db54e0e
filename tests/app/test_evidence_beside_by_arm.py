"""Survival that a publication prints for each arm: beside the study's own at that time, or as a median, or why none."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from isotherm.app.evidence_beside import Beside, beside, document_of
from isotherm.app.evidence_beside_by_arm import printed_by_arm
from isotherm.app.evidence_beside_drawn import beside_figure, beside_text, same_arms_words
from isotherm.app.evidence_beside_own_by_arm import InArm, own_medians, own_rates
from isotherm.app.study_report_frame import outcomes_of
from isotherm.errors import BadSetting
from isotherm.evidence.library import read_library
from tests.app.made_up_study import result_of
from tests.app.on_disk import Command
from tests.app.test_evidence_beside import SCHEMA, put

LIBRARY = read_library()
FIVE_YEARS = 1826.25


def laid(folder: Path, made: dict[str, Any], outcome: str | None = None, *ids: str) -> Beside:
    return beside(LIBRARY, put(folder, made), outcome=outcome, ids=ids)


def test_arms_with_a_rate_each_and_no_ratio_stand_beside_the_studys_own_at_that_time(tmp_path: Path) -> None:
    made = result_of("real")
    li = laid(tmp_path, made).by_arm[0]
    assert (li.paper, li.about) == ("Li 2023", "overall survival at 5 years, after matching")
    assert [(one.id, one.printed) for one in li.published] == [("li_2023.os-upfront", "64 %"),
                                                               ("li_2023.os-delayed", "59 %")]  # fmt: skip
    for one, arm in zip(li.own, ("chemo", "none"), strict=True):
        record = made["results"][f"curve.os.adjusted.{arm}.at_3"]
        assert one.value == 100.0 * record["value"]
        assert (one.low, one.high) == (100.0 * record["low"], 100.0 * record["high"])
        assert one.source == f"result.json, curve.os.adjusted.{arm}.at_3"
    assert li.own[0].printed.replace("\u00a0", " ") == "58.6 % (95 % interval 48.8 to 67.1)"
    assert li.remarks == ("Between the arms, as printed: p = 0.49", "No interval is printed")


def test_a_ratio_that_was_derived_from_the_rates_is_not_shown_as_published(isotherm: Command, tmp_path: Path) -> None:
    ran = isotherm("evidence", "beside", put(tmp_path, result_of("real")))
    assert "0.85" not in ran.out.partition("Survival in each arm as printed")[2].partition("MIRA")[0]
    assert not any(row.id.startswith("li_2023") for row in laid(tmp_path, result_of("real")).published)
    assert "No ratio is derived from it" in ran.out


def test_a_publication_of_arms_by_the_same_names_stands_first_and_is_named(tmp_path: Path) -> None:
    found = laid(tmp_path, result_of("designs"))
    assert [bool(one.arms_there) for one in found.by_arm] == [True, *[False] * 6]
    assert found.by_arm[0].paper == "Li 2023"
    text = beside_text(found, None)
    assert (
        "what was done there: ablation 2 to 4 weeks before systemic therapy starts v ablation 2 to 3 months after"
        in text
    )
    assert same_arms_words(found) == (
        "Same arm names as in this study: Li 2023 (first in the table). Check what was done in each arm: the same name "
        "need not mean the same treatment."
    )
    other = laid(tmp_path, result_of("real"))
    assert same_arms_words(other) == "No publication here has arms with the same names as this study's."
    assert "arms" in document_of(other)["rates"][0]["differs_in"]
    assert "arms" not in document_of(found)["rates"][0]["differs_in"]


def with_arms(made: dict[str, Any], *names: str) -> dict[str, Any]:
    for one, name in zip(made["protocol"]["arms"], names, strict=True):
        old = one["name"]
        made = json.loads(json.dumps(made).replace(f".{old}", f".{name}").replace(f'"{old}"', f'"{name}"'))
    return made


def test_a_ratio_of_arms_by_the_same_names_stands_first_too(tmp_path: Path) -> None:
    found = laid(tmp_path, with_arms(result_of("real"), "local", "systemic"))
    assert found.published[0].id == "ruers_2017.os"
    assert "arms" not in document_of(found)["published"][0]["differs_in"]


def test_a_ratio_of_the_same_arms_the_other_way_around_says_so_and_is_not_turned(tmp_path: Path) -> None:
    found = laid(tmp_path, with_arms(result_of("real"), "systemic", "local"), None, "ruers_2017.os",
                 "ruers_2017.os-5y-local")  # fmt: skip
    row, document = found.published[0], document_of(found)
    SCHEMA.validate(document)
    assert (row.estimate, row.arms_there) == (0.58, "")
    words = (
        "compared in the opposite order; what was done there: local treatment and systemic therapy v systemic therapy"
    )
    assert words in beside_text(found, None)
    assert "arms" in document["published"][0]["differs_in"]
    assert document["published"][0]["arms_turned"] == "local treatment and systemic therapy v systemic therapy"
    assert same_arms_words(found).endswith(
        "Same arm names, but compared in the opposite order: the effect of CLOCC (Ruers 2017). There a ratio below 1 "
        "means what a ratio above 1 means in this study; the number is shown as printed."
    )
    rates = found.by_arm[0]
    assert [one.id for one in rates.published] == ["ruers_2017.os-5y-local", "ruers_2017.os-5y-systemic"]
    assert [one.source.split(".")[-2] for one in rates.own] == ["local", "systemic"]


def test_the_designs_own_curve_is_read_and_never_the_arms_as_they_became(tmp_path: Path) -> None:
    made = result_of("designs")
    mira = next(one for one in laid(tmp_path, made).by_arm if one.paper == "MIRA")
    for one, arm in zip(mira.own, ("delayed", "upfront"), strict=True):
        curve = made["curves"][f"design.clone_censor_weight.os.{arm}"]
        at = max(row for row, day in enumerate(curve["days"]) if day <= 730.5)
        assert one.value == pytest.approx(100.0 * curve["survival"][at])
    horizon = own_rates(made, outcomes_of(made)[0], 365.25)
    risk = made["results"]["design.clone_censor_weight.os.delayed.risk"]
    assert horizon[0].value == pytest.approx(100.0 * (1.0 - risk["value"]))
    assert horizon[0].low == pytest.approx(100.0 * (1.0 - risk["high"]))
    assert horizon[0].high == pytest.approx(100.0 * (1.0 - risk["low"]))


def test_a_time_beyond_follow_up_is_said_in_words(tmp_path: Path) -> None:
    li = laid(tmp_path, result_of("designs")).by_arm[0]
    assert [(one.arm, one.says) for one in li.own] == [
        ("Ablation first", "none: its curve ends at 26.8 months"),
        ("Delayed ablation", "none: its curve ends at 29 months"),
    ]
    assert {one.value for one in li.own} == {None}


@pytest.mark.parametrize("day", [365.25, 1095.75, FIVE_YEARS, 2922.0])
def test_a_release_tells_what_it_prints_and_says_that_it_withholds_the_rest(day: float) -> None:
    made = result_of("real released")
    kept = made["curves"]["survival.os.adjusted.none"]["days"]
    one = own_rates(made, outcomes_of(made)[0], day)[1]
    told = any(abs(at - day) < 1.0 for at in kept)
    assert (one.value is not None) == told
    assert told or one.why == "this release does not tell it at that time" or one.why.startswith("withheld")


def test_a_release_of_designs_holds_no_curve_of_them() -> None:
    made = result_of("designs released")
    for one in own_rates(made, outcomes_of(made)[0], FIVE_YEARS):
        assert one.why == "this release does not tell it at that time"


def test_before_a_landmark_a_design_knows_nothing() -> None:
    made = result_of("designs")
    made["results"]["headline.design"]["method"] = "design.landmark.os"
    assert {one.why for one in own_rates(made, outcomes_of(made)[0], 30.0)} == {"this design counts from day 90 on"}


def test_survival_after_a_landmark_is_not_alike_in_time_zero_nor_called_adjusted(tmp_path: Path) -> None:
    made = result_of("designs")
    made["results"]["headline.design"].update(method="design.landmark.os", text="landmark")
    made["results"]["protocol.time_zero"]["text"] = "randomization"
    found = laid(tmp_path, made, None, "ruers_2017.os", "ruers_2017.os-3y-local", "mira_2022.os-mwa")
    clocc, mira = sorted(found.by_arm, key=lambda one: one.paper)
    document = document_of(found)
    SCHEMA.validate(document)
    assert clocc.own_setting.time_zero == found.own.setting.time_zero == "day 90 after randomization"
    assert all("time zero" in one["differs_in"] for one in (*document["rates"], document["published"][0]))
    assert (clocc.own_setting.adjustment, found.own.setting.adjustment) == ("none", "by design: landmark")
    words = "from day 90 on, of those alive and progression-free then; not adjusted"
    assert [one["remark"] for one in document["rates"][found.by_arm.index(mira)]["own"]] == [words, words]
    assert all(one.says.endswith(f"), {words}") for one in mira.own)
    assert beside_text(found, None).count(words) == 2


def test_an_endpoint_with_rates_alone_has_them_and_no_effect(isotherm: Command, tmp_path: Path) -> None:
    ran = isotherm("evidence", "beside", put(tmp_path, result_of("real")), "--outcome", "dfs", "--json", "-")
    document = json.loads(ran.out)
    SCHEMA.validate(document)
    assert document["published"] == []
    assert [one["percent"] for one in document["rates"][0]["published"]] == [36.0, 21.0]
    found = laid(tmp_path, result_of("real"), "dfs")
    assert b"Li 2023" in beside_figure(found).svg


def test_a_rate_that_is_named_brings_the_other_arm_along(tmp_path: Path) -> None:
    found = laid(tmp_path, result_of("real"), None, "li_2023.os-delayed", "ruers_2017.os")
    assert [one.paper for one in found.by_arm] == ["Li 2023"]
    assert len(found.by_arm[0].published) == 2
    assert [row.id for row in found.published] == ["ruers_2017.os"]
    recalled = laid(tmp_path, result_of("real"), None, "unidentified_crlom.os-5y-mwa").by_arm[0]
    assert recalled.remarks[0] == "recalled: confirm in the publication before use"
    with pytest.raises(BadSetting, match="no survival at a time or as a median that is printed for each arm"):
        laid(tmp_path, result_of("real"), None, "fong_1999.survival")


def test_rates_and_an_effect_of_one_publication_have_patients_in_common(tmp_path: Path) -> None:
    shared = laid(tmp_path, result_of("real"), None, "ruers_2017.os", "ruers_2017.os-5y-local").shared
    assert shared == (("ruers_2017.os", "ruers_2017.os-5y-local"),)


def test_what_is_no_survival_of_both_arms_at_one_time_or_as_a_median_is_no_survival_by_arm() -> None:
    sets = printed_by_arm(LIBRARY.results.values())
    rates = [arms for arms in sets if arms[0].at]
    medians = [arms for arms in sets if not arms[0].at]
    assert {one.measure for arms in rates for one in arms} == {"percentage"}
    assert {arms[0].paper for arms in rates} == {"li_2023", "mira_2022", "ruers_2017", "unidentified_crlom"}
    assert {one.measure for arms in medians for one in arms} == {"median"}
    assert {arms[0].paper for arms in medians} == {"fan_2026", "liang_2022", "rfa_resection_2018", "ruers_2017"}
    assert all(len({(one.paper, one.at, one.endpoint, one.label) for one in arms}) == 1 for arms in sets)


def of_progression(made: dict[str, Any]) -> dict[str, Any]:
    """Name progression-free survival as an outcome: the designs answer for it too."""
    made["protocol"]["outcomes"][0] |= {"name": "pfs", "label": "Progression-free survival"}
    return made


def test_medians_of_the_arms_stand_beside_the_studys_own_as_its_records_have_them(tmp_path: Path) -> None:
    made = of_progression(result_of("designs"))
    found = laid(tmp_path, made, "pfs")
    liang, document = found.by_arm[0], document_of(found)
    SCHEMA.validate(document)
    assert (liang.paper, liang.about) == ("Liang 2022", "median progression-free survival, after matching")
    assert [(one.id, one.says) for one in liang.published] == [
        ("liang_2022.pfs-delayed", "1.1 years, about 13 months"),
        ("liang_2022.pfs-upfront", "2.0 years, about 24 months"),
    ]
    assert liang.arms_there.startswith("ablation 2 to 3 months after systemic therapy starts v ")
    for one, arm in zip(liang.own, ("delayed", "upfront"), strict=True):
        key = f"design.clone_censor_weight.pfs.{arm}.median"
        record = made["results"][key]
        assert (one.value, one.low) == pytest.approx((record["value"] / 30.4375, record["low"] / 30.4375))
        assert one.source == f"result.json, {key}"
        assert " months (95" in one.printed.replace("\u00a0", " ")
    first = document["medians"][0]
    assert (first["published"][0]["months"], first["own"][0]["months"]) == (
        pytest.approx(1.1 * 12), liang.own[0].value,
    )  # fmt: skip
    assert "measure" not in first["differs_in"]
    assert "pfs-ratio" not in json.dumps(document)  # derived from the medians here, and by nobody else
    assert "1.1 years, about 13 months" in beside_text(found, None)


def test_medians_of_arms_as_analyzed_are_the_adjusted_ones(tmp_path: Path) -> None:
    made = result_of("real")
    one = next(one for one in laid(tmp_path, made, "dfs").by_arm if not one.at)
    record = made["results"]["curve.dfs.adjusted.chemo.median"]
    assert one.own[0].value == pytest.approx(record["value"] / 30.4375)
    assert one.own[0].source == "result.json, curve.dfs.adjusted.chemo.median"


def median(made: dict[str, Any], **change: Any) -> InArm:
    made["results"]["curve.os.adjusted.chemo.median"] |= change
    return own_medians(made, outcomes_of(made)[0])[0]


def test_a_median_that_is_not_reached_says_so_with_the_limit_that_there_is() -> None:
    gone = {"value": None, "high": None, "why": "not reached: more than half were free of it to the end"}
    open_end = median(result_of("real"), **gone, low=365.25)
    assert open_end.says.replace("\u00a0", " ") == "not reached (95 % interval from 12 months on)"
    assert (open_end.value, open_end.low, open_end.high) == (None, pytest.approx(12.0), None)
    assert median(result_of("real"), **gone, low=None).says == "not reached"
    assert median(result_of("real"), value=None, why="withheld: x").says == "none: withheld: x"


def test_a_result_of_an_older_version_does_not_tell_the_median_of_a_design() -> None:
    made = result_of("designs")
    for part in ("clock", "start_day", "adjusted", "delayed.median", "upfront.median"):
        del made["results"][f"design.clone_censor_weight.os.{part}"]
    words = "none: this result, which an older version wrote, does not tell it; run the study again"
    assert {one.says for one in own_medians(made, outcomes_of(made)[0])} == {words}


def test_a_design_without_curves_has_no_median() -> None:
    made = result_of("designs")
    made["results"]["headline.design"]["method"] = "design.time_dependent_cox.os"
    words = "none: this study has no survival curve of the arm"
    assert {one.says for one in own_medians(made, outcomes_of(made)[0])} == {words}


def test_medians_after_a_landmark_say_of_whom_they_are_and_that_they_are_not_adjusted() -> None:
    made = result_of("designs")
    made["results"]["headline.design"]["method"] = "design.landmark.os"
    words = "from day 90 on, of those alive and progression-free then; not adjusted"
    assert {one.remark for one in own_medians(made, outcomes_of(made)[0])} == {words}


def test_a_p_value_of_three_arms_says_which_two_it_is_between(tmp_path: Path) -> None:
    fan = next(one for one in laid(tmp_path, result_of("real")).by_arm if one.paper == "Fan 2026")
    words = "As printed, {} v systemic therapy and ablation together: p < 0.05"
    assert fan.remarks[:2] == (words.format("systemic therapy first, then ablation"),
                               words.format("no systemic therapy"))  # fmt: skip


def test_rates_at_one_time_are_drawn_on_an_axis_in_percent_and_told_in_words(tmp_path: Path) -> None:
    found = laid(tmp_path, result_of("real"), "dfs")
    drawn = beside_figure(found)
    for words in ("survival at that time, %", "Survival in each arm at one time", "ablation first, then systemic",
                  "This study: Chemotherapy before"):  # fmt: skip
        assert words.encode() in drawn.svg
    for arm in (*found.by_arm[0].published, *found.by_arm[0].own):
        assert f"{arm.arm}: {arm.printed}" in drawn.description


def test_rates_that_the_study_does_not_reach_and_medians_are_told_in_words_alone(tmp_path: Path) -> None:
    made = of_progression(result_of("designs"))
    drawn = beside_figure(laid(tmp_path, made, "pfs"))
    assert b"survival at that time" not in drawn.svg
    assert b"Liang 2022, median progression-free survival" in drawn.svg


def test_an_interval_that_begins_at_zero_is_an_interval(tmp_path: Path) -> None:
    rates = {one.id: replace(one, low=Decimal(0), high=Decimal(90), level=Decimal("0.95"), limits_of="confidence")
             for one in LIBRARY.results.values() if one.id in ("li_2023.os-upfront", "li_2023.os-delayed")}  # fmt: skip
    library = replace(LIBRARY, results={**LIBRARY.results, **rates})
    li = beside(library, put(tmp_path, result_of("real")), outcome=None, ids=()).by_arm[0]
    assert [(one.low, one.high) for one in li.published] == [(0.0, 90.0), (0.0, 90.0)]
