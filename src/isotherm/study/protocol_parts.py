"""The nouns of a protocol: data, eligibility steps, arms, covariates, outcomes and subgroups."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from isotherm.study.known import Known
from isotherm.study.predicate import Predicate
from isotherm.study.protocol_checks import filled, refuse, repeated, unless
from isotherm.study.protocol_designs import ArmStrategy

DAYS_PER = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12.0, "years": 365.25}
"""Days in each unit of time that a table may use."""

PATIENT_ONLY = ("os", "dfs", "pfs")
"""Endpoints of patients, never of tumors (SIO-DATECAN consensus, Puijk et al., Radiology 2021, PMC8961014)."""

TimeUnit = Literal["days", "weeks", "months", "years"]
Unit = Literal["patient", "tumor"]
Fate = Literal["exclude", "keep", "stop"]
CovariateKind = Literal["number", "yes/no", "category", "ordered"]
Value = float | str | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """The table, and what its rows are.

    Parameters
    ----------
    file : str
        CSV, Parquet or Excel; relative to the protocol's folder.
    patient : str
        Column that tells patients apart.
    site, tumor : str, optional
        Column that tells hospitals apart; column that tells tumors of a patient apart, if a row is a tumor.
    key : tuple of str
        Columns that may not repeat together: patient (and tumor) unless other ones are named.
    missing : tuple
        Values that stand for "not known", in every column, besides empty cells.
    sheet, separator, encoding : str, optional
        Sheet of an Excel file; separator and encoding of a CSV file where they are not found by themselves.
    source, license : str
        Where the table comes from, and under which terms; printed in the report.
    """

    file: str
    patient: str
    site: str | None = None
    tumor: str | None = None
    key: tuple[str, ...] = ()
    missing: tuple[Value, ...] = ()
    sheet: str | None = None
    separator: str | None = None
    encoding: str | None = None
    source: str = ""
    license: str = ""

    def __post_init__(self) -> None:
        columns = [name for name in (self.patient, self.site, self.tumor) if name is not None]
        refuse([
            *filled("The data", file=self.file, patient=self.patient),
            unless(not repeated(columns), "patient", "Patient, site and tumor need a column each, and two share one."),
            unless(not repeated(self.key), "key", "A column of the key is named twice."),
            unless(self.separator is None or len(self.separator) == 1, "separator", "A separator is one character."),
        ])  # fmt: skip

    @property
    def row_key(self) -> tuple[str, ...]:
        """The columns that may not repeat together."""
        return self.key or ((self.patient,) if self.tumor is None else (self.patient, self.tumor))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of eligibility: a sentence for people and the predicate that filters.

    Parameters
    ----------
    says : str
        Who stays: "18 years or older".
    where : Predicate
        Rows that meet it stay.
    unknown : "exclude", "keep" or "stop"
        What happens where a fact is missing; such rows are counted apart.
    override : str
        Reason for a predicate on an outcome column, which selects by the future and is refused without one; or on a
        fact that is declared to be known too late.
    known : Known, optional
        When what it asks for was known, where that is not said of a covariate.
    """

    says: str
    where: Predicate
    unknown: Fate = "exclude"
    override: str = ""
    known: Known | None = None

    def __post_init__(self) -> None:
        refuse(filled("A step of eligibility", says=self.says))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm: the values of a column, or a window of days (both ends included) between two dates.

    `strategy` is what the arm asks of a patient from time zero on, which designs for questions of timing need.
    """

    name: str
    label: str
    values: tuple[Value, ...] = ()
    window_days: tuple[float, float] | None = None
    strategy: ArmStrategy | None = None

    def __post_init__(self) -> None:
        window = self.window_days
        ordered = window is None or (not any(map(math.isnan, window)) and window[0] <= window[1])
        refuse([
            *filled("An arm", name=self.name, label=self.label),
            unless(self.name not in ("other", "unknown", "all"), "name",
                   "An arm is named like the rows that fit no arm, or like all."),
            unless(ordered, "window_days", f"The window of arm {self.name} ends before it begins, or is no number."),
            unless((window is None) != (not self.values), "values",
                   f"Arm {self.name} needs either values of a column or a window of days."),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """What is compared. Rows that fit no arm are of the class "other": counted, never forced into an arm.

    Parameters
    ----------
    arms : tuple of Arm
    reference : str
        Name of the arm that the others are compared with.
    column : str, optional
        Column whose values tell the arms apart; or
    start, end : str, optional
        two columns of dates: the days from start to end fall into the arms' windows.
    """

    arms: tuple[Arm, ...]
    reference: str
    column: str | None = None
    start: str | None = None
    end: str | None = None

    def __post_init__(self) -> None:
        names = [arm.name for arm in self.arms]
        by_column, by_dates = self.column is not None, self.start is not None and self.end is not None
        half = (self.start is None) != (self.end is None)
        fitting = all(bool(arm.values) == by_column for arm in self.arms)
        values = [f"{type(value) is str}{value}" for arm in self.arms for value in arm.values]
        refuse([
            unless(len(self.arms) >= 2, "arm", "A comparison needs two arms at least."),
            unless(not repeated(names), "arm", f"Two arms are named {repeated(names)}."),
            unless(self.reference in names, "reference",
                   f"The reference \"{self.reference}\" is no arm; the arms are: {', '.join(names)}."),
            unless(by_column != by_dates and not half, "column",
                   "Arms are told apart either by one column, or by the days between two: start and end."),
            unless(fitting or by_column == by_dates, "arm",
                   "Arms by a column need values, arms by the days between two dates need window_days."),
            unless(not repeated(values), "arm", "A value of the column belongs to two arms."),
            unless(not self._overlap(), "arm", "The windows of two arms overlap; a patient would be in both."),
        ])  # fmt: skip

    def _overlap(self) -> bool:
        windows = sorted(arm.window_days for arm in self.arms if arm.window_days is not None)
        return any(after[0] <= before[1] for before, after in pairwise(windows))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arms, in their order."""
        return tuple(arm.name for arm in self.arms)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that tell the arms apart."""
        return tuple(name for name in (self.column, self.start, self.end) if name is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariate:
    """A fact about patients before treatment: to adjust for, or only to describe them by.

    Parameters
    ----------
    column, label, unit : str
        Column of the table; what people call it; its unit ("years"), empty where it has none.
    kind : "number", "yes/no", "category" or "ordered"
        "yes/no" holds 0 and 1, or true and false.
    levels : tuple of (value, label)
        Of a category, in the order to be shown; each value as it stands in the table.
    reference : str, optional
        Label of the level that the others are compared with: the first unless named.
    per : float
        Effects of a number are given per this many units.
    known : Known
    use : "adjust" or "describe"
    override : str
        Reason to adjust for a fact that came too late all the same; the output records it.
    """

    column: str
    label: str
    kind: CovariateKind
    known: Known
    unit: str = ""
    levels: tuple[tuple[str, str], ...] = ()
    reference: str | None = None
    per: float = 1.0
    use: Literal["adjust", "describe"] = "adjust"
    override: str = ""

    def __post_init__(self) -> None:
        labels = [label for _, label in self.levels]
        leveled = self.kind in ("category", "ordered")
        refuse([
            *filled("A covariate", column=self.column, label=self.label),
            unless(leveled or not self.levels, "levels", f"{self.column} is a {self.kind}; it has no levels."),
            unless(self.kind != "ordered" or len(self.levels) > 1, "levels",
                   f"{self.column} is ordered; list its levels in their order."),
            unless(not repeated(labels) and not repeated(value for value, _ in self.levels), "levels",
                   f"Two levels of {self.column} share a value or a label."),
            unless(self.reference is None or (leveled and self.reference in labels), "reference",
                   f"The reference of {self.column} is none of its levels: {', '.join(labels) or 'it has none'}."),
            unless(math.isfinite(self.per) and self.per > 0, "per", f"Effects of {self.column} need a per above 0."),
            unless(self.per == 1.0 or self.kind == "number", "per", f"Only a number has a per; {self.column} is none."),
            unless(self.use == "adjust" or not self.override, "override",
                   f"{self.column} only describes, so nothing is overridden; leave the override out."),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What happened later: an event in time, or a yes/no.

    Parameters
    ----------
    name, label : str
        Short name ("os") and what people call it ("Overall survival").
    event : str
        Column with 1 (it happened) and 0 (it did not, or not yet); with `competing_events`, their codes as well.
    kind : "time" or "yes/no"
    unit : "patient" or "tumor"
    time, time_unit : str, optional
        Column with the time from time zero to event or last contact, and its unit; or
    time_start : str, optional
        Column with the time, in that unit and from the same day as `time`, at which this outcome's clock starts: where
        a table counts from diagnosis, when the patient's tumor was sequenced.
    date : str, optional
        column with the date of event or last contact, counted from the date of time zero.
    start : str, optional
        Column with the date from which `date` is counted, where that is not time zero: the ablation of that tumor.
    competing : str, optional
        Column with 1 where another event at that time made this one impossible; or
    competing_events : tuple of (code, label)
        codes from 2 on in the column of the event, each with what it stands for.
    primary : bool
    definition : str
        What counts as the event; printed in the report.
    counted_as : str
        What reports call its events, in the plural: "deaths", "recurrences or deaths"; "events" unless named.
    """

    name: str
    label: str
    event: str
    kind: Literal["time", "yes/no"] = "time"
    unit: Unit = "patient"
    time: str | None = None
    time_unit: TimeUnit | None = None
    time_start: str | None = None
    date: str | None = None
    start: str | None = None
    competing: str | None = None
    competing_events: tuple[tuple[int, str], ...] = ()
    primary: bool = False
    definition: str = ""
    counted_as: str = "events"

    def __post_init__(self) -> None:
        timed = (self.time is not None) != (self.date is not None)
        moments = (self.time, self.date, self.time_unit, self.time_start, self.start)
        untimed = moments == (None,) * 5 and not self.competes
        codes, words = [code for code, _ in self.competing_events], [label for _, label in self.competing_events]
        refuse([
            *filled("An outcome", name=self.name, label=self.label, event=self.event, counted_as=self.counted_as),
            unless(timed or self.kind != "time", "time", f"Outcome {self.name} needs either a time or a date column."),
            unless(untimed or self.kind == "time", "kind", f"Outcome {self.name} is a yes/no; it has no time."),
            unless((self.time is None) == (self.time_unit is None) or self.kind != "time", "time_unit",
                   f"The time column of {self.name} and its time_unit ({', '.join(DAYS_PER)}) go together."),
            unless(self.time_start is None or self.time is not None, "time_start",
                   f"The clock of {self.name} starts at a time, so it needs the time of event or last contact."),
            unless(self.time_start is None or self.time_start not in self.columns, "time_start",
                   f"{self.time_start} is the start of {self.name}'s clock and one of its own columns; name another."),
            unless(self.start is None or self.date is not None, "start",
                   f"Outcome {self.name} starts on a date, so it needs the date of event or last contact."),
            unless(self.competing is None or not codes, "competing_events",
                   f"Competing events of {self.name} are either codes of its column, or a column of their own."),
            unless(all(code >= 2 for code in codes) and not repeated(map(str, codes)), "competing_events",
                   f"Codes of competing events of {self.name} are whole numbers from 2 on, each once."),
            unless(all(map(str.strip, words)) and not repeated(words), "competing_events",
                   f"Competing events of {self.name} need a label each, all different."),
            unless(not repeated(self.columns), "event", f"A column of outcome {self.name} is named twice."),
            unless(self.unit == "patient" or self.name.lower() not in PATIENT_ONLY, "unit",
                   f"{self.name} is an endpoint of patients, not of tumors."),
        ])  # fmt: skip

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is read from."""
        return tuple(name for name in (self.time, self.date, self.event, self.competing) if name is not None)

    @property
    def competes(self) -> bool:
        """Whether another event can make this one impossible."""
        return self.competing is not None or bool(self.competing_events)

    @property
    def causes(self) -> tuple[tuple[int, str], ...]:
        """Codes and labels of all events, this one first."""
        other = ((2, "Competing event"),) if self.competing is not None else self.competing_events
        return ((1, self.label), *other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scans:
    """Dates of the scans on which outcomes are found: an arm that is scanned less often is found to progress later.

    Parameters
    ----------
    columns : tuple of str
        Columns with the dates of the first, second, ... scan; empty where there was none.
    outcomes : tuple of str
        Names of the outcomes that are found on them, such as progression; never death alone.
    """

    columns: tuple[str, ...]
    outcomes: tuple[str, ...]

    def __post_init__(self) -> None:
        refuse([
            unless(bool(self.columns) and not repeated(self.columns), "columns",
                   "Scans need the columns of their dates, each named once."),
            unless(bool(self.outcomes) and not repeated(self.outcomes), "outcomes",
                   "Scans need the names of the outcomes that are found on them, each once."),
        ])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One part of a subgroup: a label and who belongs to it."""

    label: str
    where: Predicate


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgroup:
    """A division of patients in which the effect is compared, known before treatment like a covariate."""

    name: str
    label: str
    levels: tuple[Level, ...]
    known: Known = field(default_factory=lambda: Known(when="before time zero"))
    override: str = ""

    def __post_init__(self) -> None:
        labels = [level.label for level in self.levels]
        refuse([
            *filled("A subgroup", name=self.name, label=self.label),
            unless(len(self.levels) >= 2, "level", f"Subgroup {self.name} needs two levels at least."),
            unless(not repeated(labels) and all(map(str.strip, labels)), "level",
                   f"The levels of subgroup {self.name} need a label each, all different."),
        ])  # fmt: skip

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that its levels ask for."""
        return tuple(dict.fromkeys(name for level in self.levels for name in level.where.columns))
