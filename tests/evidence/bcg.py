"""Studies for the tests of pooling: the BCG trials, and made-up ones of any size."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from isotherm.evidence.study_effect import StudyEffect

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "golden" / "ref_pooling.json").read_text(encoding="utf-8")
)


def studies(values: Iterable[float], variances: Iterable[float], **words: Any) -> tuple[StudyEffect, ...]:
    """Return one study for each value, alike in everything but its name."""
    said: dict[str, Any] = {
        "measure": "risk ratio",
        "compared": "BCG",
        "reference": "no BCG",
        "endpoint": "tuberculosis",
    } | words
    pairs = zip(values, variances, strict=True)
    return tuple(StudyEffect(name=f"trial {k}", value=y, variance=v, **said) for k, (y, v) in enumerate(pairs, 1))


def bcg(entry: str = "RR_95") -> tuple[StudyEffect, ...]:
    """Return the trials of one entry of the reference."""
    measure = "risk difference" if entry.startswith("RD") else "odds ratio" if entry.startswith("OR") else "risk ratio"
    return studies(REFERENCE[entry]["yi"], REFERENCE[entry]["vi"], measure=measure)
