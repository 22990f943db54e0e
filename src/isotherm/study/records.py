"""Records under the protocol: values that cannot be, facts that came too late, and findings that people should see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.columns import MISSING_CODES, column, label, refuse, refuse_missing_codes
from isotherm.errors import BadColumn, BadTable
from isotherm.study.finding import Finding
from isotherm.study.people import days_between
from isotherm.study.predicate import near
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_parts import DAYS_PER, Covariate, Outcome, Step, Subgroup

Mask = npt.NDArray[np.bool_]

FAR_ABOVE = 2.0
"""A number such as 999 that is more than so many times the next largest is looked at."""


def check_columns(protocol: Protocol, table: pd.DataFrame) -> None:
    """Refuse a table without rows, without a column that is needed, or with two of one name.

    Raises
    ------
    BadColumn, BadTable
    """
    if len(table) == 0:
        raise BadTable("The table has no rows; give a row per patient.")
    for name in protocol.columns:
        check_column(table, name)


def check_column(table: pd.DataFrame, name: str) -> None:
    """Refuse a table that has not exactly one column of this name."""
    names: list[object] = list(table.columns)
    count = names.count(name)
    if count != 1:
        came = (
            f"is not there{near(name, tuple(map(str, names)))}" if count == 0 else f"is there {count} times; rename one"
        )
        raise BadColumn(f"Column '{name}' {came}.")


def check_cells(protocol: Protocol, table: pd.DataFrame) -> None:
    """Refuse what would be read as another value in any row: blanks around texts, codes for "not known" as numbers.

    Tables that were read from files are free of the first; the second are named in the protocol.

    Raises
    ------
    BadColumn
    """
    for name in protocol.columns:
        values: pd.Series[Any] = table[name]
        if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
            refuse_missing_codes(f"Column '{name}'", values.to_numpy(dtype=float, na_value=np.nan))
        elif not pd.api.types.is_datetime64_any_dtype(values.dtype):
            blank = np.array([isinstance(value, str) and value != value.strip() for value in values], dtype=bool)
            refuse(f"Column '{name}'", blank, "text with blanks around it", "strip them")


def check_values(protocol: Protocol, table: pd.DataFrame) -> tuple[Finding, ...]:
    """Check covariates, dates and, unless they are blinded, outcomes of eligible rows; return what people should see.

    Raises
    ------
    BadColumn
        Values that cannot be, or a fact that came too late without a recorded reason; with the number of rows.
    """
    for covariate in protocol.covariates:
        _check_covariate(covariate, table)
    if not protocol.outcomes_blinded:
        for outcome in protocol.outcomes:
            _check_outcome(protocol, outcome, table)
    return (*_late_facts(protocol, table), *_suspect_codes(protocol, table))


def outcome_days(protocol: Protocol, outcome: Outcome, table: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the days from the outcome's clock to the event or the last contact, shape (n,); NaN where not known."""
    if outcome.date is not None:
        start = outcome.start or protocol.time_zero.column
        assert start is not None
        return days_between(table, start, outcome.date)
    assert outcome.time is not None
    assert outcome.time_unit is not None
    return (numbers(table, outcome.time) - _time_start(outcome, table)) * DAYS_PER[outcome.time_unit]


