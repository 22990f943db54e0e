"""What a PACS holds and what came of it, for a terminal and as JSON; a patient's name only where it was asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from isotherm.app.pacs_tasks import Sent
from isotherm.app.terminal import table_lines
from isotherm.exchange.dicomweb_find import Series, Study
from isotherm.exchange.dicomweb_pull import Pulled
from isotherm.printable import printable

LONGEST = 30
"""Letters of a description that a table shows."""

MOST_NAMES = 5
"""Attributes that a line names."""

# UIDs come last: where a terminal is too narrow they can still be copied whole.
STUDY_HEAD = ("day", "modality", "series", "objects", "description")
SERIES_HEAD = ("number", "modality", "objects", "description", "series UID")
PULLED_HEAD = ("number", "modality", "objects", "folder, named by the series UID")


def studies_text(studies: Sequence[Study], more: bool, *, names: bool) -> str:
    """Return the table of studies."""
    if not studies:
        return "No study fits."
    head = (*STUDY_HEAD, *(("patient ID", "patient") if names else ()), "study UID")
    rows = [head, *(_study_row(one, names) for one in studies)]
    note = ["  There are more; narrow the search, or raise --most."] if more else []
    return "\n".join([*table_lines(rows, None), *note])


def studies_json(studies: Sequence[Study], more: bool, *, names: bool) -> str:
    """Return the same as JSON."""
    told = [_study_told(one) | ({"patient_id": one.patient_id, "patient_name": one.patient_name} if names else {})
            for one in studies]  # fmt: skip
    return json.dumps({"schema": "isotherm.pacs-studies/1", "studies": told, "more": more}, indent=1)


def series_text(series: Sequence[Series]) -> str:
    """Return the table of the series of a study."""
    rows = [SERIES_HEAD, *((_or_dash(one.number), one.modality or "-", _or_dash(one.objects), _short(one.description),
                            one.uid) for one in series)]  # fmt: skip
    return "\n".join(table_lines(rows, None))


def series_json(series: Sequence[Series]) -> str:
    """Return the same as JSON."""
    told = [{"series_uid": one.uid, "number": one.number, "modality": one.modality or None, "objects": one.objects,
             "description": one.description or None} for one in series]  # fmt: skip
    return json.dumps({"schema": "isotherm.pacs-series/1", "study_uid": series[0].study, "series": told}, indent=1)


def pulled_text(pulled: Pulled) -> str:
    """Say what a pull brought, one line for each series."""
    rows = [PULLED_HEAD, *((_or_dash(one.series.number), one.series.modality or "-", str(len(one.uids)), one.series.uid)
                           for one in pulled.series)]  # fmt: skip
    kept = f", {pulled.kept} were here" if pulled.kept else ""
    notes = [f"{_many(pulled.fetched, 'object')} fetched{kept}: {printable(str(pulled.folder))}"]
    if pulled.unlisted:
        notes.append(f"  {pulled.unlisted} more came than were listed; pull again once the study is complete.")
    if pulled.strange:
        notes.append(
            f"  {_many(pulled.strange, 'file')} here not listed by the PACS; pull into a new folder to be without."
        )
    return "\n".join([*table_lines(rows, None), *notes])


def pushed_text(sent: Sent) -> str:
    """Say what became of objects that were sent; files are named, attributes too, values never."""
    pushed = sent.pushed
    name = {one.uid: one.name for one in sent.objects}
    checked = ", read back and compared" if pushed.read_back else ""
    lines = [f"{_many(len(pushed.sent), 'object')} sent, {len(pushed.known)} were there{checked}."]
    lines += [f"  {name[uid]} was refused: {why}" for uid, why in pushed.refused.items()]
    lines += [f"  {name[uid]} is there as another object under the same UID; it differs in {_listed(names)}"
              for uid, names in pushed.differing.items()]  # fmt: skip
    changed = sorted({one for names in pushed.coerced.values() for one in names})
    lines += [f"  The PACS keeps its own {_listed(changed)} in {len(pushed.coerced)} of them."] if changed else []
    lines += [f"  {_many(sent.not_dicom, 'file')} passed over: not DICOM."] if sent.not_dicom else []
    return "\n".join(map(printable, lines))


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _study_row(one: Study, names: bool) -> tuple[str, ...]:
    return ("-" if one.day is None else one.day.isoformat(), ",".join(one.modalities) or "-",
            _or_dash(one.series), _or_dash(one.objects), _short(one.description),
            *((one.patient_id or "-", one.patient_name or "-") if names else ()),
            one.uid)  # fmt: skip


def _study_told(one: Study) -> dict[str, Any]:
    return {
        "study_uid": one.uid,
        "day": None if one.day is None else one.day.isoformat(),
        "modalities": list(one.modalities),
        "series": one.series,
        "objects": one.objects,
        "description": one.description or None,
    }


def _or_dash(number: int | None) -> str:
    return "-" if number is None else str(number)


def _short(text: str) -> str:
    return text[:LONGEST] or "-"
