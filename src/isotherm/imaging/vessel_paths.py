"""Paths along the middle of vessels: the cheapest ways from every end to one root, as a graph without spurs."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, dijkstra
from scipy.spatial import cKDTree

from isotherm.imaging.geometry import Float, Int
from isotherm.imaging.lumen import Lumen
from isotherm.imaging.proximity import Body

COVERED_RADII, COVERED_MM = 1.5, 1.0
"""A path accounts for the vessel within one and a half radii and 1 mm of it; what lies beyond has a path of its own."""

SPUR_MM = 3.0
"""A side branch that reaches less than this, or less than its own diameter, beyond its parent's wall is no branch."""


class WallDistance:
    """Distance from places in a lumen to its wall, mm."""

    def __init__(self, wall: Body) -> None:
        self._corners = cKDTree(wall.points_lps_mm)

    def __call__(self, places_lps_mm: Float) -> Float:
        """Return the distance of each place, shape (n, 3), LPS mm; shape (n,)."""
        return np.asarray(self._corners.query(places_lps_mm)[0], dtype=np.float64)


@dataclass(slots=True, eq=False)
class Path:
    """A path between two nodes, with its distance to the wall; a node that no other path has is a free end."""

    points_lps_mm: Float
    radii_mm: Float
    ends: tuple[int, int]

    @property
    def length_mm(self) -> float:
        """Length along the path, mm."""
        return float(np.linalg.norm(np.diff(self.points_lps_mm, axis=0), axis=1).sum())

    def from_node(self, node: int) -> Path:
        """Return this path, starting at one of its ends."""
        return self if self.ends[0] == node else self._reversed()

    def _reversed(self) -> Path:
        return Path(self.points_lps_mm[::-1], self.radii_mm[::-1], (self.ends[1], self.ends[0]))


def vessel_paths(lumen: Lumen, wall_distance: WallDistance) -> list[Path]:
    """Find the paths along the middle of vessels; join what only seemed to be split, and prune spurs.

    Thinning the voxels instead (Lee 1994, as in scikit-image) was tried first: it removes a straight vessel of even
    width without a trace.

    References
    ----------
    .. [1] Sato et al., Pacific Graphics 2000:281-289 (TEASAR: centerlines as cheapest paths, one end after another).
    """
    paths: list[Path] = []
    change: list[Path] | None = _graph(lumen, wall_distance)
    while change:
        paths, degree = change, degrees(change)
        change = _join(paths, degree) or _contract(paths, degree) or _prune(paths, degree)
    return paths


def degrees(paths: list[Path]) -> Counter[int]:
    """Return how many paths end at each node."""
    return Counter(node for path in paths for node in path.ends)


def _graph(lumen: Lumen, radius_at: WallDistance) -> list[Path]:
    """Draw paths from the ends of each vessel to a common root, and cut them where they meet."""
    flat = np.flatnonzero(lumen.inside)
    number = np.full(lumen.inside.size, -1)
    number[flat] = np.arange(len(flat))
    points = lumen.grid.to_lps(np.stack(np.unravel_index(flat, lumen.inside.shape), axis=1))
    radii = np.maximum(radius_at(points), lumen.voxel_mm / 4)
    links = _links(lumen, flat, number, radii)
    edges: list[Path] = []
    labels = connected_components(links, directed=False)[1]
    first_of: Int = np.unique(labels, return_index=True)[1]
    for seed in first_of.tolist():
        parent = _tree(links, seed, points, radii)
        edges += _edges(parent, points, radii)
    return edges


def _links(lumen: Lumen, flat: Int, number: Int, radii: Float) -> csr_array:
    """Link each voxel to its 26 neighbors; near the wall the way is dearer, so that cheap paths keep away."""
    _, rows, columns = lumen.inside.shape
    starts: list[Int] = []
    ends: list[Int] = []
    costs: list[Float] = []
    for k, j, i in [o for o in itertools.product((-1, 0, 1), repeat=3) if o > (0, 0, 0)]:
        # The field has a border of background (see lumen_near), so that no step leads around its edge.
        neighbor = number[flat + (k * rows + j) * columns + i]
        start = np.flatnonzero(neighbor >= 0)
        end = neighbor[start]
        starts.append(start)
        ends.append(end)
        costs.append(math.sqrt(k * k + j * j + i * i) / ((radii[start] + radii[end]) / 2) ** 2)
    pairs = (np.concatenate(starts), np.concatenate(ends))
    one_way = coo_array((np.concatenate(costs), pairs), shape=(len(flat), len(flat))).tocsr()
    return (one_way + one_way.T).tocsr()


