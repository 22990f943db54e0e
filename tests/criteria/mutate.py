"""Mutations: rules with one limit or sign changed, to see whether a worked case notices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from isotherm.clinical.fact import Sign
from isotherm.criteria.expression import (
    All,
    Among,
    Any,
    Comparison,
    Every,
    Expression,
    OnCondition,
    Opposite,
    Some,
    kind_of,
)
from isotherm.criteria.rule import Rule

OTHER_SIGNS: dict[Sign, tuple[Sign, Sign]] = {
    "<": ("<=", ">"),
    "<=": ("<", ">"),
    ">": (">=", "<"),
    ">=": (">", "<"),
    "==": ("<=", ">="),
}


def mutants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Yield what was changed and the rule with it: every sign flipped, every limit moved, every choice turned."""
    for field in ("applies", "holds"):
        expression = getattr(rule, field)
        if expression is not None:
            for what, changed in changes(expression):
                yield f"{field}: {what}", replace(rule, **{field: changed})


def changes(expression: Expression) -> Iterator[tuple[str, Expression]]:
    """Yield every expression that differs in one leaf."""
    match expression:
        case Comparison(name, sign, limit):
            for other in OTHER_SIGNS[sign]:
                yield f"{name} {sign} {limit:g} became {other}", Comparison(name, other, limit)
            step = 1.0 if kind_of(name).form == "whole" else 0.5
            for moved in (limit - step, limit + step):
                yield f"{name} {sign} {limit:g} became {moved:g}", Comparison(name, sign, moved)
        case Among(name):
            yield f"{name} was turned around", Opposite(expression)
        case _:
            pass
    for place, part in enumerate(expression.parts):
        for what, changed in changes(part):
            yield what, _with_part(expression, place, changed)


def _with_part(whole: Expression, place: int, part: Expression) -> Expression:
    match whole:
        case All(parts) | Any(parts):
            return type(whole)((*parts[:place], part, *parts[place + 1 :]))
        case Every() | Some():
            return type(whole)(part, whole.whose)
        case OnCondition(_, condition):
            return OnCondition(part, condition)
        case Opposite():
            return Opposite(part)
        case _:
            raise AssertionError(whole)
