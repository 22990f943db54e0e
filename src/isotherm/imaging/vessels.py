"""Vessels near a lesion, branch by branch: caliber, distance, contact, course through the zone, bridging of the margin.

A branch bridges the margin when blood can run in it from the tumor through the ablation zone to untreated tissue: it
touches the tumor, runs inside the zone, and leaves the zone into the organ. A course may pass from one branch to the
next where they meet inside the zone. There is no limit to the width of the margin that is crossed. In MRI 24 h after
cryoablation a vessel bridging the margin, as seen by readers, went with local progression (11 of 14 tumors against 9 of
40; AJR 2014;203:W181). The geometric definition here is our own, and no reader study has confirmed it yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from isotherm.imaging.centerline import Centerline, Territories, centerlines
from isotherm.imaging.course import Stretch, bridges, surroundings, wide_runs
from isotherm.imaging.geometry import Float, Int, Triangles
from isotherm.imaging.lumen import Lumen, lumen_near
from isotherm.imaging.proximity import Body, DistanceField, Point, as_point
from isotherm.imaging.volume import Mask

UNNAMED = "vessel"

COUNTED_DIAMETER_MM = 3.0
"""Vessels of at least this local diameter count: those that carry enough blood to cool a zone."""

CONTACT_MM = 1.0
"""A vessel within this distance of the tumor touches it."""

LIMITING_MM = 3.0
"""A vessel within this distance of the untreated tissue nearest to the tumor is said to limit the margin."""


@dataclass(frozen=True, slots=True, eq=False)
class VesselBranch:
    """One branch of a vessel near one lesion.

    Parameters
    ----------
    name : str
        "vessel 1", or the name of its segment, numbered where this has several branches; the nearest comes first.
    diameter_mm : float
        Median local diameter (of the circle with the area of the cross-section).
    length_mm, length_inside_ablation_mm : float
        Along the centerline, within the region that was looked at; and the part of it inside the ablation zone.
    distance_mm : float
        From the vessel's wall to the tumor's surface; 0 where they meet or overlap.
    nearest_lps_mm : tuple of float
        Place on the wall nearest to the tumor.
    touches : bool
        Whether the distance is at most 1 mm.
    contact_area_mm2 : float
        Area of wall within 1 mm of the tumor, or inside of it.
    crossings_lps_mm : tuple of points
        Where the centerline passes the border of the zone.
    bridging : bool
        Whether the branch lies on a course from the tumor, inside the zone, to untreated tissue.
    bridging_points_lps_mm : tuple of points
        Where this course leaves the zone; empty where nothing bridges.
    limits_margin : bool
        Whether the untreated tissue nearest to the tumor lies in the vessel or within 3 mm of it.
    centerline_lps_mm : array, shape (n, 3)
        For drawing.
    """

    name: str
    diameter_mm: float
    length_mm: float
    length_inside_ablation_mm: float
    distance_mm: float
    nearest_lps_mm: Point
    touches: bool
    contact_area_mm2: float
    crossings_lps_mm: tuple[Point, ...]
    bridging: bool
    bridging_points_lps_mm: tuple[Point, ...]
    limits_margin: bool
    centerline_lps_mm: Float


@dataclass(frozen=True, slots=True, eq=False)
class _Tree:
    """One vessel mask near the lesion, ready to be measured."""

    name: str
    lumen: Lumen
    wall: Body
    lines: tuple[Centerline, ...]
    territories: Territories


def measure_vessels(
    vessels: Mapping[str, Mask],
    *,
    tumor: Body,
    ablation: DistanceField | None,
    organ: DistanceField | None,
    near_lps_mm: Point,
    radius_mm: float,
    untreated_lps_mm: Point | None = None,
) -> tuple[VesselBranch, ...]:
    """Measure every branch of at least 3 mm in diameter within a ball around a lesion.

    Parameters
    ----------
    vessels : mapping of name to Mask
        Vessel masks, each on its own grid. Unnamed vessels are called "vessel".
    tumor : Body
    ablation : callable or None
        Positive inside the ablation zone; None where nothing was ablated.
    organ : callable or None
        Positive inside the organ: a vessel that leaves the organ does not enter untreated tissue. None: no limit.
    near_lps_mm, radius_mm : tuple of float, float
        The ball: it must hold the lesion and the zone, and 5 mm beyond, so that vessels can be seen to leave the zone.
    untreated_lps_mm : tuple of float or None
        The place of untreated tissue that is nearest to the tumor where the margin is thinnest.

    Returns
    -------
    tuple of VesselBranch
        The nearest to the tumor first; empty where no branch counts.
    """
    trees = [tree for name, mask in vessels.items() if (tree := _tree(name, mask, near_lps_mm, radius_mm)) is not None]

    def lumen(points_lps_mm: Float) -> Float:
        return np.max([tree.lumen.at(points_lps_mm) for tree in trees], axis=0)

    found: list[VesselBranch] = []
    for tree in trees:
        around = [surroundings(line, ablation=ablation, organ=organ, lumen=lumen) for line in tree.lines]
        found += _named(tree.name, _branches(tree, around, tumor, untreated_lps_mm))
    return tuple(sorted(found, key=_nearest_first))


def _tree(name: str, mask: Mask, near_lps_mm: Point, radius_mm: float) -> _Tree | None:
    lumen = lumen_near(mask, near_lps_mm, radius_mm)
    if lumen is None:
        return None
    wall = lumen.body()
    return _Tree(name or UNNAMED, lumen, wall, *centerlines(lumen, wall))


@dataclass(frozen=True, slots=True, eq=False)
class _Owned:
    """To which point of which centerline places belong."""

    line: Int
    spot: Int

    def by(self, line: int, run: slice) -> npt.NDArray[np.bool_]:
        return (self.line == line) & (self.spot >= run.start) & (self.spot < run.stop)


def _branches(
    tree: _Tree, around: Sequence[npt.NDArray[np.int8]], tumor: Body, untreated_lps_mm: Point | None
) -> list[VesselBranch]:
    wall = tree.wall
    depth = tumor.signed_mm(wall.points_lps_mm)
    owned = _Owned(*tree.territories.of(wall.points_lps_mm))
    # A tumor may also lie in a lumen, away from the wall.
    within = tumor.points_lps_mm[tree.lumen.at(tumor.points_lps_mm) > 0]
    invaded = _Owned(*tree.territories.of(within))
    contacts = [np.zeros(len(line.points_lps_mm), dtype=bool) for line in tree.lines]
    for number, contact in enumerate(contacts):
        contact[owned.spot[(owned.line == number) & (depth >= -CONTACT_MM)]] = True
        contact[invaded.spot[invaded.line == number]] = True
    runs = [(n, run) for n, line in enumerate(tree.lines) for run in wide_runs(line.diameters_mm, COUNTED_DIAMETER_MM)]
    stretches = [_stretch(tree.lines[n], run, around[n], contacts[n]) for n, run in runs]
    areas = _corner_areas_mm2(wall)
    branches: list[VesselBranch] = []
    for (n, run), stretch, bridge in zip(runs, stretches, bridges(stretches), strict=True):
        mine = np.flatnonzero(owned.by(n, run))
        distance, nearest = _nearest(stretch, mine, wall, depth, tumor)
        if (invasion := within[invaded.by(n, run)]).size:
            distance, nearest = 0.0, as_point(invasion[0])
        branches.append(
            VesselBranch(
                name=tree.name,
                diameter_mm=float(np.median(stretch.diameters_mm)),
                length_mm=float(stretch.weights_mm.sum()),
                length_inside_ablation_mm=stretch.length_inside_mm,
                distance_mm=distance,
                nearest_lps_mm=nearest,
                touches=distance <= CONTACT_MM,
                contact_area_mm2=float(areas[mine][depth[mine] >= -CONTACT_MM].sum()),
                crossings_lps_mm=stretch.crossings,
                bridging=bridge.bridging,
                bridging_points_lps_mm=bridge.leaves_lps_mm,
                limits_margin=_limits(tree, n, run, mine, untreated_lps_mm),
                centerline_lps_mm=stretch.points_lps_mm,
            )
        )
    return branches


def _stretch(line: Centerline, run: slice, around: npt.NDArray[np.int8], contact: npt.NDArray[np.bool_]) -> Stretch:
    start = line.nodes[0] if run.start == 0 else None
    end = line.nodes[1] if run.stop == len(line.points_lps_mm) else None
    return Stretch(
        line.points_lps_mm[run], line.diameters_mm[run], line.weights_mm[run], around[run], contact[run], (start, end)
    )


def _nearest(stretch: Stretch, mine: Int, wall: Body, depth: Float, tumor: Body) -> tuple[float, Point]:
    """Return the distance from a branch's wall to the tumor, and the place on the wall."""
    if mine.size:  # pragma: no branch (see below)
        first = mine[depth[mine].argmax()]
        return max(0.0, -float(depth[first])), as_point(wall.points_lps_mm[first])
    # Pruning leaves no branch inside of a wider one, but nothing proves that it never can: its centerline stands in.
    reach = tumor.signed_mm(stretch.points_lps_mm) + stretch.diameters_mm / 2  # pragma: no cover (see above)
    return max(0.0, -float(reach.max())), as_point(stretch.points_lps_mm[int(reach.argmax())])  # pragma: no cover


