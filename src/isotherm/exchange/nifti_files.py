"""NIfTI-1 and NIfTI-2 in one file (.nii, .nii.gz) to voxels in LPS, and masks back to it.

The voxels are streamed: unpacked slab by slab and kept in a small type, so that a mask stored as doubles (as
TotalSegmentator does) never takes eight times its room. nibabel reads the header.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, cast
from xml.etree import ElementTree

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from nibabel.spatialimages import HeaderDataError

from isotherm.errors import BadGeometry, BadVoxels, UnreadableFile
from isotherm.exchange.atomic import replacing
from isotherm.exchange.voxel_source import (
    DEFLATE_LIMIT,
    FARTHEST_MM,
    ImageFile,
    Segment,
    Voxels,
    VoxelSource,
    cut_short,
    grid_of,
    is_noted_simulated,
    noted_outline_error_mm,
    refuse_impossible_size,
    refuse_other_than_numbers,
    rows_at_once,
    three_axes,
)
from isotherm.imaging.volume import Grid
from isotherm.printable import printable

Float = npt.NDArray[np.float64]

RAS_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Turns NIfTI's right-anterior-superior into left-posterior-superior, and back."""

MM_PER_UNIT = {1: 1000.0, 3: 0.001}
"""Codes of the header's length unit other than millimeters: meters, micrometers."""

MOST_EXTENSION_BYTES = 16 * 2**20
"""Longest header extension that is searched for label names (TotalSegmentator's has 12 kB)."""

TWO_POSITIONS_MM = 0.5
"""The header can give the position twice (sform, qform); a larger difference is told."""

DISPLACEMENT, VECTOR = 1006, 1007
"""Intents of a field: as the format asks for (RAS), and as ITK and ANTs write it (LPS)."""

BROKEN = (EOFError, zlib.error, gzip.BadGzipFile)


def open_nifti(file: ImageFile, *, vectors: bool = False) -> VoxelSource:
    """Read and check the header of a NIfTI file; the voxels are read when they are asked for.

    With `vectors`, a field of displacements is wanted: its layers are left, posterior and superior, in mm, whatever
    frame the file keeps them in.
    """
    with _stream(file) as stream:
        try:
            header = _header(stream, file)
            # HeaderDataError is nibabel's; the others are what odd numbers in a header set off.
            dtype: np.dtype[Any] = header.get_data_dtype()
            start = int(header.get_data_offset())
            slope, intercept = cast("tuple[float | None, float | None]", header.get_slope_inter())
            sizes = [int(n) for n in header.get_data_shape()]
            extension = stream.read(min(max(0, start - stream.tell()), MOST_EXTENSION_BYTES))
        except BROKEN as error:
            raise cut_short(file) from error
        except (HeaderDataError, ValueError, OverflowError, KeyError, struct.error) as error:
            raise UnreadableFile(f"{file.start} has a NIfTI header that makes no sense; write it anew.") from error
    if not 0 <= start <= _most_bytes(file, 0):
        raise cut_short(file)
    refuse_other_than_numbers(dtype, file)
    signs = _vector_signs(header, sizes, file) if vectors else (1,)
    shape_kji, dropped = three_axes(sizes[:3] if vectors else sizes, file)
    refuse_impossible_size(math.prod(shape_kji) * dtype.itemsize * len(signs), _most_bytes(file, start), file)
    affine, assumed = _ijk_to_ras_mm(header, shape_kji, file)
    kji_to_lps = (RAS_LPS @ affine)[:, [2, 1, 0, 3]]
    grid = grid_of(file, shape_kji, lambda shape: Grid.from_affine(shape, kji_to_lps))
    segments = _label_table(extension)
    note = bytes(header["descrip"]).decode("latin-1")
    scale = None if slope in (None, 1.0) and intercept in (None, 0.0) else (slope or 1.0, intercept or 0.0)
    whole = math.prod(shape_kji) * dtype.itemsize
    return VoxelSource(
        file=file,
        grid=grid,
        slabs=lambda layer: (
            slab if signs[layer] == 1 else -slab.astype(np.float32)
            for slab in _slabs(file, start + layer * whole, shape_kji, dtype, scale)
        ),
        layers=len(signs),
        segments=segments,
        warnings=tuple(w for w in (dropped, *assumed) if w),
        outline_error_mm=noted_outline_error_mm(note),
        simulated=is_noted_simulated(note),
    )


def write_nifti(path: str | os.PathLike[str], voxels: npt.NDArray[Any], grid: Grid, *, note: str = "") -> None:
    """Write voxels, shape (k, j, i), as NIfTI (.nii or .nii.gz), position in sform and qform; bool becomes uint8.

    A `note` of up to 79 letters goes into the header's description.
    """
    voxels = voxels.view(np.uint8) if voxels.dtype == np.bool_ else voxels
    ijk_to_ras = RAS_LPS @ grid.kji_to_lps[:, [2, 1, 0, 3]]
    image: Any = nib.Nifti1Image(voxels.transpose(2, 1, 0), ijk_to_ras)  # nibabel's methods have no types
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = note.encode("ascii")
    image.set_qform(ijk_to_ras, code="scanner")
    image.set_sform(ijk_to_ras, code="scanner")
    with replacing(path, suffix=_ending(path)) as temporary:
        image.to_filename(temporary)


