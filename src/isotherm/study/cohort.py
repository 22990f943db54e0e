"""Cohort: the eligible patients of a protocol in their arms, with the flow that the same predicates made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from isotherm.columns import Int, label
from isotherm.errors import BadSetting, BadTable
from isotherm.study.chosen import Chosen
from isotherm.study.design_matrix import DesignMatrix, Kind
from isotherm.study.finding import Finding
from isotherm.study.flow import Flow
from isotherm.study.people import OTHER, UNKNOWN, People
from isotherm.study.predicate_tree import MET
from isotherm.study.predicate_tree import UNKNOWN as NOT_KNOWN
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_parts import Covariate, Step
from isotherm.study.records import check_cells, check_columns, check_values, indicator, numbers

Bool = npt.NDArray[np.bool_]

MOST_NAMED = 4
"""Values of the arms' column that no arm names are told up to so many."""


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Eligible rows that fall into an arm.

    Parameters
    ----------
    protocol : Protocol
    table : DataFrame
        Their columns; the index is the row's place in the table that came in.
    arm : array of int, shape (n,)
        Place of each row's arm in the protocol.
    person : array of int, shape (n,)
        Code of each row's patient.
    site : array of str, shape (n,), or None
    people : People
        Of the whole table; divides boxes of the flow further.
    flow : Flow
    findings : tuple of Finding
        About the records; those about the design are `isotherm.study.guard.audit.findings_of`.
    outside : DataFrame
        Eligible rows that fall into no arm, or whose arm is not known.
    chosen : Chosen, optional
        How the rows of the whole table were chosen; the guard judges it like a step of eligibility.
    """

    protocol: Protocol
    table: pd.DataFrame
    arm: Int
    person: Int
    site: npt.NDArray[np.str_] | None
    people: People
    flow: Flow
    findings: tuple[Finding, ...]
    outside: pd.DataFrame
    chosen: Chosen | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.table)

    @property
    def treated(self) -> Bool:
        """Who is not in the reference arm, shape (n,).

        Raises
        ------
        BadSetting
            There are more than two arms: compare them in pairs.
        """
        arms = self.protocol.arms
        if len(arms.arms) != 2:
            raise BadSetting(
                f"{len(arms.arms)} arms came where two are compared; keep two [[arms.arm]] in the protocol (whoever "
                "is in neither is counted in the flow), and write a protocol for each further comparison."
            )
        return self.arm != arms.names.index(arms.reference)

    def in_arm(self, name: str) -> Bool:
        """Return who is in an arm, shape (n,)."""
        return self.arm == self.protocol.arms.names.index(name)

    def kinds(self) -> dict[str, Kind]:
        """Return how each covariate that is adjusted for enters a design matrix."""
        return {covariate.column: design_kind(covariate) for covariate in self.protocol.adjusted}

    def references(self) -> dict[str, str]:
        """Return the declared reference levels of the categories that are adjusted for."""
        return {c.column: c.reference for c in self.protocol.adjusted if c.reference is not None}

    def called(self, design: DesignMatrix) -> tuple[str, ...]:
        """Return what the columns of a design matrix are called: the covariate's label, with the level of a category.

        Labels that repeat tell nothing apart: then columns keep the names of the table.
        """
        labels = {covariate.column: covariate.label for covariate in self.protocol.covariates}
        words = tuple(one for term in design.terms for one in (
            [f"{labels[term.name]}: {level}" for level in term.levels[1:]] or [labels[term.name]]))  # fmt: skip
        return words if len(set(words)) == len(words) else design.columns

    def covariates(self) -> pd.DataFrame:
        """Return every covariate as it is analyzed: numbers, 0 and 1, or labeled levels in their declared order."""
        return pd.DataFrame(
            {covariate.column: _values(covariate, self.table) for covariate in self.protocol.covariates}
        )


def cohort(protocol: Protocol, table: pd.DataFrame, chosen: Chosen | None = None) -> Cohort:
    """Apply a protocol to a table of records.

    Parameters
    ----------
    protocol : Protocol
    table : DataFrame
        One row per patient, or per tumor if the protocol names a column of tumors; missing values as NaN or None.
    chosen : Chosen, optional
        How its rows were chosen before it came.

    Returns
    -------
    Cohort

    Raises
    ------
    BadColumn, BadPredicate
        A column is not there or holds what cannot be: with the number of rows, never a value.
    BadTable
        No rows, a repeated key, a fact that the protocol wants known in every row, an arm without rows, or a patient
        in two arms.
    """
    check_columns(protocol, table)
    records = table[list(protocol.columns)].reset_index(drop=True)  # blinded outcomes are left behind here, too
    check_cells(protocol, records)
    people = People.of(protocol, records)
    flow, rows = _filtered(protocol, records, people)
    _check_arms(protocol, people, rows)
    flow = flow.with_parts(_arm_boxes(protocol, records, people, flow))
    inside = people.arm[rows] >= 0
    places, outside = rows[inside], records.iloc[rows[~inside]]
    kept = records.iloc[places]
    findings = check_values(protocol, kept)
    site = None if people.site is None else people.site[places]
    return Cohort(protocol, kept, people.arm[places], people.person[places], site, people, flow, findings, outside,
                  chosen)  # fmt: skip


def _filtered(protocol: Protocol, table: pd.DataFrame, people: People) -> tuple[Flow, Int]:
    """Apply the steps of eligibility in their order; return the flow and the rows that are left."""
    start = people.start("Tumors in the table" if people.tumors else "Patients in the table")
    flow, last = Flow((start,)), start
    for number, step in enumerate(protocol.eligibility, start=1):
        answers = step.where.answers(table)
        unknown = answers == NOT_KNOWN
        count = int(unknown[last.ids].sum())
        if step.unknown == "stop" and count:
            raise BadTable(
                f'"{step.says}" cannot be answered in {count} of {len(last.ids)} rows, and the protocol wants it '
                "known; complete them, or declare what happens to them."
            )
        boxes = people.divide(last, _parts(step, number, answers == MET, unknown))
        last = boxes[0] = replace(boxes[0], unknown=count if step.unknown == "keep" else 0)
        flow = flow.with_parts(boxes)
    return flow, last.ids


def _parts(step: Step, number: int, met: Bool, unknown: Bool) -> list[tuple[str, str, Any, Bool]]:
    """Return the boxes of one step: those kept first, then those excluded, each with its reason."""
    key = f"step_{number}"
    left = ("left", ~met & ~unknown)
    if step.unknown == "keep":
        return [(f"{key}.kept", step.says, "kept", met | unknown), (f"{key}.not_met", f"Not met: {step.says}", *left)]
    return [
        (f"{key}.kept", step.says, "kept", met),
        (f"{key}.not_met", f"Not met: {step.says}", *left),
        (f"{key}.unknown", f"Not known: {step.says}", "left", unknown),
    ]


def _check_arms(protocol: Protocol, people: People, rows: Int) -> None:
    """Refuse an arm without eligible rows, and a patient in two arms."""
    for place, arm in enumerate(protocol.arms.arms):
        if not (people.arm[rows] == place).any():
            found = f"; {int((people.arm == place).sum())} rows were in it before the steps of eligibility"
            raise BadTable(f'No eligible row is in arm "{arm.label}"{found}; check its definition.')
    inside = rows[people.arm[rows] >= 0]
    first = np.full(len(people.home), -1, dtype=np.int64)
    first[people.person[inside]] = people.arm[inside]
    other = people.person[inside][first[people.person[inside]] != people.arm[inside]]
    twice = len(set(other.tolist()))
    if twice:
        raise BadTable(f"{twice} patients have rows in more than one arm; define arms by what a patient has once.")


def _arm_boxes(protocol: Protocol, table: pd.DataFrame, people: People, flow: Flow) -> list[Any]:
    """Return the boxes of the arms, of the rows that fit none, and of those whose arm is not known."""
    last = next(box for box in reversed(flow.boxes) if box.kind in ("start", "kept"))
    parts: list[tuple[str, str, Any, Bool]] = [
        (f"arm.{arm.name}", arm.label, "arm", people.arm == place) for place, arm in enumerate(protocol.arms.arms)
    ]
    among = table.iloc[last.ids[people.arm[last.ids] == OTHER]]
    parts.append(("arm.other", f"In no arm: {_no_arm_names(protocol, among)}", "other", people.arm == OTHER))
    parts += [(key, f"In no arm: {why}", "other", mask & (people.arm == UNKNOWN))
              for key, why, mask in _why_unknown(protocol, table, last.ids)]  # fmt: skip
    return people.divide(last, parts)


def _no_arm_names(protocol: Protocol, among: pd.DataFrame) -> str:
    """Return why rows whose arm could be told fit none: the values of the arms' column that no arm names."""
    column = protocol.arms.column
    values = [] if column is None else sorted({label(value) for value in among[column]})
    if not values or len(values) > MOST_NAMED:
        return "no definition fits"
    return f"no arm is defined for {column} {' or '.join(values)}"


