"""The bench of standard errors of clones, in small: it goes on where it was stopped and writes between its marks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bench.designs_intervals as intervals

SIZES = {100: 3, 200: 2, 400: 2}


def one(estimate: float, variance: float) -> dict[str, Any]:
    return {"estimate": [estimate] * 3, "bootstrap": [variance] * 3, "jackknife": [4.0 * variance] * 3,
            "effective": 5.0}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, bool]]:
    """Cohorts that are off by 0, 2.1 and nothing (no estimate), of standard error 1."""
    found: list[tuple[int, int, bool]] = []

    def cohort(size: int, number: int, *, weighted: bool = True) -> dict[str, Any]:
        found.append((size, number, weighted))
        none = {"estimate": None}
        return {short: none if number == 2 else one(2.1 * number, 1.0) for short in intervals.ENDPOINTS}

    def spread(size: int, cohorts: int) -> dict[str, Any]:
        return {short: {"mean": [0.0] * 3, "sd": [2.0] * 3, "n": cohorts} for short in intervals.ENDPOINTS}

    monkeypatch.setattr(intervals, "COHORTS", SIZES)
    monkeypatch.setattr(intervals, "cohort", cohort)
    monkeypatch.setattr(intervals, "spread", spread)
    return found


def test_ratios_and_coverage_are_those_of_the_cohorts_that_have_an_estimate(
    asked: list[tuple[int, int, bool]], tmp_path: Path
) -> None:
    found = intervals.run(tmp_path / "kept.jsonl")
    first = next(intervals.rows(found, 100))
    # Off by 2.1: beyond 2.02 (t of 39) standard errors, within the wider quantile of 4 degrees, and within 2.02 of 2.
    assert first == "| 100 | OS, risk difference | 0.50 | 1.00 | 50.0 % | 100.0 % | 100.0 % |"
    assert len(list(intervals.rows(found, 100))) == 6
    assert intervals.unweighted_ratio(found) == pytest.approx(2.0)
    assert len(asked) == 3 + 2 + 2 + 2


def test_what_was_done_is_not_done_again_and_the_page_keeps_what_is_around_its_table(
    asked: list[tuple[int, int, bool]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intervals, "KEPT", tmp_path / "kept.jsonl")
    whole = intervals.run(tmp_path / "kept.jsonl")
    done = len(asked)
    assert intervals.run(tmp_path / "kept.jsonl") == whole
    assert len(asked) == done
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{intervals.START}\nstale\n{intervals.END}\n\nafter\n", encoding="utf-8")
    monkeypatch.setattr(intervals, "PAGE", page)
    monkeypatch.setattr(intervals, "run", lambda: whole)
    assert intervals.print_designs_intervals()
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n\n<!--")
    assert text.endswith("<!-- end -->\n\nafter\n")
    assert "stale" not in text
    assert "Effective size of the smaller strategy: 5 of 100 patients" in text


def test_a_cohort_has_finite_variances_of_both_kinds_and_none_where_there_is_no_estimate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intervals, "REPLICATES", 2)
    found = intervals.cohort(60, 0)
    for short in intervals.ENDPOINTS:
        own = found[short]
        assert own["estimate"] is None or np.isfinite([*own["bootstrap"], *own["jackknife"]]).all()
    assert all(own["estimate"] is None for own in intervals.cohort(4, 0).values())
    assert intervals.spread(60, 2)["OS"]["n"] == 2
