"""Stack: the planes of one image in their order along the patient, and whether they make a grid.

Planes are ordered by their position along the normal, never by instance number, file name or slice location; their
distance comes from the positions, never from the slice thickness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from isotherm.errors import BadGeometry
from isotherm.exchange.dicom_frames import Frame
from isotherm.imaging.geometry import Float
from isotherm.imaging.volume import RIGHT_ANGLE_TOLERANCE, Grid

SAME_PLACE_MM = 0.01
"""Planes that are nearer than this along the normal lie at one place."""

OFF_LINE_MM, OFF_LINE_SHARE = 0.1, 0.01
"""Planes this far, or this share of a step, from an even line of positions are still even: positions are rounded."""

GAP = 1.5
"""A step of this many usual steps means that a plane is missing between."""

LEAST_PLANES = 3
"""Fewer planes are no volume: scouts and single views."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Parallel planes of one size, in the order of their position along the normal.

    Parameters
    ----------
    frames : sequence of Frame
        In any order; all of one orientation and pixel spacing.
    shape_ji : tuple of int
        Rows and columns.
    """

    frames: tuple[Frame, ...]
    shape_ji: tuple[int, int]

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Indices into `frames`, from the lowest position along the normal to the highest."""
        return tuple(int(n) for n in np.argsort(self._along, kind="stable"))

    @cached_property
    def _along(self) -> Float:
        return np.array([frame.position_lps_mm for frame in self.frames]) @ self.frames[0].normal_lps

    @cached_property
    def positions_lps_mm(self) -> Float:
        """Positions in that order, shape (n, 3)."""
        return np.array([self.frames[n].position_lps_mm for n in self.order])

    @cached_property
    def steps_mm(self) -> Float:
        """Distances between neighbors along the normal, shape (n - 1,)."""
        return np.diff(self._along[list(self.order)])

    @property
    def repeats(self) -> int:
        """How many planes lie where another one does."""
        return int((self.steps_mm < SAME_PLACE_MM).sum())

    @property
    def step_mm(self) -> float:
        """The usual distance between planes."""
        steps = self.steps_mm[self.steps_mm >= SAME_PLACE_MM]
        return float(np.median(steps)) if len(steps) else 0.0

    @property
    def missing(self) -> int:
        """How many planes are missing between others."""
        gaps = self.steps_mm[self.steps_mm >= GAP * self.step_mm] if self.step_mm else np.zeros(0)
        return int((np.rint(gaps / self.step_mm) - 1).clip(min=1).sum()) if len(gaps) else 0

    @cached_property
    def line_lps_mm(self) -> tuple[Float, Float]:
        """First position and step, each shape (3,), of the straight line that fits the positions best."""
        at = np.arange(len(self.frames)) - (len(self.frames) - 1) / 2.0
        middle = self.positions_lps_mm.mean(axis=0)
        step = at @ self.positions_lps_mm / float(at @ at)
        return middle + at[0] * step, step

    @property
    def off_line_mm(self) -> float:
        """How far the planes lie at most from an even, straight line."""
        first, step = self.line_lps_mm
        even = first + np.arange(len(self.frames))[:, None] * step
        return float(np.linalg.norm(self.positions_lps_mm - even, axis=1).max())

    @property
    def tilt_degrees(self) -> float:
        """Angle between the line of the planes and their normal; a tilted gantry makes it other than 0."""
        _, step = self.line_lps_mm
        return float(np.degrees(np.arccos(np.clip(self.cosine_of_tilt(step), -1.0, 1.0))))

    def cosine_of_tilt(self, step_lps_mm: Float) -> float:
        """Cosine of the angle between a step and the normal."""
        length = float(np.linalg.norm(step_lps_mm))
        return float(step_lps_mm @ self.frames[0].normal_lps) / length if length else 1.0

    @property
    def even(self) -> bool:
        """Whether the planes are at even distances, and straight above each other."""
        _, step = self.line_lps_mm
        sine = np.sqrt(max(0.0, 1.0 - self.cosine_of_tilt(step) ** 2))
        return bool(
            self.off_line_mm <= max(OFF_LINE_MM, OFF_LINE_SHARE * self.step_mm) and sine <= RIGHT_ANGLE_TOLERANCE
        )

    def problem(self) -> str:
        """Return why this is no volume, in words that end a sentence; "" where it is one."""
        if (count := len(self.frames) - self.repeats) < LEAST_PLANES:
            planes = "1 plane" if count == 1 else f"{count} planes"
            return f"has only {planes}, as a scout has, where a volume takes at least {LEAST_PLANES}"
        if self.repeats:
            return f"has {self.repeats} planes where another one lies, and nothing that tells them apart"
        if self.missing:
            return f"lacks {self.missing} planes between others; export it completely"
        return ""

    def grid(self) -> Grid:
        """Return the grid of even planes.

        Raises
        ------
        BadGeometry
        """
        first, step = self.line_lps_mm
        frame = self.frames[0]
        affine = np.eye(4)
        affine[:3, 0] = step
        affine[:3, 1] = frame.column_lps * frame.spacing_ji_mm[0]
        affine[:3, 2] = frame.row_lps * frame.spacing_ji_mm[1]
        affine[:3, 3] = first
        return Grid.from_affine((len(self.frames), *self.shape_ji), affine)


def right_angled(frame: Frame) -> bool:
    """Say whether rows and columns are at right angles."""
    return abs(float(frame.row_lps @ frame.column_lps)) <= RIGHT_ANGLE_TOLERANCE


def parallel(frames: Sequence[Frame], shape_ji: tuple[int, int]) -> Stack:
    """Return frames as a stack.

    Raises
    ------
    BadGeometry
        Planes that are not parallel, or whose rows and columns are not at right angles.
    """
    first = frames[0]
    for frame in frames:
        apart = max(np.abs(frame.row_lps - first.row_lps).max(), np.abs(frame.column_lps - first.column_lps).max())
        if apart > RIGHT_ANGLE_TOLERANCE or not right_angled(frame):
            raise BadGeometry("The planes are not parallel, or their rows and columns are not at right angles.")
        if not np.allclose(frame.spacing_ji_mm, first.spacing_ji_mm, rtol=1e-3):
            raise BadGeometry("The planes have pixels of different sizes.")
    return Stack(tuple(frames), shape_ji)
