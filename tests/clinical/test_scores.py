"""The tumor burden score (Sasaki, Ann Surg 2018)."""

import math

import pytest

from isotherm.clinical.scores import TumorBurdenScore


@pytest.mark.parametrize(
    ("diameter_mm", "lesions", "score", "zone", "zone_range"),
    [
        (37.0, 1, 3.8327536, 2, "[3, 9)"),  # by hand: sqrt(3.7^2 + 1^2)
        (40.0, 3, 5.0, 2, "[3, 9)"),
        (20.0, 2, 2.8284271, 1, "< 3"),
        (10.0, 9, 9.0553851, 3, ">= 9"),
    ],
)
def test_the_score_is_the_distance_from_no_tumor_at_all(diameter_mm, lesions, score, zone, zone_range):
    tbs = TumorBurdenScore(diameter_mm, lesions, "imaging")
    assert tbs.value == pytest.approx(score, abs=1e-6)
    assert (tbs.zone, tbs.zone_range) == (zone, zone_range)


@pytest.mark.parametrize(("diameter_cm", "lesions", "threshold"), [(math.sqrt(8), 1, 3.0), (math.sqrt(80), 1, 9.0)])
def test_a_zone_begins_at_its_threshold(diameter_cm, lesions, threshold):
    below = TumorBurdenScore(diameter_cm * 10 - 0.01, lesions, "imaging")
    above = TumorBurdenScore(diameter_cm * 10 + 0.01, lesions, "imaging")
    assert below.value < threshold < above.value
    assert above.zone == below.zone + 1


def test_the_document_holds_what_a_reader_needs_to_check_it():
    document = TumorBurdenScore(37.0, 1, "imaging").document()
    assert document["formula"] == "sqrt(max_diameter_cm^2 + n_lesions^2)"
    assert document["basis"] == "imaging"
    assert "pathology" in document["note"]
    assert "10.1097/SLA.0000000000002064" in document["source"]
    assert TumorBurdenScore(37.0, 1, "pathology").document()["note"] == ""


@pytest.mark.parametrize(
    ("diameter_mm", "lesions", "basis"),
    [(0.0, 1, "imaging"), (math.nan, 1, "imaging"), (20.0, 0, "imaging"), (20.0, 1, "guess")],
)
def test_what_cannot_be_scored_is_refused(diameter_mm, lesions, basis):
    with pytest.raises(ValueError, match="came"):
        TumorBurdenScore(diameter_mm, lesions, basis)
