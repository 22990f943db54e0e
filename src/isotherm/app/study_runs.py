"""Runs of one study beside each other: what each recorded of protocol, patients and estimates; nothing is computed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from isotherm.app.study_report_frame import arms_of, has_design, is_adjusted, measure_of, outcomes_of
from isotherm.app.study_report_headline import headline_of, headline_text
from isotherm.app.study_report_parts import in_months
from isotherm.app.study_report_release import is_withheld
from isotherm.app.study_report_words import Result, printed
from isotherm.study.disclosure import CUT


@dataclass(frozen=True, slots=True)
class RunWords:
    """What stands of a run beside others.

    Parameters
    ----------
    protocol : str
        SHA-256 of the protocol's file; empty where it was not recorded.
    since : str
        Whether the protocol is as it is now.
    entries : str
        How many entries the registry's audit had; empty for a table.
    patients, estimates : tuple of str
        The main estimate first.
    naive : str
        Empty where it is the main one.
    """

    protocol: str
    since: str
    entries: str
    patients: tuple[str, ...]
    estimates: tuple[str, ...]
    naive: str


def run_words(result: Result, *, now: str) -> RunWords:
    """Return what a run recorded, in the words of its report; `now` is the hash of the protocol as it is now."""
    head, own = headline_of(result), protocol_hash(result)
    registry = result["data"].get("registry")
    return RunWords(
        protocol=own or "", since="not recorded" if own is None else "as it is now" if own == now else "changed since",
        entries=f"{registry['entries']:,} entries" if registry else "",
        patients=tuple(_patients(result)), estimates=(headline_text(head), *_others(result)),
        naive="".join(run.text for run in head.naive),
    )  # fmt: skip


def protocol_hash(result: Result) -> str | None:
    """Return the SHA-256 of the protocol's file; None where a run has not recorded it."""
    record = result["results"].get("protocol.file_hash")
    return None if record is None else str(record["text"])


def changed_lines(before: str, after: str) -> tuple[str, ...]:
    """Return the lines in which two texts differ: those of the first begin with "-", those of the second with "+"."""
    told = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return tuple(line for line in list(told)[2:] if not line.startswith("@@"))


def _patients(result: Result) -> Iterator[str]:
    """Tell how many were in the table, and how many are compared in each arm."""
    records = result["results"]
    boxes: list[Mapping[str, Any]] = result["flow"].get("boxes") or []
    if boxes:
        yield f"{_count(result, str(boxes[0]['patients']))} in the table"
    for arm in arms_of(result):
        if f"table_one.size.{arm.name}.patients" in records:
            yield f"{_count(result, f'table_one.size.{arm.name}.patients')} {arm.label}"


def _count(result: Result, key: str) -> str:
    record = result["results"][key]
    return CUT if is_withheld(record["why"]) else printed(record)


def _others(result: Result) -> Iterator[str]:
    """Tell the estimates of the other outcomes; designs have too many, and their reports tell them."""
    for outcome in () if has_design(result) else outcomes_of(result)[1:]:
        record = result["results"].get(f"effect.{outcome.name}.adjusted")
        if record is not None:
            how = "" if is_adjusted(result) else ", not adjusted"
            told = CUT if is_withheld(record["why"]) else printed(record)
            yield f"{outcome.label}: {in_months(measure_of(record)).lower()}{how} {told}"
