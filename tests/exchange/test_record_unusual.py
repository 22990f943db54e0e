"""Values that are possible and very unusual are told by column and row, with how they may have come about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.app.study_simulate import BUNDLED, simulate_center
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.clinical.usual import USUAL
from isotherm.exchange.record_check import Checked, check
from isotherm.exchange.record_intake import Intake
from isotherm.exchange.record_mapping_files import read_mapping
from isotherm.exchange.record_mapping_in import read_mapped
from isotherm.exchange.record_unusual import FEWEST, Seen, Unusual, unusual

FIELDS = {name: kind.by_name[name] for kind in RECORD_KINDS.values() for name in USUAL if name in kind.by_name}


LOST = "ten times too large, with the decimal sign lost"


def told(name: str, values: Sequence[float], factor: float = 1.0) -> tuple[Unusual, ...]:
    """Return what is odd about a column; its first value stands in row 2."""
    return tuple(unusual([Seen("t.csv", "A", FIELDS[name], dict(enumerate(values, start=2)), factor)]))


@pytest.mark.parametrize(
    ("name", "values", "rows", "says"),
    [
        ("diameter_mm", (26, 31, 260, 18, 44, 12, 9), (4,), "1 of 7 values lies above 150 mm, which is very unusual; "
         f"it may be {LOST}"),
        ("diameter_mm", (26, 31, 1.8, 18, 44, 12, 2.6), (4, 8), "2 of 7 values lie below 3 mm, which is very unusual; "
         "they may be centimeters that are read as millimeters"),
        ("diameter_mm", (2.6, 3.1, 6.0, 1.8, 4.4), (2, 3, 5, 6), "4 of 5 values lie below 5 mm, so the unit of the "
         "column may be another one; they may be centimeters that are read as millimeters"),
        ("largest_lesion_mm", (260, 160, 180, 210, 44), (2, 3, 4, 5), "4 of 5 values lie above 150 mm, so the unit of "
         f"the column may be another one; they may be {LOST}"),
        ("cea_ug_l", (3.2, 11400, 18), (3,), "1 of 3 values lies above 5,000 µg/L, which is very unusual; it may be "
         "ten times too large, with the decimal sign lost, or ng/L in place of ng/mL, which is the same as µg/L"),
        ("cea_ug_l", (3200, 11400, 9100, 4000, 7), (2, 3, 4, 5), "4 of 5 values lie above 1,000 µg/L, so the unit of "
         "the column may be another one; they may be ten times too large, with the decimal sign lost, or ng/L in "
         "place of ng/mL, which is the same as µg/L"),
        ("minimal_margin_mm", (5, 51, -2), (3,), "1 of 3 values lies above 30 mm, which is very unusual; it may be "
         "ten times too large, with the decimal sign lost"),
        ("cea_ug_l", (900_000,), (2,), "1 of 1 value lies above 5,000 µg/L, which is very unusual; it may be ng/L in "
         "place of ng/mL, which is the same as µg/L"),
        ("zone_volume_ml", (9_900, 0, 33), (2,), "1 of 3 values lies above 1,800 ml, which is very unusual; it may be "
         "mm³ in place of ml, or ten times too large, with the decimal sign lost"),
    ],
)  # fmt: skip
def test_what_is_unusual_is_told_with_its_rows_and_how_it_may_have_come_about(
    name: str, values: Sequence[float], rows: tuple[int, ...], says: str
) -> None:
    (one,) = told(name, values)
    assert (one.column, one.rows, one.says) == ("A", rows, says)


@given(st.sampled_from(sorted(USUAL)).flatmap(lambda name: st.tuples(st.just(name), st.lists(st.floats(
    max(USUAL[name].low, USUAL[name].middle_low, FIELDS[name].low), min(USUAL[name].high, USUAL[name].middle_high)),
    max_size=30))))  # fmt: skip
def test_of_values_that_are_usual_nothing_is_told(drawn: tuple[str, list[float]]) -> None:
    assert told(*drawn) == ()


@given(st.sampled_from(sorted(USUAL)).flatmap(lambda name: st.tuples(
    st.just(name), st.lists(st.floats(FIELDS[name].low, FIELDS[name].high), max_size=30))))  # fmt: skip
def test_every_value_beyond_what_is_usual_is_in_a_row_that_is_told(drawn: tuple[str, list[float]]) -> None:
    name, values = drawn
    found = told(name, values)
    beyond = {row for row, value in enumerate(values, start=2) if not USUAL[name].holds(value)}
    rows = [row for one in found for row in one.rows]
    assert beyond <= set(rows)
    assert len(rows) == len(set(rows))
    assert set(rows) == beyond or any("unit of the column" in one.says for one in found)


@given(st.lists(st.integers(5, 49).filter(lambda mm: mm < 30 or mm % 10 > 0), min_size=FEWEST, max_size=40))
def test_a_column_of_centimeters_says_so_whatever_its_sizes(sizes_mm: list[int]) -> None:
    (one,) = told("diameter_mm", [size / 10.0 for size in sizes_mm])
    assert "the unit of the column may be another one" in one.says
    assert "may be centimeters" in one.says


def test_small_nodules_that_are_noted_in_whole_millimeters_are_usual() -> None:
    assert told("diameter_mm", (4, 4, 3, 5, 4, 6, 3.5)) == ()


def test_a_tumor_that_has_vanished_has_a_usual_volume_and_one_that_is_next_to_nothing_has_not() -> None:
    assert told("volume_ml", (0, 0.0, 2.1, 0, 0.4, 0)) == ()
    assert [one.rows for one in told("volume_ml", (0, 0.001, 2.1))] == [(3,)]


def test_only_slips_that_the_unit_of_the_mapping_leaves_possible_are_told() -> None:
    small, large = (2, 1.5, 2.4, 1, 2), (200, 310, 250, 180, 220)
    assert [one.says for one in told("diameter_mm", small, 10.0)] == [
        "5 of 5 values lie below 3 mm, which is very unusual"]  # fmt: skip
    assert [one.says for one in told("diameter_mm", large, 10.0)] == [
        "5 of 5 values lie above 150 mm, so the unit of the column may be another one; they may be millimeters that "
        f"are read as centimeters, or {LOST}"]  # fmt: skip


def test_the_unit_of_a_mapping_comes_along_with_what_was_seen(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,on,cm\n" + "".join(f"{n},2024-01-02,0.2\n" for n in range(6)), encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(
        '[[table]]\nkind = "decision"\npatient = "id"\nfile = "t.csv"\nkey_is = "1"\n[table.fields]\n'
        'decided_on = "on"\nlargest_lesion_mm = { column = "cm", unit = "cm" }\n',
        encoding="utf-8")  # fmt: skip
    intake = read_mapped(tmp_path, read_mapping(tmp_path / "mapping.toml"), today=date(2026, 11, 26))
    assert [one.says for one in unusual(intake.seen.values())] == [
        "6 of 6 values lie below 3 mm, which is very unusual"]  # fmt: skip


def test_every_field_of_which_is_known_what_is_usual_is_a_number_that_may_be_beyond() -> None:
    assert set(FIELDS) == set(USUAL)
    for name, usual in USUAL.items():
        assert FIELDS[name].form == "number"
        assert FIELDS[name].low < usual.low or usual.high < FIELDS[name].high


def checked(*columns: tuple[str, str, dict[str, float]]) -> Checked:
    intake = Intake()
    for row, (patient, column, values) in enumerate(columns, start=2):
        intake.counted("t")
        told = {"decided_on": date(2024, 1, 1)} | values
        intake.take(RECORD_KINDS["decision"], (patient, "1"), told, frozenset(), place=("t", row),
                    columns=dict.fromkeys(values, column))  # fmt: skip
    return check(intake, {("patient", "1", ""), ("patient", "2", "")}.__contains__)


def test_a_remark_keeps_nobody_out_and_a_value_that_stands_in_no_column_has_none() -> None:
    found = checked(("1", "CEA", {"cea_ug_l": 11400.0}), ("2", "", {"cea_ug_l": 11400.0}))
    assert [(one.column, one.rows) for one in found.unusual] == [("CEA", (2,))]
    assert (len(found.good), found.problems) == (2, ())


@pytest.mark.parametrize("scenario", BUNDLED)
def test_nothing_is_told_of_a_center_that_is_simulated(scenario: str, tmp_path: Path) -> None:
    simulate_center(scenario, tmp_path, seed=3, patients=400)
    intake = read_mapped(tmp_path, read_mapping(tmp_path / "mapping.toml"), today=date(2026, 11, 26))
    assert {name for _, _, name in intake.seen} >= {"largest_lesion_mm", "diameter_mm", "cea_ug_l"}
    assert list(unusual(intake.seen.values())) == []
