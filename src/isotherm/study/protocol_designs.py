"""Timing in a protocol: dates of a course, strategies of arms, designs, intercurrent events, serial measurements."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from isotherm.errors import BadSetting
from isotherm.study.designs.clone_censor_weight import TRUNCATED
from isotherm.study.designs.courses import Endpoint, Zero
from isotherm.study.designs.landmark import Among
from isotherm.study.designs.naive import Clock
from isotherm.study.designs.strategy import NEVER, Anchor, Strategy, Window
from isotherm.study.protocol_checks import filled, refuse, repeated, unless

FEWEST_REPLICATES = 2
"""With fewer, a bootstrap has no spread."""

ENDPOINTS: tuple[Endpoint, ...] = ("overall survival", "progression-free survival")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """When a strategy asks for a treatment.

    Parameters
    ----------
    days : (float, float) or None
        First and last day of the window; None: the treatment must not be given.
    after : "time zero", "systemic" or "ablation"
        What the days are counted from.
    """

    days: tuple[float, float] | None
    after: Anchor = "time zero"

    def __post_init__(self) -> None:
        ordered = self.days is None or 0.0 <= self.days[0] <= self.days[1] < math.inf
        refuse([unless(ordered, "days", "A window starts on day 0 or later and does not end before it starts.")])

    @property
    def window(self) -> Window:
        """The window as designs take it."""
        return NEVER if self.days is None else Window(*self.days, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmStrategy:
    """What an arm asks of a patient from time zero on.

    Parameters
    ----------
    ablation, systemic : Asked, optional
        None: nothing is asked of this treatment.
    dynamic : bool
        Whether progression, contraindication or death before a treatment is due releases the patient.
    """

    ablation: Asked | None = None
    systemic: Asked | None = None
    dynamic: bool = True

    def __post_init__(self) -> None:
        refuse([unless(not (why := self._refused()), "", why)])

    def _refused(self) -> str:
        try:
            self.named("this arm")
        except BadSetting as error:
            return str(error)
        return ""

    def named(self, name: str) -> Strategy:
        """Return the strategy under the name of its arm."""
        ablation, systemic = (None if one is None else one.window for one in (self.ablation, self.systemic))
        return Strategy(name, ablation, systemic, self.dynamic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changing:
    """A covariate that is measured again: its value at time zero, then values with their dates.

    Parameters
    ----------
    label, baseline : str
        What people call it; column with its value at time zero.
    values, dates : tuple of str
        Columns with later values, and with the days on which they were measured; empty where there was none.
    """

    label: str
    baseline: str
    values: tuple[str, ...]
    dates: tuple[str, ...]

    def __post_init__(self) -> None:
        refuse([
            *filled("A changing covariate", label=self.label, baseline=self.baseline),
            unless(len(self.values) == len(self.dates) > 0, "values", "Each column of values needs one of dates."),
            unless(not repeated((self.baseline, *self.values, *self.dates)), "values", "A column is named twice."),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The dates of each patient's course, the one contract of all designs.

    Parameters
    ----------
    systemic, ablation, progression, death, last_contact : str
        Columns of dates, empty where it did not happen: start of systemic therapy, first ablation, first progression.
    contraindication : str, optional
        Since when ablation was impossible for another reason than progression.
    zero : "decision" or "first treatment"
        What time zero is. At the first treatment the arm is known, and nobody can be cloned.
    endpoints : tuple of str
        The first is the primary one. Progression-free survival counts progression and death, so it is event-free
        survival from a decision date, on which nobody is disease-free.
    horizon_days : float
        Of risks and restricted means, in days after time zero.
    baseline : tuple of str
        Columns of covariates that decide on deviations and confound; all that are adjusted for unless named.
    changing : tuple of Changing
    """

    systemic: str
    ablation: str
    progression: str
    death: str
    last_contact: str
    horizon_days: float
    contraindication: str | None = None
    zero: Zero = "decision"
    endpoints: tuple[Endpoint, ...] = ENDPOINTS
    baseline: tuple[str, ...] = ()
    changing: tuple[Changing, ...] = ()

    def __post_init__(self) -> None:
        labels = [one.label for one in self.changing]
        refuse([
            *filled("The course", systemic=self.systemic, ablation=self.ablation, progression=self.progression,
                    death=self.death, last_contact=self.last_contact),
            unless(not repeated(self.dates), "systemic", "Two dates of the course share a column."),
            unless(0.0 < self.horizon_days < math.inf, "horizon_days", "The horizon is a number of days above 0."),
            unless(bool(self.endpoints) and not repeated(self.endpoints), "endpoints",
                   "Name one endpoint or more, each once."),
            unless(not repeated(labels), "changing", "Two changing covariates share a label."),
            unless(not repeated(self.baseline), "baseline", "A covariate is named twice."),
        ])  # fmt: skip

    @property
    def dates(self) -> tuple[str, ...]:
        """Columns of dates of the patient's course, those of treatment first."""
        further = () if self.contraindication is None else (self.contraindication,)
        return (self.systemic, self.ablation, *further, self.progression, self.death, self.last_contact)

    @property
    def outcome_columns(self) -> tuple[str, ...]:
        """Columns that hold outcomes."""
        return (self.progression, self.death, self.last_contact)

    @property
    def changing_columns(self) -> tuple[str, ...]:
        """Columns of the values of changing covariates."""
        return tuple(dict.fromkeys(name for one in self.changing for name in (one.baseline, *one.values)))

    @property
    def changing_dates(self) -> tuple[str, ...]:
        """Columns of the days on which changing covariates were measured."""
        return tuple(dict.fromkeys(name for one in self.changing for name in one.dates))


