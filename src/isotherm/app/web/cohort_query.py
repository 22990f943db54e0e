"""CohortQuery: what a page asks of the cohort, as its address holds it: the unit, choices, a condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query

from isotherm.app.registry_cohort import Asked, asked
from isotherm.registry.derive import Windows
from isotherm.registry.endpoints_kinds import Choices

CHOICES = (*Choices.__dataclass_fields__, *Windows.__dataclass_fields__)

Text = Annotated[str, Query(max_length=2000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortQuery:
    """What is asked.

    Parameters
    ----------
    per, where : str
    settings : mapping of str to str
        Only what differs from what is usual.
    """

    per: str = "patient"
    where: str = ""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def asked(self) -> Asked:
        """What the task is asked; raises where it cannot be."""
        return asked(self.per, self.settings, self.where)

    def address(self, path: str = "/cohort", **changed: str) -> str:
        """Return the address of a page that asks this, or something else in part."""
        one = replace(self, **{name: changed.pop(name) for name in ("per", "where") if name in changed})
        told = {"per": one.per, **one.settings, **({"where": one.where} if one.where else {}), **changed}
        return f"{path}?{urlencode(told)}"


def cohort_query(per: Text = "patient", where: Text = "", anchor: Text = "", local_from: Text = "", repeat: Text = "",
                 efficacy_days: Text = "", complication_days: Text = "", upfront: Text = "", delayed: Text = "",
                 synchronous: Text = "") -> CohortQuery:  # fmt: skip
    """Return what an address asks; what is left empty is as usual."""
    given = {"anchor": anchor, "local_from": local_from, "repeat": repeat, "efficacy_days": efficacy_days,
             "complication_days": complication_days, "upfront": upfront, "delayed": delayed,
             "synchronous": synchronous}  # fmt: skip
    lines = " ".join(where.split())
    return CohortQuery(
        per=per, where=lines, settings={name: text.strip() for name, text in given.items() if text.strip()}
    )
