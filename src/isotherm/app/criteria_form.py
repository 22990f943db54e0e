"""The form that `isotherm criteria init` writes: every fact of the vocabulary as a comment, to be filled in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from isotherm.clinical.case_kinds import DERIVED, DISEASE, PATIENT, PLAN, THERAPY, WORK_UP
from isotherm.clinical.kinds import FactKind
from isotherm.clinical.lesion_kinds import LESION_KINDS
from isotherm.exchange.case_facts import units_of

HEAD = """\
# One patient on one day. Take away the # before what is known, and leave the rest as it is: what is not noted is not
# known, which is neither no nor zero. No name, no date of birth: an id without meaning is enough.
#
# A fact is a value, or a table with more about it, or a list of such tables where it was taken several times:
#     inr = 1.1
#     inr = { value = 1.1, on = 2025-02-20, origin = "lab" }      # origin: "image", "lab", "typed" or "derived"
#     diameter_mm = { value = 2.8, unit = "cm", low = 2.6, high = 3.0, on = 2025-02-20, origin = "image" }
# "not assessable" stands for: somebody looked, and could not tell.
# Then: isotherm criteria check THIS_FILE
"""

GROUPS: tuple[tuple[str, tuple[FactKind, ...]], ...] = (
    ("the disease", DISEASE), ("the patient", PATIENT), ("the plan", PLAN), ("the work-up", WORK_UP),
    ("therapy", THERAPY), ("computed where it is not given", DERIVED),
)  # fmt: skip


def form_text(on: date) -> str:
    """Return the form, which reads back as a case of which nothing is known."""
    lines = [HEAD, f"on = {on.isoformat()}  # the day that is asked about: facts of later days are not used",
             '# id = "A-17"', "# lesions_complete = true  # these are all lesions", "", "[patient]"]  # fmt: skip
    for name, kinds in GROUPS:
        lines += ["", f"# {name}", *_facts(kinds)]
    lines += ["", "# Take away the # before [[lesion]], and repeat the table for each lesion.", "# [[lesion]]",
              '# id = "1"  # as its label in margin.json', *_facts(LESION_KINDS)]  # fmt: skip
    return "\n".join(lines) + "\n"


def _facts(kinds: Iterable[FactKind]) -> list[str]:
    return [f"# {kind.name} = {_example(kind)}  # {_words(kind)}" for kind in kinds]


def _example(kind: FactKind) -> str:
    match kind.form:
        case "number" | "whole":
            return "1" if kind.low <= 1 <= kind.high else f"{kind.low:g}"
        case "yes or no":
            return "false"
        case "choice":
            return f'"{kind.choices[0]}"'
        case "date":
            return "2025-02-20"


def _words(kind: FactKind) -> str:
    """Return what must be known to fill a fact in."""
    others = [one for one in units_of(kind) if one != kind.unit]
    parts = [kind.label]
    if kind.form != "yes or no":
        parts.append(kind.wanted if kind.form != "date" else "a date")
    parts += [f"or in {' or '.join(others)}"] * bool(others)
    parts += ["somebody has to judge"] * kind.judgment
    parts += [kind.note] * bool(kind.note)
    return "; ".join(parts)
