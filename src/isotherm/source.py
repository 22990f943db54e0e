"""Where a number or a rule comes from: Citation, a publication and the place in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

FIRST_YEAR, LAST_YEAR = 1800, 2200
"""Years outside of this are slips of the pen."""

IDENTIFIERS = {
    "doi": ("DOI", re.compile(r"10\.\d{4,9}/\S+")),
    "pmid": ("PMID", re.compile(r"[1-9]\d{0,8}")),
    "pmcid": ("PMCID", re.compile(r"PMC[1-9]\d{0,9}")),
    "trial": ("trial number", re.compile(r"[A-Z]\S+")),
    "journal": ("journal reference", re.compile(r"\S.*")),
}
"""What each identifier is called, and the form it must have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A publication, and where in it the number or the rule stands.

    Parameters
    ----------
    title : str
        Title of the publication.
    year : int
        Year in which it was published.
    where : str
        The page, table, figure or section: a reader must be able to check it without reading the whole.
    doi, pmid, pmcid, trial, journal : str
        At least one of: DOI ("10.1097/..."), PubMed number ("27763897"), PubMed Central number ("PMC11615634"),
        registered trial ("NCT03088150"), journal with year, volume and pages ("Ann Surg 2018;267:132-141").

    Raises
    ------
    ValueError
        Nothing says where, nothing identifies the publication, or an identifier has the wrong form.
    """

    title: str
    year: int
    where: str
    doi: str = ""
    pmid: str = ""
    pmcid: str = ""
    trial: str = ""
    journal: str = ""

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise ValueError("A citation without a title came; give the title of the publication.")
        if not self.where.strip():
            raise ValueError(f'The citation "{self.title}" does not say where; give the page, table or section.')
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise ValueError(f'The citation "{self.title}" has the year {self.year}; give the year of publication.')
        given = self.identifiers()
        if not given:
            raise ValueError(
                f'The citation "{self.title}" cannot be found; give a DOI, a PubMed or trial number, or the journal.'
            )
        for key, value in given.items():
            called, form = IDENTIFIERS[key]
            if not form.fullmatch(value):
                raise ValueError(f'"{value}" is not a {called}; write it as its publisher does, without a prefix.')

    def identifiers(self) -> dict[str, str]:
        """Return the identifiers that were given, by their name."""
        every = {"doi": self.doi, "pmid": self.pmid, "pmcid": self.pmcid, "trial": self.trial, "journal": self.journal}
        return {key: value for key, value in every.items() if value}

    def __str__(self) -> str:
        """Return the citation as one line for a table or a report."""
        given = self.identifiers()
        journal = given.pop("journal", "")
        numbers = [value if key in ("pmcid", "trial") else f"{key} {value}" for key, value in given.items()]
        parts = [self.title, journal or str(self.year), *numbers, self.where]
        return "; ".join(parts)
