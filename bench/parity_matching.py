"""Parity with R in matching: scores, pairs, weights and balance of MatchIt 4.7.2, each with its largest difference."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from isotherm.study.balance import balance, difference, standard_deviation
from isotherm.study.coarsened import match_coarsened
from isotherm.study.design_matrix import DesignMatrix, design_matrix
from isotherm.study.matched import Caliper, Matched
from isotherm.study.matching import match_mahalanobis, match_nearest, whitened
from isotherm.study.propensity import Propensity, propensity

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden"
COVARIATES = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]
FIFTH = Caliper(0.2)

NEAREST: dict[str, dict[str, Any]] = {
    "nn_greedy": {"caliper": None, "scale": "probability"},
    "nn_cal02": {"caliper": FIFTH, "scale": "probability"},
    "nn_cal02_order_smallest": {"caliper": FIFTH, "scale": "probability", "order": "smallest"},
    "nn_cal02_order_data": {"caliper": FIFTH, "scale": "probability", "order": "data"},
    "nn_cal02_logit": {"caliper": FIFTH, "scale": "logit"},
    "nn_cal01_logit_21": {"caliper": Caliper(0.1), "scale": "logit", "ratio": 2},
    "nn_replace": {"caliper": FIFTH, "scale": "probability", "replace": True},
    "nn_exact_race": {"caliper": FIFTH, "scale": "probability", "exact": "race"},
}
"""The settings of every golden entry of nearest neighbor matching."""


class Parity(NamedTuple):
    """One quantity: what it was compared with, the largest absolute difference, and the most that it may be."""

    entry: str
    quantity: str
    difference: float
    limit: float
    note: str = ""


class Lalonde(NamedTuple):
    """The data, what R gives on them, and our scores."""

    table: pd.DataFrame
    golden: dict[str, Any]
    design: DesignMatrix
    scores: Propensity

    def by_row(self, values: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return values that R names by row in the order of the table, null as NaN."""
        return np.array(
            [np.nan if values[name] is None else values[name] for name in self.table["rowname"]], dtype=float
        )


@cache
def lalonde() -> Lalonde:
    """Read the data and the golden results."""
    table = pd.read_csv(GOLDEN / "MatchIt_lalonde.csv")
    golden = json.loads((GOLDEN / "ref_lalonde.json").read_text())
    design = design_matrix(table, COVARIATES)
    return Lalonde(table, golden, design, propensity(design, table["treat"]))


def matching_parity() -> Iterator[Parity]:
    """Compare everything that the golden file holds of scores, matching and balance."""
    data = lalonde()
    for entry, scale in (("nn_greedy", "probability"), ("nn_cal02_logit", "logit")):
        theirs = data.by_row(data.golden[entry]["ps"])
        chance = theirs if scale == "probability" else 1.0 / (1.0 + np.exp(-theirs))
        gap = float(np.abs(data.scores.probability - chance).max())
        yield Parity(entry, f"propensity (from R's {scale})", gap, 1e-8, "glm stops at a deviance change of 1e-8")
    for entry, settings in NEAREST.items():
        own = {**settings, "exact": data.table["race"]} if "exact" in settings else settings
        matched = match_nearest(data.scores, **own)
        yield _pairs(data, entry, matched)
        yield from _weights_and_balance(data, entry, matched)
    yield from _mahalanobis(data)
    matched = match_coarsened(data.design, data.table["treat"])
    yield _strata(data, matched)
    yield from _weights_and_balance(data, "cem", matched)


def _pairs(data: Lalonde, entry: str, matched: Matched) -> Parity:
    names = data.table["rowname"].tolist()
    ours: dict[str, list[str]] = {name: [] for name in data.golden[entry]["match"]}
    for one, other in _of(matched):
        ours[names[one]].append(names[other])
    rows = sum(";".join(ours[name]) != theirs for name, theirs in data.golden[entry]["match"].items())
    return Parity(entry, "treated whose controls differ", float(rows), 0.0, f"{len(_of(matched))} pairs")


def _of(matched: Matched) -> list[list[int]]:
    return [] if matched.pairs is None else matched.pairs.tolist()


def _strata(data: Lalonde, matched: Matched) -> Parity:
    theirs = [data.golden["cem"]["subclass"][name] for name in data.table["rowname"]]
    ours = [] if matched.set_number is None else matched.set_number.tolist()
    both = set(zip(theirs, ours, strict=True))
    differ = 2 * len(both) - len(set(theirs)) - len(set(ours))
    return Parity("cem", "strata that differ", float(differ), 0.0, f"{len(both) - 1} strata")


def _mahalanobis(data: Lalonde) -> Iterator[Parity]:
    entry = "mahalanobis"
    matched = match_mahalanobis(data.design, data.table["treat"])
    names = data.table["rowname"].tolist()
    z = whitened(data.design.by_level()[1], matched.treated)
    widest, others = 0.0, 0
    for one, ours in _of(matched):
        theirs = names.index(data.golden[entry]["match"][names[one]])
        others += ours != theirs
        gap = np.linalg.norm(z[one] - z[ours]) - np.linalg.norm(z[one] - z[theirs])
        widest = max(widest, abs(float(gap)))
    note = f"{others} of 185 are other controls at the same distance"
    yield Parity(entry, "distance of each treated to its control", widest, 1e-12, note)
    yield from _weights_and_balance(data, entry, matched, weights=False)


def _weights_and_balance(data: Lalonde, entry: str, matched: Matched, *, weights: bool = True) -> Iterator[Parity]:
    golden = data.golden[entry]
    if weights:
        gap = float(np.abs(matched.weight - data.by_row(golden["weights"])).max())
        yield Parity(entry, "weights", gap, 1e-10)
    rows = {row.name: row for row in balance(data.design, matched).rows}
    found: dict[str, list[float | None]] = {
        "smd_all": [row.before.smd for row in rows.values()],
        "smd_matched": [row.after.smd for row in rows.values()],
        "vr_matched": [row.after.variance_ratio for row in rows.values()],
        "ks_matched": [row.after.ks for row in rows.values()],
    }
    for key, ours in found.items():
        theirs = [value for name, value in golden[key].items() if name != "distance"]
        gap = max((abs(a - b) for a, b in zip(ours, theirs, strict=True) if a is not None), default=0.0)
        yield Parity(entry, key, gap, 1e-10)
    if golden["ps"] is not None:
        score = data.by_row(golden["ps"])
        sd = standard_deviation(score, matched.treated, "treated", matched.weight)
        gap = abs(difference(score, matched.treated, matched.weight, sd).smd - golden["smd_matched"]["distance"])
        yield Parity(entry, "smd of R's own score", gap, 1e-10)


def print_matching_parity() -> bool:
    """Print every difference; return whether all are within their limits."""
    fine = True
    for row in matching_parity():
        kept = row.difference <= row.limit
        fine &= kept
        print(f"{row.entry:24} {row.quantity:42} {row.difference:9.1e}  (at most {row.limit:g})  "
              f"{row.note}{'' if kept else '  MISSED'}")  # fmt: skip
    return fine


if __name__ == "__main__":
    sys.exit(0 if print_matching_parity() else 1)
