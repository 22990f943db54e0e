"""The order in which test files begin: each that is named is there, and nothing is lost."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.longest import LONGEST, ROOT, longest_first


def test_each_file_that_is_to_begin_first_is_there_and_is_named_once() -> None:
    assert [name for name in LONGEST if not (ROOT / name).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)


def test_the_longest_come_first_and_everything_else_keeps_its_order() -> None:
    files = [ROOT / "tests" / "a.py", ROOT / LONGEST[1], Path("/b.py"), ROOT / LONGEST[0], ROOT / LONGEST[1]]
    items: list[Any] = [SimpleNamespace(path=path, number=number) for number, path in enumerate(files)]
    longest_first(items)
    assert [one.number for one in items] == [3, 1, 4, 0, 2]


def test_the_makefile_lets_files_begin_in_that_order() -> None:
    # By itself pytest-xdist begins with the files of the most tests, and the longest ones have few.
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--dist loadfile --no-loadscope-reorder" in makefile
