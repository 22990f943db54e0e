"""Mix-ups: masks that can be measured but are perhaps not what they are said to be. Told, never refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.app.case import Case, Lesion
from isotherm.imaging.parts import TOUCHING
from isotherm.imaging.volume import Mask

RIND = 0.6
"""A zone that lies around this share of a tumor, and not in it, was drawn around the tumor."""

_Flags = npt.NDArray[np.bool_]

RIM_MM = 5.0
"""How far around a lesion its zone is compared with it."""

STRAY = 0.01
"""A zone with at most this share outside of the tumor lies wholly within it: drawn edges are a little ragged."""

LARGER = 1.2
"""A tumor of this many times the volume of a zone within it is the larger one, beyond drawing noise."""


@dataclass(frozen=True, slots=True)
class MixUps:
    """What looks mixed up in a case.

    Parameters
    ----------
    warnings : tuple of str
        Sentences about all of the case.
    flags : dict
        Sentences about single lesions, by label.
    """

    warnings: tuple[str, ...]
    flags: dict[str, list[str]]


def find_mix_ups(case: Case) -> MixUps:
    """Look for one mask given twice, for lesions swapped with their zones, and for zones that leave the tumor out.

    A tumor that was ablated in its middle only looks swapped, and a zone may truly have a hole: these are reasons to
    look again, and no more.
    """
    windows = [_window(lesion) for lesion in case.lesions]
    same: list[str] = []
    flags: dict[str, list[str]] = {lesion.label: [] for lesion in case.lesions}
    for lesion, window in zip(case.lesions, windows, strict=True):
        tumors, zones = _tumors_and_zones(case, windows, window)
        if (tumors == zones).all():
            same.append(lesion.label)
        elif _lies_within(zones, tumors, window.inside):
            flags[lesion.label].append(
                "the ablation zone lies wholly within the larger tumor: check that tumor and zone, and the scans "
                "before and after, are not swapped"
            )
        elif left_out := _left_out(zones, window.inside):
            flags[lesion.label].append(
                f"the ablation zone leaves out {left_out * window.grid.voxel_volume_ml:.2f} mL of the tumor's inside, "
                "which counts as residual: check that it was not drawn around the tumor"
            )
    pairs = combinations(zip(case.lesions, windows, strict=True), 2)
    warnings = [
        f"Lesions {one.label} and {other.label} are the same mask, which counts twice: check which files were given as "
        "tumors."
        for (one, a), (other, b) in pairs if _same_voxels(a, b)
    ]  # fmt: skip
    if same:
        warnings.append(
            f"Tumor and ablation are the same mask (lesion{'s' if len(same) > 1 else ''} {', '.join(same)}), whose "
            "margin to itself is 0: check which file was given as the tumor and which as the ablation zone."
        )
    return MixUps(tuple(warnings), flags)


def _lies_within(zones: _Flags, tumors: _Flags, own: _Flags) -> bool:
    within, strays = int((zones & own).sum()), int((zones & ~tumors).sum())
    return within > 0 and strays <= STRAY * int(zones.sum()) and int(own.sum()) >= LARGER * within


def _left_out(zones: _Flags, own: _Flags) -> int:
    """Return how many voxels of a tumor lie in holes of its zone; all that are untreated where the zone is a rind."""
    rim = ndimage.binary_dilation(own, structure=TOUCHING) & ~own
    untreated = own & ~zones
    if (zones & rim).sum() >= RIND * rim.sum() and (zones & own).sum() <= (1.0 - RIND) * own.sum():
        return int(untreated.sum())
    return int((untreated & ndimage.binary_fill_holes(zones)).sum())


def _window(lesion: Lesion) -> Mask:
    """Return a lesion's mask cut to the lesion and its rim; a tumor file may be a thousand times as large."""
    grid, box = lesion.mask.grid, lesion.mask.box()
    assert box is not None  # an empty tumor mask is refused when the case is made
    corners = grid.to_lps([[side.start for side in box], [side.stop - 1 for side in box]])
    return lesion.mask.near(corners, reach_mm=RIM_MM)


def _tumors_and_zones(case: Case, windows: Sequence[Mask], window: Mask) -> tuple[_Flags, _Flags]:
    """Return where in one lesion's window any tumor lies, and where any zone does, each shape (k, j, i).

    Any tumor, since a neighbor that reaches into the rim with its zone is no sign of anything.
    """
    shape, nodes = window.grid.shape_kji, window.grid.centers_lps_mm()
    tumors = np.any([one.holds(nodes) for one in windows], axis=0)
    zones = np.any([zone.holds(nodes) for zone in case.ablations], axis=0)
    for scar in case.old_scars:
        zones &= ~scar.holds(nodes)
    return tumors.reshape(shape), zones.reshape(shape)


def _same_voxels(one: Mask, other: Mask) -> bool:
    inside = np.argwhere(one.inside)
    if len(inside) != int(other.inside.sum()) or not np.isclose(one.grid.voxel_volume_ml, other.grid.voxel_volume_ml):
        return False
    return bool(other.holds(one.grid.to_lps(inside)).all())
