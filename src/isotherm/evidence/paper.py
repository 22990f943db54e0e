"""Paper: a publication as a study, with its design, its arms and its population; its numbers are published results."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from isotherm.errors import BadEvidence
from isotherm.source import Citation

Design = Literal[
    "randomized trial", "prospective cohort", "retrospective cohort", "registry", "diagnostic accuracy study",
    "meta-analysis", "review", "guideline", "consensus", "protocol", "simulation", "lecture",
]  # fmt: skip
Organ = Literal["liver", "lung", "liver and lung", "any", "none"]
Modality = Literal["RFA", "MWA", "RFA and MWA", "cryoablation", "IRE", "several", "not printed", "none"]

ID = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
"""Of a publication, which is the name of its file: first_author_year."""

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When a treatment began, counted from an event; an end that is None is not printed."""

    low: float | None = None
    high: float | None = None
    unit: Literal["days", "weeks", "months"]

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise BadEvidence(
                ("low", f"the window runs from {self.low:g} to {self.high:g}; the lower end comes first.")
            )

    def __str__(self) -> str:
        """Return the window in words."""
        ends = " to ".join("?" if end is None else f"{end:g}" for end in (self.low, self.high))
        return f"{ends} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One of the groups that a publication compares.

    Parameters
    ----------
    id, name : str
        What records call it, and what people do.
    definition : str
        In our words.
    window : Window or None
        When its treatment began, counted from `anchor_event`.
    anchor_event : str
        The event that `window` is counted from. An event later than time zero means immortal time.
    """

    id: str
    name: str
    definition: str = ""
    window: Window | None = None
    anchor_event: str = ""

    def __post_init__(self) -> None:
        if self.window is not None and not self.anchor_event:
            raise BadEvidence(("anchor_event", "a window needs the event that it is counted from; name it."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Accrual:
    """When and where patients came in; months as in 2009-10."""

    start: str = ""
    end: str = ""
    centers: int | None = None
    countries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, month in (("start", self.start), ("end", self.end)):
            if month and not MONTH.fullmatch(month):
                raise BadEvidence((name, f'"{month}" came; write year and month, as in "2009-10".'))
        if self.start and self.end and self.end < self.start:
            raise BadEvidence(("end", f"accrual ends in {self.end}, before it starts in {self.start}."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How arms were matched, as far as it was printed."""

    method: str
    ratio: str = "not printed"
    caliper: str = "not printed"
    covariates: str = "not printed"
    estimand: str = "not printed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A publication.

    Parameters
    ----------
    id : str
        first_author_year, the name of its file.
    title, year, doi, pmid, pmcid, trial, journal
        As `isotherm.source.Citation` takes them.
    short : str
        How a table calls it: "Wang 2013".
    identification : str
        "recalled" where authors or publication are known from memory only, and have to be confirmed.
    design, organ, modality, population : str
        What its results inherit unless they say otherwise.
    arms : tuple of Arm
    accrual : Accrual
    matching : Matching or None
    overlaps_with : tuple of str
        Publications that very likely share patients: never to be pooled as independent.
    shares_authors_with : tuple of str
        Publications that are not independent in authorship.
    note : str

    Raises
    ------
    BadEvidence
    """

    id: str
    short: str
    title: str
    year: int
    design: Design
    organ: Organ
    population: str
    modality: Modality = "none"
    doi: str = ""
    pmid: str = ""
    pmcid: str = ""
    trial: str = ""
    journal: str = ""
    identification: Literal["published", "recalled"] = "published"
    arms: tuple[Arm, ...] = ()
    accrual: Accrual = Accrual()
    matching: Matching | None = None
    overlaps_with: tuple[str, ...] = ()
    shares_authors_with: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.id):
            raise BadEvidence(("id", f'"{self.id}" came; write first_author_year in lower case.'))
        for name, allowed in (("design", Design), ("organ", Organ), ("modality", Modality)):
            if getattr(self, name) not in get_args(allowed):
                raise BadEvidence((name, f'"{getattr(self, name)}" came; allowed: {", ".join(get_args(allowed))}.'))
        names = [arm.id for arm in self.arms]
        if len(set(names)) < len(names):
            raise BadEvidence(("arm", "two arms have one id; tell them apart."))
        if self.id in (*self.overlaps_with, *self.shares_authors_with):
            raise BadEvidence(("overlaps_with", "a publication does not overlap with itself; leave it out."))
        self.citation("the publication")

    def citation(self, where: str) -> Citation:
        """Return the source of a number that stands at a place in this publication.

        Raises
        ------
        BadEvidence
            Nothing says where, or nothing identifies the publication.
        """
        try:
            return Citation(
                title=self.title, year=self.year, where=where, doi=self.doi, pmid=self.pmid, pmcid=self.pmcid,
                trial=self.trial, journal=self.journal,
            )  # fmt: skip
        except ValueError as error:
            raise BadEvidence(("where" if not where.strip() else "", str(error))) from error

    def arm(self, name: str) -> Arm | None:
        """Return the arm of an id."""
        return next((arm for arm in self.arms if arm.id == name), None)
