"""The draft of a protocol over a cohort of a registry: what its columns are is known, what is compared is asked."""

from __future__ import annotations

from typing import Any, get_args

import pandas as pd

from isotherm.app.registry_cohort import MARK, Asked, Found
from isotherm.app.registry_study_covariates import DERIVED, TIMING, covariate_lines
from isotherm.app.registry_study_outcomes import begins, outcome_lines, told_of
from isotherm.app.study_draft import METHODS
from isotherm.app.study_guess import MOST_LEVELS
from isotherm.clinical.record import PATIENT_KEY
from isotherm.errors import BadSetting
from isotherm.exchange.protocol_text import toml
from isotherm.registry.cohort import OF_ABLATION, OF_DECISION, OF_LESION, OF_PATIENT, OF_PRIMARY, OF_SESSION, Cohort
from isotherm.registry.derive import DELAYED, UPFRONT, Windows
from isotherm.registry.endpoints_kinds import Choices
from isotherm.study.designs import courses
from isotherm.study.predicate_tree import column_kind
from isotherm.study.simulate.synthetic import NOBODY_LIVED

HEAD = """\
# A protocol over a cohort of a registry. What the columns are is known; what is adjusted for, the windows and the
# designs are a draft: check each line, and write the question. `isotherm study check THIS_FILE` says what the design
# does to the comparison before any estimate.
"""

COURSE = """
# What was done to whom, and when: designs of timing read it.
[course]
systemic = "systemic_on"
ablation = "ablated_on"
progression = "progressed_on"
death = "died_on"
last_contact = "last_seen_on"
endpoints = {endpoints}
horizon_days = 1096

[[design]]
method = "clone_censor_weight"
replicates = 200  # of this design, for its intervals; methods.bootstrap is of the comparison of arms as they became

[[design]]
method = "landmark"
day = {landmark:g}{among}

[[design]]
method = "time_dependent_cox"

[[design]]
name = "naive_from_ablation"
method = "naive"
clock = "ablation"
"""

LIVING = """
among = "living"  # once progression is recorded, "progression-free": until then nobody is known to have progressed"""

ANSWERED = frozenset(get_args(courses.Endpoint))
"""Outcomes that designs of timing answer for, by what the registry calls them too, but for a capital."""


def comparable(cohort: Cohort) -> tuple[str, ...]:
    """Return what can be compared: the timing, where both timings occur, then facts with a few values each.

    Facts are known by time zero, at the decision or of the session itself, and alike in all rows of a patient. A margin
    is measured later.
    """
    table = cohort.table
    found: list[str] = []
    if cohort.per == "patient" and {UPFRONT, DELAYED} <= set(table["timing"].dropna()):
        found.append(TIMING)
    known = {*DERIVED, *OF_PATIENT, *OF_PRIMARY, *OF_DECISION, *(f"lesion_{name}" for name in OF_LESION)}
    known |= set() if cohort.per == "patient" else {*OF_SESSION, *OF_ABLATION}
    patient = cohort.table[PATIENT_KEY]
    for name in (name for name in map(str, table.columns) if name in known and name not in cohort.later):
        kind, values = column_kind(table[name]), table[name].nunique()
        if kind in ("truth", "text") and 2 <= values <= MOST_LEVELS and not name.endswith("_id"):
            # What differs between tumors or sessions of one patient makes no arms: he would be compared with himself.
            if cohort.table[name].groupby(patient).nunique().max() <= 1:
                found.append(name)
    return tuple(found)


def registry_draft(address: str, asked: Asked, found: Found, *, title: str, compare: str) -> str:
    """Return the text of a protocol over a cohort.

    Parameters
    ----------
    address : str
        Of the registry; as absolute as it has to be from where the protocol will lie.
    asked : Asked
    found : Found
        What came of it; where nobody in the registry ever lived, that stands beside the main result.
    title : str
    compare : str
        One of `comparable`.

    Raises
    ------
    BadSetting
        What is compared does not occur; a registry whose address a protocol cannot hold.
    """
    cohort = found.cohort
    if compare not in comparable(cohort):
        raise BadSetting("This cohort cannot be compared by that; choose what has two values or more in it.")
    if asked.per == "patient" and asked.choices.anchor not in ("decision", "ablation"):
        raise BadSetting("The day from which this cohort counts is no column of it; let time begin at the decision or "
                         "at the first ablation.")  # fmt: skip
    if compare == TIMING and asked.choices.anchor != "decision":
        raise BadSetting("Timings are compared from the decision on; let the time of patients begin there.")
    caveat = NOBODY_LIVED if found.simulated else ""
    parts = [HEAD, *_top(title, compare, caveat=caveat), *_data(address, asked, cohort),
             *_time(asked, cohort, compare)]  # fmt: skip
    parts += _timing_arms(asked.windows) if compare == TIMING else _arms(cohort.table[compare], compare)
    parts += covariate_lines(cohort, compare)
    told, only_deaths = told_of(cohort, asked)
    parts += outcome_lines(told, only_deaths, cohort, asked)
    if compare == TIMING:
        endpoints = ", ".join(toml(label) for one in told if (label := one.label.casefold()) in ANSWERED)
        among = LIVING if any(one.label.casefold() in ANSWERED for one in only_deaths) else ""
        parts.append(COURSE.format(landmark=_landmark(asked.windows), among=among, endpoints=f"[{endpoints}]"))
    return "\n".join([*parts, METHODS])


