"""Designs as records: whom each is about, what remains, risks and restricted means first, hazard ratios after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from isotherm.effect import Effect
from isotherm.study.analysis.adjusted_for import adjusted_of_three, main_in_words
from isotherm.study.analysis.courses import Timed
from isotherm.study.analysis.design_answers import (
    KEYS,
    arms_shown,
    called,
    curves_shown,
    effect_of,
    naive_of,
    result_of,
    rows_of,
    sound_of,
)
from isotherm.study.analysis.design_clones import RESTRICTED, add_clones
from isotherm.study.analysis.design_curves import RISKS, DesignCurves, add_design_curves, axis_days, count_around
from isotherm.study.analysis.design_horizon import add_horizon
from isotherm.study.analysis.designs import Answer, Done
from isotherm.study.analysis.failed import add_many_failed, behind_failures
from isotherm.study.designs.clone_result import CloneResult
from isotherm.study.designs.courses import Endpoint
from isotherm.study.designs.result import DesignResult
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_designs import Weighted, in_words
from isotherm.study.result import Cell, Record, Results, cell

MEASURES = {"risk_difference": "Risk difference", "rmst_difference": "Difference of restricted means",
            "hazard_ratio": "Hazard ratio"}  # fmt: skip

Rows = list[list[Cell]]


@dataclass(slots=True)
class _Sheet:
    """Rows of the tables of one endpoint, filled while its designs are added."""

    effects: Rows = field(default_factory=Rows)
    about: Rows = field(default_factory=Rows)
    risks: Rows = field(default_factory=Rows)
    counts: Rows = field(default_factory=Rows)
    left_out: Rows = field(default_factory=Rows)
    axis: list[float] = field(default_factory=list[float])


def add_designs(results: Results, protocol: Protocol, found: Timed, done: Sequence[Done]) -> None:
    """Add everything that designs say, endpoint by endpoint, and the table that shows them side by side."""
    assert protocol.course is not None
    rows: Rows = []
    counted = [("eligible", "Eligible patients, in an arm or not", found.eligible),
               *((f"left_out.{k}", f"Left out of all designs: {words}", count)
                 for k, (words, count) in enumerate(found.left_out, start=1)),
               ("patients", "Patients of all designs", len(found.courses))]  # fmt: skip
    for part, words, count in counted:
        _count(results, f"course.{part}", words, count, rows)
    results.table("course", "Patients of the designs", ["", "Patients"], rows)
    for one in done:
        if one.barred_by:
            end = "It stands here beside a sound design." if one.answers else "It was not carried out."
            says = f"Barred as an answer by what was found ({_reasons(one.barred_by)}). {end}"
            results.text(f"design.{one.design.name}.barred", f"{in_words(one.design)}: barred", says)
    for endpoint in protocol.course.endpoints:
        shown = {
            one.design.name: curves_shown(protocol, one, endpoint)
            for one in done
            if not isinstance(one.answers.get(endpoint, ""), str)
        }
        sheet = _Sheet(axis=axis_days(list(shown.values())))
        for one in done:
            if endpoint in one.answers:
                _design(results, protocol, one, endpoint, sheet, shown.get(one.design.name))
        _tables(results, protocol, endpoint, sheet)
    _headline_rests(results, protocol, done)


def _reasons(barred_by: Sequence[str]) -> str:
    """Return the kinds of findings in words, each once: their keys go on with the arm that they are about."""
    return ", ".join(dict.fromkeys(key.partition(".")[0].replace("_", " ") for key in barred_by))


def _headline_rests(results: Results, protocol: Protocol, done: Sequence[Done]) -> None:
    """Say that the main estimate and the naive one rest on the counts of their designs."""
    assert protocol.course is not None
    end = f"{KEYS[protocol.course.endpoints[0]]}.{_others(protocol)[0]}.risk_difference"
    sound = sound_of(done)
    for key, one in (("headline.effect", sound), ("headline.many_failed", sound), ("headline.naive", naive_of(done))):
        own = "" if one is None else f"design.{one.design.name}.{end}"
        if key in results.records and own in results.rests_on:
            more = behind_failures(results) if key == "headline.many_failed" else ()
            results.rests_on[key] = (*results.rests_on[own], *more)


def add_design_headline(results: Results, protocol: Protocol, done: Sequence[Done]) -> bool:
    """Add the main estimate: the first risk difference of the first design that nothing bars; say whether there is one.

    The naive one, if it was carried out, is only ever printed after it.
    """
    assert protocol.course is not None
    endpoint = protocol.course.endpoints[0]
    sound = sound_of(done)
    if sound is None:
        return False
    arm, horizon = _others(protocol)[0], protocol.course.horizon_days
    for key, one in (("headline.effect", sound), ("headline.naive", naive_of(done))):
        if one is not None:
            kind, why = effect_of(one.answers[endpoint], 0)
            label = f"{_capital(endpoint)}: Risk difference at {horizon:g} days, {called(one, one.answers[endpoint])}"
            _effect(results, key, kind, label, why, measure="risk_difference", arm=arm)
    answer = sound.answers[endpoint]
    results.text("headline.target", "Whose effect", result_of(answer).target if not isinstance(answer, str) else "")
    results.text("headline.adjusted", "What the main estimate is adjusted for", main_in_words(protocol, sound.design))
    if isinstance(sound.design, Weighted):
        results.number("headline.replicates", "number", float(sound.design.replicates),
                       "Bootstrap replicates that the interval of the main estimate was asked to have")  # fmt: skip
    if isinstance(answer, CloneResult):
        add_many_failed(results, "headline.many_failed", answer.bootstraps[0])
    results.add("headline.design", Record(kind="text", label="Design", text=called(sound, answer),
                                          method=f"design.{sound.design.name}.{KEYS[endpoint]}"))  # fmt: skip
    results.text("headline.caveat", "Read beside it", " ".join(protocol.caveats))
    return True


def _design(results: Results, protocol: Protocol, one: Done, endpoint: Endpoint, sheet: _Sheet,
            curves: DesignCurves | None) -> None:  # fmt: skip
    """Add what one design says; its curves are None where it has no answer."""
    key, answer = f"design.{one.design.name}.{KEYS[endpoint]}", one.answers[endpoint]
    if curves is None or isinstance(answer, str):
        assert isinstance(answer, str)
        labels = {arm.name: arm.label for arm in protocol.arms.arms}
        for arm in _others(protocol):
            words = f"{labels[arm]} v {labels[protocol.arms.reference]}"
            _row(results, protocol, one, endpoint, sheet, key, [(None, answer)] * 3, arm=arm, words=words, named=arm)
        return
    found = result_of(answer)
    _about(results, one, key, found, sheet)
    for k, (words, count) in enumerate(found.left_out, start=1):
        _count(results, f"{key}.left_out.{k}", f"{called(one, answer)}: {words}", count, sheet.left_out)
    behind = _arms(results, protocol, one, key, found, sheet, rows=rows_of(one, answer))
    behind += count_around(results, protocol, curves)
    _failed(results, one, key, answer, behind)
    sheet.risks += add_design_curves(results, protocol, curves, behind, sheet.axis)
    add_horizon(results, protocol, curves)
    arms = arms_shown(protocol, found)
    for place, arm in enumerate(arms[1:]):
        effects = [effect_of(answer, place, measure) for measure in MEASURES]
        words = f"{found.arms[place + 1].name} v {found.arms[0].name}"
        _row(results, protocol, one, endpoint, sheet, key, effects, arm=arm, words=words, behind=behind,
             named=arm if arm in protocol.arms.names else None)  # fmt: skip
    if isinstance(answer, CloneResult):
        assert protocol.course is not None
        add_clones(results, key, f"{_capital(endpoint)}, {called(one, answer)}", answer, arms, behind,
                   horizon=protocol.course.horizon_days)  # fmt: skip


def _about(results: Results, one: Done, key: str, found: DesignResult, sheet: _Sheet) -> None:
    """Add whom a design is about, what remains of bias, and what happened on the way."""
    texts = [("target", "target", found.target),
             *((f"remaining.{k}", "remains", words) for k, words in enumerate(found.remaining_bias, start=1)),
             *((f"remark.{k}", "remark", words) for k, words in enumerate(found.remarks, start=1))]  # fmt: skip
    for part, what, words in texts:
        results.text(f"{key}.{part}", f"{called(one, found)}: {what}", words)
        sheet.about.append([called(one, found) if part == "target" else "", what, cell(f"{key}.{part}")])


def _row(results: Results, protocol: Protocol, one: Done, endpoint: Endpoint, sheet: _Sheet, key: str,
         effects: Sequence[tuple[Effect | None, str]], *, arm: str, words: str, named: str | None,
         behind: Sequence[str] = ()) -> None:  # fmt: skip
    """Add the three measures of one comparison as a row."""
    mark = " (barred as an answer)" if one.barred_by else ""
    cells: list[Cell] = [f"{called(one, one.answers[endpoint])}{mark}", words, adjusted_of_three(protocol, one.design)]
    for (measure, title), (effect, why) in zip(MEASURES.items(), effects, strict=True):
        label = f"{_capital(endpoint)}, {called(one, one.answers[endpoint])}: {title}, {words}"
        _effect(results, f"{key}.{arm}.{measure}", effect, label, why, measure=measure, arm=named, behind=behind)
        cells.append(cell(f"{key}.{arm}.{measure}"))
    failed = f"{key}.failed"
    sheet.effects.append([*cells, cell(failed) if failed in results.records else ""])


def _failed(results: Results, one: Done, key: str, answer: Answer, behind: Sequence[str]) -> None:
    """Add how many of a design's replicates failed: its intervals stand in the same row."""
    if isinstance(answer, CloneResult):
        boot = answer.bootstraps[0]
        results.number(f"{key}.failed", "number", float(boot.n_failed),
                       f"{called(one, answer)}: bootstrap replicates that failed", unit=f"of {len(boot.values)}",
                       method=boot.failure_words, rests_on=[*behind, *behind_failures(results)])  # fmt: skip


