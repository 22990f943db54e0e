"""The page of a study: one HTML file that needs nothing else, prints on A4, and asks nobody for anything."""

from __future__ import annotations

from markupsafe import Markup

from isotherm.app.page import environment, policy, static
from isotherm.app.study_report_drawn import Drawings
from isotherm.app.study_report_headline import LIMITS, Headline, headline_text
from isotherm.app.study_report_parts import Block, Section, prose
from isotherm.app.study_report_words import Result


def page_of(result: Result, headline: Headline, sections: tuple[Section, ...], drawings: Drawings) -> str:
    """Return the page: the question, the main estimate with its caveats, then the sections. All text is escaped."""
    made = environment()
    made.filters.update(prose=prose, kind=_kind, headline=headline_text)  # pyright: ignore[reportUnknownMemberType]
    protocol = result["protocol"]
    return made.get_template("study.html.jinja").render(
        title=str(protocol["title"]), question=str(protocol["question"]), head=headline, limits=LIMITS,
        sections=sections, ruler=drawings.get("ruler"), policy=policy(),
        style=Markup(static("report.css") + static("study.css")),
        license=f"Data: {protocol['license']}. " if protocol.get("license") else "",
    )  # fmt: skip


def _kind(block: Block) -> str:
    return type(block).__name__
