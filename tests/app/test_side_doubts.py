"""Whether scans look swapped, or are one image: what was asked of a pair and confirmed is found in its result."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from isotherm.app.pair import TWO_ASKED
from isotherm.app.side_doubts import side_doubt
from isotherm.exchange.origin import Origin, check_pair
from tests.app.pair_in_memory import assessed, pair

WELL = {"status": "measured", "tumor_volume_ml": 4.0, "ablation_volume_ml": 12.0, "residual_volume_ml": 0.0}


def of_day(day: int) -> Origin:
    return Origin("P", "", "", date(2025, 1, day), None, "CT", "")


def test_a_scan_after_that_is_older_than_the_one_before_is_in_doubt_in_the_result() -> None:
    confirmed = replace(pair(), warnings=check_pair([of_day(9)], [of_day(2)], confirmed=True))
    document = assessed(confirmed).assessment.document

    assert side_doubt(document["lesions"][0], document["warnings"]) == (
        "the study after ablation is 7 days older than the one before"
    )
    in_order = replace(pair(), warnings=check_pair([of_day(2)], [of_day(9)], confirmed=True))
    document = assessed(in_order).assessment.document
    assert side_doubt(document["lesions"][0], document["warnings"]) == ""


@pytest.mark.parametrize(("lesion", "warning", "says"), [
    (WELL, f"The scans are the same image (what is drawn): {TWO_ASKED}; it was confirmed.",
     "the scans are the same image"),
    (WELL, "The DICOM objects carry 2 different patient names: are they of one patient; it was confirmed.", ""),
    (WELL | {"ablation_volume_ml": 3.0}, f"The scans are the same image: {TWO_ASKED}; it was confirmed.",
     "the scans are the same image and the ablation zone is smaller than the tumor"),
    (WELL, "The ablation zone was corrected by hand: 1 stroke.", ""),
])  # fmt: skip
def test_one_image_given_twice_and_sizes_of_swapped_scans_are_in_doubt_and_nothing_else_is(
    lesion: dict[str, object], warning: str, says: str
) -> None:
    assert side_doubt(lesion, [warning]) == says
