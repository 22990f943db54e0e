"""Agreement of readers: percent agreement, Cohen's kappa (plain and weighted), Fleiss' kappa for three and more."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, Int, label, label_codes, refuse
from isotherm.confidence import normal_quantile
from isotherm.effect import Effect
from isotherm.errors import BadColumn, BadSetting, NothingToCompare
from isotherm.study.binary import risk, wilson_limits
from isotherm.study.clustered import cluster_variance, clustered_risk, quantile

Weights = Literal["none", "linear", "quadratic"]
"""How much a disagreement counts: all alike, by its distance in ordered categories, or by the square of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """What readers said of the same tumors.

    Parameters
    ----------
    categories : tuple of str
    codes : array of int, shape (n, readers)
        Index of the category.
    """

    categories: tuple[str, ...]
    codes: Int

    @property
    def counts(self) -> Int:
        """Tumors by what the first (rows) and the second reader (columns) said, shape (k, k)."""
        table = np.zeros((len(self.categories),) * 2, dtype=np.int64)
        np.add.at(table, (self.codes[:, 0], self.codes[:, 1]), 1)
        return table


def ratings(*readers: npt.ArrayLike, order: Iterable[object] | None = None) -> Ratings:
    """Return the labels that readers gave as codes.

    Parameters
    ----------
    *readers : arrays, shape (n,)
        One for each reader; no gaps: agreement on what could be assessed at all is a question of its own.
    order : iterable, optional
        All categories in their order. None: those that occur, numbers by size and texts by the alphabet.

    Raises
    ------
    BadColumn
        Gaps, different lengths, or a label that is not in `order`.
    NothingToCompare
        Fewer than two readers, or no tumor.
    """
    columns = [np.asarray(reader) for reader in readers]
    if len(columns) < 2 or not len(columns[0]):
        raise NothingToCompare(f"{len(columns)} readers came; two or more with a tumor or more are compared.")
    if len({len(values) for values in columns}) > 1:
        raise BadColumn("The readers rated different numbers of tumors; give each tumor once for every reader.")
    codes, categories = label_codes("rating", np.concatenate(columns))
    if order is not None:
        named = tuple(label(one) for one in order)
        unknown = np.array([one not in named for one in categories])
        refuse("rating", unknown[codes], "none of the named categories", "name every category in its order")
        codes, categories = np.array([named.index(one) for one in categories], dtype=np.int64)[codes], named
    return Ratings(categories, codes.reshape(len(columns), -1).T)


def percent_agreement(of: Ratings, *, cluster: npt.ArrayLike | None = None, level: float = 0.95) -> Effect:
    """Return the share of tumors of which all readers said the same, with Wilson's interval, or a clustered one."""
    same = (of.codes == of.codes[:, :1]).all(axis=1)
    if cluster is not None:
        return clustered_risk(same, cluster, level=level, name="agreement").effect
    return risk(int(same.sum()), len(same), level=level, name="agreement", per="tumor")


