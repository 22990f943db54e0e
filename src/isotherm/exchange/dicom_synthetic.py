"""Synthetic Data (0008,001C): how a DICOM object says that what it holds was made, and not acquired of a patient.

An attribute of the SOP Common Module (DICOM PS3.3, C.12.1), enumerated YES and NO, that need not be there.
"""

from __future__ import annotations

from typing import Any

SYNTHETIC = "SyntheticData"

MADE = "YES"


def is_synthetic(value: object) -> bool:
    """Return whether the attribute's value says that some or all of the content was made."""
    return str(value).strip().upper() == MADE


def mark_synthetic(dataset: Any, synthetic: bool) -> None:
    """Let an object say that it was made, or comes of what was; of all others nothing is claimed."""
    if synthetic:
        dataset.SyntheticData = MADE
