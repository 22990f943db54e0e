"""scenario.toml → Scenario: a mistake is answered with file, line, key, what came and what is allowed."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any, cast

from isotherm.errors import BadScenario
from isotherm.exchange.protocol_shapes_designs import asked
from isotherm.exchange.text_files import text_of
from isotherm.study.simulate.scenario import Published, Scenario
from isotherm.study.simulate.scenario_parts import (
    Decline,
    Gaps,
    Hazards,
    Lesions,
    LocalProgression,
    People,
    PlannedArm,
    ScanSchedule,
)
from isotherm.toml_form import Document, Key, Part, Shape, Wrong, choice, each, flag, integer, number, parsed, text
from isotherm.toml_lines import Path as KeyPath

SCHEMA = 1
"""Version of the form of scenario.toml."""

TEXT, TEXT_NEEDED, NUMBER, NUMBER_NEEDED = Key(text), Key(text, required=True), Key(number), Key(number, required=True)


def read_scenario(path: str | os.PathLike[str]) -> Scenario:
    """Read a scenario from a file.

    Raises
    ------
    UnreadableFile
        The file is missing, a folder, far too long, or not UTF-8.
    BadScenario
        Every problem that was found, one line each.
    """
    file = Path(path)
    return scenario_from(text_of(file, called="scenario", example="scenario.toml"), name=file.name)


def scenario_from(words: str, *, name: str = "scenario.toml") -> Scenario:
    """Read a scenario from the text of a file; `name` is what errors call it.

    Raises
    ------
    BadScenario
    """
    table, document = parsed(words, name, BadScenario)
    scenario = document.noun(SCENARIO, table, ())
    document.refuse()
    return cast("Scenario", scenario)


def _date(_: Document, value: object, __: KeyPath) -> str:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    raise Wrong("a date without quotes, such as 2009-10-01")


def _effects(_: Document, value: object, __: KeyPath) -> tuple[tuple[str, float], ...]:
    pairs = list(cast("dict[str, object]", value).items()) if isinstance(value, dict) else []
    if not isinstance(value, dict) or not all(type(one) in (int, float) for _, one in pairs):
        raise Wrong("names with a number each, such as { burden = 0.3 }")
    return tuple((name, float(cast("float", one))) for name, one in pairs)


def _schema(document: Document, value: object, path: KeyPath) -> int:
    if integer(document, value, path) != SCHEMA:
        raise Wrong(f"{SCHEMA}, the form that this version of isotherm reads")
    return SCHEMA


def _numbers(*names: str, needed: tuple[str, ...] = ()) -> dict[str, Key]:
    return {name: NUMBER_NEEDED if name in needed else NUMBER for name in names}


EFFECTS = Key(_effects)
PEOPLE = Shape(People, _numbers(
    "age_years", "age_sd_years", "male", "performance_1", "performance_2", "node_positive", "synchronous",
    "extra_organ", "ras_mutated", "cea_ng_ml", "cea_log_sd",
))  # fmt: skip
LESIONS = Shape(Lesions, {
    "number": Key(each(number, "a list of shares")),
    **_numbers("size_cm", "size_log_sd", "largest_cm", "margin_mm", "margin_sd_mm", "bridging", "peridiaphragmatic"),
})  # fmt: skip
HAZARDS = Shape(Hazards, {
    **_numbers("progression", "death", "death_after_progression", "frailty_variance", "systemic",
               needed=("progression", "death", "death_after_progression")),
    "on_progression": EFFECTS, "on_death": EFFECTS,
})  # fmt: skip
ARM = Shape(PlannedArm, {
    "name": TEXT_NEEDED, "label": TEXT_NEEDED, "share": NUMBER_NEEDED, "ablation": Key(asked, required=True),
    "systemic": Key(asked, required=True), "effect": NUMBER, "high_burden_effect": NUMBER, "chosen_by": EFFECTS,
    "is_strategy": Key(flag),
})  # fmt: skip
DECLINE = Shape(Decline, _numbers("hazard", "effect", "stops"))
LOCAL = Shape(LocalProgression, _numbers(
    "hazard", "per_cm", "large", "per_mm", "bridging", "peridiaphragmatic", "patient_sd"
))  # fmt: skip
SCANS = Shape(ScanSchedule, _numbers(
    "every_days", "later_every_days", "later_after_days", "jitter_days", "before_ablation_after_days"
))  # fmt: skip
GAPS = Shape(Gaps, {"missing": EFFECTS, "duplicates": NUMBER})
PUBLISHED = Shape(Published, {"says": TEXT_NEEDED, "value": TEXT_NEEDED})


def _scenario(schema: int = SCHEMA, **values: Any) -> Scenario:
    del schema  # read and checked; a scenario in memory has no form
    return Scenario(**values)


SCENARIO = Shape(_scenario, {
    "schema": Key(_schema), "name": TEXT_NEEDED, "title": TEXT_NEEDED,
    "organ": Key(choice("liver", "lung"), required=True), "protocol": TEXT_NEEDED, "source": TEXT,
    "choices": Key(each(text, "a list of texts")), "patients": Key(integer, required=True),
    "centers": Key(integer, required=True), "decided_from": Key(_date, required=True),
    "decided_to": Key(_date, required=True), "closed_on": Key(_date, required=True),
    "horizon_days": NUMBER_NEEDED, **_numbers("high_burden_from", "lost", "center_sd", "complications",
                                              "adverse_events"),
    "hazards": Key(Part(HAZARDS), required=True), "arm": Key(Part(ARM, many=True), required=True, field="arms"),
    "people": Key(Part(PEOPLE)), "lesions": Key(Part(LESIONS)), "decline": Key(Part(DECLINE)),
    "local": Key(Part(LOCAL)), "scans": Key(Part(SCANS)), "gaps": Key(Part(GAPS)),
    "published": Key(Part(PUBLISHED, many=True)),
})  # fmt: skip
