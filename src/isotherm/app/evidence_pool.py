"""Pool published results: ids in; the analysis, itself without each study, and the records it rests on out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from isotherm.app.evidence_words import source_words
from isotherm.errors import BadSetting
from isotherm.evidence.heterogeneity import Tau2Method
from isotherm.evidence.library import Library
from isotherm.evidence.pooling import Interval, MetaAnalysis, Summary, leave_one_out, pool
from isotherm.evidence.published_effect import for_pooling, study_effects
from isotherm.evidence.result import PublishedResult

MODELS: dict[str, Tau2Method] = {"common": "REML", "REML": "REML", "DL": "DerSimonian-Laird", "PM": "Paule-Mandel"}
"""What can be asked for, and how tau2 is then estimated; with "common" the random effects stand beside it by REML."""

INTERVALS: dict[str, Interval] = {"modified": "modified Hartung-Knapp", "yes": "Hartung-Knapp", "no": "normal"}

FEWEST = 3
"""Leaving one out needs so many studies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A pooling that was asked for.

    Parameters
    ----------
    library : Library
    records : tuple of PublishedResult
        In the order of the studies.
    main : str
        "common" or "random": the model that was asked for.
    analysis : MetaAnalysis
    left_out : mapping from a study's name to the analysis without it
    """

    library: Library
    records: tuple[PublishedResult, ...]
    main: Literal["common", "random"]
    analysis: MetaAnalysis
    left_out: Mapping[str, MetaAnalysis]

    def source(self, record: PublishedResult) -> str:
        """Return where a study's number stands."""
        return source_words(record, self.library.papers[record.paper])

    def summary(self, analysis: MetaAnalysis) -> Summary:
        """Return what the model that was asked for says in an analysis."""
        return analysis.common if self.main == "common" else analysis.random


def reasons(given: Sequence[str]) -> dict[str, str]:
    """Read `rule=reason` pairs.

    Raises
    ------
    BadSetting
    """
    found: dict[str, str] = {}
    for one in given:
        rule, sign, reason = one.partition("=")
        rule, reason = rule.strip(), reason.strip().strip("\"'")
        if not (sign and rule and reason):
            raise BadSetting(f'--despite "{one}" came; write RULE=REASON, as in overlap="one patient in common".')
        if rule in found:
            raise BadSetting(f'--despite gives two reasons for "{rule}"; join them in one.')
        found[rule] = reason
    return found


def pooled(
    library: Library,
    ids: Sequence[str],
    *,
    model: str = "REML",
    hartung_knapp: str = "modified",
    level: float = 0.95,
    despite: Mapping[str, str] | None = None,
) -> Pooled:
    """Pool published results.

    Parameters
    ----------
    library : Library
    ids : sequence of str
    model, hartung_knapp : str
        Keys of `MODELS` and `INTERVALS`.
    level : float
    despite : mapping from rule to reason

    Raises
    ------
    CannotPool, BadSetting, OutOfReach
    """
    despite = despite or {}
    studies = study_effects(library, ids, despite)
    analysis = pool(studies, tau2_method=MODELS[model], interval=INTERVALS[hartung_knapp], level=level,
                    despite=for_pooling(despite))  # fmt: skip
    return Pooled(
        library=library, records=tuple(library.result(name) for name in ids), analysis=analysis,
        main="common" if model == "common" else "random",
        left_out=leave_one_out(analysis) if len(studies) >= FEWEST else {},
    )  # fmt: skip
