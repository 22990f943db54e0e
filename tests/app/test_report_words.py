"""The report writes numbers that people read in one way only, and tells nothing about somebody's machine."""

# ruff: noqa: RUF001 (the report writes true minus and times signs)

from __future__ import annotations

from typing import Any

import pytest

from isotherm.app.report_words import (
    caveats,
    chance,
    decimal,
    interval_name,
    interval_range,
    margin_mm,
    margin_words,
    ml,
    mm,
    percent,
    place_lps,
    reading,
    reason_for_null,
    status_words,
    without_paths,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(4.14, "4.1"), (-4.25, "−4.2"), (0.0, "0.0"), (-0.0, "0.0"), (-0.04, "−0.04"), (0.03, "0.03"), (-0.004, "0.0"),
     (12.0, "12.0")],
)  # fmt: skip
def test_a_number_has_a_true_minus_and_is_zero_only_where_it_is(value: float, text: str) -> None:
    assert decimal(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.0004, "< 0.1 %"), (0.9996, "> 99.9 %"), (0.083, "8.3 %"), (0.001, "0.1 %")],
)
def test_a_share_is_nothing_or_everything_only_where_it_is(share: float, text: str) -> None:
    assert percent(share).replace("\u00a0", " ") == text


def test_units_do_not_part_from_their_numbers() -> None:
    assert (mm(4.14), ml(0.214), ml(31.0)) == ("4.1\u00a0mm", "0.21\u00a0mL", "31.0\u00a0mL")


def test_a_place_says_where_it_is_in_the_patient() -> None:
    assert place_lps([-41.2, 10.3, 88.0]).replace("\u00a0", " ") == "R 41.2, P 10.3, S 88.0 mm"
    assert place_lps([41.2, -10.3, -88.0]).replace("\u00a0", " ") == "L 41.2, A 10.3, I 88.0 mm"


@pytest.mark.parametrize(
    ("status", "margin", "text"),
    [("measured", 4.1, "4.1 mm"), ("bounded", 8.0, "at most 8.0 mm"), ("not_ablated", -8.4, "−8.4 mm"),
     ("not_ablated", None, "nothing ablated"), ("not_assessable", None, "not assessable"),
     ("measured", None, "not given"), ("measured", 25.0, "at least 25.0 mm"), ("measured", 24.9, "24.9 mm")],
)  # fmt: skip
def test_each_status_has_its_finding(status: str, margin: float | None, text: str) -> None:
    assert margin_words({"status": status, "minimal_margin_mm": margin}).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(2.6, 5.2, "2.6 to 5.2 mm"), (23.9, 25.0, "23.9 to ≥ 25.0 mm"), (25.0, 25.0, "≥ 25.0 mm")],
)
def test_an_interval_that_ends_beyond_the_reach_says_at_least(low: float, high: float, text: str) -> None:
    interval = {"level": 0.9, "low": low, "high": high, "calibrated": True}
    assert (interval_range({"interval_mm": interval}) or "").replace("\u00a0", " ") == text


def test_a_margin_beyond_the_reach_is_never_a_plain_number() -> None:
    assert [margin_mm(value).replace("\u00a0", " ") for value in (-2.0, 24.9, 25.0)] == [
        "−2.0 mm", "24.9 mm", "≥ 25.0 mm",
    ]  # fmt: skip


def test_what_was_not_ablated_leaves_the_whole_tumor() -> None:
    empty = {"status": "not_ablated", "ablation_volume_ml": 0.0, "residual_volume_ml": 0.64}
    missed = {"status": "not_ablated", "ablation_volume_ml": 3.1, "residual_volume_ml": 0.64}

    assert status_words(empty).startswith("Not ablated: the ablation is empty; residual = whole tumor, 0.64")
    assert status_words(missed).startswith(
        "Not ablated: the ablation does not reach the lesion; residual = whole tumor"
    )


def test_a_registration_that_passed_is_said_with_the_finding_and_another_has_a_band_of_its_own() -> None:
    passed, warned = ({"status": "measured", "registration": {"verdict": verdict}} for verdict in ("pass", "warn"))
    assert status_words(passed) == "All of the surface assessed; the registration passed its gates."
    assert status_words(warned) == status_words({"status": "measured"}) == "All of the surface assessed."


@pytest.mark.parametrize(("calibrated", "name"), [(True, "90 % interval"), (False, "90 % robustness interval")])
def test_only_a_calibrated_interval_is_called_an_interval(calibrated: bool, name: str) -> None:
    assert interval_name({"level": 0.9, "calibrated": calibrated}).replace("\u00a0", " ") == name


@pytest.mark.parametrize("interval", [None, {"level": 0.9, "low": None, "high": 3.0, "calibrated": True}])
def test_half_an_interval_is_none(interval: dict[str, Any] | None) -> None:
    assert interval_range({"interval_mm": interval}) is None


def test_where_the_status_is_in_question_its_reasons_come_before_the_flags() -> None:
    lesion = {"status": "not_ablated", "minimal_margin_mm": None, "reasons": ["nothing ablated"], "flags": ["thick"]}

    assert caveats(lesion) == ["Nothing ablated.", "Thick."]
    assert caveats(lesion | {"status": "measured"}) == ["Thick.", "Nothing ablated."]


def test_caveats_that_are_left_out_are_counted() -> None:
    lesion = {"status": "measured", "minimal_margin_mm": None, "flags": ["a", "b", "c", "d", "e", "f"]}

    assert caveats(lesion) == ["A.", "B.", "C.", "D.", "2 more under Flags."]


def test_a_margin_without_an_interval_says_so() -> None:
    lesion = {"status": "measured", "minimal_margin_mm": 3.0, "interval_mm": None}

    assert caveats(lesion) == ["No interval was computed."]


