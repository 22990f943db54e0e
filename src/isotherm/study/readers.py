"""Reader studies: every feature beside the outcome for each reader, and the agreement of the readers on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from isotherm.columns import Float, Int
from isotherm.effect import Effect
from isotherm.errors import FitError
from isotherm.study.accuracy import accuracy, area_under_curve
from isotherm.study.agreement import Ratings, cohen_kappa, fleiss_kappa, percent_agreement
from isotherm.study.binary import CountTest, TwoArms
from isotherm.study.clustered import (
    IGNORES_CLUSTERS,
    clustered_comparison,
    ignoring_clusters,
    unclustered_test,
)
from isotherm.study.fisher import fisher
from isotherm.study.limits_of_agreement import limits_of_agreement
from isotherm.study.rank_sum import RankSum, rank_sum
from isotherm.study.readings import Bool, Feature, Kind, Readings


@dataclass(frozen=True, slots=True, eq=False)
class Association:
    """One feature as one reader saw it, beside the outcome.

    Parameters
    ----------
    feature, reader : str
    kind : str
    n, not_assessable : int
        Tumors with and without a value.
    counts : TwoArms or None
        Of a sign: how many of the tumors with the event, and of those without, have it.
    test : CountTest, RankSum or None
        Takes tumors to be independent.
    effects, clustered : tuple of Effect
        Without and with regard to patients.
    whys : tuple of str
        Why something is not there.
    """

    feature: str
    reader: str
    kind: Kind
    n: int
    not_assessable: int
    counts: TwoArms | None = None
    test: CountTest | RankSum | None = None
    effects: tuple[Effect, ...] = ()
    clustered: tuple[Effect, ...] = ()
    whys: tuple[str, ...] = ()

    @property
    def clustered_p(self) -> float | None:
        """The p value that respects patients: of the odds ratio, of the difference where there is none, of the area."""
        return next((one.p_value for one in self.clustered if one.p_value is not None), None)


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How far readers agree on one feature, or on whether it could be assessed.

    Parameters
    ----------
    feature : str
    readers : tuple of str
    about : {"the feature", "whether it could be assessed"}
    n : int
        Tumors that all of them assessed (or all tumors).
    effects, clustered : tuple of Effect
        Percent agreement and kappa, or mean difference and limits of agreement of a measured number, without and with
        regard to patients.
    whys : tuple of str
    """

    feature: str
    readers: tuple[str, ...]
    about: str
    n: int
    effects: tuple[Effect, ...] = ()
    clustered: tuple[Effect, ...] = ()
    whys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ReaderStudy:
    """All of it.

    Parameters
    ----------
    readings : Readings
    associations : tuple of Association
        By feature, then by reader.
    agreements : tuple of Agreement
        By feature; pairs of readers, and all of them where they are three or more.
    level : float
    """

    readings: Readings
    associations: tuple[Association, ...]
    agreements: tuple[Agreement, ...]
    level: float


@dataclass(slots=True)
class _Found:
    """Effects as they come, and reasons of those that do not."""

    effects: list[Effect] = field(default_factory=list[Effect])
    clustered: list[Effect] = field(default_factory=list[Effect])
    whys: list[str] = field(default_factory=list[str])

    def ways(self, patient: Int | None) -> list[tuple[Int | None, list[Effect]]]:
        """Return the two ways to look at tumors, as independent and, where patients are known, within them."""
        return [(None, self.effects), *([] if patient is None else [(patient, self.clustered)])]

    def why(self, error: FitError) -> None:
        """Keep a reason, once."""
        if str(error) not in self.whys:
            self.whys.append(str(error))


def reader_study(of: Readings, *, level: float = 0.95) -> ReaderStudy:
    """Compare every feature with the outcome, for each reader, and the readers with each other.

    Signs: Fisher's test, sensitivity, specificity and predictive values. Numbers and scores: the rank sum test and
    the area under the ROC curve. Where patients are told apart, everything stands there a second time with intervals
    and p values that respect them. What cannot be had has its reason. Readers agree on signs and scores by kappa, on
    numbers by limits of agreement.

    References
    ----------
    .. [1] Kottner J et al. Guidelines for Reporting Reliability and Agreement Studies (GRRAS). J Clin Epidemiol
       2011;64:96-106.
    """
    associations = [
        _association(of, feature, place, level) for feature in of.features for place in range(len(of.readers))
    ]
    agreements: list[Agreement] = []
    if len(of.readers) > 1:
        groups = list(combinations(range(len(of.readers)), 2))
        groups += [tuple(range(len(of.readers)))] if len(of.readers) > 2 else []
        for feature in of.features:
            agreements += [one for group in groups for one in _agreements(of, feature, group, level)]
    return ReaderStudy(of, tuple(associations), tuple(agreements), level)


