"""What the numbers of a result depend on: the versions of isotherm, Python and some libraries."""

from __future__ import annotations

import platform
from importlib.metadata import version

import isotherm


def versions(*libraries: str) -> dict[str, str]:
    """Return the versions of isotherm, of Python, and of the libraries named."""
    own = {"isotherm": isotherm.__version__, "python": platform.python_version()}
    return own | {name: version(name) for name in libraries}
