"""Provenance: which measurement a report is of, of which days, by whom; what nobody told is called not recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from isotherm.app.assessment import Assessment
from isotherm.app.correcting import Signature
from isotherm.app.report_words import part, without_paths

UNKNOWN = "not recorded"

ACCEPTED = "not recorded here: the registry has who accepted a margin, with the number of its result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How a measurement came about, beside what it was measured on.

    Parameters
    ----------
    on : datetime
        When it was made, with a time zone.
    id : str
        Under which the local app keeps it; "" on the command line, which keeps none.
    by : str
        Who asked for it; "" where nobody said so.
    corrected, aligned : Signature, optional
        Who corrected its masks, and who aligned its scans by hand.
    """

    on: datetime
    id: str = ""
    by: str = ""
    corrected: Signature | None = None
    aligned: Signature | None = None

    @classmethod
    def now(cls, *, id: str = "", by: str = "", corrected: Signature | None = None,  # noqa: A002 - as the field
            aligned: Signature | None = None) -> Provenance:  # fmt: skip
        """Return that of a measurement that is just made."""
        return cls(on=datetime.now(UTC).astimezone(), id=id, by=by, corrected=corrected, aligned=aligned)


def provenance_rows(assessment: Assessment, made: Provenance) -> list[tuple[str, str]]:
    """Return what is known of a measurement as labels and words, for the head of its report."""
    document = assessment.document
    version = part(document, "software").get("isotherm", UNKNOWN)
    days = assessment.days
    return [
        ("Measurement", made.id or "without a number (not of the local app)"),
        ("Result", f"margin.json, {result_hash(document)} of its content, as a registry names it"),
        ("Measured", f"{made.on:%Y-%m-%d} with isotherm {version}, by {without_paths(made.by) or UNKNOWN}"),
        ("Scans", f"before ablation {_day(days.before)}, after ablation {_day(days.after)}"),
        ("Outlines drawn by", without_paths(str(part(document, "settings").get("reader") or UNKNOWN))),
        *(("Masks corrected", _signed(one)) for one in (made.corrected,) if one),
        *(("Scans aligned by hand", _signed(one)) for one in (made.aligned,) if one),
        ("Accepted", ACCEPTED),
    ]


def result_hash(document: Mapping[str, Any]) -> str:
    """Return the number of a result, which its report and its record in the registry name alike."""
    return "sha256 " + hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]


def _day(day: date | None) -> str:
    return UNKNOWN if day is None else day.isoformat()


def _signed(one: Signature) -> str:
    return f"{one.at:%Y-%m-%d}, by {without_paths(one.by)}: {without_paths(one.why)}"
