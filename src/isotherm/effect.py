"""Effect: an estimate with its interval; what we compute and what others published are the same noun."""

from __future__ import annotations

import math
from dataclasses import dataclass

from isotherm.source import Citation

RATIOS = frozenset(
    {"hazard ratio", "subdistribution hazard ratio", "risk ratio", "odds ratio", "RMST ratio", "E-value", "ratio"}
)
"""Measures whose null is 1 and which are never negative."""

AREA = "area under the curve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One result: an estimate, its interval, and the words without which it cannot be read.

    Parameters
    ----------
    measure : str
        "hazard ratio", "risk difference", "RMST difference", ...
    estimate, low, high : float
        On the scale of the measure; a limit may be infinite where the data set none.
    level : float
        Level of the interval: 0.95 for 95 %.
    p_value : float or None
        Two-sided, of the test named in `method`.
    name : str
        What is compared with what, or the covariate and its step ("age, per 10 years").
    endpoint : str
        "overall survival", ...
    per : str
        Unit of the outcome: "patient" or "tumor".
    at_days : float or None
        Horizon of a risk or of a restricted mean.
    n, events : int or None
        Rows and events behind the estimate.
    method : str
        Method, variance and test, in words.
    source : Citation or None
        The publication that it comes from; None for our own.

    Raises
    ------
    ValueError
        NaN, limits that do not hold the estimate, a negative ratio, a level or a p value outside of its range.
    """

    measure: str
    estimate: float
    low: float
    high: float
    level: float = 0.95
    p_value: float | None = None
    name: str = ""
    endpoint: str = ""
    per: str = "patient"
    at_days: float | None = None
    n: int | None = None
    events: int | None = None
    method: str = ""
    source: Citation | None = None

    def __post_init__(self) -> None:
        if any(math.isnan(value) for value in (self.estimate, self.low, self.high)):
            raise ValueError(f"The {self.measure} holds NaN; an effect that was not estimated is left out.")
        if not self.low <= self.estimate <= self.high:
            raise ValueError(f"The {self.measure} {self.estimate:g} lies outside of {self.low:g} to {self.high:g}.")
        if not 0.0 < self.level < 1.0:
            raise ValueError(f"The level {self.level:g} came; a share between 0 and 1 is wanted, such as 0.95.")
        if self.p_value is not None and not 0.0 <= self.p_value <= 1.0:
            raise ValueError(f"The p value {self.p_value:g} came; a number from 0 to 1 is wanted.")
        if self.measure in RATIOS and self.low < 0.0:
            raise ValueError(f"The {self.measure} has the negative limit {self.low:g}; ratios are at least 0.")

    @property
    def null(self) -> float:
        """The value that means no effect: 1 for ratios, 0 for differences and kappa, 0.5 for the area under a curve."""
        return 1.0 if self.measure in RATIOS else 0.5 if self.measure == AREA else 0.0

    @property
    def holds_null(self) -> bool:
        """Whether the interval holds the value that means no effect."""
        return self.low <= self.null <= self.high
