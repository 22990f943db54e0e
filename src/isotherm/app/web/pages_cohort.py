"""Cohort: who is in it by which conditions, as a flow that adds up; a table to take away, or a study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import parse_qsl

import pandas as pd
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from isotherm.app.outputs import frame_text
from isotherm.app.registry_cohort import Found, cohort_text, narrowed, written
from isotherm.app.registry_cohort_conditions import Asking, askings, condition, joined, without
from isotherm.app.registry_cohort_flow import cohort_flow, counted, flow_drawing
from isotherm.app.registry_study_draft import comparable, registry_draft, source
from isotherm.app.registry_words import column_unit, column_words, condition_words
from isotherm.app.web.admission import writer
from isotherm.app.web.cohort_query import CHOICES, CohortQuery, cohort_query
from isotherm.app.web.cohort_read import everybody_of
from isotherm.app.web.context import web_of
from isotherm.app.web.looked import WHERE, looked_at
from isotherm.app.web.rendering import page
from isotherm.app.web.studies import new_study
from isotherm.clinical.record import PATIENT_KEY
from isotherm.errors import BadSetting, InputError
from isotherm.registry.endpoints_kinds import Anchor, Repeat, Unit
from isotherm.study.predicate import Predicate

ROUTER = APIRouter()

Who = Annotated[str, Depends(writer)]
Asks = Annotated[CohortQuery, Depends(cohort_query)]

ROWS, COLUMNS = 12, 10
FIRST = (PATIENT_KEY, "lesion_id", "session_id")
USUAL = ("center_id", "sex", "age_years", "decided_on", "timing", "n_lesions", "largest_lesion_mm", "diameter_mm",
         "minimal_margin_mm", "smallest_margin_mm", "os_days", "os_event", "ltp_days", "ltp_event")  # fmt: skip
"""Columns that are shown first; those that a condition asks for stand before them."""

ODD = ("kind", "field", "problem")
"""What problems of records are counted by."""

UNITS = get_args(Unit)
WORDS: Mapping[str, tuple[str, ...]] = {
    "anchor": get_args(Anchor), "local_from": ("first", "last"), "repeat": get_args(Repeat),
}  # fmt: skip


@ROUTER.get("/cohort")
def cohort(request: Request, query: Asks, column: str = "", relation: str = "", value: str = "", add: str = "",
           drop: Annotated[int | None, Query()] = None) -> Response:  # fmt: skip
    """Show a cohort; `add` puts one more condition to it, `drop` takes one away, and both lead to its address."""
    said = ""
    chosen = {"column": column, "relation": relation, "value": value}
    try:
        if drop is not None and query.where:
            return RedirectResponse(query.address(where=without(query.where, drop)), 303)
        everybody = everybody_of(web_of(request).settings.registry, replace(query, where="").asked)
    except InputError as error:
        return _page(request, query, str(error), chosen, everybody=None)
    asks, shown = askings(everybody.cohort), None
    try:
        shown = _shown(everybody, Predicate(query.where) if query.where else None)
        if add and column:
            return RedirectResponse(query.address(where=_with(query.where, asks, chosen)), 303)
    except InputError as error:
        said, shown = str(error), shown or _shown(everybody, None)
    _look(request, query, "first rows", where=query.where if shown["parts"] else "")
    asking = next((one for one in asks if one.name == column), None)
    return _page(request, query, said, chosen, everybody=everybody, asks=asks, asking=asking,
                 file=_named(request, query), **shown)  # fmt: skip


@ROUTER.get("/cohort/cohort.csv")
def table(request: Request, query: Asks) -> Response:
    """Give the table."""
    _look(request, query, "table", where=query.where)
    found = _asked_for(request, query)
    return _csv(cohort_text(found), f"cohort-per-{query.per}")


@ROUTER.get("/cohort/problems.csv")
def problems(request: Request, query: Asks) -> Response:
    """Give every date and reference of the registry that cannot be."""
    looked_at(request, "", "dates and references that cannot be")
    return _csv(frame_text(_asked_for(request, query).cohort.problems), "problems")


@ROUTER.post("/cohort/study")
def study(request: Request, who: Who, query: Annotated[str, Form()], title: Annotated[str, Form()],
          compare: Annotated[str, Form()]) -> Response:  # fmt: skip
    """Draft a protocol over the cohort."""
    given = dict(parse_qsl(query.removeprefix("?")))
    wanted = cohort_query(**{name: text for name, text in given.items() if name in ("per", "where", *CHOICES)})
    if not title.strip() or len(title) > 200:
        raise BadSetting("A study has a title of 1 to 200 letters; write one.")
    address = web_of(request).settings.registry
    found = _asked_for(request, wanted)
    place = address if "://" in address else str(Path(address).absolute())
    text = registry_draft(place, wanted.asked, found, title=title.strip(), compare=compare)
    made = new_study(web_of(request).workspace.folder, title, text)
    return RedirectResponse(f"/study/{made.name}", 303)


def _page(request: Request, query: CohortQuery, said: str, chosen: Mapping[str, str], **more: Any) -> Response:
    """Return the page; within a page of ours what was refused is said where it was typed."""
    within = "hx-request" in request.headers
    more |= {"words_of": column_words, "unit_of": column_unit, "said_of": condition_words}
    answer = page(request, "cohort.html.jinja", status=400 if said and not within else 200, query=query, said=said,
                  chosen=chosen, units=UNITS, words=WORDS, choices=CHOICES, **more)  # fmt: skip
    if within:
        answer.headers["HX-Push-Url"] = query.address()
    return answer


def _look(request: Request, query: CohortQuery, what: str, *, where: str) -> None:
    """Note that somebody looks at a cohort, with the condition that those who are shown fulfil."""
    looked_at(request, "", f"cohort per {query.per}, {what}{WHERE + where if where else ''}")


def _asked_for(request: Request, query: CohortQuery) -> Found:
    everybody = everybody_of(web_of(request).settings.registry, query.asked)
    return narrowed(everybody, Predicate(query.where) if query.where else None)


def _with(where: str, asks: tuple[Asking, ...], chosen: Mapping[str, str]) -> str:
    found = next((one for one in asks if one.name == chosen["column"]), None)
    if found is None:
        raise BadSetting("The cohort has no such column; choose one of the list.")
    return joined(where, condition(found, chosen["relation"] or found.relations[0], chosen["value"]))


def _shown(everybody: Found, predicate: Predicate | None) -> dict[str, Any]:
    """Return what the page shows of a cohort."""
    found = narrowed(everybody, predicate)
    flow = cohort_flow(everybody, predicate)
    columns = predicate.columns if predicate is not None else ()
    table = written(replace(found.cohort, table=found.cohort.table.head(ROWS)))
    first = list(dict.fromkeys(name for name in (*FIRST, *columns, *USUAL) if name in table.columns))[:COLUMNS]
    rows = table[first]
    days = {name for name in first if pd.api.types.is_datetime64_any_dtype(found.cohort.table[name].dtype)}
    return {
        "found": found, "flow": flow_drawing(flow, everybody), "counted": counted, "first": first,
        "parts": predicate.parts if predicate is not None else (), "compare": comparable(found.cohort),
        "rows": [[_cell(cell, name in days) for name, cell in zip(first, row, strict=True)]
                 for row in rows.itertuples(index=False)],
        "odd": Counter(found.cohort.problems[list(ODD)].itertuples(index=False, name=None)).most_common(),
        "later": [name for name in columns if name in everybody.cohort.later],
    }  # fmt: skip


def _cell(value: Any, is_day: bool) -> str:
    """Return a value in words; a day that is not there is one on which nothing happened, as far as is known."""
    if pd.isna(value):
        return "" if is_day else "not known"
    return f"{value:.4g}" if isinstance(value, float) and abs(value) < 10_000 else str(value)


def _named(request: Request, query: CohortQuery) -> str:
    """Return the cohort as a protocol names it; empty where it cannot."""
    try:
        return source(Path(web_of(request).settings.registry).name, query.asked)
    except InputError:
        return ""


def _csv(text: str, name: str) -> Response:
    return Response(text, media_type="text/csv; charset=utf-8",
                    headers={"Content-Disposition": f'attachment; filename="{name}.csv"'})  # fmt: skip
