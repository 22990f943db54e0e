"""The page of a case's answers: one sheet of A4 with the open question, facts, matrix and changes; then an annex."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from isotherm.app.criteria_view import criteria_view
from isotherm.app.criteria_words import (
    ANSWER_WORDS,
    GAP_WORDS,
    SIGNS,
    STATUS_WORDS,
    capital,
    kind_of_source,
    weight_words,
)
from isotherm.app.page import environment, policy, static


def criteria_html(document: Mapping[str, Any]) -> str:
    """Return the page of a document. All text is escaped, nothing is fetched, no script runs."""
    return criteria_environment().get_template("criteria.html.jinja").render(
        policy=policy(), style=Markup(static("report.css") + static("criteria.css")), **criteria_view(document)
    )  # fmt: skip


def criteria_environment() -> Environment:
    """Return the templates with the words and signs of answers as filters."""
    made = environment()
    made.filters.update(  # pyright: ignore[reportUnknownMemberType]
        capital=capital, sign=SIGNS.__getitem__, answer=ANSWER_WORDS.__getitem__, gap=GAP_WORDS.__getitem__,
        status=STATUS_WORDS.__getitem__, weight=weight_words, css=_css, source_kind=kind_of_source,
    )  # fmt: skip
    return made


def _css(answer: str) -> str:
    """Return an answer as the name of a class."""
    return answer.lower().replace("_", "-")
