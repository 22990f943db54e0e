"""Carries the scan before ablation onto the scan after it, without letting the zone pull at the tumor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isotherm.errors import EmptyMask
from isotherm.imaging.geometry import Float
from isotherm.imaging.register_itk import Level, rigid
from isotherm.imaging.register_local import Found, local_correlation
from isotherm.imaging.register_masks import Scan
from isotherm.imaging.register_mr import Metric, alike, evened, metric_for
from isotherm.imaging.register_refine import refined, refined_with_error
from isotherm.imaging.register_spline import evident_nodes, smoothed
from isotherm.imaging.register_tumor import best_rigid, points_in, with_kept_volume
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Mask

REACH_MM = 60.0
"""Radius around the lesion within which the deformation is looked for."""

NEAR_MM = 40.0
"""Radius around the lesion within which the rigid motion has to fit."""

BESIDE_MM = 12.0
"""Room around the reach, so that local windows see what lies behind its edge."""

WHOLE = (Level(4, 4.0, 1.0), Level(2, 2.0, 0.5))
"""Levels of the rigid motion of the whole organ; it only has to come near."""


ERROR_STEP = 4
"""Every so many points of the tumor tell how far it is expected to be misplaced."""


UNKNOWN_STIFFNESS = 0.5
"""How far, on average, the truth lies from a tumor as soft as the organ (0) toward a rigid one (1); no scan tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """How the scan before lies on the scan after: three answers, to be held against each other.

    The `error_mm` of the rigid, the free and the deformable one is the mean distance by which each is expected to
    misplace the points of the tumor; that of the organ's motion stays unknown, and so do all where a scan is no CT.

    Parameters
    ----------
    organ : Transform
        The rigid motion of the whole organ.
    rigid : Transform
        The rigid motion that fits the surroundings of the lesion best.
    free : Transform
        The deformation, before the tumor is protected: the gates look at it.
    deformable : Transform
        The deformation with the tumor's volume kept: what the margin is measured with.
    lesion_lps_mm : array, shape (3,)
        Center of the tumor on the scan after.
    metric : {"values", "edges"}
        What was compared around the lesion.
    """

    organ: Transform
    rigid: Transform
    free: Transform
    deformable: Transform
    lesion_lps_mm: Float
    metric: Metric = "values"


def register(before: Scan, after: Scan, *, metric: Metric | None = None) -> Registration:
    """Register the scan before ablation (moving) to the scan after it (fixed).

    The zone of the scan after and the tumor of the scan before are left out of every comparison; across them the field
    is the smoothest continuation of what surrounds them.

    Parameters
    ----------
    before : Scan
        With the tumor as its lesion.
    after : Scan
        With the ablation zone as its lesion, where there is one.
    metric : {"values", "edges"}, optional
        What is compared around the lesion. By default values where both scans are CT, else edges: see `register_mr`,
        which is not validated.

    Raises
    ------
    EmptyMask
        No tumor was drawn on the scan before: nothing says where the registration has to be right.
    NotConverged
        The scans do not meet, too little looks alike around the lesion, or the field folds at the tumor.
    """
    tumor = before.lesion
    if tumor is None or tumor.box() is None:
        raise EmptyMask("A scan before ablation without a tumor came; draw the tumor, the registration is made for it.")
    chosen = metric or metric_for(before, after)
    before, after = evened(before), evened(after)
    organ = organ_motion(before, after)
    lesion = organ.back(points_in(tumor)).mean(axis=0)
    calibrated = chosen == metric_for(before, after) == "values"
    before, after = alike(before, after, chosen)
    fixed, moving = after.side(), before.side()
    found = local_correlation(fixed, moving, organ, lesion, REACH_MM + BESIDE_MM)
    fit = refined_with_error(fixed, moving, smoothed(found, lesion, REACH_MM), lesion, REACH_MM)
    near, kept = _motion_near(found, fit.transform, lesion), with_kept_volume(fit.transform, tumor)
    here = kept.back(points_in(tumor))[::ERROR_STEP]
    errors = [fit.error_mm(way, here) for way in (near, fit.transform, kept)]
    errors[2] = math.hypot(errors[2], UNKNOWN_STIFFNESS * _bend_mm(kept, here))
    rigid, free, deformable = (
        way.with_error(error if calibrated else None)
        for way, error in zip((near, fit.transform, kept), errors, strict=True)
    )
    return Registration(organ, rigid, free, deformable, lesion, chosen)


def way_back(before: Scan, after: Scan, forth: Registration) -> Transform:
    """Register the other way round, from scratch but for the organ's motion: a point before to the point after.

    What the two ways disagree on is known by neither.
    """
    before, after = alike(evened(before), evened(after), forth.metric)
    start = forth.organ.inverse()
    center = forth.organ.points(forth.lesion_lps_mm[None])[0]
    fixed, moving = before.side(), after.side()
    found = local_correlation(fixed, moving, start, center, REACH_MM + BESIDE_MM)
    return refined(fixed, moving, smoothed(found, center, REACH_MM), center, REACH_MM)


def organ_motion(before: Scan, after: Scan) -> Transform:
    """Return the rigid motion of the whole organ, from the centers of its masks or of the images."""
    start = Transform(translation_mm=_center(before) - _center(after))
    return rigid(after.side(), before.side(), start, _center(after), WHOLE)


def _center(scan: Scan) -> Float:
    if scan.organ is not None:
        return _center_of(scan.organ)
    grid = scan.image.grid
    return grid.to_lps([(np.array(grid.shape_kji) - 1) / 2.0])[0]


def _center_of(mask: Mask) -> Float:
    return mask.grid.to_lps(np.argwhere(mask.inside).mean(axis=0)[None])[0]


def _bend_mm(kept: Transform, here: Float) -> float:
    """Return the mean distance of the tumor that bends with the organ from one that only turns and shifts."""
    there = kept.points(here)
    return float(np.linalg.norm(best_rigid(here, there).points(here) - there, axis=1).mean())


def _motion_near(found: Found, free: Transform, lesion_lps_mm: Float) -> Transform:
    field = found.transform.displacement
    assert field is not None  # of a deformation
    nodes = field.grid.centers_lps_mm()
    near = nodes[evident_nodes(found, nodes, lesion_lps_mm, NEAR_MM)]
    return best_rigid(near, free.points(near))
