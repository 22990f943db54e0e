"""A first guess to an outline: moved until what it would look like, blurred, is what is seen, blurred alike.

Smoothing an image shaves off a small lesion (a ball of radius R by about sigma^2 / R); here image and outline are
smoothed by the same filter before they are compared, so that nothing is shaved off. The outline is the zero of a level
set; only a band around it moves, and only smoothly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from isotherm.imaging.geometry import Float
from isotherm.imaging.outline_start import Levels, Room

Bools = npt.NDArray[np.bool_]

BLUR_MM = 2.2
"""Width of the Gauss filter under which image and outline are compared: smaller bumps are taken for noise."""

REPLY_MM = math.sqrt(2.0 * math.pi) * math.hypot(BLUR_MM, 0.8)
"""How far an outline has to move for what it looks like under the filter to change by one."""

BAND_MM = 4.0
"""Only this near to the outline anything is compared or moved."""

EDGE_MM, TANGENT_MM = 1.0, 2.5
"""How near to the outline a voxel's gap counts, and over which width along it pushes are shared."""

ROUNDS, EVERY = 18, 6
"""Steps, and after how many of them distances and mean values are taken anew."""

LOCAL_MM = 6.0
"""Width of the Gauss filter of local mean values: surroundings are not of one value everywhere."""

CLEAR_MM, BESIDE_MM = 1.1, 3.2
"""Values between these distances from the outline count for their side's mean: not blurred, and of what meets there."""

FARTHEST_MM = 2.2
"""The outline goes no farther from the first guess: a tongue into something else that is dark would be longer."""

FAR_OFF = 3.0
"""Surroundings that differ from their mean by more than this many spreads (vessels, gut) do not count for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """An outline as a level set, mm, positive inside; and what was compared with it."""

    level_mm: Float
    seen: Float
    weight: Float


def fitted(room: Room, levels: Levels, guess: Bools, *, half: float = 0.5) -> Fit:
    """Move the edge of a first guess until it looks like the image.

    Parameters
    ----------
    half : float
        The share of lesion at which the edge is seen: a half, or another one to try how much hangs on it.
    """
    step = room.step_mm
    start = distance_mm(guess, step)
    level = ndimage.gaussian_filter(start, 1.0 / step)
    seen, weight = _seen(room, levels, level, half)
    for number in range(ROUNDS):
        if number and number % EVERY == 0:
            level = evened(level, step)
            seen, weight = _seen(room, levels, level, half)
        near = np.abs(level) < BAND_MM
        use = weight * near
        gap = ndimage.gaussian_filter(use * (seen - faded(room, level)), BLUR_MM / step)
        gap /= np.maximum(ndimage.gaussian_filter(use, BLUR_MM / step), 0.05)
        # What the edge itself sees moves all that is near to it: noise farther off would grow islands.
        edge = np.exp(-((level / EDGE_MM) ** 2))
        push = ndimage.gaussian_filter(edge * gap, TANGENT_MM / step)
        push /= np.maximum(ndimage.gaussian_filter(edge, TANGENT_MM / step), 1e-3)
        moved = level + np.where(near, 0.5 * REPLY_MM * push, 0.0)
        level = np.clip(moved, start - FARTHEST_MM, start + FARTHEST_MM)
    return Fit(evened(level, step), seen, weight)


def error_mm(room: Room, levels: Levels, fit: Fit, guess: Bools) -> float:
    """Estimate the standard deviation of the outline's place along its normal, mm.

    Two parts: what noise and texture beside the outline would move it by, and how far it moves when the edge is looked
    for at 40 and at 60 % of the contrast in place of a half.
    """
    step = room.step_mm
    beside = (np.abs(fit.level_mm) > 2.0) & (np.abs(fit.level_mm) < 2.0 + BAND_MM) & room.organ & room.known
    gap = ndimage.gaussian_filter(fit.seen - faded(room, fit.level_mm), BLUR_MM / step)
    noise = REPLY_MM * float(np.sqrt(np.mean(gap[beside] ** 2))) if beside.any() else 0.0
    edge = np.abs(fit.level_mm) < 0.75 * step
    low, high = (fitted(room, levels, guess, half=half).level_mm[edge & room.organ] for half in (0.4, 0.6))
    doubt = 0.5 * float(np.sqrt(np.mean((low - high) ** 2)))
    return math.hypot(noise, doubt)


def faded(room: Room, level_mm: Float) -> Float:
    """Return what an outline looks like on the voxels of the room: 1 inside, 0 outside, blurred as an edge is."""
    sharp = np.clip(0.5 + level_mm / room.step_mm, 0.0, 1.0)
    # The sharp edge is a mean over a voxel already.
    sigma = [math.sqrt(max(b**2 - room.step_mm**2 / 12.0, 0.01)) / room.step_mm for b in room.blur_kji_mm]
    return ndimage.gaussian_filter(sharp, sigma)


def distance_mm(inside: Bools, step_mm: float) -> Float:
    """Return distances to the edge between voxels, positive inside."""
    deep = ndimage.distance_transform_edt(inside)
    high = ndimage.distance_transform_edt(~inside)
    return (np.where(inside, deep - 0.5, 0.5 - high)) * step_mm


def evened(level_mm: Float, step_mm: float) -> Float:
    """Return a level set whose values are distances again, with its zero where it was."""
    slope = np.sqrt(sum(g**2 for g in np.gradient(level_mm, step_mm)))
    near = level_mm / np.clip(slope, 0.3, 3.0)
    far = distance_mm(level_mm > 0, step_mm)
    return np.where(np.abs(far) < 1.75 * step_mm, np.clip(near, -2.0 * step_mm, 2.0 * step_mm), far)


def _seen(room: Room, levels: Levels, level_mm: Float, half: float) -> tuple[Float, Float]:
    """Return the share of lesion that each value shows, against the mean values on both sides nearby."""
    inner = (
        (level_mm > CLEAR_MM)
        & (level_mm < BESIDE_MM)
        & (np.abs(room.calm - levels.inside) < FAR_OFF * 2.0 * levels.spread)
    )
    plain = np.abs(room.calm - levels.outside) < FAR_OFF * levels.spread
    outer = (level_mm < -CLEAR_MM) & (level_mm > -BESIDE_MM) & plain & room.organ & room.known
    inside = _local(room, inner, levels.inside)
    outside = _local(room, outer, levels.outside)
    contrast = inside - outside
    floor = 0.5 * abs(levels.contrast)
    contrast = math.copysign(1.0, levels.contrast) * np.maximum(np.abs(contrast), floor)
    rough = (room.values - outside) / contrast
    seen = np.clip(np.minimum(rough, 4.0 - rough), -1.0, 2.0) + 0.5 - half
    return seen, (room.organ & room.known).astype(np.float64)


def _local(room: Room, where: Bools, prior: float) -> Float:
    sigma = LOCAL_MM / room.step_mm
    total = ndimage.gaussian_filter(where * room.values, sigma)
    weight = ndimage.gaussian_filter(where.astype(np.float64), sigma)
    overall = float(room.values[where].mean()) if where.sum() >= 20 else prior
    return (total + 0.05 * overall) / (weight + 0.05)
