"""The figures of a pooling: forest, funnel, and the main model without each study in turn."""

from __future__ import annotations

from isotherm.app.evidence_figures_forest import EffectRow, EffectWords, Kind, evidence_forest
from isotherm.app.evidence_figures_funnel import funnel_figure
from isotherm.app.evidence_pool import Pooled
from isotherm.app.evidence_pool_words import (
    comparison_words,
    heterogeneity_words,
    model_words,
    override_words,
    pooled_words,
    prediction_words,
    printed_words,
    sides,
)
from isotherm.app.figures import Drawing
from isotherm.app.report_words import NO_BREAK
from isotherm.evidence.funnel import funnel
from isotherm.evidence.pooling import MetaAnalysis, Summary

NAMES = ("forest", "funnel", "leave_one_out")
ENDS = "Squares are as large as the weight in the main model. An arrow: the interval goes on beyond the axis."
CAUTION = "Asymmetry has many causes, of which unpublished studies are only one; with few studies it says little."


def pool_figures(found: Pooled) -> dict[str, Drawing]:
    """Draw a pooling; leaving one out only where there are studies enough."""
    drawn = {"forest": forest_figure(found), "funnel": _funnel(found)}
    return {**drawn, "leave_one_out": _left_out(found)} if found.left_out else drawn


def forest_figure(found: Pooled) -> Drawing:
    """Draw the studies with their weights, and what was pooled of them."""
    analysis = found.analysis
    weights = found.summary(analysis).weights
    rows = [
        EffectRow(
            label=study.name, remarks=_remarks(found, k), estimate=float(record.printed_effect().estimate),
            low=float(record.printed_effect().low), high=float(record.printed_effect().high),
            printed=printed_words(record), weight=weights[k],
            weights=f"{100.0 * analysis.common.weights[k]:.1f} %\n{100.0 * analysis.random.weights[k]:.1f} %",
        )
        for k, (study, record) in enumerate(zip(analysis.studies, found.records, strict=True))
    ]  # fmt: skip
    names = model_words(found)
    rows += [_pooled_row(analysis, analysis.common, "common", names["common"]),
             _pooled_row(analysis, analysis.random, "random", names["random"])]  # fmt: skip
    if analysis.prediction is not None:
        rows.append(EffectRow(label=f"{_level(analysis)} prediction interval of a new study", kind="prediction",
                              low=analysis.prediction[0], high=analysis.prediction[1],
                              printed=prediction_words(analysis)))  # fmt: skip
    notes = (heterogeneity_words(analysis), *override_words(analysis), ENDS)
    return evidence_forest(rows, _words(analysis, notes), description=_described(found, "Forest plot"))


def _remarks(found: Pooled, k: int) -> tuple[str, ...]:
    """Return what stands under a study's name: its comparison where studies differ in it, and its source."""
    studies, source = (
        found.analysis.studies,
        found.source(found.records[k]),
    )
    differ = len({study.compared_with for study in studies}) > 1
    return (studies[k].compared_with, source) if differ else (source,)


def _left_out(found: Pooled) -> Drawing:
    analysis = found.analysis
    rows = [_pooled_row(one, found.summary(one), found.main, f"Without {name}") for name, one in found.left_out.items()]
    rows.append(_pooled_row(analysis, found.summary(analysis), found.main, f"All; {model_words(found)[found.main]}"))
    return evidence_forest(rows, _words(analysis, (*override_words(analysis),)),
                           description=_described(found, "Leaving out one study at a time"))  # fmt: skip


def _pooled_row(analysis: MetaAnalysis, summary: Summary, kind: Kind, label: str) -> EffectRow:
    effect = analysis.common_effect if summary is analysis.common else analysis.random_effect
    return EffectRow(label=label, kind=kind, estimate=effect.estimate, low=effect.low, high=effect.high,
                     printed=pooled_words(analysis, summary))  # fmt: skip


def _words(analysis: MetaAnalysis, notes: tuple[str, ...]) -> EffectWords:
    first, ratio = analysis.studies[0], analysis.studies[0].is_logarithm
    measure = analysis.random_effect.measure
    lower, higher = sides(analysis.studies)
    return EffectWords(
        axis=f"{measure}, {comparison_words(analysis.studies)}; {first.endpoint}, per {first.per}; "
             f"{'log scale (a ratio: no unit)' if ratio else 'unit of the measure'}",
        column=f"{measure} ({_level(analysis)}{NO_BREAK}interval)", lower_means=lower, higher_means=higher, ratio=ratio,
        notes=notes,
    )  # fmt: skip


def _funnel(found: Pooled) -> Drawing:
    analysis, main = found.analysis, found.main
    first = analysis.studies[0]
    around = "common effect" if main == "common" else "random effects"
    notes = (f"Line: the {around}. Shaded: where {_level(analysis)} of studies would lie if nothing but chance moved "
             f"them around it. {CAUTION}", *override_words(analysis))  # fmt: skip
    return funnel_figure(
        funnel(analysis, around=around), ratio=first.is_logarithm, notes=notes,
        measure=f"{analysis.random_effect.measure}, {comparison_words(analysis.studies)}",
        description=_described(found, "Funnel plot"),
    )  # fmt: skip


def _level(analysis: MetaAnalysis) -> str:
    return f"{100.0 * analysis.settings.level:g} %"


def _described(found: Pooled, what: str) -> str:
    analysis = found.analysis
    return (f"{what} of {len(analysis.studies)} studies, {comparison_words(analysis.studies)}: "
            f"{model_words(found)[found.main]}, {pooled_words(analysis, found.summary(analysis))}.")  # fmt: skip
