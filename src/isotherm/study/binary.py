"""Binary outcomes of two arms: risks with Wilson intervals, their difference and ratio, and the chi-square test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy.stats import beta, chi2

from isotherm.confidence import checked_level, normal_quantile
from isotherm.effect import Effect
from isotherm.errors import BadSetting, NothingToCompare


@dataclass(frozen=True, slots=True)
class TwoArms:
    """Events of two arms.

    Parameters
    ----------
    events, n : int
        Patients with the event, and all patients, of the arm in question.
    reference_events, reference_n : int
        The same of the reference arm.
    name : str
        What is compared with what.
    endpoint : str

    Raises
    ------
    BadSetting
        Counts that are negative, or more events than patients.
    NothingToCompare
        An arm without patients.
    """

    events: int
    n: int
    reference_events: int
    reference_n: int
    name: str = ""
    endpoint: str = ""

    def __post_init__(self) -> None:
        for events, n in ((self.events, self.n), (self.reference_events, self.reference_n)):
            if n < 1:
                raise NothingToCompare("An arm without patients came; two arms are wanted.")
            if not 0 <= events <= n:
                raise BadSetting(f"{events} events of {n} patients came; from none to all can have the event.")

    @property
    def total_events(self) -> int:
        """Events of both arms."""
        return self.events + self.reference_events


@dataclass(frozen=True, slots=True)
class CountTest:
    """A test of counts.

    Parameters
    ----------
    statistic : float or None
        Chi-square with one degree of freedom; None for exact tests.
    p_value : float
    method : str
        The test, its correction or its rule, in words.
    """

    statistic: float | None
    p_value: float
    method: str


def risk(
    events: int,
    n: int,
    *,
    interval: Literal["Wilson", "Clopper-Pearson"] = "Wilson",
    level: float = 0.95,
    name: str = "",
    endpoint: str = "",
    per: str = "patient",
) -> Effect:
    """Return a proportion with its interval: Wilson's (without continuity correction), or the exact one.

    Clopper and Pearson's interval covers at least as often as its level says, and is wider for it.

    References
    ----------
    .. [1] Wilson EB. J Am Stat Assoc 1927;22:209-212.
    .. [2] Clopper CJ, Pearson ES. Biometrika 1934;26:404-413.
    """
    if n < 1 or not 0 <= events <= n:
        raise BadSetting(f"{events} events of {n} {per}s came; one {per} or more is wanted, and no more events.")
    if interval not in ("Wilson", "Clopper-Pearson"):
        raise BadSetting(f'The interval "{interval}" came; Wilson or Clopper-Pearson is wanted.')
    low, high = _wilson(events, n, level) if interval == "Wilson" else _clopper_pearson(events, n, level)
    return Effect(
        measure="risk", estimate=events / n, low=low, high=high, level=level, name=name, endpoint=endpoint, per=per,
        n=n, events=events, method=f"{interval} interval",
    )  # fmt: skip


def risk_difference(arms: TwoArms, *, level: float = 0.95) -> Effect:
    """Return the difference of two risks with Newcombe's interval from the two Wilson intervals.

    References
    ----------
    .. [1] Newcombe RG. Stat Med 1998;17:873-890 (method 10).
    """
    p, q = arms.events / arms.n, arms.reference_events / arms.reference_n
    (l1, u1), (l2, u2) = _wilson(arms.events, arms.n, level), _wilson(arms.reference_events, arms.reference_n, level)
    low, high = p - q - math.hypot(p - l1, u2 - q), p - q + math.hypot(u1 - p, q - l2)
    method = "difference of risks, Newcombe interval, chi-square test without correction"
    return _effect(arms, "risk difference", (p - q, max(low, -1.0), min(high, 1.0)), level, method)


def risk_ratio(arms: TwoArms, *, level: float = 0.95) -> Effect:
    """Return the ratio of two risks with its interval on the logarithmic scale.

    Raises
    ------
    NothingToCompare
        An arm without an event: the ratio has no interval there.

    References
    ----------
    .. [1] Katz D et al. Biometrics 1978;34:469-474.
    """
    if not arms.events or not arms.reference_events:
        raise NothingToCompare("An arm without an event came; a risk ratio has no interval, use the risk difference.")
    ratio = (arms.events / arms.n) / (arms.reference_events / arms.reference_n)
    variance = 1.0 / arms.events - 1.0 / arms.n + 1.0 / arms.reference_events - 1.0 / arms.reference_n
    reach = math.exp(normal_quantile(level) * math.sqrt(variance))
    method = "ratio of risks, interval of its logarithm (Katz), chi-square test without correction"
    return _effect(arms, "risk ratio", (ratio, ratio / reach, ratio * reach), level, method)


def chi_square(arms: TwoArms, *, correction: bool) -> CountTest:
    """Test whether two risks are equal, with or without Yates' continuity correction.

    Raises
    ------
    NothingToCompare
        No event at all, or nobody without one.
    """
    a, b = arms.events, arms.n - arms.events
    c, d = arms.reference_events, arms.reference_n - arms.reference_events
    total = a + b + c + d
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if not margins:
        raise NothingToCompare("All patients, or none, had the event; there is nothing to compare.")
    gap = abs(a * d - b * c)
    yates = min(0.5 * total, gap) if correction else 0.0
    statistic = total * (gap - yates) ** 2 / margins
    words = "with Yates' correction" if correction else "without correction"
    return CountTest(statistic, float(chi2.sf(statistic, 1)), f"chi-square test {words}")


def _effect(arms: TwoArms, measure: str, values: tuple[float, float, float], level: float, method: str) -> Effect:
    estimate, low, high = values
    differ = 0 < arms.total_events < arms.n + arms.reference_n
    return Effect(
        measure=measure,
        estimate=estimate,
        low=low,
        high=high,
        level=level,
        p_value=chi_square(arms, correction=False).p_value if differ else 1.0,
        name=arms.name,
        endpoint=arms.endpoint,
        n=arms.n + arms.reference_n,
        events=arms.total_events,
        method=method,
    )


def _wilson(events: int, n: int, level: float) -> tuple[float, float]:
    return wilson_limits(events / n, n, normal_quantile(level))


def wilson_limits(share: float, n: float, z: float) -> tuple[float, float]:
    """Return Wilson's limits of a share of n, which need not be a whole number; z is the quantile to be reached."""
    part = z * z / n
    middle = (share + part / 2.0) / (1.0 + part)
    reach = z * math.sqrt(share * (1.0 - share) / n + part / (4.0 * n)) / (1.0 + part)
    # At no event and at all events the limit is exactly 0 and 1; rounding would leave a trace.
    return (0.0 if share == 0.0 else max(middle - reach, 0.0)), (1.0 if share == 1.0 else min(middle + reach, 1.0))


def _clopper_pearson(events: int, n: int, level: float) -> tuple[float, float]:
    tail = (1.0 - checked_level(level)) / 2.0
    low = float(beta.ppf(tail, events, n - events + 1)) if events else 0.0
    return low, float(beta.isf(tail, events + 1, n - events)) if events < n else 1.0
