"""Golden references for the tests of the study engine; kernels run as plain Python (see tests/conftest.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

GOLDEN = Path(__file__).resolve().parent.parent / "golden"


@pytest.fixture(scope="session")
def golden_colon() -> dict[str, Any]:
    return json.loads((GOLDEN / "ref_colon.json").read_text())


@pytest.fixture(scope="session")
def golden_lung() -> dict[str, Any]:
    return json.loads((GOLDEN / "ref_lung.json").read_text())


@pytest.fixture(scope="session")
def colon() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "survival_colon.csv")


@pytest.fixture(scope="session")
def lung() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "survival_lung.csv")