RIGID = {"method": "deformable", "minimal_margin_rigid_mm": 2.4, "minimal_margin_deformable_mm": 4.0}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (RIGID, ["Rigid registration alone: 2.4 mm, outside of the interval: look at both.", "Thick."]),
        (
            {"method": "rigid", "minimal_margin_rigid_mm": 4.0, "minimal_margin_deformable_mm": 2.4},
            ["Deformable registration: 2.4 mm, outside of the interval: look at both.", "Thick."],
        ),
        (
            RIGID | {"minimal_margin_rigid_mm": 3.1},
            ["Thick.", "Rigid registration alone: 3.1 mm, inside of the interval."],
        ),
        (RIGID | {"minimal_margin_rigid_mm": None}, ["Thick."]),
        (RIGID | {"withheld": True}, ["Thick."]),
        (
            RIGID | {"method": "given"},
            ["Rigid registration alone: 2.4 mm, outside of the interval: look at both.", "Thick."],
        ),
        (RIGID | {"method": "given", "minimal_margin_deformable_mm": None}, ["Thick."]),
        ({}, ["Thick."]),
    ],
)
def test_the_margin_of_the_other_way_of_registering_is_always_told_and_comes_first_where_it_lies_outside(
    told: dict[str, Any], says: list[str]
) -> None:
    interval = {"level": 0.9, "low": 3.1, "high": 5.6, "calibrated": True}
    lesion = {"status": "measured", "minimal_margin_mm": 4.0, "interval_mm": interval, "registration": told,
              "flags": ["Thick."]}  # fmt: skip
    assert [one.replace("\u00a0", " ") for one in caveats(lesion)] == says


def test_the_margin_of_the_other_way_is_told_without_an_interval_and_is_never_among_those_left_out() -> None:
    lesion = {"status": "measured", "minimal_margin_mm": 4.0, "interval_mm": None, "registration": RIGID,
              "flags": ["A.", "B.", "C.", "D."]}  # fmt: skip
    told = [one.replace("\u00a0", " ") for one in caveats(lesion)]
    assert told == ["A.", "B.", "C.", "Rigid registration alone: 2.4 mm.", "2 more under Flags."]


@pytest.mark.parametrize(
    ("low", "high", "below", "says"),
    [
        (3.0, 5.5, 0.795, "Covered everywhere: the whole interval is above 0 mm. 5 mm, asked for by ACCLAIM, is within "
         "the interval; chance of 5 mm or more: 20.5 %."),
        (-1.0, 2.0, 1.0, "Within its error it may be covered everywhere or not: 0 mm is within the interval. 5 mm, "
         "asked for by ACCLAIM, is not reached: it lies above the whole interval; chance of 5 mm or more: < 1 %."),
        (0.0, 2.0, None, "Within its error it may be covered everywhere or not: 0 mm is within the interval. 5 mm, "
         "asked for by ACCLAIM, is not reached: it lies above the whole interval."),
        (-4.0, -1.0, 1.0, "Not covered everywhere: the whole interval is below 0 mm. 5 mm, asked for by ACCLAIM, is "
         "not reached: it lies above the whole interval; chance of 5 mm or more: < 1 %."),
        (5.0, 9.0, None, "Covered everywhere: the whole interval is above 0 mm. 5 mm, asked for by ACCLAIM, is reached "
         "by the whole interval."),
    ],
)  # fmt: skip
def test_the_reading_of_a_margin_is_made_of_interval_and_limits_alone(
    low: float, high: float, below: float | None, says: str
) -> None:
    lesion = {"interval_mm": {"level": 0.9, "low": low, "high": high}, "probability": {"below_5_mm": below}}
    assert reading(lesion).replace("\u00a0", " ") == says


@pytest.mark.parametrize(("share", "says"), [(0.0, "< 1 %"), (1.0, "> 99 %"), (0.004, "0.4 %"), (0.205, "20.5 %")])
def test_a_chance_that_no_draw_or_every_draw_tells_is_neither_none_nor_certain(share: float, says: str) -> None:
    assert chance(share).replace("\u00a0", " ") == says


def test_without_an_interval_nothing_is_read_into_a_margin() -> None:
    assert reading({"minimal_margin_mm": 4.0, "interval_mm": None, "probability": None}) == ""


def test_a_missing_number_has_the_reasons_that_speak_of_it() -> None:
    lesion = {"reasons": ["QAM-compatible margin: no border voxel", "no vessels were given: no lumen-neutral margin"]}

    assert reason_for_null(lesion, "lumen") == "No vessels were given: no lumen-neutral margin."
    assert reason_for_null(lesion, "depth").count(".") == 2
    assert reason_for_null({}) == "The result does not state why."


@pytest.mark.parametrize(
    "path",
    ["/home/somebody/P4711/tumor.nii.gz", "C:\\Users\\somebody\\tumor.seg.nrrd", "~/scans/x.mha",
     "\\\\server\\share\\x", "tumor_P4711.nii.gz", "/data", "../P4711/organ.nrrd"],
)  # fmt: skip
def test_no_path_passes(path: str) -> None:
    said = without_paths(f"The mask {path} has slices of 5 mm.")

    assert said == "The mask [file] has slices of 5 mm."


@pytest.mark.parametrize(
    "sentence",
    ["Cut by the field of view and/or the organ, at 5 mm/voxel.", "AJR 2014;203:W181; doi 10.2214/AJR.13.10747",
     "isotherm.margin/1", "2.5 to 0.8 mm", "see https://doi.org/10.2214/AJR.13.10747 there"],
)  # fmt: skip
def test_what_is_no_path_stays(sentence: str) -> None:
    assert without_paths(sentence) == sentence
