"""Mix-ups: masks that can be measured but are perhaps not what they are said to be. Told, never refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from isotherm.app.case import Case, Lesion
from isotherm.imaging.volume import Mask

_Flags = npt.NDArray[np.bool_]

RIM_MM = 5.0
"""How far around a lesion its zone is compared with it."""

STRAY = 0.01
"""A zone with at most this share outside of the tumor lies wholly within it: drawn edges are a little ragged."""

LARGER = 1.2
"""A tumor of this many times the volume of a zone within it is the larger one, beyond drawing noise."""


@dataclass(frozen=True, slots=True)
class MixUps:
    """What looks mixed up in a case: sentences about all of it, and the labels of lesions swapped with their zones."""

    warnings: tuple[str, ...]
    swapped: frozenset[str]


def find_mix_ups(case: Case) -> MixUps:
    """Look for one mask given twice, and for zones that lie wholly within a clearly larger tumor.

    A tumor that was ablated in its middle only looks swapped, so that this is no more than a reason to look again.
    """
    windows = [_window(lesion) for lesion in case.lesions]
    same: list[str] = []
    swapped: list[str] = []
    for lesion, window in zip(case.lesions, windows, strict=True):
        tumors, zones = _tumors_and_zones(case, windows, window)
        if (tumors == zones).all():
            same.append(lesion.label)
        elif _lies_within(zones, tumors, window.inside.ravel()):
            swapped.append(lesion.label)
    pairs = combinations(zip(case.lesions, windows, strict=True), 2)
    warnings = [
        f"Lesions {one.label} and {other.label} are the same mask, which counts twice: check which files were given as "
        "--tumor."
        for (one, a), (other, b) in pairs if _same_voxels(a, b)
    ]  # fmt: skip
    if same:
        warnings.append(
            f"Tumor and ablation are the same mask (lesion{'s' if len(same) > 1 else ''} {', '.join(same)}), whose "
            "margin to itself is 0: check which files were given as --tumor and as --ablation."
        )
    return MixUps(tuple(warnings), frozenset(swapped))


def _lies_within(zones: _Flags, tumors: _Flags, own: _Flags) -> bool:
    within, strays = int((zones & own).sum()), int((zones & ~tumors).sum())
    return within > 0 and strays <= STRAY * int(zones.sum()) and int(own.sum()) >= LARGER * within


def _window(lesion: Lesion) -> Mask:
    """Return a lesion's mask cut to the lesion and its rim; a tumor file may be a thousand times as large."""
    grid, box = lesion.mask.grid, lesion.mask.box()
    assert box is not None  # an empty tumor mask is refused when the case is made
    corners = grid.to_lps([[side.start for side in box], [side.stop - 1 for side in box]])
    return lesion.mask.near(corners, reach_mm=RIM_MM)


def _tumors_and_zones(case: Case, windows: Sequence[Mask], window: Mask) -> tuple[_Flags, _Flags]:
    """Return where in one lesion's window any tumor lies, and where any zone does, each shape (n,).

    Any tumor, since a neighbor that reaches into the rim with its zone is no sign of anything.
    """
    nodes = window.grid.to_lps(np.indices(window.grid.shape_kji).reshape(3, -1).T)
    tumors = np.any([one.holds(nodes) for one in windows], axis=0)
    return tumors, np.any([zone.holds(nodes) for zone in case.ablations], axis=0)


def _same_voxels(one: Mask, other: Mask) -> bool:
    inside = np.argwhere(one.inside)
    if len(inside) != int(other.inside.sum()) or not np.isclose(one.grid.voxel_volume_ml, other.grid.voxel_volume_ml):
        return False
    return bool(other.holds(one.grid.to_lps(inside)).all())
