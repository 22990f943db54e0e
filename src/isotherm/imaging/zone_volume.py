"""The volume of a drawn zone with its interval, the share that is left of it, and what an outline's growth may mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from isotherm.imaging.shape import shape_of
from isotherm.imaging.surface import Surface, discretization_error_mm, field_of
from isotherm.imaging.volume import Mask

LEVEL, WITHIN = 0.9, 1.645
"""Level of the intervals, and how many standard deviations to each side it stands for."""

DAYS_PER_MONTH = 30.4375

Growth = Literal["suspected", "not excluded", "not seen"]
"""What the interval of the least distance inside the earlier zone says: it lies below 0, on both sides, above."""


@dataclass(frozen=True, slots=True)
class ZoneVolume:
    """The volume within an outline.

    Parameters
    ----------
    volume_ml, low_ml, high_ml : float
        Limits for an outline that was drawn too large or too small all around, the worst that an error of the outline
        can do to a volume: one of no single direction would cancel out.
    """

    volume_ml: float
    low_ml: float
    high_ml: float

    @property
    def relative_sd(self) -> float:
        """Standard deviation as a share of the volume."""
        return (self.high_ml - self.volume_ml) / WITHIN / self.volume_ml if self.volume_ml else 0.0


def zone_volume(mask: Mask, *, outline_error_mm: float) -> ZoneVolume:
    """Measure the volume of a mask on the same smooth surface that margins are measured on.

    Parameters
    ----------
    mask : Mask
        An empty one has the volume 0: nothing is drawn any more.
    outline_error_mm : float
        Standard deviation of the outline along its normal.
    """
    if mask.box() is None:
        return ZoneVolume(0.0, 0.0, 0.0)
    surface = Surface.from_corners(field_of(mask.cropped()).boundary())
    shape = shape_of(surface.points_lps_mm, surface.triangles)
    thick = discretization_error_mm(max(mask.grid.spacing_kji_mm))
    moved_ml = WITHIN * math.hypot(outline_error_mm, thick) * shape.area_mm2 / 1000.0
    return ZoneVolume(shape.volume_ml, max(0.0, shape.volume_ml - moved_ml), shape.volume_ml + moved_ml)


@dataclass(frozen=True, slots=True)
class Share:
    """A volume as a share of another one, with its limits at the same level."""

    share: float
    low: float
    high: float


def share_of(later: ZoneVolume, first: ZoneVolume) -> Share | None:
    """Return what is left of a zone; None where the first one had no volume. The two outlines err independently."""
    if not first.volume_ml:
        return None
    share = later.volume_ml / first.volume_ml
    width = WITHIN * share * math.hypot(later.relative_sd, first.relative_sd)
    return Share(share, max(0.0, share - width), share + width)


def ml_per_month(later: ZoneVolume, earlier: ZoneVolume, days: int) -> float | None:
    """Return the change of volume per month of 30.4 days; None between scans of one day."""
    return None if days <= 0 else (later.volume_ml - earlier.volume_ml) * DAYS_PER_MONTH / days


def growth_of(low_mm: float, high_mm: float) -> Growth:
    """Return what an interval of the least distance inside the earlier zone says of growth beyond it.

    It tells where to look. Whether what is seen there is tumor is said by a person.
    """
    return "suspected" if high_mm < 0.0 else "not seen" if low_mm > 0.0 else "not excluded"
