"""Quality gates: what a registration did to tumor, zone and organ, each with its figure, its limits and a verdict.

A registration can fit every landmark and still be wrong where it matters: by squeezing the tumor into the zone. No gate
knows the truth; each catches one way to be wrong. The limits are proposals, checked against cases with known truth by
`python -m bench --only register`; the ones that others have published say so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from isotherm.errors import BadSetting, NotConverged
from isotherm.imaging.geometry import Float, Triangles
from isotherm.imaging.margin import measure
from isotherm.imaging.register_structure import structure_mm
from isotherm.imaging.register_tumor import best_rigid, points_in
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Mask

Verdict = Literal["pass", "warn", "fail"]

ORDER: tuple[Verdict, ...] = ("pass", "warn", "fail")
"""From good to bad."""

NEAR_MM = 40.0
"""Radius around the lesion within which the organ's outlines are compared."""

SEEN_MM = 5.0
"""Nearer than this to where the scan before ends, an outline may have its partner beyond: it is not compared."""

LEAST_OUTLINE = 50
"""Points of the organ's outline near the lesion without which it says nothing."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Above `warn` a figure is warned of, above `fail` it fails; `says` what the figure is, in `unit`."""

    says: str
    unit: str
    warn: float
    fail: float


LIMITS = {
    "tumor_volume": Limit("change of the tumor's volume by the free deformation", "share", 0.10, 0.15),
    "tumor_stretch": Limit("largest local change of volume in the tumor, as |log|", "log", 0.4, math.log(2.0)),
    "tumor_bend": Limit("distance of the deformation in the tumor from the nearest rigid motion", "mm", 1.5, 3.0),
    "folding": Limit("share of places near the lesion where the deformation folds", "share", 0.0, 0.0),
    "zone_structure": Limit("deformation in tumor and zone that nothing around them asks for, 95 %", "mm", 0.15, 0.75),
    "zone_volume": Limit("change of the zone's volume when it is carried to the scan before", "share", 0.15, 0.30),
    "organ_mean": Limit("mean distance of the organ's outlines within 40 mm of the lesion", "mm", 1.5, 2.0),
    "organ_p95": Limit("95 % of distances of the organ's outlines within 40 mm of the lesion", "mm", 3.0, 4.0),
    "tumor_outside_organ": Limit("share of the tumor outside of the organ of the scan after", "share", 0.05, 0.25),
    "inverse_consistency": Limit("way there and back of the tumor's points, registered both ways", "mm", 1.0, 2.0),
    "rigid_shift": Limit("distance of the tumor by the rigid and by the deformable registration", "mm", 2.5, 5.0),
    "margin_agreement": Limit("difference of the minimal margin, rigid and deformable", "mm", 2.0, 4.0),
    "expected_error": Limit("estimated mean error of the registration in the tumor", "mm", 1.5, 3.0),
    "look_alike": Limit("places 8 and 12 mm off at which the scans look more alike near the lesion", "of 28", 0.0, 2.0),
    "inside_unlike": Limit(
        "what the scans show inside of the organ near the lesion, 1 - |correlation|", "share", 0.65, 1.0
    ),
    "landmarks": Limit("mean distance of the landmarks that were given", "mm", 2.0, 4.0),
    "modality": Limit("0: both scans are CT, 1: neither is, 2: one is", "kind", 0.0, 1.0),
}
"""Every gate in the order of the table."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: its name, its figure (None: could not be taken, with the reason), and the verdict."""

    name: str
    figure: float | None
    verdict: Verdict
    reason: str = ""

    @property
    def limit(self) -> Limit:
        """What the figure is held against."""
        return LIMITS[self.name]