def entry_days(protocol: Protocol, table: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the days from time zero to the day on which each patient came under observation; NaN where not known."""
    entry, primary, zero = protocol.entry, protocol.primary, protocol.time_zero.column
    assert entry is not None
    if entry.column is not None:
        assert zero is not None  # checked by the protocol
        return days_between(table, zero, entry.column)
    assert entry.time is not None
    assert primary.time_unit is not None  # checked by the protocol
    return (numbers(table, entry.time) - _time_start(primary, table)) * DAYS_PER[primary.time_unit]


def _time_start(outcome: Outcome, table: pd.DataFrame) -> npt.NDArray[np.float64]:
    return np.zeros(len(table)) if outcome.time_start is None else numbers(table, outcome.time_start)


def numbers(table: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return a column of numbers, shape (n,), true and false as 1 and 0; NaN where not known."""
    values: pd.Series[Any] = table[name]
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(dtype=float, na_value=np.nan)
    text = np.array([isinstance(value, str) for value in values], dtype=bool)
    refuse(f"Column '{name}'", text, "text instead of a number", "give numbers, or name missing codes")
    return column(f"Column '{name}'", [np.nan if pd.isna(value) else value for value in values], gaps=True)


def indicator(table: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return a column of 0 and 1, shape (n,); NaN where not known."""
    values = numbers(table, name)
    refuse(f"Column '{name}'", ~np.isnan(values) & (values != 0.0) & (values != 1.0), "neither 0 nor 1", "recode it")
    return values


def event_codes(outcome: Outcome, table: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return 0, 1 for the event or the code of a competing one, shape (n,); NaN where not known.

    Raises
    ------
    BadColumn
        Another code; or the event and a competing one in a row.
    """
    if not outcome.competing_events:
        event = indicator(table, outcome.event)
        if outcome.competing is None:
            return event
        other = indicator(table, outcome.competing)
        refuse(f"Column '{outcome.competing}'", (event == 1.0) & (other == 1.0), "1 together with the event",
               "one of them came first; mend it")  # fmt: skip
        return np.where(np.isnan(other), np.nan, np.where(other == 1.0, 2.0, event))
    codes = numbers(table, outcome.event)
    known = [0.0, *(float(code) for code, _ in outcome.causes)]
    refuse(f"Column '{outcome.event}'", ~np.isnan(codes) & ~np.isin(codes, known), "no code that the protocol names",
           "name it in competing_events, or recode it")  # fmt: skip
    return codes


def late_rows(protocol: Protocol, part: Covariate | Subgroup | Step, table: pd.DataFrame) -> Mask:
    """Return the rows, shape (n,), in which dates show that a fact was known after time zero or exposure start."""
    late = np.zeros(len(table), dtype=bool)
    zero, exposure = protocol.time_zero.column, protocol.exposure
    if part.known is None:
        return late
    if zero is not None and part.known.column is not None:
        days = days_between(table, zero, part.known.column)
        late |= days > min(0.0, 0.0 if exposure.day is None else exposure.day)
        if exposure.column is not None:
            late |= days_between(table, exposure.column, part.known.column) > 0.0
    elif zero is not None and exposure.column is not None:
        start = days_between(table, zero, exposure.column)
        if part.known.day is not None:
            return start < part.known.day
        late |= start > 0.0 if part.known.when == "before exposure start" else start < 0.0
    return late


def _check_covariate(covariate: Covariate, table: pd.DataFrame) -> None:
    name = covariate.column
    values: pd.Series[Any] = table[name]
    if covariate.kind == "number":
        refuse(f"Column '{name}'", np.isinf(numbers(table, name)), "infinite", "name its missing code")
    elif covariate.kind == "yes/no":
        indicator(table, name)
    elif covariate.levels:
        known = {value for value, _ in covariate.levels}
        stray = np.array([label(value) not in known for value in values], dtype=bool) & values.notna().to_numpy()
        refuse(f"Column '{name}'", stray, "none of its declared levels", "declare them, or name missing codes")


def _check_outcome(protocol: Protocol, outcome: Outcome, table: pd.DataFrame) -> None:
    event = event_codes(outcome, table)
    if not (event == 1.0).any():
        raise BadColumn(
            f"Column '{outcome.event}' holds no event in {len(event)} rows; check its coding (1 is the event)."
        )
    if outcome.kind == "yes/no":
        return
    days = outcome_days(protocol, outcome, table)
    if outcome.date is not None:
        clock = "time zero" if outcome.start is None else "the start of its clock"
        refuse(f"Column '{outcome.date}'", days < 0.0, f"before {clock}", "mend the order of the dates")
    name = f"Column '{outcome.time or outcome.date}'"
    refuse(name, np.isinf(days), "infinite", "name its missing code")
    instead = "times count from time zero" if outcome.time_start is None else "leave out who ended before their clock"
    refuse(name, days < 0.0, "negative" if outcome.time_start is None else f"before '{outcome.time_start}'", instead)
    refuse(name, (days == 0.0) & (event > 0.0), "0 with an event", "say how long they were observed, or exclude them")


def _late_facts(protocol: Protocol, table: pd.DataFrame) -> Iterator[Finding]:
    """Yield facts that came too late and are used for a recorded reason; refuse the others."""
    adjusted = [(part.column, part) for part in protocol.adjusted]
    for key, part in [*adjusted, *((part.name, part) for part in protocol.subgroups)]:
        late = late_rows(protocol, part, table)
        says = (
            f"{part.label} was known after time zero or after exposure began in {int(late.sum())} of {len(late)} rows"
        )
        if late.any() and not part.override.strip():
            raise BadColumn(f"{says}; leave it out, or record the reason as override.")
        if late.any():
            yield Finding(
                f"late.{key}", f"{says}, and is used all the same: {part.override.strip()}", int(late.sum()), "warn",
                "Show the result without it as a sensitivity analysis.",
            )  # fmt: skip


def _suspect_codes(protocol: Protocol, table: pd.DataFrame) -> Iterator[Finding]:
    """Yield numbers such as 999 that stand far above all others: they may be codes for what is not known."""
    for covariate in protocol.covariates:
        if covariate.kind != "number":
            continue
        values = numbers(table, covariate.column)
        largest = float(np.fmax.reduce(values, initial=0.0))
        below = float(np.fmax.reduce(values[values < largest], initial=0.0))
        if -largest in MISSING_CODES and largest > FAR_ABOVE * below:
            count = int((values == largest).sum())
            yield Finding(
                f"code.{covariate.column}",
                f"{covariate.label} is {largest:g} in {count} rows, far above all others; if that stands for what is "
                "not known, name it as a missing code.",
                count,
                "warn",
                "Look these rows up; if it is a code, add it to missing in [data].",
            )
