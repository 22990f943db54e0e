"""Records of a patient by hand: add one of any kind, correct one, withdraw one and bring it back."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from isotherm.app.fact_form import FACT_WORDS, kept_fact_form, new_fact_form
from isotherm.app.record_form import (
    Typed,
    corrections,
    in_words,
    kept_form,
    kinds_to_add,
    new_form,
    refuse_signatures,
)
from isotherm.app.record_words import record_name, told_fields
from isotherm.app.registry_misfits import misfits
from isotherm.app.registry_tasks import Which, add, change, which, withdraw
from isotherm.app.web.admission import writer
from isotherm.app.web.context import web_of
from isotherm.app.web.failures import status_of
from isotherm.app.web.patient_kept import kept_of_patient, look_at_patient
from isotherm.app.web.rendering import page
from isotherm.app.web.stated import text_in
from isotherm.clinical.record_kinds import FACT, RECORD_KINDS
from isotherm.errors import BadSetting, InputError, Overtaken, StoreError
from isotherm.registry.rows import Kept

ROUTER = APIRouter()

NO_RECORD = "The patient has no such record; the list of records shows those there are."
NOTHING_TOLD = "Nothing was filled in; fill in at least one of the fields."
NOTHING_OTHER = "Nothing was changed: every field says what the registry has; change one first."
WHY_WANTED = "Say why: it stands in the audit beside your name."

WHY = "first entry"
"""What the command line says where nobody says why something is added."""

FIELD = "field."
"""Before the names of fields in a form, so that none is taken for one of the page."""

NOTHING_TYPED: Typed = MappingProxyType({})

Who = Annotated[str, Depends(writer)]
Text = Annotated[str, Form()]
Key = Annotated[str, Query(max_length=64)]


async def typed_in(request: Request) -> Typed:
    """Return what was typed in a form, by the name of the field; nothing for a field that was left empty."""
    return typed_of(await request.form())


def typed_of(form: FormData) -> dict[str, list[str]]:
    """Return what was typed, without the spaces around it."""
    typed: dict[str, list[str]] = {}
    for name, text in form.multi_items():
        if name.startswith(FIELD) and isinstance(text, str):
            texts = typed.setdefault(name.removeprefix(FIELD), [])
            texts += [text_in(text).strip()] if text.strip() else []
    return typed


IsTyped = Annotated[Typed, Depends(typed_in)]


@ROUTER.get("/patients/{patient_id}/records")
def records(request: Request, patient_id: str) -> Response:
    """Show every record of a patient, withdrawn ones too."""
    kept = look_at_patient(request, patient_id, "records", withdrawn=True)
    rows = [(one, record_name(one.record.kind, one.record.id), tuple(told_fields(one.record))) for one in kept]
    return page(request, "patient_records.html.jinja", patient_id=patient_id, rows=rows, addable=kinds_to_add(kept),
                wrong=misfits([one.record for one in kept if not one.withdrawn]))  # fmt: skip


@ROUTER.get("/patients/{patient_id}/add")
def ask_new(request: Request, patient_id: str, kind: str, name: Key = "", lesion_id: Key = "") -> Response:
    """Ask for a new record; for the one there is, where a patient has only one; of a fact by the name that is given."""
    kept = look_at_patient(request, patient_id, "add a record", withdrawn=True)
    one = which(patient_id, kind, "")
    if one.kind not in kinds_to_add(kept):
        return RedirectResponse(_record_path(one), 303)
    given = {"name": (name,), "lesion_id": (lesion_id,)} if one.kind is FACT and name in FACT_WORDS else {}
    return _asked(request, one, kept, given)


@ROUTER.post("/patients/{patient_id}/add")
def put_new(
    request: Request, patient_id: str, who: Who, typed: IsTyped, kind: Text, key: Text = "", why: Text = ""
) -> Response:
    """Add a record; what cannot be is said above the form, which keeps what was typed."""
    one = which(patient_id, kind, key.strip())
    kept_of_patient(request, patient_id, withdrawn=True)
    web = web_of(request)
    try:
        if not (told := _written(typed)):
            raise BadSetting(NOTHING_TOLD)
        refuse_signatures(one.kind, told)
        own = add(web.settings.registry, one, told, today=web.today(), by=who, why=why.strip() or WHY)
    except (InputError, StoreError) as error:
        kept = kept_of_patient(request, patient_id, withdrawn=True)
        return _asked(request, one, kept, typed, why=why, said=in_words(str(error), one.kind), status=status_of(error))
    return _noted(patient_id, "added", kind, own)


@ROUTER.get("/patients/{patient_id}/record")
def one_record(request: Request, patient_id: str, kind: str, key: Key = "") -> Response:
    """Show a record, to correct or withdraw it."""
    kept = look_at_patient(request, patient_id, f"record: {kind[:64]}", withdrawn=True)
    return _shown(request, which(patient_id, kind, key), kept)


@ROUTER.post("/patients/{patient_id}/record")
def correct(
    request: Request, patient_id: str, who: Who, typed: IsTyped, kind: Text, revision: Annotated[int, Form()],
    key: Text = "", why: Text = "",
) -> Response:  # fmt: skip
    """Correct a record, if it is still as it was shown."""
    one, web = which(patient_id, kind, key), web_of(request)
    kept = kept_of_patient(request, patient_id, withdrawn=True)
    told = corrections(_of(one, kept).record, typed)
    try:
        if not why.strip():
            raise BadSetting(WHY_WANTED)
        if not told:
            raise BadSetting(NOTHING_OTHER)
        refuse_signatures(one.kind, told)
        change(web.settings.registry, one, told, revision=revision, today=web.today(), by=who, why=why.strip())
    except (
        Overtaken
    ) as error:  # what was typed was typed over what was there: sent again, it would undo what came since
        return _shown(
            request, one, kept, why=why, said=in_words(str(error), one.kind), status=status_of(error), typed_before=told
        )
    except (InputError, StoreError) as error:
        return _shown(
            request, one, kept, typed=typed, why=why, said=in_words(str(error), one.kind), status=status_of(error)
        )
    return _noted(patient_id, "corrected", kind, key)


@ROUTER.post("/patients/{patient_id}/withdraw")
def take_back(
    request: Request, patient_id: str, who: Who, kind: Text, revision: Annotated[int, Form()], key: Text = "",
    why: Text = "", undo: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Withdraw a record, or bring it back, if it is still as it was shown."""
    one = which(patient_id, kind, key)
    kept = kept_of_patient(request, patient_id, withdrawn=True)
    _of(one, kept)
    try:
        if not why.strip():
            raise BadSetting(WHY_WANTED)
        withdraw(web_of(request).settings.registry, one, undo=undo, revision=revision, by=who, why=why.strip())
    except (InputError, StoreError) as error:
        return _shown(request, one, kept, why_back=why, said=in_words(str(error), one.kind), status=status_of(error))
    if kind == "patient" and not undo:  # of whom the patient's page shows nothing any more
        return RedirectResponse(f"/patients/{quote(patient_id)}/history", 303)
    return _noted(patient_id, "reinstated" if undo else "withdrawn", kind, key)


