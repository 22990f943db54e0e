"""The door from records to pooling: published results → StudyEffect, with what their publications say of overlaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from isotherm.errors import CannotPool
from isotherm.evidence.comparable import RULES, overlap_problem
from isotherm.evidence.library import Library
from isotherm.evidence.named_apart import names_apart
from isotherm.evidence.paper import Paper
from isotherm.evidence.result import PublishedResult
from isotherm.evidence.set_aside import set_aside
from isotherm.evidence.study_effect import AS_PRINTED, StudyEffect, study_effect
from isotherm.override import Override
from isotherm.source import Citation

OF_RECORDS = ("status", "label")
"""Rules on a record itself: derived and recalled numbers, and labels that contradict them, are not pooled."""

DAYS = {"hours": 1.0 / 24.0, "days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}


def study_effects(
    library: Library, ids: Sequence[str], despite: Mapping[str, str] | None = None
) -> tuple[StudyEffect, ...]:
    """Take published results to the scale of pooling.

    Direction, step, arms and overlaps are those of the records and their publications, never read off a label. The
    overlap of patients is looked for first, so that nobody mends everything else before hearing of it.

    Parameters
    ----------
    library : Library
    ids : sequence of str
        Of results.
    despite : mapping from rule to reason, optional
        Rules on single results that are set aside: "status" (derived or recalled), "label" (contradicts the numbers),
        "interval" and "p value" (contradict the estimate). Those of `isotherm.evidence.comparable` are for `pool`;
        they may stand here as well, and "overlap" has to if it is set aside.

    Raises
    ------
    BadSetting
        A result that is not there.
    CannotPool
        The same result twice, an overlap, a result without an interval, without a reference level or a printed step;
        or a rule above without a reason.
    """
    reasons = dict(despite or {})
    records = [library.result(name) for name in ids]
    names = names_apart(library.papers, records)
    if len(set(ids)) < len(ids):
        raise CannotPool("One result came twice; name each once.")
    shared = [(a.id, b.id) for a, b in sharing_patients(library, records)]
    if shared and "overlap" not in reasons:
        set_aside([overlap_problem((names[a], names[b]) for a, b in shared)], {}, ("overlap",))
    partners = {one: frozenset(names[b if a == one else a] for a, b in shared if one in (a, b)) for one in names}
    own = {rule: reason for rule, reason in reasons.items() if rule not in RULES}
    studies = [_study(library, record, names[record.id], partners[record.id], own) for record in records]
    used = {override.what for study in studies for override in study.overrides}
    # What no study needed, and what no rule is called, is refused here as everywhere.
    set_aside((), {rule: own[rule] for rule in own if rule not in used}, (*OF_RECORDS, *AS_PRINTED, *RULES))
    return tuple(studies)


def for_pooling(despite: Mapping[str, str]) -> dict[str, str]:
    """Return the reasons that are left for `pool`, after `study_effects` took its own."""
    return {rule: reason for rule, reason in despite.items() if rule in RULES}


def document_of(record: PublishedResult, paper: Paper) -> Citation:
    """Return the publication of a result as its source; a number that was read elsewhere says so in its place.

    Two results are of one study if they are of one publication, not if one lecture shows both.
    """
    elsewhere = record.source.title != paper.title
    return paper.citation(record.source.where + (f" (as shown in {record.source.title})" if elsewhere else ""))


def compared(record: PublishedResult, paper: Paper) -> tuple[str, str]:
    """Return what a result compares with what, in words: arms by their names, a slope without a reference."""
    arm, reference = paper.arm(record.arm), paper.arm(record.reference)
    first = record.label if arm is None else arm.name
    if record.per:
        return first, ""
    return first, record.reference if reference is None else reference.name


def _study(
    library: Library, record: PublishedResult, name: str, partners: frozenset[str], despite: Mapping[str, str]
) -> StudyEffect:
    if not record.has_interval:
        raise CannotPool(f"{name} has no interval in print ({record.id}), so its weight is unknown; leave it out.")
    if record.per.startswith("not printed"):
        raise CannotPool(f"{name} does not print the step of its slope ({record.id}); leave it out.")
    paper = library.papers[record.paper]
    first, second = compared(record, paper)
    printed, found = record.printed_effect(), [*_problems(record, name)]
    overrides = _overrides([*found, *printed.contradictions(name)], despite)
    numbers = {one.what: one.reason for one in overrides if one.what in AS_PRINTED}
    made = study_effect(
        record.effect(), name=name, compared=first, reference=second, slope_unit=record.per, overlaps_with=partners,
        organ=record.organ, at_days=days_of(record.at) if record.at else None,
        source=document_of(record, paper), printed=printed,
        despite=numbers, overrides=tuple(one for one in overrides if one.what in OF_RECORDS),
    )  # fmt: skip
    return made


def _overrides(problems: Sequence[tuple[str, str]], despite: Mapping[str, str]) -> tuple[Override, ...]:
    needed = {rule for rule, _ in problems}
    return set_aside(
        problems, {rule: why for rule, why in despite.items() if rule in needed}, (*OF_RECORDS, *AS_PRINTED)
    )


def _problems(record: PublishedResult, name: str) -> Iterator[tuple[str, str]]:
    if record.status != "published":
        was = "was computed from other numbers" if record.status == "derived" else "was written down from memory"
        yield "status", f"{name} {was} and is not printed so ({record.id})."
    if record.direction_suspect or record.unit_suspect:
        yield "label", f"The printed label of {name} contradicts its numbers ({record.id})."


def sharing_patients(
    library: Library, records: Sequence[PublishedResult]
) -> tuple[tuple[PublishedResult, PublishedResult], ...]:
    """Return the pairs of results that rest on some of the same patients, by what their publications say."""
    return tuple((a, b) for a, b in combinations(records, 2)
                 if a.paper == b.paper or b.paper in library.overlapping(a.paper))  # fmt: skip


def days_of(at: str) -> float:
    """Return a horizon such as "5 years" in days."""
    number, unit = at.split(" ")
    return float(number) * DAYS[unit]
