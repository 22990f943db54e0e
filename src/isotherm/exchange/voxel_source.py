"""What every image format gives: a checked header, and the voxels slab by slab once they are wanted."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isotherm.errors import BadGeometry, BadVoxels, UnreadableFile
from isotherm.exchange.origin import Origin
from isotherm.imaging.volume import Grid
from isotherm.printable import printable

Voxels = npt.NDArray[Any]

MASK_TYPES = (np.uint8, np.uint16, np.float32)
"""Types a mask is kept in, the first one that holds every value. Single precision is left to shares of a voxel."""

IMAGE_TYPES = (np.int16, np.float32)
"""Types an image is kept in; CT fits the first one whatever the file stores it as."""

NEAREST_WHOLE = 1e-3
"""A mask's value this near to a whole number is that number: files with a scale factor store 1 as 0.99997."""

MOST_BYTES = 8 * 2**30
"""More than this is taken for a broken header (a 512 x 512 x 2000 image of doubles has 4.2 GB)."""

MOST_OUTLINE_ERROR_MM = 5.0
"""As in the settings of a margin."""

FARTHEST_MM = 1e7
"""A position beyond this (10 km, or 10 m given in micrometers) is taken for a broken header."""

DEFLATE_LIMIT = 1032
"""No deflate stream (gzip, zlib) unpacks to more than this times its size."""

SLAB_BYTES = 4 * 2**20
"""Voxels in memory at a time while a file is read, beside the result."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file and what it is given as; messages name it without its folder."""

    path: str
    of: str

    @property
    def name(self) -> str:
        """The file's name without its folder, fit for a message."""
        return printable(re.split(r"[\\/]", self.path.rstrip("\\/"))[-1])

    def __str__(self) -> str:
        return f"the {self.of} file '{self.name}'"

    @property
    def start(self) -> str:
        """The same at the start of a sentence."""
        return f"T{str(self)[1:]}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A label of a mask file: its value, and in files of overlapping layers its layer; its name where there is one."""

    value: int
    layer: int = 0
    name: str | None = None
    id: str | None = None

    @property
    def label(self) -> str:
        """How people call it: by its name, else by its value."""
        return self.name or str(self.value)


@dataclass(frozen=True, slots=True, eq=False)
class VoxelSource:
    """An image file whose header has been read and checked.

    Parameters
    ----------
    file : ImageFile
        For messages.
    grid : Grid
        Where the voxels lie.
    slabs : callable
        Reads the voxels of a layer: arrays of shape (any, j, i), in the order of k, each valid until the next one.
    layers : int
        Number of masks that lie on the grid together; 1 but for overlapping Slicer segmentations.
    segments : tuple of Segment
        Labels that the header names.
    warnings : tuple of str
        What had to be assumed.
    origin : Origin or None
        Whom and when it is of, where the format says so.
    unit : str
        Of an image's values.
    partial : bool
        Whether planes without a mask are left out, so that the grid may end before the image does.
    outline_error_mm : float or None
        Standard deviation of the outline along its normal, where the file says it.
    simulated : bool
        Whether the file says that it was simulated, and is of no patient.
    """

    file: ImageFile
    grid: Grid
    slabs: Callable[[int], Iterator[Voxels]]
    layers: int = 1
    segments: tuple[Segment, ...] = ()
    warnings: tuple[str, ...] = ()
    origin: Origin | None = None
    unit: str = "HU"
    partial: bool = False
    outline_error_mm: float | None = None
    simulated: bool = False


SIMULATED_NOTE = "isotherm: simulated, no patient"
"""Words by which a header says that an image or a mask was simulated; other programs may not hand them on."""


def is_noted_simulated(note: str) -> bool:
    """Return whether a header has these words."""
    return SIMULATED_NOTE in note


def outline_note(error_mm: float) -> str:
    """Return the words by which a header says how sure the outline in it is."""
    return f"isotherm outline sd {error_mm:.3f} mm"


def noted_outline_error_mm(note: str) -> float | None:
    """Read such words; None where there are none, or where the number cannot be one."""
    found = re.search(r"isotherm outline sd (\d{1,2}\.\d{3}) mm", note)
    if found is None or not 0.0 < float(found[1]) <= MOST_OUTLINE_ERROR_MM:
        return None
    return float(found[1])


def three_axes(sizes: Sequence[int], file: ImageFile, *, thin: bool = False) -> tuple[tuple[int, int, int], str | None]:
    """Return the shape (k, j, i) of an image from its sizes (i, j, k, ...), and a warning where it has more axes.

    `thin` lets an image of a single slice pass: Slicer crops its segmentations to what they hold.
    """
    if min(sizes, default=0) < 1:
        raise BadGeometry(f"{file.start} has no voxels (its header says {_by(sizes)}); write it anew.")
    kept = list(sizes)
    while len(kept) > 3 and kept[-1] == 1:
        kept.pop()
    if len(kept) > 3:
        kind = "a time series" if len(kept) == 4 else "an image with several values per voxel"
        raise BadGeometry(f"{file.start} is {kind} ({_by(sizes)}); one 3-D image is wanted: write out the part needed.")
    if len(kept) < 3 or (min(kept) == 1 and not thin):
        raise BadGeometry(f"{file.start} is 2-D ({_by(sizes)}); a 3-D image of all slices is wanted.")
    warning = f"{file.of}: a trailing dimension of size 1 was left out" if len(sizes) > 3 else None
    return (kept[2], kept[1], kept[0]), warning


