"""Masks in DICOM: which object and which segments of it are meant, and their voxels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from isotherm.errors import BadGeometry, IsothermError, NoSuchLabel, NoSuchSeries
from isotherm.exchange.dicom_contours import Structures, drawn, open_structures
from isotherm.exchange.dicom_seg import Segmentation, open_segmentation
from isotherm.exchange.dicom_series import Folder, Series, scan
from isotherm.exchange.voxel_source import ImageFile, Segment, VoxelSource
from isotherm.imaging.volume import Grid

ON_GRID_MM = 0.1
"""How far the planes of a segmentation may lie from those of its image and still be taken for them."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskObject:
    """A SEG or an RTSTRUCT whose segments are known."""

    series: Series
    found: Segmentation | Structures

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments, in their order."""
        return self.found.segments

    def opened(self, chosen: Sequence[Segment], file: ImageFile, images: Iterable[Folder]) -> VoxelSource:
        """Return segments taken together as a mask of one label.

        Parameters
        ----------
        images : iterable of Folder
            Where the image may be that the mask was drawn on: beyond the planes that the mask holds, it is then known
            where the image ends.
        """
        image = _image_grid(self.found.source_uids, images)
        if isinstance(self.found, Structures):
            contours = drawn(self.found, chosen, file.of, image)
            return VoxelSource(file, contours.grid, lambda _: contours.slabs(), warnings=tuple(contours.told(file.of)),
                               origin=self.series.origin, partial=image is None,
                               simulated=self.series.simulated)  # fmt: skip
        found = self.found if image is None else _on_image(self.found, image)
        errors_mm = [found.outline_errors_mm[one.value] for one in chosen if one.value in found.outline_errors_mm]
        return VoxelSource(file, found.grid, lambda _: found.slabs(chosen), origin=self.series.origin,
                           partial=found is self.found, outline_error_mm=max(errors_mm, default=None),
                           simulated=self.series.simulated)  # fmt: skip


def open_mask_object(folder: Folder, wanted: str | None) -> tuple[MaskObject, str | None]:
    """Return the mask object that is meant, and what is left of the choice for its segments.

    Where there are several, the choice begins with the label of the series, `SERIES:SEGMENT`, or is the name of a
    segment that only one of them has.

    Raises
    ------
    NoSuchSeries, NoSuchLabel, BadGeometry, BadVoxels, UnreadableFile
    """
    file = folder.file
    objects = [one for one in folder.series if one.is_mask]
    if not objects:
        what = ", ".join(sorted({one.kind for one in folder.series})) or "nothing"
        raise NoSuchSeries(f"{file.start} holds no SEG and no RTSTRUCT ({what}); name the file that holds the mask.")
    if len(objects) == 1:
        return open_mask(objects[0]), wanted
    label, _, within = (wanted or "").partition(":")
    if fitting := [one for one in objects if one.label == label]:
        return open_mask(fitting[0]), within or None
    named = [
        found for found in map(open_mask, objects if wanted else ()) if wanted in (one.name for one in found.segments)
    ]
    if len(named) == 1:
        return named[0], wanted
    labels = ", ".join(one.label for one in objects)
    many = f"{len(named)} of them have a segment of this name" if named else "name one and its segment"
    raise NoSuchLabel(
        f"{file.start} holds {len(objects)} mask objects (series {labels}); {many}: FOLDER:{objects[0].label}:SEGMENT."
    )


def open_mask(series: Series) -> MaskObject:
    """Read what a SEG or an RTSTRUCT says of itself: its segments, not their voxels.

    Raises
    ------
    BadGeometry, BadVoxels, UnreadableFile
    """
    (instance,) = series.instances
    return MaskObject(series, open_structures(instance) if series.kind == "RTSTRUCT" else open_segmentation(instance))


def _image_grid(uids: Sequence[str], images: Iterable[Folder]) -> Grid | None:
    """Return the grid of the image that a mask was drawn on, where it is at hand and made of even planes."""
    for folder in images if uids else ():
        for series in folder.series:
            if series.uid in uids and series.is_image and series.stack is not None and series.stack.even:
                try:
                    return series.stack.grid()
                except BadGeometry:
                    continue
    return None


def _on_image(found: Segmentation, image: Grid) -> Segmentation:
    """Return a segmentation on all planes of its image, or as it is where its planes are none of the image's."""
    own = found.grid
    if own.shape_kji[1:] != image.shape_kji[1:]:
        return found
    ends = [[0.0, 0.0, 0.0], [own.shape_kji[0] - 1.0, 0.0, 0.0], [0.0, own.shape_kji[1] - 1.0, own.shape_kji[2] - 1.0]]
    at = image.to_kji(own.to_lps(ends))
    whole = np.rint(at)
    first, last = int(whole[0, 0]), int(whole[1, 0])
    fits = (
        np.abs((at - whole) * image.spacing_kji_mm).max() <= ON_GRID_MM
        and np.abs(whole[:, 1:] - np.array(ends)[:, 1:]).max() == 0
        and last - first == own.shape_kji[0] - 1
        and first >= 0
        and last < image.shape_kji[0]
    )
    if not fits:
        return found
    return replace(found, grid=image, planes=tuple(k + first for k in found.planes))


def scanned(paths: Iterable[str], of: str) -> list[Folder]:
    """Return what lies in several places; places that hold nothing to be read are passed over."""
    found: list[Folder] = []
    for path in paths:
        try:
            found.append(scan(ImageFile(path, of)))
        except (IsothermError, OSError):
            continue
    return found
