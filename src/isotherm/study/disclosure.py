"""Release: small counts withheld, and with them every count and number from which one could be worked out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import linprog

from isotherm.errors import BadSetting
from isotherm.study.disclosure_curves import release_curves
from isotherm.study.result import Count, Record, Results, StudyResult, Sum, coarse

SMALLEST = 10
"""Counts from 1 to below this are withheld, as in federated studies with a minimum cell of ten."""

WITHHELD = "withheld: a small count, or a number from which one could be worked out"

CUT = "[withheld]"
"""Stands within a sentence for a number that is withheld."""

UNBOUNDED = 3
"""What `linprog` answers where a count has no upper end."""

COUNTED = re.compile(
    r"\b\d+(?:\.\d+)?(?: of (?:the )?\d+)?"
    r"(?= (?:(?:complete|eligible|drawn|matched) )?(?:rows?|patients?|patient ids|units?|treated|controls?|clusters?|"
    r"pairs?|events?|tumors?|strata|weights|columns|replicates|samples|sites?|arms?|patient-days|per variable)\b)"
)
"""Counts of people within a sentence."""

DAYS = re.compile(r"(?:(?<=\bmedian )|(?<=\bmean ))\d[\d.e+]*(?= days)|(?<=\bbefore day )\d[\d.e+]*")
"""What may be the days of a few of them."""

OF_ALL = re.compile(r"\b(all|the) some\b")
"""Left of "all 90 patients" where the count is gone."""

PLANNED = ("protocol.", "data.", "caveat.", "headline.caveat", "run.")
"""Texts of the author, which hold no count of ours."""


BY_EVENTS = ("effect.", "curve.", "headline.", "rmst.", "proportional_hazards.", "bootstrap.", "logrank.", "followup.")
"""Families whose numbers come from the events of an outcome."""

EXTREMES = re.compile(
    r"matching\.widest|weighting\..*\.largest_share|design\..*\.(?:weights\..*\.(?:least|most)|first_day|last_day)"
)
"""Numbers of one or two patients."""

BY_PROTOCOL = re.compile(r"design\..*\.start_day")
"""Numbers that a protocol sets: nobody's, and exact in a release too."""

COARSE = ("course.", "design.", "incidence.", "intercurrent.", "serial.", "factors.")
"""Families whose counts a release tells as the ten that they lie in: the multiple of ten they reach."""

NOBODY = "one patient"
"""Stands for a count of one in what such a number rests on."""


def release(result: StudyResult, *, smallest: int = SMALLEST) -> StudyResult:
    """Return a result that may leave the house.

    Counts from 1 to `smallest` - 1 are withheld. Whoever knows all that is left, and that no count is below 0, can
    narrow none of them down to fewer than `smallest` + 1 values: further counts are withheld until that holds (found by
    linear programs over the sums in which counts take part). Numbers that are functions of a withheld count go with
    it; other numbers keep 3 significant digits, counts within sentences become "some", and the patients themselves are
    not in it.

    Parameters
    ----------
    result : StudyResult
    smallest : int
        2 or more.

    Raises
    ------
    BadSetting

    References
    ----------
    .. [1] Hundepool A et al. Statistical disclosure control. Wiley 2012 (chapter 4: complementary suppression, audit by
       linear programs).
    """
    if smallest < 2:
        raise BadSetting(f"A smallest cell of {smallest} came; give 2 or more, such as {SMALLEST}.")
    results = result.results
    hidden = withheld_counts(results.counts, results.sums, smallest)
    secret = (
        hidden | {NOBODY} | {key for key, one in results.counts.items() if not one.printed and 0 < one.value < smallest}
    )
    curves, gone = release_curves(results, hidden, smallest)
    gone |= hidden | {key for key, record in results.records.items() if secret & _behind(results, key, record)}
    records = {key: _released(key, record, withheld=key in gone) for key, record in results.records.items()}
    findings = [one | {"says": vague(one["says"]), "rows": None} for one in results.findings]
    released = Results(records=records, tables=results.tables, curves=curves, findings=findings)
    settings = dict(result.head["settings"]) | {
        "release": True,
        "smallest_cell": smallest,
        "target": vague(result.head["settings"]["target"]),
        "adjustment": vague(result.head["settings"]["adjustment"]),
    }
    data = dict(result.head["data"]) | {"rows": None, "patients": None, "tumors": None}
    flow = {"boxes": [box | {"hash": None} for box in result.flow["boxes"]]}
    return StudyResult(result.protocol, released, dict(result.head) | {"settings": settings, "data": data}, flow, None)


