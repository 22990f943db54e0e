"""The one door to numba: loops over arrays, compiled at their first call and kept on disk for the next run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
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

    What is kept lies beside the kernel, else in the user's cache, else nowhere: then each process compiles anew. It is
    used only while no kernel of the package has changed, since kernels hold the machine code of those that they call.

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
        kernel = njit(cache=True, nogil=True)(function)
        _stamp(kernel)
    except (RuntimeError, AttributeError):
        # Neither the package's folder nor the user's cache can be written, or this numba takes no stamp.
        return njit(nogil=True)(function)
    return kernel


def _stamp(kernel: Any) -> None:
    """Make the kernel's cache depend on every kernel; numba's own stamp is of the kernel's file only."""
    if hasattr(kernel, "py_func"):  # not where numba leaves plain Python as it is
        kept = kernel._cache._cache_file
        kept._source_stamp = (kept._source_stamp, digest_of_kernels())


@cache
def digest_of_kernels() -> str:
    """Return a digest of the sources of all kernels, and of this file."""
    digest = hashlib.sha256()
    for name, source in sorted(_sources(files("isotherm.study"))):
        digest.update(f"{name} {len(source)}\n".encode() + source)
    return digest.hexdigest()


def _sources(folder: Traversable) -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        if item.name.endswith("_kernels.py") or item.name == "compiled.py":
            yield item.name, item.read_bytes()
        elif item.is_dir():
            yield from _sources(item)
