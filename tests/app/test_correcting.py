"""A corrected mask says from what, by which strokes, by whom, when and why; what is no stroke is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.app.correcting import (
    Correction,
    Signature,
    changed_ml,
    corrected_mask,
    corrected_pair,
    corrections_document,
    fingerprint,
)
from isotherm.errors import BadSetting, BadStroke
from isotherm.exchange.correction_files import stroke_document, strokes_of
from isotherm.imaging.brush import MOST_STROKES, Stroke
from isotherm.imaging.volume import Mask
from tests.app.on_disk import GRID, MIDDLE, ball
from tests.app.pair_in_memory import THIN, pair, stroke

NOW = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)
SIGNED = Signature("A. Reader", "the zone was drawn over a vessel", NOW)
DAB: dict[str, Any] = {"does": "add", "points_lps_mm": [[0.0, 0.0, 120.0]], "radius_mm": 3.0}


def test_corrections_tell_from_what_to_what_by_whom_when_and_why() -> None:
    correction = Correction("ablation", 0, (THIN,))
    document = corrections_document(pair(), [correction], SIGNED)
    (one,) = document["corrections"]
    assert (document["by"], document["why"], document["at"]) == (SIGNED.by, SIGNED.why, "2026-11-26T06:30:00+00:00")
    assert one["from"] == fingerprint(pair().ablations[0])
    assert one["to"] == fingerprint(corrected_mask(pair(), correction))
    assert one["erased_ml"] > 0.0 == one["added_ml"]


def test_the_strokes_that_are_kept_make_the_same_mask_again() -> None:
    correction = Correction("tumor", 0, (stroke(MIDDLE, does="add", radius_mm=6.0),))
    (one,) = corrections_document(pair(), [correction], SIGNED)["corrections"]
    again = Correction("tumor", 0, strokes_of(one["strokes"]))
    assert fingerprint(corrected_mask(pair(), again)) == one["to"]


def test_a_corrected_input_tells_its_new_volume_and_a_warning_says_so() -> None:
    found = corrected_pair(pair(), [Correction("ablation", 0, (THIN,))])
    volumes = {one.role: one.volume_ml for one in found.inputs}
    assert volumes["ablation"] == found.ablations[0].volume_ml < pair().ablations[0].volume_ml
    assert volumes["tumor"] == pair().lesions[0].mask.volume_ml
    (warning,) = found.warnings
    assert warning.startswith("The ablation zone was corrected by hand: 1 stroke, nothing added and ")
    assert "-0" not in str(changed_ml(pair().ablations[0], pair().ablations[0]))


def test_a_correction_without_strokes_is_none() -> None:
    found = corrected_pair(pair(), [Correction("ablation", 0, ())])
    assert found.warnings == ()
    assert corrections_document(pair(), [Correction("ablation", 0, ())], SIGNED)["corrections"] == []


def test_what_is_not_added_or_not_erased_is_zero_and_never_minus_zero() -> None:
    mask = pair().ablations[0]
    assert str(changed_ml(mask, mask)) == "(0.0, 0.0)"


def test_volumes_added_and_erased_do_not_hide_each_other() -> None:
    before, after = Mask(ball(MIDDLE, 5.0), GRID, "tumor"), Mask(ball((3.0, 0.0, 120.0), 5.0), GRID, "tumor")
    added, erased = changed_ml(before, after)
    assert added == pytest.approx(erased, rel=0.02)
    assert added - erased == pytest.approx(after.volume_ml - before.volume_ml, abs=1e-6)


def test_a_fingerprint_is_of_what_a_mask_holds_and_where_whatever_is_around() -> None:
    mask = Mask(ball(MIDDLE, 5.0), GRID, "tumor")
    assert fingerprint(mask) == fingerprint(mask.windowed((-3, -3, -3), (50, 50, 50)))
    assert fingerprint(mask) != fingerprint(Mask(np.roll(mask.voxels, 1, axis=0), GRID, "tumor"))


@pytest.mark.parametrize("by", ["", "  ", "two\nlines", "x" * 201])
def test_nobody_corrects_without_a_name_and_a_reason(by: str) -> None:
    with pytest.raises(BadSetting, match="who corrects"):
        Signature(by, "a reason", NOW)
    with pytest.raises(BadSetting, match="why"):
        Signature("A. Reader", by, NOW)


@given(st.lists(st.tuples(*[st.floats(-100.0, 100.0)] * 3), min_size=1, max_size=5), st.floats(0.3, 30.0))
def test_a_stroke_comes_back_from_json_to_a_thousandth_of_a_mm(
    points: list[tuple[float, float, float]], radius_mm: float
) -> None:
    one = Stroke("erase", np.array(points), radius_mm, (0.0, 0.6, 0.8))
    (back,) = strokes_of([stroke_document(one)])
    assert back.points_lps_mm == pytest.approx(one.points_lps_mm, abs=5.1e-4)
    assert (back.does, back.radius_mm) == (one.does, one.radius_mm)
    assert back.normal_lps == pytest.approx(one.normal_lps)


@pytest.mark.parametrize("told", [
    None, "strokes", 7, {"does": "add"}, [None], ["add"], [{}], [DAB | {"does": "paint"}], [DAB | {"does": None}],
    [DAB | {"radius_mm": "3"}], [DAB | {"radius_mm": True}], [DAB | {"radius_mm": None}],
    [DAB | {"radius_mm": 10**400}],
    [DAB | {"points_lps_mm": "abc"}], [DAB | {"points_lps_mm": [[0, 0]]}], [DAB | {"points_lps_mm": {}}],
    [DAB | {"points_lps_mm": [[0, 0, 0], [0, 0]]}], [DAB | {"points_lps_mm": [[float("nan"), 0, 0]]}],
    [DAB | {"normal_lps": [0, 0]}], [DAB | {"normal_lps": 3}], [DAB | {"normal_lps": "abc"}], [DAB | {"file": "/etc"}],
    [DAB] * (MOST_STROKES + 1),
])  # fmt: skip
def test_whatever_is_no_list_of_strokes_is_refused(told: object) -> None:
    with pytest.raises(BadStroke):
        strokes_of(told)
