"""What outcomes can carry: events per variable, arms nobody leaves early, and how often scans look for them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import hypergeom, mannwhitneyu

from isotherm.columns import Float
from isotherm.errors import InputError
from isotherm.study.cohort_outcomes import observed, observed_yes_no
from isotherm.study.finding import Finding, Tally
from isotherm.study.guard.patients import Mask, Patients, of_patients
from isotherm.study.people import days_between
from isotherm.study.protocol_methods import Unadjusted
from isotherm.study.protocol_parts import Outcome

PER_VARIABLE = 10
"""Events per variable below which estimates of a model are known to stray (Peduzzi et al. 1996); a rough rule."""

CHANCE, GAP_DAYS = 0.001, 14.0
"""An arm nobody leaves early is told from this many days on, and if chance would make it more rarely than this."""

APART, APART_DAYS = 0.01, 7.0
"""Scan intervals are told if ranks differ with a p below the first, and medians by as many days; our choice."""


def outcome_findings(patients: Patients) -> Iterator[Finding]:
    """Yield what outcomes can carry; while they are blinded, only what their columns are not needed for.

    References
    ----------
    .. [1] Peduzzi P, Concato J, Kemper E, Holford TR, Feinstein AR. J Clin Epidemiol 1996;49:1373-1379. van Smeden M et
       al. BMC Med Res Methodol 2016;16:163 (the rule is rough).
    .. [2] Panageas KS, Ben-Porat L, Dickler MN, Chapman PB, Schrag D. J Natl Cancer Inst 2007;99:428-432 (scans).
    """
    parameters = _parameters(patients)
    yield from _patients_per_variable(patients, parameters)
    if patients.protocol.outcomes_blinded:
        yield Finding(
            "outcomes_not_read",
            "Outcomes are blinded, so their columns were not read: events per variable, events before an arm was "
            "decided, events of patients in no arm, arms that nobody leaves early, and progression that nobody entered "
            "were not looked for.",
            len(patients), "note", "Run the audit again when outcomes are opened.",
        )  # fmt: skip
    else:
        yield from _events_per_variable(patients, parameters)
        yield from _nobody_leaves(patients)
    if patients.protocol.scans is not None:
        yield from _scans(patients)


def _parameters(patients: Patients) -> int:
    """Return how many columns the covariates that are adjusted for take."""
    table, found = patients.cohort.covariates(), 0
    for covariate in patients.protocol.adjusted:
        leveled = covariate.kind in ("category", "ordered")
        found += max(table[covariate.column].nunique() - 1, 0) if leveled else 1
    return found


def _patients_per_variable(patients: Patients, parameters: int) -> Iterator[Finding]:
    smallest = min(int(inside.sum()) for _, inside in patients.arms())
    if not parameters or isinstance(patients.protocol.methods.adjustment, Unadjusted):
        return
    if smallest < PER_VARIABLE * parameters:
        yield Finding(
            "few_patients_per_variable",
            f"The smallest arm has {of_patients(smallest)} for {parameters} columns of covariates, "
            f"{smallest / parameters:.1f} per variable; below {PER_VARIABLE} the propensity may fit chance.",
            smallest, "warn", "Adjust for fewer covariates, chosen before looking at outcomes.", (),
            (Tally(what="in the smallest arm", value=smallest), Tally(
                what="patients of the smallest arm", value=smallest / parameters, unit="per variable")),
        )  # fmt: skip


def _events_per_variable(patients: Patients, parameters: int) -> Iterator[Finding]:
    variables = parameters + len(patients.protocol.arms.arms) - 1
    for outcome in patients.protocol.outcomes:
        try:
            events = _events(patients, outcome)
        except InputError as error:
            says = f"{outcome.label} cannot be analyzed: {error}"
            yield Finding(f"outcome_unusable.{outcome.name}", says, len(patients), "warn", "Mend its columns.")
            continue
        if events < PER_VARIABLE * variables:
            yield Finding(
                f"events_per_variable.{outcome.name}",
                f"{outcome.label}: {events} events for {variables} variables (treatment among them), "
                f"{events / variables:.1f} per variable; below {PER_VARIABLE} a model with all of them strays.",
                events, "warn", "Read the effect with few covariates or by weights; take none from the model of all.",
                (),
                (Tally(what=outcome.label, value=events, unit="events"),
                 Tally(what=outcome.label, value=events / variables, unit="per variable")),
            )  # fmt: skip


def _events(patients: Patients, outcome: Outcome) -> int:
    if outcome.kind == "time":
        return int((observed(patients.cohort, outcome.name).times.event == 1).sum())
    return int(observed_yes_no(patients.cohort, outcome.name).happened.sum())


def _nobody_leaves(patients: Patients) -> Iterator[Finding]:
    """Yield arms in which nobody has an event or ends follow-up before a day by which many in the others have."""
    outcome = patients.protocol.primary
    if outcome.kind != "time" or outcome.unit != "patient":
        return
    try:
        seen = observed(patients.cohort, outcome.name)
    except InputError:
        return  # a finding of its own
    days, arm = seen.times.time_days, patients.cohort.arm[seen.rows]
    for place, one in enumerate(patients.protocol.arms.arms):
        own, others = days[arm == place], days[arm != place]
        if not len(own) or not len(others):
            continue
        first = float(own.min())
        early = int((others < first).sum())
        # The chance that, of all, the `early` who leave first are all of other arms.
        if first >= GAP_DAYS and hypergeom.pmf(0, len(days), early, len(own)) < CHANCE:
            yield Finding(
                f"nobody_leaves_early.{one.name}",
                f'{outcome.label}: in arm "{one.label}" nobody had an event or ended follow-up before day {first:g}, '
                f"while {of_patients(early, len(others))} of the other arms did. Chance does not do that: the arm may "
                "be one that only those who live until then can be in.",
                early, "warn", "Look up how patients come into that arm, and give the date on which they do.", (),
                (Tally(what=f"left before anybody in arm {one.name}", value=early, of=len(others)),),
            )  # fmt: skip


def _scans(patients: Patients) -> Iterator[Finding]:
    """Yield that one arm is scanned at longer intervals than another."""
    protocol = patients.protocol
    assert protocol.scans is not None
    interval = _intervals(patients)
    named = ", ".join(one.label for one in protocol.outcomes if one.name in protocol.scans.outcomes)
    medians = {arm: _median(interval, inside) for arm, inside in patients.arms()}
    known = {arm: days for arm, days in medians.items() if not np.isnan(days)}
    if len(known) < 2:
        return
    (longest, long), (shortest, short) = max(known.items(), key=_days), min(known.items(), key=_days)
    groups = dict(patients.arms())
    rare, often = (interval[groups[arm] & ~np.isnan(interval)] for arm in (longest, shortest))
    if long - short < APART_DAYS or float(mannwhitneyu(rare, often).pvalue) >= APART:
        return
    counts = tuple(
        Tally(what="between scans", value=days, unit="median days", arm=arm.name) for arm, days in known.items()
    )
    yield Finding(
        "scan_schedule",
        f'Scans are median {long:.1f} days apart in arm "{longest.label}" and median {short:.1f} days apart in arm '
        f'"{shortest.label}": what is found on scans is found later in the first, by about half the difference, which '
        f'favors "{longest.label}" ({named}).',
        int((~np.isnan(interval)).sum()), "warn", "Read it beside overall survival; compare at scan dates that both "
        "arms share, or by methods for interval-censored times.", (), counts,
    )  # fmt: skip


def _days(one: tuple[object, float]) -> float:
    return one[1]


def _median(interval: Float, inside: Mask) -> float:
    own = interval[inside & ~np.isnan(interval)]
    return float(np.median(own)) if len(own) else float("nan")


def _intervals(patients: Patients) -> Float:
    """Return the mean days between scans of each patient, time zero (where it has a date) being the first; or NaN."""
    protocol, table = patients.protocol, patients.table
    assert protocol.scans is not None
    assert protocol.time_zero.column is not None  # checked by the protocol
    days = np.column_stack([days_between(table, protocol.time_zero.column, name) for name in protocol.scans.columns])
    after = np.sort(np.where(days > 0.0, days, np.nan), axis=1)
    after[:, 1:][after[:, 1:] == after[:, :-1]] = np.nan  # two columns may name one scan
    count = (~np.isnan(after)).sum(axis=1)
    last = np.fmax.reduce(after, axis=1, initial=0.0)
    return np.where(count > 0, last / np.maximum(count, 1), np.nan)
