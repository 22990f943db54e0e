"""The pages: every file pages_*.py of this folder, found by being there."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from fastapi import APIRouter

from isotherm.app import web
from isotherm.app.web.context import Nav

PREFIX = "pages_"


def page_files() -> Iterator[tuple[APIRouter, Nav | None]]:
    """Yield the router of each file, and where it stands in the navigation, if it does."""
    for found in sorted(pkgutil.iter_modules(web.__path__), key=lambda one: one.name):
        if found.name.startswith(PREFIX):
            module = import_module(f"isotherm.app.web.{found.name}")
            router, nav = module.ROUTER, getattr(module, "NAV", None)
            assert isinstance(router, APIRouter)
            assert nav is None or isinstance(nav, Nav)
            yield router, nav
