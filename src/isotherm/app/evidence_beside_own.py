"""What a study itself says, to be laid beside published results: its main effect for an outcome, or why not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from isotherm.app.evidence_beside_counted import counted
from isotherm.app.evidence_beside_rows import NOT_PRINTED, Row, Setting
from isotherm.app.study_report_designs import design_effect
from isotherm.app.study_report_frame import (
    Outcome,
    analysis_of,
    are_arms_barred,
    arms_of,
    is_several,
    measure_of,
    outcomes_of,
)
from isotherm.app.study_report_release import is_withheld
from isotherm.app.study_report_words import printed
from isotherm.errors import BadSetting, UnreadableFile
from isotherm.exchange.text_files import text_of
from isotherm.study.simulate.synthetic import NOBODY_LIVED

STUDY_SCHEMA = "isotherm.study/1"
LARGEST_BYTES = 200_000_000
"""A result with the curves of a million patients is shorter."""


def result_of(path: str) -> Mapping[str, Any]:
    """Return the result of a study.

    Raises
    ------
    UnreadableFile
        No result.json of this form.
    """
    file = Path(path)
    try:
        result: Any = json.loads(text_of(file, called="result", example="result.json of `isotherm study run`",
                                         largest_bytes=LARGEST_BYTES))  # fmt: skip
        if result["schema"] != STUDY_SCHEMA:
            raise KeyError
        _ = (
            outcomes_of(result),
            arms_of(result),
            are_arms_barred(result),
            result["caveats"],
            result["settings"]["adjustment"],
            result["results"]["protocol.time_zero"],
            (result["protocol"]["title"], result["protocol"]["hash"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableFile(
            f"'{file.name}' is no result of `isotherm study run` ({STUDY_SCHEMA}), or one of an older version that "
            "lacks what is needed here; give the result.json of a run, or run the study again."
        ) from None
    return cast("Mapping[str, Any]", result)


def own_effect(result: Mapping[str, Any], name: str | None) -> tuple[Row, bool, float]:
    """Return the main effect of an outcome, whether it is a ratio, and its level.

    Raises
    ------
    BadSetting
        An outcome that is not there, an effect that was not estimated or may not be shown, or three arms or more.
    """
    outcome = outcome_called(result, name)
    if is_several(result):
        raise BadSetting(f"The study compares {len(arms_of(result))} arms, and only an effect between two is laid "
                         "beside published ones; run it with a protocol of two of them, and give that result."
                         )  # fmt: skip
    record, population, adjustment = _main(result, outcome)
    arms = " v ".join(arm.label for arm in arms_of(result))
    setting = Setting(population=population, arms=arms, time_zero=counted(result, outcome).time_zero,
                      endpoint=outcome.label, adjustment=adjustment, measure=measure_of(record).casefold())  # fmt: skip
    counts = "" if record["n"] is None else f"; {printed(record, 'events')} {_counted(record)}"
    counts += "" if record["n"] is None else f", {printed(record, 'n')} patients"
    own = Row(
        name=f"This study: {result['protocol']['title']}", printed=printed(record), numbers=printed(record),
        estimate=float(record["value"]), low=record["low"], high=record["high"], setting=setting,
        source=f"result.json, {_protocol(result)}{counts}",
        remarks=tuple(one for one in result["caveats"] if one == NOBODY_LIVED),
    )  # fmt: skip
    return own, record["kind"] == "ratio", float(record["level"])


def outcome_called(result: Mapping[str, Any], name: str | None) -> Outcome:
    """Return an outcome by its name; the primary one unless named.

    Raises
    ------
    BadSetting
        It is not there.
    """
    outcomes = outcomes_of(result)
    found = next((one for one in outcomes if name in (None, one.name)), None)
    if found is None:
        raise BadSetting(f'No outcome is called "{name}"; there are: {", ".join(one.name for one in outcomes)}.')
    return found


def _protocol(result: Mapping[str, Any]) -> str:
    """Return by what the protocol is known: its file, where the run wrote down of which file it was."""
    if "protocol.file_hash" in result["results"]:
        return f"protocol file with SHA-256 {_text(result, 'protocol.file_hash')[:12]}…"
    return f"what the protocol says, SHA-256 {str(result['protocol']['hash'])[:12]}…"


def _counted(record: Mapping[str, Any]) -> str:
    """Return what the events of a study's answer are: of clones, one counts in each strategy that is followed."""
    return "events of patients cloned into every strategy" if str(record["method"]).startswith("clones") else "events"


def _main(result: Mapping[str, Any], outcome: Outcome) -> tuple[Mapping[str, Any], str, str]:
    """Return the study's own answer for an outcome, whom it is about, and how it was adjusted.

    Where designs answer the question, arms as they became are no answer and are never laid beside published ones.
    """
    design = design_effect(result, outcome)
    if design is not None:
        key, target = design
        about, how = _text(result, target), f"by design: {result['results']['headline.design']['text']}"
    elif are_arms_barred(result):
        raise BadSetting(f'"{outcome.label}" was compared only between arms as they became, which the audit bars as '
                         "an answer; choose an outcome that the designs answer.")  # fmt: skip
    else:
        key = f"effect.{outcome.name}.{analysis_of(result)}"
        about, how = _text(result, "protocol.eligibility"), str(result["settings"]["adjustment"] or "none")
    record = result["results"].get(key)
    if record is not None and is_withheld(record["why"]):
        raise BadSetting(f'This release withholds the effect on "{outcome.label}", from which a small count could be '
                         "worked out; choose another --outcome, or a run that is not for release.")  # fmt: skip
    if record is None or record["value"] is None:
        why = "it was not asked for" if record is None else str(record["why"])
        raise BadSetting(f'The study has no effect for "{outcome.label}", since {why}; choose another --outcome.')
    return record, about, how


def _text(result: Mapping[str, Any], key: str) -> str:
    return str(result["results"].get(key, {}).get("text") or NOT_PRINTED)
