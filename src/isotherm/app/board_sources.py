"""What each source states of a patient, in one line: criteria by their titles, the first ones and the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from isotherm.app.criteria_view import applicable, is_predictor
from isotherm.app.criteria_words import kind_of_source

Part = Mapping[str, Any]
View = dict[str, Any]

GROUPS = {"not_met": ("NOT_MET",), "unknown": ("UNKNOWN",), "met": ("MET", "MET_WITH_CONDITION")}

MOST_FAILING = 2
"""Numbers that an open criterion is named with."""


def source_lines(criteria: Part | None, *, most: int) -> Iterator[View]:
    """Yield the guidelines that apply, those first of which most is not met.

    Parameters
    ----------
    criteria : mapping or None
        The content of criteria.json.
    most : int
        Titles that stand first in a cell; the others follow as `more`.
    """
    rows: list[View] = []
    for one in [] if criteria is None else applicable(criteria):
        asked = [finding for finding in one["findings"]
                 if finding["answer"] != "NOT_APPLICABLE" and not is_predictor(finding)]  # fmt: skip
        by = {name: [titled(finding) for finding in asked if finding["answer"] in answers]
              for name, answers in GROUPS.items()}  # fmt: skip
        few = {name: {"few": "; ".join(said[:most]), "more": said[most:]} for name, said in by.items()}
        rows.append({"source": one["short"], "kind": kind_of_source(one), **few,
                     "n": {name: len(said) for name, said in by.items()}})  # fmt: skip
    yield from sorted(rows, key=lambda row: (-row["n"]["not_met"], -row["n"]["met"], row["source"]))


def titled(finding: Part) -> str:
    """Return a criterion by its title, with what speaks against ablation and the numbers that would not meet it."""
    title = finding["rule"]["title"]
    if finding["rule"]["direction"] == "against":
        holds = finding["answer"] in GROUPS["met"]
        return f"{'speaks' if holds else 'would speak'} against: {title}"
    if finding["answer"] == "UNKNOWN" and any(one["gap"] == "conflicting values" for one in finding["missing"]):
        return f"{title} (contradicted)"
    failing: Sequence[str] = finding["failing"] if finding["answer"] == "UNKNOWN" else ()
    if not failing:
        return title
    more = f" and {len(failing) - MOST_FAILING} more" if len(failing) > MOST_FAILING else ""
    return f"{title} ({', '.join(failing[:MOST_FAILING])}{more}: would not be met)"
