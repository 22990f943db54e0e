"""The worklist: patients, and what is open for whom."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from isotherm.app.web.context import foreman_of, web_of, worklist_of
from isotherm.app.web.looked import looked_at
from isotherm.app.web.rendering import page
from isotherm.app.web.worklist_table import Only, Wanted

ROUTER = APIRouter()

DAYS = 180
"""After how long without a contact somebody counts as due, unless another number is given: no guideline's."""

Sort = Literal["patient", "lesions", "ablated", "last", "questions", "accept"]


@ROUTER.get("/worklist")
def worklist(
    request: Request, search: Annotated[str, Query(max_length=64)] = "", only: Only = "",
    days: Annotated[int, Query(ge=1, le=36_500)] = DAYS, sort: Sort = "last",
    number: Annotated[int, Query(ge=1, le=1_000_000, alias="page")] = 1,
) -> Response:  # fmt: skip
    """Show a page of the patients."""
    wanted = Wanted(search=search.strip(), only=only, days=days, today=web_of(request).today(), sort=sort, page=number)
    looked_at(request, "", f"worklist, page {number}")
    found = worklist_of(request).find(wanted)
    running: dict[str, str] = {}
    for job in foreman_of(request).table.of("waiting", "running"):
        running.setdefault(job.patient, job.id)

    def address(**changed: str | int) -> str:
        told = {"search": wanted.search, "only": only, "days": days, "sort": sort, "page": 1} | changed
        return "/worklist?" + urlencode({name: value for name, value in told.items() if value != ""})

    return page(request, "worklist.html.jinja", wanted=wanted, found=found, running=running, address=address,
                last_page=max(1, -(-found.count // wanted.size)))  # fmt: skip
