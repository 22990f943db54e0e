"""Registration programs of others, each if it is installed: elastix, greedy and ANTs, with our masks and start.

None is needed by isotherm: `pip install itk-elastix picsl-greedy antspyx`. Each runs in a process of its own, since
some of them crash and take Python with them. All see the same cube of 2 mm voxels, the scan before moved by our rigid
motion.
"""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK

from isotherm.errors import NotConverged
from isotherm.imaging.geometry import Float
from isotherm.imaging.register_itk import Side
from isotherm.imaging.register_local import cube_around
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Volume

simple: Any = SimpleITK

Image = npt.NDArray[np.float32]

REACH_MM, VOXEL_MM = 72.0, 2.0
"""Half the edge of the cube, and its voxels."""

KNOT_MM = 25.0
"""Distance of the control points of elastix."""

MOST_SECONDS = 900
"""After which a program is given up."""

MODULES = {"elastix, masked": "itk", "greedy, masked": "picsl_greedy", "ANTs SyN, masked": "ants"}
"""The module that each program comes as."""


def installed() -> list[str]:
    """Return the names of the programs that are there."""
    return [name for name, module in MODULES.items() if importlib.util.find_spec(module) is not None]


def _outside(name: str, fixed: Side, moving: Side, start: Transform, center_lps_mm: Float) -> Transform:
    """Register by another program, in a process of its own."""
    nodes = cube_around(center_lps_mm, REACH_MM, VOXEL_MM)
    still = Transform()
    parts = {
        "fixed": still.volume(fixed.image, onto=nodes).voxels,
        "moving": start.volume(moving.image, onto=nodes).voxels,
        "fixed_mask": still.volume(Volume(fixed.allowed.astype(np.float32), fixed.image.grid), onto=nodes).voxels
        > 0.99,
        "moving_mask": start.volume(Volume(moving.allowed.astype(np.float32), moving.image.grid), onto=nodes).voxels
        > 0.99,
    }
    with tempfile.TemporaryDirectory() as folder:
        came, goes = Path(folder) / "came.npz", Path(folder) / "goes.npy"
        np.savez(came, allow_pickle=False, **parts)
        command = [sys.executable, "-m", "bench.register_peers", name, str(came), str(goes)]
        try:
            subprocess.run(command, check=True, timeout=MOST_SECONDS, capture_output=True)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise NotConverged(f"{name} came to no end, or crashed; run the bench without it.") from error
        field = np.load(goes)
    return Transform(start.rotation, start.translation_mm, Displacement(field, nodes))


PEERS: dict[str, Callable[[Side, Side, Transform, Float], Transform]] = {
    name: partial(_outside, name) for name in MODULES
}
"""Each program as a function of both sides, the start and the center."""


def _elastix(parts: dict[str, Image]) -> Image:
    """B-splines with mutual information, both masks, one thread (Klein S et al. IEEE Trans Med Imaging 2010;29:196)."""
    itk: Any = importlib.import_module("itk")
    itk.set_nthreads(1)
    images: dict[str, Any] = {name: itk.image_from_array(values) for name, values in parts.items()}
    for image in images.values():
        image.SetSpacing([VOXEL_MM] * 3)
    chosen = itk.ParameterObject.New()
    chosen.AddParameterMap(itk.ParameterObject.GetDefaultParameterMap("bspline", 3, KNOT_MM))
    settings = {"MaximumNumberOfIterations": "300", "NumberOfSpatialSamples": "4000", "ErodeMask": "false",
                "ImageSampler": "RandomSparseMask", "WriteResultImage": "false"}  # fmt: skip
    for key, value in settings.items():
        chosen.SetParameter(key, value)
    method = itk.ElastixRegistrationMethod.New(images["fixed"], images["moving"])
    method.SetFixedMask(images["fixed_mask"])
    method.SetMovingMask(images["moving_mask"])
    method.SetParameterObject(chosen)
    method.SetLogToConsole(False)
    method.SetNumberOfThreads(1)
    method.UpdateLargestPossibleRegion()
    field = itk.transformix_deformation_field(images["moving"], method.GetTransformParameterObject())
    return np.asarray(itk.array_from_image(field), dtype=np.float32)


def _greedy(parts: dict[str, Image]) -> Image:
    """Greedy diffeomorphism with local correlation and a mask of the fixed image (Yushkevich PA et al., greedy)."""
    images: dict[str, Any] = {}
    for name, values in parts.items():
        images[name] = simple.GetImageFromArray(values.astype(np.float32))
        images[name].SetSpacing([VOXEL_MM] * 3)
    method: Any = importlib.import_module("picsl_greedy").Greedy3D()
    method.execute("-d 3 -threads 1 -m WNCC 3x3x3 -i fixed moving -gm mask -mm seen -n 60x40 -s 6mm 2mm -o warp",
                   fixed=images["fixed"], moving=images["moving"], mask=images["fixed_mask"],
                   seen=images["moving_mask"], warp=None)  # fmt: skip
    return np.asarray(simple.GetArrayFromImage(method["warp"]), dtype=np.float32)


def _ants(parts: dict[str, Image]) -> Image:
    """SyN with local correlation and both masks (Avants BB et al. Med Image Anal 2008;12:26-41)."""
    ants: Any = importlib.import_module("ants")
    images = {
        name: ants.from_numpy(values.astype(np.float32).T.copy(), spacing=(VOXEL_MM,) * 3)
        for name, values in parts.items()
    }
    found = ants.registration(images["fixed"], images["moving"], "SyNOnly", initial_transform="Identity",
                              mask=images["fixed_mask"], moving_mask=images["moving_mask"], syn_metric="CC",
                              syn_sampling=3, reg_iterations=(60, 40, 20), random_seed=1)  # fmt: skip
    warp = next(name for name in found["fwdtransforms"] if name.endswith(".nii.gz"))
    return np.asarray(simple.GetArrayFromImage(simple.ReadImage(warp)), dtype=np.float32)


def _main() -> None:
    name, came, goes = sys.argv[1:]
    with np.load(came) as loaded:
        parts = {key: loaded[key].astype(np.uint8 if key.endswith("mask") else np.float32) for key in loaded.files}
    run: dict[str, Callable[[dict[str, Image]], Image]] = {
        "elastix, masked": _elastix, "greedy, masked": _greedy, "ANTs SyN, masked": _ants,
    }  # fmt: skip
    np.save(goes, run[name](parts))


if __name__ == "__main__":
    _main()