def _limits(tree: _Tree, line: int, run: slice, mine: Int, untreated_lps_mm: Point | None) -> bool:
    if untreated_lps_mm is None:
        return False
    place = np.array([untreated_lps_mm])
    if tree.lumen.at(place)[0] > 0 and _Owned(*tree.territories.of(place)).by(line, run)[0]:
        return True
    faces = tree.wall.triangles[np.isin(tree.wall.triangles, mine).any(axis=1)]
    return bool(Triangles(tree.wall.points_lps_mm[faces]).distance_mm(place)[0] <= LIMITING_MM)


def _corner_areas_mm2(body: Body) -> Float:
    """Return the area that belongs to each corner of a surface, shape (n,), mm2: a third of each of its triangles."""
    corners = body.surface.corners_lps_mm
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    sums = np.bincount(body.triangles.ravel(), np.repeat(areas / 3, 3), minlength=len(body.points_lps_mm))
    return np.asarray(sums, dtype=np.float64)


def _named(name: str, branches: list[VesselBranch]) -> list[VesselBranch]:
    """Give the branches of a segment numbers, the nearest first; the only one of a named segment needs none."""
    if len(branches) == 1 and name != UNNAMED:
        return branches
    order = sorted(branches, key=_nearest_first)
    return [replace(branch, name=f"{name} {number}") for number, branch in enumerate(order, start=1)]


def _nearest_first(branch: VesselBranch) -> tuple[float, float, Point]:
    return branch.distance_mm, -branch.diameter_mm, branch.nearest_lps_mm
