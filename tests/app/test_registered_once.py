"""What tests share of a registration: the same content is registered once, and other content never gets its answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isotherm.app import registering
from isotherm.imaging.register import Registration
from isotherm.imaging.register_masks import Scan
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Grid, Mask, Volume
from tests.app.registered_once import kept, registered_once

GRID = Grid((4, 5, 6), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))


def scan(seed: int = 1, *, grid: Grid = GRID) -> Scan:
    voxels = np.random.default_rng(seed).integers(-100, 200, grid.shape_kji).astype(np.int16)
    return Scan(Volume(voxels, grid), lesion=Mask(voxels > 0, grid, "tumor"))


class Counted:
    """Stands for registering; counts how often it was really done."""

    __name__ = "register"

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, *told: Scan) -> Registration:
        self.times += 1
        way = Transform(displacement=Displacement(np.full((4, 5, 6, 3), self.times, dtype=np.float32), GRID))
        return Registration(way, way, way, way.with_error(1.5), np.full(3, float(self.times)))


def test_equal_content_is_registered_once_and_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    counted = Counted()
    asked = kept(counted, tmp_path)
    first, again = asked(scan(), scan(2)), asked(scan(), scan(2))
    assert counted.times == 1
    assert (
        first.deformable.displacement.vectors_lps_mm.tobytes() == again.deformable.displacement.vectors_lps_mm.tobytes()
    )
    assert again.deformable.error_mm == 1.5
    with pytest.raises(ValueError, match="read-only"):
        again.deformable.displacement.vectors_lps_mm[0] = 0.0


@pytest.mark.parametrize(
    "other",
    [
        scan(3),
        scan(grid=replace(GRID, origin_lps_mm=(0.0, 0.0, 1e-9))),
        scan(grid=replace(GRID, spacing_kji_mm=(1.0, 1.0, 1.5))),
        replace(scan(), lesion=None),
        replace(scan(), organ=scan().lesion),
        replace(scan(), image=Volume(scan().image.voxels.astype(np.float32), GRID)),
        replace(scan(), image=replace(scan().image, unit="MR")),
    ],
)
def test_whatever_differs_is_registered_anew(other: Any, tmp_path: Path) -> None:
    counted = Counted()
    asked = kept(counted, tmp_path)
    asked(scan(), scan(2))
    asked(other, scan(2))
    asked(scan(2), scan())
    assert counted.times == 3


def test_the_app_registers_as_ever_once_the_block_is_over(tmp_path: Path) -> None:
    own = registering.register
    with registered_once(tmp_path / "kept"):
        assert registering.register is not own
    assert registering.register is own
