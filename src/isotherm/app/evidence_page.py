"""The evidence page: every publication and every printed number with its source and its status, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from isotherm.app.evidence_words import context_words, flag_words, paper_words, standing_words, standings, value_words
from isotherm.evidence.library import Library
from isotherm.evidence.paper import Paper
from isotherm.evidence.reproduce import reproduce
from isotherm.evidence.result import PublishedResult

HEAD = """# Published results

Generated from `src/isotherm/evidence/papers`, and kept true by a test. One row for each printed value; where sources
disagree, both stand here and neither is an average. A title in brackets describes a publication whose title was not at
hand.

Of each row its status is said in words; `status` in JSON and CSV has the key:

- **published**: printed in the document that is named as the source.
- **derived**: computed here from other rows, never published by the authors.
- **recalled**: written down from memory: confirm in the publication before use. Of a publication that was identified
  from memory each row says so, whatever its key.

`isotherm evidence show ID` gives all that is known of a row, `isotherm evidence reproduce` recomputes what can be.
"""


def evidence_page(library: Library) -> str:
    """Return the page: totals, then each publication with its results."""
    lines = [HEAD, *_totals(library)]
    for paper in library.papers.values():
        lines += ["", *_paper(library, paper)]
    return "\n".join(lines) + "\n"


def _totals(library: Library) -> Iterator[str]:
    statuses = Counter(record.status for record in library.results.values())
    counts = Counter(row.outcome for row in reproduce(library))
    said = ", ".join(f"{number} {name}" for name, number in sorted(statuses.items()))
    recalled = sum(one.status != "recalled" and "recalled" in standings(one, library.papers[one.paper])
                   for one in library.results.values())  # fmt: skip
    more = f"; {recalled} more are of a publication that is recalled" if recalled else ""
    yield f"{len(library.papers)} publications, {len(library.results)} results: {said}{more}."
    said = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    yield f"{counts.total()} checks: {said}."


def _paper(library: Library, paper: Paper) -> Iterator[str]:
    yield f"## {_cell(paper.short)}"
    yield ""
    yield f"`{paper.id}`. {_cell(paper_words(paper))}; {_cell(_found(paper))}."
    yield f"{paper.design.capitalize()}; {paper.organ}; {_cell(paper.population)}."
    overlapping = sorted(library.overlapping(paper.id))
    if overlapping:
        yield f"Very likely shares patients with: {', '.join(overlapping)}; never pooled as independent."
    if paper.note:
        yield _cell(paper.note)
    yield ""
    yield "| id | printed | what | status | where |"
    yield "|---|---|---|---|---|"
    documents = {other.title: other.short for other in library.papers.values()}
    for record in library.results.values():
        if record.paper == paper.id:
            yield _row(record, paper, documents)


def _found(paper: Paper) -> str:
    numbers = paper.citation("whole").identifiers().items()
    return ", ".join(value if key in ("journal", "pmcid", "trial") else f"{key} {value}" for key, value in numbers)


def _row(record: PublishedResult, paper: Paper, documents: Mapping[str, str]) -> str:
    shown = "" if record.source.title == paper.title else f" (as shown in {documents[record.source.title]})"
    what = context_words(record, paper) + "".join(f" **Note:** {flag}" for flag in flag_words(record))
    said = standing_words(record, paper)
    status = f"**{said}**" if "recalled" in standings(record, paper) else said
    cells = (f"`{record.id.partition('.')[2]}`", value_words(record), what, status, record.source.where + shown)
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
