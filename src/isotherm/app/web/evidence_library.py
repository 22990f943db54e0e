"""The library of published results, read once for all requests; nobody changes it while a server runs."""

from __future__ import annotations

from functools import cache

from isotherm.app.evidence_tasks import open_library
from isotherm.evidence.library import Library


@cache
def library() -> Library:
    """Return the library."""
    return open_library(None)
