"""Both scans of a pair side by side, each in its own frame, for a person who points at the same places in both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from isotherm.app.choosing import nudge_of
from isotherm.app.pair import Pair
from isotherm.app.registering import Registered
from isotherm.app.report import described
from isotherm.app.report_viewer import RAS, Layer, image_layer, outline_layer
from isotherm.imaging.geometry import Float
from isotherm.imaging.parts import Parts
from isotherm.imaging.register_tumor import points_in
from isotherm.imaging.surface import Region, Surface, field_of
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Grid, Mask, Volume

REACH_MM, SPACING_MM = 70.0, 1.0
"""How much of a scan is shown around the lesion, and its voxels: places a person can point at, a few MB of images."""

TUMOR, ZONE = "#ffb000", "#ffffff"

ZONE_REACH_MM = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """How the tumor lies on the scan after, as far as that is known.

    Parameters
    ----------
    used, rigid : Transform
        After to before.
    outline : Region
        The tumor on the scan after.
    """

    used: Transform
    rigid: Transform
    outline: Region

    @classmethod
    def of(cls, one: Registered) -> Laid:
        """Return it as it was registered."""
        return cls(one.used, one.rigid, one.outline)

    def turns_about_lps_mm(self, nudge: str | None) -> Float:
        """Return the point of the scan after that a nudge turns about; `nudge` is what is in it of an earlier one."""
        shift, _ = nudge_of(nudge)
        return Surface.from_corners(self.outline.boundary).points_lps_mm.mean(axis=0) - np.array(shift)

    @classmethod
    def unknown(cls, pair: Pair, number: int) -> Laid:
        """Return the tumor laid into the middle of its zone: where to begin when nothing was registered."""
        tumor = pair.lesions[number].mask
        way = Transform(translation_mm=points_in(tumor).mean(axis=0) - _zone_of(pair, number))
        return cls(way, way, way.region(Region.of_field(field_of(tumor.cropped()))))


def _zone_of(pair: Pair, number: int) -> Float:
    """Return the middle of the zone that a lesion may lie in; of several, those that lie as the lesions do."""
    zone = pair.zone
    parts = Parts.of(zone)
    if parts is None:
        return pair.after.grid.corners_lps_mm().mean(axis=0)
    tumors = np.array([points_in(one.mask).mean(axis=0) for one in pair.lesions])
    if len(parts.boxes) < len(tumors):
        return points_in(zone).mean(axis=0)
    found: Any = ndimage.center_of_mass(parts.labels > 0, parts.labels, range(1, len(parts.boxes) + 1))
    zones = parts.mask.grid.to_lps(found)
    largest = np.argsort(np.bincount(parts.labels.ravel())[1:])[::-1][: len(tumors)]
    centered = [places - places.mean(axis=0) for places in (tumors, zones[largest])]
    _, taken = linear_sum_assignment(cdist(*centered))
    return zones[largest][taken[number]]


def align_scene(pair: Pair, number: int, laid: Laid, *, nudge: str | None, organ_name: str) -> dict[str, Any]:
    """Return what the page needs: a scene for each scan, and the rigid motion that links their crosshairs.

    Parameters
    ----------
    pair : Pair
    number : int
        Of the lesion, from 0.
    laid : Laid
    nudge : str or None
        What is in `laid` of an earlier nudge.
    organ_name : str

    Returns
    -------
    dict
        `before` and `after`: scenes of viewer.js. `link`: rotation (3 x 3) and translation in mm that carry a place
        after to the one before; `about`: the point that a nudge turns about; all RAS.
    """
    tumor = _surface(pair.lesions[number].mask)
    carried = Surface.from_corners(laid.outline.boundary)
    there, here = tumor.points_lps_mm.mean(axis=0), carried.points_lps_mm.mean(axis=0)
    sides = {"before": _before(pair, tumor, there, organ_name), "after": _after(pair, laid, carried, here, organ_name)}
    turn = np.diag(RAS) @ laid.rigid.rotation @ np.diag(RAS)
    return {name: _scene(at, layers) for name, (at, layers) in sides.items()} | {
        "link": {"rotation": turn.tolist(), "translation": (RAS * laid.rigid.translation_mm).tolist()},
        "about": (RAS * laid.turns_about_lps_mm(nudge)).tolist(),
    }


def _before(pair: Pair, tumor: Surface, at: Float, organ_name: str) -> tuple[Float, list[Layer]]:
    grid = grid_around(pair.before.grid, at)
    return at, [image_layer("before", pair.before, grid, organ_name), outline_layer("tumor", tumor, grid, TUMOR)]


def _after(pair: Pair, laid: Laid, carried: Surface, at: Float, organ_name: str) -> tuple[Float, list[Layer]]:
    grid = grid_around(pair.after.grid, at)
    layers = [image_layer("after", pair.after, grid, organ_name)]
    moved = laid.used.volume(pair.before, onto=grid)
    layers.append(image_layer("carried", Volume(moved.voxels, grid, pair.before.unit), grid, organ_name))
    zone = pair.zone.near(carried.points_lps_mm, reach_mm=ZONE_REACH_MM)
    if zone.inside.any():
        layers.append(outline_layer("zone", _surface(zone), grid, ZONE))
    return at, [*layers, outline_layer("tumor", carried, grid, TUMOR)]


def _surface(mask: Mask) -> Surface:
    return Surface.from_corners(field_of(mask.cropped()).boundary())


def grid_around(scan: Grid, at_lps_mm: Float) -> Grid:
    """Return a grid of a viewer around a place, as far as the scan goes: axes right, anterior, superior."""
    corners = scan.corners_lps_mm()
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle = np.clip(at_lps_mm, low, high)
    low, high = np.maximum(low, middle - REACH_MM), np.minimum(high, middle + REACH_MM)
    count = np.maximum(np.floor((high - low) / SPACING_MM).astype(int), 2)
    origin = (low + high) / 2.0 - RAS * (count - 1) / 2.0 * SPACING_MM
    shape = (int(count[2]), int(count[1]), int(count[0]))
    spacing = (SPACING_MM, SPACING_MM, SPACING_MM)
    return Grid(shape, spacing, (origin[0], origin[1], origin[2]), np.diag(RAS)[:, ::-1])


def _scene(at: Float, layers: list[Layer]) -> dict[str, Any]:
    told = [described(layer) | {"content": layer.content} for layer in layers]
    return {"lesions": [{"start_ras": (RAS * at).tolist(), "look_from": [200.0, 15.0], "layers": told}]}