def _association(of: Readings, feature: Feature, place: int, level: float) -> Association:
    values = feature.values[:, place]
    known = ~np.isnan(values)
    x, event = values[known], of.event[known]
    patient = None if of.patient is None else of.patient[known]
    parts = feature.name, of.readers[place], feature.kind, int(known.sum()), int((~known).sum())
    if not known.any() or event.all() or not event.any():
        return Association(*parts, whys=("All assessable tumors had the outcome, or none.",))
    if feature.kind == "category":
        why = "Categories without an order are not compared; make signs of them (NAME: PREDICATE), or name an order."
        return Association(*parts, whys=(why,))
    found = _Found()
    if feature.kind == "yes/no":
        counts, test = _sign(found, x == 1.0, event, patient, level)
        return Association(*parts, counts, test, tuple(found.effects), tuple(found.clustered), tuple(found.whys))
    ranks = rank_sum(x, event)
    ranks = replace(ranks, method=f"{ranks.method}; {IGNORES_CLUSTERS}")
    for cluster, to in found.ways(patient):
        try:
            to.append(area_under_curve(x, event, cluster=cluster).effect(level=level))
        except FitError as error:
            found.why(error)
    return Association(*parts, None, ranks, tuple(found.effects), tuple(found.clustered), tuple(found.whys))


def _sign(found: _Found, has: Bool, event: Bool, patient: Int | None, level: float) -> tuple[TwoArms, CountTest | None]:
    """Compare a sign with the outcome."""
    counts = TwoArms(int(has[event].sum()), int(event.sum()), int(has[~event].sum()), int((~event).sum()))
    found.effects += [one for one in accuracy(1 * has, 1 * event, level=level).values() if one is not None]
    if has.all() or not has.any():
        found.whys.append("All assessable tumors have the sign, or none; there is nothing to compare.")
        return counts, None
    exact = fisher(counts, level=level)
    test = unclustered_test(exact)
    found.effects.insert(0, ignoring_clusters(exact))
    if patient is not None:
        both = clustered_comparison(1 * event, 1 * has, patient, level=level, name="sign")
        found.clustered += [one for one in (both.odds_ratio, both.difference) if one is not None]
        found.whys += [why for why in (both.odds_ratio_why, both.difference_why) if why]
        shares = accuracy(1 * has, 1 * event, cluster=patient, level=level)
        found.clustered += [one for one in shares.values() if one is not None]
    return counts, test


def _agreements(of: Readings, feature: Feature, group: tuple[int, ...], level: float) -> list[Agreement]:
    """Return the agreement of some readers on what all of them assessed, and on what could be assessed."""
    values = feature.values[:, list(group)]
    known = ~np.isnan(values)
    every: Bool = np.logical_and.reduce(known, axis=1)
    readers = tuple(of.readers[place] for place in group)
    made: list[Agreement] = []
    if not every.any():
        why = "No tumor was assessed by all of them."
        made.append(Agreement(feature.name, readers, "the feature", 0, whys=(why,)))
    elif feature.kind == "number":
        found = _limits(of, values[every], every, level)
        made.append(_agreement(feature.name, readers, "the feature", int(every.sum()), found))
    else:
        patient = None if of.patient is None else of.patient[every]
        found = _kappas(values[every], feature.kind == "score", feature.levels, patient, level)
        made.append(_agreement(feature.name, readers, "the feature", int(every.sum()), found))
    if not every.all():
        found = _kappas(1.0 * known, False, (), of.patient, level)
        made.append(_agreement(feature.name, readers, "whether it could be assessed", len(known), found))
    return made


def _agreement(feature: str, readers: tuple[str, ...], about: str, n: int, found: _Found) -> Agreement:
    return Agreement(feature, readers, about, n, tuple(found.effects), tuple(found.clustered), tuple(found.whys))


def _kappas(values: Float, is_score: bool, order: tuple[float, ...], patient: Int | None, level: float) -> _Found:
    """Return percent agreement and kappa, for independent tumors and, where patients are known, within them."""
    found = _Found()
    levels, codes = np.unique(values, return_inverse=True)
    ratings = Ratings(tuple(str(one) for one in levels), codes.reshape(values.shape).astype(np.int64))
    for cluster, to in found.ways(patient):
        plain = ignoring_clusters if cluster is None else _as_it_is
        to.append(plain(percent_agreement(ratings, cluster=cluster, level=level)))
        try:
            if values.shape[1] > 2:
                to.append(plain(fleiss_kappa(ratings, cluster=cluster, level=level)))
                continue
            first, second = values.T
            weights = "linear" if is_score else "none"
            # Scores that nobody gave still widen the distance between those that were given.
            kappa = cohen_kappa(first, second, weights=weights, order=order or None, cluster=cluster, level=level)
            to.append(plain(kappa))
        except FitError as error:
            found.why(error)
    return found


def _limits(of: Readings, values: Float, rows: Bool, level: float) -> _Found:
    """Return the limits of agreement of two readers on a measured number."""
    found = _Found()
    if values.shape[1] > 2:
        found.whys.append("Limits of agreement are those of two readers; see the pairs.")
        return found
    for cluster, to in found.ways(None if of.patient is None else of.patient[rows]):
        try:
            limits = limits_of_agreement(*values.T, cluster=cluster, level=level)
        except FitError as error:
            found.why(error)
            continue
        effects = (limits.bias, limits.lower, limits.upper)
        to += [ignoring_clusters(one) for one in effects] if cluster is None else list(effects)
    return found


def _as_it_is(effect: Effect) -> Effect:
    return effect
