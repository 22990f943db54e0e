"""Reading: the files of one request, read in turn; keeps what came in, what was assumed, and whom and when it is of."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from isotherm.exchange.image_files import ReadMask, read_masks, read_volume
from isotherm.exchange.origin import Origin, check_pair
from isotherm.imaging.volume import Grid, Role, Volume

Side = Literal["before", "after"]


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """One thing that came in, as the results name it: no path, no file name."""

    role: str
    label: str | None
    name: str | None
    grid: Grid
    volume_ml: float | None
    probability: bool
    simulated: bool


@dataclass(frozen=True, slots=True)
class ScanDays:
    """On which days the scans were taken; None where the files do not say."""

    before: date | None = None
    after: date | None = None


UNDATED = ScanDays()
"""No file says when a scan was taken."""


@dataclass(slots=True, eq=False)
class Reading:
    """What has been read so far.

    Parameters
    ----------
    images : sequence of str
        Files of the images, beside which an organ's segmentation may say where the field of view ends.
    simulated : container of str
        Roles of those that never were of a patient, whatever their files say.
    """

    images: Sequence[str]
    simulated: Container[str] = ()
    inputs: list[Input] = field(default_factory=list[Input])
    warnings: list[str] = field(default_factory=list[str])
    before: list[Origin] = field(default_factory=list[Origin])
    after: list[Origin] = field(default_factory=list[Origin])

    def masks(self, spec: str, of: Role, *, says: str, side: Side | None = None) -> tuple[ReadMask, ...]:
        """Read masks; `side` is the examination they were drawn on, where that is known."""
        found = read_masks(spec, of=of, beside=self.images)
        for one in found:
            self._keep(one.origin, one.warnings, side)
            self.inputs.append(Input(says, one.label, one.name, one.grid, one.mask.volume_ml,
                                     one.mask.is_probability, one.simulated or says in self.simulated))  # fmt: skip
        return found

    def image(self, spec: str, *, says: str, side: Side) -> Volume:
        """Read an image of one examination."""
        found = read_volume(spec, of="earlier image" if side == "before" else "later image")
        self._keep(found.origin, found.warnings, side)
        simulated = found.simulated or says in self.simulated
        self.inputs.append(Input(says, None, None, found.volume.grid, None, False, simulated))
        return found.volume

    @property
    def days(self) -> ScanDays:
        """When the examinations were, as their files say."""
        return ScanDays(_day(self.before), _day(self.after))

    def check_pair(self, *, confirmed: bool, registered: bool = False) -> None:
        """Ask whether both examinations can belong together; what is to be known of it becomes a warning.

        Raises
        ------
        PairInDoubt
        """
        self.warnings.extend(check_pair(self.before, self.after, confirmed=confirmed, registered=registered))

    def _keep(self, origin: Origin | None, warnings: Sequence[str], side: Side | None) -> None:
        if origin is not None and side is not None:
            (self.before if side == "before" else self.after).append(origin)
        self.warnings.extend(warning for warning in warnings if warning not in self.warnings)


def _day(origins: Sequence[Origin]) -> date | None:
    """Return when an image was taken; else the day of its study, which what is drawn on it shares."""
    taken = [one.taken.date() for one in origins if one.taken]
    return next(iter([*taken, *(one.day for one in origins if one.day)]), None)