@dataclass(frozen=True, slots=True)
class Quality:
    """All gates of one registration, in the order of `LIMITS`."""

    gates: tuple[Gate, ...]

    def __post_init__(self) -> None:
        order = list(LIMITS)
        object.__setattr__(self, "gates", tuple(sorted(self.gates, key=lambda gate: order.index(gate.name))))

    def with_gate(self, gate: Gate) -> Quality:
        """Return the same with one gate more, or in the place of the one of its name."""
        return Quality((*(one for one in self.gates if one.name != gate.name), gate))

    @property
    def verdict(self) -> Verdict:
        """The worst verdict."""
        return ORDER[max((ORDER.index(gate.verdict) for gate in self.gates), default=0)]

    @property
    def withheld(self) -> bool:
        """Whether no margin may be told: at least one gate has failed."""
        return self.verdict == "fail"

    def margin_mm(self, measured_mm: float) -> float | None:
        """Return a margin that was measured with this registration, or None where it is withheld."""
        return None if self.withheld else measured_mm


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What is drawn on the two scans.

    Parameters
    ----------
    tumor : Mask
        On the scan before.
    zone : Mask
        On the scan after; may be empty.
    organ_before, organ_after : Mask, optional
    landmarks_after_lps_mm, landmarks_before_lps_mm : array, shape (n, 3), optional
        The same places on both scans.
    """

    tumor: Mask
    zone: Mask
    organ_before: Mask | None = None
    organ_after: Mask | None = None
    landmarks_after_lps_mm: Float | None = None
    landmarks_before_lps_mm: Float | None = None

    def __post_init__(self) -> None:
        one, other = self.landmarks_after_lps_mm, self.landmarks_before_lps_mm
        if (one is None) != (other is None) or (one is not None and other is not None and (
            one.shape != other.shape or one.ndim != 2 or one.shape[1] != 3 or not len(one)
            or not np.isfinite(one).all() or not np.isfinite(other).all()
        )):  # fmt: skip
            raise BadSetting("Landmarks that do not pair came; give the same number of points on both scans.")


def judge(
    free: Transform, used: Transform, rigid: Transform, drawn: Drawn, *, back: Transform | None = None
) -> Quality:
    """Judge a registration.

    Parameters
    ----------
    free : Transform
        The deformation as it was found. A tumor that is protected afterwards would hide what it did.
    used : Transform
        What the margin is measured with; where its error is known, that is judged too.
    rigid : Transform
        The rigid motion near the lesion.
    drawn : Drawn
    back : Transform, optional
        From a registration the other way round; without it that gate is left out.
    """
    tumor = points_in(drawn.tumor)
    try:
        here = free.back(tumor)
    except NotConverged:
        return Quality((Gate("folding", None, "fail", "the deformation is too steep in the tumor to be followed"),))
    gates = [*_tumor_gates(free, tumor, here), *_zone_gates(free, drawn, here)]
    try:
        gates += [*_organ_gates(used, drawn, here), _margin_gate(used, rigid, drawn)]
    except NotConverged:
        gates = [gate for gate in gates if gate.name != "folding"]
        gates.append(Gate("folding", None, "fail", "the deformation is too steep near the lesion to be followed"))
    if back is not None:
        gates.append(gate_of("inverse_consistency", _mean_gap(back.points(free.points(here)), here)))
    gates.append(gate_of("rigid_shift", _mean_gap(rigid.points(here), tumor)))
    if used.error_mm is not None:
        gates.append(gate_of("expected_error", used.error_mm))
    if drawn.landmarks_after_lps_mm is not None and drawn.landmarks_before_lps_mm is not None:
        gap = _mean_gap(used.points(drawn.landmarks_after_lps_mm), drawn.landmarks_before_lps_mm)
        gates.append(gate_of("landmarks", gap))
    return Quality(tuple(gates))


def minimal_margin_mm(transform: Transform, tumor: Mask, zone: Mask) -> float:
    """Return the unrestricted minimal margin; the tumor is carried as a surface, and nothing is resampled."""
    carried = transform.region(Region.of_field(field_of(tumor.cropped())))
    return float(measure(carried, Region.of_field(field_of(zone.cropped()))).unrestricted_mm.min())


def gate_of(name: str, figure: float) -> Gate:
    """Return the gate of this name with the verdict on its figure; one that is not finite fails."""
    limit = LIMITS[name]
    if not math.isfinite(figure):
        return Gate(name, None, "fail", "the figure is not finite")
    verdict: Verdict = "fail" if figure > limit.fail else "warn" if figure > limit.warn else "pass"
    return Gate(name, figure, verdict)


def _tumor_gates(free: Transform, tumor: Float, here: Float) -> list[Gate]:
    change = free.volume_change(here)
    if (change <= 0).any():
        return [Gate("folding", float((change <= 0).mean()), "fail", "the deformation folds space in the tumor")]
    # A mm3 of the tumor before takes 1 / change mm3 on the scan after.
    logs = np.abs(np.log(change))
    motion = best_rigid(here, tumor)
    return [gate_of("tumor_volume", abs(float((1.0 / change).mean()) - 1.0)),
            gate_of("tumor_stretch", float(np.percentile(logs, 99))),
            gate_of("tumor_bend", _mean_gap(motion.points(here), tumor))]  # fmt: skip


def _zone_gates(free: Transform, drawn: Drawn, here: Float) -> list[Gate]:
    around = here.mean(axis=0) + _ball()
    gates = [gate_of("folding", float((free.volume_change(around) <= 0).mean()))]
    zone = drawn.zone.grid.to_lps(np.argwhere(drawn.zone.inside))
    gates.append(gate_of("zone_structure", structure_mm(free, np.concatenate([here, zone]))))
    if len(zone):
        gates.append(gate_of("zone_volume", abs(float(free.volume_change(points_in(drawn.zone)).mean()) - 1.0)))
    return gates


def _organ_gates(used: Transform, drawn: Drawn, here: Float) -> list[Gate]:
    if drawn.organ_after is None:
        return []
    known = _in_view(drawn.organ_after, here)
    gates: list[Gate] = []
    if known.any():
        outside = ~drawn.organ_after.holds(here[known])
        gates.append(gate_of("tumor_outside_organ", float(outside.mean())))
    if drawn.organ_before is None:
        return gates
    center = here.mean(axis=0)
    after, before = (
        _outline(drawn.organ_after, center),
        used.back(_outline(drawn.organ_before, used.points(center[None])[0])),
    )
    after, before = (points[np.linalg.norm(points - center, axis=1) < NEAR_MM] for points in (after, before))
    # Where the scan before ends, what lies beyond has no partner to be held against.
    after = after[_room_mm(drawn.organ_before, used.points(after)) > SEEN_MM]
    if min(len(after), len(before)) < LEAST_OUTLINE:
        return gates  # a lesion far below the capsule: no outline says anything about it
    gaps = _outline_gaps(used, drawn, after)
    return [*gates, gate_of("organ_mean", float(gaps.mean())), gate_of("organ_p95", float(np.percentile(gaps, 95)))]


def _outline(organ: Mask, center: Float) -> Float:
    """Return points of the organ's surface near a place, away from the faces of its grid, where it is only cut off."""
    part = organ.near(center[None], reach_mm=NEAR_MM + 20.0)
    if part.box() is None:
        return np.zeros((0, 3))
    corners = field_of(part).boundary().reshape(-1, 3)[::3]
    rim = 2.0 * max(organ.grid.spacing_kji_mm)
    inner = np.linalg.norm(corners - center, axis=1) < NEAR_MM + 10.0
    return corners[(_room_mm(organ, corners) > rim) & inner]


