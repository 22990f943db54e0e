"""The door to SimpleITK's registration: images, masks and transforms go in and come out in isotherm's nouns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK

from isotherm.errors import NotConverged
from isotherm.imaging.geometry import Float
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Grid, Volume

itk: Any = SimpleITK
"""SimpleITK, which has no types."""

Bool = npt.NDArray[np.bool_]

SEED = 1
"""Starts the drawing of the voxels that the metric looks at: the same scans give the same result."""

BINS = 32
"""Bins, for each image, of the joint histogram of mutual information."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One image of a registration, and the voxels of it that the metric may look at, shape (k, j, i)."""

    image: Volume
    allowed: Bool


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a pyramid: by how much both images are shrunk and blurred, and the share of voxels looked at."""

    shrink: int
    blur_mm: float
    share: float


def rigid(fixed: Side, moving: Side, start: Transform, center_lps_mm: Float, levels: Sequence[Level]) -> Transform:
    """Turn and shift until the mutual information of both images is greatest.

    Parameters
    ----------
    fixed, moving : Side
    start : Transform
        Rigid; where the search begins.
    center_lps_mm : array, shape (3,)
        Of the rotation, in the fixed image.
    levels : sequence of Level
        From coarse to fine.

    Raises
    ------
    NotConverged
        The images do not meet under the masks.

    References
    ----------
    .. [1] Mattes D et al. IEEE Trans Med Imaging 2003;22:120-128 (mutual information by B-spline windows).
    """
    way = itk.Euler3DTransform()
    way.SetCenter([float(c) for c in center_lps_mm])
    way.SetMatrix(start.rotation.ravel().tolist(), 1e-5)
    way.SetTranslation((start.points(center_lps_mm[None])[0] - center_lps_mm).tolist())
    method = metric_of(fixed, moving, levels)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.005, 200, relaxationFactor=0.6,
                                                    gradientMagnitudeTolerance=1e-6)  # fmt: skip
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(way, inPlace=True)
    run(method, fixed, moving)
    rotation = np.array(way.GetMatrix()).reshape(3, 3)
    left, _, right = np.linalg.svd(rotation)  # rounding of angles, no more
    rotation = left @ right
    return Transform(rotation, center_lps_mm + np.array(way.GetTranslation()) - rotation @ center_lps_mm)


def metric_of(fixed: Side, moving: Side, levels: Sequence[Level]) -> Any:
    """Return a registration method of SimpleITK with masked mutual information, one thread and a fixed seed."""
    method = itk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricFixedMask(image_of(fixed.allowed.astype(np.uint8), fixed.image.grid))
    method.SetMetricMovingMask(image_of(moving.allowed.astype(np.uint8), moving.image.grid))
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentagePerLevel([level.share for level in levels], SEED)
    method.SetShrinkFactorsPerLevel([level.shrink for level in levels])
    method.SetSmoothingSigmasPerLevel([level.blur_mm for level in levels])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInterpolator(itk.sitkLinear)
    return method


def run(method: Any, fixed: Side, moving: Side) -> None:
    """Run a method on two images; what SimpleITK complains of becomes `NotConverged`."""
    threads = itk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    # The metric does not ask its own method how many threads it may have. Sums of several threads differ in their last
    # digits, the search with them, and its end by hundredths of a millimeter.
    itk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        method.Execute(image_of(fixed.image.voxels, fixed.image.grid), image_of(moving.image.voxels, moving.image.grid))
    except RuntimeError as error:
        raise NotConverged(
            "The two scans do not meet where the organ is; give organ masks of both, or landmarks to start from."
        ) from error
    finally:
        itk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)


def image_of(voxels: npt.NDArray[Any], grid: Grid) -> Any:
    """Return an image of SimpleITK, whose axes run i, j, k."""
    kept = np.ascontiguousarray(voxels if voxels.dtype == np.uint8 else voxels.astype(np.float32))
    image = itk.GetImageFromArray(kept)
    image.SetSpacing(grid.spacing_kji_mm[::-1])
    image.SetOrigin(grid.origin_lps_mm)
    image.SetDirection(grid.direction_lps[:, ::-1].ravel().tolist())
    return image
