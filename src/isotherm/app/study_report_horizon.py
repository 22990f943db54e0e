"""What is said beside the main estimate of its horizon: few who were still followed, or another difference nearby."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

from isotherm.app.study_report_arms import counts_clones, latest_of
from isotherm.app.study_report_designs import main_key
from isotherm.app.study_report_frame import Arm, analysis_of, arms_of, has_design, horizon_days, measure_of, outcomes_of
from isotherm.app.study_report_parts import Runs, Words, in_months, joined, months_of, say
from isotherm.app.study_report_release import is_withheld
from isotherm.app.study_report_words import Result, has_interval

FEW = 10
"""Patients of an arm who are still followed, below which it is said; our choice.

Pocock, Clayton and Altman (Lancet 2002;359:1686-1689) end curves where 10 to 20 % are left, of whatever number.
"""

GONE = 0.5
"""Said only where less than this share of those who would be free of the event was still followed: an arm in which few
are left because the others had it rests on all of them; our choice."""

MOVED = 1.5
"""Standard errors, as its interval has them, by which the difference has to change between the horizon and a sixth of
it before or after; our choice. Where both arms fare alike all the time, chance does that to fewer than one study in
ten; one standard error would be passed in up to three of ten."""


def horizon_words(result: Result) -> Runs:
    """Say on how few the risks at the horizon rest, and that their difference depends on it; mostly nothing."""
    if has_design(result):
        return joined(_few_of_design(result), _moved(result))
    return _few_of_curves(result)


def _few_of_design(result: Result) -> Runs:
    key, records = main_key(result), result["results"]
    few: list[tuple[Arm, str, str]] = []
    for arm in arms_of(result):
        own = f"{key}.{arm.name}"
        if {f"{own}.{part}" for part in ("followed", "n", "risk")} <= set(records):
            risk = records[f"{own}.risk"]["value"]
            if _is_few(records[f"{own}.followed"], records[f"{own}.n"], None if risk is None else 1.0 - risk):
                few.append((arm, f"{own}.followed", f"{own}.n"))
    day = horizon_days(result)
    assert day is not None
    return _few(result, months_of(day), few)


def _few_of_curves(result: Result) -> Runs:
    """Say it of the time for which the table of the arms has how many are free of the event."""
    outcome, arms, analysis = outcomes_of(result)[0], arms_of(result), analysis_of(result)
    curve, records = f"curve.{outcome.name}.{analysis}", result["results"]
    at = latest_of(result, curve, arms) if outcome.timed else None
    if at is None:
        return ()
    before = f"events.{outcome.name}.{'adjusted.' if analysis == 'adjusted' else ''}"
    few = [(arm, f"{curve}.{arm.name}.followed_{at}", f"{before}{arm.name}.n") for arm in arms]
    few = [
        (arm, followed, n) for arm, followed, n in few
        if {followed, n} <= set(records) and not is_withheld(records[followed]["why"])
        and _is_few(records[followed], records[n], records[f"{curve}.{arm.name}.at_{at}"]["value"])
    ]  # fmt: skip
    return _few(result, months_of(float(result["settings"]["at_days"][at - 1])), few)


def _is_few(followed: Mapping[str, Any], n: Mapping[str, Any], free: float | None) -> bool:
    """Whether few are still followed, and not since the others had the event.

    Of a count that a release withholds for being small the most that it can be is taken, so that what is said tells no
    more than that it is withheld.
    """
    value = FEW - 1 if is_withheld(followed["why"]) else followed["value"]
    if value is None or n["value"] is None or free is None:
        return False
    return bool(value < FEW and value < GONE * n["value"] * free)


def _few(result: Result, when: str, few: list[tuple[Arm, str, str]]) -> Runs:
    if not few:
        return ()
    cloned = has_design(result) and counts_clones(result)
    still = f"followed, and in line with a strategy, at {when} (each patient in every arm)" if cloned else (
        f"followed at {when}")  # fmt: skip
    runs: list[Runs] = [(Words(f"Few were still {still}: "),)]
    for place, (arm, followed, n) in enumerate(few):
        of = "" if is_withheld(result["results"][followed]["why"]) else f" {{{followed}}} of {{{n}}}"
        runs.append(say(result, f"{', ' if place else ''}with {{arm}}{of}", arm=f"“{arm.label}”"))
    return joined(*runs, (Words(". What is told of that time rests on them. "),))


def _moved(result: Result) -> Runs:
    """Say what the difference is somewhat before and after the horizon, where that is another one."""
    main, arm = result["results"]["headline.effect"], arms_of(result)[0]
    sides = [f"{main_key(result)}.{arm.name}.{part}" for part in ("earlier", "later")]
    if not has_interval(main) or None in (main["low"], main["high"], main["level"]):
        return ()
    known = [key for key in sides if key in result["results"] and result["results"][key]["value"] is not None]
    most = MOVED * (main["high"] - main["low"]) / (2.0 * NormalDist().inv_cdf(0.5 + 0.5 * main["level"]))
    if not any(abs(result["results"][key]["value"] - main["value"]) > most for key in known):
        return ()
    told = [f"{{{key}:estimate}} at {_when(result['results'][key])}" for key in known]
    told.insert(int(sides[0] in known), f"{{headline.effect:estimate}} at {_when(main)}")
    return say(result, f"The difference depends on the time that was chosen: it is {', '.join(told)}. ")


def _when(record: Mapping[str, Any]) -> str:
    return in_months(measure_of(record)).partition(" at ")[2]
