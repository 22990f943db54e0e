"""Seconds for a table of 10,000 cases: reading it, and a column of answers for every rule that ships."""

from __future__ import annotations

import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from isotherm.app.criteria_tasks import check_table
from isotherm.criteria.library import rules

CASES = 10_000
LIMIT_S = 5.0


def print_criteria_table() -> bool:
    """Print the seconds; return whether the limit is kept."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cases.csv"
        made_up_cases(CASES).to_csv(file, index=False)
        start = time.perf_counter()
        done = check_table(str(file), str(Path(folder) / "answers.csv"), today=date(2026, 1, 1), on="2025-03-01")
        seconds = time.perf_counter() - start
    fine = done.cases == CASES and seconds < LIMIT_S
    print(f"Criteria: {CASES} cases, {len(rules())} rules, from table to table: {seconds:.2f} s"
          f"{'' if fine else '  MISSED'} (limit {LIMIT_S:g} s)")  # fmt: skip
    return fine


def made_up_cases(n: int) -> pd.DataFrame:
    """Return patients with colorectal, neuroendocrine and breast metastases; every fact is missing here and there."""
    rng = np.random.default_rng(0)
    columns = {
        "id": [f"case-{k}" for k in range(n)],
        "organ": rng.choice(["liver", "lung"], n, p=[0.8, 0.2]),
        "primary": rng.choice(["colorectal", "neuroendocrine", "breast"], n, p=[0.7, 0.2, 0.1]),
        "n_lesions": rng.integers(1, 12, n),
        "largest_target_mm": rng.uniform(4.0, 60.0, n).round(1),
        "nearest_to_bile_duct_mm": rng.uniform(0.0, 60.0, n).round(1),
        "nearest_to_bowel_mm": rng.uniform(0.0, 60.0, n).round(1),
        "ecog": rng.integers(0, 4, n),
        "asa": rng.integers(1, 5, n),
        "age_years": rng.integers(16, 90, n),
        "inr": rng.uniform(0.8, 2.5, n).round(2),
        "cea_ug_l": rng.uniform(1.0, 400.0, n).round(1),
        "resectable": rng.choice(["true", "false"], n),
        "extrahepatic_disease": rng.choice(["true", "false"], n, p=[0.2, 0.8]),
        "ascites": rng.choice(["true", "false"], n, p=[0.1, 0.9]),
    }
    table = pd.DataFrame(columns).astype(object)
    gaps = rng.random(table.shape) < 0.1
    gaps[:, :3] = False
    return table.mask(gaps)
