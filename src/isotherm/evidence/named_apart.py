"""What results of one publication are called where they stand together: by what differs, never by an id of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isotherm.evidence.paper import Paper
from isotherm.evidence.result import PublishedResult


def names_apart(papers: Mapping[str, Paper], records: Sequence[PublishedResult]) -> dict[str, str]:
    """Return a name for each result, by its id: the publication, and what tells apart those that share one.

    That is no more than is needed, of: what was measured, the ablation, the endpoint, the reference, the step, the day,
    of whom, how it was analyzed, whether it was adjusted, which measure; at last its number in the order given.
    """
    names: dict[str, str] = {}
    for paper in dict.fromkeys(one.paper for one in records):
        own = [one for one in records if one.paper == paper]
        names |= _told(papers[paper], own)
    return names


def _told(paper: Paper, records: Sequence[PublishedResult]) -> dict[str, str]:
    words = {one.id: (paper.short,) for one in records}
    for part in zip(*(_parts(paper, one) for one in records), strict=True):
        longer = {one.id: (*words[one.id], said) for one, said in zip(records, part, strict=True)}
        if len(set(words.values())) < len(set(longer.values())):
            words = longer
    joined = {name: ", ".join(word for word in told if word) for name, told in words.items()}
    alike: dict[str, list[str]] = {}
    for name, told in joined.items():
        alike.setdefault(told, []).append(name)
    return joined | {name: f"{told} ({place})" for told, names in alike.items() if len(names) > 1
                     for place, name in enumerate(names, start=1)}  # fmt: skip


def _parts(paper: Paper, one: PublishedResult) -> tuple[str, ...]:
    arm = paper.arm(one.reference)
    return (
        one.label, one.modality if one.modality != "none" else "", one.endpoint,
        f"v {one.reference if arm is None else arm.name}" if one.reference else "", f"per {one.per}" if one.per else "",
        f"at {one.at}" if one.at else "", one.population, one.analysis,
        {None: "", True: "adjusted", False: "not adjusted"}[one.adjusted], one.measure,
    )  # fmt: skip