@dataclass(frozen=True, slots=True, kw_only=True)
class Naive:
    """Arms by the treatments that patients came to have; stands beside a sound design."""

    kind: ClassVar[str] = "naive"
    name: str = "naive"
    clock: Clock = "time zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmark:
    """Arms by what had happened up to a day, counted from that day, among the living or the progression-free."""

    kind: ClassVar[str] = "landmark"
    day: float
    name: str = "landmark"
    among: Among = "progression-free"
    adjust: bool = True

    def __post_init__(self) -> None:
        refuse([unless(0.0 < self.day < math.inf, "day", "A landmark lies after time zero.")])


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeDependentCox:
    """Treated from the day of ablation on; `adjust_progression` adds progression as a changing covariate."""

    kind: ClassVar[str] = "time_dependent_cox"
    name: str = "time_dependent_cox"
    adjust: bool = True
    adjust_progression: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """A design whose answers are weighted for deviating from a strategy, with intervals from a bootstrap of patients.

    Parameters
    ----------
    name : str
    replicates : int
    period_days : float
        Length of a period of the hazard of early treatment.
    truncate_weights : (low, high)
        Quantiles at which weights are cut in a second answer that stands beside the one with whole weights.
    """

    name: str
    replicates: int = 500
    period_days: float = 7.0
    truncate_weights: tuple[float, float] = TRUNCATED

    def __post_init__(self) -> None:
        low, high = self.truncate_weights
        refuse([
            unless(self.replicates >= FEWEST_REPLICATES, "replicates",
                   f"A bootstrap needs {FEWEST_REPLICATES} replicates."),
            unless(0.0 < self.period_days < math.inf, "period_days", "A period is a number of days above 0."),
            unless(0.0 <= low < high <= 1.0, "truncate_weights",
                   "To truncate weights takes two rising shares, such as [0.01, 0.99]."),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CloneCensorWeight(Weighted):
    """Each patient in every strategy until the records contradict it."""

    kind: ClassVar[str] = "clone_censor_weight"
    name: str = "clone_censor_weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class CensoringWeights(Weighted):
    """Where time zero is the first treatment: arms as begun, weighted at baseline and for deviating within the arm."""

    kind: ClassVar[str] = "censoring_weights"
    name: str = "censoring_weights"


Design = Naive | Landmark | TimeDependentCox | CloneCensorWeight | CensoringWeights


def in_words(design: Design) -> str:
    """Return the name of a design as words: ids join them by underscores."""
    return design.name.replace("_", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intercurrent:
    """An event after treatment began that changes what an outcome means, and how it is dealt with (ICH E9 R1).

    Parameters
    ----------
    name, says : str
        "repeat_ablation"; "Repeat ablation of the tumor".
    date : str
        Column with its date; empty where it did not happen.
    outcomes : tuple of str
        Names of the outcomes that it touches.
    handled : "treatment policy", "composite" or "hypothetical"
        Observation goes on as if it had not come; it counts as the event; or observation ends on that day.
    """

    name: str
    says: str
    date: str
    outcomes: tuple[str, ...]
    handled: Literal["treatment policy", "composite", "hypothetical"]

    def __post_init__(self) -> None:
        refuse([
            *filled("An intercurrent event", name=self.name, says=self.says, date=self.date),
            unless(bool(self.outcomes) and not repeated(self.outcomes), "outcomes",
                   "Name the outcomes that it touches, each once."),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial:
    """What was measured of a tumor (or patient) on scans over time, described month by month.

    Parameters
    ----------
    name, label, unit : str
        "volume"; "Volume of the ablation zone"; "ml".
    months : tuple of float
        After ablation, rising.
    columns : tuple of str
        One per month.
    """

    name: str
    label: str
    months: tuple[float, ...]
    columns: tuple[str, ...]
    unit: str = ""

    def __post_init__(self) -> None:
        rising = all(0.0 <= one < math.inf for one in self.months) and list(self.months) == sorted(set(self.months))
        refuse([
            *filled("A serial measurement", name=self.name, label=self.label),
            unless(len(self.months) == len(self.columns) > 0, "columns", "Each month needs one column."),
            unless(rising, "months", "Months rise, from 0 on."),
            unless(not repeated(self.columns), "columns", "A column is named twice."),
        ])  # fmt: skip