def _count(results: Results, key: str, words: str, count: int, rows: Rows) -> None:
    results.coarse_count(key, count, words)
    rows.append([words, cell(key)])


def _effect(results: Results, key: str, effect: Effect | None, label: str, why: str, *, measure: str,
            arm: str | None, behind: Sequence[str] = ()) -> None:  # fmt: skip
    unit = "days" if measure == "rmst_difference" else ""
    if effect is None:
        kind = "ratio" if measure == "hazard_ratio" else "difference"
        results.number(key, kind, None, label, why=why, arm=arm, unit=unit)
        return
    results.effect(key, effect, label=label, arm=arm, unit=unit, rests_on=behind)


def _others(protocol: Protocol) -> list[str]:
    return [name for name in protocol.arms.names if name != protocol.arms.reference]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _arms(results: Results, protocol: Protocol, one: Done, key: str, found: DesignResult, sheet: _Sheet, *,
          rows: str) -> list[str]:  # fmt: skip
    """Add who is behind each arm and their events; return the ids."""
    keys: list[str] = []
    for arm, count in zip(arms_shown(protocol, found), found.arms, strict=True):
        own = arm if arm in protocol.arms.names else None
        for part, value, words in (("n", count.n, rows), ("events", count.events, "events")):
            keys.append(f"{key}.{arm}.{part}")
            results.coarse_count(keys[-1], value, f"{called(one, found)}, {count.name}: {words}", arm=own)
        sheet.counts.append([f"{called(one, found)}, {count.name}", rows, *(cell(own) for own in keys[-2:])])
    return keys


