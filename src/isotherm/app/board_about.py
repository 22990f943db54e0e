"""Whom a tumor board's page is about, in three lines: the patient, the lesions with sizes and ablations, the drugs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from isotherm.app.report_words import NO_BREAK

Part = Mapping[str, Any]

MOST_LESIONS, FEW_LESIONS = 8, 4
"""Lesions that are told with their sizes; few where the sheet is crowded. The annex has all of them."""

MOST_LINES = 3
"""Lines of systemic therapy, the last ones."""


def about_lines(document: Part, *, crowded: bool) -> list[dict[str, str]]:
    """Return what the record has of the patient on the day asked about: a label and its words in each line.

    What is not known is said where a tumor board would ask for it, and left out elsewhere.
    """
    lines = {
        "Patient": " · ".join(_patient(document)),
        "Lesions": "; ".join(_lesions(document, FEW_LESIONS if crowded else MOST_LESIONS)),
        "Systemic therapy": "; ".join(_systemic(document)),
    }
    return [{"label": label, "words": words} for label, words in lines.items() if words]


def _patient(document: Part) -> Iterator[str]:
    known, facts = document["patient"], _facts(document, None)
    primary = None if "primary" not in facts else facts["primary"]["value"]
    if known["sex"] is not None:
        yield str(known["sex"])
    if "age_years" in facts and facts["age_years"]["value"] is not None:
        yield f"{int(facts['age_years']['value'])}{NO_BREAK}years"
    if primary is not None:
        yield f"{primary} primary"
    if known["ras"] is not None or primary == "colorectal":
        yield f"RAS {known['ras'] or 'not noted'}"
    if known["braf"] is not None:
        yield f"BRAF {known['braf']}"
    cea = facts.get("cea_ug_l")
    if cea is not None:
        yield f"CEA {cea['shown']}" + (f" ({cea['on']})" if cea["on"] else "")
    elif primary == "colorectal":
        yield "CEA not noted"


def _lesions(document: Part, most: int) -> Iterator[str]:
    names: Sequence[str] = [] if document["criteria"] is None else document["criteria"]["case"]["lesions"]
    for name in names[:most]:
        yield f"{name}: {', '.join((_size(_facts(document, name).get('diameter_mm')), *_ablated(document, name)))}"
    if len(names) > most:
        yield f"and {len(names) - most} more"


def _size(fact: Part | None) -> str:
    if fact is None:
        return "size not noted"
    return f"{fact['shown']}" + (f" ({fact['on']})" if fact["on"] else "")


def _ablated(document: Part, lesion: str) -> Iterator[str]:
    sessions: Sequence[Part] = [] if document["course"] is None else document["course"]["sessions"]
    days = [one["on"] for one in sessions if lesion in one["lesions"] and one["on"] <= document["on"]]
    if days:
        yield f"ablated {' and '.join(days)}"


def _systemic(document: Part) -> Iterator[str]:
    if document["course"] is None:
        return
    lines: Sequence[Part] = [one for one in document["course"]["systemic"] if one["started_on"] <= document["on"]]
    if not lines:
        yield "none is noted"
    if len(lines) > MOST_LINES:
        yield f"{len(lines) - MOST_LINES} earlier"
    for one in lines[-MOST_LINES:]:
        stopped = one["stopped_on"] if one["stopped_on"] and one["stopped_on"] <= document["on"] else None
        until = f"{one['started_on']} to {stopped}" if stopped else f"from {one['started_on']} on, no end is noted"
        yield f"{one['regimen'] or 'regimen not noted'}, {until}"


def _facts(document: Part, lesion: str | None) -> dict[str, Part]:
    facts: Sequence[Part] = [] if document["criteria"] is None else document["criteria"]["facts"]
    return {one["name"]: one for one in facts if one["lesion"] == lesion}
