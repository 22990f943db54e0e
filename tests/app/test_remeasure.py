"""Measured anew after strokes: the quick and the full result, each the number that the same masks have elsewhere."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from isotherm.app.case import Lesion
from isotherm.app.correcting import Correction, Of, corrected_pair
from isotherm.app.document import margin_document
from isotherm.app.kept import Kept, keep, kept_in
from isotherm.app.remeasure import quick_case, quick_margin
from isotherm.app.settings import UNTOLD
from isotherm.app.tasks import assess_margin
from isotherm.errors import BadStroke, EmptyMask, UnreadableFile
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Mask
from tests.app.on_disk import GRID, ball
from tests.app.pair_in_memory import (
    AFTER,
    FAR,
    MIDDLE,
    SETTINGS,
    SHIFT,
    THIN,
    assessed,
    measured_pair,
    pair,
    stroke,
    swayed,
)

TOLD = ("status", "minimal_margin_mm", "interval_mm", "probability", "thinnest_point_lps_mm")


@cache
def kept() -> Kept:
    return measured_pair()


def told(*corrections: Correction) -> dict[str, object]:
    found = margin_document("1", quick_margin(kept(), corrections, 0))
    return {name: found[name] for name in TOLD}


@cache
def original() -> dict[str, object]:
    (lesion,) = assessed().assessment.document["lesions"]
    return {name: lesion[name] for name in TOLD}


def test_without_a_stroke_the_quick_result_is_the_full_one_to_the_last_digit() -> None:
    assert told() == original()


def test_undoing_every_stroke_gives_the_number_before() -> None:
    assert told(Correction("ablation", 0, (THIN,))) != original()
    assert told(Correction("ablation", 0, ())) == original()


def test_the_quick_margin_and_interval_are_those_of_the_whole_measurement_of_the_same_case() -> None:
    corrections = (Correction("ablation", 0, (THIN,)),)
    case = quick_case(kept(), corrections)
    (lesion,) = assess_margin(case, kept().settings).document["lesions"]
    assert told(*corrections) == {name: lesion[name] for name in TOLD}


def test_less_zone_where_it_was_thinnest_lowers_the_margin_by_what_was_taken() -> None:
    start, found = original()["minimal_margin_mm"], told(Correction("ablation", 0, (THIN,)))["minimal_margin_mm"]
    assert isinstance(start, float)
    assert isinstance(found, float)
    # Zone and tumor end at 111 and 115 mm; the dab reaches to 114 mm.
    assert (start, found) == (pytest.approx(4.0, abs=0.3), pytest.approx(1.0, abs=0.4))


def test_a_stroke_on_the_tumor_goes_back_to_the_scan_before() -> None:
    one = Correction.seen_after("tumor", 0, [stroke((7.0, 0.0, 120.0), does="add", radius_mm=2.0)], kept().registered)
    assert one.strokes[0].points_lps_mm[0] == pytest.approx(np.add((7.0, 0.0, 120.0), SHIFT))
    case = quick_case(kept(), [one])
    reach = case.lesions[0].outline.boundary.reshape(-1, 3)[:, 0].max()  # pyright: ignore[reportOptionalMemberAccess]
    assert reach == pytest.approx(9.0, abs=0.6)
    # The dab reaches to 2.9 mm from the zone's edge, and its voxels half a mm farther.
    assert told(one)["minimal_margin_mm"] == pytest.approx(2.6, abs=0.5)


def test_a_stroke_on_the_zone_stays_on_the_scan_after() -> None:
    one = Correction.seen_after("ablation", 0, [THIN], kept().registered)
    assert one.strokes == (THIN,)


@pytest.mark.parametrize("of", ["ablation", "tumor"])
def test_the_full_result_of_a_transform_that_is_given_is_the_quick_one(of: Of) -> None:
    correction = Correction(of, 0, (THIN if of == "ablation" else stroke(MIDDLE, does="add", radius_mm=5.5),))
    document = assessed(corrected_pair(pair(), [correction])).assessment.document
    (lesion,) = document["lesions"]
    assert told(correction) == {name: lesion[name] for name in TOLD}
    assert any("corrected by hand: 1 stroke" in one for one in document["warnings"])


def test_a_zone_erased_whole_is_a_result_and_a_tumor_erased_whole_is_refused() -> None:
    gone = Correction("ablation", 0, (stroke((2.0, 0.0, 121.0), radius_mm=15.0),))
    assert told(gone)["status"] == "not_ablated"
    with pytest.raises(EmptyMask):
        quick_margin(kept(), [Correction("tumor", 0, (stroke(MIDDLE, radius_mm=9.0),))], 0)


@pytest.mark.parametrize("number", [-1, 1])
def test_a_mask_that_is_not_there_is_refused(number: int) -> None:
    with pytest.raises(BadStroke, match="not there"):
        quick_margin(kept(), [Correction("ablation", number, (THIN,))], 0)
    with pytest.raises(BadStroke, match="not there"):
        Correction.seen_after("tumor", number, [THIN], kept().registered)


def test_where_the_registration_failed_no_margin_is_told_after_a_stroke_either() -> None:
    far = measured_pair(FAR)
    found = quick_margin(far, [Correction("ablation", 0, (THIN,))], 0)
    assert (found.status, found.margin, found.interval) == ("withheld", None, None)


def test_the_masks_as_drawn_are_not_touched() -> None:
    before = kept().pair.ablations[0].voxels.copy()
    told(Correction("ablation", 0, (THIN,)))
    assert np.array_equal(kept().pair.ablations[0].voxels, before)
    assert AFTER == tuple(np.subtract(MIDDLE, SHIFT))
    assert not swayed().is_rigid


@pytest.mark.parametrize("way", [None, FAR])
def test_what_was_kept_in_a_folder_measures_the_same_after_a_restart(way: Transform | None, tmp_path: Path) -> None:
    first = measured_pair(way)
    keep(tmp_path, first.registered)
    back = kept_in(tmp_path, pair(), SETTINGS, UNTOLD)
    correction = Correction("ablation", 0, (THIN,))
    told_first, told_back = (margin_document("1", quick_margin(one, [correction], 0)) for one in (first, back))
    assert told_back == told_first
    assert back.registered[0].quality == first.registered[0].quality
    assert back.registered[0].used.error_mm == first.registered[0].used.error_mm


def test_what_was_kept_of_other_lesions_or_not_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="measure the pair again"):
        kept_in(tmp_path, pair(), SETTINGS, UNTOLD)
    keep(tmp_path, measured_pair().registered)
    other = replace(pair(), lesions=(Lesion("7", None, pair().lesions[0].mask),))
    with pytest.raises(UnreadableFile, match="other lesions"):
        kept_in(tmp_path, other, SETTINGS, UNTOLD)
    (tmp_path / "kept" / "kept.json").write_text('{"lesions": 3}')
    with pytest.raises(UnreadableFile, match="measure the pair again"):
        kept_in(tmp_path, pair(), SETTINGS, UNTOLD)


def test_each_of_several_lesions_has_its_own_numbers_after_a_stroke_as_in_full() -> None:
    drawn = pair()
    other = Mask(ball((10.0, 0.0, 121.0), 3.0), GRID, "tumor")
    two = replace(drawn, lesions=(*drawn.lesions, Lesion("2", None, other)))
    both = Kept.of(two, SETTINGS, assessed(two))
    correction = Correction("ablation", 0, (THIN,))
    document = assessed(corrected_pair(two, [correction])).assessment.document
    for number, lesion in enumerate(document["lesions"]):
        found = margin_document(lesion["label"], quick_margin(both, [correction], number))
        assert {name: found[name] for name in TOLD} == {name: lesion[name] for name in TOLD}