def write_nifti_vectors(path: str | os.PathLike[str], vectors_lps_mm: npt.NDArray[np.float32], grid: Grid) -> None:
    """Write displacements, shape (k, j, i, 3), as every version of ITK reads them: intent "vector", LPS."""
    ijk_to_ras = RAS_LPS @ grid.kji_to_lps[:, [2, 1, 0, 3]]
    image: Any = nib.Nifti1Image(vectors_lps_mm.transpose(2, 1, 0, 3)[:, :, :, None], ijk_to_ras)
    image.header.set_xyzt_units("mm")
    image.header.set_intent("vector")
    image.set_qform(ijk_to_ras, code="scanner")
    image.set_sform(ijk_to_ras, code="scanner")
    with replacing(path, suffix=_ending(path)) as temporary:
        image.to_filename(temporary)


def _ending(path: str | os.PathLike[str]) -> str:
    return ".nii.gz" if os.fspath(path).lower().endswith(".gz") else ".nii"


def nifti_bytes(
    voxels: npt.NDArray[np.uint8], grid: Grid, *, slope: float = 1.0, start: float = 0.0, labels: bool = False
) -> bytes:
    """Return a whole NIfTI-1 file of bytes, shape (k, j, i); `slope` and `start` give these their values."""
    header: Any = Nifti1Header()
    header.set_data_dtype(np.uint8)
    header.set_data_shape(grid.shape_kji[::-1])
    ijk_to_ras = RAS_LPS @ grid.kji_to_lps[:, [2, 1, 0, 3]]
    header.set_sform(ijk_to_ras, code=1)
    header.set_qform(ijk_to_ras, code=1)
    header.set_xyzt_units("mm")
    header.set_slope_inter(slope, start)
    header["vox_offset"] = 352
    header["magic"] = b"n+1"
    if labels:
        header.set_intent("label")
    return header.binaryblock + bytes(4) + voxels.tobytes()


def _vector_signs(header: Any, sizes: list[int], file: ImageFile) -> tuple[int, ...]:
    """Return what turns a file's displacements into LPS: the format's own are RAS, those of ITK's vectors are LPS."""
    name = bytes(header["intent_name"].tobytes()).strip(b"\0 ")
    intent = int(header["intent_code"])
    if intent not in (VECTOR, DISPLACEMENT) or name == b"NREG_TRANS":
        raise BadVoxels(
            f"{file.start} does not say that it holds displacements (intent 1006 or 1007); positions, coefficients and "
            "images cannot be used: export a displacement field."
        )
    if len(sizes) != 5 or sizes[3:] != [1, 3]:
        raise BadGeometry(
            f"{file.start} is {' x '.join(map(str, sizes))}; the three displacements at each node of a 3-D grid "
            "(i x j x k x 1 x 3) are wanted."
        )
    return (-1, -1, 1) if intent == DISPLACEMENT else (1, 1, 1)


def _stream(file: ImageFile) -> BinaryIO:
    """Open a file, unpacked if it is packed: by its first bytes, since misnamed files are common."""
    opened = open(file.path, "rb")
    packed = opened.read(2) == b"\x1f\x8b"
    opened.seek(0)
    if not packed:
        return opened
    opened.close()
    return cast("BinaryIO", gzip.open(file.path, "rb"))


def _most_bytes(file: ImageFile, start: int) -> int:
    size = os.path.getsize(file.path)
    with open(file.path, "rb") as opened:
        packed = opened.read(2) == b"\x1f\x8b"
    return size * DEFLATE_LIMIT if packed else size - start


def _header(stream: BinaryIO, file: ImageFile) -> Any:  # nibabel's headers have no types
    """Read the fixed part of the header and leave the stream behind it; the header class knows both byte orders."""
    first = stream.read(4)
    classes = {348: Nifti1Header, 540: Nifti2Header}
    found = [classes.get(int.from_bytes(first, order)) for order in ("little", "big")]
    header_class: Any = found[0] or found[1]
    left = header_class.template_dtype.itemsize - 4 if header_class else 0
    rest = stream.read(left)
    if len(rest) < left:
        raise cut_short(file)
    magic = rest[0:8] if header_class is Nifti2Header else rest[340:344]
    if header_class is None or magic[:3] not in (b"n+1", b"n+2"):
        raise UnreadableFile(f"{file.start} is not a NIfTI image, whatever its name says; export it anew.")
    if len(first + rest) < header_class.template_dtype.itemsize:
        raise cut_short(file)
    return header_class(first + rest, check=False)


