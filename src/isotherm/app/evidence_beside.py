"""A study's own effect beside published ones: never pooled, and next to each what differs from the study."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

from isotherm.app.evidence_pool_words import printed_words
from isotherm.app.evidence_words import flag_words, source_words, status_words, value_words
from isotherm.app.study_report_designs import design_effect
from isotherm.app.study_report_frame import (
    Outcome,
    analysis_of,
    are_arms_barred,
    arms_of,
    has_design,
    measure_of,
    outcomes_of,
)
from isotherm.app.study_report_release import is_withheld
from isotherm.app.study_report_words import printed
from isotherm.errors import BadSetting, UnreadableFile
from isotherm.evidence.library import Library
from isotherm.evidence.named_apart import names_apart
from isotherm.evidence.paper import Paper
from isotherm.evidence.published_effect import compared, sharing_patients
from isotherm.evidence.result import PublishedResult
from isotherm.evidence.study_effect import plain
from isotherm.exchange.text_files import text_of
from isotherm.study.simulate.synthetic import NOBODY_LIVED

SCHEMA = "isotherm.evidence-beside/1"
STUDY_SCHEMA = "isotherm.study/1"
NOT_PRINTED = "not printed"
NEVER_POOLED = "Laid side by side and never pooled: the rows answer different questions where the words differ."
LARGEST_BYTES = 200_000_000
"""A result with the curves of a million patients is shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """In what studies may differ, in words; "not printed" is an answer."""

    population: str
    arms: str
    time_zero: str
    endpoint: str
    adjustment: str
    measure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: the study's own effect, or a published one.

    Parameters
    ----------
    name, printed, numbers, source : str
        `printed` is all that was printed, `numbers` the estimate with its interval alone.
    estimate : float
    low, high : float or None
        None where no limit was printed, or the data set none.
    setting : Setting
    remarks : tuple of str
        Status, and what is wrong with the number.
    id, paper, called : str
        Of the published result: what its publication is called, and what the result is called beside others of it;
        empty for the study's own.
    is_slope : bool
        Whether it is per step of something, and compares no arms.
    """

    name: str
    printed: str
    numbers: str
    source: str
    estimate: float
    low: float | None
    high: float | None
    setting: Setting
    remarks: tuple[str, ...] = ()
    id: str = ""
    paper: str = ""
    called: str = ""
    is_slope: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A study's own effect, the published ones, and which of these share patients."""

    own: Row
    published: tuple[Row, ...]
    ratio: bool
    level: float
    shared: tuple[tuple[str, str], ...]


def beside(library: Library, path: str, *, outcome: str | None, ids: Sequence[str]) -> Beside:
    """Lay a study's main effect beside published results.

    Parameters
    ----------
    library : Library
    path : str
        Of result.json.
    outcome : str or None
        Name of an outcome; the primary one unless named.
    ids : sequence of str
        Of published results; if none, every published comparison of arms with the same endpoint.

    Raises
    ------
    UnreadableFile
        No result.json of this form.
    BadSetting
        An outcome or a result that is not there, an effect that was not estimated, published results of another kind.
    """
    result = _result(path)
    own, ratio, level = _own(result, outcome)
    records = [library.result(name) for name in ids] or _alike(library, own, ratio=ratio)
    odd = [one.id for one in records if one.estimate is None or not _same_scale(one, ratio=ratio)]
    if odd:
        raise BadSetting(
            f"{odd[0]} is no {'ratio' if ratio else 'difference'} as the study's own effect is; leave it out."
        )
    if len(set(ids)) < len(ids):
        raise BadSetting("One result came twice; name each once.")
    shared = tuple((a.id, b.id) for a, b in sharing_patients(library, records))
    names = names_apart(library.papers, records)
    published = tuple(_published(library.papers[one.paper], one, names[one.id]) for one in records)
    return Beside(own=own, published=published, ratio=ratio, level=level, shared=shared)


def differences(own: Setting, other: Setting) -> Iterator[tuple[str, str]]:
    """Yield in what another study differs, and its words; what is alike is left out, what is not printed is not."""
    for one in fields(Setting):
        mine, theirs = getattr(own, one.name), getattr(other, one.name)
        if plain(mine) != plain(theirs):
            yield one.name.replace("_", " "), theirs


