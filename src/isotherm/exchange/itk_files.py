"""NRRD, MetaImage and 3D Slicer segmentations (.seg.nrrd) to voxels in LPS, by SimpleITK.

ITK works in LPS itself and turns NRRD's other patient frames (RAS, LAS) into it. Where a header names no frame, ITK
takes LPS; that is told. Slicer stores segments that overlap as several layers on one grid, and corrects the origin for
what it cropped: the header's geometry holds, and its ReferenceImageExtentOffset must not be added again.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK

from isotherm.errors import BadGeometry, BadVoxels, OutputError, UnreadableFile
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
    refuse_values_per_voxel,
    rows_at_once,
    three_axes,
)
from isotherm.imaging.volume import Grid
from isotherm.printable import printable

itk: Any = SimpleITK
"""SimpleITK, which has no types."""

PATIENT_SPACES = ("left-posterior-superior", "right-anterior-superior", "left-anterior-superior")
"""Frames of an NRRD header that ITK turns into LPS; it leaves every other one as it is."""

META_POSITION = ("Offset|Origin|Position", "TransformMatrix|Rotation|Orientation", "ElementSpacing|ElementSize")
"""Fields of a MetaImage header, each with its other names, that place the image; ITK puts zeros and ones for them."""

HEADER_BYTES = 2**20
"""How much of a file's start is searched for fields of the header that SimpleITK does not pass on."""

LONGEST_FIELD, LONGEST_LINE = 500, 250
"""Letters in a field or key of an NRRD header, and in a line of a MetaImage header.

Both libraries in ITK keep room for about twice as many and do not look: longer ones would end the whole process.
"""

STANDARD_ERROR = 2

NOTE = "isotherm_note"
"""Key of an NRRD header under which an outline says how sure it is."""


def open_nrrd(file: ImageFile, *, vectors: bool = False) -> VoxelSource:
    """Read and check the header of an NRRD file or of a 3D Slicer segmentation.

    With `vectors`, a field of displacements is wanted: its layers are left, posterior and superior, in mm.
    """
    head = _head(file).partition("\n\n")[0]
    if not head.startswith("NRRD"):
        raise UnreadableFile(f"{file.start} is not an NRRD image, whatever its name says; export it anew.")
    # The value of a key is free text, and so is a comment: 3D Slicer writes long ones.
    fields = [line.partition(":=")[0] for line in head.split("\n") if not line.startswith("#")]
    if not _is_text("".join(fields)) or max(map(len, fields)) > LONGEST_FIELD:
        raise _senseless(file)
    packing = _field(head, r"encoding\s*:(?!=)\s*(\w+)")
    detached = _field(head, r"data ?file\s*:(?!=)\s*(\S+)") is not None
    space = _field(head, r"space\s*:(?!=)\s*(\S+)")
    warning = None
    if _field(head, r"space directions\s*:(?!=)\s*(\S+)") is None:
        warning = f"{file.of}: the header has no position in the patient; directions such as left are unsure"
    elif space is None or not _is_patient_space(space):
        warning = f"{file.of}: the header does not say which way its axes point; left-posterior-superior was assumed"
    limit = _most_bytes(file, head, raw=packing == "raw", deflate=packing in ("gz", "gzip"), detached=detached)
    if vectors:
        _refuse_other_frames(file, head, space)
    return _open(file, "NrrdImageIO", limit, warning, vectors)


def open_meta(file: ImageFile, *, vectors: bool = False) -> VoxelSource:
    """Read and check the header of a MetaImage file (.mha, .mhd); `vectors` as in `open_nrrd`."""
    head = re.sub(r"(?s)(ElementDataFile[^\n]*).*", r"\1", _head(file))
    if not _is_text(head) or max(map(len, head.split("\n"))) > LONGEST_LINE:
        raise _senseless(file)
    # MetaIO keeps room for ten axes and does not look: a header that says more would end the whole process.
    axes = re.findall(r"NDims(.*)", head)
    if len(axes) != 1 or not re.fullmatch(r"\s*=\s*[1-9]\s*", axes[0]):
        raise UnreadableFile(f"{file.start} is not a MetaImage, whatever its name says; export it anew.")
    packed = (_field(head, r"CompressedData\s*=\s*(\w+)") or "").lower() == "true"
    detached = _field(head, r"ElementDataFile\s*=\s*(\S+)") not in ("LOCAL", "Local", "local")
    warning = None
    if any(_field(head, rf"(?:{names})\s*=\s*(\S+)") is None for names in META_POSITION):
        warning = f"{file.of}: the header has no complete position in the patient; directions such as left are unsure"
    limit = _most_bytes(file, head, raw=not packed, deflate=packed, detached=detached)
    return _open(file, "MetaImageIO", limit, warning, vectors)


