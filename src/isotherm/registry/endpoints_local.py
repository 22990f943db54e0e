"""Endpoints of tumors that have a time: local progression with what competes, failure of local control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isotherm.columns import Float
from isotherm.registry.days import NEVER, Mask, at, first_by, last_by
from isotherm.registry.endpoints_kinds import Choices
from isotherm.registry.lives import AFTER_DEATH, Lives
from isotherm.registry.timed import BEFORE_START, NO_DEATH_DAY, Reasons, Timed, timed
from isotherm.registry.tumors import COMPLETE, PROGRESSION, RESIDUAL, Tumors

NEVER_ABLATED = "never ablated"
NO_ABLATION_DAY = "an ablation without a day"
TOO_EARLY = "a finding speaks of an ablation before the first one"
NEVER_FREE = "residual tumor, and no finding of complete ablation after it"


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """The local course of n tumors, in days since 1970; infinite where something did not happen.

    Parameters
    ----------
    start : array, shape (n,)
        From which local endpoints count; NaN where there is no such day.
    repeat : array, shape (n,)
        First ablation after the first course.
    complete, residual, progression : array, shape (n,)
        First finding of complete ablation; of residual tumor before one; of local progression.
    failure : array, shape (n,)
        First finding of tumor after which there is none of complete ablation or resection.
    resection : array, shape (n,)
        First finding of it from the start on.
    never_free : array of bool, shape (n,)
        Residual tumor, and no complete ablation before progression or the end.
    why_not : sequence of (mask, words)
        Why nothing local can be told.
    """

    start: Float
    repeat: Float
    complete: Float
    residual: Float
    progression: Float
    failure: Float
    resection: Float
    never_free: Mask
    why_not: Reasons


def local_course(tumors: Tumors, choices: Choices) -> Local:
    """Return the local course of each tumor."""
    n, found, done = len(tumors), tumors.findings, tumors.ablated
    complete, noted = found.first((COMPLETE,), n), found.first((PROGRESSION,), n)
    within = (done.day <= at(complete, done.tumor)) & (done.day < at(noted, done.tumor))
    end = last_by(done.tumor, np.where(within, done.day, np.nan), n)
    start = tumors.first_ablation if choices.local_from == "first" else end
    start = np.where(np.isfinite(start), start, np.nan)
    progression = np.minimum(noted, found.first((RESIDUAL,), n, after=complete))
    residual = found.first((RESIDUAL,), n)
    residual = np.where(residual < complete, residual, NEVER)
    rescued = np.fmax(
        found.last_complete(np.full(n, NEVER)), np.where(np.isinf(tumors.resection), -NEVER, tumors.resection)
    )
    return Local(
        start=start,
        repeat=first_by(done.tumor, np.where(done.day > at(end, done.tumor), done.day, np.nan), n),
        complete=complete,
        residual=residual,
        progression=progression,
        failure=found.first((RESIDUAL, PROGRESSION), n, after=np.fmax(rescued, start - 1.0)),
        resection=np.where(tumors.resection < start, NEVER, tumors.resection),
        never_free=(residual < progression) & (np.isinf(complete) | (progression < complete)),
        why_not=(
            (np.isinf(tumors.first_ablation), NEVER_ABLATED),
            (np.isnan(tumors.first_ablation), NO_ABLATION_DAY),
            (tumors.too_early, TOO_EARLY),
        ),
    )


def tumor_times(tumors: Tumors, local: Local, lives: Lives, choices: Choices) -> Mapping[str, Timed]:
    """Return the endpoints of tumors that have a time."""
    never = np.full(len(tumors), NEVER)
    death, contradicted = at(lives.death, tumors.patient), lives.after_death[tumors.patient]
    died, undated = np.where(np.isnan(death), NEVER, death), np.isnan(death)
    why_not = (*local.why_not, (contradicted, AFTER_DEATH), (died < local.start, BEFORE_START))
    at_risk = (*why_not, (local.never_free, NEVER_FREE))
    ends = local.repeat if choices.repeat == "censors" else never
    progression = np.minimum(local.progression, local.repeat) if choices.repeat == "counts" else local.progression
    stop = np.minimum(local.resection, ends)
    found = np.where(progression <= stop, progression, NEVER)
    either = np.minimum(found, np.where(died <= stop, died, NEVER))
    other = np.minimum(died, local.resection)
    complete = tumors.findings.last_complete

    def seen(until: Float) -> Float:
        return np.where(np.isfinite(until), until, complete(never))

    hidden = (undated & np.isinf(found) & np.isinf(stop), NO_DEATH_DAY)
    failure = np.where(np.isinf(local.resection), local.failure, NEVER)
    lost = (undated & np.isinf(failure) & np.isinf(local.resection), NO_DEATH_DAY)
    return {
        "ltp": timed(local.start, found, np.where(other <= ends, other, NEVER), seen(ends), complete(found),
                     (*at_risk, hidden)),
        "ltpfs": timed(local.start, either, never, seen(stop), complete(either), (*at_risk, hidden)),
        "local_failure": timed(local.start, failure, np.where(died <= local.resection, died, NEVER),
                               seen(local.resection), complete(failure), (*why_not, lost)),
    }  # fmt: skip
