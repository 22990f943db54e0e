"""The door to numba: compiled where it can be kept, compiled anew where nothing can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import pytest

from isotherm.study.compiled import compiled


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