def _written(typed: Typed) -> list[str]:
    return [f"{name}={text}" for name, texts in typed.items() for text in texts]


def _asked(request: Request, one: Which, kept: Sequence[Kept], typed: Typed, *, why: str = "", said: str = "",
           status: int = 200) -> Response:  # fmt: skip
    form, chosen = new_form(one.kind, kept, typed), next(iter(typed.get("name", ())), "")
    if one.kind is FACT:
        form = new_fact_form(form, chosen)
    return page(request, "patient_add.html.jinja", status=status, patient_id=one.patient_id, kind=one.kind, key=one.id,
                form=form, kinds=kinds_to_add(kept), why=why, said=said, field_of=FIELD, is_fact=one.kind is FACT,
                chosen=chosen, fact_words=FACT_WORDS, record_kinds=RECORD_KINDS,
                today=web_of(request).today().isoformat())  # fmt: skip


def _of(one: Which, kept: Sequence[Kept]) -> Kept:
    found = next((each for each in kept if each.record.kind is one.kind and each.record.id == one.id), None)
    if found is None:
        raise HTTPException(404, NO_RECORD)
    return found


def _shown(
    request: Request, one: Which, kept: Sequence[Kept], *, typed: Typed = NOTHING_TYPED, why: str = "",
    why_back: str = "", said: str = "", status: int = 200, typed_before: Sequence[str] = (),
) -> Response:  # fmt: skip
    own = _of(one, kept)
    form = kept_form(own.record, kept, typed)
    before = [(one.kind.field(name).label, text) for name, _, text in (told.partition("=") for told in typed_before)]
    return page(request, "patient_record.html.jinja", status=status, patient_id=one.patient_id, one=own,
                form=kept_fact_form(form) if one.kind is FACT else form, why=why, why_back=why_back, said=said,
                field_of=FIELD, typed_before=before, told=tuple(told_fields(own.record)),
                count=sum(not each.withdrawn for each in kept),
                today=web_of(request).today().isoformat())  # fmt: skip


def _record_path(one: Which) -> str:
    query = urlencode({"kind": one.kind.name, **({"key": one.id} if one.id else {})})
    return f"/patients/{quote(one.patient_id)}/record?{query}"


def _noted(patient_id: str, verb: str, kind: str, key: str) -> Response:
    """Go to the patient's page, which says what was done."""
    query = urlencode({"noted": verb, "kind": kind, "key": key})
    return RedirectResponse(f"/patients/{quote(patient_id)}?{query}", 303)
