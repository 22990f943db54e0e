"""Says where an outline has leaked to, and refuses it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.errors import OutlineLeaks
from isotherm.imaging.geometry import Float, direction_words
from isotherm.imaging.outline_start import Levels, Room, Seeds

Bools = npt.NDArray[np.bool_]

END_MM = 1.5
"""An outline this near to the end of what was searched is taken to go on."""

BEYOND_MM, BEYOND_SHARE = 4.0, 0.3
"""How far an outline may reach beyond the ends of a line, in mm or as a share of its length, whichever is more."""

MOST_VOLUMES = 2.2
"""Largest volume, as a multiple of the ball whose diameter is the longest line."""

BESIDE_MM, ODD_CONTRAST, MOST_ODD = (2.5, 4.5), 0.6, 0.2
"""Where around an outline neighbors are looked at, by which share of the contrast one is odd, and how many may be.

On phantoms a vessel that touches makes 4 to 11 % odd, a capsule that cuts the lesion 34 to 50 %.
"""

MOST_AT_CAPSULE = 0.6
"""Largest share of the surface that may be the organ's own."""


def refuse_leaks(room: Room, seeds: Seeds, inside: Bools) -> None:
    """Refuse an outline that runs on to where nobody pointed, and say where it went.

    Raises
    ------
    OutlineLeaks
    """
    _to_the_end(room, seeds, inside)
    for line, length in zip(seeds.lines_lps_mm, seeds.lengths_mm, strict=True):
        _beyond_the_line(room, line, length, inside)
    if seeds.lines_lps_mm:
        ball_ml = math.pi / 6.0 * max(seeds.lengths_mm) ** 3 / 1000.0
        volume_ml = float(inside.sum()) * room.grid.voxel_volume_ml
        if volume_ml > MOST_VOLUMES * ball_ml:
            raise OutlineLeaks(
                f"The outline leaks: it holds {volume_ml:.1f} mL, and a ball as wide as the line {ball_ml:.1f} mL; "
                "give a line across the longest diameter, or draw it by hand."
            )
    _along_the_organ(room, inside)


def refuse_odd_neighbors(room: Room, levels: Levels, level_mm: Float) -> None:
    """Refuse, where no organ was given, a lesion beside something else than its surroundings: wall, fat, lung or gut.

    Nothing tells where a lesion under the capsule ends and the wall of the body begins.

    Raises
    ------
    OutlineLeaks
    """
    beside = (level_mm < -BESIDE_MM[0]) & (level_mm > -BESIDE_MM[1]) & room.known
    odd = np.abs(room.calm - levels.outside) > max(3.0 * levels.spread, ODD_CONTRAST * abs(levels.contrast))
    share = float(odd[beside].mean()) if beside.any() else 1.0
    if share > MOST_ODD:
        raise OutlineLeaks(
            f"{share:.0%} of what lies around the outline is unlike the lesion's surroundings (wall, fat, gut, large "
            "vessels), and nothing tells where the lesion ends there; give --organ, or draw it by hand."
        )


def _to_the_end(room: Room, seeds: Seeds, inside: Bools) -> None:
    """Refuse what touches the end of what was searched, or of the image."""
    end = inside & (room.away_mm > room.reach_mm - END_MM)
    if end.any():
        raise OutlineLeaks(
            f"The outline leaks {_way(room, seeds, end)}, to the end of the {room.reach_mm:.0f} mm that were searched; "
            + ("draw the line longer, " if seeds.lines_lps_mm else "give a --line across the lesion, ")
            + "give --organ, or draw it by hand."
        )
    end = inside & ndimage.binary_dilation(~room.known)
    if end.any():
        raise OutlineLeaks(
            f"The outline runs {_way(room, seeds, end)} to where the image ends; a lesion that is cut off there cannot "
            "be measured: give an image that holds it whole."
        )


def _beyond_the_line(room: Room, line: Float, length_mm: float, inside: Bools) -> None:
    along = (line[1] - line[0]) / length_mm
    reach = (room.grid.to_lps(np.argwhere(inside)) - line[0]) @ along
    most = max(BEYOND_MM, BEYOND_SHARE * length_mm)
    for beyond, way in ((-float(reach.min()), -along), (float(reach.max()) - length_mm, along)):
        if beyond > most:
            raise OutlineLeaks(
                f"The outline leaks to {direction_words(way)}: it reaches {beyond:.0f} mm beyond the end of the line; "
                "give a line across the whole lesion, or draw it by hand."
            )


def _along_the_organ(room: Room, inside: Bools) -> None:
    skin = inside & ~ndimage.binary_erosion(inside)
    at_edge = skin & ndimage.binary_dilation(~room.organ)
    if at_edge.sum() > MOST_AT_CAPSULE * skin.sum():
        raise OutlineLeaks(
            f"The outline leaks to the organ's edge: {at_edge.sum() / skin.sum():.0%} of its surface lies there; give "
            "a seed deeper in the lesion, or draw it by hand."
        )


def _way(room: Room, seeds: Seeds, end: Bools) -> str:
    place = room.grid.to_lps(np.argwhere(end)).mean(axis=0)
    return f"to {direction_words(place - seeds.center_lps_mm)}"
