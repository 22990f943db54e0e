"""RECORD_KINDS → a REDCap data dictionary, ready to upload, and which of its instruments repeat.

The 18 columns, field types and validations are those of the help that REDCap shows beside its dictionary upload.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from isotherm.clinical.kinds import LONGEST_KEY
from isotherm.clinical.record import Field
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.exchange.redcap_names import EMPTY, RECORD_ID, UNKNOWN, Variable, choice_code, variables

COLUMNS = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)",
    "Required Field?", "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip

IDENTIFIERS = frozenset({"born_on"})
"""Fields that REDCap has to leave out of exports without identifiers."""

MANY = 6
"""From so many choices on they are in a list instead of beside each other."""


SIMULATED = "Simulated patients: nobody in this project ever lived"
"""Header of the first section where that is so: it is shown on the form and is no variable, so that no table has it."""


def dictionary(*, simulated: bool = False) -> str:
    """Return the data dictionary as CSV text: instruments one after the other, none shown only on a condition.

    Where the patients are `simulated`, the first form says so above its first question.
    """
    rows = [_record_id()]
    for kind in RECORD_KINDS.values():
        rows += [_row(one) for one in variables(kind)]
    if simulated:
        rows[1]["Section Header"] = SIMULATED  # the field before it is the record's own, which has no section
    return _csv(COLUMNS, ([row.get(name, "") for name in COLUMNS] for row in rows))


def repeating_instruments() -> str:
    """Return which instruments repeat, as CSV text; the dictionary has no column for it."""
    kinds = [kind for kind in RECORD_KINDS.values() if kind.several]
    labels = ([kind.name, f"[{variables(kind)[0].name}]"] for kind in kinds)
    return _csv(("form_name", "custom_form_label"), labels)


def missing_data_codes() -> str:
    """Return the missing data codes to enter under "Additional customizations", one a line."""
    return "".join(f"{code}, {label}\n" for code, label in {**UNKNOWN, **EMPTY}.items())


def _record_id() -> dict[str, str]:
    return {
        "Variable / Field Name": RECORD_ID, "Form Name": next(iter(RECORD_KINDS)), "Field Type": "text",
        "Field Label": "Patient", "Field Note": f"{_key_words()}; a pseudonym, never a name or a hospital number",
    }  # fmt: skip


def _row(one: Variable) -> dict[str, str]:
    row = {"Variable / Field Name": one.name, "Form Name": one.kind.name}
    if one.field is None:
        note = f"{_key_words()}, the same on every form; left empty, it is the number of the instance"
        return row | {"Field Type": "text", "Field Label": f"{one.kind.label}: its own name", "Field Note": note}
    field = one.field
    return row | _type(field) | {
        "Field Label": f"{field.label[0].upper()}{field.label[1:]}" + (f" ({field.unit})" if field.unit else ""),
        "Field Note": _note(field),
        "Identifier?": "y" if field.name in IDENTIFIERS else "",
        "Required Field?": "y" if field.needed else "",
    }  # fmt: skip


def _type(field: Field) -> dict[str, str]:
    match field.form:
        case "number" | "whole":
            return {"Field Type": "text",
                    "Text Validation Type OR Show Slider Number": "number" if field.form == "number" else "integer",
                    "Text Validation Min": f"{field.low:.12g}",
                    "Text Validation Max": f"{field.high:.12g}"}  # fmt: skip
        case "date":
            return {"Field Type": "text", "Text Validation Type OR Show Slider Number": "date_ymd"}
        case "yes or no":
            return {"Field Type": "yesno"}
        case "choice":
            choices = " | ".join(f"{choice_code(one)}, {one}" for one in field.choices)
            kind = "radio" if len(field.choices) < MANY else "dropdown"
            return {"Field Type": kind, "Choices, Calculations, OR Slider Labels": choices}
        case "text":
            return {"Field Type": "notes"}
        case "key":
            return {"Field Type": "text"}


def _note(field: Field) -> str:
    points = ""
    if field.refers:
        target = RECORD_KINDS[field.refers]
        points = f"the name of a {target.name} of this patient, as its form has it"
    return "; ".join(one for one in (field.note, points) if one)


def _key_words() -> str:
    return f"letters, digits and . _ : -, at most {LONGEST_KEY}"


def _csv(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    table.writerows(rows)
    return text.getvalue()