def _tables(results: Results, protocol: Protocol, endpoint: Endpoint, sheet: _Sheet) -> None:
    """Lay designs out side by side: effects; targets and what remains; risks; who is behind them."""
    assert protocol.course is not None
    horizon, short, words = protocol.course.horizon_days, KEYS[endpoint], _capital(endpoint)
    head = ["", "", "Adjusted", f"Risk difference at {horizon:g} days", RESTRICTED.format(horizon), "Hazard ratio"]
    rows = sheet.effects
    if any(row[-1] for row in rows):
        head.append("Replicates that failed")
    else:  # nothing is drawn anew in these designs
        rows = [row[:-1] for row in rows]
    results.table(f"designs.{short}", f"{words}: designs side by side", head, rows)
    results.table(f"design_targets.{short}", f"{words}: what each design is about, and what remains",
                  ["Design", "", "In words"], sheet.about)  # fmt: skip
    results.table(f"design_risks.{short}", f"{words}: risk at {horizon:g} days", RISKS, sheet.risks)
    results.table(f"design_counts.{short}", f"{words}: who is behind each design", ["", "", "Number", "Events"],
                  sheet.counts)  # fmt: skip
    results.table(f"design_left_out.{short}", f"{words}: left out of a design", ["", "Patients"], sheet.left_out)
