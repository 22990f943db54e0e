"""A small pair in memory: a tumor in its zone in an organ, on even scans; a transform that is given lays it."""

from __future__ import annotations

import numpy as np

from isotherm.app.assess_pair import PairAssessment, assess_pair
from isotherm.app.case import Lesion
from isotherm.app.kept import Kept
from isotherm.app.pair import Pair
from isotherm.app.reading import Input
from isotherm.app.registering import Choice
from isotherm.app.settings import UNTOLD, Settings
from isotherm.imaging.brush import Does, Stroke
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Mask, Volume
from tests.app.on_disk import GRID, MIDDLE, ball

SHIFT = (-2.0, 0.0, 0.0)
"""From a place after to the same one before, mm."""

AFTER = (2.0, 0.0, 120.0)
"""Middle of the tumor on the scan after."""

ZONE = (2.0, 0.0, 121.0)

SETTINGS = Settings(samples=100)

FAR = Transform(translation_mm=np.array([-2.0, 0.0, -12.0]), error_mm=9.0)
"""A registration that no gate lets pass."""


def swayed() -> Transform:
    """The shift everywhere, written as a deformation."""
    vectors = np.broadcast_to(np.array(SHIFT, dtype=np.float32), (*GRID.shape_kji, 3))
    return Transform(displacement=Displacement(vectors, GRID), error_mm=1.0)


def pair() -> Pair:
    """Scans that look alike however they lie, so that nothing but what is drawn is judged."""
    before, after = (Volume(np.full(GRID.shape_kji, hu, dtype=np.int16), GRID) for hu in (40, 60))
    whole = np.zeros(GRID.shape_kji, dtype=bool)
    whole[2:-2, 2:-2, 2:-2] = True
    tumor, zone = Mask(ball(MIDDLE, 5.0), GRID, "tumor"), Mask(ball(ZONE, 10.0), GRID, "ablation")
    inputs = tuple(Input(role, None, None, GRID, mask.volume_ml, False, False)
                   for role, mask in (("tumor", tumor), ("ablation", zone)))  # fmt: skip
    return Pair(before, after, (Lesion("1", None, tumor),), (zone,), Mask(whole, GRID, "organ"), inputs=inputs)


def assessed(scans: Pair | None = None, *, way: Transform | None = None) -> PairAssessment:
    """The pair, or a corrected one, as it is measured."""
    return assess_pair(scans or pair(), Choice("given", way or swayed()), SETTINGS, UNTOLD)


def measured_pair(way: Transform | None = None) -> Kept:
    """What is kept of the pair."""
    return Kept.of(pair(), SETTINGS, assessed(way=way))


def stroke(place: tuple[float, float, float], *, does: Does = "erase", radius_mm: float = 4.0) -> Stroke:
    """One dab of the brush, a ball."""
    return Stroke(does, np.array([place]), radius_mm)


THIN = stroke((2.0, 0.0, 110.0))
"""Takes away the zone where it is thinnest, and more of it."""
