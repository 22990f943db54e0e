"""A published result in words: its value, its unit, where it stands, and that it is recalled wherever it is shown."""

from __future__ import annotations

from isotherm.effect import RATIOS
from isotherm.evidence.paper import Paper
from isotherm.evidence.published_effect import document_of
from isotherm.evidence.result import CONFIRM, PublishedResult

STATUSES = {
    "published": "published",
    "derived": "derived: computed here, never published by the authors",
    "recalled": CONFIRM,
}
LIMITS = {"confidence": "", "range": "range ", "IQR": "IQR "}


NOT_SEEN = frozenset(RATIOS) | {"mean", "median", "difference", "bias", "change per step", "heterogeneity"}
"""Kinds of number that nobody tells from the number."""


def value_words(record: PublishedResult) -> str:
    """Return everything that was printed of a result, in one line."""
    parts = [_estimate(record), _count(record), _p_value(record)]
    return ", ".join(part for part in parts if part)


def status_words(record: PublishedResult) -> str:
    """Return the status, and what it means for those who want to use the number."""
    return STATUSES[record.status]


def standings(record: PublishedResult, paper: Paper) -> tuple[str, ...]:
    """Return what a result is other than printed: derived, recalled, or both; of a recalled publication each is so."""
    recalled = "recalled" in (record.status, paper.identification)
    return ("derived",) * (record.status == "derived") + ("recalled",) * recalled


def standing_words(record: PublishedResult, paper: Paper) -> str:
    """Return the status of a result in words, recalled publications and all, as lists and exports show it."""
    return "; ".join(STATUSES[one] for one in standings(record, paper) or ("published",))


def flag_words(record: PublishedResult) -> tuple[str, ...]:
    """Return what is wrong with a result, each in one sentence."""
    flags = [f"What was surely meant: {record.corrected}." if record.corrected else ""]
    flags.append("The printed label contradicts the numbers." if record.direction_suspect else "")
    flags.append("The numbers cannot be what the table says they are." if record.unit_suspect else "")
    return (*(flag for flag in flags if flag), *(note.note for note in record.discrepancies))


def context_words(record: PublishedResult, paper: Paper) -> str:
    """Return what was measured, of whom, when and against what, in one line; arms by their names."""
    arm, reference = (paper.arm(one) for one in (record.arm, record.reference))
    said = [record.label, record.endpoint if record.endpoint != record.label else ""]
    said += [f"arm: {arm.name if arm else record.arm}"] if record.arm else []
    of_part = record.modality not in ("none", paper.modality) and record.modality not in record.label
    said += [f"ablation: {record.modality}" if of_part else "", measure_words(record)]
    said += [f"v {reference.name if reference else record.reference}" if record.reference else "", record.analysis]
    said += [f"per {record.per}" if record.per else "", f"at {record.at}" if record.at else ""]
    said += [f"of {record.unit}s" if record.unit != "none" else "", f"margin: {record.margin}" if record.margin else ""]
    return "; ".join(part for part in said if part)


def measure_words(record: PublishedResult) -> str:
    """Return what kind of number it is, unless the number itself says so: 1.3 may be a ratio of hazards or of odds."""
    return record.measure if record.measure in NOT_SEEN and record.measure not in record.label else ""


def paper_words(paper: Paper) -> str:
    """Return a publication in one line, with that it has to be confirmed where it was identified from memory."""
    confirm = f" ({CONFIRM})" if paper.identification == "recalled" else ""
    return f"{paper.short}: {paper.title}{confirm}"


def source_words(record: PublishedResult, paper: Paper) -> str:
    """Return where a number stands, as short as a reader needs to find it."""
    source = document_of(record, paper)
    numbers = source.identifiers()
    first = numbers.get("journal") or str(source.year)
    named = [f"{key} {numbers[key]}" for key in ("doi", "pmid") if key in numbers]
    named += [numbers[key] for key in ("pmcid", "trial") if key in numbers]
    confirm = f" [{CONFIRM}]" if "recalled" in standings(record, paper) else ""
    return "; ".join([first, *named[:1], source.where]) + confirm


def _estimate(record: PublishedResult) -> str:
    sign = "" if record.operator == "=" else f"{record.operator} "
    unit = f" {record.number_unit}" if record.number_unit else ""
    middle = "" if record.estimate is None else f"{sign}{record.estimate}{unit}"
    spread = "" if record.sd is None else f"SD {record.sd}"
    if record.low is not None and record.high is not None:
        level = (
            f"{float(100 * record.level):g} % interval "
            if record.limits_of == "confidence"
            else LIMITS[record.limits_of]
        )
        spread = f"{level}{record.low} to {record.high}"
        if not middle:
            return f"{record.low} to {record.high}{unit}"
    return f"{middle} ({spread})" if spread else middle


def _count(record: PublishedResult) -> str:
    if record.measure == "at risk" and record.events is not None:
        return f"{record.events} events so far"
    if record.events is not None:
        return f"{record.events} of {record.n}" if record.n is not None else f"{record.events} events"
    return f"n = {record.n}" if record.n is not None else ""


def _p_value(record: PublishedResult) -> str:
    return "" if record.p_value is None else f"p {record.p_operator} {record.p_value}"
