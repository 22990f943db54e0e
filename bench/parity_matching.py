"""Parity with R in matching: scores, matched sets, weights and balance of MatchIt 4.7.2 on LaLonde's data."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.parity_case import GOLDEN, Family, Pair, golden
from isotherm.study.balance import Difference, balance, difference, standard_deviation
from isotherm.study.coarsened import match_coarsened
from isotherm.study.design_matrix import DesignMatrix, design_matrix
from isotherm.study.matched import Caliper, Matched
from isotherm.study.matching import match_mahalanobis, match_nearest, whitened
from isotherm.study.propensity import Propensity, propensity

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


class Lalonde(NamedTuple):
    """The data, what R gives on them, our scores and our matches."""

    table: pd.DataFrame
    golden: dict[str, Any]
    design: DesignMatrix
    scores: Propensity
    matches: dict[str, Matched]

    def by_row(self, values: dict[str, Any]) -> npt.NDArray[np.float64]:
        """Return values that R names by row in the order of the table, null as NaN."""
        return np.array(
            [np.nan if values[name] is None else values[name] for name in self.table["rowname"]], dtype=float
        )


@cache
def lalonde() -> Lalonde:
    """Read the data and the golden results, and match."""
    table = pd.read_csv(GOLDEN / "MatchIt_lalonde.csv")
    design = design_matrix(table, COVARIATES)
    scores = propensity(design, table["treat"])
    matches: dict[str, Matched] = {}
    for entry, settings in NEAREST.items():
        own = {**settings, "exact": table["race"]} if "exact" in settings else settings
        matches[entry] = match_nearest(scores, **own)
    matches["cem"] = match_coarsened(design, table["treat"])
    matches["mahalanobis"] = match_mahalanobis(design, table["treat"])
    return Lalonde(table, golden("ref_lalonde.json"), design, scores, matches)


def _scores() -> Iterator[Pair]:
    # glm stops where the deviance changes by less than 1e-8 of itself; ours goes on to the maximum.
    data = lalonde()
    logit = data.by_row(data.golden["nn_cal02_logit"]["ps"])
    yield "probability", data.scores.probability, data.by_row(data.golden["nn_greedy"]["ps"])
    yield "from the logit", data.scores.probability, 1.0 / (1.0 + np.exp(-logit))


def _pairs() -> Iterator[Pair]:
    """Yield the rows of the controls of every treated unit; -1 where there is none."""
    data = lalonde()
    names = data.table["rowname"].tolist()
    place = {name: k for k, name in enumerate(names)}
    for entry in NEAREST:
        ours: dict[str, list[int]] = {name: [] for name in data.golden[entry]["match"]}
        for one, other in _listed(data.matches[entry]):
            ours[names[one]].append(other)
        for name, theirs in data.golden[entry]["match"].items():
            controls = [place[control] for control in theirs.split(";")] if theirs else [-1]
            yield f"{entry} {name}", ours[name] or [-1], controls


def _strata() -> Iterator[Pair]:
    """Yield the stratum of every row; numbered as R numbers them where the first of each is met."""
    data = lalonde()
    theirs = data.by_row(data.golden["cem"]["subclass"])
    ours = data.matches["cem"].set_number
    yield "cem", _renumbered(np.array([] if ours is None else ours, dtype=float)), _renumbered(theirs)


def _renumbered(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return set numbers in the order in which they are met, NaN for none."""
    none = np.isnan(numbers) | (numbers < 0.0)
    _, first, code = np.unique(np.where(none, -1.0, numbers), return_index=True, return_inverse=True)
    return np.where(none, np.nan, np.argsort(np.argsort(first))[code])


def _mahalanobis() -> Iterator[Pair]:
    """Yield the distance of every treated unit to its control: nine units have another control at the same distance."""
    data = lalonde()
    matched, names = data.matches["mahalanobis"], data.table["rowname"].tolist()
    z = whitened(data.design.by_level()[1], matched.treated)
    for one, ours in _listed(matched):
        theirs = names.index(data.golden["mahalanobis"]["match"][names[one]])
        note = "" if ours == theirs else " (another control)"
        yield f"{names[one]}{note}", float(np.linalg.norm(z[one] - z[ours])), float(np.linalg.norm(z[one] - z[theirs]))


def _weights() -> Iterator[Pair]:
    data = lalonde()
    for entry in (*NEAREST, "cem"):
        yield entry, data.matches[entry].weight, data.by_row(data.golden[entry]["weights"])


def _balance(key: str) -> Iterator[Pair]:
    """Yield one measure of every covariate, and of R's own score where an entry has one."""
    data = lalonde()
    for entry, matched in data.matches.items():
        before = key == "smd_all"
        ours = {row.name: row.before if before else row.after for row in balance(data.design, matched).rows}
        theirs = dict(data.golden[entry][key])
        if "distance" in theirs:
            score = data.by_row(data.golden[entry]["ps"])
            weight = np.ones(len(score)) if before else matched.weight
            sd = standard_deviation(score, matched.treated, "treated", weight)
            yield (
                f"{entry} distance",
                _measure(difference(score, matched.treated, weight, sd), key),
                theirs.pop("distance"),
            )
        yield entry, [_measure(found, key) for found in ours.values()], list(theirs.values())


def _measure(found: Difference, key: str) -> float:
    value = {"vr_matched": found.variance_ratio, "ks_matched": found.ks}.get(key, found.smd)
    return np.nan if value is None else value


def _listed(matched: Matched) -> list[list[int]]:
    return [] if matched.pairs is None else matched.pairs.tolist()


FAMILIES = (
    Family("propensity score", 1e-8, _scores),
    Family("matched sets, nearest neighbor, 8 settings", 0.0, _pairs),
    Family("matched sets, coarsened exact", 0.0, _strata),
    Family("matched pairs, Mahalanobis: their distances", 1e-12, _mahalanobis),
    Family("weights after matching", 1e-10, _weights),
    Family("standardized differences before", 1e-10, lambda: _balance("smd_all")),
    Family("standardized differences after", 1e-10, lambda: _balance("smd_matched")),
    Family("variance ratios after", 1e-10, lambda: _balance("vr_matched")),
    Family("Kolmogorov-Smirnov after", 1e-10, lambda: _balance("ks_matched")),
)
"""What `make parity` prints of matching."""
