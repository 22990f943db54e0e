"""ITK's transform files, as text (.tfm, .txt) and as HDF5 (.h5), to their parts and back; LPS, mm.

Sizes are compared with what is there before memory is taken, and ITK's own reader, which does not, is not used: the
numbers are read here, and SimpleITK only says what they mean. In a composite the part that is named last is applied
first.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK

from isotherm.errors import BadGeometry, UnreadableFile
from isotherm.exchange.hdf_program import MOST_PARTS
from isotherm.exchange.itk_files import vector_image, written
from isotherm.exchange.transform_hdf import hdf_blocks
from isotherm.exchange.voxel_source import ImageFile, cut_short, grid_of, refuse_impossible_size
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.transform_chain import Linear
from isotherm.imaging.volume import Grid
from isotherm.printable import printable

itk: Any = SimpleITK
"""SimpleITK, which has no types."""

Numbers = npt.NDArray[np.float64]

LINEAR: dict[str, Callable[[], Any]] = {
    "IdentityTransform": lambda: itk.TranslationTransform(3),
    "TranslationTransform": lambda: itk.TranslationTransform(3),
    "ScaleTransform": lambda: itk.ScaleTransform(3),
    "VersorTransform": itk.VersorTransform,
    "VersorRigid3DTransform": itk.VersorRigid3DTransform,
    "Euler3DTransform": itk.Euler3DTransform,
    "Similarity3DTransform": itk.Similarity3DTransform,
    "ScaleVersor3DTransform": itk.ScaleVersor3DTransform,
    "ScaleSkewVersor3DTransform": itk.ScaleSkewVersor3DTransform,
    "ComposeScaleSkewVersor3DTransform": itk.ComposeScaleSkewVersor3DTransform,
    "AffineTransform": lambda: itk.AffineTransform(3),
    "MatrixOffsetTransformBase": lambda: itk.AffineTransform(3),
}
"""What makes a linear map of each kind of ITK's."""

FIELD, SPLINE, COMPOSITE = "DisplacementFieldTransform", "BSplineTransform", "CompositeTransform"

SPLINE_ORDER = 3
"""Of the B-splines that are read; another order has another name in the file."""

NODES_PER_KNOT = 10
"""Nodes of the field that a spline is sampled on, for each of its own control points and axis."""

MOST_TEXT_BYTES = 2**29
"""A longer text file is none that a person or a program keeps a transform in."""

