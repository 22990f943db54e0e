"""What a family of parity checks is: pairs of our numbers and R's, and the limit of their difference."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden"

Pair = tuple[str, Any, Any]
"""Where it is, our numbers, R's numbers (None or "NA" where R has none)."""


@dataclass(frozen=True, slots=True)
class Family:
    """Results of one kind.

    Parameters
    ----------
    name : str
    limit : float
        Largest absolute difference allowed.
    pairs : callable
        Computes our numbers and yields them beside R's.
    """

    name: str
    limit: float
    pairs: Callable[[], Iterable[Pair]]


def golden(name: str) -> dict[str, Any]:
    """Read one of the reference files."""
    return json.loads((GOLDEN / name).read_text())


def worst(family: Family) -> tuple[int, float, str]:
    """Return how many numbers were compared, the largest difference, and where it is; another shape is infinite."""
    count, largest, where = 0, 0.0, ""
    for place, ours, theirs in family.pairs():
        a, b = _numbers(ours), _numbers(theirs)
        gap = np.inf
        if a.shape == b.shape:
            # A number where the other has none is a difference too.
            gap = float(np.where(np.isnan(a) & np.isnan(b), 0.0, np.nan_to_num(abs(a - b), nan=np.inf)).max())
        count += a.size
        if gap > largest or not where:
            largest, where = gap, place
    if not count:
        return 0, np.inf, "nothing was compared"
    return count, largest, where


def _numbers(values: Any) -> npt.NDArray[np.float64]:
    if isinstance(values, np.ndarray):
        return values.astype(np.float64).ravel()
    listed = values if isinstance(values, list | tuple) else [values]
    return np.array([np.nan if v is None or v in ("NA", "NaN") else v for v in listed], dtype=np.float64).ravel()
