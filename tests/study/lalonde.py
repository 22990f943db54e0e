"""The job training data of LaLonde 1986 as MatchIt carries them, and what R gives on them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from isotherm.study.design_matrix import DesignMatrix, design_matrix
from isotherm.study.propensity import Propensity, propensity

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
COVARIATES = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]


@cache
def table() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "MatchIt_lalonde.csv")


@cache
def reference() -> dict[str, Any]:
    return json.loads((GOLDEN / "ref_lalonde.json").read_text())


@cache
def design() -> DesignMatrix:
    return design_matrix(table(), COVARIATES)


@cache
def scores() -> Propensity:
    return propensity(design(), table()["treat"])


def by_row(entry: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Values that R names by row, in the order of the table; null becomes NaN."""
    return np.array([np.nan if entry[name] is None else entry[name] for name in table()["rowname"]], dtype=float)
