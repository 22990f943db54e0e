"""Designs side by side and competing events in a report: their tables and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isotherm.app.figures import Drawing
from isotherm.app.study_report_frame import Arm, Outcome, are_arms_barred, arms_of, family, has_design, is_adjusted
from isotherm.app.study_report_parts import (
    Block,
    Heading,
    Paragraph,
    Runs,
    Table,
    Words,
    blocks,
    bound,
    joined,
    pictures_of,
    say,
    table_of,
    text_of,
)
from isotherm.app.study_report_words import Result, is_ten, printed

SHORT = {"os": "Overall survival", "pfs": "Progression-free survival"}
TABLES = ("designs", "design_targets", "design_risks", "design_counts", "design_left_out")
"""Of each endpoint, in their order."""

BARRED = (
    "What follows compares the arms as they became, and is barred as an answer: it is shown only to stand beside the "
    "designs."
)
BESIDE = (
    "What follows compares the arms as they became, with the adjustment that the methods name for them: it is not that "
    "of the designs, and none of these numbers is the main estimate."
)


def of_design(result: Result) -> Outcome:
    """Return the endpoint of the designs' main estimate as an outcome."""
    label = str(result["results"]["headline.effect"]["label"]).partition(": ")[0]
    counted = "deaths" if label == SHORT["os"] else "progressions or deaths"
    return Outcome(name="", label=label, definition="", unit="patient", primary=True, timed=True, counted_as=counted)


def design_effect(result: Result, outcome: Outcome) -> tuple[str, str] | None:
    """Return the ids of the hazard ratio of the main estimate's design for an outcome, and of whom it is about.

    None where there is no design, or none that answers for that outcome. The first arm is compared with the reference,
    as in the main estimate.
    """
    if not has_design(result):
        return None
    name = str(result["results"]["headline.design"]["method"]).split(".")[1]
    for short, words in SHORT.items():
        if outcome.label.casefold() == words.casefold() or outcome.name == short:
            key = f"design.{name}.{short}"
            effect = f"{key}.{arms_of(result)[0].name}.hazard_ratio"
            return (effect, f"{key}.target") if effect in result["results"] else None
    return None


def main_key(result: Result) -> str:
    """Return how the ids of the main estimate's design begin."""
    return str(result["results"]["headline.design"]["method"])


NO_PROGRESSION = "finding.course_without_progression"
"""Id of the finding that the course of the designs has no progression."""


def remaining_of(result: Result) -> list[str]:
    """Return the ids of what remains of bias in the main estimate, and of a course without progression."""
    name = main_key(result)
    return [key for key in result["results"] if key == NO_PROGRESSION or key.startswith(f"{name}.remaining.")]


def designs(result: Result, drawings: Mapping[str, Drawing]) -> tuple[Block, ...]:
    """Return the section of the designs; nothing where the protocol asks for none."""
    if "course" not in result["tables"]:
        return ()
    mind = (Words("Mind: ", strong=True), bound(result, NO_PROGRESSION)) if NO_PROGRESSION in result["results"] else ()
    found: list[Block | Sequence[Block] | None] = [_barred(result), Paragraph(mind)]
    seen: dict[tuple[tuple[str, ...], ...], str] = {}
    for short in _endpoints(result):
        found.append(_picture(drawings, short, SHORT[short]))
        tables = [*(table_of(result, f"{name}.{short}") for name in TABLES), *_further(result, short)]
        found += [_once(table, seen) for table in tables if table is not None]
    return blocks(*found, table_of(result, "course"))


def design_words(result: Result) -> tuple[Block, ...]:
    """Return what the design of the main estimate says, endpoint by endpoint; nothing without designs."""
    if "headline.design" not in result["results"]:
        return ()
    name = str(result["results"]["headline.design"]["method"]).split(".")[1]
    found: list[Block] = []
    for short in _endpoints(result):
        key = f"design.{name}.{short}"
        others = arms_of(result)[:-1]
        runs = joined(say(result, f"{{{key}.target}} "), *(_compared(result, key, one) for one in others))
        found += [Heading(f"{SHORT[short]}, by design"), Paragraph(runs)] if runs else []
    return tuple(found)


