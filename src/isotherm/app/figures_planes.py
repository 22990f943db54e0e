"""Planes through the patient: where they lie, what an image shows on them, where they cut a surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from isotherm.imaging.volume import Grid

Float = npt.NDArray[np.float64]

LEFT = (1.0, 0.0, 0.0)
ANTERIOR = (0.0, -1.0, 0.0)
POSTERIOR = (0.0, 1.0, 0.0)
CRANIAL = (0.0, 0.0, 1.0)

ORIENTATIONS = {
    "axial": (LEFT, ANTERIOR, ("R", "L", "P", "A")),
    "coronal": (LEFT, CRANIAL, ("R", "L", "I", "S")),
    "sagittal": (POSTERIOR, CRANIAL, ("A", "P", "I", "S")),
}
"""Radiological convention: what points right and up in the picture, and the letters left, right, bottom, top."""


@dataclass(frozen=True, slots=True)
class Plane:
    """A square of the patient: `half_mm` to each side of its center, seen in the radiological convention."""

    name: str
    center_lps_mm: tuple[float, float, float]
    half_mm: float

    def __post_init__(self) -> None:
        if self.name not in ORIENTATIONS:
            raise ValueError(f"A plane called {self.name!r} came; one of {', '.join(ORIENTATIONS)} is wanted.")
        if not self.half_mm > 0:
            raise ValueError("A plane needs a size above 0 mm.")

    @property
    def axes_lps(self) -> Float:
        """Unit vectors that point right, up and toward the viewer, shape (3 of them, 3)."""
        right, up, _ = ORIENTATIONS[self.name]
        return np.array([right, up, np.cross(right, up)])

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """Direction letters at the left, right, bottom and top of the picture."""
        return ORIENTATIONS[self.name][2]

    def to_picture(self, points_lps_mm: npt.ArrayLike) -> Float:
        """Return mm to the right, up and toward the viewer from the plane's center, shape (n, 3)."""
        return (np.asarray(points_lps_mm, dtype=np.float64) - np.array(self.center_lps_mm)) @ self.axes_lps.T

    def places_lps_mm(self, step_mm: float) -> Float:
        """Return pixel centers, shape (rows from the bottom, columns, 3), about `step_mm` apart."""
        count = max(2, round(2.0 * self.half_mm / step_mm))
        mm = (np.arange(count) + 0.5) / count * 2.0 * self.half_mm - self.half_mm
        right, up, _ = self.axes_lps
        return np.array(self.center_lps_mm) + mm[None, :, None] * right + mm[:, None, None] * up

    def sample(self, voxels: npt.NDArray[np.generic], grid: Grid, *, step_mm: float, outside: float) -> Float:
        """Return what an image or a mask shows on the plane, trilinear, shape (rows from the bottom, columns)."""
        places = self.places_lps_mm(step_mm)
        at = grid.to_kji(places.reshape(-1, 3)).T
        # Only the box that the plane touches is read: an image may be far larger than the plane.
        low = np.clip(np.floor(at.min(axis=1)).astype(int) - 1, 0, np.array(grid.shape_kji) - 1)
        high = np.clip(np.ceil(at.max(axis=1)).astype(int) + 2, low + 1, grid.shape_kji)
        box = voxels[tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))].astype(np.float64)
        values = map_coordinates(box, at - low[:, None], order=1, mode="grid-constant", cval=outside)
        return values.reshape(places.shape[:2])

    def cut(self, points_lps_mm: Float, triangles: npt.NDArray[np.integer]) -> list[Cut]:
        """Return the lines along which the plane cuts a surface; see `Cut`."""
        picture = self.to_picture(points_lps_mm)
        ends = _crossings(picture[:, 2], np.asarray(triangles))
        return [Cut(edges, share, _between(picture[:, :2], edges, share)) for edges, share in _chained(*ends)]


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """One line along which a plane cuts a surface; closed lines end where they start.

    Parameters
    ----------
    edges : array of int, shape (n, 2)
        The surface's points at both ends of the edge on which each place of the line lies.
    share : array, shape (n,)
        How far along that edge, 0 to 1.
    picture_mm : array, shape (n, 2)
        Right and up from the plane's center.
    """

    edges: npt.NDArray[np.int64]
    share: Float
    picture_mm: Float

    def take(self, values: Float) -> Float:
        """Return values given per point of the surface along the line, shape (n,)."""
        return _between(values, self.edges, self.share)


def _between(values: Float, edges: npt.NDArray[np.int64], share: Float) -> Float:
    part = share if values.ndim == 1 else share[:, None]
    return values[edges[:, 0]] * (1.0 - part) + values[edges[:, 1]] * part


def _crossings(
    height: Float, triangles: npt.NDArray[np.integer]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Float]:
    """Return each segment's two ends as numbers of edges, shape (s, 2), those edges, and the share along them."""
    above = height >= 0.0  # a point on the plane counts as above, so that no triangle is cut in a single point
    sides = above[triangles]
    crossed = triangles[sides.any(axis=1) & ~sides.all(axis=1)]
    pairs = np.sort(crossed[:, [[0, 1], [1, 2], [2, 0]]], axis=2)
    cut = above[pairs[..., 0]] != above[pairs[..., 1]]
    edges, number = np.unique(pairs[cut], axis=0, return_inverse=True)
    first, second = height[edges[:, 0]], height[edges[:, 1]]
    return number.reshape(-1, 2), edges.astype(np.int64), first / (first - second)


def _chained(
    segments: npt.NDArray[np.int64], edges: npt.NDArray[np.int64], share: Float
) -> list[tuple[npt.NDArray[np.int64], Float]]:
    """Join segments that share an end into lines, so that a dash pattern runs on."""
    at_end: dict[int, list[int]] = {}
    for number, (a, b) in enumerate(segments.tolist()):
        at_end.setdefault(a, []).append(number)
        at_end.setdefault(b, []).append(number)
    free = set(range(len(segments)))
    # Lines of an open surface start at an end that only one segment has; the rest are closed.
    starts = [ends[0] for ends in at_end.values() if len(ends) == 1] + list(range(len(segments)))
    lines: list[tuple[npt.NDArray[np.int64], Float]] = []
    for start in starts:
        if start not in free:
            continue
        free.discard(start)
        a, b = segments[start].tolist()
        chain = [b, a] if len(at_end[b]) == 1 else [a, b]
        while True:
            following = next((n for n in at_end[chain[-1]] if n in free), None)
            if following is None:
                break
            free.discard(following)
            a, b = segments[following].tolist()
            chain.append(b if a == chain[-1] else a)
        places = np.array(chain)
        lines.append((edges[places], share[places]))
    return lines
