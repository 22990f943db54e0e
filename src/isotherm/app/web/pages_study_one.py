"""One study: its protocol as a form or as text, what its design does to the comparison, its runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from isotherm.app.registry_cohort import MARK
from isotherm.app.study_check import is_refused, stops_told, verdict, why_not
from isotherm.app.study_data import study_of
from isotherm.app.web.admission import writer
from isotherm.app.web.audit_program import audit_shown
from isotherm.app.web.audits import AUDITS
from isotherm.app.web.context import foreman_of, start_job, web_of
from isotherm.app.web.protocol_form import MOST_LETTERS, groups_of
from isotherm.app.web.rendering import page
from isotherm.app.web.stated import text_in
from isotherm.app.web.studies import PROTOCOL, RELEASED, Study, problems_of, study_called
from isotherm.app.web.turns import AGAIN_AFTER_S, Busy
from isotherm.errors import BadSetting, InputError
from isotherm.exchange.protocol_fields import BLOCKS, changed, emptied, with_block, without
from isotherm.exchange.protocol_files import protocol_from
from isotherm.exchange.text_files import hash_of
from isotherm.printable import printable

ROUTER = APIRouter()

Who = Annotated[str, Depends(writer)]
Read = Annotated[str, Form()]

ONE_START = threading.Lock()
"""Two who start the same run at once are shown the same run."""

TICKED = "gone."
"""Begins the names of boxes that are ticked for what is taken away together."""

FORM_FIELD = "field."
"""Begins the names of a form's fields, so that no key of a protocol can be taken for one of ours."""


@ROUTER.get("/study/{name}")
def one_study(request: Request, name: str) -> Response:
    """Show a study; `as=text` shows its protocol as text."""
    study = study_called(web_of(request).workspace, name)
    return _shown(request, study, as_text=request.query_params.get("as") == "text")


@ROUTER.get("/study/{name}/audit")
def audit(request: Request, name: str) -> Response:
    """Show what the design does to the comparison, and who stays; a part of the page."""
    study = study_called(web_of(request).workspace, name)
    text = study.protocol.text
    if problems_of(text, study, web_of(request).settings.registry):
        return page(request, "study_audit.html.jinja", audit=None, said="", waits=False)
    try:
        # The text that was looked through: by now another one may lie in the file, which names other data.
        shown = _audited(study, text)
    except InputError as error:
        waits = isinstance(error, Busy) and "hx-request" in request.headers
        if isinstance(error, Busy) and not waits:
            raise
        return page(request, "study_audit.html.jinja", audit=None, said=str(error), waits=waits, study=study,
                    again_s=AGAIN_AFTER_S)  # fmt: skip
    document = shown["audit"]
    return page(request, "study_audit.html.jinja", said="", verdict=verdict(document), why_not=why_not,
                stops=stops_told(document), refused=is_refused(document), groups=_alike(document["findings"]),
                beside_button="hx-request" in request.headers, **shown)  # fmt: skip


def _audited(study: Study, text: str) -> dict[str, Any]:
    """Return what is shown of an audit; a table that somebody sent is read in a process of its own."""
    protocol = protocol_from(text, name=PROTOCOL)
    if protocol.data.file.startswith(MARK):
        return audit_shown(study_of(protocol, str(study.protocol.file)))
    return AUDITS.of(study, text, protocol.data.file)


