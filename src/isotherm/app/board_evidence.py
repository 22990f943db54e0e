"""What others published of margins like this patient's: the relations that may stand beside them, and their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from isotherm.app.evidence_patient import METHOD, Mark, Patient
from isotherm.app.evidence_relations_drawn import NO_PROBABILITY, Panel, number_words, panels_of
from isotherm.app.evidence_words import source_words
from isotherm.app.report_words import NO_BREAK, bound_of, interval_name
from isotherm.evidence.library import Library
from isotherm.evidence.relations import HowMeasured

MOST_RELATIONS, MOST_OTHERS, MOST_NUMBERS = 3, 2, 3
"""What stands beside the margins on the sheet; `isotherm evidence margin` shows all of it."""

MODALITIES = ("RFA", "MWA", "cryoablation", "IRE")


def evidence_beside(library: Library, margins: Sequence[Mapping[str, Any]], *, organ: str, imaging: Mapping[str, str]
                    ) -> dict[str, Any]:  # fmt: skip
    """Return the published relations that the margins of the last session may be laid beside.

    Parameters
    ----------
    library : Library
    margins : sequence of mapping
        As a board's document has them, by the days of their sessions.
    organ : str
        "liver", "lung" or "".
    imaging : mapping of str to str
        "CT" or "MRI" by the id of the scan.
    """
    if not margins:
        return {"lines": [], "matching": 0, "others": 0, "why_not": [], "remark": NO_PROBABILITY}
    last = [one for one in margins if one["session"] == margins[-1]["session"]]
    how = HowMeasured(
        organ=organ if organ in ("liver", "lung") else "", method=METHOD, imaging=imaging.get(str(last[0]["scan"]), ""),
        modality=str(last[0]["modality"]) if last[0]["modality"] in MODALITIES else "",
        days_after=last[0]["days_after"],
    )  # fmt: skip
    panels = panels_of(library, "margin", Patient(how=how, margins=tuple(map(_mark, last))))
    fitting = [one for one in panels if not one.against]
    why = [reason for one in panels for reason in one.against]
    return {
        "lines": [_line(one) for one in (fitting[:MOST_RELATIONS] or _nearest(panels, how.organ))],
        "matching": len(fitting),
        "others": len(panels) - len(fitting),
        "why_not": sorted(set(why), key=lambda one: (-why.count(one), one))[:MOST_RELATIONS],
        "remark": NO_PROBABILITY,
    }


def _nearest(panels: Sequence[Panel], organ: str) -> list[Panel]:
    """Return the relations of the organ that differ least in how margins were measured, where none is alike."""
    own = [one for one in panels if not organ or one.relation.organ in (organ, "several")]
    return sorted(own, key=lambda one: len(one.against))[:MOST_OTHERS]


def _mark(lesion: Mapping[str, Any]) -> Mark:
    value, interval = lesion["minimal_margin_mm"], lesion["interval_mm"]
    mark = Mark(label=f"lesion {lesion['lesion']}", value_mm=value, bound=bound_of(lesion))
    if interval is None:
        return mark
    return replace(mark, low_mm=float(interval["low"]), high_mm=float(interval["high"]),
                   interval=interval_name(interval).replace(NO_BREAK, " "))  # fmt: skip


def _line(panel: Panel) -> dict[str, Any]:
    relation = panel.relation
    numbers = [number_words(one).replace(NO_BREAK, " ") for one in relation.records]
    about = filter(None, (relation.endpoint, relation.organ, _printed(relation.modality)))
    return {
        "paper": relation.paper.short, "about": ", ".join(about), "differs": list(panel.against),
        "numbers": numbers[:MOST_NUMBERS], "more": max(0, len(numbers) - MOST_NUMBERS),
        "source": source_words(relation.records[0], relation.paper),
    }  # fmt: skip


def _printed(modality: str) -> str:
    """Return how tumors were ablated; where that is not printed, say of what it is not."""
    return "modality not printed" if modality == "not printed" else modality
