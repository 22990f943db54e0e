"""The door to numba: compiled where it can be kept, compiled anew where nothing can be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numba
import pytest

import isotherm
from isotherm.study import compiled as door
from isotherm.study.compiled import compiled, digest_of_kernels

CALLED = """
from isotherm.study.compiled import compiled
@compiled
def called(x: float) -> float:
    return 2.0 * x
"""

CALLER = """
from isotherm.study.compiled import compiled
from isotherm.study.called_kernels import called
@compiled
def caller(x: float) -> float:
    return 1.0 + called(x)
"""

PRINT = """
from isotherm.study.caller_kernels import caller
print(caller(10.0), sum(caller.stats.cache_hits.values()))
"""


def twice(x: float) -> float:
    return 2.0 * x


def test_a_kernel_gives_what_its_python_gives() -> None:
    assert compiled(twice)(21.0) == twice(21.0)


def test_where_nothing_can_be_written_a_kernel_is_compiled_without_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def njit(**options: Any) -> Callable[[Any], Any]:
        asked.append(options)
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(numba, "njit", njit)
    assert compiled(twice)(1.5) == 3.0
    assert asked == [{"cache": True, "nogil": True}, {"nogil": True}]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package's Python files, with a kernel that calls one of another file."""
    copy = tmp_path / "isotherm"
    shutil.copytree(
        Path(isotherm.__file__).parent, copy, ignore=shutil.ignore_patterns("app", "imaging", "__pycache__")
    )
    (copy / "study" / "called_kernels.py").write_text(CALLED)
    (copy / "study" / "caller_kernels.py").write_text(CALLER)
    return copy


def ran(package: Path, **environment: str) -> tuple[float, int]:
    """Run the calling kernel in a new process: its value, and how often its machine code came from the disk."""
    known = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    words = subprocess.run(
        [sys.executable, "-c", PRINT],
        env=known | {"NUMBA_DISABLE_JIT": "0", "PYTHONPATH": str(package.parent)} | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return float(words[0]), int(words[1])


def test_an_edit_of_a_kernel_reaches_those_that_call_it(package: Path) -> None:
    assert ran(package) == (21.0, 0)
    assert ran(package) == (21.0, 1)
    (package / "study" / "called_kernels.py").write_text(CALLED.replace("2.0 * x", "3.0 * x"))
    assert ran(package) == (31.0, 0)
    assert ran(package) == (31.0, 1)


def test_where_the_package_cannot_be_written_the_users_cache_is_used(package: Path, tmp_path: Path) -> None:
    (package / "study" / "__pycache__").write_text("not a folder")
    mine = {"XDG_CACHE_HOME": str(tmp_path / "mine"), "PYTHONDONTWRITEBYTECODE": "1"}
    assert [ran(package, **mine), ran(package, **mine)] == [(21.0, 0), (21.0, 1)]


def test_a_numba_that_takes_no_stamp_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kernel:
        py_func = staticmethod(twice)

        def __call__(self, x: float) -> float:
            return -1.0

    def njit(**options: Any) -> Callable[[Any], Any]:
        return lambda function: Kernel() if options.get("cache") else function

    monkeypatch.setattr(numba, "njit", njit)
    assert compiled(twice)(1.5) == 3.0


def test_the_stamp_of_a_cache_is_that_of_the_file_and_of_all_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    file = SimpleNamespace(_source_stamp="of the file")
    kernel = SimpleNamespace(py_func=twice, _cache=SimpleNamespace(_cache_file=file))
    monkeypatch.setattr(numba, "njit", lambda **_: lambda _: kernel)
    assert compiled(twice) is kernel
    assert file._source_stamp == ("of the file", digest_of_kernels())


def test_the_digest_knows_every_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("a_kernels.py", "deeper/b_kernels.py", "compiled.py", "other.py")
    digests: list[str] = []
    for changed in ("", *names):
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("changed" if name == changed else "as it was")
        with monkeypatch.context() as here:
            here.setattr(door, "files", lambda _: tmp_path)
            digests.append(digest_of_kernels.__wrapped__())
    assert digests[-1] == digests[0]
    assert len(set(digests)) == len(names)
