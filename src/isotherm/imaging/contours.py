"""Closed contours in a plane to the share of each pixel that they enclose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isotherm.imaging.geometry import Float

ROWS_PER_PIXEL = 16
"""Lines on which a pixel's share is measured; along each line it is exact."""

WITHIN, APART = 0.98, 0.02
"""Shares of a contour's area from which it counts as lying within what is enclosed so far, or beside it."""

Shares = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Enclosed:
    """What contours of one plane enclose.

    Parameters
    ----------
    shares : array, shape (j, i)
        Share of each pixel, from 0 to 1.
    overlapping, repeated : int
        Contours that cross others (they were united), and that were there twice (they count once).
    """

    shares: Shares
    overlapping: int
    repeated: int


def enclosed(contours: Sequence[Float], shape_ji: tuple[int, int]) -> Enclosed:
    """Return the share of each pixel that closed contours enclose.

    A contour within another one is a hole, one within a hole is an island; contours that cross are united.

    Parameters
    ----------
    contours : sequence of array, shape (n, 2)
        Corners (j, i) in pixels, centers at whole numbers; the last corner is joined with the first.
    shape_ji : tuple of int
    """
    shares = [coverage(contour, shape_ji) for contour in contours]
    shares.sort(key=lambda one: -float(one.sum()))
    total, seen = np.zeros(shape_ji), list[Shares]()
    overlapping = repeated = 0
    for one in shares:
        area = float(one.sum())
        if area <= 0.0:
            continue
        if any(np.abs(one - other).sum() <= APART * area for other in seen):
            repeated += 1
            continue
        seen.append(one)
        within = float((total * one).sum()) / float((one * one).sum())
        if within >= WITHIN:
            total = np.maximum(total - one, 0.0)
        elif within <= APART:
            total = np.minimum(total + one, 1.0)
        else:
            overlapping += 1
            total = np.maximum(total, one)
    return Enclosed(total, overlapping, repeated)


def coverage(contour: Float, shape_ji: tuple[int, int]) -> Shares:
    """Return the share of each pixel inside one closed contour, shape (j, i); what crosses itself counts even-odd.

    Parameters
    ----------
    contour : array, shape (n, 2)
        Corners (j, i) in pixels, centers at whole numbers.
    """
    nj, ni = shape_ji
    line, at = _crossings(contour, nj * ROWS_PER_PIXEL)
    order = np.lexsort((at, line))
    line, at = line[order], np.clip(at[order], -0.5, ni - 0.5)
    # Along a line, what is enclosed begins at each even crossing and ends at each odd one.
    starts = np.flatnonzero(np.r_[True, line[1:] != line[:-1]]) if len(line) else np.zeros(0, int)
    rank = np.arange(len(line)) - np.repeat(starts, np.diff(np.r_[starts, len(line)]))
    sign = np.where(rank % 2 == 1, 1.0, -1.0)
    pixel = np.minimum(np.floor(at + 0.5).astype(int), ni - 1)
    row = line // ROWS_PER_PIXEL
    whole, part = np.zeros((nj, ni + 1)), np.zeros((nj, ni))
    np.add.at(whole, (row, pixel), sign)  # all pixels before this one ...
    np.add.at(part, (row, pixel), sign * (at + 0.5 - pixel))  # ... and this one up to the crossing
    before = whole[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    return np.clip((before + part) / ROWS_PER_PIXEL, 0.0, 1.0)


def _crossings(contour: Float, lines: int) -> tuple[npt.NDArray[np.int64], Float]:
    """Return where the edges of a contour cross the lines of pixels: number of the line, and place along it."""
    corners = np.asarray(contour, dtype=np.float64)
    ends = np.roll(corners, -1, axis=0)
    # In units of lines, the first of which lies at 0: a line is crossed from its start up to, not including, its end.
    start = (corners[:, 0] + 0.5) * ROWS_PER_PIXEL - 0.5
    end = (ends[:, 0] + 0.5) * ROWS_PER_PIXEL - 0.5
    low, high = np.ceil(np.minimum(start, end)), np.ceil(np.maximum(start, end)) - 1
    low, high = np.maximum(low, 0).astype(np.int64), np.minimum(high, lines - 1).astype(np.int64)
    count = np.maximum(high - low + 1, 0)
    edge = np.repeat(np.arange(len(corners)), count)
    first = np.cumsum(count) - count
    line = np.arange(int(count.sum())) - np.repeat(first, count) + np.repeat(low, count)
    along = (line - start[edge]) / (end - start)[edge]
    return line, corners[edge, 1] + along * (ends[edge, 1] - corners[edge, 1])
