"""Accept: a measured margin goes to a patient and a lesion of the registry, with who and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from isotherm.app.accepting import Acceptance, NamedScan, accept_margin, measured_values, refuse_simulated
from isotherm.app.accepting_places import accepted_of, places_of
from isotherm.app.accepting_words import (
    ablation_says,
    lesion_places,
    margins_there,
    not_carried_over,
    replaced_words,
    scan_says,
    would_drop,
)
from isotherm.app.patient_view import margin_lines
from isotherm.app.web.admission import writer
from isotherm.app.web.assess_words import lesion_rows
from isotherm.app.web.assessed import Assessed, assessed
from isotherm.app.web.clearing import ACCEPTED
from isotherm.app.web.context import foreman_of, web_of, worklist_of
from isotherm.app.web.failures import status_of
from isotherm.app.web.looked import looked_at
from isotherm.app.web.pair_beside import named_rows
from isotherm.app.web.patient_pairs import folder_of
from isotherm.app.web.rendering import go, page
from isotherm.errors import BadRecord, NotAcceptable, OutputError, Overtaken, SizeInDoubt
from isotherm.exchange.atomic import write_text

ROUTER = APIRouter()

Text = Annotated[str, Form()]
Who = Annotated[str, Depends(writer)]

MOST_KEYS = 20
"""Suggestions while one types."""

FIELDS: tuple[str, ...] = (
    "lesion_id", "ablation_id", "after_id", "after_new", "after_on", "before_id", "before_new", "before_on",
    "sides_why", "why", "revisions",
)  # fmt: skip

KEYS = "keys of patients, to choose one"


@ROUTER.get("/assess/{job_id}/accept")
def choose(request: Request, job_id: str, label: str = "", patient_id: str | None = None) -> Response:
    """Ask where a margin goes: first the patient, then the lesion and the scans."""
    one = assessed(request, job_id)
    refuse_simulated(web_of(request).settings.registry, one.document)  # before anybody fills in a form
    key = (one.place.get("patient", "") if patient_id is None else patient_id).strip()
    if not key:
        return _which(request, one, label, "")
    try:
        return _form(request, one, label, key)
    except NotAcceptable:  # no such patient: it may be a part of a key
        return _which(request, one, label, key)


@ROUTER.get("/assess/{job_id}/accept/patients")
def suggest(request: Request, patient_id: str = "") -> Response:
    """Return keys that hold what is typed, for the list below the field."""
    looked_at(request, "", KEYS)
    found = worklist_of(request).keys(patient_id.strip(), most=MOST_KEYS)
    return page(request, "assess_accept_keys.html.jinja", found=found)


@ROUTER.post("/assess/{job_id}/accept")
def accept(
    request: Request, job_id: str, who: Who, label: Text, patient_id: Text, lesion_id: Text, why: Text,
    after_id: Text = "", after_new: Text = "", after_on: Text = "", before_id: Text = "", before_new: Text = "",
    before_on: Text = "", ablation_id: Text = "", sides_why: Text = "", revisions: Text = "", size_seen: Text = "",
) -> Response:  # fmt: skip
    """Write the margin into the registry, and go to the page that says so; what is refused stays in the form."""
    one = assessed(request, job_id)
    address = web_of(request).settings.registry
    try:
        after, before = _scan("after", after_id, after_new, after_on), _scan("before", before_id, before_new, before_on)
        if after is None:
            raise NotAcceptable("No scan after ablation came; choose one, or name a new one with its day.")
        asked = Acceptance(
            patient_id=patient_id, lesion_id=lesion_id, after=after, before=before, ablation_id=ablation_id, by=who,
            why=why.strip(), size_seen=size_seen == "yes", sides_why=sides_why.strip(),
            corrected_why=one.corrected_why,
        ).read_at(_revisions(revisions))  # fmt: skip
        own = accept_margin(address, one.document, label, asked, folder=folder_of(job_id))
    except (NotAcceptable, BadRecord, Overtaken) as error:
        typed = dict(
            lesion_id=lesion_id, ablation_id=ablation_id, after_id=after_id, after_new=after_new, after_on=after_on,
            before_id=before_id, before_new=before_new, before_on=before_on, sides_why=sides_why, why=why,
            revisions=revisions)  # fmt: skip
        return _refused(request, one, label, patient_id, typed, error)
    with suppress(OutputError):  # the registry has it, whether or not that can be noted here
        write_text(one.folder / ACCEPTED, own)
    foreman_of(request).table.is_of(job_id, patient_id)  # whoever looks at these scans from now on looks at the patient
    return go(request, f"/assess/{job_id}/accepted?" + urlencode({"patient_id": patient_id, "margin_id": own}))


@ROUTER.get("/assess/{job_id}/accepted")
def accepted(request: Request, job_id: str, patient_id: str, margin_id: str) -> Response:
    """Say which margin the registry holds now."""
    one = assessed(request, job_id)
    kept = accepted_of(web_of(request).settings.registry, patient_id, margin_id, folder=folder_of(job_id))
    looked_at(request, patient_id, "accepted margin")
    return page(request, "assess_accepted.html.jinja", job=one.job, patient_id=patient_id, margin_id=margin_id,
                kept=kept, says=margin_lines([kept.record])[0], was=replaced_words(kept.old),
                dropped=not_carried_over(kept.old, kept.record.values))  # fmt: skip


def _which(request: Request, one: Assessed, label: str, key: str) -> Response:
    """Ask for the patient; of a key that nobody has, offer those that hold it."""
    looked_at(request, "", KEYS)
    found = worklist_of(request).keys(key, most=MOST_KEYS)
    return page(request, "assess_accept_patient.html.jinja", job=one.job, lesion=_lesion(one, label), key=key,
                found=found)  # fmt: skip


def _form(request: Request, one: Assessed, label: str, patient_id: str, *, typed: Mapping[str, str] | None = None,
          said: str = "", status: int = 200, in_doubt: bool = False) -> Response:  # fmt: skip
    """Ask for the lesion and the scans of a patient, with what was typed before and why that was refused."""
    places = places_of(web_of(request).settings.registry, patient_id)
    lesion = _lesion(one, label, named_rows(one) if patient_id == one.place.get("patient") else ())
    values = measured_values(one.document, lesion["label"], folder=folder_of(one.job.id))
    looked_at(request, patient_id, "accept a margin")
    return page(request, "assess_accept.html.jinja", status=status, job=one.job, lesion=lesion,
                patient_id=patient_id, places=places, drops=would_drop(places, values),
                lesions=lesion_places(places, _across_mm(one, label)),
                there=margins_there(places), in_doubt=in_doubt, ablation_says=ablation_says(places),
                scans=scan_says(places),
                typed=typed or dict.fromkeys(FIELDS, ""), said=said,
                chosen=one.place.get("lesion", "") if typed is None else typed["lesion_id"])  # fmt: skip


def _refused(request: Request, one: Assessed, label: str, patient_id: str, typed: Mapping[str, str],
             error: NotAcceptable | BadRecord | Overtaken) -> Response:  # fmt: skip
    if all(row["label"] != label for row in lesion_rows(one.document)):
        raise error  # the form would be one of another lesion
    try:
        return _form(request, one, label, patient_id, typed=typed, said=str(error), status=status_of(error),
                     in_doubt=isinstance(error, SizeInDoubt))  # fmt: skip
    except NotAcceptable:
        raise error from None


def _lesion(one: Assessed, label: str, rows: Sequence[Mapping[str, str]] = ()) -> Mapping[str, str]:
    rows = rows or lesion_rows(one.document)
    return next((row for row in rows if row["label"] == label), rows[0])


def _across_mm(one: Assessed, label: str) -> float:
    """Return the longest axial diameter of the tumor that was measured."""
    lesions = one.document["lesions"]
    return float(next((each for each in lesions if each["label"] == label), lesions[0])["tumor"]["recist_mm"])


def _scan(side: str, chosen: str, new: str, on: str) -> NamedScan | None:
    """Return the scan of the list that was chosen, or a new one with its day; None for none."""
    chosen, new, on = chosen.strip(), new.strip(), on.strip()
    if chosen and (new or on):
        raise NotAcceptable(
            f"A scan of the list and a new one came for the scan {side} ablation; choose one, or name the new one."
        )
    if on and not new:
        raise NotAcceptable(f"The day of a new scan {side} ablation came without a key; give the scan a key.")
    if chosen or not new:
        return NamedScan(id=chosen) if chosen else None
    return NamedScan(id=new, on=_day(on))


def _day(told: str) -> date | None:
    if not told.strip():
        return None
    try:
        return date.fromisoformat(told.strip())
    except ValueError:
        raise NotAcceptable("A day of another form than 2026-03-31 came; write year, month and day.") from None


def _revisions(told: str) -> dict[str, int]:
    """Return the revisions of the patient's margins as the form was made: "KEY=2 KEY=1"."""
    pairs = [one.rpartition("=") for one in told.split()]
    return {key: int(number) for key, _, number in pairs if key and number.isdecimal() and len(number) < 10}
