"""The draft of a protocol from a table's columns: a commented study.toml in which every guess is marked as one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from isotherm.app.places import new_file
from isotherm.app.study_guess import CODES, Event, Fact, Guesses, codes_in, guess
from isotherm.exchange.atomic import write_text
from isotherm.exchange.protocol_text import toml
from isotherm.exchange.simulated_mark import is_marked
from isotherm.exchange.table_columns import written
from isotherm.exchange.tables_in import read_table
from isotherm.study.simulate.synthetic import COLUMN, NOBODY_LIVED

HEAD = """\
# A protocol, drafted from the columns of a table. Everything marked GUESS comes from names and values alone: check
# each, and write what isotherm cannot know. `isotherm study flow THIS_FILE` then shows who stays and who leaves.
#
# Nothing is adjusted for yet: every covariate only describes, as if it was known after treatment. Say when each was
# known (known = "before time zero", or { day = -30 }, or { column = "its date" }), and write use = "adjust" where it
# came before the treatment. What came later may be a consequence of it and is refused.
"""

METHODS = """\
[methods]
# reason = "Why this estimand and this method"  # printed in the report as it stands: write it once they are settled
bootstrap = 0  # replicates for the comparison by [methods.adjustment]; a [[design]] has replicates of its own
[methods.propensity]
sites = "ignored"  # or "terms", "within"
[methods.adjustment]
method = "none"  # or "matching", "coarsened", "weighting", once covariates are declared with use = "adjust"
# method = "weighting"
# estimand = "overlap"  # or "ATE", "ATT", "ATC", "matching"
# method = "matching"
# estimand = "ATT"  # or "ATC"
# ratio = 1
# caliper = 0.2  # in standard deviations (caliper_unit) of the logit (scale), or "none"
[methods.estimation]
level = 0.95
ties = "efron"
curve_interval = "log-log"
ph_transform = "km"
[methods.missing]
method = "complete cases"  # or "multiple imputation"

# A condition on columns keeps the rows that meet it; unknown = "exclude", "keep" or "stop" says what happens where a
# value is missing. One table per step, in their order:
# [[eligibility]]
# says = "18 years or older"
# where = "age >= 18"
# unknown = "exclude"
# known = "before time zero"  # for what is no covariate: when it was known

# Two tables that only `isotherm study check` asks for: when patients came under observation, and their scans.
# [entry]
# says = "first visit to the center"
# column = "seen_on"  # or time = "months_to_visit", in the unit of the primary outcome's time
# [scans]
# columns = ["scan_1", "scan_2"]
# outcomes = ["pfs"]

# [[subgroup]]
# name = "age"
# label = "Age"
# known = "before time zero"
# [[subgroup.level]]
# label = "below 65"
# where = "age < 65"
# [[subgroup.level]]
# label = "65 and above"
# where = "age >= 65"