def cohen_kappa(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    weights: Weights = "none",
    order: Iterable[object] | None = None,
    cluster: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> Effect:
    """Return Cohen's kappa of two readers: agreement beyond what their own frequencies would give by chance.

    It falls where one category is rare, however well readers agree: print the table beside it.

    Parameters
    ----------
    first, second : array, shape (n,)
        Labels.
    weights : {"none", "linear", "quadratic"}
        For ordered categories, equally spaced in `order`.
    order : iterable, optional
        All categories in their order; texts need it for weights, and categories that never occur change weights.
    cluster : array, shape (n,), optional
        Labels of patients. Their influences are added up; intervals take t with patients less 1 degrees of freedom.
    level : float

    Raises
    ------
    BadColumn, BadSetting, NothingToCompare
        As `ratings`; unknown weights; texts without an order; or a reader who always said the same.

    References
    ----------
    .. [1] Cohen J. Educ Psychol Meas 1960;20:37-46; Psychol Bull 1968;70:213-220.
    .. [2] Fleiss JL, Cohen J, Everitt BS. Psychol Bull 1969;72:323-327 (variance).
    """
    if weights not in ("none", "linear", "quadratic"):
        raise BadSetting(f'The weights "{weights}" came; none, linear or quadratic is wanted.')
    order = None if order is None else tuple(order)
    of = ratings(first, second, order=order)
    if weights != "none" and order is None and np.asarray(first).dtype.kind not in "biuf":
        raise BadSetting(f"Texts came for {weights} weights; name the categories in their order.")
    i, j = of.codes.T
    w = _agreement_weights(len(of.categories), weights)
    row, column = (np.bincount(codes, minlength=len(w)) / len(i) for codes in (i, j))
    observed, by_row, by_column = float(w[i, j].mean()), w @ column, row @ w
    chance = float(row @ by_row)
    if max(row) == 1.0 or max(column) == 1.0:
        raise NothingToCompare("One reader always said the same; kappa says nothing then, look at the agreement.")
    kappa = (observed - chance) / (1.0 - chance)
    influence = w[i, j] - observed - (1.0 - kappa) * (by_row[i] + by_column[j] - 2.0 * chance)
    words = "Cohen's kappa" if weights == "none" else f"Cohen's kappa, {weights} weights"
    return _effect(words, kappa, chance, influence / (1.0 - chance), cluster, level)


def fleiss_kappa(of: Ratings, *, cluster: npt.ArrayLike | None = None, level: float = 0.95) -> Effect:
    """Return Fleiss' kappa of two or more readers, who need not be the same ones for every tumor.

    Its interval comes from the influence of each tumor, or of each patient where they are named.

    References
    ----------
    .. [1] Fleiss JL. Psychol Bull 1971;76:378-382.
    .. [2] Gwet KL. Br J Math Stat Psychol 2008;61:29-48 (variance without the hypothesis of chance).
    """
    n, readers = of.codes.shape
    said = np.zeros((n, len(of.categories)))
    for codes in of.codes.T:
        said[np.arange(n), codes] += 1.0
    each = ((said**2).sum(axis=1) - readers) / (readers * (readers - 1.0))
    share = said.mean(axis=0) / readers
    observed, chance = float(each.mean()), float((share**2).sum())
    if not chance < 1.0 - 1e-12:
        raise NothingToCompare("All readers always said the same; kappa says nothing then, look at the agreement.")
    kappa = (observed - chance) / (1.0 - chance)
    influence = each - observed - (1.0 - kappa) * 2.0 * (said @ share / readers - chance)
    return _effect(f"Fleiss' kappa of {readers} readers", kappa, chance, influence / (1.0 - chance), cluster, level)


def _agreement_weights(k: int, weights: str) -> Float:
    if weights == "none":
        return np.eye(k)
    distance = np.abs(np.subtract.outer(np.arange(k), np.arange(k))) / max(k - 1, 1)
    return 1.0 - distance if weights == "linear" else 1.0 - distance**2


def _effect(
    words: str, kappa: float, chance: float, influence: Float, cluster: npt.ArrayLike | None, level: float
) -> Effect:
    """Return kappa with its limits; where agreement is perfect, with Wilson's limit of agreement in place of 1."""
    codes = None if cluster is None else label_codes("cluster", cluster, len(influence), ids=True)[0]
    variance, independent = cluster_variance(influence, codes)
    z = normal_quantile(level) if codes is None else quantile(level, independent - 1)
    if not variance > 1e-20:
        share = (kappa * (1.0 - chance)) + chance
        low, high = (
            (limit - chance) / (1.0 - chance) for limit in wilson_limits(min(share, 1.0), float(independent), z)
        )
        words += ", no disagreement to estimate a variance from: limits from Wilson's limits of agreement"
    else:
        reach = z * math.sqrt(variance)
        low, high = kappa - reach, kappa + reach
        words += ", delta method"
    words += "" if codes is None else f" over {independent} patients, t with {independent - 1} df"
    return Effect(
        measure="kappa", estimate=min(kappa, 1.0), low=max(low, -1.0), high=min(high, 1.0), level=level, per="tumor",
        n=len(influence), method=words,
    )  # fmt: skip
