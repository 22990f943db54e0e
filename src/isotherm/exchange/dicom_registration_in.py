"""DICOM Spatial and Deformable Spatial Registration objects to the parts of a transform.

The object names one registered frame of reference, and for each source how it lies to it: as matrices that carry a
source point to the registered frame, or as a deformation that carries a registered point to the source. Which of them
the scan after is depends on who wrote the object, so that the frames of both scans can be given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from isotherm.errors import BadGeometry, NoSuchSeries, UnreadableFile
from isotherm.exchange.dicom_item import Item, read_item
from isotherm.exchange.dicom_place import Place, places_in
from isotherm.exchange.voxel_source import ImageFile, cut_short, grid_of
from isotherm.imaging.transform import Displacement
from isotherm.imaging.transform_chain import Linear, inverted, joined
from isotherm.imaging.volume import Grid

RIGID_CLASS, DEFORMABLE_CLASS = "1.2.840.10008.5.1.4.1.1.66.1", "1.2.840.10008.5.1.4.1.1.66.3"

BIG_ENDIAN = "1.2.840.10008.1.2.2"
"""A transfer syntax of old, whose numbers in a row pydicom leaves as they are."""

Parts = tuple[Linear | Displacement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """One frame of reference, and the way from the registered frame to it."""

    frame_uid: str
    parts: Parts

    @property
    def stays(self) -> bool:
        """Whether it is the registered frame itself, or lies just as it does."""
        return all(isinstance(part, Linear) and np.array_equal(part.matrix, np.eye(3)) and not part.shift_mm.any()
                   for part in self.parts)  # fmt: skip


def read_registration(file: ImageFile, *, frames: tuple[str, str] | None = None) -> Parts:
    """Read the way from the scan after to the scan before, part by part.

    Parameters
    ----------
    file : ImageFile
        A DICOM object, or a folder or ZIP archive that holds exactly one registration.
    frames : (str, str), optional
        UIDs of the frames of reference of the scan after and of the scan before. Without them the scan after is the
        registered one, and the scan before the only source that moves.

    Raises
    ------
    UnreadableFile, BadGeometry
    NoSuchSeries
        No registration, several of them, or none of these frames.
    """
    item = _only_registration(file)
    deformable = item.text("SOPClassUID") == DEFORMABLE_CLASS
    listed = item.items("DeformableRegistrationSequence" if deformable else "RegistrationSequence")
    order = ">f4" if item.syntax == BIG_ENDIAN else "<f4"
    sources = [_deformed(one, file, order) if deformable else _moved(one, file) for one in listed]
    if not sources:
        raise UnreadableFile(f"{file.start} is a registration without a source; export it once more.")
    own = item.text("FrameOfReferenceUID")
    if frames is None or frames[0] == frames[1]:
        moving = [one for one in sources if not one.stays] or sources[-1:]
        if len(moving) > 1:
            raise NoSuchSeries(
                f"{file.start} registers {len(moving)} frames of reference; name those of the scan after and of the "
                "scan before."
            )
        return moving[0].parts
    to_after, to_before = (_way_to(frame, own, sources, file) for frame in frames)
    return (*_back(to_after), *to_before)


def _only_registration(file: ImageFile) -> Item:
    found = [place for place in places_in(file) if place.is_dicom() and _is_registration(place)]
    if len(found) != 1:
        many = "no registration" if not found else f"{len(found)} registrations"
        raise NoSuchSeries(
            f"{file.start} holds {many} (DICOM Spatial Registration or Deformable Spatial Registration); name the one "
            "object that is meant."
        )
    return read_item(found[0])


def _is_registration(place: Place) -> bool:
    return read_item(place, tags=["SOPClassUID"]).text("SOPClassUID") in (RIGID_CLASS, DEFORMABLE_CLASS)


def _way_to(frame: str, own: str, sources: Sequence[_Source], file: ImageFile) -> Parts:
    """Return the way from the registered frame to another one."""
    found = [one.parts for one in sources if one.frame_uid == frame]
    if len(found) > 1:
        raise NoSuchSeries(f"{file.start} registers one frame of reference several times; name another object.")
    if not found and frame != own:
        raise NoSuchSeries(
            f"{file.start} registers other frames of reference than those of these two scans; name another object."
        )
    return found[0] if found else ()


def _back(parts: Parts) -> Parts:
    """Return the way back of parts: exact for matrices, followed back node by node through a deformation."""
    linear = [part for part in parts if isinstance(part, Linear)]
    if len(linear) == len(parts):
        return tuple(part.inverse() for part in reversed(linear))
    way = inverted(joined(parts))
    assert way.displacement is not None  # of a deformation
    return way.displacement, Linear(way.rotation, way.translation_mm)


def _moved(item: Item, file: ImageFile) -> _Source:
    """Read a source of a rigid object: its matrices, whose product carries it to the registered frame."""
    registration = item.first("MatrixRegistrationSequence")
    matrices = registration.items("MatrixSequence") if registration is not None else ()
    if not matrices:
        raise UnreadableFile(f"{file.start} has a source without a matrix; export it once more.")
    whole = np.eye(4)
    for one in matrices:
        whole = whole @ _matrix(one, file)
    return _Source(item.text("FrameOfReferenceUID"), (_linear(whole, file).inverse(),))


def _deformed(item: Item, file: ImageFile, order: str) -> _Source:
    """Read a source of a deformable object: a matrix, displacements and a matrix, in the order of their use."""
    parts: list[Linear | Displacement] = []
    for keyword in ("Pre", "Grid", "Post"):
        if keyword == "Grid":
            grid = item.first("DeformableRegistrationGridSequence")
            parts += [] if grid is None else [_displacement(grid, file, order)]
            continue
        one = item.first(f"{keyword}DeformationMatrixRegistrationSequence")
        if one is not None:
            linear = _linear(_matrix(one, file), file)
            # One that does nothing would only make the field be sampled anew.
            stays = np.array_equal(linear.matrix, np.eye(3)) and not linear.shift_mm.any()
            parts += [] if stays else [linear]
    return _Source(item.text("SourceFrameOfReferenceUID"), tuple(parts) or (Linear(np.eye(3), np.zeros(3)),))


def _matrix(item: Item, file: ImageFile) -> npt.NDArray[np.float64]:
    numbers = item.numbers("FrameOfReferenceTransformationMatrix", 16)
    if numbers is None or numbers[12:] != (0.0, 0.0, 0.0, 1.0):
        raise BadGeometry(
            f"{file.start} has a matrix that is not 4 x 4 finite numbers and affine; export it once more."
        )
    return np.array(numbers).reshape(4, 4)


def _linear(matrix: npt.NDArray[np.float64], file: ImageFile) -> Linear:
    try:
        return Linear(matrix[:3, :3], matrix[:3, 3])
    except BadGeometry as error:
        raise BadGeometry(f"{file.start}: {error}") from error


def _displacement(item: Item, file: ImageFile, order: str) -> Displacement:
    sizes, spacing = item.numbers("GridDimensions", 3), item.numbers("GridResolution", 3)
    origin, turned = item.numbers("ImagePositionPatient", 3), item.numbers("ImageOrientationPatient", 6)
    if sizes is None or spacing is None or origin is None or turned is None or min(sizes) < 1:
        raise UnreadableFile(f"{file.start} has a deformation without its grid; export it once more.")
    data = item.data("VectorGridData")
    i, j, k = (int(size) for size in sizes)
    if math.prod((i, j, k)) * 12 != len(data):
        raise cut_short(file)
    row, column = np.array(turned[:3]), np.array(turned[3:])
    axes = np.stack([np.cross(row, column), column, row], axis=1)
    grid = grid_of(file, (k, j, i), lambda shape: Grid(shape, (spacing[2], spacing[1], spacing[0]),
                                                       (origin[0], origin[1], origin[2]), axes))  # fmt: skip
    vectors = np.frombuffer(data, dtype=order).reshape(k, j, i, 3)
    if not np.isfinite(vectors).all():
        raise BadGeometry(f"{file.start} leaves places of its grid without a displacement; export one that is whole.")
    return Displacement(vectors, grid)
