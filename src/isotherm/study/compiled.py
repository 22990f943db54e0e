"""The one door to numba: loops over arrays, compiled at their first call and kept on disk for the next run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba  # pyright: ignore[reportMissingTypeStubs]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile a kernel: a plain loop over arrays that gives the same numbers when it is run as plain Python.

    Kernels live in files named `*_kernels.py`, which only the files that use them import: numba loads with them and
    not before. They run without the interpreter's lock, and with NUMBA_DISABLE_JIT=1 as plain Python, which is how
    their branch coverage is measured. Sums are taken in the order written (no fast math), so that the same input gives
    the same bytes on every run.

    The cache of a kernel is renewed when its own file changes, not when that of a kernel which it calls does: after an
    edit, delete the `*.nbi` files in `__pycache__`.

    Parameters
    ----------
    function : callable
        Arrays and numbers in; arrays, numbers or tuples of them out.

    Returns
    -------
    callable
        The same function, compiled for the types of its arguments at its first call.
    """
    njit = cast("Callable[..., Callable[[Callable[_P, _R]], Callable[_P, _R]]]", cast("Any", numba).njit)
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:
        # Neither the package's folder nor the user's cache can be written: compile anew in each process.
        return njit(nogil=True)(function)
