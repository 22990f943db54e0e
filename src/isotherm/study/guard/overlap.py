"""Who cannot be compared, or is there twice: positivity, sites with one arm, patients of two sites who look alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import hypergeom, poisson

from isotherm.columns import Float
from isotherm.errors import FitError, InputError
from isotherm.study.design_matrix import design_matrix
from isotherm.study.finding import Finding, Tally
from isotherm.study.guard.patients import Mask, Patients, of_patients
from isotherm.study.guard.telling import CHANCE, telling_covariates
from isotherm.study.propensity import propensity

BEYOND = 0.1
"""Share of patients without a counterpart in the other arm from which on it is told; our choice."""

ROOM = 5
"""Patients of the smaller arm per column that a propensity needs, lest it separates any arms; our choice."""


def overlap_findings(patients: Patients) -> Iterator[Finding]:
    """Yield who has no counterpart in another arm, and who may be counted twice."""
    covariates = patients.cohort.covariates().iloc[patients.rows].reset_index(drop=True)
    telling = telling_covariates(patients)  # the guard bars them: nobody is to be excluded for what they say
    for covariate in (one for one in patients.protocol.adjusted if one.column not in telling):
        values: pd.Series[Any] = covariates[covariate.column]
        if covariate.kind == "number":
            yield from _beyond(patients, covariate.column, covariate.label, values.to_numpy(dtype=float))
        else:
            yield from _empty_levels(patients, covariate.column, covariate.label, values)
    if not telling:
        yield from _propensity(patients, covariates)
    if patients.site is not None:
        yield from _one_arm_sites(patients, patients.site)
        yield from _twice(patients, patients.site, covariates)


def _empty_levels(patients: Patients, column: str, label: str, values: pd.Series[Any]) -> Iterator[Finding]:
    """Yield levels that nobody in an arm has, unless chance would leave them empty."""
    known = values.notna().to_numpy()
    for place, level in enumerate(dict.fromkeys(values[known].tolist()), start=1):
        has = (values == level).to_numpy(dtype=bool) & known
        for arm, inside in patients.arms():
            own, count = int((inside & known).sum()), int(has.sum())
            if own and not (has & inside).any() and hypergeom.pmf(0, int(known.sum()), count, own) < CHANCE:
                words = f"{level:g}" if isinstance(level, float) else str(level)
                yield Finding(
                    f"positivity.{column}.{place}.{arm.name}",
                    f'{label}: {words} has {of_patients(count)}, and none of them is in arm "{arm.label}": about them '
                    "the arms cannot be compared, only extrapolated.",
                    count, "warn", "Exclude them by a step of eligibility and say so, or merge the level with another.",
                    (), (Tally(what=f"without a counterpart in arm {arm.name}", value=count, of=len(patients)),),
                )  # fmt: skip


def _beyond(patients: Patients, column: str, label: str, values: Float) -> Iterator[Finding]:
    """Yield patients with a number beyond everybody in another arm, unless chance would put as many there."""
    known = ~np.isnan(values)
    for arm, inside in patients.arms():
        own = values[inside & known]
        if not len(own):
            continue
        for side, beyond in (("above", known & (values > own.max())), ("below", known & (values < own.min()))):
            count = int(beyond.sum())
            # The chance that the `count` most extreme of all are all of other arms.
            if count and hypergeom.pmf(0, int(known.sum()), count, len(own)) < CHANCE:
                yield Finding(
                    f"positivity.{column}.{side}.{arm.name}",
                    f'{label}: {of_patients(count, int(known.sum()))} lie {side} everybody in arm "{arm.label}": about '
                    "them the arms cannot be compared, only extrapolated.",
                    count, "warn", "Exclude them by a step of eligibility and say so.", (),
                    (Tally(what=f"{side} everybody in arm {arm.name}", value=count, of=int(known.sum())),),
                )  # fmt: skip


def _propensity(patients: Patients, covariates: pd.DataFrame) -> Iterator[Finding]:
    """Yield how many have a propensity beyond everybody in the other arm, of two arms with room for a model."""
    cohort = patients.cohort
    if len(patients.protocol.arms.arms) != 2 or not patients.protocol.adjusted:
        return
    try:
        design = design_matrix(covariates, cohort.kinds(), reference=cohort.references())
        treated = cohort.treated[patients.rows]
        smaller = min(int(treated[design.rows].sum()), int((~treated[design.rows]).sum()))
        if smaller < ROOM * len(design.columns):
            return
        fit = propensity(design, treated)
    except (FitError, InputError):
        return  # the analysis says it, with what to do
    logit, arm = fit.logit, fit.treated
    low = max(float(logit[arm].min()), float(logit[~arm].min()))
    high = min(float(logit[arm].max()), float(logit[~arm].max()))
    count = int(((logit < low) | (logit > high)).sum())
    if count >= BEYOND * len(logit):
        yield Finding(
            "positivity.propensity",
            f"{of_patients(count, len(logit))} have a propensity beyond everybody in the other arm: weights or matches "
            "for them rest on the model alone.",
            count, "warn", "Ask about those in overlap (overlap weights, trimming), and print whom that leaves.", (),
            (Tally(what="propensity beyond the other arm", value=count, of=len(logit)),),
        )  # fmt: skip


def _one_arm_sites(patients: Patients, site: npt.NDArray[np.str_]) -> Iterator[Finding]:
    names = sorted(set(site.tolist()))
    lone = [name for name in names if len(set(patients.arm[site == name].tolist())) == 1]
    if not lone or len(names) == 1:
        return
    count = int(np.isin(site, lone).sum())
    what = {
        "ignored": "they are compared with patients of other sites, so arms and sites are mixed up",
        "terms": "with a term for each site they say nothing about the arms",
        "within": "within sites they cannot be compared at all",
    }[patients.protocol.methods.propensity.sites]
    yield Finding(
        "one_arm_sites",
        f"{len(lone)} of {len(names)} sites have patients in one arm only: {of_patients(count, len(patients))}; "
        f"{what}.",
        count, "warn", "Show the result without these sites, and say why they gave one treatment only.", (),
        (Tally(what="of one arm only", value=len(lone), unit="sites", of=len(names)),
         Tally(what="at a site of one arm", value=count, of=len(patients))),
    )  # fmt: skip


def _twice(patients: Patients, site: npt.NDArray[np.str_], covariates: pd.DataFrame) -> Iterator[Finding]:
    """Yield ids that occur at several sites, and patients of two sites with the same facts."""
    ids = patients.table[patients.protocol.data.patient].astype(str).to_numpy()
    facts, known = _facts(patients, covariates)
    shared = pd.Series(ids).duplicated(keep=False).to_numpy()  # a patient is a patient of a site: two rows, two sites
    if shared.any():
        count, same = len(set(ids[shared].tolist())), _same_facts(ids, facts, shared & known)
        arms = int((pd.Series(patients.arm[shared]).groupby(ids[shared]).nunique() > 1).sum())
        yield Finding(
            "shared_ids",
            f"{count} patient ids occur at more than one site and are counted as different patients; {same} of the "
            f"{count} patient ids stand for the same facts there, {arms} of the {count} patient ids for different "
            "arms.",
            int(shared.sum()), "warn" if same else "note",
            f"Make sure that nobody is counted twice: look for what stands in '{patients.protocol.data.patient}' at "
            f"several sites of '{patients.protocol.data.site}', ask the sites, and keep one row for each patient.", (),
            (Tally(what="at more than one site", value=count, unit="ids"),
             Tally(what="with the same facts", value=same, unit="ids", of=count),
             Tally(what="in different arms", value=arms, unit="ids", of=count)),
            _rows_alike(patients, ids, shared),
        )  # fmt: skip
    yield from _look_alikes(patients, site, facts, known & ~shared)


def _rows_alike(patients: Patients, group: npt.NDArray[Any], among: Mask) -> tuple[tuple[int, ...], ...]:
    """Return the rows of the table of patients who share a group, group by group."""
    rows = pd.Series(patients.table.index[among].to_numpy())
    return tuple(tuple(map(int, own)) for _, own in rows.groupby(group[among], sort=False))


def _of_facts(patients: Patients) -> str:
    """Name the columns of the facts that `_facts` compares."""
    zero = patients.protocol.time_zero.column
    return ", ".join(f"'{name}'" for name in (*(one.column for one in patients.protocol.adjusted),
                                              *(() if zero is None else (zero,))))  # fmt: skip


def _facts(patients: Patients, covariates: pd.DataFrame) -> tuple[npt.NDArray[np.int64], Mask]:
    """Return what was known of each patient by time zero as codes, shape (n, k), and in whom all of it is known."""
    columns = [pd.factorize(covariates[one.column])[0] for one in patients.protocol.adjusted]
    if patients.protocol.time_zero.column is not None:
        columns.append(pd.factorize(patients.table[patients.protocol.time_zero.column])[0])
    codes = np.column_stack([np.zeros(len(patients), dtype=np.int64), *columns]).astype(np.int64)
    return codes, np.min(codes, axis=1) >= 0


def _same_facts(ids: npt.NDArray[Any], facts: npt.NDArray[np.int64], among: Mask) -> int:
    """Return how many ids stand for the same facts in two of their rows; none if nothing is known but the id."""
    if facts.shape[1] == 1:
        return 0
    rows = [(ids[row], *facts[row].tolist()) for row in np.flatnonzero(among).tolist()]
    again = pd.Series(rows, dtype=object).duplicated().to_numpy(dtype=bool)
    return len({rows[place][0] for place in np.flatnonzero(again).tolist()})


def _look_alikes(
    patients: Patients, site: npt.NDArray[np.str_], facts: npt.NDArray[np.int64], among: Mask
) -> Iterator[Finding]:
    """Yield pairs of patients of two sites who are alike in every fact, if chance would not give as many.

    Chance is the larger of two rates: that of independent facts, and that among patients of one site, who are different
    people for certain.
    """
    everyone, facts, site = among, facts[among], site[among]
    within, between = _pairs(site)
    if not within or not between or facts.shape[1] == 1:
        return
    alone, everybody = _alike_pairs(facts, site)
    independent = float(np.prod([(np.bincount(codes) / len(codes)) @ (np.bincount(codes) / len(codes))
                                 for codes in facts.T]))  # fmt: skip
    expected = between * max(independent, alone / within)
    count = everybody - alone
    if count and float(poisson.sf(count - 1, expected)) < CHANCE:
        yield Finding(
            "look_alikes",
            f"{count} {'pair' if count == 1 else 'pairs'} of patients of different sites agree in every fact that was "
            "known by time zero, far more often than chance or patients of one site do: they may be the same people.",
            count, "warn",
            f"Sort the table by {_of_facts(patients)}: they are alike in all of these, and differ in "
            f"'{patients.protocol.data.site}'. Compare them at the sites; keep one row for each patient.", (),
            (Tally(what="of two sites, alike in every fact", value=count, unit="pairs"),),
            _rows_of_two_sites(patients, facts, site, everyone),
        )  # fmt: skip


def _rows_of_two_sites(
    patients: Patients, facts: npt.NDArray[np.int64], site: npt.NDArray[np.str_], among: Mask
) -> tuple[tuple[int, ...], ...]:
    """Return the rows of patients who are alike in every fact, of each group in which two sites are."""
    group = np.unique(facts, axis=0, return_inverse=True)[1].ravel()
    several = pd.Series(site).groupby(group).transform("nunique").to_numpy() > 1
    whole = np.zeros(len(patients), dtype=np.int64)
    whole[among] = group
    chosen = among.copy()
    chosen[among] = several
    return _rows_alike(patients, whole, chosen)


def _pairs(site: npt.NDArray[np.str_]) -> tuple[int, int]:
    """Return how many pairs of patients there are within a site, and between two sites."""
    sizes = np.unique(site, return_counts=True)[1]
    within = int((sizes * (sizes - 1) // 2).sum())
    return within, len(site) * (len(site) - 1) // 2 - within


def _alike_pairs(facts: npt.NDArray[np.int64], site: npt.NDArray[np.str_]) -> tuple[int, int]:
    """Return how many pairs within a site, and how many in all, agree in every fact."""
    group = np.unique(facts, axis=0, return_inverse=True)[1].ravel()
    place = np.unique(site, return_inverse=True)[1]
    of_both = np.unique(np.column_stack([group, place]), axis=0, return_counts=True)[1]
    sizes = np.bincount(group)
    return int((of_both * (of_both - 1) // 2).sum()), int((sizes * (sizes - 1) // 2).sum())
