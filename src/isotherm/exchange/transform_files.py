"""Transforms to files and back: what Slicer, ANTs, elastix, Greedy, SimpleITK and PACS understand.

A Transform carries a point of the fixed scan (after ablation) to the moving scan (before), in mm, left-posterior-
superior. ITK's files mean the same: what resamples the scan before onto the scan after. `inverse=True` is for programs
that write the other way, from a point before to the point after.

A displacement is known within its grid. Beyond it isotherm goes on as at the rim, and ITK takes no displacement at all.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from isotherm.errors import BadGeometry, BadSetting, OutputError, UnreadableFile
from isotherm.exchange.dicom_files import is_dicom
from isotherm.exchange.dicom_registration_in import read_registration
from isotherm.exchange.image_endings import META, NIFTI, NRRD
from isotherm.exchange.itk_files import open_meta, open_nrrd, write_itk_vectors
from isotherm.exchange.nifti_files import open_nifti, write_nifti_vectors
from isotherm.exchange.transform_itk import read_itk_hdf, read_itk_text, write_itk
from isotherm.exchange.voxel_source import ImageFile, gather, refuse_absent
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.transform_chain import Linear, inverted, joined, sampled
from isotherm.imaging.volume import Grid

TEXT, HDF = (".tfm", ".txt"), (".h5", ".hdf5")
"""Ends of the names of ITK's own files."""

FIELDS = {**dict.fromkeys(NIFTI, open_nifti), **dict.fromkeys(NRRD, open_nrrd), **dict.fromkeys(META, open_meta)}
"""What opens an image of displacements."""

LONGEST_MM, FARTHEST_MM = 1e4, 1e5
"""Largest displacement, and largest shift of a matrix, which turns about the origin: beyond, the unit is not mm."""

KNOWN = "ITK text (.tfm, .txt), ITK HDF5 (.h5) and displacement fields (.nii, .nii.gz, .nrrd, .mha)"
"""The formats, for messages."""


def read_transform(
    path: str | os.PathLike[str],
    *,
    inverse: bool = False,
    grid: Grid | None = None,
    frames: tuple[str, str] | None = None,
) -> Transform:
    """Read a transform from the scan after to the scan before.

    Parameters
    ----------
    path : str or path
        ITK text or HDF5 (rigid, similarity, affine, B-spline, displacement field, or a composite of them), or an image
        of displacements: NIfTI (intent "vector": LPS as ITK writes it; intent "displacement vector": RAS as the format
        asks for), NRRD, MetaImage. Or a DICOM Spatial or Deformable Spatial Registration, or a folder with one of them.
    inverse : bool
        The file carries a point before to the point after: it is turned round.
    grid : Grid, optional
        Nodes for a deformation that has none of its own, as an affine transform that stretches.
    frames : (str, str), optional
        Of DICOM only: UIDs of the frames of reference of the scan after and the scan before, by which the direction
        of the object is known. Without them the scan after is the registered one.

    Returns
    -------
    Transform
        Its error is unknown.

    Raises
    ------
    UnreadableFile
        The file is missing, damaged, of another kind, or its sizes do not agree with what it holds.
    BadGeometry
        A matrix that mirrors or flattens, values that are not finite, or the wrong number of dimensions.
    NoSuchSeries
        DICOM without a registration, with several, or of other frames.
    NotConverged
        A deformation too steep to be turned round.
    """
    file = ImageFile(os.fspath(path), "transform")
    dicom = is_dicom(file.path)
    if not dicom:
        refuse_absent(file)
    if frames is not None and (inverse or not dicom):
        raise BadSetting("Frames of reference came beside a file that is none of DICOM, or is to be turned round.")
    try:
        parts = read_registration(file, frames=frames) if dicom else _parts(file)
        _refuse_far(parts, file)
        linear = [part for part in parts if isinstance(part, Linear)]
        if inverse and len(linear) == len(parts):
            return joined([part.inverse() for part in reversed(linear)], grid=grid)
        way = joined(parts, grid=None if inverse else grid)
    except PermissionError as error:
        raise UnreadableFile(f"{file.start} may not be read; ask for permission to read it.") from error
    except (OSError, MemoryError) as error:
        raise UnreadableFile(f"{file.start} cannot be read; check the disk it lies on.") from error
    return inverted(way, grid=grid) if inverse else way


def write_transform(transform: Transform, path: str | os.PathLike[str], *, grid: Grid | None = None) -> None:
    """Write a transform, from a point after to the point before, by the end of the file's name.

    Parameters
    ----------
    transform : Transform
    path : str or path
        .tfm, .txt, .h5 or .hdf5 keep rotation and displacement apart. .nii, .nii.gz, .nrrd, .mha hold the whole motion
        at each node of a grid.
    grid : Grid, optional
        Nodes of such a field, in the scan after; by default the transform's own, which a rigid one has none of.

    Raises
    ------
    BadSetting
        A rigid transform was to become a field without a grid.
    OutputError
        The place cannot be written to, or the end of the name is no known one.
    """
    name = os.fspath(path).lower()
    if name.endswith((*TEXT, *HDF)):
        write_itk(path, transform)
        return
    if not name.endswith((*NIFTI, ".nrrd", ".mha")):
        raise OutputError(f"A transform was to be written to a file of unknown kind; {KNOWN} are known.")
    nodes = grid or (transform.displacement.grid if transform.displacement is not None else None)
    if nodes is None:
        raise BadSetting("A rigid transform has no grid to make a displacement field of; write it as .tfm or .h5.")
    vectors = sampled(lambda points: transform.points(points) - points, nodes).vectors_lps_mm
    write = write_nifti_vectors if name.endswith(NIFTI) else write_itk_vectors
    write(path, np.asarray(vectors, dtype=np.float32), nodes)


def _parts(file: ImageFile) -> Sequence[Linear | Displacement]:
    name = file.path.lower()
    if name.endswith(TEXT):
        return read_itk_text(file)
    if name.endswith(HDF):
        return read_itk_hdf(file)
    ending = next((end for end in sorted(FIELDS, key=len, reverse=True) if name.endswith(end)), None)
    if ending is None:
        raise UnreadableFile(f"{file.start} is of no known format; {KNOWN} are: convert it, for example in 3D Slicer.")
    return (_field(file, ending),)


def _refuse_far(parts: Sequence[Linear | Displacement], file: ImageFile) -> None:
    for part in parts:
        far, limit = (part.shift_mm, FARTHEST_MM) if isinstance(part, Linear) else (part.vectors_lps_mm, LONGEST_MM)
        if np.abs(far).max() > limit:
            raise BadGeometry(
                f"{file.start} moves points by more than {limit / 1000:g} m, beyond any patient; check its unit (mm)."
            )


def _field(file: ImageFile, ending: str) -> Displacement:
    source = FIELDS[ending](file, vectors=True)
    if source.warnings:  # of an image they are told; a motion is not to be guessed
        raise BadGeometry(f"{file.start} leaves open where it lies ({source.warnings[0]}); write it anew.")
    vectors = np.stack([gather(source, layer, (np.float32,)) for layer in range(3)], axis=-1)
    if not np.isfinite(vectors).all():
        raise BadGeometry(f"{file.start} has displacements that are not finite numbers; write it anew without them.")
    return Displacement(vectors, source.grid)