def _behind(results: Results, key: str, record: Record) -> set[str]:
    """Return the counts that a number is a function of; an estimate rests on the events of its outcome."""
    behind = set(results.rests_on.get(key, ()))
    if record.outcome is not None and key.startswith(BY_EVENTS):
        parts = (f"events.{record.outcome}.", f"events.{record.outcome}.adjusted.")
        behind |= {other for other in results.counts if other.startswith(parts) and "left_out" not in other}
    if EXTREMES.fullmatch(key):
        behind.add(NOBODY)
    return behind


def _released(key: str, record: Record, *, withheld: bool) -> Record:
    """Return a record without counts in its words, and without its number where that is withheld."""
    if _is_coarse(key, record):
        if withheld or 0 < (record.value or 0) < SMALLEST:
            return replace(record, value=None, why=WITHHELD)
        reached = int(record.value or 0) // SMALLEST * SMALLEST
        return replace(record, value=reached, **({"low": reached, "high": reached + SMALLEST - 1} if reached else {}))
    bare = replace(record, n=None, events=None, method=vague(record.method), why=vague(record.why))
    if record.text is not None and not key.startswith(PLANNED):
        bare = replace(bare, text=vague(record.text))
    if not withheld:
        numbers = {part: coarse(getattr(record, part)) for part in ("value", "low", "high", "p")}
        return bare if record.kind == "count" or BY_PROTOCOL.fullmatch(key) else replace(bare, **numbers)
    # Also where there is none: that many replicates failed, or that none could be fitted, tells of how few there are.
    return replace(bare, value=None, low=None, high=None, p=None, text=None, method="", why=WITHHELD)


def _is_coarse(key: str, record: Record) -> bool:
    return record.kind == "count" and key.startswith(COARSE)


def vague(words: str) -> str:
    """Return a sentence without its counts of people."""
    some = COUNTED.sub(lambda found: "Some" if found.start() == 0 else "some", words)
    return DAYS.sub(CUT, OF_ALL.sub(r"\1", some))


def withheld_counts(counts: Mapping[str, Count], sums: Iterable[Sum], smallest: int) -> set[str]:
    """Return the printed counts that have to be withheld.

    Parameters
    ----------
    counts : mapping of id to Count
        Those that are not printed are unknown to a reader from the start, and are protected just as well.
    sums : iterable of Sum
    smallest : int
    """
    equations = list(sums)
    hidden = {key for key, one in counts.items() if one.printed and 0 < one.value < smallest}
    small = [key for key, one in counts.items() if 0 < one.value < smallest]
    exposed = list(small)
    while exposed:
        key = exposed.pop()
        while (further := _exposed_by(key, counts, equations, hidden, smallest)) is not None:
            hidden.add(further)
    return hidden


def _exposed_by(
    key: str, counts: Mapping[str, Count], equations: list[Sum], hidden: set[str], smallest: int
) -> str | None:
    """Return the count that has to be withheld next, so that a small one cannot be worked out; None if it cannot be."""
    unknown, own = _component(key, counts, equations, hidden)
    if key not in unknown or not own or _width(key, unknown, own, counts) >= smallest:
        return None
    open_counts = {other for one in own for other in (one.total, *one.parts)} - set(unknown)
    # The least needed first; of equal ones the smallest above 0, then by name, so that it is always the same.
    return min(
        open_counts,
        key=lambda other: (counts[other].worth, counts[other].value == 0, counts[other].value, other),
        default=None,
    )


def _component(
    key: str, counts: Mapping[str, Count], equations: list[Sum], hidden: set[str]
) -> tuple[dict[str, int], list[Sum]]:
    """Return the unknown counts that hang together with one, each with its place, and the sums that tie them."""
    unknown, own, todo = {key: 0}, dict[int, Sum](), [key]
    while todo:
        here = todo.pop()
        for place, one in enumerate(equations):
            if place in own or here not in (one.total, *one.parts):
                continue
            own[place] = one
            for other in (one.total, *one.parts):
                if other not in unknown and (other in hidden or not counts[other].printed):
                    unknown[other] = len(unknown)
                    todo.append(other)
    return unknown, list(own.values())


def _width(key: str, unknown: dict[str, int], own: list[Sum], counts: Mapping[str, Count]) -> float:
    """Return how far apart the least and the largest value of a count lie that fit all that is known."""
    matrix, right = np.zeros((len(own), len(unknown))), np.zeros(len(own))
    for row, one in enumerate(own):
        for other, sign in ((one.total, 1.0), *((part, -1.0) for part in one.parts)):
            if other in unknown:
                matrix[row, unknown[other]] += sign
            else:
                right[row] -= sign * counts[other].value
    goal = np.zeros(len(unknown))
    goal[unknown[key]] = 1.0
    ends: list[float] = []
    for sign in (1.0, -1.0):
        found: Any = linprog(sign * goal, A_eq=matrix, b_eq=right, bounds=(0.0, None), method="highs")
        ends.append(-np.inf if found.status == UNBOUNDED else float(found.fun))
    return -ends[1] - ends[0]