def _room_mm(mask: Mask, points: Float) -> Float:
    """Return how far points lie within the faces of a mask's grid, shape (n,); negative outside of it."""
    kji = mask.grid.to_kji(points)
    room = np.minimum(kji, np.array(mask.grid.shape_kji) - 1 - kji) * mask.grid.spacing_kji_mm
    return np.asarray(room.min(axis=1))


def _outline_gaps(used: Transform, drawn: Drawn, after: Float) -> Float:
    """Return how far points of the outline after lie from the outline before, once they are carried there."""
    assert drawn.organ_before is not None  # the caller has both
    there = used.points(after)
    part = drawn.organ_before.near(there, reach_mm=15.0)
    return Triangles(field_of(part).boundary()).distance_mm(there)


def _margin_gate(used: Transform, rigid: Transform, drawn: Drawn) -> Gate:
    if drawn.zone.box() is None:
        return Gate("margin_agreement", None, "pass", "nothing was ablated")
    two = [minimal_margin_mm(way, drawn.tumor, drawn.zone) for way in (used, rigid)]
    return gate_of("margin_agreement", abs(two[0] - two[1]))


def _in_view(mask: Mask, points: Float) -> npt.NDArray[np.bool_]:
    kji = mask.grid.to_kji(points)
    return np.asarray(((kji >= 0) & (kji <= np.array(mask.grid.shape_kji) - 1)).all(axis=1))


def _mean_gap(one: Float, other: Float) -> float:
    return float(np.linalg.norm(one - other, axis=1).mean())


def _ball(step_mm: float = 2.0, radius_mm: float = 30.0) -> Float:
    steps: Sequence[float] = np.arange(-radius_mm, radius_mm + step_mm, step_mm).tolist()
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    return cube[np.linalg.norm(cube, axis=1) <= radius_mm]