def _why_unknown(protocol: Protocol, table: pd.DataFrame, eligible: Int) -> list[tuple[str, str, Bool]]:
    """Return why the arm of rows is not known, each with a key and its rows: of two dates, which ones are not there."""
    everybody = ("arm.unknown", "not known", np.ones(len(table), dtype=np.bool_))
    if protocol.arms.column is not None:
        return [everybody]
    course = protocol.course
    names = {} if course is None else {course.ablation: "ablation", course.systemic: "systemic therapy"}
    start, end = protocol.arms.columns
    first, second = (table[name].isna().to_numpy() for name in (start, end))
    words = [names.get(name, name) for name in (start, end)]
    found = [("arm.without_start", f"no day of {words[0]} on record", first & ~second),
             ("arm.without_end", f"no day of {words[1]} on record", second & ~first),
             ("arm.without_both", f"no day of {words[0]} or {words[1]} on record", first & second)]  # fmt: skip
    return [one for one in found if one[2][eligible].any()] or [everybody]


def design_kind(covariate: Covariate) -> Kind:
    """Return how a covariate enters a design matrix."""
    return "category" if covariate.kind in ("category", "ordered") else covariate.kind


def _values(covariate: Covariate, table: pd.DataFrame) -> pd.Series[Any]:
    column: pd.Series[Any] = table[covariate.column]
    if covariate.kind == "number":
        return pd.Series(numbers(table, covariate.column), index=table.index)
    if covariate.kind == "yes/no":
        return pd.Series(indicator(table, covariate.column), index=table.index)
    named = dict(covariate.levels) or {text: text for text in sorted({label(value) for value in column.dropna()})}
    labels = [None if pd.isna(value) else named[label(value)] for value in column]
    ordered = covariate.kind == "ordered"
    return pd.Series(pd.Categorical(labels, categories=list(named.values()), ordered=ordered), index=table.index)
