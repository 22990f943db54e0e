"""The keys of a publication's file, table by table, and the nouns that they make."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast, get_args

from isotherm.evidence import paper, result
from isotherm.evidence.paper import Accrual, Arm, Matching, Paper, Window
from isotherm.evidence.printed import Operator
from isotherm.evidence.result_parts import Discrepancy, Grade, MarginMethod, MillimeterClass
from isotherm.toml_form import Document, Key, Part, Shape, Wrong, choice, each, flag, integer, text
from isotherm.toml_lines import Path

SCHEMA = 1
"""Version of the form of a publication's file."""

TEXT, TEXT_NEEDED, INTEGER = Key(text), Key(text, required=True), Key(integer)


def printed(_: Document, value: object, __: Path) -> Decimal:
    """Read a number with the digits that it was printed with."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise Wrong("a number")
    number = Decimal(value)
    if not number.is_finite():
        raise Wrong("a number, neither NaN nor infinite")
    return number


def real(document: Document, value: object, path: Path) -> float:
    """Read a number of our own, of which no digits have to be kept."""
    return float(printed(document, value, path))


def _pair(read: Callable[..., Any], allowed: str) -> Callable[[Document, Any, Path], Any]:
    def read_pair(document: Document, value: object, path: Path) -> Any:
        if not isinstance(value, list) or len(cast("list[Any]", value)) != 2:
            raise Wrong(allowed)
        return each(read, allowed)(document, value, path)

    return read_pair


def _word(allowed: Any) -> Key:
    return Key(choice(*get_args(allowed)))


def operand(document: Document, value: object, path: Path) -> str | Decimal:
    """Read what a check compares: a record, or a number."""
    return text(document, value, path) if isinstance(value, str) else printed(document, value, path)


NUMBER, TEXTS = Key(printed), Key(each(text, "a list of texts"))

WINDOW = Shape(Window, {"low": Key(real), "high": Key(real), "unit": Key(choice("days", "weeks", "months"), True)})
ARM = Shape(
    Arm,
    {
        "id": TEXT_NEEDED, "name": TEXT_NEEDED, "definition": TEXT, "window": Key(Part(WINDOW)), "anchor_event": TEXT,
    },
)  # fmt: skip
ACCRUAL = Shape(Accrual, {"start": TEXT, "end": TEXT, "centers": INTEGER, "countries": TEXTS})
MATCHING = Shape(
    Matching, {"method": TEXT_NEEDED, "ratio": TEXT, "caliper": TEXT, "covariates": TEXT, "estimand": TEXT}
)
PAPER = Shape(
    Paper,
    {
        "id": TEXT_NEEDED,
        "short": TEXT_NEEDED,
        "title": TEXT_NEEDED,
        "year": Key(integer, required=True),
        "doi": TEXT,
        "pmid": TEXT,
        "pmcid": TEXT,
        "trial": TEXT,
        "journal": TEXT,
        "identification": Key(choice("published", "recalled")),
        "design": Key(choice(*get_args(paper.Design)), required=True),
        "organ": Key(choice(*get_args(paper.Organ)), required=True),
        "modality": _word(paper.Modality),
        "population": TEXT_NEEDED,
        "arm": Key(Part(ARM, many=True), field="arms"),
        "accrual": Key(Part(ACCRUAL)),
        "matching": Key(Part(MATCHING)),
        "overlaps_with": TEXTS,
        "shares_authors_with": TEXTS,
        "note": TEXT,
    },
)

MARGIN = Shape(
    MarginMethod,
    {
        "method": Key(choice("2D", "3D rigid", "3D non-rigid", "3D", "several", "not printed"), required=True),
        "imaging": TEXT,
        "days_after": Key(_pair(real, "two numbers of days, such as [28, 56]")),
    },
)
MILLIMETERS = Shape(
    MillimeterClass,
    {
        "of": Key(choice("margin", "size"), required=True), "from_mm": Key(real), "above_mm": Key(real),
        "below_mm": Key(real), "up_to_mm": Key(real),
    },
)  # fmt: skip
GRADE = Shape(Grade, {"scheme": TEXT_NEEDED, "native": TEXT_NEEDED})
DISCREPANCY = Shape(Discrepancy, {"note": TEXT_NEEDED, "check": TEXT, "computed": NUMBER, "against": TEXTS})

RESULT_KEYS = {
    "id": TEXT_NEEDED,
    "label": TEXT_NEEDED,
    "where": TEXT_NEEDED,
    "as_shown_in": TEXT,
    "status": _word(result.Status),
    "measure": Key(choice(*get_args(result.Measure)), required=True),
    "unit": Key(choice(*get_args(result.Unit)), required=True),
    "endpoint": TEXT,
    "number_unit": TEXT,
    "estimate": NUMBER,
    "operator": _word(Operator),
    "low": NUMBER,
    "high": NUMBER,
    "level": NUMBER,
    "limits_of": Key(choice("confidence", "range", "IQR")),
    "sd": NUMBER,
    "p": Key(printed, field="p_value"),
    "p_operator": _word(Operator),
    "events": INTEGER,
    "n": INTEGER,
    "arm": TEXT,
    "reference": TEXT,
    "orientation": TEXT,
    "direction_suspect": Key(flag),
    "unit_suspect": Key(flag),
    "at": TEXT,
    "time_zero": TEXT,
    "per": TEXT,
    "adjusted": Key(flag),
    "analysis": TEXT,
    "margin": Key(Part(MARGIN)),
    "class": Key(Part(MILLIMETERS), field="mm_class"),
    "organ": _word(paper.Organ),
    "modality": _word(paper.Modality),
    "population": TEXT,
    "grade": Key(Part(GRADE)),
    "corrected": TEXT,
    "parents": TEXTS,
    "covers": TEXTS,
    "discrepancy": Key(Part(DISCREPANCY, many=True), field="discrepancies"),
    "note": TEXT,
}
CHECK_KEYS = {
    "id": TEXT_NEEDED,
    "kind": TEXT_NEEDED,
    "of": Key(each(operand, "a list of records and numbers"), required=True),
    "target": Key(operand, required=True),
    "operator": _word(Operator),
    "arms": INTEGER,
    "says": TEXT,
}
