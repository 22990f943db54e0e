"""Synthetic Data: what a DICOM series says of itself is taken over when it is read, and nothing is made of nonsense."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from isotherm.exchange.dicom_item import quietly
from isotherm.exchange.dicom_source import read_source
from isotherm.exchange.image_files import read_volume
from tests.exchange.made_up_dicom import as_series

HU = np.zeros((5, 10, 12), dtype=np.int16)


@pytest.mark.parametrize(("said", "is_simulated"), [
    (None, False), ("", False), ("NO", False), ("YES", True), ("yes", True), (["YES", "NO"], False),
    ("YES, PARTLY", False),
])  # fmt: skip
def test_one_slice_that_was_made_is_enough_and_only_yes_is_yes(
    tmp_path: Path, said: object, is_simulated: bool
) -> None:
    def change(dataset: Dataset, k: int) -> None:
        if k == 2 and said is not None:
            dataset.SyntheticData = said

    with quietly():  # some of it is no value of this type
        folder = str(as_series(tmp_path / "ct", HU, change=change))
    assert read_volume(folder).simulated is is_simulated
    assert read_source(folder).simulated is is_simulated
