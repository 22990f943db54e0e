"""Bootstrap of a whole analysis: patients are drawn anew, and everything from the propensity on is done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from isotherm.columns import Float, Int, label_codes
from isotherm.confidence import checked_level, normal_quantile
from isotherm.errors import BadSetting, FitError, InputError, NothingToCompare

_T = TypeVar("_T")

LEAST = 20
"""With fewer replicates that worked there is no interval."""

MANY_FAILED = 0.05
"""Where a larger share of replicates failed, it is said beside the interval: our own line, no published one."""

Replicate = tuple[float, float] | FitError | InputError
"""Estimate and standard error of one replicate (NaN where none is made), or why it failed."""


@dataclass(frozen=True, slots=True, eq=False)
class Resampling:
    """What is drawn with replacement: rows, or clusters of rows, within strata.

    Parameters
    ----------
    members : array of int, shape (n,)
        Rows, cluster by cluster.
    first : array of int, shape (c + 1,)
        Where each cluster starts in `members`.
    strata : tuple of arrays of int
        The clusters of each stratum; as many are drawn from it as it has.
    seed : int
    replicates : int
    """

    members: Int
    first: Int
    strata: tuple[Int, ...]
    seed: int
    replicates: int

    def rows(self, replicate: int) -> Int:
        """Return the rows of one replicate, rising; it depends on the seed and its number, and on nothing else."""
        # The child that SeedSequence(seed).spawn(...) gives at this place, without making the others.
        child = np.random.SeedSequence(self.seed, spawn_key=(replicate,))
        random = np.random.Generator(np.random.PCG64(child))
        drawn = np.concatenate([own[random.integers(0, len(own), len(own))] for own in self.strata])
        if len(self.members) == len(self.first) - 1:
            return np.sort(self.members[drawn])
        return np.sort(np.concatenate([self.members[self.first[c] : self.first[c + 1]] for c in drawn.tolist()]))


def resampling(
    n: int,
    *,
    seed: int,
    replicates: int = 1000,
    strata: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
) -> Resampling:
    """Plan a bootstrap.

    Parameters
    ----------
    n : int
        Rows.
    seed : int
        0 or more. Replicate k draws from the k-th child of this seed, whoever computes it.
    replicates : int
    strata : array, shape (n,), optional
        Draw within these, such as sites.
    cluster : array, shape (n,), optional
        Draw these with all their rows: the patient of each tumor, or the matched set.

    Raises
    ------
    BadSetting
        No row, a seed or a number of replicates that cannot be, or a cluster that lies in two strata.
    BadColumn
        A stratum or a cluster is missing, or not one per row.
    """
    if n < 1 or seed < 0 or replicates < 1:
        raise BadSetting(
            f"{n} rows, seed {seed} and {replicates} replicates came; rows and replicates from 1 on and a seed from 0 "
            "on are wanted."
        )
    code = np.arange(n) if cluster is None else label_codes("cluster", cluster, n, ids=True)[0]
    members = np.argsort(code, kind="stable")
    counts = np.bincount(code)
    first = np.concatenate([[0], np.cumsum(counts)])
    site = np.zeros(n, dtype=np.int64) if strata is None else label_codes("strata", strata, n)[0]
    of_cluster = site[members[first[:-1]]]
    if (of_cluster[code] != site).any():
        raise BadSetting("A cluster lies in two strata; draw whole strata's clusters only, or leave the strata out.")
    own = tuple(np.flatnonzero(of_cluster == stratum) for stratum in range(int(of_cluster.max()) + 1))
    return Resampling(members, first, own, seed, replicates)


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """What came out of the replicates.

    Parameters
    ----------
    estimate : float
        Of the data themselves, on the scale on which intervals are taken (log hazard ratio, risk difference).
    values, std_errors : array, shape (b,)
        Of the replicates; NaN where one failed.
    failures : tuple of (reason, count)
        Why replicates failed, in short.
    seed : int
    remarks : tuple of str
        What a reader has to know, one sentence each.
    """

    estimate: float
    values: Float
    std_errors: Float
    failures: tuple[tuple[str, int], ...]
    seed: int
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.n_failed != int(np.isnan(self.values).sum()):
            raise ValueError("Every replicate without a value needs its reason.")
        if self.n_worked < LEAST:
            raise NothingToCompare(
                f"{self.n_worked} of {len(self.values)} replicates worked ({self.failure_words}); at least {LEAST} are "
                "needed for an interval."
            )
        for array in (self.values, self.std_errors):
            array.flags.writeable = False

    @property
    def n_failed(self) -> int:
        """How many replicates failed."""
        return sum(count for _, count in self.failures)

    @property
    def n_worked(self) -> int:
        """How many replicates have a value."""
        return len(self.values) - self.n_failed

    @property
    def failure_words(self) -> str:
        """Return the failures in words, for print."""
        return "; ".join(f"{reason}: {count}" for reason, count in self.failures) or "no failure"

    @property
    def many_failed_words(self) -> str:
        """Say how many replicates failed, for print beside the interval; empty where few did."""
        if self.n_failed <= MANY_FAILED * len(self.values):
            return ""
        return (f"{self.n_failed} of {len(self.values)} bootstrap replicates failed ({self.failure_words}): the "
                "interval rests on the others, which may be the easier ones.")  # fmt: skip

    @property
    def standard_error(self) -> float:
        """Standard deviation of the replicates that worked."""
        return float(np.nanstd(self.values, ddof=1))

    def percentile(self, *, level: float = 0.95) -> tuple[float, float]:
        """Return the interval between two percentiles of the replicates."""
        low, high = np.nanquantile(self.values, [(1.0 - checked_level(level)) / 2.0, (1.0 + level) / 2.0])
        return float(low), float(high)

    def normal(self, *, level: float = 0.95) -> tuple[float, float]:
        """Return the estimate plus and minus its bootstrap standard error times the normal quantile."""
        reach = normal_quantile(level) * self.standard_error
        return self.estimate - reach, self.estimate + reach


def bootstrap(
    analysis: Callable[[Int], float], plan: Resampling, *, workers: int = 1, remarks: Sequence[str] = ()
) -> Bootstrap:
    """Repeat an analysis on resampled rows.

    Parameters
    ----------
    analysis : callable
        Takes row numbers, shape (m,), rising and with repeats, and returns the estimate. It is first called with all
        rows as they are. An error of :class:`FitError` or :class:`InputError` in a replicate is counted as a failure.
    plan : Resampling
    workers : int
        Threads; the result does not depend on it.

    Raises
    ------
    NothingToCompare
        Too few replicates worked.
    FitError, InputError
        The analysis fails on the data themselves.

    References
    ----------
    .. [1] Efron B, Tibshirani RJ. An introduction to the bootstrap. Chapman and Hall 1993.
    .. [2] Austin PC, Small DS. Stat Med 2014;33:4306-4319 (after matching).
    """
    estimate = analysis(np.arange(len(plan.members)))

    def once(k: int) -> Replicate:
        try:
            return analysis(plan.rows(k)), float("nan")
        except (FitError, InputError) as error:
            return error

    return gather(estimate, plan, repeat(once, plan.replicates, workers=workers), remarks)


def repeat(once: Callable[[int], _T], replicates: int, *, workers: int) -> list[_T]:
    """Return what comes out of replicate 0, 1, ..., in this order, whichever of the threads computed it."""
    if workers < 1:
        raise BadSetting(f"{workers} workers came; 1 or more are wanted.")
    if workers == 1:
        return [once(k) for k in range(replicates)]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(once, range(replicates)))


def gather(estimate: float, plan: Resampling, found: Sequence[Replicate], remarks: Sequence[str]) -> Bootstrap:
    """Return the replicates as a noun, failures counted."""
    values, errors = np.full(len(found), np.nan), np.full(len(found), np.nan)
    reasons: Counter[str] = Counter()
    for k, one in enumerate(found):
        if isinstance(one, tuple):
            values[k], errors[k] = one
        else:
            reasons[one.in_short] += 1
    return Bootstrap(estimate, values, errors, tuple(sorted(reasons.items())), plan.seed, tuple(remarks))
