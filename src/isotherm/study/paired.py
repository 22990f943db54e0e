"""Binary outcomes of matched pairs: McNemar's test and the paired difference of risks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest, chi2

from isotherm.columns import label_codes, refuse, whole_numbers
from isotherm.confidence import normal_quantile
from isotherm.effect import Effect
from isotherm.errors import BadSetting, NothingToCompare
from isotherm.study.binary import CountTest

FEW_DISCORDANT = 25
"""With fewer discordant pairs, McNemar's chi-square is replaced by the exact binomial test."""

Rule = Literal["auto", "exact", "corrected", "uncorrected"]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Matched pairs by who had the event.

    Parameters
    ----------
    both, first_only, second_only, neither : int
        "first" is the member in question (treated), "second" its reference.
    """

    both: int
    first_only: int
    second_only: int
    neither: int

    def __post_init__(self) -> None:
        if min(self.both, self.first_only, self.second_only, self.neither) < 0:
            raise BadSetting("A negative number of pairs came; counts are wanted.")
        if not self.n:
            raise NothingToCompare("No pair came; at least one is wanted.")

    @property
    def n(self) -> int:
        """All pairs."""
        return self.both + self.first_only + self.second_only + self.neither

    @property
    def discordant(self) -> int:
        """Pairs of which one member had the event."""
        return self.first_only + self.second_only


def pairs_of(event: npt.ArrayLike, treated: npt.ArrayLike, matched_set: npt.ArrayLike) -> Pairs:
    """Count pairs from one row per patient.

    Parameters
    ----------
    event, treated : array of int, shape (n,)
        0 or 1.
    matched_set : array, shape (n,)
        Label of the pair.

    Raises
    ------
    BadColumn
        Values other than 0 and 1, or sets that are not one treated with one reference patient.
    """
    codes, labels = label_codes("matched_set", matched_set, ids=True)
    had, arm = (whole_numbers(name, of, len(codes)) for name, of in (("event", event), ("treated", treated)))
    refuse("event", (had < 0) | (had > 1), "neither 0 nor 1", "code 1 for the event")
    refuse("treated", (arm < 0) | (arm > 1), "neither 0 nor 1", "code 1 for the treated")
    size = np.bincount(codes, minlength=len(labels))
    treated_of_set = np.bincount(codes, weights=arm, minlength=len(labels))
    odd = (size != 2) | (treated_of_set != 1.0)
    refuse("matched_set", odd[codes], "not a pair of one treated and one reference patient", "pairs are 1:1")
    first = np.bincount(codes, weights=had * arm, minlength=len(labels)) > 0.0
    second = np.bincount(codes, weights=had * (1 - arm), minlength=len(labels)) > 0.0
    counts = ((first & second).sum(), (first & ~second).sum(), (~first & second).sum(), (~first & ~second).sum())
    return Pairs(*(int(count) for count in counts))


def mcnemar(pairs: Pairs, *, rule: Rule = "auto") -> CountTest:
    """Test whether the two members of pairs have the event equally often.

    Parameters
    ----------
    pairs : Pairs
    rule : {"auto", "exact", "corrected", "uncorrected"}
        The exact binomial test, or chi-square with or without continuity correction. "auto" is exact below 25
        discordant pairs and corrected else; the result says which.

    References
    ----------
    .. [1] McNemar Q. Psychometrika 1947;12:153-157.
    .. [2] Edwards AL. Psychometrika 1948;13:185-187 (the correction).
    """
    if rule not in ("auto", "exact", "corrected", "uncorrected"):
        raise BadSetting(f'The rule "{rule}" came; auto, exact, corrected or uncorrected is wanted.')
    chosen = ("exact" if pairs.discordant < FEW_DISCORDANT else "corrected") if rule == "auto" else rule
    why = f" (fewer than {FEW_DISCORDANT} discordant pairs)" if rule == "auto" and chosen == "exact" else ""
    if not pairs.discordant:
        return CountTest(None, 1.0, "McNemar's test: no discordant pair")
    if chosen == "exact":
        p_value = float(binomtest(pairs.first_only, pairs.discordant).pvalue)
        return CountTest(None, p_value, f"McNemar's test, exact binomial{why}")
    gap = abs(pairs.first_only - pairs.second_only)
    # Two equal counts are equal: the correction does not turn 0 into 1.
    gap = gap if chosen == "uncorrected" else max(gap - 1, 0)
    statistic = gap**2 / pairs.discordant
    words = "without correction" if chosen == "uncorrected" else "with continuity correction"
    return CountTest(statistic, float(chi2.sf(statistic, 1)), f"McNemar's chi-square test {words}")


def paired_risk_difference(
    pairs: Pairs, *, level: float = 0.95, name: str = "", endpoint: str = "", rule: Rule = "auto"
) -> Effect:
    """Return the difference of the risks of treated and reference members, with an interval that respects the pairs.

    References
    ----------
    .. [1] Fleiss JL, Levin B, Paik MC. Statistical methods for rates and proportions. Wiley 2003, chapter 13.
    """
    gap = (pairs.first_only - pairs.second_only) / pairs.n
    se = math.sqrt(max(pairs.discordant / pairs.n - gap**2, 0.0) / pairs.n)
    z = normal_quantile(level)
    test = mcnemar(pairs, rule=rule)
    return Effect(
        measure="risk difference",
        estimate=gap,
        low=max(gap - z * se, -1.0),
        high=min(gap + z * se, 1.0),
        level=level,
        p_value=test.p_value,
        name=name,
        endpoint=endpoint,
        n=2 * pairs.n,
        events=2 * pairs.both + pairs.discordant,
        method=f"paired difference of risks, Wald interval, {test.method}",
    )
