"""Replicates of a bootstrap that failed: how many and why, beside the interval that rests on the others."""

from __future__ import annotations

from collections.abc import Sequence

from isotherm.study.resample import Bootstrap
from isotherm.study.result import Results

FEW = "few or none of the replicates failed"


def add_many_failed(
    results: Results, key: str, found: Bootstrap, *, outcome: str | None = None, rests_on: Sequence[str] = ()
) -> None:
    """Add the words on replicates that failed; a record without words where few did.

    It is there in any case: a record that stood only where many failed would tell a reader of a release how few events
    an arm has.
    """
    results.text(key, "Many replicates failed", found.many_failed_words, why=FEW, outcome=outcome, rests_on=rests_on)


def behind_failures(results: Results) -> list[str]:
    """Return the counts of Table 1: a level of few patients makes replicates fail, as few events do."""
    return [key for key, one in results.counts.items() if one.printed and key.startswith("table_one.")]
