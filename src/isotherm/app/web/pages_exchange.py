"""Import/Export: files in, as a dry run first; every record out for other programs."""

from __future__ import annotations

import json
import threading
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from isotherm.app.registry_draft import columns_not_read, kinds_not_read
from isotherm.app.registry_exchange_tasks import Form as InForm
from isotherm.app.web.admission import writer
from isotherm.app.web.choose_form import choices, chosen
from isotherm.app.web.context import foreman_of, start_job, web_of
from isotherm.app.web.job import Job
from isotherm.app.web.job_table import ASKED, OUT
from isotherm.app.web.rendering import page
from isotherm.app.web.sent_files import STUDY, Sent, all_sent, sent_called, take_away, take_over
from isotherm.app.web.stated import Stated, text_in
from isotherm.app.web.uploads import files_of
from isotherm.app.web.work_export import FORMS
from isotherm.app.web.work_import import FOUND, PROBLEMS, USED, strange_file
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadMapping, BadSetting
from isotherm.exchange.record_mapping_files import mapping_from

ROUTER = APIRouter()

Who = Annotated[str, Depends(writer)]
Flag = Annotated[bool, Form()]

ONE_IMPORT = threading.Lock()
"""Of two who import the same look at once the second is told so."""

OVERTAKEN = "The mapping is another one by now, or was looked at anew meanwhile; it is shown below. Choose again."

LATEST = 12
"""Uploads that are listed."""


@ROUTER.get("/exchange")
def exchange(request: Request) -> Response:
    """Show what can come in and go out, and what is under way."""
    every = [one for one in all_sent(web_of(request).workspace) if one.what != STUDY]
    jobs = foreman_of(request).table
    shown = [(one, jobs.get(one.run) if one.run else None) for one in every[:LATEST]]
    return page(request, "exchange.html.jinja", uploads=[(one, job, jobs.told(job) if job else "") for one, job in
                                                         shown])  # fmt: skip


@ROUTER.post("/exchange")
def send(request: Request, who: Who, upload: Annotated[str, Form()], redcap: Flag = False) -> Response:
    """Take over files that were uploaded, and look into them in the background."""
    workspace = web_of(request).workspace
    came = files_of(workspace, upload)
    is_fhir = any(one.name.lower().endswith(".json") for one in came)
    if (redcap or is_fhir) and len(came) > 1:
        raise BadSetting("An export of REDCap, or a FHIR bundle, is one file; send it alone.")
    sent = take_over(workspace, upload, what="redcap" if redcap else "fhir" if is_fhir else "tables", who=who,
                     is_mapping=_can_be_read)  # fmt: skip
    return _look(request, sent, who)


@ROUTER.get("/exchange/{sent_id}")
def one_sent(request: Request, sent_id: str) -> Response:
    """Show what is known of files that came, and what to do next."""
    return _shown(request, sent_called(web_of(request).workspace, sent_id))


@ROUTER.post("/exchange/{sent_id}/look")
def look(request: Request, sent_id: str, who: Who) -> Response:
    """Look again."""
    return _look(request, sent_called(web_of(request).workspace, sent_id), who)


@ROUTER.post("/exchange/{sent_id}/mapping")
def save_mapping(request: Request, sent_id: str, who: Who, read: Annotated[str, Form()],
                 text: Annotated[str, Form()] = "") -> Response:  # fmt: skip
    """Keep what the columns mean, and look again; a text that cannot be read is sent as well, with what is wrong."""
    sent = sent_called(web_of(request).workspace, sent_id)
    written = text_in(text)
    stated = Stated(sent.mapping)
    if not stated.replace(written, read=read):
        return _shown(request, sent, status=409, written=written, overtaken=True)
    return _look(request, sent, who)


@ROUTER.post("/exchange/{sent_id}/choose")
def choose(request: Request, sent_id: str, who: Who, read: Annotated[str, Form()], looked: Annotated[str, Form()],
           hole: Annotated[list[str] | None, Form()] = None, column: Annotated[list[str] | None, Form()] = None
           ) -> Response:  # fmt: skip
    """Write into the mapping which column, or value, is which field, and look again."""
    sent = sent_called(web_of(request).workspace, sent_id)
    stated = Stated(sent.mapping)
    text, mark = stated.read()
    if looked != sent.run or mark != read:
        return _shown(request, sent, status=409, refused=OVERTAKEN)
    if _problems_of(text, sent):
        return _shown(request, sent, status=400)
    try:
        told = chosen(text, _found(request, sent), hole or (), column or ())
    except BadSetting as error:
        return _shown(request, sent, status=400, refused=str(error))
    if not stated.replace(told, read=read):
        return _shown(request, sent, status=409, refused=OVERTAKEN)
    return _look(request, sent, who)


