"""Rates that a publication prints for each arm: beside the study's own at the same time, or why there are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from isotherm.app.evidence_beside import Beside, beside, document_of
from isotherm.app.evidence_beside_drawn import beside_figure, beside_text, same_arms_words
from isotherm.app.evidence_beside_own_rates import own_rates
from isotherm.app.evidence_beside_rates import printed_rates
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
    li = laid(tmp_path, made).rates[0]
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
    assert "no ratio is derived from it" in ran.out


def test_a_publication_of_arms_by_the_same_names_stands_first_and_is_named(tmp_path: Path) -> None:
    found = laid(tmp_path, result_of("designs"))
    assert [bool(one.arms_there) for one in found.rates] == [True, False, False, False, False]
    assert found.rates[0].paper == "Li 2023"
    text = beside_text(found, None)
    assert "there: ablation 2 to 4 weeks before systemic therapy starts v ablation 2 to 3 months after" in text
    assert same_arms_words(found).startswith("Arms by the names of this study's own: Li 2023")
    other = laid(tmp_path, result_of("real"))
    assert same_arms_words(other) == "No publication here compares arms by the names of this study's own."
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
    words = "the other way around: local treatment and systemic therapy v systemic therapy"
    assert words in beside_text(found, None)
    assert "arms" in document["published"][0]["differs_in"]
    assert document["published"][0]["arms_turned"] == "local treatment and systemic therapy v systemic therapy"
    assert "there the other way around: CLOCC (Ruers 2017); its number is as printed" in same_arms_words(found)
    rates = found.rates[0]
    assert [one.id for one in rates.published] == ["ruers_2017.os-5y-local", "ruers_2017.os-5y-systemic"]
    assert [one.source.split(".")[-2] for one in rates.own] == ["local", "systemic"]


def test_the_designs_own_curve_is_read_and_never_the_arms_as_they_became(tmp_path: Path) -> None:
    made = result_of("designs")
    mira = next(one for one in laid(tmp_path, made).rates if one.paper == "MIRA")
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
    li = laid(tmp_path, result_of("designs")).rates[0]
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
    clocc, mira = sorted(found.rates, key=lambda one: one.paper)
    document = document_of(found)
    SCHEMA.validate(document)
    assert clocc.own_setting.time_zero == found.own.setting.time_zero == "day 90 after randomization"
    assert all("time zero" in one["differs_in"] for one in (*document["rates"], document["published"][0]))
    assert (clocc.own_setting.adjustment, found.own.setting.adjustment) == ("none", "by design: landmark")
    words = "from day 90 on, of those alive and progression-free then; not adjusted"
    assert [one["remark"] for one in document["rates"][found.rates.index(mira)]["own"]] == [words, words]
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
    assert [one.paper for one in found.rates] == ["Li 2023"]
    assert len(found.rates[0].published) == 2
    assert [row.id for row in found.published] == ["ruers_2017.os"]
    recalled = laid(tmp_path, result_of("real"), None, "unidentified_crlom.os-5y-mwa").rates[0]
    assert recalled.remarks[0] == "recalled: confirm in the publication before use"
    with pytest.raises(BadSetting, match="no rate of survival that is printed for each arm"):
        laid(tmp_path, result_of("real"), None, "fong_1999.survival")


def test_rates_and_an_effect_of_one_publication_have_patients_in_common(tmp_path: Path) -> None:
    shared = laid(tmp_path, result_of("real"), None, "ruers_2017.os", "ruers_2017.os-5y-local").shared
    assert shared == (("ruers_2017.os", "ruers_2017.os-5y-local"),)


def test_what_is_no_survival_of_both_arms_at_one_time_is_no_rate_of_arms() -> None:
    sets = printed_rates(LIBRARY.results.values())
    assert {one.measure for arms in sets for one in arms} == {"percentage"}
    assert {one.paper for arms in sets for one in arms} == {"li_2023", "mira_2022", "ruers_2017", "unidentified_crlom"}
    assert all(len({(one.paper, one.at, one.endpoint) for one in arms}) == 1 for arms in sets)
