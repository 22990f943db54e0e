"""A zone over time: each later scan laid on the one before it by the machinery of the margin, the other way round.

The later scan takes the place of the scan before ablation with its zone as the tumor, the earlier one that of the scan
after it with its zone as the ablation. The minimal margin is then how far the later zone lies inside of the earlier
one (below 0: how far it reaches beyond it), with its interval, its gates and its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from isotherm.app.assess_pair import assess_pair
from isotherm.app.case import IMAGE_AFTER, IMAGE_BEFORE, Lesion, outline_error
from isotherm.app.pair import MR, Pair
from isotherm.app.reading import Reading, Side
from isotherm.app.registering import Choice
from isotherm.app.settings import UNTOLD, Settings
from isotherm.clinical.course import DrawnScan
from isotherm.errors import FitError
from isotherm.exchange.image_files import ReadMask, read_masks
from isotherm.exchange.segments import split_spec
from isotherm.imaging.volume import Mask, Volume
from isotherm.imaging.zone_volume import ZoneVolume, zone_volume

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """How a later zone lies in an earlier one.

    Parameters
    ----------
    lesion : str
    later, earlier : DrawnScan
    document : mapping or None
        The lesion of a margin.json, its "tumor" being the later zone; None where nothing was measured.
    reason : str
        Why not, or "".
    """

    lesion: str
    later: DrawnScan
    earlier: DrawnScan
    document: dict[str, Any] | None
    reason: str = ""


def zone_of(scan: DrawnScan, lesion: str) -> ReadMask:
    """Read the zone of a lesion on a scan; it may be empty, where nothing is seen of it any more.

    Raises
    ------
    InputError
    """
    (found,) = read_masks(scan.zones[lesion], of="ablation", beside=[split_spec(scan.image)[0]])
    return found


def volume_on(scan: DrawnScan, lesion: str, settings: Settings) -> ZoneVolume:
    """Measure the zone of a lesion on a scan; a mask that tells the error of its outline is believed.

    Raises
    ------
    InputError
    """
    zone = zone_of(scan, lesion)
    told = settings.as_drawn(zone.outline_error_mm and max(settings.outline_error_mm, zone.outline_error_mm))
    return zone_volume(zone.mask, outline_error_mm=told.outline_error_mm)


def laid_on(
    later: DrawnScan, earlier: DrawnScan, lesions: Sequence[str], settings: Settings, *, confirmed: bool = False,
    progress: Progress = lambda _: None,
) -> tuple[Growth, ...]:  # fmt: skip
    """Lay the zones of a later scan on those of an earlier one.

    Parameters
    ----------
    later, earlier : DrawnScan
    lesions : sequence of str
        With a zone on both.
    settings : Settings
    confirmed : bool
        A person has said that the scans are of one patient and in order.
    progress : callable

    Raises
    ------
    InputError
    """
    read = {lesion: zone_of(later, lesion) for lesion in lesions}
    gone = [Growth(one, later, earlier, None, "nothing is drawn of the zone any more")
            for one, zone in read.items() if zone.mask.box() is None]  # fmt: skip
    left = {lesion: zone for lesion, zone in read.items() if zone.mask.box() is not None}
    if not left:
        return tuple(gone)
    pair = _pair(later, earlier, left, confirmed=confirmed)
    try:
        found = assess_pair(pair, Choice(), settings, UNTOLD, progress=progress)
    except FitError as error:
        return (*gone, *(Growth(one, later, earlier, None, f"not measured: {error}") for one in left))
    return (*gone, *(Growth(str(one["label"]), later, earlier, one) for one in found.assessment.document["lesions"]))


def _pair(later: DrawnScan, earlier: DrawnScan, zones: dict[str, ReadMask], *, confirmed: bool) -> Pair:
    """Return the pair, in which the later scan is the one that is carried; who came first is asked in true order."""
    read = Reading([split_spec(later.image)[0], split_spec(earlier.image)[0]])
    moving = read.image(later.image, says=IMAGE_BEFORE, side="after")
    still = read.image(earlier.image, says=IMAGE_AFTER, side="before")
    treated = [one for spec in dict.fromkeys(earlier.zones.values())
               for one in read.masks(spec, "ablation", says="ablation", side="before")]  # fmt: skip
    drawn = [read.masks(later.zones[lesion], "ablation", says="tumor", side="after")[0] for lesion in zones]
    organs = (_organ(read, later, "before", "after"), _organ(read, earlier, "after", "before"))
    error_mm, _ = outline_error({"tumor": drawn, "ablation": treated})
    read.check_pair(confirmed=confirmed, registered=True)
    lesions = tuple(Lesion(name, None, replace(one.mask, of="tumor")) for name, one in zip(zones, drawn, strict=True))
    return Pair(
        _as(moving, later), _as(still, earlier), lesions, tuple(one.mask for one in treated), organs[0], organs[1],
        inputs=tuple(read.inputs), warnings=tuple(read.warnings), outline_error_mm=error_mm,
    )  # fmt: skip


def _organ(read: Reading, scan: DrawnScan, role: Side, side: Side) -> Mask | None:
    """Read the organ of a scan in the role that it plays here; `side` is when it was really taken."""
    return read.masks(scan.organ, "organ", says=f"organ {role} ablation", side=side)[0].mask if scan.organ else None


def _as(image: Volume, scan: DrawnScan) -> Volume:
    """Return an image with the unit of MR where the course says that it is one."""
    return replace(image, unit=MR) if scan.modality == "MRI" else image
