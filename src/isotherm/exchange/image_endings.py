"""Ends of the names of image files, written once, by format; in lower case, as names are compared."""

from __future__ import annotations

NIFTI = (".nii", ".nii.gz")
NRRD = (".nrrd", ".nhdr")
META = (".mha", ".mhd")

HEADED = (*NRRD, *META)
"""Formats whose header may name another file for the voxels."""

IMAGES = (*NIFTI, *HEADED)
"""Files that are one image or one mask each."""
