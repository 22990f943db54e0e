"""Accept a margin that is in the registry and that nobody has accepted: what it says, where it came from, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from isotherm.app.margin_to_accept import nobody_accepted
from isotherm.app.patient_view import margin_line
from isotherm.app.record_words import told_fields
from isotherm.app.registry_tasks import change, history, which
from isotherm.app.web.admission import writer
from isotherm.app.web.context import web_of
from isotherm.app.web.failures import status_of
from isotherm.app.web.patient_kept import kept_of_patient, look_at_patient
from isotherm.app.web.rendering import page
from isotherm.errors import BadSetting, InputError, StoreError
from isotherm.registry.rows import Kept

ROUTER = APIRouter()

NO_MARGIN = "The patient has no such margin; the patient's page shows those there are."
ACCEPTED_BY = "This margin is accepted by {} already; look at it on the patient's page."
WITHHELD = "The registration of this margin failed, so that it tells none, and nobody can accept it; measure it anew."
WHY_WANTED = "Say why it is accepted: it stands in the audit beside your name."

ORIGIN = ("software", "result", "settings", "correction")
"""Fields that tell how a margin was made."""

ENTRIES = 1000
"""Of one margin's audit; its first one tells how it came."""

Key = Annotated[str, Query(max_length=64)]
Text = Annotated[str, Form()]


@ROUTER.get("/patients/{patient_id}/margin")
def ask(request: Request, patient_id: str, key: Key) -> Response:
    """Show a margin that nobody accepted, and ask why it is accepted."""
    return _asked(request, patient_id, look_at_patient(request, patient_id, "accept a margin"), key)


@ROUTER.post("/patients/{patient_id}/margin")
def accept(
    request: Request, patient_id: str, who: Annotated[str, Depends(writer)], key: Text,
    revision: Annotated[int, Form()], why: Text = "",
) -> Response:  # fmt: skip
    """Write who accepted a margin: whoever works; if it is still as it was shown."""
    kept, web = kept_of_patient(request, patient_id), web_of(request)
    own = _of(kept, key)
    try:
        _refuse(own)
        if not why.strip():
            raise BadSetting(WHY_WANTED)
        change(web.settings.registry, which(patient_id, "margin", key), [f"reader={who}"], revision=revision,
               today=web.today(), by=who, why=why.strip())  # fmt: skip
    except (InputError, StoreError) as error:
        return _asked(request, patient_id, kept_of_patient(request, patient_id), key, why=why, said=str(error),
                      status=status_of(error))  # fmt: skip
    query = urlencode({"noted": "accepted", "kind": "margin", "key": key})
    return RedirectResponse(f"/patients/{quote(patient_id)}?{query}", 303)


def _asked(request: Request, patient_id: str, kept: Sequence[Kept], key: str, *, why: str = "", said: str = "",
           status: int = 200) -> Response:  # fmt: skip
    own = _of(kept, key)
    entries, is_cut = history(web_of(request).settings.registry, patient_id=patient_id, kind="margin", key=key,
                              last=ENTRIES)  # fmt: skip
    return page(request, "patient_margin.html.jinja", status=status, patient_id=patient_id, one=own,
                says=margin_line([one.record for one in kept], key), waits=nobody_accepted(own.record),
                origin=[(field.label, words) for field, words in told_fields(own.record) if field.name in ORIGIN],
                came=None if is_cut else entries[0], why=why, said=said)  # fmt: skip


def _of(kept: Sequence[Kept], key: str) -> Kept:
    found = next((one for one in kept if one.record.kind.name == "margin" and one.record.id == key), None)
    if found is None:
        raise HTTPException(404, NO_MARGIN)
    return found


def _refuse(own: Kept) -> None:
    """Refuse a margin that is accepted, or that tells none."""
    if own.record.get("reader") is not None:
        raise BadSetting(ACCEPTED_BY.format(own.record.get("reader")))
    if not nobody_accepted(own.record):
        raise BadSetting(WITHHELD)
