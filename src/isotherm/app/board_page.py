"""The tumor board's page as HTML, and its figures: one sheet of A4, then the annex; nothing is fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from isotherm.app.board_measure import MeasuredCourse
from isotherm.app.board_tasks import Boarded
from isotherm.app.board_view import board_view
from isotherm.app.criteria_page import criteria_environment
from isotherm.app.figures import Drawing
from isotherm.app.figures_follow_up import follow_up_figure
from isotherm.app.page import policy, static
from isotherm.app.report import lesion_pages
from isotherm.app.report_words import ml, mm, percent


@dataclass(frozen=True, slots=True, eq=False)
class BoardPage:
    """The view of a board, the figure of its zones over time, and the planes of each lesion by session and lesion."""

    view: dict[str, Any]
    figure: Drawing | None
    planes: Mapping[tuple[str, str], Drawing]


def board_page(boarded: Boarded) -> BoardPage:
    """Make the view and the figures of a board once, for the page and for the paper."""
    return BoardPage(board_view(boarded.document), follow_up_figure(boarded.document["follow_up"]),
                     {} if boarded.measured is None else _planes(boarded.measured))  # fmt: skip


def _planes(measured: MeasuredCourse) -> dict[tuple[str, str], Drawing]:
    found: dict[tuple[str, str], Drawing] = {}
    for one in measured.sessions:
        pages = [] if one.found is None else lesion_pages(one.found.assessment)
        for lesion, page in zip(one.pair.lesions, pages, strict=False):
            found[one.pair.session.id, lesion] = page.slices
    return found


@dataclass(frozen=True, slots=True)
class Paper:
    """Where a sheet is to be had on paper, and what the link says."""

    label: str
    href: str


def board_html(page: BoardPage, *, back: str = "", papers: Sequence[Paper] = ()) -> str:
    """Return the page. All text is escaped, nothing is fetched, no script runs; `back` leads to the patient's page."""
    made = criteria_environment()
    made.filters.update(mm=mm, ml=ml, percent=percent)  # pyright: ignore[reportUnknownMemberType]
    criteria = page.view["annex"]["criteria"]
    style = static("report.css") + static("criteria.css") + static("board.css")
    shown = {"view": page.view, "figure": page.figure, "planes": page.planes, "criteria": criteria}
    return made.get_template("board.html.jinja").render(
        {
            "sources": [],
            **(criteria or {}),
            **shown,
            "policy": policy(),
            "back": back,
            "papers": papers,
            "style": Markup(style),
        }
    )