def rest_words(result: Result) -> Runs:
    """Say on how many of the eligible patients the designs rest, without a period.

    A release tells both as the ten that they lie in; where that is the same ten, "all of them" is said only if nobody
    was left out.
    """
    patients, eligible = (result["results"][f"course.{part}"] for part in ("patients", "eligible"))
    if not is_ten(patients) or printed(patients) != printed(eligible):
        return say(result, "The designs rest on {course.patients} of {course.eligible} eligible patients, in an arm or "
                           "not")  # fmt: skip
    if all(record["value"] == 0 for _, record in family(result, "course.left_out")):
        return say(result, "The designs rest on all of {course.eligible} eligible patients, in an arm or not")
    return say(result, "Eligible were {course.eligible} patients, in an arm or not; the designs rest on fewer, in the "
                       "same ten")  # fmt: skip


def _compared(result: Result, key: str, arm: Arm) -> Runs:
    """Say the three measures of an arm against the reference."""
    own = f"{key}.{arm.name}"
    return say(
        result,
        f"{{arm}} against {{reference}}: risk difference at the horizon {{{own}.risk_difference}}, difference of "
        f"restricted means up to it {{{own}.rmst_difference}}, hazard ratio {{{own}.hazard_ratio}}. ",
        arm=f"“{arm.label}”", reference=f"“{arms_of(result)[-1].label}”",
    )  # fmt: skip


def became_words(result: Result) -> tuple[Block, ...]:
    """Say that a section compares arms as they became, where a design answers, or findings bar that as an answer."""
    words = BARRED if are_arms_barred(result) else BESIDE if has_design(result) else ""
    return (Paragraph((Words(words),)),) if words else ()


def competing(result: Result, outcome: Outcome, drawings: Mapping[str, Drawing]) -> tuple[Block, ...]:
    """Return what is said of competing events of an outcome."""
    analysis = "adjusted" if is_adjusted(result) else "naive"
    table = table_of(result, f"competing.{outcome.name}.{analysis}")
    if table is None:
        return ()
    pictures = pictures_of(
        drawings, f"incidence_{outcome.name}", f"{outcome.label}: cumulative incidence of each event",
        (Words("Aalen-Johansen: each event takes patients away from the others. One minus a Kaplan-Meier curve would "
               "overstate every one of them."),),
    )  # fmt: skip
    return blocks(pictures, table_of(result, f"incidence.{outcome.name}.{analysis}"), table,
                  Paragraph((bound(result, "competing.questions"),)))  # fmt: skip


def measured(result: Result) -> tuple[Block, ...]:
    """Return intercurrent events and serial measurements."""
    names = [name for name in result["tables"] if name.startswith("serial.")]
    return blocks(table_of(result, "intercurrent"), *(table_of(result, name) for name in names))


def _barred(result: Result) -> Sequence[Block]:
    keys = [key for key in result["results"] if key.startswith("design.") and key.endswith(".barred")]
    return [Paragraph((Words(f"{result['results'][key]['label']}. ", strong=True), bound(result, key))) for key in keys]


def _endpoints(result: Result) -> list[str]:
    """Return the short names of the endpoints in the order of the protocol: the first is that of the main estimate."""
    found = [name.partition(".")[2] for name in result["tables"] if name.startswith("designs.")]
    return [*found, *(short for short in SHORT if short not in found)]


def _once(table: Table, seen: dict[tuple[tuple[str, ...], ...], str]) -> Block:
    """Return a table, or where to find the same numbers: who left is often the same for each endpoint."""
    rows = tuple(tuple(text_of(cell) for cell in row) for row in table.rows)
    first = seen.setdefault(rows, table.title)
    return table if first == table.title else Paragraph((Words(f"{table.title}: the same numbers as in “{first}”."),))


def _further(result: Result, short: str) -> list[Table | None]:
    """Return what answers of clones are judged by: reasons, weights, numbers at risk, other weights."""
    kinds = ("design_censored.", "design_weights.", "design_at_risk.", "design_sensitivity.")
    return [table_of(result, name) for kind in kinds for name in result["tables"]
            if name.startswith(kind) and name.endswith(f".{short}")]  # fmt: skip


def _picture(drawings: Mapping[str, Drawing], short: str, words: str) -> Sequence[Block]:
    caption = ("One panel for each design that has curves. Each counts from a day of its own, which its axis names; a "
               "dotted line is a landmark, on which its curves begin. Panels answer different questions about "
               "different patients: the table of targets says which. Clones that end on day 0 are not at risk, so that "
               "their first numbers may be below those of the tables."
               )  # fmt: skip
    found = pictures_of(drawings, f"designs_{short}", f"{words}: designs side by side", (Words(caption),))
    return found or [Heading(words)]
