"""The tasks of `isotherm evidence`: read the library, choose from it, recompute it; each once, for every face."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from isotherm.app.evidence_words import standings
from isotherm.errors import BadSetting
from isotherm.evidence.library import Library, bundled, library_of
from isotherm.evidence.paper import Paper
from isotherm.evidence.reproduce import Reproduced, reproduce
from isotherm.evidence.result import PublishedResult
from isotherm.exchange.paper_files import read_papers


@dataclass(frozen=True, slots=True)
class Choice:
    """Which results are wanted; an empty text lets all pass."""

    organ: str = ""
    endpoint: str = ""
    modality: str = ""
    status: str = ""
    paper: str = ""

    def takes(self, record: PublishedResult, paper: Paper) -> bool:
        """Say whether a result is wanted. A study of liver and lung is one of the liver."""
        return (
            self.organ in record.organ
            and self.endpoint.casefold() in record.endpoint.casefold()
            and self.modality in ("", record.modality)
            and self.status in ("", *(standings(record, paper) or ("published",)))
            and self.paper in ("", record.paper)
        )


def open_library(folder: str | None) -> Library:
    """Read the library, and with it the publications of a folder; a file of the same name takes the other's place.

    Raises
    ------
    BadEvidence, UnreadableFile
    """
    return library_of({**bundled(), **(read_papers(folder) if folder is not None else {})})


SAME = (("recurrence", "progression", "relapse", "ltp"), ("microwave", "microwaves", "mwa"),
        ("radiofrequency", "rfa"), ("cryo", "cryoablation"), ("metastasis", "metastases"))  # fmt: skip
ALSO_CALLED = {word: called for called in SAME for word in called}
"""Words for one thing, of which publications use one or another."""


def chosen(library: Library, choice: Choice, words: Sequence[str] = ()) -> tuple[PublishedResult, ...]:
    """Return the results that are wanted and hold all of some words, or others for them; in the library's order.

    Raises
    ------
    BadSetting
        A publication or an endpoint that no result has.
    """
    if choice.paper and choice.paper not in library.papers:
        raise BadSetting(_unknown("publication", choice.paper, list(library.papers)))
    endpoints = sorted({record.endpoint for record in library.results.values() if record.endpoint})
    if choice.endpoint and not any(choice.endpoint.casefold() in one.casefold() for one in endpoints):
        raise BadSetting(_unknown("endpoint", choice.endpoint, endpoints))
    wanted = [ALSO_CALLED.get(word.casefold(), (word.casefold(),)) for word in words]
    return tuple(
        record
        for record in library.results.values()
        if choice.takes(record, library.papers[record.paper]) and _holds(_text(record, library), wanted)
    )


def _holds(text: str, wanted: Sequence[Sequence[str]]) -> bool:
    return all(any(word in text for word in called) for called in wanted)


def effects_first(records: Sequence[PublishedResult]) -> tuple[PublishedResult, ...]:
    """Return ratios and differences with their interval first, then what else has one; within each the order stays."""
    return tuple(sorted(records, key=_without_effect))


def _without_effect(record: PublishedResult) -> int:
    compares = record.is_ratio or record.measure == "difference"
    return 0 if record.has_interval and compares else 1 if record.has_interval else 2


def recomputed(library: Library, choice: Choice) -> tuple[Reproduced, ...]:
    """Run the checks that compare any of the results that are wanted."""
    return reproduce(library, {record.id for record in chosen(library, choice)})


def outcomes(rows: Sequence[Reproduced]) -> Counter[str]:
    """Return how often each outcome came."""
    return Counter(row.outcome for row in rows)


def _text(record: PublishedResult, library: Library) -> str:
    paper = library.papers[record.paper]
    said = (
        record.id,
        record.label,
        record.endpoint,
        record.measure,
        record.population,
        record.organ,
        record.modality,
        record.reference,
        record.note,
        paper.short,
        paper.title,
        paper.trial,
        *(n.note for n in record.discrepancies),
    )
    return " ".join(said).casefold()


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=3, cutoff=0.3)
    hint = f"; near it: {', '.join(near)}" if near else ""
    return f'No published result has the {what} "{name}"{hint}.'