def refuse_values_per_voxel(count: int, file: ImageFile) -> None:
    """Refuse voxels that are not one number each."""
    if count != 1:
        raise BadVoxels(f"{file.start} has {count} values per voxel (color, vectors or a time series); one is wanted.")


def refuse_other_than_numbers(dtype: np.dtype[Any], file: ImageFile) -> None:
    """Refuse colors and complex numbers."""
    if dtype.kind not in "iuf":
        raise BadVoxels(f"{file.start} has voxels that are colors or complex; one plain number each is wanted.")


def refuse_impossible_size(needed_bytes: int, most_in_file: int | None, file: ImageFile) -> None:
    """Refuse, before any memory is taken, a header that promises more voxels than can be there.

    `most_in_file` is the largest number of bytes that the file can unpack to, or None where that is not known.
    """
    if needed_bytes > MOST_BYTES:
        raise UnreadableFile(
            f"{file.start} says it holds {needed_bytes / 2**30:.0f} GB of voxels; at most {MOST_BYTES // 2**30} GB are "
            "read: crop it, or write it anew if its header is broken."
        )
    if most_in_file is not None and needed_bytes > most_in_file:
        raise cut_short(file)


def refuse_absent(file: ImageFile) -> None:
    """Refuse what is no file on a disk with something in it."""
    if not file.path:
        raise UnreadableFile(f"An empty name came for the {file.of} file; name one.")
    if not os.path.exists(file.path):
        raise UnreadableFile(f"{file.start} is not there; check its name and folder.")
    if not os.path.isfile(file.path):
        raise UnreadableFile(f"{file.start} is a device or a pipe; a file on a disk is wanted.")
    if os.path.getsize(file.path) == 0:
        raise UnreadableFile(f"{file.start} is empty (0 bytes); copy or export it once more.")


def cut_short(file: ImageFile) -> UnreadableFile:
    """Return the error for a file that ends too early or whose compression is broken."""
    return UnreadableFile(f"{file.start} is cut short or damaged; copy or export it once more.")


def grid_of(file: ImageFile, shape_kji: tuple[int, int, int], make: Callable[[tuple[int, int, int]], Grid]) -> Grid:
    """Make a grid; where that fails the message names the file."""
    try:
        return make(shape_kji)
    except BadGeometry as error:
        raise BadGeometry(f"{file.start}: {error}") from error


def gather(
    source: VoxelSource,
    layer: int,
    types: Sequence[type[np.generic]],
    tidy: Callable[[Voxels], Voxels] = lambda slab: slab,
) -> Voxels:
    """Read one layer, each slab by `tidy`, into one array, shape (k, j, i), of the first of `types` that holds it."""
    left = [np.dtype(t) for t in types]
    voxels = np.empty(source.grid.shape_kji, left.pop(0))
    at = 0
    for slab in map(tidy, source.slabs(layer)):
        cast = _cast(slab, voxels.dtype, last=not left)
        while cast is None:
            # A later slab holds what the type so far cannot: go on with a wider one.
            wider = np.empty(voxels.shape, left.pop(0))
            wider[:at] = voxels[:at]
            voxels = wider
            cast = _cast(slab, voxels.dtype, last=not left)
        voxels[at : at + len(slab)] = cast
        at += len(slab)
    if at != len(voxels):
        raise cut_short(source.file)
    return voxels


def _cast(slab: Voxels, dtype: np.dtype[Any], *, last: bool) -> Voxels | None:
    """Return the slab in another type, or None where that would change a value and it is not the last resort."""
    if last or np.can_cast(slab.dtype, dtype, "safe"):
        with np.errstate(over="ignore"):
            return slab.astype(dtype, copy=False)
    with np.errstate(invalid="ignore", over="ignore"):
        cast = slab.astype(dtype)
    return cast if np.array_equal(cast, slab) else None


def snapped(slab: Voxels) -> Voxels:
    """Return a slab of a mask with values next to a whole number replaced by it; see `NEAREST_WHOLE`."""
    if slab.dtype.kind != "f":
        return slab
    with np.errstate(invalid="ignore"):  # infinities are found and refused later
        whole = np.rint(slab)
        np.copyto(whole, slab, where=np.abs(slab - whole) > NEAREST_WHOLE)
    return whole


def rows_at_once(shape_kji: tuple[int, int, int], itemsize: int) -> int:
    """Return how many planes of constant k make up one slab."""
    return max(1, SLAB_BYTES // (shape_kji[1] * shape_kji[2] * itemsize))


def _by(sizes: Sequence[int]) -> str:
    return " x ".join(str(n) for n in sizes)
