"""The keys of study.toml about timing: course, strategies, designs, intercurrent events and serial scans."""

from __future__ import annotations

from typing import Any, cast, get_args

from isotherm.study import protocol_designs
from isotherm.study.designs.courses import Endpoint, Zero
from isotherm.study.designs.landmark import Among
from isotherm.study.designs.naive import Clock
from isotherm.study.designs.strategy import Anchor
from isotherm.study.protocol_designs import (
    ArmStrategy,
    Asked,
    CensoringWeights,
    Changing,
    CloneCensorWeight,
    Course,
    Intercurrent,
    Landmark,
    Naive,
    Serial,
    TimeDependentCox,
)
from isotherm.toml_form import Document, Key, Part, Shape, Wrong, choice, each, flag, integer, number, text
from isotherm.toml_lines import Path

TEXT, TEXT_NEEDED = Key(text), Key(text, required=True)
NUMBERS = Key(each(number, "a list of numbers"), required=True)
COLUMNS = Key(each(text, "a list of columns"), required=True)

ASKED = Shape(Asked, {"days": NUMBERS, "after": Key(choice(*get_args(Anchor)))})


def asked(document: Document, value: object, path: Path) -> Any:
    """Read when a treatment is asked for: a window, or never."""
    if value == "never":
        return Asked(days=None)
    if isinstance(value, dict):
        days = cast("dict[str, Any]", value).get("days")
        if isinstance(days, list) and len(cast("list[Any]", days)) == 2:
            return document.noun(ASKED, cast("dict[str, Any]", value), path)
    raise Wrong('"never", or a window such as { days = [0, 28] } or { days = [60, 90], after = "systemic" }')


def pair(document: Document, value: object, path: Path) -> tuple[float, float]:
    """Read two numbers."""
    ends = cast("list[object]", value) if isinstance(value, list) else []
    if len(ends) != 2:
        raise Wrong("two numbers in brackets, such as [14, 28]")
    return number(document, ends[0], path), number(document, ends[1], path)


STRATEGY = Shape(ArmStrategy, {"ablation": Key(asked), "systemic": Key(asked), "dynamic": Key(flag)})
CHANGING = Shape(Changing, {"label": TEXT_NEEDED, "baseline": TEXT_NEEDED, "values": COLUMNS, "dates": COLUMNS})
COURSE = Shape(Course, {
    "zero": Key(choice(*get_args(Zero))), "systemic": TEXT_NEEDED, "ablation": TEXT_NEEDED,
    "progression": TEXT_NEEDED, "death": TEXT_NEEDED, "last_contact": TEXT_NEEDED, "contraindication": TEXT,
    "endpoints": Key(each(choice(*get_args(Endpoint)), "a list of endpoints")),
    "horizon_days": Key(number, required=True), "baseline": Key(each(text, "a list of columns")),
    "changing": Key(Part(CHANGING, many=True)),
})  # fmt: skip
INTERCURRENT = Shape(Intercurrent, {
    "name": TEXT_NEEDED, "says": TEXT_NEEDED, "date": TEXT_NEEDED, "outcomes": COLUMNS,
    "handled": Key(choice("treatment policy", "composite", "hypothetical"), required=True),
})  # fmt: skip
SERIAL = Shape(Serial, {"name": TEXT_NEEDED, "label": TEXT_NEEDED, "unit": TEXT, "months": NUMBERS,
                        "columns": COLUMNS})  # fmt: skip

_WEIGHTED = {"name": TEXT, "replicates": Key(integer), "period_days": Key(number), "truncate_weights": Key(pair)}
DESIGNS = {
    Naive.kind: Shape(Naive, {"name": TEXT, "clock": Key(choice(*get_args(Clock)))}),
    Landmark.kind: Shape(Landmark, {"name": TEXT, "day": Key(number, required=True),
                                    "among": Key(choice(*get_args(Among))), "adjust": Key(flag)}),
    TimeDependentCox.kind: Shape(TimeDependentCox, {"name": TEXT, "adjust": Key(flag),
                                                    "adjust_progression": Key(flag)}),
    CloneCensorWeight.kind: Shape(CloneCensorWeight, _WEIGHTED),
    CensoringWeights.kind: Shape(CensoringWeights, _WEIGHTED),
}  # fmt: skip
"""The keys of [[design]], by its method."""


def design(document: Document, value: object, path: Path) -> protocol_designs.Design | None:
    """Read one design by its method; None where a problem was noted."""
    if not isinstance(value, dict):
        raise Wrong("a table with a method")
    table = cast("dict[str, Any]", value)
    method = document.value(Key(choice(*DESIGNS)), table.get("method"), (*path, "method"))
    if method is None:
        return None
    return document.noun(DESIGNS[method], {key: given for key, given in table.items() if key != "method"}, path)
