"""Evidence: what was published, searched and shown one by one, each number with its source and its warnings."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from isotherm.app.evidence_commands import MODALITIES, ORGANS, STATUSES
from isotherm.app.evidence_document import RESULT_COLUMNS, csv_text, result_fields
from isotherm.app.evidence_tasks import Choice, chosen, effects_first
from isotherm.app.evidence_words import STATUSES as SAYS
from isotherm.app.evidence_words import context_words, flag_words, paper_words, standings, value_words
from isotherm.app.web.evidence_library import library
from isotherm.app.web.rendering import page
from isotherm.errors import BadSetting
from isotherm.evidence.reproduce import reproduce
from isotherm.evidence.result import PublishedResult

ROUTER = APIRouter()

AT_ONCE = 40
"""Results on a page."""

Text = Annotated[str, Query(max_length=200)]


@ROUTER.get("/evidence")
def evidence(request: Request, q: Text = "", organ: Text = "", endpoint: Text = "", modality: Text = "",
             status: Text = "", paper: Text = "", number: Annotated[int, Query(ge=1, le=10_000, alias="page")] = 1,
             ) -> Response:  # fmt: skip
    """Show published results that hold all of some words."""
    asked = {"q": q, "organ": organ, "endpoint": endpoint, "modality": modality, "status": status, "paper": paper}
    said, found = "", tuple[PublishedResult, ...]()
    try:
        choice = Choice(organ=organ, endpoint=endpoint, modality=modality, status=status, paper=paper)
        found = chosen(library(), choice, q.split())
        found = found if paper else effects_first(found)
    except BadSetting as error:
        said = str(error)

    def address(path: str = "/evidence", **changed: str | int) -> str:
        return f"{path}?{urlencode({name: text for name, text in (asked | changed).items() if text})}"

    last = max(1, -(-len(found) // AT_ONCE))
    place = min(number, last)
    some = found[(place - 1) * AT_ONCE : place * AT_ONCE]
    endpoints = Counter(one.endpoint for one in library().results.values() if one.endpoint)
    answer = page(request, "evidence.html.jinja", asked=asked, said=said, count=len(found), place=place, last=last,
                  rows=[_row(one) for one in some], papers=library().papers, address=address, organs=ORGANS,
                  modalities=MODALITIES, statuses=STATUSES, endpoints=[name for name, _ in endpoints.most_common()],
                  publications=len({one.paper for one in found}))  # fmt: skip
    if "hx-request" in request.headers:
        answer.headers["HX-Push-Url"] = address()
    return answer


@ROUTER.get("/evidence/results.csv")
def table(q: Text = "", organ: Text = "", endpoint: Text = "", modality: Text = "", status: Text = "",
          paper: Text = "") -> Response:  # fmt: skip
    """Give the results as a table."""
    choice = Choice(organ=organ, endpoint=endpoint, modality=modality, status=status, paper=paper)
    rows = [result_fields(one, library().papers[one.paper]) for one in chosen(library(), choice, q.split())]
    return Response(csv_text(rows, RESULT_COLUMNS), media_type="text/csv; charset=utf-8",
                    headers={"Content-Disposition": 'attachment; filename="published-results.csv"'})  # fmt: skip


@ROUTER.get("/evidence/result/{result_id}")
def one_result(request: Request, result_id: str) -> Response:
    """Show everything about one result, and what can be recomputed from it."""
    record = library().results.get(result_id)
    if record is None:
        raise HTTPException(404, "There is no such published result; search for it.")
    paper = library().papers[record.paper]
    hidden = ("id", "paper", "label", "printed", "status", "flags", "status_says", "source", "estimate", "low", "high",
              "operator", "number_unit", "limits_of", "p_operator", "p_value")  # fmt: skip
    facts = {name: value for name, value in result_fields(record, paper).items()
             if name not in hidden and value not in (None, "", [], False)}  # fmt: skip
    return page(request, "evidence_result.html.jinja", record=record, paper=paper, facts=facts, row=_row(record),
                paper_words=paper_words(paper), checks=reproduce(library(), {record.id}), source=str(record.source),
                context=context_words(record, paper))  # fmt: skip


@ROUTER.get("/evidence/paper/{paper_id}")
def one_paper(request: Request, paper_id: str) -> Response:
    """Show one publication and its results."""
    paper = library().papers.get(paper_id)
    if paper is None:
        raise HTTPException(404, "There is no such publication; search for it.")
    own = [_row(one) for one in library().results.values() if one.paper == paper_id]
    return page(request, "evidence_paper.html.jinja", paper=paper, rows=own, paper_words=paper_words(paper),
                source=str(paper.citation("whole publication")), overlapping=sorted(library().overlapping(paper_id)),
                papers=library().papers)  # fmt: skip


def _row(record: PublishedResult) -> dict[str, Any]:
    """Return a result as lists show it."""
    paper = library().papers[record.paper]
    return {"record": record, "value": value_words(record), "what": context_words(record, paper),
            "warnings": flag_words(record), "standings": [SAYS[one] for one in standings(record, paper)],
            "pools": record.has_interval and record.estimate is not None}  # fmt: skip
