"""PublishedResult: one printed number, with the words without which it cannot be read, and what is wrong with it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from isotherm.effect import RATIOS, Effect
from isotherm.errors import BadEvidence
from isotherm.evidence.paper import Modality, Organ
from isotherm.evidence.printed import Operator, ends
from isotherm.evidence.printed_effect import PrintedEffect
from isotherm.evidence.result_parts import Discrepancy, Grade, MarginMethod, MillimeterClass
from isotherm.source import Citation

Measure = Literal[
    "hazard ratio", "subdistribution hazard ratio", "odds ratio", "risk ratio", "bias",
    "percentage", "count", "mean", "median", "size", "volume", "score", "range",
    "p value", "difference", "change per step", "cut-off", "criterion", "heterogeneity", "at risk",
]  # fmt: skip
Unit = Literal["patient", "tumor", "session", "study", "data set", "center", "expert", "recommendation", "item", "none"]
Status = Literal["published", "derived", "recalled"]

CONFIRM = "recalled: confirm in the publication before use"
"""Stands beside every result that was written down from memory."""

TIMES_APART = 5.0
"""A p value and an interval contradict each other if even after rounding they differ by more than this factor.

Log-rank and likelihood-ratio tests differ from the test that an interval implies, but hardly ever so much.
"""

P_FROM_INTERVAL = "p-from-interval"
"""Name, after the id of a result, of the check that compares its p value with its interval."""

AT = re.compile(r"\d+(\.\d+)? (hours|days|weeks|months|years)")
ID = re.compile(r"[a-z0-9_]+\.[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedResult:
    """One printed value.

    Parameters
    ----------
    id : str
        paper.slug; stable.
    paper : str
        Id of the publication whose study it is about.
    source : Citation
        The document in which it was read, and the place there.
    status : str
        "published"; "derived": computed here from `parents`, never by the authors; "recalled": from memory.
    label : str
        What was counted or measured, in our words.
    endpoint : str
    measure, unit : str
        What kind of number it is, and of whom: patients, tumors, ...
    number_unit : str
        "%", "mm", "months", ...; empty for ratios and counts.
    estimate : Decimal or None
        With the digits that were printed; None where only a range or a p value was.
    operator : str
    low, high, level
        Interval of `estimate`.
    limits_of : str
        What `low` and `high` are: "confidence", "range" or "IQR".
    sd : Decimal or None
    p_value, p_operator
    events, n : int or None
        Numerator and denominator as printed.
    arm, reference : str
        Whose number it is; what a ratio compares with. "not printed" is an answer.
    orientation : str
        Which direction a ratio has, where the label alone would leave doubt.
    direction_suspect, unit_suspect : bool
        The printed label contradicts the numbers; the numbers cannot be what the table says they are.
    at, time_zero : str
        Horizon ("5 years"), and from when it is counted.
    per : str
        Step of a slope: "5 mm", "1 lesion", ...; "not printed".
    adjusted : bool or None
    analysis : str
        "before matching", "after matching", "univariable", ...
    margin : MarginMethod or None
    mm_class : MillimeterClass or None
        Which margins or sizes it is about, where it says how they go with an outcome.
    organ, modality, population : str
    grade : Grade or None
    corrected : str
        What was surely meant where what was printed cannot be.
    parents : tuple of str
        Of a derived result.
    covers : tuple of str
        Rows of the inventory of sources.
    discrepancies : tuple of Discrepancy
    note : str

    Raises
    ------
    BadEvidence
    """

    id: str
    paper: str
    source: Citation
    label: str
    measure: Measure
    unit: Unit
    status: Status = "published"
    endpoint: str = ""
    number_unit: str = ""
    estimate: Decimal | None = None
    operator: Operator = "="
    low: Decimal | None = None
    high: Decimal | None = None
    level: Decimal = Decimal("0.95")
    limits_of: Literal["confidence", "range", "IQR"] = "confidence"
    sd: Decimal | None = None
    p_value: Decimal | None = None
    p_operator: Operator = "="
    events: int | None = None
    n: int | None = None
    arm: str = ""
    reference: str = ""
    orientation: str = ""
    direction_suspect: bool = False
    unit_suspect: bool = False
    at: str = ""
    time_zero: str = "not printed"
    per: str = ""
    adjusted: bool | None = None
    analysis: str = ""
    margin: MarginMethod | None = None
    mm_class: MillimeterClass | None = None
    organ: Organ = "none"
    modality: Modality = "none"
    population: str = ""
    grade: Grade | None = None
    corrected: str = ""
    parents: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    discrepancies: tuple[Discrepancy, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        self._check_words()
        self._check_numbers()
        self._check_status()
        if not any(note.check == f"{self.id}:{P_FROM_INTERVAL}" for note in self.discrepancies):
            self._check_p_value()

    @property
    def is_ratio(self) -> bool:
        """Whether the null is 1."""
        return self.measure in RATIOS

    @property
    def has_interval(self) -> bool:
        """Whether the estimate has a confidence interval on both sides."""
        return (self.estimate is not None and self.low is not None and self.high is not None
                and self.limits_of == "confidence")  # fmt: skip

    def effect(self) -> Effect:
        """Return the result as an effect, as our own results are; a p value that is only a bound is left out.

        Raises
        ------
        BadEvidence
            It has no estimate with a confidence interval.
        """
        printed = self.printed_effect()
        exact = printed.p_value is not None and printed.p_operator == "="
        return Effect(
            measure=self.measure, estimate=float(printed.estimate), low=float(printed.low), high=float(printed.high),
            level=printed.level, p_value=float(printed.p_value or 0) if exact else None, name=self.label,
            endpoint=self.endpoint, per=self.unit, n=self.n, events=self.events, source=self.source,
        )  # fmt: skip

    def printed_effect(self) -> PrintedEffect:
        """Return estimate, interval and p value with their printed digits.

        Raises
        ------
        BadEvidence
            It has no estimate with a confidence interval.
        """
        if self.estimate is None or self.low is None or self.high is None or self.limits_of != "confidence":
            raise BadEvidence(("", f"{self.id} has no estimate with a confidence interval; choose another result."))
        return PrintedEffect(estimate=self.estimate, low=self.low, high=self.high, level=float(self.level),
                             ratio=self.is_ratio, p_value=self.p_value, p_operator=self.p_operator)  # fmt: skip

    def _check_words(self) -> None:
        if not ID.fullmatch(self.id):
            _refuse("id", f'"{self.id}" came; write lower case words joined by hyphens.')
        if not self.label.strip():
            _refuse("label", "it is empty; say what was counted or measured.")
        for name, allowed in (("measure", Measure), ("unit", Unit), ("status", Status)):
            if getattr(self, name) not in get_args(allowed):
                _refuse(name, f'"{getattr(self, name)}" came; allowed: {", ".join(get_args(allowed))}.')
        if self.at and not AT.fullmatch(self.at):
            _refuse("at", f'"{self.at}" came; write a number and its unit, as in "5 years".')
        if self.is_ratio and not self.reference:
            _refuse("reference", 'a ratio needs what it compares with; where none is printed, write "not printed".')
        if self.measure == "change per step" and not self.per:
            _refuse("per", 'a slope needs its step, as in "5 mm"; where none is printed, write "not printed".')

    def _check_numbers(self) -> None:
        given = (self.estimate, self.low, self.high, self.sd, self.p_value)
        if all(one is None for one in given) and self.events is None and self.n is None:
            _refuse("estimate", "no number came; give what was printed.")
        if any(one is not None and not one.is_finite() for one in given):
            _refuse("estimate", "NaN or infinity came; give what was printed.")
        low, high = self.low, self.high
        if low is not None and high is not None and low > high:
            _refuse("low", f"the limits run from {low} to {high}; the lower one comes first.")
        if self.estimate is not None:
            if (low is not None and self.estimate < low) or (high is not None and self.estimate > high):
                _refuse("estimate", f"{self.estimate} lies outside of its limits, {low} to {high}.")
            if self.is_ratio and self.estimate <= 0:
                _refuse("estimate", f"{self.estimate} came; a {self.measure} is above 0.")
        if self.is_ratio and low is not None and low <= 0:
            _refuse("low", f"{low} came; a limit of a {self.measure} is above 0.")
        if not 0 < self.level < 1:
            _refuse("level", f"{self.level} came; a share between 0 and 1 is wanted, such as 0.95.")
        if self.p_value is not None and not 0 <= self.p_value <= 1:
            _refuse("p", f"{self.p_value} came; a p value lies between 0 and 1.")
        self._check_counts()

    def _check_counts(self) -> None:
        if any(count is not None and count < 0 for count in (self.events, self.n)):
            _refuse("n", "a negative count came; counts are at least 0.")
        if self.events is not None and self.n is not None and self.events > self.n:
            _refuse("events", f"{self.events} of {self.n} came; there are at most as many events as there are in all.")
        share = self.measure == "percentage" and self.number_unit == "%" and self.estimate is not None
        if share and not 0 <= (self.estimate or 0) <= 100:
            _refuse("estimate", f"{self.estimate} % came; a share lies between 0 and 100 %.")

    def _check_status(self) -> None:
        if self.status == "derived" and not self.parents:
            _refuse("parents", "a derived result points to those that it was computed from; name them.")
        if self.status != "derived" and self.parents:
            _refuse("parents", f"a {self.status} result has no parents; what was computed here is derived.")
        if self.id in self.parents:
            _refuse("parents", "a result cannot be computed from itself.")

    def _check_p_value(self) -> None:
        """Refuse a p value and an interval that contradict each other grossly, unless a note says so."""
        reach = self.implied_p()
        if reach is None or self.p_value is None:
            return
        low, high = (0.0, float(self.p_value)) if self.p_operator in ("<", "<=") else ends(self.p_value)
        if reach[0] > high * TIMES_APART or reach[1] * TIMES_APART < low:
            _refuse("p", f"p {self.p_operator} {self.p_value} came beside an interval that means {reach[0]:.2g} to "
                    f"{reach[1]:.2g}; check both, or note the discrepancy.")  # fmt: skip

    def implied_p(self) -> tuple[float, float] | None:
        """Return from where to where the p value may lie that estimate and interval imply, given their rounding."""
        if not self.has_interval or not (self.is_ratio or self.measure == "difference"):
            return None
        low, high = self.printed_effect().implied_p()
        return None if math.isnan(low) else (low, high)


def _refuse(key: str, sentence: str) -> None:
    raise BadEvidence((key, sentence))