def _result(path: str) -> Mapping[str, Any]:
    file = Path(path)
    try:
        result: Any = json.loads(text_of(file, called="result", example="result.json of `isotherm study run`",
                                         largest_bytes=LARGEST_BYTES))  # fmt: skip
        if result["schema"] != STUDY_SCHEMA:
            raise KeyError
        _ = (
            outcomes_of(result),
            result["caveats"],
            result["settings"]["adjustment"],
            result["results"]["protocol.time_zero"],
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableFile(
            f"'{file.name}' is no result of `isotherm study run` ({STUDY_SCHEMA}); give its result.json."
        ) from None
    return cast("Mapping[str, Any]", result)


def _own(result: Mapping[str, Any], name: str | None) -> tuple[Row, bool, float]:
    """Return the main effect of an outcome, whether it is a ratio, and its level."""
    outcomes = outcomes_of(result)
    outcome = next((one for one in outcomes if name in (None, one.name)), None)
    if outcome is None:
        raise BadSetting(f'No outcome is called "{name}"; there are: {", ".join(one.name for one in outcomes)}.')
    record, population, adjustment = _main(result, outcome)
    arms = " v ".join(arm.label for arm in arms_of(result))
    setting = Setting(population=population, arms=arms, time_zero=_text(result, "protocol.time_zero"),
                      endpoint=outcome.label, adjustment=adjustment, measure=measure_of(record).casefold())  # fmt: skip
    counts = "" if record["n"] is None else f"; {printed(record, 'events')} {_counted(record)}"
    counts += "" if record["n"] is None else f", {printed(record, 'n')} patients"
    own = Row(
        name=f"This study: {result['protocol']['title']}", printed=printed(record), numbers=printed(record),
        estimate=float(record["value"]), low=record["low"], high=record["high"], setting=setting,
        source=f"result.json, {_protocol(result)}{counts}",
        remarks=tuple(one for one in result["caveats"] if one == NOBODY_LIVED),
    )  # fmt: skip
    return own, record["kind"] == "ratio", float(record["level"])


def _protocol(result: Mapping[str, Any]) -> str:
    """Return by what the protocol is known: its file, where the run wrote down of which file it was."""
    if "protocol.file_hash" in result["results"]:
        return f"protocol file with SHA-256 {_text(result, 'protocol.file_hash')[:12]}…"
    return f"what the protocol says, SHA-256 {str(result['protocol']['hash'])[:12]}…"


def _counted(record: Mapping[str, Any]) -> str:
    """Return what the events of a study's answer are: of clones, one counts in each strategy that is followed."""
    return "events of patients cloned into every strategy" if str(record["method"]).startswith("clones") else "events"


def _main(result: Mapping[str, Any], outcome: Outcome) -> tuple[Mapping[str, Any], str, str]:
    """Return the study's own answer for an outcome, whom it is about, and how it was adjusted.

    Where designs answer the question, arms as they became are no answer and are never laid beside published ones.
    """
    design = design_effect(result, outcome) if has_design(result) else None
    if design is not None:
        key, target = design
        about, how = _text(result, target), f"by design: {result['results']['headline.design']['text']}"
    elif are_arms_barred(result):
        raise BadSetting(f'"{outcome.label}" was compared only between arms as they became, which the audit bars as '
                         "an answer; choose an outcome that the designs answer.")  # fmt: skip
    else:
        key = f"effect.{outcome.name}.{analysis_of(result)}"
        about, how = _text(result, "protocol.eligibility"), str(result["settings"]["adjustment"] or "none")
    record = result["results"].get(key)
    if record is not None and is_withheld(record["why"]):
        raise BadSetting(f'This release withholds the effect on "{outcome.label}", from which a small count could be '
                         "worked out; choose another --outcome, or a run that is not for release.")  # fmt: skip
    if record is None or record["value"] is None:
        why = "it was not asked for" if record is None else str(record["why"])
        raise BadSetting(f'The study has no effect for "{outcome.label}", since {why}; choose another --outcome.')
    return record, about, how


def _text(result: Mapping[str, Any], key: str) -> str:
    return str(result["results"].get(key, {}).get("text") or NOT_PRINTED)


def _alike(library: Library, own: Row, *, ratio: bool) -> list[PublishedResult]:
    found = [one for one in library.results.values() if _compares_arms(one) and _same_scale(one, ratio=ratio)
             and plain(one.endpoint) == plain(own.setting.endpoint)]  # fmt: skip
    if not found:
        raise BadSetting(
            f'No published comparison of arms has the endpoint "{own.setting.endpoint}"; choose some with --with ID '
            "(`isotherm evidence table --endpoint TEXT` finds them)."
        )
    return found


def _compares_arms(record: PublishedResult) -> bool:
    """Say whether a result is a published comparison of arms whose direction is beyond doubt."""
    return (record.status == "published" and bool(record.arm and record.reference) and record.estimate is not None
            and not record.direction_suspect)  # fmt: skip


def _same_scale(record: PublishedResult, *, ratio: bool) -> bool:
    return record.is_ratio if ratio else record.measure == "difference"


def _published(paper: Paper, record: PublishedResult, name: str) -> Row:
    first, second = compared(record, paper)
    adjusted = {None: NOT_PRINTED, True: "adjusted", False: "none"}[record.adjusted]
    setting = Setting(
        population=record.population or NOT_PRINTED,
        arms=f"{first} v {second}" if second else f"{first}, per {record.per} more",
        time_zero=record.time_zero, endpoint=record.endpoint or NOT_PRINTED,
        adjustment=f"{adjusted}{f', {record.analysis}' if record.analysis else ''}", measure=record.measure,
    )  # fmt: skip
    status = () if record.status == "published" else (status_words(record),)
    bare = () if record.has_interval else ("No interval is printed",)
    return Row(
        name=f"{name} ({paper.design}, {record.organ})", printed=value_words(record),
        numbers=printed_words(record) if record.has_interval else str(record.estimate),
        estimate=float(record.estimate or 0), low=float(record.low) if record.has_interval and record.low else None,
        high=float(record.high) if record.has_interval and record.high else None, setting=setting,
        source=source_words(record, paper), remarks=(*status, *bare, *flag_words(record)), id=record.id,
        paper=paper.short, called=name, is_slope=bool(record.per),
    )  # fmt: skip


def document_of(found: Beside) -> dict[str, Any]:
    """Return the content of beside.json."""
    return {
        "schema": SCHEMA, "pooled": False, "scale": "ratio" if found.ratio else "difference", "level": found.level,
        "own": _fields(found.own, {}),
        "published": [_fields(row, dict(differences(found.own.setting, row.setting))) for row in found.published],
        "share_patients": [list(pair) for pair in found.shared],
    }  # fmt: skip


def _fields(row: Row, apart: Mapping[str, str]) -> dict[str, Any]:
    setting = {one.name: getattr(row.setting, one.name) for one in fields(Setting)}
    return {"id": row.id or None, "name": row.name, "printed": row.printed, "estimate": row.estimate, "low": row.low,
            "high": row.high, **setting, "differs_in": sorted(apart), "remarks": list(row.remarks),
            "source": row.source}  # fmt: skip
