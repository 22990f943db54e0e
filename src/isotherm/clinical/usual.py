"""Usual: between which numbers nearly all values of a field lie, and by which slips others come about; the one place.

Beyond what is usual is not impossible: it is told, and never refused. What is impossible stands with the field itself
(`low`, `high`). Published figures lie well within each range; its ends are our choice, wide enough that real cohorts
stay within.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Slip:
    """A way in which a number comes to be `times` what it should be.

    Parameters
    ----------
    times : float
    says : str
        In words that follow "may be".
    factor : float, optional
        By what a mapping multiplies numbers in which this slip may be; None where that tells nothing.
    """

    times: float
    says: str
    factor: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is usual of a field, in its unit.

    Parameters
    ----------
    low, high : float
        Of one value.
    middle_low, middle_high : float
        Of the middle value of a column: beyond, its unit may be another one.
    middle_low_tenths : float
        The same of a column in which most values are no whole numbers.
    none : bool
        Whether exactly 0 is usual too: it says that nothing is there.
    slips : tuple of Slip
    """

    low: float = -math.inf
    high: float = math.inf
    middle_low: float = -math.inf
    middle_high: float = math.inf
    middle_low_tenths: float = -math.inf
    none: bool = False
    slips: tuple[Slip, ...]

    def holds(self, value: float) -> bool:
        """Return whether a value is usual."""
        return self.low <= value <= self.high or (self.none and value == 0.0)


LOST = Slip(10.0, "ten times too large, with the decimal sign lost")

_LENGTH = (Slip(0.1, "centimeters that are read as millimeters", factor=1.0),
           Slip(10.0, "millimeters that are read as centimeters", factor=10.0), LOST)  # fmt: skip

_DIAMETER = Usual(low=3.0, high=150.0, middle_low=3.0, middle_low_tenths=5.0, middle_high=150.0, slips=_LENGTH)
# Small nodules of the lung are noted in whole millimeters, lesions in centimeters with their tenths.
# Mean 23 mm over 3,256 nodules that were resected or ablated; COLLISION takes up to 30 mm, COLLISION-XL 31-50 mm; more
# than 50 mm is a point of its own among 1,001 resections (Fong, PMID 10493478). The smallest class of imaging is under
# 10 mm (10.1177/0284185120925481).

_VOLUME = Usual(low=0.01, high=1800.0, none=True, slips=(Slip(1000.0, "mm³ in place of ml"), LOST))
# Of balls of 3 and 150 mm; a follow-up reports 0 of a tumor that has vanished.

_ZONE = Usual(high=1800.0, slips=_VOLUME.slips)

USUAL: Mapping[str, Usual] = MappingProxyType({
    **dict.fromkeys(("diameter_mm", "second_diameter_mm", "third_diameter_mm", "largest_lesion_mm"), _DIAMETER),
    "volume_ml": _VOLUME,
    "zone_volume_ml": _ZONE,
    # More than 200 ng/mL is a point of its own (Fong, PMID 10493478); 25 times that is far out.
    "cea_ug_l": Usual(high=5000.0, middle_high=1000.0, slips=(
        LOST, Slip(1000.0, "ng/L in place of ng/mL, which is the same as µg/L"))),
    # Classes of Wang 2013 go up to 15 mm, and ACCLAIM's goal is 10 mm (10.1186/s13063-025-09006-2).
    "minimal_margin_mm": Usual(low=-30.0, high=30.0, slips=(LOST,)),
    # 1 to 5 mm in what was published on margins of ablations.
    "slice_thickness_mm": Usual(low=0.3, high=12.0, slips=_LENGTH),
})  # fmt: skip
"""By the name of a field of a record."""
