"""Yes or no of tumors and sessions: technical success, residual tumor, technique efficacy; death within some days."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isotherm.columns import Float, Int
from isotherm.registry.days import Mask, any_by, at, truth
from isotherm.registry.endpoints_kinds import Choices
from isotherm.registry.endpoints_local import Local
from isotherm.registry.linked import Linked
from isotherm.registry.lives import AFTER_DEATH, Lives
from isotherm.registry.timed import BEFORE_START, NO_DEATH_DAY, Reasons, Told, reason
from isotherm.registry.tumors import COMPLETE, PROGRESSION, RESIDUAL, Tumors

NOTHING_FOUND = "no finding after the ablation"
ONLY_PROGRESSION = "the first finding is of progression"
TOO_LATE = "the first finding came too late to tell"
AGAIN_BEFORE = "ablated again before any finding"
NOT_NOTED = "not noted for every ablation"
NOT_WATCHED = "not seen that long"
NO_DAY = "no day of the session"


def answers(yes: Mask, no: Mask, reasons: Reasons) -> Told:
    """Return what is known: yes counts before no; what is neither has the first reason that fits."""
    known = yes | no
    why = reason(len(yes), reasons)
    why[known] = ""
    return Told(np.where(yes, 1.0, np.where(no, 0.0, np.nan)), why)


def tumor_answers(linked: Linked, tumors: Tumors, local: Local, choices: Choices) -> Mapping[str, Told]:
    """Return what is yes or no of each tumor."""
    n, done = len(tumors), tumors.ablated
    first = np.searchsorted(done.tumor, np.arange(n))
    first = np.where(np.append(done.tumor, -1)[first] == np.arange(n), first, len(done.tumor))
    bad = _any_of(local.why_not, n)
    state = np.append(done.state, -1)[first]
    waited = np.append(done.found_day - done.day, np.nan)[first]
    again = np.isfinite(np.append(done.next_day, np.nan)[first])
    unseen: Reasons = (*local.why_not, ((state < 0) & again, AGAIN_BEFORE), (state < 0, NOTHING_FOUND),
                       (state == PROGRESSION, ONLY_PROGRESSION))  # fmt: skip
    late: Reasons = (*unseen, (waited > choices.efficacy_days, TOO_LATE))
    soon = ~bad & (waited <= choices.efficacy_days)
    rescued = _rescued(tumors, local, choices)
    return {
        "technical_success": _technical_success(linked, tumors, local),
        "residual_tumor": answers(~bad & (state == RESIDUAL), ~bad & (state == COMPLETE), unseen),
        "primary_efficacy": answers(soon & (state == COMPLETE), soon & (state == RESIDUAL), late),
        "assisted_efficacy": answers(
            ~bad & rescued, ~bad & local.never_free, (*late, (np.ones(n, dtype=bool), TOO_LATE))
        ),
    }


def _rescued(tumors: Tumors, local: Local, choices: Choices) -> Mask:
    """Return whether a tumor was found completely ablated soon after an ablation, before any progression."""
    done = tumors.ablated
    fine = (done.state == COMPLETE) & (done.found_day - done.day <= choices.efficacy_days)
    fine &= done.found_day < at(local.progression, done.tumor)
    return any_by(done.tumor, fine, len(tumors))


def _technical_success(linked: Linked, tumors: Tumors, local: Local) -> Told:
    """Return whether every ablation on the first day of each tumor succeeded."""
    success = truth(linked.tables["ablation"]["technically_successful"])
    on_first = tumors.ablation_day == at(tumors.first_ablation, tumors.ablation_tumor)
    return every(tumors.ablation_tumor, success, on_first, local.why_not, NOT_NOTED)


def every(whose: Int, values: Float, rows: Mask, reasons: Reasons, gap: str) -> Told:
    """Return whether all values of each are 1: no if one is 0, else unknown if one is or there is none."""
    n = len(reasons[0][0])
    failed = any_by(whose, rows & (values == 0.0), n)
    open_ = any_by(whose, rows & np.isnan(values), n)
    some = any_by(whose, rows, n)
    told = some & ~_any_of(reasons, n)
    return answers(told & ~failed & ~open_, told & failed, (*reasons, (np.ones(n, dtype=bool), gap)))


def _any_of(reasons: Reasons, n: int) -> Mask:
    return np.logical_or.reduce([rows for rows, _ in reasons], initial=np.False_) if n else np.zeros(0, dtype=bool)


def died_within(days: float, start: Float, lives: Lives, patient: Int, nothing: str) -> Told:
    """Return whether patients died within some days of a day each, shape (n,); no needs to be seen that long."""
    death, contact = at(lives.death, patient), at(lives.contact, patient)
    undated = np.isnan(death) & (patient >= 0)
    reasons: Reasons = (
        (~np.isfinite(start), nothing), (np.append(lives.after_death, False)[patient], AFTER_DEATH),
        (death < start, BEFORE_START), (undated, NO_DEATH_DAY), (np.ones(len(start), dtype=bool), NOT_WATCHED),
    )  # fmt: skip
    bad = reasons[0][0] | reasons[1][0] | reasons[2][0]
    yes = ~bad & (death <= start + days)
    # Death on an unknown day came after the last contact.
    no = ~bad & ~yes & ((contact >= start + days) | (np.isfinite(death) & (death > start + days)))
    return answers(yes, no, reasons)
