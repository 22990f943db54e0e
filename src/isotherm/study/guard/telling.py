"""Covariates that tell the arm: the treatment under another name, or what decided it; and those told by others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from isotherm.columns import Int
from isotherm.errors import InputError
from isotherm.study.collinear import collinear
from isotherm.study.design_matrix import design_matrix
from isotherm.study.finding import DESIGNS, Finding, Tally
from isotherm.study.guard.patients import Mask, Patients, of_patients

NEARLY = 0.95
"""Share of an arm, and of all others, that a covariate tells rightly, from which on it tells the arm; our choice."""

CHANCE = 0.001
"""An emptiness or a likeness that chance would give more often than this is not told: there are many looks."""


@dataclass(frozen=True, slots=True)
class Told:
    """How many of an arm, and of all others, a covariate tells rightly, of how many in whom it is known."""

    inside: int
    of_inside: int
    outside: int
    of_outside: int


def tells(values: pd.Series[Any], inside: Mask) -> Told | None:
    """Return how rightly a covariate tells who is in an arm; None unless it tells nearly everybody, and not by chance.

    A number tells by one cut, levels by any division of them in two.

    Parameters
    ----------
    values : Series, shape (n,)
        Missing where not known.
    inside : array of bool, shape (n,)
    """
    known = values.notna().to_numpy()
    arm = inside[known]
    own, others = int(arm.sum()), int((~arm).sum())
    if not own or not others:
        return None
    is_number = pd.api.types.is_numeric_dtype(values)
    codes = pd.factorize(values[known], sort=is_number)[0]
    in_level, out_level = np.bincount(codes[arm], minlength=codes.max() + 1), np.bincount(codes[~arm])
    out_level = np.pad(out_level, (0, len(in_level) - len(out_level)))
    found, looks = (_cut if is_number else _division)(in_level, out_level)
    right, wrong = found
    told = Told(right, own, others - wrong, others)
    if right < NEARLY * own or told.outside < NEARLY * others:
        return None
    # In how many ways one looked: chance has as many tries to tell so many of the arm.
    chance = float(hypergeom.sf(right - 1, own + others, own, right + wrong))
    return told if np.log(max(chance, 1e-300)) + looks < np.log(CHANCE) else None


def _cut(inside: Int, outside: Int) -> tuple[tuple[int, int], float]:
    """Return how many of the arm and of the others lie on the arm's side of the best cut, and the log of the looks."""
    low = np.column_stack([np.cumsum(inside), np.cumsum(outside)])[:-1]
    whole = np.array([inside.sum(), outside.sum()])
    sides = np.vstack([low, whole - low]) if len(low) else whole[None, :]
    shares = sides / whole
    best = sides[int(np.argmax(np.minimum(shares[:, 0], 1.0 - shares[:, 1])))]
    return (int(best[0]), int(best[1])), float(np.log(len(sides)))


def _division(inside: Int, outside: Int) -> tuple[tuple[int, int], float]:
    """Return how many of the arm and of the others have a level more common in the arm, and the log of the looks."""
    its_own = inside / inside.sum() > outside / outside.sum()
    return (int(inside[its_own].sum()), int(outside[its_own].sum())), len(inside) * float(np.log(2.0))


def telling_covariates(patients: Patients) -> dict[str, tuple[str, Told]]:
    """Return the columns adjusted for that tell an arm, each with the label of the first arm that it tells."""
    table = patients.cohort.covariates().iloc[patients.rows]
    found: dict[str, tuple[str, Told]] = {}
    for covariate in patients.protocol.adjusted:
        for arm, inside in patients.arms():
            told = tells(table[covariate.column], inside)
            if told is not None and covariate.column not in found:
                found[covariate.column] = (arm.label, told)
    return found


def telling_findings(patients: Patients) -> Iterator[Finding]:
    """Yield covariates that are adjusted for although they tell the arm: nobody is left to compare with."""
    labels = {one.column: one.label for one in patients.protocol.adjusted}
    for column, (arm, told) in telling_covariates(patients).items():
        count = told.inside + told.outside
        yield Finding(
            f"covariate_tells_arm.{column}",
            f'{labels[column]} tells the arm: alone it tells {of_patients(told.inside, told.of_inside)} of arm "{arm}" '
            f"and {of_patients(told.outside, told.of_outside)} outside of it rightly. It is the treatment under "
            "another name, or what alone decided it: among those who are alike in it there is nobody to compare, and "
            "what an adjustment for it gives is made up by the model.",
            count, "stop", 'Leave it out, or only describe it (use = "describe"). If it is a reason for the treatment '
            "and not the treatment itself, these records cannot compare the arms.", tuple(DESIGNS),
            (Tally(what="told rightly", value=count, of=told.of_inside + told.of_outside),),
        )  # fmt: skip
    yield from _following(patients)


def _following(patients: Patients) -> Iterator[Finding]:
    """Yield covariates that are sums of those before them: no Cox model with all of them has one answer."""
    cohort = patients.cohort
    if not patients.protocol.adjusted:
        return
    try:
        design = design_matrix(cohort.covariates().iloc[patients.rows], cohort.kinds(), reference=cohort.references())
    except InputError:
        return  # the analysis says it, with what to do
    if len(design.rows) <= len(design.columns):
        return  # that there are too few patients is told elsewhere
    follows = collinear(design.x)
    for term in design.terms:
        called = cohort.called(design)
        own = [called[place] for place in range(term.first, term.end) if follows[place]]
        if own:
            yield Finding(
                f"covariate_follows.{term.name}",
                f"{', '.join(own)} follows exactly from the covariates before it in the protocol: a Cox model with all "
                "of them has no one answer, so a time-dependent Cox design gives nothing and a landmark no adjusted "
                "hazard ratio.",
                len(design.rows), "warn", "Leave one of them out, or let it only describe; merge levels that go "
                "together.",
            )  # fmt: skip
