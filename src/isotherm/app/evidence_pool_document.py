"""pool.json: a pooling as plain numbers and words; a number beyond all floats is null, never infinity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from isotherm.app.evidence_pool import Pooled
from isotherm.app.software import versions
from isotherm.evidence.pooling import MetaAnalysis, Summary
from isotherm.evidence.result import PublishedResult
from isotherm.evidence.study_effect import StudyEffect

SCHEMA = "isotherm.evidence-pool/1"

Document = dict[str, Any]


def document_of(found: Pooled) -> Document:
    """Return the content of pool.json; its form is `app/schemas/evidence-pool-1.schema.json`."""
    analysis = found.analysis
    first, settings = analysis.studies[0], analysis.settings
    measures = list(dict.fromkeys(study.measure for study in analysis.studies))
    return {
        "schema": SCHEMA,
        "software": versions("numpy", "scipy"),
        "question": {
            "measure": measures[0] if len(measures) == 1 else analysis.random_effect.measure,
            "comparison": first.compared_with, "endpoint": first.endpoint, "unit": first.per,
            "organ": first.organ, "at_days": first.at_days, "scale": "logarithm" if first.is_logarithm else "as it is",
        },
        "settings": {"main": found.main, "tau2": settings.tau2_method, "interval": settings.interval,
                     "prediction": settings.prediction, "level": settings.level},
        "studies": [_study(study, record, common, random) for study, record, common, random in
                    zip(analysis.studies, found.records, analysis.common.weights, analysis.random.weights,
                        strict=True)],
        **_pooled(analysis),
        "leave_one_out": [{"left_out": name, **_pooled(one)} for name, one in found.left_out.items()],
        "overrides": [{"rule": one.what, "problem": one.problem, "reason": one.reason} for one in analysis.overrides],
    }  # fmt: skip


def _study(study: StudyEffect, record: PublishedResult, common: float, random: float) -> Document:
    printed = record.printed_effect()
    return {
        "id": record.id, "name": study.name, "estimate": float(printed.estimate), "low": float(printed.low),
        "high": float(printed.high), "level": printed.level, "value": study.value,
        "std_error": math.sqrt(study.variance), "weight_common": common, "weight_random": random,
        "measure": study.measure, "comparison": study.compared_with, "endpoint": study.endpoint, "unit": study.per,
        "organ": study.organ, "status": record.status, "overlaps_with": sorted(study.overlaps_with),
        "source": str(study.source),
    }  # fmt: skip


def _pooled(analysis: MetaAnalysis) -> Mapping[str, Any]:
    scatter = analysis.heterogeneity
    return {
        "common": _summary(analysis, analysis.common), "random": _summary(analysis, analysis.random),
        "prediction": None if analysis.prediction is None else _limits(analysis.prediction),
        "heterogeneity": {
            "q": scatter.q, "freedom": scatter.freedom, "p": scatter.p_value, "tau2": scatter.tau2,
            "tau2_limits": None if scatter.tau2_limits is None else _limits(scatter.tau2_limits),
            "i2": scatter.i2, "i2_limits": None if scatter.i2_limits is None else _limits(scatter.i2_limits),
            "i2_from_q": scatter.i2_from_q, "h2": scatter.h2,
        },
    }  # fmt: skip


def _summary(analysis: MetaAnalysis, summary: Summary) -> Document:
    effect = analysis.common_effect if summary is analysis.common else analysis.random_effect
    return {
        "estimate": _finite(effect.estimate), "low": effect.low, "high": _finite(effect.high), "value": summary.value,
        "std_error": summary.std_error, "value_low": summary.low, "value_high": summary.high,
        "statistic": summary.statistic, "p": summary.p_value, "freedom": _finite(summary.freedom),
        "scale": summary.scale,
    }  # fmt: skip


def _limits(ends: tuple[float, float]) -> Document:
    return {"low": ends[0], "high": _finite(ends[1])}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