def write_itk_vectors(path: str | os.PathLike[str], vectors_lps_mm: npt.NDArray[np.float32], grid: Grid) -> None:
    """Write displacements, shape (k, j, i, 3), LPS mm, as NRRD or MetaImage by the end of the name."""
    image = vector_image(np.ascontiguousarray(vectors_lps_mm), grid)
    written(path, lambda temporary: itk.WriteImage(image, temporary, True))


def vector_image(vectors_lps_mm: npt.NDArray[np.floating[Any]], grid: Grid) -> Any:
    """Return displacements, shape (k, j, i, 3), LPS mm, as an image of SimpleITK."""
    image = itk.GetImageFromArray(vectors_lps_mm, isVector=True)
    image.SetSpacing(grid.spacing_kji_mm[::-1])
    image.SetOrigin(grid.origin_lps_mm)
    image.SetDirection(grid.direction_lps[:, ::-1].ravel().tolist())
    return image


def written(path: str | os.PathLike[str], write: Callable[[str], None]) -> None:
    """Let SimpleITK write to a temporary name with the ending of `path`, which is replaced when that is done.

    Raises
    ------
    OutputError
        The place cannot be written to, or its name is not UTF-8.
    """
    if any("\udc80" <= c <= "\udcff" for c in os.path.realpath(path)):
        raise OutputError("A file was to be written to a name or folder that is not UTF-8; rename it.")
    with replacing(path, suffix=os.path.splitext(path)[1].lower()) as temporary:
        try:
            write(str(temporary))
        except RuntimeError as error:  # all that SimpleITK says of a full disk or a missing folder
            raise OSError(None, "the system refused") from error


