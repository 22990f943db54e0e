"""The tables hold what the document holds; what is missing says why."""

# ruff: noqa: RUF001 (the report writes true minus and times signs)

from __future__ import annotations

import copy
from typing import Any

import pytest

from isotherm.app.report_tables import Table, plain, tables
from tests.app.made_up import HOSTILE, made_up_assessment


def document() -> dict[str, Any]:
    return copy.deepcopy(dict(made_up_assessment().document))


def table_called(title: str, of: dict[str, Any] | None = None) -> Table:
    (found,) = [table for table in tables(of or document()) if table.title.startswith(title)]
    return found


def texts(table: Table, row: int) -> list[str]:
    return [cell.text.replace("\u00a0", " ") for cell in table.rows[row]]


def test_every_part_of_the_document_has_its_table() -> None:
    assert [table.title.split(",")[0] for table in tables(document())] == [
        "Minimal margin by definition", "Confidence that the true minimal margin is …",
        "Percentiles of the margin over the surface", "Share of the tumor's surface with a margin …",
        "Minimal margin and the capsule", "Share of the shell around the tumor that was ablated", "Volumes",
        "Regions of the surface below the target margin", "Vessels near the tumor", "Structures", "Tumor", "Ablation",
        "Tumor burden score",
    ]  # fmt: skip


def test_the_definitions_stand_side_by_side() -> None:
    table = table_called("Minimal margin by definition")

    assert texts(table, 0)[:5] == ["Lesion 1", "−0.6 mm", "−0.6 mm", "−1.4 mm", "−0.1 mm"]
    assert texts(table, 1)[1] == "at most 7.3 mm"


def test_a_null_carries_the_reason_of_its_lesion() -> None:
    table = table_called("Percentiles")
    missing = table.rows[2][1]

    assert missing.text == "not given"
    assert table.notes == {"The ablation mask is empty: nothing was ablated.": missing.note}


def test_each_missing_number_has_its_own_reason() -> None:
    table = table_called("Minimal margin by definition")
    _, _, _, qam, neutral, interval = table.rows[1]
    reasons = {letter: reason for reason, letter in table.notes.items()}

    assert reasons[qam.note] == "QAM-compatible margin: no border voxel is left to measure from or to."
    assert reasons[neutral.note] == "No vessels were given: no lumen-neutral margin, no bridging."
    assert reasons[interval.note].startswith("The image ends 0.4 mm from the tumor")


def test_a_named_segment_keeps_its_name() -> None:
    changed = document()
    changed["lesions"][0]["name"] = "segment VII"

    assert texts(table_called("Volumes", changed), 0)[0] == "Lesion 1 (segment VII)"


def test_a_null_without_a_reason_says_that_too() -> None:
    changed = document()
    changed["lesions"][0]["percentiles_mm"]["p1"] = None
    table = table_called("Percentiles", changed)

    assert "The result does not state why." in table.notes


@pytest.mark.parametrize("key", ["probability", "capsule", "shell_coverage", "vessels", "tumor", "ablation"])
def test_a_part_that_is_missing_altogether_stops_nothing(key: str) -> None:
    changed = document()
    for lesion in changed["lesions"]:
        lesion.pop(key, None)

    assert tables(changed)


def test_a_document_with_nothing_but_what_is_required_has_tables() -> None:
    smallest: dict[str, Any] = {"lesions": [{"label": "1", "status": "not_assessable", "reasons": ["Too small."]}]}

    assert [table.title for table in tables(smallest)][:1] == ["Minimal margin by definition"]


def test_a_bridging_vessel_says_where_it_bridges() -> None:
    table = table_called("Vessels")

    assert texts(table, 0)[6] == "yes, at R 82.0, P 2.0, S 52.0 mm"
    assert texts(table, 1)[6] == "no"


def test_names_are_kept_as_they_are_for_the_template_to_escape() -> None:
    assert texts(table_called("Volumes"), 1)[0] == f"Lesion {HOSTILE}"


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [("outline_error_mm", 0.5, "0.5 mm"), ("spacing_kji_mm", [5.0, 0.7, 0.7], "5 × 0.7 × 0.7 mm"), ("seed", 0, "0"),
     ("simulated", True, "yes"), ("level", 0.9, "0.9"), ("offset_mm", -1.5, "−1.5 mm"), ("organ", None, "not given"),
     ("came_from", "/home/x/y.nii", "[file]"), ("numbers", {"a": 1, "b": [2, 3]}, "a 1; b 2 × 3")],
)  # fmt: skip
def test_settings_are_written_with_their_units(key: str, value: object, text: str) -> None:
    assert plain(key, value).replace("\u00a0", " ") == text
