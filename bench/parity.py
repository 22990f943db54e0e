"""Parity with R: the largest difference of every family of results, and the limit it must keep; exit 1 if one does not.

The references lie in tests/golden with the scripts that made them. Where R with its package survival is installed, the
script of the weighted fits runs again, its fresh results are compared as well, and so are random cohorts; where metafor
is, so does the script of pooling.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.parity_case import GOLDEN, Family, golden, worst
from bench.parity_clustered import FAMILIES as CLUSTERED
from bench.parity_competing import FAMILIES as COMPETING
from bench.parity_matching import FAMILIES as MATCHING
from bench.parity_pooling import FAMILIES as POOLING
from bench.parity_pooling import live_pooling, pooling_families
from bench.parity_random import random_families
from bench.parity_survival import FAMILIES as SURVIVAL
from bench.parity_survival import weighted_families


def main() -> int:
    """Print one line for each family; return the exit code."""
    families = [*SURVIVAL, *weighted_families(golden("ref_weighted.json")), *COMPETING, *CLUSTERED, *MATCHING, *POOLING]
    fine = _print("against the golden files", families)
    fresh = live_weighted()
    if fresh is None:
        print("\nLive against R: left out, since Rscript with the packages survival and jsonlite is not installed.")
    else:
        fine &= _print(f"live against {fresh['versions']['R']}", [*weighted_families(fresh), *random_families()])
    pooled = live_pooling()
    if pooled is None:
        print(
            "\nLive against metafor: left out, since Rscript with the packages metafor and jsonlite is not installed."
        )
    else:
        fine &= _print(f"live against metafor {pooled['versions']['metafor']}", pooling_families(pooled))
    print("\nEvery limit is kept." if fine else "\nAt least one limit is missed.")
    return 0 if fine else 1


def _print(title: str, families: Iterable[Family]) -> bool:
    print(f"\nParity {title}\n{'family':<58}{'numbers':>8}{'largest':>10}{'limit':>9}  where the largest is")
    fine = True
    for family in families:
        count, largest, where = worst(family)
        kept = largest <= family.limit
        fine &= kept
        print(f"{family.name:<58}{count:>8}{largest:>10.1e}{family.limit:>9.0e}  {where}{'' if kept else '  MISSED'}")
    return fine


def r_is_here() -> bool:
    """Say whether Rscript with the packages survival and jsonlite is installed."""
    asks = ["Rscript", "-e", 'quit(status = !all(sapply(c("survival", "jsonlite"), requireNamespace, quietly = TRUE)))']
    return shutil.which("Rscript") is not None and not subprocess.run(asks, capture_output=True, check=False).returncode


def live_weighted() -> dict[str, Any] | None:
    """Run the script of the weighted fits in the R that is installed; None where there is none."""
    if not r_is_here():
        return None
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "ref_weighted.json"
        subprocess.run(["Rscript", str(GOLDEN / "make_weighted.R"), str(out), str(GOLDEN)], check=True)
        return json.loads(out.read_text())


if __name__ == "__main__":
    sys.exit(main())
