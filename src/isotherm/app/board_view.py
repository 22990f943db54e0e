"""What the tumor board's page shows, in words: one sheet, then the annex; the same for the page and for the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isotherm.app.board_about import about_lines
from isotherm.app.board_course import course_rows, found_rows, joined_found, room_for_found
from isotherm.app.board_margins import (
    is_robustness,
    latest_margins,
    margin_whole,
    number_of,
    sheet_row,
    standing_of_lead,
)
from isotherm.app.board_sources import source_lines
from isotherm.app.board_words import (
    DIED,
    GROWTH_SAYS,
    NO_MARGIN,
    NO_MARGIN_OF_LESION,
    RESEARCH,
    ROBUSTNESS_SAYS,
    SIMULATED,
    alert_lines,
    chance_words,
    change_words,
    gates_words,
    growth_says,
    growth_words,
    interval_words,
    share_words,
    short_margin,
    volume_words,
    when_words,
)
from isotherm.app.criteria_view import criteria_view
from isotherm.app.criteria_words import ANSWER_WORDS, GAP_WORDS, capital, how_many, sources_say, weight_words
from isotherm.app.report_words import caveats

Part = Mapping[str, Any]
View = dict[str, Any]

MOST_MARGINS, MOST_ZONES, MOST_SOURCES, FEW_SOURCES, MOST_OUTCOMES, MOST_MISSING = 10, 9, 11, 4, 3, 6
"""What of each stands on the sheet; the annex has all of it."""

MOST_TITLES, FEW_TITLES, CROWDED = 3, 1, 8
"""Titles of rules in one cell; fewer where margins and zones are more than this many lines."""

MOST_CAVEATS = 2

MOST_FOUND, FEW_FOUND = 4, 2
"""Lines of what was found that the sheet shows; few where it is crowded."""


def board_view(document: Part) -> View:
    """Return the view of a document: plain words, lists and tables."""
    criteria: Part | None = document["criteria"]
    last = latest_margins(document["margins"])
    rows = [*(sheet_row(one, document["margins"]) for one in last[:MOST_MARGINS]), *_without(document, last)]
    zones: Sequence[Part] = document["follow_up"]
    questions: Sequence[Part] = [] if criteria is None else criteria["questions"]
    crowded = len(rows) + len(zones) > CROWDED
    found = joined_found(found_rows(document["found"]))
    shown = found[: room_for_found(found, most=FEW_FOUND if crowded else MOST_FOUND)]
    above = len(rows) + len(zones) + len(shown)
    most_sources = max(1, FEW_SOURCES - len(shown)) if crowded else max(FEW_SOURCES, MOST_SOURCES - above)
    sources = list(source_lines(criteria, most=FEW_TITLES if crowded else MOST_TITLES))
    return {
        "title": f"Tumor board: {document['patient_id']}" if document["patient_id"] else "Tumor board",
        "crowded": crowded, "under": _under(document), "about": about_lines(document, crowded=crowded),
        "research": f"{SIMULATED} {RESEARCH}" if document["simulated"] else RESEARCH,
        "died": f"Died on {document['died_on']}. {DIED}" if document["died_on"] else "",
        "alerts": alert_lines(zones),
        "star": any(_striking(one) for one in zones),
        "main": _main(document, last), "question": _question(questions),
        "margins": rows, "margins_left": max(0, len(last) - MOST_MARGINS),
        "chances": any(one["chance"] for one in rows), "toward": any(one["direction"] for one in rows),
        "interval_says": ROBUSTNESS_SAYS if any(is_robustness(one) for one in last) else "",
        "not_measured": [f"Lesion {one['lesion']}, session {one['session']}: {one['why']}"
                         for one in document["not_measured"]],
        "found": shown, "found_left": len(found) - len(shown),
        "zones": [_zone(one) for one in zones[:MOST_ZONES]], "zones_left": max(0, len(zones) - MOST_ZONES),
        "growth_says": GROWTH_SAYS if any(scan["growth"] for one in zones for scan in one["scans"]) else "",
        "sources": sources[:most_sources], "sources_left": max(0, len(sources) - most_sources),
        "sources_say": sources_say(one["kind"] for one in sources[:most_sources]),
        "evidence": _evidence(document["evidence"]),
        "asks": [_asks(one) for one in questions],
        "missing": [_missing(one) for one in questions[1 : 1 + MOST_MISSING]],
        "missing_more": [_missing(one) for one in questions[1 + MOST_MISSING :]],
        "notes": list(document["notes"]),
        "annex": {
            "margins": [margin_whole(one) for one in document["margins"]],
            "scans": [{"lesion": zone["lesion"], "session": zone["session"], **_scan(scan, first=not place)}
                      for zone in zones for place, scan in enumerate(zone["scans"])],
            "course": course_rows(document["course"], document["found"]),
            "evidence": document["evidence"]["lines"],
            "criteria": None if criteria is None else criteria_view(criteria),
        },
    }  # fmt: skip


def _under(document: Part) -> str:
    criteria: Part | None = document["criteria"]
    lesions: Sequence[str] = [] if criteria is None else criteria["case"]["lesions"]
    died = ", the day of death" if document["died_on"] == document["on"] else ""
    parts = [f"Day asked about: {document['on']}{died}"]
    parts += [] if document["organ"] is None else [str(document["organ"])]
    if criteria is not None:
        which = "which are all" if criteria["case"]["lesions_complete"] else "and more may follow"
        parts.append(f"{how_many(len(lesions), 'lesion', 'lesions')} listed, {which}")
    parts += ["from a registry, without images"] if document["origin"] == "registry" else []
    decided = document["decided_on"]
    parts += [f"as noted for the decision of {decided}, and as found since"] if decided else []
    return " · ".join([*parts, f"made {document['today']}"])


def _main(document: Part, last: Sequence[Part]) -> View:
    """Return the number that everybody looks for: the smallest margin, or what stands in its place."""
    if not last:
        why = document["not_measured"][0]["why"] if document["not_measured"] else "no scans with drawings are noted"
        return {"label": "Minimal ablation margin", "big": NO_MARGIN, "interval": "", "chance": "", "where": "",
                "when": capital(why) + ".", "caveats": [], "number": False}  # fmt: skip
    numbered = [one for one in last if one["minimal_margin_mm"] is not None]
    # A lesion that nothing was ablated of has the worst margin of all, whatever its number.
    worst = [one for one in last if one["status"] == "not_ablated"]
    shown = (worst or sorted(numbered, key=number_of) or list(last))[0]
    others = [f"Lesion {one['lesion']}: {short_margin(one)}." for one in last
              if one is not shown and one["status"] != "measured"]  # fmt: skip
    direction = shown["thinnest_direction"]
    several = "Smallest minimal margin" if len(last) > 1 else "Minimal ablation margin"
    return {
        "label": f"{several}: lesion {shown['lesion']}", "big": capital(short_margin(shown)),
        "interval": interval_words(shown), "chance": chance_words(shown),
        "where": f"thinnest toward {direction}" if direction else "", "when": when_words(shown),
        "caveats": [*(capital(said) + "." for said in (standing_of_lead(shown, last), gates_words(shown)) if said),
                    *filter(None, [shown["correction"]]), *others[:MOST_CAVEATS], *caveats(shown, most=MOST_CAVEATS)],
        "number": shown["minimal_margin_mm"] is not None,
    }  # fmt: skip


def _question(questions: Sequence[Part]) -> View | None:
    if not questions:
        return None
    first = questions[0]
    answers = sorted(first["answers"], key=lambda one: not one["decides"])
    return {
        "big": f"{capital(first['fact']['words'])}?",
        "why": f"{capital(GAP_WORDS[first['fact']['gap']])}. {capital(weight_words(first))}.",
        "outcomes": [_outcome(one) for one in answers[:MOST_OUTCOMES]],
        "more": [_outcome(one) for one in answers[MOST_OUTCOMES:]],
    }  # fmt: skip


def _outcome(answer: Part) -> str:
    """Return what the values of a missing fact would make of one criterion."""
    open_still = {"UNKNOWN": "still open"}
    ends = (
        f"{open_still.get(one['answer'], ANSWER_WORDS[one['answer']])} if {one['values']}" for one in answer["outcomes"]
    )
    return f"{answer['short']}, “{answer['title']}”: {'; '.join(ends)}"


def _missing(question: Part) -> str:
    gap = question["fact"]["gap"]
    return question["fact"]["words"] + ("" if gap == "missing" else f" ({GAP_WORDS[gap]})")


def _asks(question: Part) -> View:
    """Return a missing fact in words, with what a record of it names."""
    return {"words": _missing(question), "name": question["fact"]["name"], "lesion": question["fact"]["lesion"]}


def _without(document: Part, last: Sequence[Part]) -> list[View]:
    """Return a line for each lesion of the case that no margin is told of, as far as there is room."""
    criteria: Part | None = document["criteria"]
    known = {one["lesion"] for one in last}
    why = {one["lesion"]: one["why"] for one in document["not_measured"]}
    lesions = [] if criteria is None or not last else [one for one in criteria["case"]["lesions"] if one not in known]
    return [{"lesion": one, "margin": NO_MARGIN_OF_LESION, "interval": "", "chance": "", "when": "",
             "status": why.get(one, ""), "direction": "", "grave": False}
            for one in lesions[: max(0, MOST_MARGINS - len(last))]]  # fmt: skip


def _striking(zone: Part) -> bool:
    return any(one["growth"] is not None and one["growth"]["says"] == "suspected" for one in zone["scans"])


def _zone(zone: Part) -> View:
    return {
        "lesion": zone["lesion"],
        "session": zone["session"],
        "n": len(zone["scans"]),
        **_scan(zone["scans"][-1], first=len(zone["scans"]) == 1),
    }


def _scan(scan: Part, *, first: bool) -> View:
    growth = scan["growth"]
    return {
        "scan": scan["scan"], "on": scan["on"], "months": f"{scan['months']:.1f}", "volume": volume_words(scan),
        "share": share_words(scan), "change": change_words(scan), "growth": growth_words(growth),
        "says": growth_says(growth) if growth is not None else "first scan" if first else "not told without images",
        "suspected": growth is not None and growth["says"] == "suspected",
    }  # fmt: skip


def _evidence(evidence: Part) -> View:
    lines = [f"{one['paper']} ({one['about']}): {'; '.join(one['numbers'])}"
             + (f"; and {one['more']} more" if one["more"] else "")
             + (f". Not measured alike: {'; '.join(one['differs'])}" if one["differs"] else "") + f" [{one['source']}]"
             for one in evidence["lines"]]  # fmt: skip
    others = evidence["others"]
    if evidence["matching"]:
        said = f"{how_many(others, 'other relation is', 'other relations are')} of other margins, days or organs."
    elif others:
        said = f"None of {others} published relations was measured alike, so that no margin here is laid beside one."
    else:
        said = ""
    return {"lines": lines, "said": said, "remark": evidence["remark"] if lines else ""}
