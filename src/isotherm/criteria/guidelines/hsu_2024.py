"""Hsu 2024: practice rules of a slide without a source, in a lecture on ablation of liver metastases."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._deck import DECK
from isotherm.criteria.guidelines._populations import LIVER
from isotherm.criteria.rule import Grade, Guideline, Rule, Since
from isotherm.criteria.words import every, no, number, on_condition, silent, yes
from isotherm.source import Citation

_practice = partial(
    Rule,
    kind="practice",
    population="liver metastases",
    applies=LIVER,
    grade=Grade(scheme="none"),
    direction="for",
    status="document",
    since=Since("2024-09-15"),
    source=Citation(
        title="Current guideline of ablation for metastatic liver tumor",
        year=2024,
        journal=DECK,
        where="slide of technique after the slide Tumor Size and Local Recurrence",
    ),
)

_DISTANCE = number("to_bile_duct_mm")

GUIDELINE = Guideline(
    id="hsu-2024",
    name="Practice rules in a lecture (Hsu)",
    edition="15 Sep 2024",
    short="Hsu 2024",
    note="Encoded from slides. The slide names no paper for these rules, so that they may be older than the lecture.",
    rules=(
        _practice(
            id="hsu-2024.margin",
            title="goal of 1 cm",
            says="The goal is a margin of 1 cm.",
            topic="margin",
            unit="procedure",
            holds=(number("planned_margin_mm") > 10.0)
            | ((number("planned_margin_mm") >= 10.0) & silent("whether 1 cm means at least or more than 1 cm")),
            note="A goal of the plan; no gate on what was reached.",
        ),
        _practice(
            id="hsu-2024.parenchyma",
            title="at most 20 % in one session",
            says="No single session destroys more than 20 % of the liver's parenchyma.",
            topic="liver remnant",
            unit="procedure",
            holds=number("planned_parenchyma_percent") <= 20.0,
            note="20.0 % is not more than 20 %.",
        ),
        _practice(
            id="hsu-2024.bile-duct",
            title="1 cm from central ducts",
            says="As a rule no ablation within 1 cm of the central bile ducts, which are to be spared.",
            topic="bile duct",
            unit="lesion",
            holds=every(_DISTANCE > 10.0) | (every(_DISTANCE >= 10.0) & silent("whether exactly 1 cm is within 1 cm")),
            endpoint="biliary injury",
            note="Generally: the slide allows exceptions and does not tell which. Central ducts are taken as the "
            "common, right and left hepatic duct.",
        ),
        _practice(
            id="hsu-2024.vessel",
            title="heat sink can be overcome",
            says="A tumor next to a large vessel is ablated only if an aggressive ablation is thought to overcome the "
            "heat sink.",
            topic="vessels",
            unit="lesion",
            holds=every(
                no("near_large_vessel")
                | on_condition(yes("heat_sink_overcome"), "the ablation is aggressive enough for the heat sink")
            ),
            note="Neither a size of vessel nor a distance is printed.",
        ),
    ),
)