def _ijk_to_ras_mm(header: Any, shape_kji: tuple[int, int, int], file: ImageFile) -> tuple[Float, tuple[str, ...]]:
    """Return the affine that the header means, and what had to be assumed: sform if coded, else qform, else spacing."""
    warnings: list[str] = []
    coded = _coded_positions(header)
    if coded:
        affine = coded[0]
    else:
        # As ITK and 3D Slicer read a file without a position: along left, posterior and superior, from 0.
        warnings.append(f"{file.of}: the header has no position in the patient; directions such as left are unsure")
        affine = RAS_LPS @ np.diag([*np.abs(np.asarray(header["pixdim"][1:4], dtype=np.float64)), 1.0])
    if not np.abs(affine).max() < FARTHEST_MM:  # nor NaN
        raise BadGeometry(f"{file.start} has a position that makes no sense; write it anew.")
    if len(coded) == 2:
        corners = np.array([(i, j, k, 1.0) for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * (*shape_kji[::-1], 1.0)
        with np.errstate(over="ignore", invalid="ignore"):
            apart_mm = float(np.abs(corners @ (coded[0] - coded[1]).T).max())
        if not apart_mm <= TWO_POSITIONS_MM:
            differ = f"are up to {apart_mm:.1f} mm apart" if np.isfinite(apart_mm) else "contradict each other"
            warnings.append(
                f"{file.of}: the header's two positions (sform, qform) {differ}; the sform was used, other programs "
                "may show it elsewhere"
            )
    unit_mm = MM_PER_UNIT.get(int(header["xyzt_units"]) & 7)
    if unit_mm is not None:
        warnings.append(f"{file.of}: the header's unit is not millimeters; lengths were multiplied by {unit_mm:g}")
        affine = np.diag([unit_mm, unit_mm, unit_mm, 1.0]) @ affine
    return affine, tuple(warnings)


def _coded_positions(header: Any) -> list[Float]:
    """Return the header's affines that it says are meant: sform, then qform; one that makes no sense is NaN."""
    if float(header["pixdim"][0]) not in (-1.0, 1.0):
        header["pixdim"][0] = 1  # as the format's description asks
    found: list[Float] = []
    for get in (header.get_sform, header.get_qform):
        try:
            affine = get(coded=True)[0]
        except (HeaderDataError, ValueError):  # a rotation that is none
            affine = np.full((4, 4), np.nan)
        if affine is not None:
            found.append(np.asarray(affine, dtype=np.float64))
    return found


def _label_table(extension: bytes) -> tuple[Segment, ...]:
    """Return the labels named in the header's extensions: Caret's XML, as TotalSegmentator writes.

    What cannot be read as such a table names nothing: labels then go by their values.
    """
    start, end = extension.find(b"<CaretExtension"), extension.rfind(b"</CaretExtension>")
    if start < 0 or end < start or b"<!" in extension[start:end].replace(b"<![CDATA[", b""):
        return ()
    try:
        labels = ElementTree.fromstring(extension[start : end + len(b"</CaretExtension>")]).iter("Label")
        named = [(int(label.get("Key", "")), printable((label.text or "").strip())) for label in labels]
    except (ElementTree.ParseError, ValueError):
        return ()
    return tuple(Segment(value, name=name) for value, name in named if value > 0 and name)


def _slabs(
    file: ImageFile,
    start: int,
    shape_kji: tuple[int, int, int],
    dtype: np.dtype[Any],
    scale: tuple[float, float] | None,
) -> Iterator[Voxels]:
    """Unpack the voxels: NIfTI stores i fastest, which is (k, j, i) in C order."""
    rows, plane = rows_at_once(shape_kji, dtype.itemsize), shape_kji[1] * shape_kji[2] * dtype.itemsize
    room = memoryview(bytearray(rows * plane))
    try:
        with _stream(file) as stream:
            stream.seek(start)
            for at in range(0, shape_kji[0], rows):
                part = room[: min(rows, shape_kji[0] - at) * plane]
                _fill(stream, part)
                slab = np.frombuffer(part, dtype).reshape(-1, *shape_kji[1:])
                yield slab if scale is None else _scaled(slab, *scale)
            stream.read(1)  # at the end of a packed file its check sum is compared
    except (*BROKEN, OSError) as error:
        raise cut_short(file) from error


def _scaled(slab: Voxels, slope: float, intercept: float) -> Voxels:
    with np.errstate(over="ignore", invalid="ignore"):  # infinities are found and refused later
        return slab.astype(np.float64) * slope + intercept


def _fill(stream: BinaryIO, room: memoryview) -> None:
    filled = 0
    while filled < len(room):
        got = stream.readinto(room[filled:])  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]
        if not got:
            raise EOFError
        filled += cast("int", got)
