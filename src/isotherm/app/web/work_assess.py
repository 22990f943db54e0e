"""Work: a pair of scans, registered and measured, with corrected masks where somebody corrected them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isotherm.app.assess_task import PairAsked, assess_into, fetched
from isotherm.app.by_hand import ByHand
from isotherm.app.correcting import Correction, Signature, correction_document, correction_of
from isotherm.app.demo_pair import demo_pair
from isotherm.app.pacs_tasks import PacsOptions
from isotherm.app.provenance import Provenance
from isotherm.app.registering import Registered
from isotherm.app.registration_document import told as told_of
from isotherm.app.report_words import interval_range, margin_words
from isotherm.app.web.job import Came, Doing, Work
from isotherm.app.web.page_words import on_the_page
from isotherm.errors import IsothermError
from isotherm.exchange.atomic import write_text

PAIR, GATES = "pair.json", "gates.json"
"""In the folder of the job, beside what people may download: what was measured, and how the scans lie."""

DEMO_FOLDER = "demo-pair"

WORK = "assess"

MOST_S = 4 * 3600.0

NUMBER = re.compile(r" '(?:\d{6}(?:\.[a-z]+){0,2}|[0-9a-f]{16})'")
"""What an upload lies under, as a sentence names a file: it tells its sender nothing."""


def asked_for(pair: PairAsked | None, corrections: Sequence[Correction] = (), signed: Signature | None = None, *,
              of: str = "", place: Mapping[str, str] | None = None, by_hand: ByHand | None = None
              ) -> dict[str, Any]:  # fmt: skip
    """Return what the work is asked: a pair, or the demo's where it is None, and how its masks were corrected.

    Parameters
    ----------
    pair : PairAsked, optional
    corrections : sequence of Correction
    signed : Signature, optional
        Needed with corrections.
    of : str
        The job whose masks were corrected.
    place : mapping, optional
        The patient and the lesion of the registry that it is about, where that was said beforehand.
    by_hand : ByHand, optional
        What a person did to the registration.
    """
    return {"pair": None if pair is None else pair.document(), "of": of, "place": dict(place or {}),
            "corrections": [correction_document(one) for one in corrections],
            "by_hand": None if by_hand is None else by_hand.document(),
            "signed": None if signed is None else signed.document()}  # fmt: skip


def _run(asked: Mapping[str, Any], doing: Doing) -> Came:
    try:
        return _measured(asked, doing)
    except IsothermError as error:
        error.args = (on_the_page(NUMBER.sub("", str(error))),)
        raise


def _measured(asked: Mapping[str, Any], doing: Doing) -> Came:
    home = doing.folder.parent
    told = asked["pair"]
    pair = demo_pair(doing.workspace / DEMO_FOLDER, progress=doing.tell) if told is None else (
        fetched(PairAsked.from_document(told), home, pacs=PacsOptions(), tell=doing.tell))  # fmt: skip
    if (by_hand := asked.get("by_hand")) is not None:
        pair = ByHand.from_document(by_hand).put_into(doing.folder, pair)
    write_text(home / PAIR, json.dumps(pair.document()))
    corrections = [correction_of(one) for one in asked["corrections"]]
    signed = None if asked["signed"] is None else Signature.from_document(asked["signed"])
    aligned = None if by_hand is None else ByHand.from_document(by_hand).signed
    made = Provenance.now(id=doing.id, by=doing.who, corrected=signed, aligned=aligned)
    found = assess_into(doing.folder, pair, corrections, signed, made=made, keep_in=home, progress=doing.tell,
                        judged=lambda lesions: _keep_gates(home, lesions))  # fmt: skip
    return Came(said=_said(found.assessment.document["lesions"]), link=f"/assess/{doing.id}")


def _keep_gates(home: Path, lesions: Sequence[Registered]) -> None:
    document = [told_of(one, {}) | {"label": one.lesion.label, "name": one.lesion.name} for one in lesions]
    write_text(home / GATES, json.dumps(document))


def _said(lesions: Sequence[Mapping[str, Any]]) -> str:
    told = "; ".join(f"{margin_words(one)} ({interval_range(one) or 'no interval'})" for one in lesions)
    return f"Minimal margin: {told}."


RUNS = Work(_run, most_s=MOST_S)
