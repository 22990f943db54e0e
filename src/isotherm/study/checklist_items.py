"""What STROBE, RECORD and TARGET ask of a report, item by item in our own words, and the results that answer each.

The wording of the originals is not repeated: von Elm et al., PLoS Med 2007;4:e296 (STROBE); Benchimol et al., PLoS Med
2015;12:e1001885 (RECORD); Cashin et al., JAMA 2025;334:1084-1093 (TARGET).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Statement = Literal["STROBE", "RECORD", "TARGET"]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist.

    Parameters
    ----------
    statement : "STROBE", "RECORD" or "TARGET"
    number : str
        As in the statement: "13", "12.1".
    asks : str
        What it asks for, in our own words.
    answered_by : tuple of str
        Families of result ids: an id belongs to a family if it is it, or begins with it and a dot; * stands for one
        word of it. Empty where only an author can answer.
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


def _target(number: str, asks: str, *families: str, author: bool = False) -> Item:
    return Item("TARGET", number, asks, families, author or not families)


ITEMS: tuple[Item, ...] = (
    _strobe("1", "Design named in title or abstract; a balanced summary", "protocol.title", author=True),
    _strobe("2", "Background, and why the question is asked"),
    _strobe("3", "Objectives and hypotheses", "protocol.question"),
    _strobe("4", "The design, early in the paper", "protocol.design", "protocol.hash", "protocol.file_hash"),
    _strobe("5", "Setting, places and dates", "data.sites", "data.dates", author=True),
    _strobe("6", "Who was eligible, where patients come from, follow-up; for matched studies criteria and numbers",
            "protocol.eligibility", "protocol.time_zero", "matching"),
    _strobe("7", "Outcomes, exposures, confounders and modifiers defined",
            "protocol.outcomes", "protocol.arms", "protocol.exposure", "protocol.covariates", "protocol.subgroups",
            "protocol.strategies", "protocol.horizon"),
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
            "fine_gray", "factors"),
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
    _record("22.1", "Access to protocol, data and code", "run", "protocol.hash", "protocol.file_hash", author=True),
    _target("1a", "That a target trial is emulated, what for, and the trial in brief", "protocol.title", author=True),
    _target("1b", "The data sources, in the abstract", "data.source", author=True),
    _target("1c", "Main assumptions, methods, findings and conclusions, in the abstract", "headline", author=True),
    _target("2", "Background, and the gap in what is known"),
    _target("3", "The causal question", "protocol.question"),
    _target("4", "Why a target trial is emulated with these data; trials that it was drawn up after"),
    _target("5", "Data sources: what they were made for, kind, places, setting, years, linkage",
            "data.source", "data.sites", "data.dates", author=True),
    _target("6a", "Trial: who would be eligible", "protocol.eligibility"),
    _target("6b", "Trial: the strategies that would be compared, with their windows", "protocol.strategies",
            "protocol.arms"),
    _target("6c", "Trial: assignment at random, known to patients and physicians"),
    _target("6d", "Trial: follow-up from assignment on, and until when", "protocol.time_zero", "protocol.horizon"),
    _target("6e", "Trial: outcomes, how and when measured", "protocol.outcomes"),
    _target("6f", "Trial: the contrasts that are wanted, with their measures", "design.*.*.target", "headline.target"),
    _target("6g", "Trial: what would have to hold for an answer, and the variables behind it"),
    _target("6h", "Trial: plan of analysis, missing data among it", "protocol.methods"),
    _target("7a", "Data: how eligibility was read from them", "protocol.eligibility", "course", "flow"),
    _target("7b", "Data: how strategies were read from them: windows of grace, and what counts as leaving",
            "protocol.strategies", "design.*.*.censored"),
    _target("7c", "Data: how patients were assigned: clones in every strategy, or arms as begun", "protocol.methods",
            "course.patients", "design.*.*.shared_events"),
    _target("7d", "Data: that eligibility, assignment and follow-up begin on one day, and how follow-up ends",
            "protocol.time_zero", "protocol.exposure", "finding.arm_after_time_zero", "finding.immortal_time",
            "finding.no_decision_date", "finding.late_eligibility"),
    _target("7e", "Data: how outcomes were read from them", "protocol.outcomes", "data.columns", "intercurrent"),
    _target("7f", "Data: how the contrasts were computed", "design.*.*.target"),
    _target("7g(i)", "Data: assumptions of each answer, confounding at baseline among them",
            "design.*.*.remaining", "caveat", author=True),
    _target("7g(ii)", "Data: the variables behind the assumptions", "protocol.covariates", "protocol.codings"),
    _target("7h(i)", "Data: the analysis: weights for being censored, bootstrap, missing data",
            "protocol.methods", "design.*.*.weights", "design.*.*.remark", "weighting", "matching", "imputation"),
    _target("7h(ii)", "Data: further analyses of how far the answer hangs on choices", "protocol.sensitivity",
            "design.*.*.truncated", "design.*.*.unweighted"),
    _target("8", "How many were assessed, eligible, and assigned to each strategy, with a diagram", "flow", "course",
            "design.*.*.*.n"),
    _target("9", "Patients at baseline, by strategy", "table_one", "balance"),
    _target("10", "Length of follow-up, and why it ended, by strategy", "followup", "design.*.*.censored",
            "design.*.*.at_risk", "design.*.*.left_out"),
    _target("11", "Missing values of all variables, by strategy", "missing", "imputation"),
    _target("12", "Outcomes by strategy", "events", "design.*.*.*.events", "design.*.*.*.risk", "incidence"),
    _target("13", "The estimate of each contrast with its precision, absolute and relative", "headline",
            "design.*.*.*.risk_difference", "design.*.*.*.rmst_difference", "design.*.*.*.hazard_ratio", "effect"),
    _target("14", "Results of all further analyses", "design.*.*.truncated", "design.*.*.unweighted", "sensitivity",
            "evalue", "bootstrap", "leave_one_site_out", "subgroup"),
    _target("15", "What the findings say to the question"),
    _target("16", "Limitations: how trial and emulation differ, and whether the assumptions are plausible",
            "caveat", "design.*.*.remaining", "design.*.barred", "finding", "override", author=True),
    _target("17", "Ethics approval"),
    _target("18", "Where and when the protocol was registered", "protocol.hash", "protocol.file_hash", author=True),
    _target("19", "Access to data, code and materials", "run", "protocol.hash", "protocol.file_hash", author=True),
    _target("20", "Funding, and the role of funders"),
    _target("21", "Conflicts of interest"),
)  # fmt: skip
"""Items of STROBE for cohorts, those that RECORD adds for routine data, and those of TARGET for emulated trials."""
