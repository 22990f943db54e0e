"""Two patients, or a scan after ablation that is older than the one before, are asked about; nobody is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from isotherm.errors import PairInDoubt
from isotherm.exchange.origin import Origin, check_pair

BEFORE = Origin("MRN-1", "doe jane", "1.2", date(2024, 1, 2), datetime(2024, 1, 2, 9, 0), "CT", "1.2.9")  # noqa: DTZ001
AFTER = replace(BEFORE, study_uid="1.3", day=date(2024, 1, 3), taken=datetime(2024, 1, 3, 9, 0), frame_uid="1.3.9")  # noqa: DTZ001
DRAWN = replace(BEFORE, modality="SEG", taken=None)


def test_one_patient_in_order_passes_with_a_word_on_the_frames() -> None:
    (told,) = check_pair([BEFORE, DRAWN], [AFTER])
    assert "different frames of reference" in told


def test_one_frame_is_no_registration() -> None:
    (told,) = check_pair([BEFORE], [replace(AFTER, frame_uid=BEFORE.frame_uid)])
    assert "is not a registration" in told


def test_nothing_known_asks_nothing() -> None:
    assert check_pair([], []) == ()
    assert check_pair([replace(BEFORE, patient_id="", day=None, taken=None, frame_uid="")], []) == ()


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (replace(AFTER, patient_id="MRN-2"), "2 different patient IDs: are they of one patient"),
        (replace(AFTER, day=date(2023, 12, 24), taken=None), "9 days older"),
        (replace(AFTER, day=BEFORE.day, taken=datetime(2024, 1, 2, 8, 0)), "taken earlier"),  # noqa: DTZ001
    ],
)
def test_a_doubt_is_a_question_until_it_is_confirmed(after: Origin, says: str) -> None:
    with pytest.raises(PairInDoubt, match=says) as caught:
        check_pair([BEFORE], [after])
    assert "--confirm-pair" in str(caught.value)
    assert not any(value in str(caught.value) for value in ("MRN", "doe", "2024", "2023"))
    told = check_pair([BEFORE], [after], confirmed=True)
    assert says in told[0]
    assert "it was confirmed" in told[0]


def test_names_are_compared_only_where_there_are_no_ids() -> None:
    other = replace(AFTER, patient_name="roe rick")
    assert not any("patient" in told for told in check_pair([BEFORE], [other]))
    with pytest.raises(PairInDoubt, match="different patient names"):
        check_pair([replace(BEFORE, patient_id="")], [replace(other, patient_id="")])


def test_a_strange_modality_is_asked_about() -> None:
    assert any("modality US" in told for told in check_pair([replace(BEFORE, modality="US")], [AFTER]))


def test_an_origin_does_not_show_whom_it_is_of() -> None:
    assert not any(value in repr(BEFORE) for value in ("MRN", "doe", "2024"))