# [[sensitivity]]
# name = "complete"
# says = "Without those whose stage was estimated"
# where = "stage_estimated == 0"
"""


def write_draft(table: str, out: str, *, title: str = "") -> Path:
    """Draft the protocol of a table into a file that does not exist yet, under a title where there is one.

    Raises
    ------
    InputError
        The table cannot be read.
    OutputError
        The file exists, or cannot be written.
    """
    file = new_file(out)
    raw = read_table(table)
    codes = codes_in(raw)
    records = read_table(table, missing=codes) if codes else raw
    caveats = [NOBODY_LIVED] if COLUMN in raw.columns and raw[COLUMN].map(is_marked).any() else []
    write_text(file, draft(guess(records), _relative(table, file.parent), codes, title=title, caveats=caveats))
    return file


def draft(
    found: Guesses, data_file: str, codes: tuple[float | str, ...], *, title: str = "", caveats: Sequence[str] = ()
) -> str:
    """Return the text of a draft, which reads back as a protocol."""
    parts = [HEAD, *_top(title, caveats), *_data(found, data_file, codes), *_design(), *_arms(found), *_outcomes(found)]
    for fact in found.facts or (Fact("COLUMN_OF_A_COVARIATE", "number", ()),):
        parts += _covariate(fact)
    parts += [METHODS.rstrip()]
    if found.unused:
        parts += ["", "# Columns that are not used:", *(f"# {toml(name)}: {why}" for name, why in found.unused)]
    return "\n".join(parts) + "\n"


def _relative(table: str, folder: Path) -> str:
    try:
        return Path(os.path.relpath(table, folder)).as_posix()
    except ValueError:  # another drive
        return Path(table).absolute().as_posix()


def _top(title: str, caveats: Sequence[str]) -> list[str]:
    return [
        "schema = 1",
        f"title = {toml(title)}" if title else 'title = "A title for the study"  # write yours',
        'question = "Who is compared with whom, on what, and why?"  # write yours',
        "seed = 1  # of everything that is drawn",
        "outcomes_blinded = false  # true: columns of outcomes are not even read; to settle matching before looking",
        f"caveats = {toml(tuple(caveats))}  # what these data cannot show; printed beside the main result",
        "",
    ]


def _data(found: Guesses, data_file: str, codes: tuple[float | str, ...]) -> list[str]:
    lines = ["[data]", f"file = {toml(data_file)}", f"patient = {toml(found.patient or 'COLUMN_OF_PATIENTS')}  # GUESS"]
    lines += [f"site = {toml(found.site)}  # GUESS" if found.site else '# site = "column of hospitals"']
    lines += [
        f"tumor = {toml(found.tumor)}  # GUESS: a row is a tumor" if found.tumor else '# tumor = "column of tumors"'
    ]
    hint = 'GUESS: codes for "not known" that occur' if codes else f"none of {toml(CODES)} occurs"
    return [*lines, f"missing = {toml(codes)}  # {hint}", ""]


def _design() -> list[str]:
    return [
        "[time_zero]",
        'says = "the day from which outcomes are counted"  # write yours',
        '# column = "its date"',
        "",
        "[exposure]",
        'says = "the start of the treatment that is compared"  # write yours',
        'when = "at time zero"  # GUESS; or "before time zero", "after time zero"; or day = -30; or column = "date"',
        "",
    ]


def _arms(found: Guesses) -> list[str]:
    column, values = found.arm or ("COLUMN_OF_ARMS", (0.0, 1.0))
    lines = [
        "[arms]",
        f"column = {toml(column)}  # GUESS; or start and end, two columns of dates, with window_days per arm",
    ]
    lines += [f"reference = {toml(_arm_name(0))}  # GUESS: the others are compared with it"]
    for place, value in enumerate(values):
        lines += [
            "[[arms.arm]]",
            f"name = {toml(_arm_name(place))}",
            f"label = {toml(f'{column}: {written(value)}')}  # write yours",
        ]
        lines += [f"values = {toml((value,))}"]
    return [*lines, ""]


def _arm_name(place: int) -> str:
    return f"arm_{place + 1}"


def _outcomes(found: Guesses) -> list[str]:
    events = found.events or (Event("COLUMN_OF_EVENTS", "COLUMN_OF_TIMES", "days"),)
    lines: list[str] = []
    for place, event in enumerate(events):
        lines += [
            "[[outcome]]",
            f"name = {toml(f'outcome_{place + 1}')}",
            f"label = {toml(event.column)}  # write yours",
        ]
        lines += [f"event = {toml(event.column)}  # GUESS: 1 it happened, 0 it did not"]
        if event.time is None:
            lines += ['kind = "yes/no"  # GUESS: no column of times was found']
        else:
            lines += [f"time = {toml(event.time)}  # GUESS; time_start = a column of times that it starts at"]
            lines += [f"time_unit = {toml(event.unit)}  # GUESS"]
        lines += ['unit = "patient"', f"primary = {toml(place == 0)}  # GUESS"]
        lines += ['counted_as = "events"  # write what reports shall call them, such as "deaths"', ""]
    return lines


def _covariate(fact: Fact) -> list[str]:
    levels = ", ".join(f"{toml(level)} = {toml(level)}" for level in fact.levels)
    return [
        "[[covariate]]",
        f"column = {toml(fact.column)}",
        f"label = {toml(fact.column)}  # write yours",
        f"kind = {toml(fact.kind)}  # GUESS",
        *([f"levels = {{ {levels} }}  # value = label; GUESS: these occur"] if levels else []),
        *(['unit = ""  # write yours'] if fact.kind == "number" else []),
        'known = "after time zero"  # not known to isotherm: write when',
        'use = "describe"  # or "adjust", if it was known before the treatment began',
        "",
    ]