def _tree(links: csr_array, seed: int, points: Float, radii: Float) -> dict[int, int]:
    """Return the voxels of one vessel's centerlines, each with the next one toward the root; the root has itself."""
    far_end = int(breadth_first_order(links, seed, return_predecessors=False)[-1])
    root = _climb(links, far_end, radii)
    order = breadth_first_order(links, root, return_predecessors=False)
    toward: Int = np.asarray(dijkstra(links, indices=[root], return_predecessors=True)[1], dtype=np.int64)[0]
    parent = {root: root}
    open_voxels = np.zeros(len(points), dtype=bool)
    open_voxels[order] = True
    neighborhood = cKDTree(points)
    for far in reversed(order.tolist()):  # the farthest voxel from the root that no path has covered is an end
        if not open_voxels[far]:
            continue
        open_voxels[far] = False
        path = [_climb(links, far, radii)]
        while path[-1] not in parent:
            parent[path[-1]] = int(toward[path[-1]])
            path.append(parent[path[-1]])
        reach = COVERED_RADII * radii[path] + COVERED_MM
        for covered in neighborhood.query_ball_point(points[path], reach):
            open_voxels[covered] = False
    return parent


def _climb(links: csr_array, voxel: int, radii: Float) -> int:
    """Go from the rim of an end to the middle of the vessel, always to the neighbor farthest from the wall."""
    while True:
        near = links.indices[links.indptr[voxel] : links.indptr[voxel + 1]]
        best = int(near[radii[near].argmax()]) if len(near) else voxel
        if radii[best] <= radii[voxel]:
            return voxel
        voxel = best


def _edges(parent: dict[int, int], points: Float, radii: Float) -> list[Path]:
    """Cut a tree at its root, its forks and its ends."""
    children = Counter(onward for voxel, onward in parent.items() if onward != voxel)
    root = next(voxel for voxel, onward in parent.items() if onward == voxel)
    edges: list[Path] = []
    for start in parent:
        if children[start] == 1 or start == root:
            continue
        path = [start, parent[start]]
        while children[path[-1]] == 1 and path[-1] != root:
            path.append(parent[path[-1]])
        edges.append(Path(points[path], radii[path], (start, path[-1])))
    return edges or [Path(points[[root]], radii[[root]], (root, -1 - root))]


def _join(edges: list[Path], degree: Counter[int]) -> list[Path] | None:
    """Join two branches that meet at a node where no third one does."""
    for node in [node for node, count in degree.items() if count == 2]:
        meeting = [edge for edge in edges if node in edge.ends]
        a, b = meeting[0].from_node(node), meeting[1].from_node(node)
        path = np.concatenate([a.points_lps_mm[::-1], b.points_lps_mm[1:]])
        joined = Path(path, np.append(a.radii_mm[::-1], b.radii_mm[1:]), (a.ends[1], b.ends[1]))
        return [edge for edge in edges if edge not in meeting] + [joined]
    return None


def _contract(edges: list[Path], degree: Counter[int]) -> list[Path] | None:
    """Make one junction of two that lie within one radius: paths seldom meet at the very same voxel."""
    for link in edges:
        kept, gone = link.ends
        if min(degree[kept], degree[gone]) < 2 or link.length_mm >= link.radii_mm.max():
            continue
        # The other paths are led to the middle of the link, so that all still meet at one place.
        middle = len(link.points_lps_mm) // 2
        ways = {
            kept: (link.points_lps_mm[: middle + 1], link.radii_mm[: middle + 1]),
            gone: (link.points_lps_mm[middle:][::-1], link.radii_mm[middle:][::-1]),
        }
        moved: list[Path] = []
        for edge in edges:
            if edge is link:
                continue
            for end in edge.ends:
                if end in ways:
                    way, radii = ways[end]
                    turned = edge.from_node(end)
                    edge = Path(
                        np.concatenate([way[:0:-1], turned.points_lps_mm]),
                        np.append(radii[:0:-1], turned.radii_mm),
                        (kept, turned.ends[1]),
                    )
            moved.append(edge)
        return moved
    return None


def _prune(edges: list[Path], degree: Counter[int]) -> list[Path] | None:
    """Remove side branches that hardly leave the lumen of the others: the shortest at each junction, or None."""
    points = np.concatenate([edge.points_lps_mm for edge in edges])
    radii = np.concatenate([edge.radii_mm for edge in edges])
    owner = np.repeat(np.arange(len(edges)), [len(edge.points_lps_mm) for edge in edges])
    nearby = cKDTree(points)
    spurs: dict[int, tuple[float, int]] = {}
    for number, edge in enumerate(edges):
        free = [node for node in edge.ends if degree[node] == 1]
        if len(free) != 1:
            continue
        tip = edge.from_node(free[0])
        around: Int = np.array(nearby.query_ball_point(tip.points_lps_mm[0], radii.max()), dtype=np.int64)
        around = around[owner[around] != number]
        hugs = (np.linalg.norm(points[around] - tip.points_lps_mm[0], axis=1) < radii[around]).any()
        beyond = edge.length_mm + tip.radii_mm[0] - tip.radii_mm[-1]
        if hugs or beyond < max(SPUR_MM, 2 * float(np.median(edge.radii_mm))):
            junction = tip.ends[1]
            spurs[junction] = min(spurs.get(junction, (math.inf, 0)), (edge.length_mm, number))
    gone = {number for _, number in spurs.values()}
    return [edge for number, edge in enumerate(edges) if number not in gone] if gone else None
