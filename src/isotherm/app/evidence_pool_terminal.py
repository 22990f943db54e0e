"""A pooling as a terminal shows it: studies with their weights, what was pooled, what to know beside it."""

from __future__ import annotations

from isotherm.app.evidence_pool import FEWEST, Pooled
from isotherm.app.evidence_pool_words import (
    comparison_words,
    heterogeneity_words,
    model_words,
    override_words,
    p_words,
    pooled_words,
    prediction_words,
    printed_words,
)
from isotherm.app.terminal import folded, table_lines
from isotherm.printable import printable

FOOT = "Computed here from what others printed; research use only."


def pool_text(found: Pooled, width: int | None) -> str:
    """Return the whole pooling as text."""
    analysis, names = found.analysis, model_words(found)
    first = analysis.studies[0]
    level = f"{100.0 * analysis.settings.level:g} %"
    question = (
        f"{analysis.random_effect.measure}: {comparison_words(analysis.studies)}; {first.endpoint}; per {first.per}"
    )
    rows = [("study", "estimate", "common", "random")]
    rows += [
        (printable(study.name), printed_words(record), f"{100.0 * common:.1f} %", f"{100.0 * random:.1f} %")
        for study, record, common, random in zip(
            analysis.studies, found.records, analysis.common.weights, analysis.random.weights, strict=True
        )
    ]
    lines = [*folded(question, width), *table_lines(rows, width), ""]
    for key, summary in (("common", analysis.common), ("random", analysis.random)):
        lines.append(f"{names[key]}: {pooled_words(analysis, summary)}, {p_words(summary.p_value)}")
    lines.append(f"{level} prediction interval: {prediction_words(analysis)}")
    said = [heterogeneity_words(analysis), *(f"! {one}" for one in override_words(analysis))]
    lines += [line for one in said for line in folded(one, width)]
    lines += ["", *_left_out(found, width), "", "Sources:"]
    lines += [line for study, record in zip(analysis.studies, found.records, strict=True)
              for line in folded(f"{study.name}: {found.source(record)}", width)]  # fmt: skip
    return "\n".join([*lines, FOOT]) + "\n"


def _left_out(found: Pooled, width: int | None) -> list[str]:
    """Return the main model without each study in turn."""
    if not found.left_out:
        return [f"Leaving one out needs {FEWEST} studies."]
    rows = [("without", f"{found.main} effect", "I2")]
    rows += [
        (printable(name), pooled_words(one, found.summary(one)), f"{100.0 * one.heterogeneity.i2:.0f} %")
        for name, one in found.left_out.items()
    ]
    return table_lines(rows, width)
