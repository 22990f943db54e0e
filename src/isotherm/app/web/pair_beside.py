"""What stands beside the margins of a measured pair: scale, number before the correction, and where it is filed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request

from isotherm.app.registry_tasks import history, patient
from isotherm.app.report import finding_rulers
from isotherm.app.web.assess_words import lesion_rows
from isotherm.app.web.assessed import Assessed
from isotherm.app.web.context import foreman_of, web_of
from isotherm.app.web.looked import looked_at
from isotherm.app.web.patient_pairs import margins_in
from isotherm.errors import BadRecord

Row = dict[str, Any]


def rows_of_page(request: Request, one: Assessed) -> list[Row]:
    """Return each lesion of a measured pair as its page shows it: finding, scale, number before, where it is filed."""
    document = one.document
    rows, before = named_rows(one), _before(request, one)
    every = zip(rows, finding_rulers(document["lesions"]), _filed(request, one, document), strict=True)
    return [row | {"ruler": ruler, "filed": filed, "before": before.get(row["label"])} for row, ruler, filed in every]


def named_rows(one: Assessed) -> list[Row]:
    """Return each lesion of a measured pair; a single one is called as the lesion that it was begun for, if any was."""
    rows, begun_for = lesion_rows(one.document), one.place.get("lesion", "")
    return [rows[0] | {"name": f"Lesion {begun_for}"}] if begun_for and len(rows) == 1 else rows


def _before(request: Request, one: Assessed) -> Mapping[str, Row]:
    """Return the findings, by label, of what was measured before a correction; none where it is not there any more."""
    table = foreman_of(request).table
    job = table.get(one.asked.get("of") or "")
    if job is None or job.state != "done":
        return {}
    return {row["label"]: row for row in lesion_rows(Assessed(job, table.folder(job.id)).document)}


def _filed(request: Request, one: Assessed, document: Mapping[str, Any]) -> Sequence[Sequence[Row]]:
    """Return for each lesion the margins of the registry that it stands in: which, of whom, by whom and when."""
    address, patient_id = web_of(request).settings.registry, one.job.patient
    try:
        records = [kept.record for kept in patient(address, patient_id)] if patient_id else []
    except BadRecord:
        records = []
    found = margins_in(one.job.id, document, records)
    if any(found):
        looked_at(request, patient_id, f"measured pair {one.job.id}")
    return [[_told(address, patient_id, each.id, each.get("lesion_id")) for each in margins] for margins in found]


def _told(address: str, patient_id: str, margin_id: str, lesion_id: object) -> Row:
    (last,), _ = history(address, patient_id=patient_id, kind="margin", key=margin_id, last=1)
    return {"margin": margin_id, "lesion": lesion_id, "patient": patient_id, "by": last.who, "on": last.at[:10]}
