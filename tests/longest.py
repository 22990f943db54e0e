"""Which test files begin first where processes share them: one that takes minutes must not begin when all else is done.

By hand the order stays as it is collected; only pytest-xdist, which gives each process a file at a time, asks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

LONGEST = (
    "tests/app/test_batch_dask.py",
    "tests/registry/test_story.py",
    "tests/app/web/test_whole_story.py",
    "tests/app/web/test_every_page.py",
    "tests/app/web/test_assess_folders.py",
    "tests/app/test_assess_commands.py",
    "tests/imaging/test_register.py",
    "tests/app/web/test_align_several.py",
    "tests/app/web/test_assess.py",
    "tests/app/web/test_align.py",
    "tests/app/test_study_designs.py",
    "tests/app/test_cli.py",
    "tests/app/web/test_browser.py",
    "tests/imaging/test_margin.py",
    "tests/imaging/test_margin_properties.py",
    "tests/app/test_batch_processes.py",
    "tests/app/test_board_course.py",
    "tests/app/test_study_report.py",
    "tests/app/test_assess_from_pacs.py",
    "tests/app/test_viewer.py",
    "tests/app/test_study_docx.py",
    "tests/app/test_demo.py",
    "tests/app/web/test_patient.py",
    "tests/app/web/test_patient_records.py",
    "tests/imaging/test_register_mr.py",
    "tests/app/web/test_assess_story.py",
    "tests/app/web/test_pages_exchange.py",
    "tests/app/web/test_pages_in_browser.py",
    "tests/app/test_dicom_results.py",
    "tests/imaging/test_phantom_scans.py",
    "tests/registry/test_killed.py",
    "tests/study/test_matching_compiled.py",
    "tests/app/web/test_tutorials_walked.py",
    "tests/imaging/test_outline.py",
    "tests/imaging/test_uncertainty.py",
    "tests/app/web/test_pages_study.py",
    "tests/app/test_remeasure.py",
    "tests/app/web/test_tutorials_walked_further.py",
    "tests/app/web/test_holds.py",
    "tests/app/web/test_patient_records_story.py",
    "tests/app/test_tutorial_commands.py",
    "tests/app/test_evidence_margin.py",
)
"""From the longest on, as `--durations` tells; those that are not here take seconds, and fill what is left.

Files that register the same scans stand apart: the later one finds what the earlier one has found.
"""

ROOT = Path(__file__).resolve().parent.parent

RANK = {ROOT / name: place for place, name in enumerate(LONGEST)}


def longest_first(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first; all others keep their order."""
    items.sort(key=lambda item: RANK.get(item.path, len(LONGEST)))
