"""Protocol → the text of a study.toml, which reads back to an equal protocol."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, cast

from isotherm.exchange.protocol_shapes import ADJUSTMENTS, PROTOCOL, SCHEMA
from isotherm.exchange.protocol_shapes_designs import DESIGNS
from isotherm.study.known import Known
from isotherm.study.predicate import Predicate
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_designs import Asked
from isotherm.toml_form import Part, Shape


def protocol_text(protocol: Protocol) -> str:
    """Return a protocol as text, without the keys that hold their defaults."""
    return "\n".join([f"schema = {SCHEMA}", *_lines(PROTOCOL, protocol, "")]) + "\n"


def toml(value: object) -> str:
    """Return one value as it is written in TOML."""
    if value is None:
        return '"none"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, Predicate):
        return toml(value.text)
    if isinstance(value, Known):
        if value.when is not None:
            return toml(value.when)
        return f"{{ day = {toml(value.day)} }}" if value.day is not None else f"{{ column = {toml(value.column)} }}"
    if isinstance(value, Asked):
        return '"never"' if value.days is None else f"{{ days = {toml(value.days)}, after = {toml(value.after)} }}"
    return f"[{', '.join(toml(one) for one in cast('tuple[object, ...]', value))}]"


def _lines(shape: Shape, noun: Any, path: str) -> list[str]:
    """Return the lines of one table: its own keys first, then the tables below it."""
    own: list[str] = []
    below: list[str] = []
    for name, key in shape.keys.items():
        field = key.field or name
        if name == "schema" or (not key.required and _is_default(noun, field)):
            continue
        value = getattr(noun, field)
        inner = f"{path}.{name}" if path else name
        if isinstance(key.read, Part) and key.read.many:
            for one in value:
                below += ["", f"[[{inner}]]", *_lines(key.read.shape, one, inner)]
        elif isinstance(key.read, Part):
            below += ["", f"[{inner}]", *_lines(key.read.shape, value, inner)]
        elif name == "adjustment":
            method = next(method for method, kind in ADJUSTMENTS.items() if kind.noun is type(value))
            below += ["", f"[{inner}]", f"method = {toml(method)}", *_lines(ADJUSTMENTS[method], value, inner)]
        elif name == "design":
            for one in value:
                below += ["", f"[[{inner}]]", f"method = {toml(one.kind)}", *_lines(DESIGNS[one.kind], one, inner)]
        elif name in ("levels", "bins", "competing_events"):
            own.append(f"{name} = {{ {', '.join(f'{toml(one)} = {toml(other)}' for one, other in value)} }}")
        else:
            own.append(f"{name} = {toml(value)}")
    return own + below


def _is_default(noun: Any, name: str) -> bool:
    field = next(field for field in dataclasses.fields(noun) if field.name == name)
    default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    value = getattr(noun, name)
    return type(value) is type(default) and value == default
