"""Result: every number of a study's report under an id, with its words, and the counts that belong together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import pandas as pd

from isotherm.effect import RATIOS, Effect
from isotherm.errors import BadSetting, FitError, InputError
from isotherm.study.finding import Level
from isotherm.study.protocol import Protocol

Kind = Literal["count", "share", "ratio", "difference", "probability", "p", "days", "number", "text"]

DIGITS = 12
"""Significant digits of every number: what lies beyond differs between machines and says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One number or one text of a report, with all that has to be printed beside it.

    Parameters
    ----------
    kind : str
        How it is printed; see docs/study-result.md.
    label, method, unit : str
        What it is, how it was made, what it is counted in.
    value, low, high, level, p : float or None
        The number, its interval with its level, and a p value.
    n, events : int or None
        Patients (or tumors) and events behind it.
    arm, outcome : str or None
        Names of the protocol.
    text : str or None
        Of a text.
    why : str
        Why there is neither a number nor a text; empty where there is one.

    Raises
    ------
    ValueError
        A number that is not finite, or nothing at all without a reason.
    """

    kind: Kind
    label: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    p: float | None = None
    n: int | None = None
    events: int | None = None
    unit: str = ""
    method: str = ""
    arm: str | None = None
    outcome: str | None = None
    text: str | None = None
    why: str = ""

    def __post_init__(self) -> None:
        numbers = (self.value, self.low, self.high, self.level, self.p)
        if any(number is not None and not math.isfinite(number) for number in numbers):
            raise ValueError(f'The record "{self.label}" holds a number that is not finite; give None and a reason.')
        if (self.value is None and self.text is None) != bool(self.why):
            raise ValueError(
                f'The record "{self.label}" needs either a number or text, or the reason why there is none.'
            )

    def plain(self) -> dict[str, Any]:
        """Return it as a dict of what JSON knows."""
        return {part.name: rounded(getattr(self, part.name)) for part in fields(self)}


def rounded(value: Any) -> Any:
    """Return a number with 12 significant digits, whole counts as whole numbers, anything else as it is."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.{DIGITS}g}") + 0.0  # no -0.0


def coarse(value: Any) -> Any:
    """Return a number with 3 significant digits: with more, a share tells of how many it is one."""
    return float(f"{value:.3g}") if isinstance(value, float) else value


Cell = str | dict[str, str]
"""A cell of a table: text, or the id and the field of a record."""


def cell(key: str, part: str = "value") -> dict[str, str]:
    """Return the cell that shows a record."""
    return {"id": key, "field": part}