def _alike(findings: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Return findings in their order, those of one kind that ask for the same together."""
    found: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for one in findings:
        found.setdefault((one["level"], one["id"].partition(".")[0], one["do"]), []).append(one)
    return list(found.values())


@ROUTER.post("/study/{name}/text")
def save_text(request: Request, name: str, who: Who, read: Read, text: Annotated[str, Form()] = "") -> Response:
    """Keep the protocol as it was written, with its mistakes if it has any."""
    study = study_called(web_of(request).workspace, name)
    return _saved(request, study, text_in(text), read, as_text=True)


async def texts_of(request: Request) -> dict[str, str]:
    """Return the texts of a form whose fields nobody knows beforehand."""
    return {key: text_in(value) for key, value in (await request.form()).items() if isinstance(value, str)}


@ROUTER.post("/study/{name}/form")
def save_form(request: Request, name: str, who: Who, told: Annotated[dict[str, str], Depends(texts_of)]) -> Response:
    """Keep the values of a form; the rest of the text stays as it is."""
    study = study_called(web_of(request).workspace, name)
    return _saved_form(request, study, told)


@ROUTER.post("/study/{name}/run")
def run(request: Request, name: str, who: Who, read: Read, release: Annotated[bool, Form()] = False) -> Response:
    """Run a study as its protocol stands; one that runs already is shown."""
    web, table = web_of(request), foreman_of(request).table
    study = study_called(web.workspace, name)
    content = study.protocol.content  # a run gets this very content, so that it records the hash of this very file
    text, mark = content.decode("utf-8"), hash_of(content)
    if mark != read:
        raise BadSetting("The protocol was changed since this page was loaded; look at it, and run it then.")
    if problems := problems_of(text, study, web.settings.registry):
        raise BadSetting(f"The protocol cannot be run: {problems[0][1]}")
    asked = {"study": name, "folder": str(study.folder), "tables": list(study.tables()), "protocol": text,
             "release": release}  # fmt: skip
    with ONE_START:
        for job_id in study.runs:
            job = table.get(job_id)
            if job is not None and not job.is_over and job.title == _title(study, mark, release):
                return RedirectResponse(f"/study/{name}/run/{job.id}", 303)
        job = start_job(request, "study", _title(study, mark, release), asked, who=who)
        study.ran(job.id)
    return RedirectResponse(f"/study/{name}/run/{job.id}", 303)


def _title(study: Study, mark: str, release: bool) -> str:
    """Return what a run is called: another protocol, or a release, is another run."""
    return f"Study: {printable(study.title)[:MOST_LETTERS]} (protocol {mark[:8]}{RELEASED if release else ')'}"


def _saved(request: Request, study: Study, text: str, read: str, *, as_text: bool, lost: bool = False) -> Response:
    if not study.protocol.replace(text, read=read):
        return _shown(request, study, status=409, as_text=True, written=text, overtaken=True)
    problems = problems_of(text, study, web_of(request).settings.registry)
    if problems:
        return _shown(request, study, status=400, as_text=as_text)
    told = "saved=emptied" if lost else "saved=1"
    return RedirectResponse(f"/study/{study.name}?{'as=text&' if as_text else ''}{told}", 303)


def _saved_form(request: Request, study: Study, told: dict[str, str]) -> Response:
    fields = {key.removeprefix(FORM_FIELD): value for key, value in told.items() if key.startswith(FORM_FIELD)}
    (text, mark), read = study.protocol.read(), told.get("read", "")
    if mark != read:
        return _shown(request, study, status=409, as_text=False, overtaken=True, typed=fields)
    try:
        written, lost = changed(text, fields), bool(emptied(text, fields))
        for kind, place in _taken_away(told):
            written = without(written, kind, place)
        if told.get("more"):
            written = with_block(written, told["more"])
    except BadSetting as error:
        return _shown(request, study, status=400, as_text=False, said=str(error), typed=fields)
    except (ValueError, RecursionError):  # a text that is no TOML is mended as text
        return _shown(request, study, status=400, as_text=True)
    return _saved(request, study, written, read, as_text=False, lost=lost)


def _taken_away(told: Mapping[str, str]) -> list[tuple[str, int]]:
    """Return the tables that are to go, the last of a list first, so that the places of the others hold."""
    named = {told["remove"]} if told.get("remove") else set[str]()
    if told.get("ticked"):
        named |= {key.removeprefix(TICKED) for key in told if key.startswith(TICKED)}
    split = [one.partition(":") for one in named]
    return sorted(((kind, int(place) if place.isdecimal() else -1) for kind, _, place in split), reverse=True)


def _shown(request: Request, study: Study, *, as_text: bool, status: int = 200, written: str | None = None, said: str =
           "", overtaken: bool = False, typed: dict[str, str] | None = None) -> Response:  # fmt: skip
    table = foreman_of(request).table
    now, mark = study.protocol.read()
    text = now if written is None else written
    jobs = [job for run_id in study.runs if (job := table.get(run_id)) is not None]
    lines = text.split("\n")
    problems = problems_of(text, study, web_of(request).settings.registry)
    groups = None if as_text else groups_of(text, typed or {})
    return page(request, "study_one.html.jinja", status=status, study=study, text=text, tables=study.tables(),
                read=mark, as_text=groups is None, groups=groups or [], said=said, overtaken=overtaken,
                now=now, blocks=BLOCKS, released=RELEASED,
                problems=[(line, sentence, lines[int(line) - 1] if line.isdecimal() and int(line) <= len(lines) else "")
                          for line, sentence in problems],
                jobs=[(job, table.told(job)) for job in jobs], begins=FORM_FIELD, ticked=TICKED,
                saved=request.query_params.get("saved", ""))  # fmt: skip
