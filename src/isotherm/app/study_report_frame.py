"""What the parts of a study's report ask of its result: arms with their numbers, outcomes, directions in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from isotherm.app.study_report_words import Result

STRANGERS = {"other": "neither arm", "unknown": "arm not known", "all": "all"}


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm of the comparison; `number` is that of its look, the reference last."""

    name: str
    label: str
    reference: bool
    number: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome of the protocol."""

    name: str
    label: str
    definition: str
    unit: str
    primary: bool
    timed: bool
    counted_as: str
    """What its events are called, in the plural."""


def arms_of(result: Result) -> tuple[Arm, ...]:
    """Return the arms, the treated first and the reference last."""
    ordered = sorted(result["protocol"]["arms"], key=lambda arm: bool(arm["reference"]))
    return tuple(Arm(str(arm["name"]), str(arm["label"]), bool(arm["reference"]), k) for k, arm in enumerate(ordered))


def label_of_arm(result: Result, name: str) -> str:
    """Return an arm's label; words for those who are in none."""
    found = next((arm.label for arm in arms_of(result) if arm.name == name), None)
    return found or STRANGERS.get(name, name)


def outcomes_of(result: Result) -> tuple[Outcome, ...]:
    """Return the outcomes, the primary first."""
    found = [
        Outcome(str(one["name"]), str(one["label"]), str(one["definition"] or ""), str(one["unit"]),
                bool(one["primary"]), one["kind"] == "time", str(one["counted_as"]))
        for one in result["protocol"]["outcomes"]
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: not one.primary))


def family(result: Result, prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the records whose id begins with that and a dot."""
    return ((key, record) for key, record in result["results"].items() if key.startswith(f"{prefix}."))


def covariate_label(result: Result, name: str) -> str:
    """Return the label of a column of a design matrix, with its level: "sex=female" is "Sex: female"."""
    column, _, level = name.partition("=")
    found = next((str(one["label"]) for one in result["protocol"]["covariates"] if one["column"] == column), None)
    return name if found is None else f"{found}: {level}" if level else found


def measure_of(record: Mapping[str, Any]) -> str:
    """Return what an estimate is ("Hazard ratio"), without the outcome before it and the analysis behind it."""
    return str(record["label"]).rpartition(": ")[2].partition(",")[0].partition(" (")[0]


def warnings_of(result: Result, outcome: str) -> list[str]:
    """Return the ids of what stands beside the estimate of an outcome: stops of the design, and its own warnings.

    That nothing but deaths is recorded of it is a finding, and stands there too.
    """
    keys = [
        str(one["key"])
        for one in result["findings"]
        if (one["level"] == "stop" and not has_design(result))
        or (one["kind"] == "warning" and str(one["key"]).endswith(f".{outcome}"))
        or str(one["key"]) == f"finding.only_deaths.{outcome}"
    ]
    return [key for key in keys if key in result["results"]]


def is_adjusted(result: Result) -> bool:
    """Whether the main analysis matched or weighted: without either, no word may call it adjusted."""
    return "weighting.target" in result["results"] or "matching.target" in result["results"]


def is_several(result: Result) -> bool:
    """Whether three arms or more are compared, each with the reference."""
    return len(result["protocol"]["arms"]) > 2


def is_modeled(result: Result) -> bool:
    """Whether the main estimate is that of a model with covariates: of three arms and more, only ratios are."""
    main = result["results"].get("headline.effect")
    adjusted = any(one["use"] == "adjust" for one in result["protocol"]["covariates"])
    return is_several(result) and adjusted and main is not None and is_ratio(main)


def has_design(result: Result) -> bool:
    """Whether the main estimate is that of a design for questions of timing."""
    return "headline.design" in result["results"]


def horizon_days(result: Result) -> float | None:
    """Return the day up to which a study of timing counts; None where there is none."""
    told = result["results"].get("protocol.horizon", {}).get("text")
    return float(told.rpartition(" ")[2]) if told else None


def are_arms_barred(result: Result) -> bool:
    """Whether designs stand beside a comparison of arms as they became, which findings bar as an answer."""
    return "course" in result["tables"] and any("naive" in (one["bars"] or ()) for one in result["findings"])


def has_naive_beside(result: Result) -> bool:
    """Whether the naive estimate is another one than the main one."""
    return is_adjusted(result) or has_design(result) or is_modeled(result)


def analysis_of(result: Result) -> str:
    """Return the analysis whose curves and risks stand beside the main estimate: "adjusted", or "naive" without it."""
    return "adjusted" if is_adjusted(result) else "naive"


def is_imputed(result: Result) -> bool:
    """Whether gaps were filled several times: then curves and boxes are those of the first filled table."""
    return "imputation.data_sets" in result["results"]


def is_ratio(record: Mapping[str, Any]) -> bool:
    """Whether no difference is 1 (a ratio) and not 0 (a difference)."""
    return record["kind"] == "ratio"


def side_words(result: Result, record: Mapping[str, Any]) -> tuple[str, str]:
    """Return what an estimate below the line of no difference means, and what one above it means."""
    arms = arms_of(result)
    what = "hazard" if "azard" in str(record["label"]) else "risk"
    treated = arms[0].label
    return f"lower {what} with “{treated}”", f"higher {what} with “{treated}”"


def null_words(record: Mapping[str, Any]) -> str:
    """Return the value that means no difference, in words: one for ratios, zero for differences."""
    return "one" if is_ratio(record) else "zero"


def holds_null(record: Mapping[str, Any]) -> bool | None:
    """Whether the interval holds the value of no difference; None without an interval."""
    null = 1.0 if is_ratio(record) else 0.0
    low, high = record["low"], record["high"]
    if record["value"] is None or (low is None and high is None):
        return None
    return (low is None or low <= null) and (high is None or high >= null)
