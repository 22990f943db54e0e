"""Protocol: a study as data, from its question to its sensitivity analyses, checked before any patient is read."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from isotherm.override import Override
from isotherm.study.known import Entry, ExposureStart, TimeZero, too_late
from isotherm.study.predicate import Predicate
from isotherm.study.protocol_checks import Problem, filled, refuse, repeated, unless
from isotherm.study.protocol_designs import Course, Design, Intercurrent, Serial
from isotherm.study.protocol_factors import Factors, factor_problems
from isotherm.study.protocol_methods import Coarsened, Matching, Methods, Sensitivity
from isotherm.study.protocol_multiverse import Multiverse
from isotherm.study.protocol_parts import Arms, Covariate, Data, Outcome, Scans, Step, Subgroup
from isotherm.study.protocol_timing import course_dates, course_uses, timing_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A study as data.

    Parameters
    ----------
    title, question : str
    data : Data
    time_zero : TimeZero
    exposure : ExposureStart
    arms : Arms
    covariates : tuple of Covariate
    outcomes : tuple of Outcome
        One of them is primary.
    eligibility : tuple of Step
        In the order in which they filter.
    subgroups : tuple of Subgroup
    methods : Methods
    sensitivity : tuple of Sensitivity
    seed : int
        Of everything that is drawn.
    outcomes_blinded : bool
        True: columns of outcomes are never read. Cohort, matching and balance can be made, effects cannot.
    caveats : tuple of str
        What the data cannot show; printed beside the main result.
    entry : Entry, optional
        When patients came under observation, where that may be after time zero.
    scans : Scans, optional
    course : Course, optional
        The dates that designs for questions of timing share; with it, each arm has a strategy.
    designs : tuple of Design
        Carried out side by side; the first that nothing bars gives the main estimate.
    intercurrent : tuple of Intercurrent
    serial : tuple of Serial
    factors : tuple of Factors
        Covariates that are held, each alone and all together, against the hazard of an outcome.
    multiverse : Multiverse, optional
        The grid of analyses that `isotherm study multiverse` carries out.

    Raises
    ------
    BadProtocol
        Every problem at once. Among them: a covariate that was known after time zero or after exposure began, without
        a recorded reason to use it; an outcome used as covariate; an eligibility step that looks at an outcome.
    """

    title: str
    question: str
    data: Data
    time_zero: TimeZero
    exposure: ExposureStart
    arms: Arms
    covariates: tuple[Covariate, ...]
    outcomes: tuple[Outcome, ...]
    eligibility: tuple[Step, ...] = ()
    subgroups: tuple[Subgroup, ...] = ()
    methods: Methods = field(default_factory=Methods)
    sensitivity: tuple[Sensitivity, ...] = ()
    seed: int = 0
    outcomes_blinded: bool = False
    caveats: tuple[str, ...] = ()
    entry: Entry | None = None
    scans: Scans | None = None
    course: Course | None = None
    designs: tuple[Design, ...] = ()
    intercurrent: tuple[Intercurrent, ...] = ()
    serial: tuple[Serial, ...] = ()
    factors: tuple[Factors, ...] = ()
    multiverse: Multiverse | None = None

    def __post_init__(self) -> None:
        refuse([
            *filled("The protocol", title=self.title, question=self.question),
            unless(self.seed >= 0, "seed", "A seed is a whole number from 0."),
            *_names(self),
            *_columns_apart(self),
            *_dates(self),
            *_timing(self),
            *_looks_at_outcomes(self),
            *_methods(self),
            *timing_problems(self),
            *factor_problems(self),
        ])  # fmt: skip

    @property
    def adjusted(self) -> tuple[Covariate, ...]:
        """Covariates that are adjusted for."""
        return tuple(covariate for covariate in self.covariates if covariate.use == "adjust")

    @property
    def primary(self) -> Outcome:
        """The primary outcome."""
        return next(outcome for outcome in self.outcomes if outcome.primary)

    @property
    def outcome_columns(self) -> tuple[str, ...]:
        """Columns of the outcomes, which are not read while outcomes are blinded."""
        named = [name for outcome in self.outcomes for name in outcome.columns]
        named += [] if self.course is None else self.course.outcome_columns
        named += [one.date for one in self.intercurrent]
        return tuple(dict.fromkeys([*named, *(name for one in self.serial for name in one.columns)]))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are read; none of an outcome while outcomes are blinded."""
        roles = self.column_roles()
        hidden = set(self.outcome_columns) if self.outcomes_blinded else set[str]()
        return tuple(name for name in roles if name not in hidden)

    def column_roles(self) -> dict[str, str]:
        """Return every column with what it is first used for, outcomes among them."""
        roles: dict[str, str] = {}
        for name, role in _uses(self):
            roles.setdefault(name, role)
        return roles

    @property
    def date_columns(self) -> tuple[str, ...]:
        """Columns that have to hold dates."""
        moments = [self.time_zero.column, self.exposure.column, self.arms.start, self.arms.end]
        moments += [column for _, column in _further_dates(self)]
        moments += [part.known.column for part in (*self.covariates, *self.subgroups)]
        moments += [name for outcome in self.outcomes for name in (outcome.start, outcome.date)]
        return tuple(dict.fromkeys(name for name in [*moments, *course_dates(self)] if name))

    @property
    def time_columns(self) -> tuple[str, ...]:
        """Columns with times at which a clock or an observation starts, numbers from the day of the outcomes' times."""
        starts = [outcome.time_start for outcome in self.outcomes]
        return tuple(dict.fromkeys(name for name in (*starts, self.entry and self.entry.time) if name))

    @property
    def overrides(self) -> tuple[Override, ...]:
        """Rules of design that this protocol sets aside, with their reasons."""
        facts = [(c.label, too_late(c.known, self.exposure), c.override) for c in self.covariates]
        facts += [(s.label, too_late(s.known, self.exposure), s.override) for s in self.subgroups]
        found = [
            Override(what=what, problem=why or "its dates may come too late", reason=reason)
            for what, why, reason in facts
            if reason
        ]
        outcomes = set(self.outcome_columns)
        for step in self.eligibility:
            why = "" if step.known is None else too_late(step.known, self.exposure) or "its dates may come too late"
            problem = "it looks at an outcome" if outcomes & set(step.where.columns) else why
            found += [Override(what=step.says, problem=problem, reason=step.override)] if step.override else []
        return tuple(found)

    @property
    def hash(self) -> str:
        """SHA-256 of everything that it says, 64 hexadecimal characters: printed on every output."""
        text = json.dumps(plain(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()


def plain(value: object) -> Any:
    """Return a noun of the protocol as dicts, lists, texts and numbers; a predicate is its text."""
    if isinstance(value, Predicate):
        return value.text
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = {"kind_of_noun": type(value).__name__}
        return kind | {part.name: plain(getattr(value, part.name)) for part in dataclasses.fields(value)}
    return [plain(part) for part in cast("tuple[object, ...]", value)] if isinstance(value, tuple) else value


def _uses(protocol: Protocol) -> Iterator[tuple[str, str]]:
    """Yield each column with what it is used for; the same column may come again."""
    data = protocol.data
    for name in (data.patient, data.tumor, data.site, *data.row_key):
        if name is not None:
            yield name, "id"
    for moment in (protocol.time_zero, protocol.exposure):
        if moment.column is not None:
            yield moment.column, "date"
    for name in protocol.arms.columns:
        yield name, "arm"
    for covariate in protocol.covariates:
        yield covariate.column, "covariate"
    for part in (*protocol.covariates, *protocol.subgroups):
        if part.known.column is not None:
            yield part.known.column, "date"
    for _, column in _further_dates(protocol):
        yield column, "date"
    for predicate in _predicates(protocol):
        for name in predicate.columns:
            yield name, "condition"
    for name in _exact(protocol):
        yield name, "exact block"
    yield from course_uses(protocol)
    for name in protocol.time_columns:
        yield name, "time"
    for name in protocol.outcome_columns:
        yield name, "outcome"


def _further_dates(protocol: Protocol) -> list[tuple[str, str]]:
    """Return dates that are no part of the analysis, only of the audit of its design: their keys and columns."""
    steps = [(f"eligibility.{at}.known", step.known.column)
             for at, step in enumerate(protocol.eligibility) if step.known is not None]  # fmt: skip
    entry = [] if protocol.entry is None else [("entry.column", protocol.entry.column)]
    scans = [] if protocol.scans is None else [("scans.columns", name) for name in protocol.scans.columns]
    return [(key, column) for key, column in (*steps, *entry, *scans) if column is not None]


def _predicates(protocol: Protocol) -> Iterator[Predicate]:
    yield from (step.where for step in protocol.eligibility)
    yield from (level.where for subgroup in protocol.subgroups for level in subgroup.levels)
    yield from (analysis.where for analysis in protocol.sensitivity if analysis.where is not None)


def _exact(protocol: Protocol) -> Iterator[str]:
    for adjustment in (protocol.methods.adjustment, *(analysis.adjustment for analysis in protocol.sensitivity)):
        if isinstance(adjustment, Matching):
            yield from adjustment.exact


def _names(protocol: Protocol) -> Iterator[Problem | None]:
    """Yield problems of names that have to differ, and of the one primary outcome."""
    named = {"outcome": [outcome.name for outcome in protocol.outcomes],
             "subgroup": [subgroup.name for subgroup in protocol.subgroups],
             "sensitivity": [analysis.name for analysis in protocol.sensitivity],
             "covariate": [covariate.column for covariate in protocol.covariates]}  # fmt: skip
    for key, names in named.items():
        yield unless(not repeated(names), key, f"Two entries of {key} share a name: {repeated(names)}.")
    primary = sum(outcome.primary for outcome in protocol.outcomes)
    yield unless(primary == 1, "outcome", f"Exactly one outcome is primary = true; {primary} are.")
    yield unless(bool(protocol.covariates), "covariate", "No covariate came; name what describes the patients.")


def _columns_apart(protocol: Protocol) -> Iterator[Problem | None]:
    """Yield problems of columns that are used for two things that exclude each other."""
    taken = dict.fromkeys(protocol.outcome_columns, "an outcome")
    moments = (protocol.time_zero.column, protocol.exposure.column)
    taken |= {name: "a date of the design" for name in moments if name is not None}
    taken |= dict.fromkeys(protocol.arms.columns, "what tells the arms apart")
    taken |= {protocol.data.patient: "the patient's id"}
    for at, covariate in enumerate(protocol.covariates):
        role = taken.get(covariate.column)
        yield unless(role is None, f"covariate.{at}.column", f"{covariate.column} is {role}, so it is no covariate.")
    for name in protocol.outcome_columns:
        other = next((role for column, role in _uses(protocol) if column == name and role not in _LATER), None)
        yield unless(other is None, "outcome", f"{name} is a column of an outcome and of the design ({other}).")


_LATER = ("outcome", "condition", "covariate")
"""Uses of an outcome's column that are judged elsewhere."""


def _dates(protocol: Protocol) -> Iterator[Problem | None]:
    """Yield problems of dates that cannot be compared because time zero has none."""
    zero = protocol.time_zero.column is not None
    wanting = "; give time_zero the column of its date."
    yield unless(zero or protocol.exposure.column is None, "exposure.column",
                 f"The date of exposure start is compared with time zero{wanting}")  # fmt: skip
    for at, outcome in enumerate(protocol.outcomes):
        yield unless(zero or outcome.date is None, f"outcome.{at}.date",
                     f"Outcome {outcome.name} is counted from the date of time zero{wanting}")  # fmt: skip
    for key, parts in (("covariate", protocol.covariates), ("subgroup", protocol.subgroups)):
        for at, part in enumerate(parts):
            yield unless(zero or part.known.column is None, f"{key}.{at}.known",
                         f"The date on which {part.label} was known is compared with time zero{wanting}")  # fmt: skip
    timed = any(outcome.primary and outcome.time is not None for outcome in protocol.outcomes)
    yield unless(timed or protocol.entry is None or protocol.entry.time is None, "entry.time",
                 "The time of entry is counted as that of the primary outcome, which has none; name a date as column."
                 )  # fmt: skip
    for key, column in _further_dates(protocol):
        yield unless(zero, key, f"The date in {column} is compared with time zero{wanting}")


def _timing(protocol: Protocol) -> Iterator[Problem | None]:
    """Yield problems of facts that came too late to adjust or divide by, and of needless overrides."""
    adjusted = [(f"covariate.{at}", c) for at, c in enumerate(protocol.covariates) if c.use == "adjust"]
    for key, part in [*adjusted, *((f"subgroup.{at}", s) for at, s in enumerate(protocol.subgroups))]:
        why = too_late(part.known, protocol.exposure)
        instead = ' or use = "describe"' if isinstance(part, Covariate) else ""
        yield unless(not why or bool(part.override.strip()), f"{key}.known",
                     f"{part.label} cannot be used: {why}. Leave it out, or give a reason as override{instead}."
                     )  # fmt: skip
        yield unless(bool(why) or not part.override or part.known.column is not None, f"{key}.override",
                     f"{part.label} was known in time, so nothing is overridden; leave the override out.")  # fmt: skip


def _looks_at_outcomes(protocol: Protocol) -> Iterator[Problem | None]:
    """Yield problems of conditions on outcome columns: they select or divide patients by their future."""
    outcomes = set(protocol.outcome_columns)
    for at, step in enumerate(protocol.eligibility):
        seen = ", ".join(name for name in step.where.columns if name in outcomes)
        blinded = "; outcomes are blinded, so no reason opens it" if protocol.outcomes_blinded else ""
        yield unless(not seen or (bool(step.override.strip()) and not blinded), f"eligibility.{at}.where",
                     f"The step \"{step.says}\" looks at an outcome ({seen}): it selects by the future{blinded}."
                     )  # fmt: skip
        late = step.known is not None and (step.known.column or too_late(step.known, protocol.exposure))
        yield unless(bool(seen or late) or not step.override, f"eligibility.{at}.override",
                     f"The step \"{step.says}\" looks at no outcome and at nothing that came late; leave the override "
                     "out.")  # fmt: skip
    others = [(f"subgroup.{at}", subgroup.label, subgroup.columns) for at, subgroup in enumerate(protocol.subgroups)]
    others += [(f"sensitivity.{at}", analysis.name, analysis.where.columns)
               for at, analysis in enumerate(protocol.sensitivity) if analysis.where is not None]  # fmt: skip
    for key, name, columns in others:
        seen = ", ".join(column for column in columns if column in outcomes)
        yield unless(not seen, key, f"{name} looks at an outcome ({seen}): it divides patients by their future.")


def _methods(protocol: Protocol) -> Iterator[Problem | None]:
    """Yield problems of methods that ask for what the protocol does not have."""
    site = protocol.data.site is not None
    yield unless(site or protocol.methods.propensity.sites == "ignored", "methods.propensity.sites",
                 "Sites enter the propensity model, and no column of sites is named in data.site.")  # fmt: skip
    adjusts = bool(protocol.adjusted) or type(protocol.methods.adjustment).__name__ == "Unadjusted"
    yield unless(
        adjusts, "methods.adjustment.method", 'Adjustment needs a covariate with use = "adjust"; none is there.'
    )
    tumors = [outcome.name for outcome in protocol.outcomes if outcome.unit == "tumor"]
    yield unless(not tumors or protocol.data.tumor is not None, "data.tumor",
                 f"Outcomes of tumors ({', '.join(tumors)}) need the column that tells tumors apart.")  # fmt: skip
    named = {outcome.name for outcome in protocol.outcomes}
    stray = ", ".join(name for name in (protocol.scans.outcomes if protocol.scans else ()) if name not in named)
    yield unless(not stray, "scans.outcomes", f"{stray} is no outcome of the protocol, so no scan finds it.")
    adjusted = [covariate.column for covariate in protocol.adjusted]
    for at, analysis in enumerate(protocol.sensitivity):
        stray = ", ".join(name for name in analysis.without if name not in adjusted)
        yield unless(not stray, f"sensitivity.{at}.without", f"{stray} is not adjusted for, so it cannot be left out.")
        yield unless(site or not analysis.leave_one_site_out, f"sensitivity.{at}.leave_one_site_out",
                     "Sites are to be left out, and no column of sites is named in data.site.")  # fmt: skip
    numbers = [covariate.column for covariate in protocol.adjusted if covariate.kind == "number"]
    every = [protocol.methods.adjustment, *(analysis.adjustment for analysis in protocol.sensitivity)]
    binned = [name for method in every if isinstance(method, Coarsened) for name, _ in method.bins]
    stray = ", ".join(dict.fromkeys(name for name in binned if name not in numbers))
    yield unless(not stray, "methods.adjustment.bins", f"Only numbers adjusted for are cut into bins; not {stray}.")
    blocks = {*adjusted, *([] if protocol.data.site is None else [protocol.data.site])}
    stray = ", ".join(dict.fromkeys(name for name in _exact(protocol) if name not in blocks))
    yield unless(
        not stray, "methods.adjustment.exact", f"Exact blocks are covariates adjusted for, or the site; not {stray}."
    )