@ROUTER.post("/exchange/{sent_id}/import")
def bring_in(request: Request, sent_id: str, who: Who, looked: Annotated[str, Form()], why: Annotated[str, Form()] =
             "", partial: Flag = False, update: Flag = False) -> Response:  # fmt: skip
    """Import what a dry run has shown: the same files, read by the same mapping."""
    with ONE_IMPORT:
        sent = sent_called(web_of(request).workspace, sent_id)
        seen = foreman_of(request).table.get(looked)
        if seen is None or looked != sent.run or seen.state != "done":
            raise BadSetting("What was shown is not the latest look at this file any more; reload the page and look "
                             "again.")  # fmt: skip
        used = foreman_of(request).table.folder(seen.id) / OUT / USED
        asked = _asked(request, seen) | {"dry_run": False, "partial": partial, "update": update, "seen":
                                         (_found(request, sent) or {}).get("mark", ""), "why":
                                         why.strip() or f"import of {sent.title}"}  # fmt: skip
        asked["mapping"] = used.read_text(encoding="utf-8") if used.is_file() else None
        sent.with_run(start_job(request, "import", f"Import {sent.title}", asked, who=who).id)
    return RedirectResponse(f"/exchange/{sent.id}", 303)


@ROUTER.post("/exchange/{sent_id}/remove")
def remove(request: Request, sent_id: str, who: Who) -> Response:
    """Delete files that came; what was imported stays."""
    take_away(sent_called(web_of(request).workspace, sent_id))
    return RedirectResponse("/exchange", 303)


@ROUTER.post("/exchange/export/{form}")
def export(request: Request, form: str, who: Who) -> Response:
    """Write everything out."""
    if form not in FORMS:
        raise BadSetting(f"Records go out as {', '.join(FORMS)}; choose one.")
    job = start_job(request, "export", f"Export {FORMS[form]}", {"form": form}, who=who)
    return RedirectResponse(f"/jobs/{job.id}", 303)


def _look(request: Request, sent: Sent, who: str) -> Response:
    """Start a dry run on files, with the mapping that lies beside them; one that cannot be used is told instead."""
    assert sent.what in get_args(InForm)
    mapping = Stated(sent.mapping).text
    if _problems_of(mapping, sent):
        return _shown(request, sent, status=400)
    asked = {"sent": sent.id, "path": str(sent.path), "draft": str(sent.mapping), "form": sent.what,
             "mapping": mapping or None, "dry_run": True, "partial": False, "update": False, "why": "",
             "today": web_of(request).today().isoformat()}  # fmt: skip
    sent.with_run(start_job(request, "import", f"Look at {sent.title}", asked, who=who).id)
    return RedirectResponse(f"/exchange/{sent.id}", 303)


def _can_be_read(text: str) -> bool:
    try:
        mapping_from(text)
    except BadMapping:
        return False
    return True


def _asked(request: Request, job: Job) -> dict[str, Any]:
    told = json.loads((foreman_of(request).table.folder(job.id) / ASKED).read_text(encoding="utf-8"))
    return told["asked"]


def _problems_of(text: str, sent: Sent) -> list[str]:
    """Return what is wrong with a mapping, if there is one; it may name no file but those that came."""
    if not text and not sent.mapping.is_file():
        return []
    try:
        mapping = mapping_from(text)
    except BadMapping as error:
        return [sentence for _, sentence in error.problems]
    return [strange] if (strange := strange_file(mapping, sent.names)) else []


def _shown(request: Request, sent: Sent, *, status: int = 200, written: str | None = None, overtaken: bool = False,
           refused: str = "") -> Response:  # fmt: skip
    table = foreman_of(request).table
    job = table.get(sent.run) if sent.run else None
    found, asked = _found(request, sent), None if job is None else _asked(request, job)
    stated = Stated(sent.mapping)
    wrong = [] if overtaken else _problems_of(stated.text, sent)
    can_choose = written is None and not wrong and stated.text
    return page(request, "exchange_one.html.jinja", status=status, sent=sent, job=job, asked=asked, found=found,
                told=table.told(job) if job else "", files=[], problems_file=PROBLEMS, stated=stated,
                text=(text := stated.text if written is None else written), overtaken=overtaken, read=stated.mark,
                lacking=kinds_not_read(text), left=columns_not_read(text),
                wrong=wrong, refused=refused, form=choices(stated.text, found) if can_choose and found else None,
                kinds=RECORD_KINDS.values())  # fmt: skip


def _found(request: Request, sent: Sent) -> dict[str, Any] | None:
    """Return what the latest look, or import, of files has found; None where none is over."""
    table = foreman_of(request).table
    job = table.get(sent.run) if sent.run else None
    if job is None or job.state != "done":
        return None
    file = table.folder(job.id) / OUT / FOUND
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
