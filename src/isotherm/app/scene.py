"""Scene: one lesion's surroundings as regions, reconstructed from masks that may lie on different grids."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from isotherm.app.case import Case, Lesion
from isotherm.imaging.margin import SLIVER_CAP_MM
from isotherm.imaging.organ import REACH_MM, Organ, label_around, organ_around
from isotherm.imaging.parts import Parts
from isotherm.imaging.proximity import Body
from isotherm.imaging.surface import Region, Surface, both, either, field_of
from isotherm.imaging.volume import Grid, Mask

ZONE_REACH_MM = REACH_MM + 5.0
"""How far around a lesion its ablation zone is looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One lesion's surroundings as regions; masks cropped around it."""

    tumor: Region
    zone: Region
    organ: Organ | None
    views: tuple[Grid, ...]
    tumor_mask: Mask
    zone_masks: tuple[Mask, ...]
    sliver_mm: float

    @property
    def slice_mm(self) -> float:
        """The coarsest voxel edge of tumor and zones, mm."""
        return max(max(mask.grid.spacing_kji_mm) for mask in (self.tumor_mask, *self.zone_masks))


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What all lesions of a case share: the zones with their pieces, and the bodies of structures (None if empty)."""

    zones: tuple[Parts, ...]
    structures: tuple[tuple[str, Body | None], ...]

    @classmethod
    def of(cls, case: Case) -> Surroundings:
        """Part the zones, and find the surfaces of the structures."""
        zones = tuple(parts for mask in case.ablations if (parts := Parts.of(mask)) is not None)
        return cls(zones, tuple((name, _body(mask)) for name, mask in case.structures))


def _body(mask: Mask) -> Body | None:
    if not mask.inside.any():
        return None
    field = field_of(mask)
    surface = Surface.from_corners(field.boundary())
    return Body(surface.points_lps_mm, surface.triangles, field.at)


def build_scene(case: Case, lesion: Lesion, zones: tuple[Parts, ...]) -> Scene:
    """Reconstruct the surfaces around one lesion from masks that may lie on different grids."""
    mask = lesion.mask.cropped()
    points = mask.grid.to_lps(np.argwhere(mask.inside))
    near_zones = [parts.near(points, reach_mm=ZONE_REACH_MM) for parts in zones]
    masks = [mask for mask in near_zones if mask is not None and mask.inside.any()]
    scars = [near for scar in case.old_scars if (near := scar.near(points, reach_mm=2.0 * ZONE_REACH_MM)).inside.any()]
    vessels = [near for _, one in case.vessels if (near := one.near(points, reach_mm=ZONE_REACH_MM)).inside.any()]
    # The fits do not depend on each other, and most of their time is spent outside of Python.
    with ThreadPoolExecutor() as pool:
        label = None if case.organ is None else pool.submit(label_around, case.organ, points)
        # A tumor that was carried has its outline, which no mask tells as well.
        drawn = [mask] if lesion.outline is None else []
        fields = list(pool.map(field_of, [*masks, *scars, *vessels, *drawn]))
    regions = [Region.of_field(field) for field in fields]
    zone = either(regions[: len(masks)])
    tumor = regions[-1] if lesion.outline is None else lesion.outline
    scar_regions = regions[len(masks) :][: len(scars)]
    vessel_regions = regions[len(masks) + len(scars) :][: len(vessels)]
    for scar, region in zip(scars, scar_regions, strict=True):
        zone = both(zone, region.outside())
        masks = [_without(one, scar) for one in masks]
    organ = None if label is None else organ_around(label.result(), tumor, points, zone, vessel_regions)
    views = [image.grid for image in (case.image, case.image_before) if image is not None]
    if case.organ is not None:
        views.append(case.organ.grid)
    grids = [lesion.mask.grid, *(mask.grid for mask in masks)] + ([] if case.organ is None else [case.organ.grid])
    # Two outlines of one face, each uncertain by half a slice, lie up to one slice apart.
    sliver = min(SLIVER_CAP_MM, max(max(grid.spacing_kji_mm) for grid in grids))
    return Scene(tumor, zone, organ, tuple(views), mask, tuple(masks), sliver)


def _without(mask: Mask, scar: Mask) -> Mask:
    """Return a zone's mask without the voxels whose centers lie in a scar."""
    voxels = mask.voxels.copy()
    inside = np.argwhere(voxels > 0)
    voxels[tuple(inside[scar.holds(mask.grid.to_lps(inside))].T)] = 0
    return Mask(voxels, mask.grid, mask.of)
