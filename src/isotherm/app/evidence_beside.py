"""A study's own effect beside published ones: never pooled, and next to each what differs from the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from isotherm.app.evidence_beside_by_arm import Arms, ByArm, by_arm_beside, printed_by_arm
from isotherm.app.evidence_beside_own import outcome_called, own_effect, result_of
from isotherm.app.evidence_beside_own_by_arm import InArm
from isotherm.app.evidence_beside_rows import Row, Setting, arms_matched, arms_words, differences, published_setting
from isotherm.app.evidence_pool_words import printed_words
from isotherm.app.evidence_words import flag_words, source_words, status_words, value_words
from isotherm.app.study_report_frame import Arm, arms_of
from isotherm.errors import BadSetting
from isotherm.evidence.library import Library
from isotherm.evidence.named_apart import names_apart
from isotherm.evidence.paper import Paper
from isotherm.evidence.published_effect import compared, sharing_patients
from isotherm.evidence.result import PublishedResult
from isotherm.evidence.study_effect import plain

SCHEMA = "isotherm.evidence-beside/1"
NEVER_POOLED = "Laid side by side and never pooled: the rows answer different questions where the words differ."


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A study's own effect, published effects and survival by arm, same arms first; who shares patients."""

    own: Row
    published: tuple[Row, ...]
    by_arm: tuple[ByArm, ...]
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
        Of published results; if none, every published comparison of arms with the same endpoint, by a ratio (or a
        difference) or by survival in each arm, at a time or as a median. One arm brings the others along.

    Raises
    ------
    UnreadableFile
        No result.json of this form.
    BadSetting
        An outcome or a result that is not there, an effect that was not estimated, published results of another kind.
    """
    result = result_of(path)
    own, ratio, level = own_effect(result, outcome)
    arms, about = arms_of(result), outcome_called(result, outcome)
    if len(set(ids)) < len(ids):
        raise BadSetting("One result came twice; name each once.")
    sets, records = _named(library, ids, ratio=ratio) if ids else _alike(library, own, ratio=ratio)
    by_arm = by_arm_beside(library, sets, result, about, own.setting)
    names = names_apart(library.papers, records)
    published = [_published(library.papers[one.paper], one, names[one.id], arms) for one in records]
    shared = sharing_patients(library, [*records, *(one[0] for one in sets)])
    published.sort(key=lambda one: (not one.arms_there, not one.turned))
    return Beside(own=own, published=tuple(published), by_arm=by_arm, ratio=ratio, level=level,
                  shared=tuple((a.id, b.id) for a, b in shared))  # fmt: skip


def _named(library: Library, ids: Sequence[str], *, ratio: bool) -> tuple[list[Arms], list[PublishedResult]]:
    """Return the sets of survival by arm and the effects that were named."""
    named = [library.result(name) for name in ids]
    sets = [one for one in printed_by_arm(library.results.values()) if any(record.id in ids for record in one)]
    in_sets = {record.id for one in sets for record in one}
    effects = [one for one in named if one.id not in in_sets]
    odd = [one.id for one in effects if one.estimate is None or not _same_scale(one, ratio=ratio)]
    if odd:
        raise BadSetting(f"{odd[0]} is no {'ratio' if ratio else 'difference'} as the study's own effect is, and no "
                         "survival at a time or as a median that is printed for each arm; leave it out.")  # fmt: skip
    return sets, effects


def _alike(library: Library, own: Row, *, ratio: bool) -> tuple[list[Arms], list[PublishedResult]]:
    """Return every set of survival by arm and every effect that compares arms in the study's endpoint."""
    same = [one for one in library.results.values()
            if one.status == "published" and plain(one.endpoint) == plain(own.setting.endpoint)]  # fmt: skip
    sets = list(printed_by_arm(same))
    found = [one for one in same if _compares_arms(one) and _same_scale(one, ratio=ratio)]
    if not found and not sets:
        raise BadSetting(
            f'No published comparison of arms has the endpoint "{own.setting.endpoint}"; choose some with --with ID '
            "(`isotherm evidence table --endpoint TEXT` finds them)."
        )
    return sets, found


def _compares_arms(record: PublishedResult) -> bool:
    """Say whether a result is a published comparison of arms whose direction is beyond doubt."""
    return bool(record.arm and record.reference) and record.estimate is not None and not record.direction_suspect


def _same_scale(record: PublishedResult, *, ratio: bool) -> bool:
    return record.is_ratio if ratio else record.measure == "difference"


def _published(paper: Paper, record: PublishedResult, name: str, arms: Sequence[Arm]) -> Row:
    first, second = compared(record, paper)
    setting = published_setting(record, arms=f"{first} v {second}" if second else f"{first}, per {record.per} more",
                                measure=record.measure)  # fmt: skip
    status = () if record.status == "published" else (status_words(record),)
    bare = () if record.has_interval else ("No interval is printed",)
    ids = (record.arm, record.reference)
    matched = () if record.per else arms_matched(arms, paper, ids)
    is_turned = bool(matched) and matched[0].reference
    there = arms_words(paper, ids) if matched else ""
    return Row(
        name=f"{name} ({paper.design}, {record.organ})", printed=value_words(record),
        numbers=printed_words(record) if record.has_interval else str(record.estimate),
        estimate=float(record.estimate or 0), low=float(record.low) if record.has_interval and record.low else None,
        high=float(record.high) if record.has_interval and record.high else None, setting=setting,
        source=source_words(record, paper), remarks=(*status, *bare, *flag_words(record)), id=record.id,
        paper=paper.short, called=name, is_slope=bool(record.per),
        arms_there="" if is_turned else there, turned=there if is_turned else "",
    )  # fmt: skip


def document_of(found: Beside) -> dict[str, Any]:
    """Return the content of beside.json."""
    return {
        "schema": SCHEMA, "pooled": False, "scale": "ratio" if found.ratio else "difference", "level": found.level,
        "own": _fields(found.own, {}),
        "published": [_fields(row, dict(differences(found.own.setting, row.setting, row.arms_there)))
                      for row in found.published],
        "rates": [_by_arm(one) for one in found.by_arm if one.at],
        "medians": [_by_arm(one) for one in found.by_arm if not one.at],
        "share_patients": [list(pair) for pair in found.shared],
    }  # fmt: skip


def _fields(row: Row, apart: Mapping[str, str]) -> dict[str, Any]:
    return {"id": row.id or None, "name": row.name, "printed": row.printed, "estimate": row.estimate, "low": row.low,
            "high": row.high, **_words(row.setting), "differs_in": sorted(apart),
            "arms_there": row.arms_there or None, "arms_turned": row.turned or None, "remarks": list(row.remarks),
            "source": row.source}  # fmt: skip


def _by_arm(one: ByArm) -> dict[str, Any]:
    apart = dict(differences(one.own_setting, one.setting, one.arms_there))
    return {"name": one.name, **({"at": one.at} if one.at else {}), **_words(one.setting), "differs_in": sorted(apart),
            "arms_there": one.arms_there or None, "published": [_arm(arm, one.unit) for arm in one.published],
            "own": [_arm(arm, one.unit) for arm in one.own], "remarks": list(one.remarks)}  # fmt: skip


def _arm(one: InArm, unit: str) -> dict[str, Any]:
    return {"id": one.id or None, "arm": one.arm, "printed": one.printed or None, unit: one.value, "low": one.low,
            "high": one.high, "why": one.why or None, "remark": one.remark or None,
            "source": one.source or None}  # fmt: skip


def _words(setting: Setting) -> dict[str, str]:
    return {one.name: getattr(setting, one.name) for one in fields(Setting)}
