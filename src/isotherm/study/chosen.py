"""Chosen: how the rows of a table were chosen before it came, and on which day each fact of it was known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from isotherm.study.predicate import Predicate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """What a registry says of the table that it gave.

    Parameters
    ----------
    where : Predicate or None
        Rows that do not meet it never came.
    left_out : int
        Patients of whom no row came for that.
    facts : DataFrame
        A row for each row of the table: patient, time zero, what the condition asks for, and the dates of `known_on`.
    lost : DataFrame
        The same of the patients of whom no row came.
    known_on : mapping of str to str
        Of columns that were filled after the first decision, the one with the day on which they were known.
    """

    where: Predicate | None
    left_out: int
    facts: pd.DataFrame
    lost: pd.DataFrame
    known_on: Mapping[str, str]
