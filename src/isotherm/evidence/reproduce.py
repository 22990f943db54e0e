"""Recompute what can be recomputed from printed numbers, and lay it beside what was printed."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from isotherm.errors import BadEvidence
from isotherm.evidence.check import Check, Operand
from isotherm.evidence.counts import p_values
from isotherm.evidence.interval import over_corners, p_from_interval
from isotherm.evidence.kinds import KINDS, P_FROM_INTERVAL, TESTS, Compute
from isotherm.evidence.library import Library
from isotherm.evidence.printed import Agreement, agreement, digits, ends, half_unit
from isotherm.evidence.result import Discrepancy, PublishedResult

Outcome = Literal["match", "rounding", "explained", "MISMATCH"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """One check and what came of it.

    Parameters
    ----------
    check : Check
    outcome : str
        "match", "rounding" (within what the rounding of printed numbers allows), "explained" (a discrepancy note says
        that exactly this is computed), or "MISMATCH".
    printed, computed : str
        Both numbers.
    how : str
        Which test reproduces the printed p value, where several were tried.
    note : str
        The discrepancy that explains it, or what is wrong with the note.
    """

    check: Check
    outcome: Outcome
    printed: str
    computed: str
    how: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Value:
    """A number with what it may have been before rounding."""

    number: Decimal
    exact: bool
    operator: str = "="

    @property
    def reach(self) -> tuple[float, float]:
        return ends(self.number, exact=self.exact)


def reproduce(library: Library, records: Collection[str] | None = None) -> tuple[Reproduced, ...]:
    """Run every check of a library, or those that compare any of some records."""
    return tuple(
        _run(check, library.results)
        for check in library.all_checks()
        if records is None or not frozenset(records).isdisjoint(check.records)
    )


def _run(check: Check, results: Mapping[str, PublishedResult]) -> Reproduced:
    values = [_value(operand, results) for operand in check.of]
    target = _value(check.target, results)
    operator = target.operator if check.operator == "=" else check.operator
    if check.kind in TESTS:
        how, computed, agrees = _best_test(check, values, target, operator)
    else:
        how, (computed, agrees) = "", _computed(_function(check, results), values, target, operator)
    notes = [note for name in check.records for note in results[name].discrepancies if note.check == check.id]
    outcome, note = _explained(agrees, computed, notes)
    printed = ("" if operator == "=" else f"{operator} ") + str(target.number)
    return Reproduced(
        check=check, outcome=outcome, printed=printed, computed=digits(computed, target.number), how=how, note=note
    )


def _computed(compute: Compute, values: list[_Value], target: _Value, operator: str) -> tuple[float, Agreement]:
    """Return what follows from the printed numbers, and how it agrees; NaN where nothing follows."""
    try:
        computed = compute(*(float(value.number) for value in values))
        reach = over_corners(compute, [value.reach for value in values])
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan, "mismatch"
    return computed, agreement(computed, reach, target.number, operator, exact=target.exact)


def _explained(agrees: Agreement, computed: float, notes: list[Discrepancy]) -> tuple[Outcome, str]:
    """Let a note explain the one mismatch that it names; a note about a mismatch that is not there is one itself."""
    if not notes:
        return ("MISMATCH", "") if agrees == "mismatch" else (agrees, "")
    for note in notes:
        said = note.computed or Decimal(0)
        if agrees == "mismatch" and abs(computed - float(said)) <= half_unit(said) * (1.0 + 1e-6):
            return "explained", note.note
    said = ", ".join(str(note.computed) for note in notes)
    return "MISMATCH", f"a discrepancy note says that {said} is computed here; it is not, or it agrees."


def _value(operand: Operand, results: Mapping[str, PublishedResult]) -> _Value:
    if operand.constant is not None:
        return _Value(operand.constant, exact=True)
    record = results[operand.record]
    field = operand.field or ("events" if record.estimate is None else "estimate")
    number = record.p_value if field == "p" else getattr(record, field)
    if number is None:
        raise BadEvidence(("of", f"A check compares {operand}, where nothing was printed; name another field."))
    operator = {"p": record.p_operator, "estimate": record.operator}.get(field, "=")
    exact = field in ("events", "n") or (field == "estimate" and record.measure in ("count", "at risk"))
    return _Value(Decimal(number), exact=exact, operator=operator)


def _function(check: Check, results: Mapping[str, PublishedResult]) -> Compute:
    if check.kind in P_FROM_INTERVAL:
        record = results[check.of[0].record]
        return p_from_interval(level=float(record.level), ratio=record.is_ratio)
    return KINDS[check.kind][2]


def _best_test(check: Check, values: list[_Value], target: _Value, operator: str) -> tuple[str, float, Agreement]:
    """Return in words which test reproduces a printed p value, its p value, and how it agrees."""
    counts = [float(value.number) for value in values]
    if check.kind == "two proportions":
        first, first_n, second, second_n = counts
        arms = [[first, first_n - first], [second, second_n - second]]
    else:
        width = len(counts) // check.arms
        arms = [counts[at : at + width] for at in range(0, len(counts), width)]
    found = p_values(arms)
    agreed = {name: agreement(p, (p, p), target.number, operator, exact=target.exact) for name, p in found.items()}
    right = [name for name, one in agreed.items() if one == "match"]
    every = ", ".join(f"{name} {p:.3g}" for name, p in found.items())
    if right:
        return f"{' and '.join(right)} (of {every})", found[right[0]], "match"
    nearest = min(found, key=lambda name: abs(found[name] - float(target.number)), default="")
    return f"none (of {every})", found.get(nearest, math.nan), "mismatch"
