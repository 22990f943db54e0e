"""The guidelines that ship, found by their place, and their rules by id."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from isotherm.criteria import guidelines as folder
from isotherm.criteria.rule import Guideline, Rule
from isotherm.errors import BadSetting


@cache
def guidelines() -> tuple[Guideline, ...]:
    """Return every guideline, in the order of their ids."""
    modules = (module.name for module in iter_modules(folder.__path__) if not module.name.startswith("_"))
    found = (import_module(f"{folder.__name__}.{name}").GUIDELINE for name in modules)
    return tuple(sorted(found, key=lambda one: one.id))


def guideline(id: str) -> Guideline:  # noqa: A002 - what it is called everywhere
    """Return a guideline by its id.

    Raises
    ------
    BadSetting
        There is none; the message lists those that there are.
    """
    found = {one.id: one for one in guidelines()}
    if id not in found:
        raise BadSetting(f'There is no guideline "{id}"; there are {", ".join(found)}.')
    return found[id]


@cache
def rules() -> dict[str, tuple[Guideline, Rule]]:
    """Return every rule with its guideline, by its id."""
    return {rule.id: (one, rule) for one in guidelines() for rule in one.rules}