MARK = "#Insight Transform File"


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One transform of a file as it stands there: its kind, what was optimized, and what was fixed."""

    kind: str
    parameters: Numbers
    fixed: Numbers


def read_itk_text(file: ImageFile) -> tuple[Linear | Displacement, ...]:
    """Read the parts of a text file, in the order in which they are applied."""
    if os.path.getsize(file.path) > MOST_TEXT_BYTES:
        raise UnreadableFile(f"{file.start} is longer than a transform in text can be; save it as .h5.")
    with open(file.path, "rb") as opened:
        text = opened.read().decode("latin-1")
    if not text.startswith(MARK):
        raise UnreadableFile(f"{file.start} is not a transform of ITK in text ('{MARK}'); export it as .tfm or .h5.")
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if not colon or line.startswith("#"):
            continue
        if key == "Transform":
            found.append({})
        elif not found:
            raise cut_short(file)
        found[-1][key] = value
    return _parts([_text_block(one, file) for one in found], file)


def read_itk_hdf(file: ImageFile) -> tuple[Linear | Displacement, ...]:
    """Read the parts of an HDF5 file, in the order in which they are applied."""
    return _parts([Block(*one) for one in hdf_blocks(file)], file)


def write_itk(path: str | os.PathLike[str], transform: Transform) -> None:
    """Write a transform as ITK text (.tfm, .txt) or HDF5 (.h5, .hdf5), by the end of the name."""
    whole: Any = itk.AffineTransform(3)
    whole.SetMatrix(transform.rotation.ravel().tolist())
    whole.SetTranslation(transform.translation_mm.tolist())
    if transform.displacement is not None:
        field = itk.DisplacementFieldTransform(
            vector_image(transform.displacement.vectors_lps_mm.astype(np.float64), transform.displacement.grid)
        )
        whole = itk.CompositeTransform([whole, field])
    written(path, lambda temporary: itk.WriteTransform(whole, temporary))


def _text_block(told: dict[str, str], file: ImageFile) -> Block:
    kind = told["Transform"].strip()
    if kind.startswith(COMPOSITE):
        return Block(kind, np.zeros(0), np.zeros(0))
    if "Parameters" not in told or "FixedParameters" not in told:
        raise cut_short(file)
    return Block(kind, _numbers(told["Parameters"], file), _numbers(told["FixedParameters"], file))


def _numbers(text: str, file: ImageFile) -> Numbers:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of what is no number, numpy says so and goes on
            return np.fromstring(text, dtype=np.float64, sep=" ") if text.strip() else np.zeros(0)
    except (DeprecationWarning, ValueError) as error:
        raise UnreadableFile(f"{file.start} has parameters that are no numbers; export it once more.") from error


def _parts(blocks: list[Block], file: ImageFile) -> tuple[Linear | Displacement, ...]:
    composites = [block for block in blocks if block.kind.startswith(COMPOSITE)]
    if not blocks or len(blocks) == len(composites):
        raise UnreadableFile(f"{file.start} holds no transform; export it once more.")
    if len(blocks) > 1 and composites != blocks[:1]:
        raise UnreadableFile(
            f"{file.start} holds several transforms and not one composite of them, so that their order cannot be told; "
            "export them as one composite transform."
        )
    if len(blocks) > MOST_PARTS:
        raise UnreadableFile(f"{file.start} holds more than {MOST_PARTS} transforms; export it once more.")
    return tuple(_part(block, file) for block in reversed(blocks) if block not in composites)


def _part(block: Block, file: ImageFile) -> Linear | Displacement:
    named = re.fullmatch(r"(\w+?)(?:_(?:double|float))?_(\d)_(\d)((?:_\d)?)", block.kind)
    if named is None:
        raise UnreadableFile(f"{file.start} names no kind of transform that ITK has; export it once more.")
    kind = named[1].removeprefix("GaussianSmoothingOnUpdate") + named[4]  # a spline's order, where it is not 3
    if (named[2], named[3]) != ("3", "3"):
        raise BadGeometry(f"{file.start} is for images of {printable(named[2])} dimensions; one for 3-D is wanted.")
    if not (np.isfinite(block.parameters).all() and np.isfinite(block.fixed).all()):
        raise BadGeometry(f"{file.start} has parameters that are not finite numbers; export it once more.")
    if kind == FIELD:
        return _field(block, file)
    if kind != SPLINE and kind not in LINEAR:
        raise UnreadableFile(
            f"{file.start} holds a transform of the kind '{printable(kind[:40])}', which is not read; export it as a "
            "rigid, affine or B-spline transform, or as a displacement field."
        )
    try:
        return _spline(block, file) if kind == SPLINE else _linear(LINEAR[kind](), block, kind)
    except (RuntimeError, ValueError, OverflowError) as error:
        raise UnreadableFile(
            f"{file.start} has parameters that do not fit a transform of the kind '{kind}'; export it once more."
        ) from error
    except BadGeometry as error:
        raise BadGeometry(f"{file.start}: {error}") from error


def _linear(made: Any, block: Block, kind: str) -> Linear:
    if kind != "IdentityTransform":
        if len(block.fixed):
            made.SetFixedParameters(block.fixed.tolist())
        # SimpleITK lets too many pass.
        if len(block.parameters) != made.GetNumberOfParameters():
            raise ValueError(kind)
        made.SetParameters(block.parameters.tolist())
    shift = np.array(made.TransformPoint((0.0, 0.0, 0.0)))
    columns = [np.array(made.TransformPoint(unit)) - shift for unit in np.eye(3).tolist()]
    center = block.fixed[:3] if len(block.fixed) >= 3 else np.zeros(3)
    return Linear(np.stack(columns, axis=1), shift, center)


def _field(block: Block, file: ImageFile) -> Displacement:
    """Return a displacement field: sizes, origin, spacing and direction are its fixed parameters."""
    if len(block.fixed) != 18:
        raise UnreadableFile(f"{file.start} has a displacement field without its grid; export it once more.")
    shape_kji = _whole(block.fixed[2::-1], file)
    if math.prod(shape_kji) * 3 != len(block.parameters):
        raise cut_short(file)
    grid = _grid(shape_kji, block.fixed, file)
    return Displacement(block.parameters.reshape(*shape_kji, 3), grid)


def _spline(block: Block, file: ImageFile) -> Displacement:
    """Return a B-spline as the displacements at nodes within its domain, `NODES_PER_KNOT` of them per control point."""
    if len(block.fixed) != 18 or math.prod(_whole(block.fixed[:3], file)) * 3 != len(block.parameters):
        raise cut_short(file)
    spline = itk.BSplineTransform(3, SPLINE_ORDER)
    spline.SetFixedParameters(block.fixed.tolist())
    spline.SetParameters(block.parameters.tolist())
    size = [int(n) * NODES_PER_KNOT + 1 for n in spline.GetTransformDomainMeshSize()]
    extent = np.array(spline.GetTransformDomainPhysicalDimensions()) * (1 - 1e-9)  # at its very end it ends
    spacing = extent / (np.array(size) - 1)
    refuse_impossible_size(math.prod(size) * 24, None, file)
    image = itk.TransformToDisplacementField(
        spline, itk.sitkVectorFloat64, size, spline.GetTransformDomainOrigin(), spacing.tolist(),
        spline.GetTransformDomainDirection(),
    )  # fmt: skip
    told = np.concatenate([size, spline.GetTransformDomainOrigin(), spacing, spline.GetTransformDomainDirection()])
    return Displacement(itk.GetArrayViewFromImage(image), _grid(_whole(told[2::-1], file), told, file))


def _whole(sizes: Numbers, file: ImageFile) -> tuple[int, int, int]:
    if not ((sizes >= 1) & (sizes < 2**31) & (sizes == np.rint(sizes))).all():
        raise UnreadableFile(f"{file.start} has a grid whose sizes are no whole numbers; export it once more.")
    k, j, i = sizes.astype(int).tolist()
    return k, j, i


def _grid(shape_kji: tuple[int, int, int], fixed: Numbers, file: ImageFile) -> Grid:
    (x, y, z), spacing = fixed[3:6].tolist(), fixed[8:5:-1].tolist()
    direction = fixed[9:18].reshape(3, 3)[:, ::-1]
    return grid_of(
        file, shape_kji, lambda shape: Grid(shape, (spacing[0], spacing[1], spacing[2]), (x, y, z), direction)
    )
