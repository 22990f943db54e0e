"""Other ways to register, as other programs do it: masked B-splines, and demons without masks as the bad example."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK

from isotherm.imaging.geometry import Float
from isotherm.imaging.register_itk import Level, Side, image_of, metric_of, run
from isotherm.imaging.register_local import cube_around
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Grid, Volume

itk: Any = SimpleITK

KNOTS_MM = (60.0, 30.0)
"""Distance of the B-splines' control points, coarse and fine."""

DEMONS_STEPS, DEMONS_SMOOTH_MM = (60, 40), 3.0
"""Steps on each level, and the smoothing of the field."""


def b_splines(fixed: Side, moving: Side, start: Transform, center_lps_mm: Float) -> Transform:
    """Free-form deformation by cubic B-splines, mutual information and LBFGS, zone and tumor left out (SimpleITK)."""
    nodes = cube_around(center_lps_mm, 72.0, 3.0)
    after = itk.Euler3DTransform()
    after.SetMatrix(start.rotation.ravel().tolist(), 1e-5)
    after.SetTranslation(start.translation_mm.tolist())
    image = image_of(np.zeros(nodes.shape_kji), nodes)
    splines = itk.BSplineTransformInitializer(image, [max(1, round(144.0 / KNOTS_MM[0]))] * 3, 3)
    near = np.linalg.norm(fixed.image.grid.centers_lps_mm() - center_lps_mm, axis=1) < 72.0
    inside = Side(fixed.image, fixed.allowed & near.reshape(fixed.allowed.shape))
    method = metric_of(inside, moving, (Level(3, 2.0, 0.5), Level(2, 1.0, 0.3)))
    method.SetMovingInitialTransform(after)
    method.SetOptimizerAsLBFGS2(solutionAccuracy=1e-4, numberOfIterations=60, deltaConvergenceTolerance=1e-5)
    method.SetInitialTransformAsBSpline(splines, inPlace=True, scaleFactors=[1, round(KNOTS_MM[0] / KNOTS_MM[1])])
    run(method, inside, moving)
    return _with_field(start, _field(splines, nodes), nodes)


def demons(after: Volume, before: Volume, start: Transform, center_lps_mm: Float) -> Transform:
    """Diffeomorphic demons on all that is there, zone and tumor included, gray values matched first (SimpleITK)."""
    nodes = cube_around(center_lps_mm, 72.0, 2.0)
    fixed = image_of(Transform().volume(_clipped(after), onto=nodes).voxels, nodes)
    moving = image_of(start.volume(_clipped(before), onto=nodes).voxels, nodes)
    moving = itk.HistogramMatching(moving, fixed, 128, 16, True)
    field = None
    for shrink, steps in zip((2, 1), DEMONS_STEPS, strict=True):
        method = itk.DiffeomorphicDemonsRegistrationFilter()
        method.SetNumberOfThreads(1)
        method.SetNumberOfIterations(steps)
        method.SetStandardDeviations(DEMONS_SMOOTH_MM / (2.0 * shrink))
        one, other = (itk.Shrink(itk.SmoothingRecursiveGaussian(image, float(shrink)), [shrink] * 3)
                      for image in (fixed, moving))  # fmt: skip
        field = method.Execute(one, other) if field is None else method.Execute(one, other, itk.Resample(field, one))
    assert field is not None
    return _with_field(
        start, _field(itk.DisplacementFieldTransform(itk.Cast(field, itk.sitkVectorFloat64)), nodes), nodes
    )


def _clipped(volume: Volume) -> Volume:
    return Volume(np.clip(volume.voxels, -160.0, 320.0), volume.grid, volume.unit)


def _field(transform: Any, nodes: Grid) -> Any:
    return itk.GetArrayFromImage(itk.TransformToDisplacementField(
        transform, itk.sitkVectorFloat64, nodes.shape_kji[::-1], nodes.origin_lps_mm, nodes.spacing_kji_mm[::-1],
        nodes.direction_lps[:, ::-1].ravel().tolist(),
    ))  # fmt: skip


def _with_field(start: Transform, field: Any, nodes: Grid) -> Transform:
    """Return the transform of a field that was found on an image already moved by `start`: x -> start(x + field)."""
    return Transform(start.rotation, start.translation_mm, Displacement(field, nodes))
