"""The keys of study.toml, table by table, and the nouns of the protocol that they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast, get_args

from isotherm.errors import BadPredicate
from isotherm.exchange.protocol_shapes_designs import COURSE, INTERCURRENT, SERIAL, STRATEGY, design, pair
from isotherm.study import known, protocol_methods, protocol_parts
from isotherm.study.known import Entry, ExposureStart, Known, TimeZero
from isotherm.study.predicate import Predicate
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_factors import Factors
from isotherm.study.protocol_methods import (
    Coarsened,
    Estimation,
    Matching,
    Methods,
    MissingData,
    PropensityModel,
    Sensitivity,
    Unadjusted,
    Weighting,
)
from isotherm.study.protocol_multiverse import Multiverse
from isotherm.study.protocol_parts import Arm, Arms, Covariate, Data, Level, Outcome, Scans, Step, Subgroup
from isotherm.toml_form import (
    Document,
    Key,
    Part,
    Shape,
    Wrong,
    choice,
    each,
    flag,
    integer,
    number,
    number_or,
    scalar,
    text,
)
from isotherm.toml_lines import Path

SCHEMA = 1
"""Version of the form of study.toml."""

TEXT, TEXT_NEEDED = Key(text), Key(text, required=True)


def _texts(field: str = "") -> Key:
    return Key(each(text, "a list of texts"), field=field)


def _predicate(_: Document, value: object, __: Path) -> Predicate:
    if not isinstance(value, str):
        raise Wrong('a condition on columns in quotes, such as "age >= 18"')
    try:
        return Predicate(value)
    except BadPredicate as error:
        words = str(error).rstrip(".")
        raise Wrong(f"a condition on columns; {words[:1].lower()}{words[1:]}") from None


KNOWN = Shape(Known, {"day": Key(number), "column": TEXT})


def _known(document: Document, value: object, path: Path) -> Any:
    words = get_args(known.When)
    if value in words:
        return Known(when=cast("known.When", value))
    if isinstance(value, dict):
        return document.noun(KNOWN, cast("dict[str, Any]", value), path)
    raise Wrong(", ".join(f'"{word}"' for word in words) + ', { day = -30 } or { column = "its date" }')


def _levels(_: Document, value: object, __: Path) -> tuple[tuple[str, str], ...]:
    pairs = list(cast("dict[str, object]", value).items()) if isinstance(value, dict) else []
    if not pairs or not all(isinstance(label, str) for _, label in pairs):
        raise Wrong('values and labels, such as { 1 = "male", 2 = "female" }')
    return tuple((name, cast("str", label)) for name, label in pairs)


def _codes(_: Document, value: object, __: Path) -> tuple[tuple[int, str], ...]:
    pairs = list(cast("dict[str, object]", value).items()) if isinstance(value, dict) else []
    if not pairs or not all(isinstance(label, str) and code.isdecimal() for code, label in pairs):
        raise Wrong('codes from 2 on and what they stand for, such as { 2 = "death before progression" }')
    return tuple((int(code), cast("str", label)) for code, label in pairs)


def _bins(document: Document, value: object, path: Path) -> tuple[tuple[str, int | tuple[float, ...]], ...]:
    if not isinstance(value, dict):
        raise Wrong("columns with their number of bins, or with cuts, such as { age = 4, cea = [5, 50] }")
    return tuple((name, _cuts(document, one, path)) for name, one in cast("dict[str, object]", value).items())


def _cuts(document: Document, value: object, path: Path) -> int | tuple[float, ...]:
    if isinstance(value, list):
        return tuple(number(document, cut, path) for cut in cast("list[object]", value))
    return integer(document, value, path)


def _schema(document: Document, value: object, path: Path) -> int:
    if integer(document, value, path) != SCHEMA:
        raise Wrong(f"{SCHEMA}, the form that this version of isotherm reads")
    return SCHEMA


ADJUSTMENTS = {
    "matching": Shape(Matching, {
        "estimand": Key(choice("ATT", "ATC")), "ratio": Key(integer), "replacement": Key(flag),
        "scale": Key(choice("logit", "probability")), "caliper": Key(number_or("none")),
        "caliper_unit": Key(choice("sd", "pooled sd", "absolute")),
        "order": Key(choice("largest", "smallest", "data", "random")), "exact": _texts(),
    }),
    "coarsened": Shape(Coarsened, {
        "estimand": Key(choice("ATT", "ATC", "ATE")), "bins": Key(_bins),
    }),
    "weighting": Shape(Weighting, {
        "estimand": Key(choice(*get_args(protocol_methods.Estimand))), "stabilized": Key(flag),
        "trim": Key(pair), "truncate": Key(pair),
    }),
    "none": Shape(Unadjusted, {}),
}  # fmt: skip


def _adjustment(document: Document, value: object, path: Path) -> Any:
    if not isinstance(value, dict):
        raise Wrong("a table with a method")
    table = cast("dict[str, Any]", value)
    method = document.value(Key(choice(*ADJUSTMENTS)), table.get("method"), (*path, "method"))
    if method is None:
        return None
    rest = {key: given for key, given in table.items() if key != "method"}
    return document.noun(ADJUSTMENTS[method], rest, path)


DATA = Shape(Data, {
    "file": TEXT_NEEDED, "patient": TEXT_NEEDED, "site": TEXT, "tumor": TEXT, "key": _texts(),
    "missing": Key(each(scalar, "a list of values")), "sheet": TEXT, "separator": TEXT, "encoding": TEXT,
    "source": TEXT, "license": TEXT,
})  # fmt: skip
STEP = Shape(Step, {
    "says": TEXT_NEEDED, "where": Key(_predicate, required=True),
    "unknown": Key(choice(*get_args(protocol_parts.Fate))), "override": TEXT, "known": Key(_known),
})  # fmt: skip
ENTRY = Shape(Entry, {"says": TEXT_NEEDED, "column": TEXT, "time": TEXT})
SCANS = Shape(Scans, {"columns": Key(each(text, "a list of texts"), required=True),
                      "outcomes": Key(each(text, "a list of texts"), required=True)})  # fmt: skip
ZERO = Shape(TimeZero, {"says": TEXT_NEEDED, "column": TEXT})
EXPOSURE = Shape(ExposureStart, {
    "says": TEXT_NEEDED, "when": Key(choice(*get_args(known.Start))), "day": Key(number), "column": TEXT,
})  # fmt: skip
ARM = Shape(Arm, {
    "name": TEXT_NEEDED, "label": TEXT_NEEDED, "values": Key(each(scalar, "a list of values")),
    "window_days": Key(pair), "strategy": Key(Part(STRATEGY)),
})  # fmt: skip
ARMS = Shape(Arms, {
    "column": TEXT, "start": TEXT, "end": TEXT, "reference": TEXT_NEEDED,
    "arm": Key(Part(ARM, many=True), required=True, field="arms"),
})  # fmt: skip
COVARIATE = Shape(Covariate, {
    "column": TEXT_NEEDED, "label": TEXT_NEEDED, "unit": TEXT,
    "kind": Key(choice(*get_args(protocol_parts.CovariateKind)), required=True), "levels": Key(_levels),
    "reference": TEXT, "per": Key(number), "known": Key(_known, required=True),
    "use": Key(choice("adjust", "describe")), "override": TEXT,
})  # fmt: skip
OUTCOME = Shape(Outcome, {
    "name": TEXT_NEEDED, "label": TEXT_NEEDED, "kind": Key(choice("time", "yes/no")), "event": TEXT_NEEDED,
    "time": TEXT, "time_unit": Key(choice(*get_args(protocol_parts.TimeUnit))), "date": TEXT, "competing": TEXT,
    "start": TEXT, "time_start": TEXT, "competing_events": Key(_codes),
    "unit": Key(choice(*get_args(protocol_parts.Unit))), "primary": Key(flag), "definition": TEXT,
    "counted_as": TEXT,
})  # fmt: skip
LEVEL = Shape(Level, {"label": TEXT_NEEDED, "where": Key(_predicate, required=True)})
SUBGROUP = Shape(Subgroup, {
    "name": TEXT_NEEDED, "label": TEXT_NEEDED, "known": Key(_known), "override": TEXT,
    "level": Key(Part(LEVEL, many=True), required=True, field="levels"),
})  # fmt: skip
ESTIMATION = Shape(Estimation, {
    "level": Key(number), "ties": Key(choice("efron", "breslow", "exact")),
    "curve_interval": Key(choice("log", "log-log", "plain", "logit", "arcsin")),
    "ph_transform": Key(choice("km", "identity", "log", "rank")), "rmst_days": Key(number),
    "at_days": Key(each(number, "a list of days")),
})  # fmt: skip
MISSING = Shape(MissingData, {
    "method": Key(choice("complete cases", "multiple imputation")), "imputations": Key(integer),
})  # fmt: skip
PROPENSITY = Shape(PropensityModel, {"sites": Key(choice(*get_args(protocol_methods.Sites)))})
METHODS = Shape(Methods, {
    "reason": TEXT, "bootstrap": Key(integer), "denominator": Key(choice(*get_args(protocol_methods.Denominator))),
     "propensity": Key(Part(PROPENSITY)), "adjustment": Key(_adjustment),
    "estimation": Key(Part(ESTIMATION)), "missing": Key(Part(MISSING)),
})  # fmt: skip
MULTIVERSE = Shape(Multiverse, {
    "calipers": Key(each(number_or("none"), 'a list of numbers or "none"')), "ratios": Key(each(integer, "a list")),
    "orders": Key(each(choice("largest", "smallest", "data"), "a list of orders")),
    "weights": Key(each(choice(*get_args(protocol_methods.Estimand)), "a list of estimands")), "designs": Key(flag),
})  # fmt: skip
FACTORS = Shape(Factors, {
    "name": TEXT_NEEDED, "label": TEXT_NEEDED, "outcome": TEXT_NEEDED,
    "columns": Key(each(text, "a list of columns"), required=True), "arms": Key(flag),
})  # fmt: skip
SENSITIVITY = Shape(Sensitivity, {
    "name": TEXT_NEEDED, "says": TEXT_NEEDED, "adjustment": Key(_adjustment), "missing": Key(Part(MISSING)),
    "where": Key(_predicate), "without": _texts(), "leave_one_site_out": Key(flag),
})  # fmt: skip


def _protocol(schema: int = SCHEMA, **values: Any) -> Protocol:
    del schema  # read and checked; a protocol in memory has no form
    return Protocol(**values)


def _needed(read: Callable[[Document, Any, Path], Any], field: str = "") -> Key:
    return Key(read, required=True, field=field)


PROTOCOL = Shape(_protocol, {
    "schema": Key(_schema), "title": TEXT_NEEDED, "question": TEXT_NEEDED, "seed": Key(integer),
    "outcomes_blinded": Key(flag), "caveats": _texts(), "data": _needed(Part(DATA)),
    "eligibility": Key(Part(STEP, many=True)), "time_zero": _needed(Part(ZERO)), "exposure": _needed(Part(EXPOSURE)),
    "entry": Key(Part(ENTRY)), "scans": Key(Part(SCANS)), "arms": _needed(Part(ARMS)),
    "covariate": _needed(Part(COVARIATE, many=True), "covariates"),
    "outcome": _needed(Part(OUTCOME, many=True), "outcomes"),
    "subgroup": Key(Part(SUBGROUP, many=True), field="subgroups"),
    "course": Key(Part(COURSE)), "design": Key(each(design, "a list of tables"), field="designs"),
    "intercurrent": Key(Part(INTERCURRENT, many=True)), "serial": Key(Part(SERIAL, many=True)),
    "factors": Key(Part(FACTORS, many=True)),
    "methods": Key(Part(METHODS)), "sensitivity": Key(Part(SENSITIVITY, many=True)),
    "multiverse": Key(Part(MULTIVERSE)),
})  # fmt: skip