def source(address: str, asked: Asked) -> str:
    """Return what a protocol names as its data.

    Raises
    ------
    BadSetting
    """
    if "#" in address:
        raise BadSetting("The name of the registry has a # in it, which no protocol can hold; rename the file.")
    settings = [f"{name}={_written(value)}" for noun, usual in ((asked.choices, Choices()), (asked.windows, Windows()))
                for name in noun.__dataclass_fields__
                if (value := getattr(noun, name)) != getattr(usual, name)]  # fmt: skip
    where = f" where {' '.join(asked.where.split())}" if asked.where else ""
    return f"{MARK}{address}#{' '.join([asked.per, *settings])}{where}"


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{value[0]:g}..{value[1]:g}"
    return str(value).replace(" ", "_") if isinstance(value, str) else f"{value:g}"


def _top(title: str, compare: str, *, caveat: str) -> list[str]:
    return [
        "schema = 1", f"title = {toml(title)}",
        f"question = {toml(f'Who fares better, by {compare}?')}  # write yours: who, compared with whom, on what",
        "seed = 1", "outcomes_blinded = false  # true: to settle the design before outcomes are looked at",
        f"caveats = [{toml(caveat) if caveat else ''}]  # what these data cannot show; printed beside the main result",
        "",
    ]  # fmt: skip


def _data(address: str, asked: Asked, cohort: Cohort) -> list[str]:
    lines = ["[data]", f"file = {toml(source(address, asked))}", f"patient = {toml(PATIENT_KEY)}"]
    lines += ['site = "center_id"'] if _tells_sites(cohort.table["center_id"]) else []
    lines += ['tumor = "lesion_id"'] if asked.per == "tumor" else []
    lines += [f'key = ["{PATIENT_KEY}", "session_id"]'] if asked.per == "session" else []
    return [*lines, ""]


def _tells_sites(centers: pd.Series[Any]) -> bool:
    return bool(centers.notna().all()) and centers.nunique() > 1


def _time(asked: Asked, cohort: Cohort, compare: str) -> list[str]:
    """Return time zero, who has one, and what begins then."""
    begin, column = begins(asked)
    lines = ["[time_zero]", f"says = {toml(begin)}", f"column = {toml(column)}", ""]
    if cohort.table[column].isna().any():
        lines += ["[[eligibility]]", f"says = {toml(f'The {begin} is recorded')}",
                  f"where = {toml(f'{column} is not missing')}", 'known = "before time zero"', ""]  # fmt: skip
    lines += ["[exposure]"]
    if compare == TIMING:
        return [*lines, 'says = "first treatment, ablation or systemic therapy"', 'column = "first_treatment_on"', ""]
    return [*lines, f"says = {toml(f'{compare}, as it was by then')}", 'when = "at time zero"  # check', ""]


def _timing_arms(windows: Windows) -> list[str]:
    (first, last), (early, late) = windows.upfront, windows.delayed
    return [
        "# Arms by what a patient follows from the decision on; windows in days.", "[arms]", 'start = "ablated_on"',
        'end = "systemic_on"', f"reference = {toml(UPFRONT)}", "", "[[arms.arm]]", f"name = {toml(UPFRONT)}",
        'label = "Upfront ablation"', f"window_days = [{first:g}, {last:g}]", "[arms.arm.strategy]",
        f"ablation = {{ days = [0, {last:g}] }}",
        f'systemic = {{ days = [{first:g}, {last:g}], after = "ablation" }}', "", "[[arms.arm]]",
        f"name = {toml(DELAYED)}", 'label = "Delayed ablation"', f"window_days = [{-late:g}, {-early:g}]",
        "[arms.arm.strategy]", f"systemic = {{ days = [0, {last:g}] }}",
        f'ablation = {{ days = [{early:g}, {late:g}], after = "systemic" }}', "",
    ]  # fmt: skip


def _landmark(windows: Windows) -> float:
    """Return a day by which both strategies are over."""
    return windows.upfront[1] + windows.delayed[1]


def _arms(values: pd.Series[Any], name: str) -> list[str]:
    occurring = sorted(values.dropna().unique().tolist())
    names = {value: f"{name}_{place}" for place, value in enumerate(occurring, start=1)}
    lines = ["[arms]", f"column = {toml(name)}", f"reference = {toml(names[occurring[0]])}  # the others against it"]
    for value, own in names.items():
        label = f"{name}: {value}" if isinstance(value, str) else f"{name}: {'yes' if value else 'no'}"
        written = value if isinstance(value, str) else bool(value)
        lines += ["[[arms.arm]]", f"name = {toml(own)}", f"label = {toml(label)}  # write yours",
                  f"values = [{toml(written)}]"]  # fmt: skip
    return [*lines, ""]