@dataclass(frozen=True, slots=True)
class Sum:
    """A count that is the sum of others: from all but one of them the last can be worked out."""

    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number of people, printed or not, and how gladly a release does without it (small: gladly)."""

    value: int
    worth: int
    printed: bool


@dataclass(slots=True)
class Results:
    """Records in the order in which they are printed, filled while an analysis goes on.

    Parameters
    ----------
    records, tables, curves : dict
    findings : list of dict
    counts : dict of id to Count
        Printed counts, and those that are not printed but could be worked out.
    sums : list of Sum
    rests_on : dict of id to ids
        Counts that a number is a function of.
    """

    records: dict[str, Record] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    curves: dict[str, dict[str, Any]] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, Count] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    rests_on: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, key: str, record: Record, *, rests_on: Sequence[str] = ()) -> None:
        """Add a record under a new id.

        Raises
        ------
        BadSetting
            Names of the protocol make two ids one.
        """
        if key in self.records:
            raise BadSetting(
                f"Two results would have the id '{key}'; give another name to an arm, outcome, subgroup, sensitivity "
                "analysis or column that is in it."
            )
        self.records[key] = record
        if rests_on:
            self.rests_on[key] = tuple(rests_on)

    def count(self, key: str, value: int, label: str, *, worth: int = 2, **words: Any) -> None:
        """Add a count of people."""
        self.add(key, Record(kind="count", label=label, value=int(value), **words))
        self.counts[key] = Count(int(value), worth, printed=True)

    def coarse_count(self, key: str, value: int, label: str, **words: Any) -> None:
        """Add a count that a release tells as the multiple of ten that it reaches."""
        self.number(key, "count", value, label, **words)
        self.unprinted(key, value)

    def unprinted(self, key: str, value: int) -> None:
        """Add a count that is not printed, and that nobody shall work out if it is small."""
        self.counts[key] = Count(int(value), 0, printed=False)

    def total(self, total: str, parts: Sequence[str]) -> None:
        """Say that a count is the sum of others."""
        self.sums.append(Sum(total, tuple(parts)))

    def number(
        self, key: str, kind: Kind, value: float | None, label: str, *, rests_on: Sequence[str] = (),
        why: str = "nobody has a value", **words: Any,
    ) -> None:  # fmt: skip
        """Add a number; None, NaN or infinity becomes a record with the reason."""
        there = value is not None and math.isfinite(value)
        kept = {name: _finite(part) for name, part in words.items()}
        self.add(key, Record(kind=kind, label=label, value=value if there else None, why="" if there else why, **kept),
                 rests_on=rests_on)  # fmt: skip

    def text(
        self, key: str, label: str, text: str, *, why: str = "nothing is declared", rests_on: Sequence[str] = (),
        outcome: str | None = None,
    ) -> None:  # fmt: skip
        """Add words; where there are none, the reason."""
        self.add(key, Record(kind="text", label=label, text=text or None, why="" if text else why, outcome=outcome),
                 rests_on=rests_on)  # fmt: skip

    def effect(self, key: str, effect: Effect, *, rests_on: Sequence[str] = (), **words: Any) -> None:
        """Add an effect; without a finite estimate it becomes a reason, and a limit that is infinite becomes None."""
        self.number(
            key, "ratio" if effect.measure in RATIOS else "difference", effect.estimate,
            words.pop("label", effect.measure.capitalize() if effect.measure[:4] != "RMST" else effect.measure),
            why="the estimate is infinite: one of the arms has no event", rests_on=rests_on,
            **{"low": effect.low, "high": effect.high, "level": effect.level, "p": effect.p_value, "n": effect.n,
               "events": effect.events, "method": effect.method} | words,
        )  # fmt: skip

    def attempt(
        self,
        key: str,
        kind: Kind,
        label: str,
        make: Callable[[], Effect],
        *,
        rests_on: Sequence[str] = (),
        **words: Any,
    ) -> Effect | None:
        """Add an effect that may fail: then its reason is the result. Return the effect."""
        try:
            effect = make()
        except (FitError, InputError) as error:
            self.number(key, kind, None, label, why=str(error), **words)
            return None
        self.effect(key, effect, label=label, rests_on=rests_on, **words)
        return effect

    def finding(
        self, key: str, kind: str, says: str, rows: int | None = None, *,
        level: Level = "warn", do: str = "", bars: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Add a finding, an override or a warning; each is a record too."""
        self.findings.append({"key": key, "kind": kind, "says": says, "rows": rows, "level": level, "do": do,
                              "bars": list(bars)})  # fmt: skip
        self.text(key, kind.capitalize(), says)

    def table(self, name: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Add a table of texts and records."""
        self.tables[name] = {"title": title, "columns": list(columns), "rows": [list(row) for row in rows]}


def _finite(part: Any) -> Any:
    return None if isinstance(part, float) and not math.isfinite(part) else part


@dataclass(frozen=True, slots=True, eq=False)
class StudyResult:
    """All results of a protocol.

    Parameters
    ----------
    protocol : Protocol
    results : Results
    head : mapping
        `protocol`, `data`, `settings` of the document.
    flow : mapping
        The boxes, with the ids of their counts.
    adjusted : DataFrame or None
        The matched or weighted patients with set, weight and distance, to be exported; None in a release.
    """

    protocol: Protocol
    results: Results
    head: Mapping[str, Any]
    flow: Mapping[str, Any]
    adjusted: pd.DataFrame | None
