"""What STROBE and RECORD ask of a report, item by item in our own words, and the results that answer each.

The wording of the originals is not repeated: von Elm et al., PLoS Med 2007;4:e296 (STROBE); Benchimol et al., PLoS Med
2015;12:e1001885 (RECORD).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Statement = Literal["STROBE", "RECORD"]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist.

    Parameters
    ----------
    statement : "STROBE" or "RECORD"
    number : str
        As in the statement: "13", "12.1".
    asks : str
        What it asks for, in our own words.
    answered_by : tuple of str
        Families of result ids: an id belongs to a family if it is it, or begins with it and a dot. Empty where only
        an author can answer.
    author : bool
        Whether an author has to write something, beside what the results say.
    """

    statement: Statement
    number: str
    asks: str
    answered_by: tuple[str, ...] = ()
    author: bool = False


def _strobe(number: str, asks: str, *families: str, author: bool = False) -> Item:
    return Item("STROBE", number, asks, families, author or not families)


def _record(number: str, asks: str, *families: str, author: bool = False) -> Item:
    return Item("RECORD", number, asks, families, author or not families)


ITEMS: tuple[Item, ...] = (
    _strobe("1", "Design named in title or abstract; a balanced summary", "protocol.title", author=True),
    _strobe("2", "Background, and why the question is asked"),
    _strobe("3", "Objectives and hypotheses", "protocol.question"),
    _strobe("4", "The design, early in the paper", "protocol.design", "protocol.hash"),
    _strobe("5", "Setting, places and dates", "data.sites", "data.dates", author=True),
    _strobe("6", "Who was eligible, where patients come from, follow-up; for matched studies criteria and numbers",
            "protocol.eligibility", "protocol.time_zero", "matching"),
    _strobe("7", "Outcomes, exposures, confounders and modifiers defined",
            "protocol.outcomes", "protocol.arms", "protocol.exposure", "protocol.covariates", "protocol.subgroups"),
    _strobe("8", "Source and measurement of each variable", "data.source", "data.registry", "data.columns",
            author=True),
    _strobe("9", "What was done about bias", "finding", "override", "protocol.caveats"),
    _strobe("10", "How the size of the study came about", "events", "protocol.size", author=True),
    _strobe("11", "How numbers were handled: codings, bins, units of effect", "protocol.codings"),
    _strobe("12", "Methods: adjustment, subgroups and interactions, missing data, loss to follow-up, sensitivity",
            "protocol.methods", "protocol.sensitivity", "propensity", "weighting", "imputation", "run", "intercurrent",
            "competing"),
    _strobe("13", "Numbers at each stage, reasons, a diagram", "flow", "course"),
    _strobe("14", "Characteristics of patients, missing values of each variable, follow-up time",
            "table_one", "missing", "followup", "balance", "serial"),
    _strobe("15", "Events over time", "curve", "at_risk", "incidence"),
    _strobe("16", "Estimates unadjusted and adjusted, with intervals, adjusted for what; categories; absolute risks",
            "effect", "logrank", "cox", "rmst", "binary", "proportional_hazards", "design", "gray", "cause_specific",
            "fine_gray"),
    _strobe("17", "Other analyses: subgroups, interactions, sensitivity",
            "subgroup", "sensitivity", "evalue", "bootstrap", "leave_one_site_out"),
    _strobe("18", "Key results in the light of the objectives", "headline", author=True),
    _strobe("19", "Limitations, with direction and size of bias", "caveat", author=True),
    _strobe("20", "A cautious interpretation"),
    _strobe("21", "To whom the results apply", "overlap", author=True),
    _strobe("22", "Funding, and the role of funders"),
    _record("1.1", "Type and name of the data sources in title or abstract", "data.source", "data.registry",
            author=True),
    _record("1.2", "Region and time in title or abstract", "data.dates", author=True),
    _record("1.3", "Linkage of databases in title or abstract"),
    _record("6.1", "Codes or algorithms that selected the population", "protocol.eligibility"),
    _record("6.2", "Whether those codes or algorithms were validated"),
    _record("6.3", "A diagram of the linkage, with numbers at each stage"),
    _record("7.1", "Complete lists of codes for exposures, outcomes, confounders and modifiers",
            "protocol.arms", "protocol.outcomes", "protocol.covariates", "protocol.subgroups", "data.columns"),
    _record("12.1", "What access the investigators had to the database"),
    _record("12.2", "How the data were cleaned", "data.missing_codes", "finding", author=True),
    _record("12.3", "Level, method and quality of linkage"),
    _record("13.1", "How patients were selected, by data quality, availability and linkage, with a diagram", "flow"),
    _record("19.1", "Consequences of data not made for the question: misclassification, unmeasured confounding, gaps, "
            "eligibility that changed over time", "caveat", "evalue", "missing", author=True),
    _record("22.1", "Access to protocol, data and code", "run", "protocol.hash", author=True),
)  # fmt: skip
"""Items of STROBE for cohorts, then those that RECORD adds for routine data."""
