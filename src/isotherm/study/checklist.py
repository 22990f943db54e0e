"""Checklists: which result answers which item of STROBE, RECORD and TARGET, and what is left for an author to write."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from isotherm.errors import BadSetting
from isotherm.study.checklist_items import ITEMS, Item

EMULATED = "course"
"""Results of this family are those of a study that emulates a target trial: TARGET is asked of no other."""

Status = Literal["reported", "reported in part", "author", "not reported"]


@dataclass(frozen=True, slots=True)
class Answered:
    """An item with the results that answer it.

    Parameters
    ----------
    item : Item
    ids : tuple of str
        Ids of results, in their order.
    """

    item: Item
    ids: tuple[str, ...]

    @property
    def status(self) -> Status:
        """What can be said of it.

        "reported": results answer it. "reported in part": they do, and an author has to add words. "author": only an
        author can answer. "not reported": results could answer it, and none does.
        """
        if self.ids:
            return "reported in part" if self.item.author else "reported"
        return "author" if self.item.author else "not reported"


def items_of(result_id: str) -> tuple[Item, ...]:
    """Return the items that a result answers; none is a finding about the result.

    Examples
    --------
    >>> [(item.statement, item.number) for item in items_of("flow.step_1.kept.patients")]
    [('STROBE', '13'), ('RECORD', '13.1'), ('TARGET', '7a'), ('TARGET', '8')]
    """
    return tuple(item for item in ITEMS if any(_belongs(result_id, family) for family in item.answered_by))


def without_item(result_ids: Iterable[str]) -> tuple[str, ...]:
    """Return the results that answer no item: each of them is a gap of the checklist or a stray result."""
    return tuple(result_id for result_id in result_ids if not items_of(result_id))


def checklist(result_ids: Iterable[str]) -> tuple[Answered, ...]:
    """Return every item with the results that answer it; those of TARGET only for a study that emulates a trial.

    Parameters
    ----------
    result_ids : iterable of str
        Ids of all results of a report: words joined by dots, the family first ("effect.os.adjusted").

    Raises
    ------
    BadSetting
        A result answers no item; with its id.
    """
    ids = tuple(dict.fromkeys(result_ids))
    stray = without_item(ids)
    if stray:
        raise BadSetting(
            f"{len(stray)} results answer no item of a checklist, the first being '{stray[0]}'; give it a family of "
            "`checklist_items`, or leave it out of the report."
        )
    emulated = any(_belongs(one, EMULATED) for one in ids)
    return tuple(
        Answered(item, tuple(one for one in ids if any(_belongs(one, family) for family in item.answered_by)))
        for item in ITEMS
        if emulated or item.statement != "TARGET"
    )


def _belongs(result_id: str, family: str) -> bool:
    if "*" in family:
        return _form(family).match(result_id) is not None
    return result_id == family or result_id.startswith(f"{family}.")


@cache
def _form(family: str) -> re.Pattern[str]:
    words = ("[^.]+" if word == "*" else re.escape(word) for word in family.split("."))
    return re.compile(r"\.".join(words) + r"(?:\.|$)")