def _refuse_other_frames(file: ImageFile, head: str, space: str | None) -> None:
    """Refuse vectors of another frame: ITK turns the grid of such a file into LPS, and leaves its vectors alone."""
    measured = _field(head, r"measurement frame\s*:(?!=)\s*(\S[^\n]*)")
    frame = [float(n) for n in re.findall(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?", measured or "")]
    if space is None or space.lower() not in ("left-posterior-superior", "lps") or (
        measured is not None and frame != [1, 0, 0, 0, 1, 0, 0, 0, 1]
    ):  # fmt: skip
        raise BadGeometry(
            f"{file.start} does not keep its displacements in left-posterior-superior; in which frame they are cannot "
            "be told: write it anew, with space left-posterior-superior."
        )


def _open(
    file: ImageFile, image_io: str, most_bytes: int | None, warning: str | None, vectors: bool = False
) -> VoxelSource:
    if any("\udc80" <= c <= "\udcff" for c in file.path):
        # Bytes that are no UTF-8 (Python keeps them as lone surrogates): SimpleITK would end the whole process.
        raise UnreadableFile(f"{file.start} has a name or folder that is not UTF-8; rename it.")
    reader = itk.ImageFileReader()
    reader.SetFileName(file.path)
    reader.SetImageIO(image_io)
    try:
        with _unheard():
            reader.ReadImageInformation()
    except RuntimeError as error:
        raise _senseless(file) from error
    segments = _segments(reader)
    components = int(reader.GetNumberOfComponents())
    if vectors and (components != 3 or segments):
        raise BadVoxels(f"{file.start} has {components} values per voxel; the three of a displacement are wanted.")
    if not segments and not vectors:
        refuse_values_per_voxel(components, file)
    pixel: str = itk.GetPixelIDValueAsString(reader.GetPixelID())
    refuse_other_than_numbers(np.dtype(complex if "complex" in pixel else float), file)
    shape_kji, dropped = three_axes(reader.GetSize(), file, thin=bool(segments))
    bits = re.search(r"(\d+)-bit", pixel)
    voxel_bytes = (int(bits[1]) // 8 if bits else 8) * components
    refuse_impossible_size(math.prod(shape_kji) * voxel_bytes, most_bytes, file)
    grid = grid_of(file, shape_kji, lambda shape: _grid(reader, shape))
    # Layers lie interleaved in the file: all are read at once, and kept where they may be asked for one by one.
    read: Callable[[], Any] = cache(reader.Execute) if components > 1 else reader.Execute
    note = reader.GetMetaData(NOTE) if reader.HasMetaDataKey(NOTE) else ""
    return VoxelSource(
        file=file,
        grid=grid,
        slabs=lambda layer: _slabs(read, file, shape_kji, layer),
        layers=components,
        segments=segments,
        warnings=tuple(w for w in (dropped, warning) if w),
        outline_error_mm=noted_outline_error_mm(note),
        simulated=is_noted_simulated(note),
    )


def write_nrrd(path: str | os.PathLike[str], voxels: Voxels, grid: Grid, note: str) -> None:
    """Write voxels, shape (k, j, i), as packed NRRD in LPS, with a note; bool becomes uint8.

    Raises
    ------
    OutputError
        The place cannot be written to.
    """
    image = itk.GetImageFromArray(voxels.view(np.uint8) if voxels.dtype == np.bool_ else voxels)
    image.SetSpacing(grid.spacing_kji_mm[::-1])
    image.SetOrigin(grid.origin_lps_mm)
    image.SetDirection(grid.direction_lps[:, ::-1].ravel().tolist())
    image.SetMetaData(NOTE, note)
    with replacing(path, suffix=".nrrd") as temporary:
        try:
            itk.WriteImage(image, str(temporary), True)
        except RuntimeError as error:
            raise OutputError(f"'{Path(path).name}' cannot be written; check its folder and free space.") from error


@contextmanager
def _unheard() -> Generator[None]:
    """Keep what ITK's libraries print about a broken file off standard error, where isotherm says it in a sentence."""
    try:
        heard = os.dup(STANDARD_ERROR)
    except OSError:  # it is closed already
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), STANDARD_ERROR)
    try:
        yield
    finally:
        os.dup2(heard, STANDARD_ERROR)
        os.close(heard)


def _grid(reader: Any, shape_kji: tuple[int, int, int]) -> Grid:
    axes = int(reader.GetDimension())
    direction = np.array(reader.GetDirection(), dtype=np.float64).reshape(axes, axes)[:3, 2::-1]  # columns k, j, i
    i_mm, j_mm, k_mm = reader.GetSpacing()[:3]
    x_mm, y_mm, z_mm = reader.GetOrigin()[:3]
    if not max(np.abs(direction).max(), np.abs([x_mm, y_mm, z_mm]).max()) < FARTHEST_MM:  # nor NaN
        raise BadGeometry("The header has a position that makes no sense; write it anew.")
    return Grid(shape_kji, (k_mm, j_mm, i_mm), (x_mm, y_mm, z_mm), direction)


def _slabs(read: Callable[[], Any], file: ImageFile, shape_kji: tuple[int, int, int], layer: int) -> Iterator[Voxels]:
    try:
        with _unheard():
            image = read()
    except (RuntimeError, MemoryError) as error:
        raise cut_short(file) from error
    view: Voxels = itk.GetArrayViewFromImage(image)
    voxels = view.reshape(*shape_kji, -1)
    rows = rows_at_once(shape_kji, voxels.itemsize * voxels.shape[3])
    for at in range(0, shape_kji[0], rows):
        yield voxels[at : at + rows, ..., layer]


def _segments(reader: Any) -> tuple[Segment, ...]:
    """Return the segments of a 3D Slicer segmentation; none for any other file.

    Files written before Slicer 4.11 name no layer and no value: each segment has a layer of its own, with value 1.
    """
    found: list[Segment] = []
    while reader.HasMetaDataKey(f"Segment{len(found)}_ID"):
        number = len(found)
        said: dict[str, Any] = {
            key: printable(reader.GetMetaData(f"Segment{number}_{key}").strip())
            for key in ("ID", "Name", "LabelValue", "Layer")
            if reader.HasMetaDataKey(f"Segment{number}_{key}")
        }
        layer, value = said.get("Layer", str(number)), said.get("LabelValue", "1")
        if not (layer.isdecimal() and int(layer) < reader.GetNumberOfComponents()
                and value.isdecimal() and int(value) > 0):  # fmt: skip
            return ()
        found.append(Segment(int(value), int(layer), said.get("Name") or said["ID"], said["ID"]))
    return tuple(found)


def _head(file: ImageFile) -> str:
    """Return the start of the file as text; what belongs to the header is cut out by the caller."""
    with open(file.path, "rb") as opened:
        return opened.read(HEADER_BYTES).decode("latin-1").replace("\r\n", "\n")


def _is_text(head: str) -> bool:
    return re.search(r"[\x00-\x08\x0e-\x1f\x7f]", head) is None


def _senseless(file: ImageFile) -> UnreadableFile:
    return UnreadableFile(f"{file.start} has a header that makes no sense; export it anew.")


def _field(head: str, pattern: str) -> str | None:
    found = re.search(rf"^\s*{pattern}", head, re.MULTILINE)
    return found[1] if found else None


def _is_patient_space(space: str) -> bool:
    return space.lower() in PATIENT_SPACES or space.upper() in ("LPS", "RAS", "LAS")


def _most_bytes(file: ImageFile, head: str, *, raw: bool, deflate: bool, detached: bool) -> int | None:
    """Return the most bytes that the voxels in this file can unpack to, or None where that cannot be told."""
    if detached or not (raw or deflate):
        return None
    return (os.path.getsize(file.path) - len(head)) * (1 if raw else DEFLATE_LIMIT)
