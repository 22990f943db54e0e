"""Scans before ablation in the audit: told where only those who are to be ablated are scanned then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from isotherm.study.cohort import cohort
from isotherm.study.finding import Finding
from isotherm.study.guard.audit import findings_of
from isotherm.study.protocol_parts import Outcome, Scans
from tests.study.registry import OS, registry, timing

SCANS = Scans(columns=("scan_1", "scan_2"), outcomes=("pfs",))
PFS = Outcome(name="pfs", label="Progression-free survival", event="bad", date="free_until")
KEY = "scan_before_ablation.delayed"


def scanned(before: pd.Series, n: int = 300) -> pd.DataFrame:
    """Return patients with a first scan as given and a second one on day 200."""
    table = registry(n)
    free = table[["progressed_on", "last_on"]].min(axis=1)
    due = table["decided_on"] + pd.Timedelta(days=200)
    return table.assign(
        scan_1=before, scan_2=due.where(due < table["last_on"]), free_until=free,
        bad=(table["progressed_on"].notna() | (table["dead"] == 1.0)) * 1.0,
    )  # fmt: skip


def audit(table: pd.DataFrame, **changes: Any) -> dict[str, Finding]:
    made = cohort(timing(outcomes=(OS, PFS), **{"scans": SCANS} | changes), table)
    return {one.key: one for one in findings_of(made)}


def test_a_scan_before_each_ablation_is_told_with_its_counts() -> None:
    table = registry(300)
    found = audit(scanned(table["ablated_on"] - pd.Timedelta(days=3)))[KEY]
    there, whole = found.counts[0].value, found.counts[0].of
    assert whole is not None
    assert there == whole > 20
    assert f"{there:.0f} of {whole} patients were scanned within 14 days before ablation" in found.says
    assert "(Progression-free survival)" in found.says
    assert found.level == "warn"
    assert found.bars == ()


def test_scans_that_everybody_has_are_no_finding() -> None:
    table = registry(300)
    every = table["decided_on"] + pd.Timedelta(days=70)
    assert KEY not in audit(scanned(every))
    none = table["decided_on"].where(table["burden"] > 1e9)
    assert KEY not in audit(scanned(none))


def test_a_scan_on_the_day_of_the_decision_is_none_made_for_an_early_ablation() -> None:
    table = registry(300)
    early = scanned(table["ablated_on"])
    early["ablated_on"] = early["decided_on"] + pd.Timedelta(days=10)
    early = early[(early["free_until"] - early["decided_on"]).dt.days > 20].reset_index(drop=True)
    keys = audit(pd.concat([early, registry_like(early)], ignore_index=True))
    assert "scan_before_ablation.upfront" not in keys


def registry_like(table: pd.DataFrame) -> pd.DataFrame:
    """Return the same patients once more, ablated on day 75 and never scanned before."""
    late = table.assign(id=table["id"] + "x", ablated_on=table["decided_on"] + pd.Timedelta(days=75))
    late["scan_1"] = late["decided_on"].where(late["burden"] > 1e9)
    return late[(late["free_until"] - late["decided_on"]).dt.days > 90]


def test_a_few_scans_may_be_chance() -> None:
    table = registry(300)
    few = table["ablated_on"].where(np.arange(len(table)) < 12)
    assert KEY not in audit(scanned(few))
    small = scanned(table["ablated_on"])
    delayed = (small["ablated_on"] - small["decided_on"]).dt.days.between(60, 90)
    few_delayed = small[~delayed | (delayed.cumsum() <= 1)].reset_index(drop=True)
    assert KEY not in audit(few_delayed)
    more_delayed = small[~delayed | (delayed.cumsum() <= 8)].reset_index(drop=True)
    assert KEY in audit(more_delayed)


def test_nothing_is_looked_for_without_a_course_without_scans_or_while_outcomes_are_blinded() -> None:
    table = scanned(registry(300)["ablated_on"])
    assert KEY in audit(table)
    assert KEY not in audit(table, scans=None)
    assert KEY not in audit(table, course=None, designs=())
    assert KEY not in audit(table, outcomes_blinded=True)
