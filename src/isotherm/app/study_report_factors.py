"""Factors of outcomes in a report: who was analyzed, a forest of the model of all factors, tables and words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from isotherm.app.figures import Drawing
from isotherm.app.study_figures_forest import ForestRow, ForestWords, forest_plots
from isotherm.app.study_report_parts import (
    Block,
    Heading,
    Paragraph,
    Runs,
    Words,
    blocks,
    joined,
    pictures_of,
    say,
    table_of,
)
from isotherm.app.study_report_words import Result, missing, printed

CAPTION = (
    "Each hazard ratio is that of the model of all factors: the square, with its interval. Factors go with the event; "
    "that they cause it, and what was not recorded, no such model can tell."
)


def factor_names(result: Result) -> list[str]:
    """Return the names of the analyses of factors, in the order of the protocol."""
    return [key.removeprefix("factors.") for key in result["curves"] if key.startswith("factors.")]


def factor_drawings(result: Result, name: str) -> tuple[Drawing, ...]:
    """Draw the model of all factors; nothing where none of its hazard ratios exists."""
    found = result["curves"][f"factors.{name}"]
    rows = [row for group in found["groups"] for row in _rows(result, group)]
    if all(row.estimate is None for row in rows):
        return ()
    level = f"{100.0 * result['settings']['level']:g} %"
    words = ForestWords(measure=str(found["measure"]), unit="log scale (a ratio: no unit)", level=level,
                        lower_means="lower hazard with it", higher_means="higher hazard with it")  # fmt: skip
    return forest_plots(rows, words, description=f"Forest plot of {found['label']}: the line is no difference.")


def _rows(result: Result, group: Mapping[str, Any]) -> list[ForestRow]:
    """Return the row of a factor, or its head with a row for each level."""
    if group["reference"] is None:
        return [_row(result, str(group["label"]), group["levels"][0])]
    head = ForestRow(label=f"{group['label']} (v {group['reference']})", heading=True)
    return [head, *(_row(result, str(one["label"]), one) for one in group["levels"])]


def _row(result: Result, label: str, one: Mapping[str, str]) -> ForestRow:
    records = result["results"]
    record = records[one["together"]]
    count = " / ".join(printed(records[one[part]]) for part in ("events", "n"))
    if record["value"] is None:
        return ForestRow(label=label, count=count, printed=missing(record))
    low = 0.0 if record["low"] is None else float(record["low"])
    high = math.inf if record["high"] is None else float(record["high"])
    return ForestRow(label=label, count=count, estimate=float(record["value"]), low=low, high=high,
                     printed=printed(record))  # fmt: skip


def factors(result: Result, drawings: Mapping[str, Drawing]) -> tuple[Block, ...]:
    """Return the section of the factors: for each analysis its forest, who was analyzed, and its tables."""
    found: list[Block | Sequence[Block] | None] = []
    for name in factor_names(result):
        label = str(result["curves"][f"factors.{name}"]["label"])
        pictures = pictures_of(drawings, f"factors_{name}", label, (Words(CAPTION),))
        found += [
            pictures or Heading(label),
            Paragraph(who_was_analyzed(result, name)),
            table_of(result, f"factors_table.{name}"),
            table_of(result, f"factors_fine_gray_table.{name}"),
        ]
    return blocks(*found)


def who_was_analyzed(result: Result, name: str) -> Runs:
    """Say how many were analyzed, of how many patients, with how many events, who was left out, and how it was done."""
    key = f"factors.{name}"
    unit = f"{result['curves'][key]['unit']}s"
    tested = not missing(result["results"][f"{key}.proportional_hazards"], "p_words")
    return joined(
        say(result, f"All factors are known in {{{key}.n}} {unit}"),
        say(result, f" of {{{key}.patients}} patients"),
        say(result, f"; {{{key}.events}} {unit} had the event"),
        say(result, f" and {{{key}.competing}} another one first"),
        say(result, f". Left out, since a factor is missing: {{{key}.incomplete}} {unit}. {{{key}.method}}. Events per "
                    f"variable: {{{key}.events_per_variable}}. Test of proportional hazards: "
                    f"{{{key}.proportional_hazards:p_words}}"),
        say(result, f" ({{{key}.proportional_hazards:method}}). ") if tested else (Words(". "),),
    )  # fmt: skip


def factor_words(result: Result, name: str) -> tuple[Block, ...]:
    """Say the hazard ratio of each factor with all others, under the title of the analysis."""
    found = result["curves"][f"factors.{name}"]
    ids = [(group, one) for group in found["groups"] for one in group["levels"]]
    sentences = [_sentence(result, group, one, str(found["measure"]).lower()) for group, one in ids]
    return (Heading(str(found["label"])), Paragraph(joined(who_was_analyzed(result, name), *sentences)))


def _sentence(result: Result, group: Mapping[str, Any], one: Mapping[str, str], measure: str) -> Runs:
    of, key = str(group["label"]), one["together"]
    if group["reference"] is not None:
        of = f"{of}, {one['label']} v {group['reference']}"
    if result["results"][key]["value"] is None:
        return say(result, f"{{of}}: {{{key}}}. ", of=of)
    return say(result, f"{{of}}: {{measure}} with all other factors {{{key}:estimate}} ({{{key}:level}} interval "
                       f"{{{key}:interval}}, {{{key}:p_words}}). ", of=of, measure=measure)  # fmt: skip
