"""The palette keeps its order and its differences for every eye and on every printer."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from isotherm.app.palette import CLASSES, NAME, NOT_ASSESSABLE, class_index, rgb

# Machado GM, Oliveira MM, Fernandes LA. IEEE Trans Vis Comput Graph 2009;15:1291-1298, severity 1.0, on linear RGB.
SEEN_BY = {
    "everybody": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                            [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip

FAR_APART = 18.0
"""CIEDE2000; 1 is just noticeable, side by side."""


def lab(colors: list[str], matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    encoded = np.array([rgb(color) for color in colors]) / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ matrix.T, 0.0, 1.0)
    back = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1.0 / 2.4) - 0.055)
    return np.asarray(rgb2lab(back[None])[0])


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_every_two_classes_are_far_apart(eyes: str) -> None:
    seen = lab([one.color for one in CLASSES], SEEN_BY[eyes])

    for first, second in itertools.combinations(seen, 2):
        assert deltaE_ciede2000(first, second) > FAR_APART


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_lightness_grows_with_the_margin(eyes: str) -> None:
    lightness = lab([one.color for one in CLASSES], SEEN_BY[eyes])[:, 0]

    assert (np.diff(lightness) > 12.0).all()


def test_writing_on_a_class_can_be_read() -> None:
    for one in CLASSES:
        under, over = lab([one.color, one.on_color], np.eye(3))[:, 0]
        assert abs(over - under) > 40.0


def test_what_is_not_assessable_has_no_color_of_a_class() -> None:
    gray, *classes = lab([NOT_ASSESSABLE, *(one.color for one in CLASSES)], np.eye(3))

    assert all(deltaE_ciede2000(gray, one) > FAR_APART for one in classes)


@pytest.mark.parametrize(
    ("margin_mm", "label"),
    [(-0.001, "below 0 mm"), (0.0, "0 to 5 mm"), (4.999, "0 to 5 mm"), (5.0, "5 to 10 mm"), (9.999, "5 to 10 mm"),
     (10.0, "10 mm or more"), (80.0, "10 mm or more")],
)  # fmt: skip
def test_an_end_belongs_to_the_class_above(margin_mm: float, label: str) -> None:
    assert CLASSES[int(class_index(margin_mm))].label == label


def test_the_palette_has_a_name() -> None:
    assert NAME == "Ember"
