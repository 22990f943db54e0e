"""Which column of a table has its scan: by words that are known alone; what may be another scan is left to a person."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest

from isotherm.app.registry_guess import _key_of_each
from isotherm.app.registry_guess_scan_words import PLAIN, ScanName, scan_name
from isotherm.app.registry_guess_scans import with_scans
from isotherm.app.registry_guess_tables import Came, TableGuess, guess_tables
from isotherm.clinical.record import RecordKind
from isotherm.clinical.record_kinds import LESION
from isotherm.exchange.tables_in import read_table

SCANS = {"patient_id": ["1", "1", "2", "2"], "scan_id": ["s1", "s2", "s1", "s2"],
         "scan_date": ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]}  # fmt: skip
ROWS = {"patient_id": ["1", "2"], "lesion_id": ["a", "b"]}
EARLY, LATE = ["s1", "s1"], ["s2", "s2"]


def guessed(kind: str, columns: dict[str, list[str]], scans: dict[str, list[str]] | None = None) -> TableGuess:
    """Return the guess of a table of margins or readings that came with one of scans, or alone."""
    value = {"minimal_margin_mm": [4, 5]} if kind == "margin" else {"diameter_mm": [20, 22]}
    tables = {"rows.csv": {**ROWS, **columns, **value}} | ({} if scans is None else {"scans.csv": scans})
    came: list[Came] = []
    with TemporaryDirectory() as folder:
        for name, table in tables.items():
            pd.DataFrame(table).to_csv(Path(folder, name), index=False)
            came.append(Came(path=Path(folder, name), table=read_table(Path(folder, name)), decimal=".", empty=()))
        found = with_scans(guess_tables(came, sheet=None, today=date(2026, 11, 1)), came)
    return next(one for one in found if Path(one.path).name == "rows.csv")


def linked(kind: str, of: TableGuess) -> dict[str, str]:
    """Return the columns of scans that a guess writes, by field."""
    (one,) = (one for one in of.guess.kinds if one.kind.name == kind)
    return {each.field.name: each.column for each in one.columns if each.field.refers == "scan"}


@pytest.mark.parametrize(("column", "side"), [
    ("preop_scan", "before"), ("pre-op scan", "before"), ("prior_scan_id", "before"), ("preablationScan", "before"),
    ("baseline_scan", "before"), ("treatment planning scan", "before"), ("scan before ablation", "before"),
    ("previous_scan_no", "before"), ("post_ablation_scan", "after"), ("followup_scan", "after"),
    ("follow-up scan", "after"), ("control_scan", "after"), ("scan_after", "after"), ("Scan", ""), ("scan_key", ""),
])  # fmt: skip
def test_words_that_are_known_say_the_side_of_a_scan(column: str, side: str) -> None:
    said = scan_name(column)
    assert said is not None
    assert (said.side, said.strange) == (side, frozenset())


@pytest.mark.parametrize(("column", "strange"), [
    ("scan_quality", {"quality"}), ("scan_grade", {"grade"}), ("scan_1", {"1"}), ("n_scan", {"n"}),
    ("number_of_scan", {"of"}), ("first_scan", {"first"}), ("scan_date", {"date"}), ("ablation_scan", {"ablation"}),
    ("scan_before_after", {"before", "after"}), ("preop_scan_quality", {"quality"}),
])  # fmt: skip
def test_a_word_that_is_not_known_makes_another_scan_of_it_or_none(column: str, strange: set[str]) -> None:
    said = scan_name(column)
    assert said is not None
    assert said.strange == strange


def test_the_words_of_the_key_of_the_scans_are_known() -> None:
    assert scan_name("ct_exam") is None
    assert scan_name("ct_exam", "ct_exam_no") == scan_name("scan_date", "scan_date") == PLAIN
    assert scan_name("post_ct_exam", "ct_exam_no") == ScanName("after", frozenset({"post"}), frozenset())
    assert scan_name("patient_no", "patient_scan_no") is None


@pytest.mark.parametrize("name", ["preop_scan", "prior_scan", "preablation_scan", "prior_scan_id"])
@pytest.mark.parametrize("scans", [SCANS, None])
def test_a_scan_before_ablation_is_never_the_scan_of_a_margin_or_of_a_size(
    name: str, scans: dict[str, list[str]] | None
) -> None:
    assert linked("margin", guessed("margin", {name: EARLY}, scans)) == (
        {} if scans is None else {"before_scan_id": name}
    )
    of = guessed("reading", {name: EARLY}, scans)
    assert linked("reading", of) == {}
    if scans is not None:
        word = name.split("_", 1)[0]
        assert of.why_open["reading", "scan_id"] == (
            f"'{name}' sounds like a scan, and \"{word}\" in the name may mean another one")  # fmt: skip


@pytest.mark.parametrize("name", ["scan_quality", "scan_grade", "first_scan", "followup_scan"])
def test_numbers_that_are_keys_of_scans_by_chance_make_no_scan_of_a_size(name: str) -> None:
    numbered = SCANS | {"scan_id": ["1", "2", "1", "2"]}
    of = guessed("reading", {name: ["1", "2"]}, numbered)
    assert linked("reading", of) == {}
    assert "may mean another one" in of.why_open["reading", "scan_id"]


def test_of_two_columns_that_sound_alike_the_one_that_happens_to_fit_is_not_taken() -> None:
    for names in (("scan_1", "scan_2"), ("scan", "followup_scan"), ("scan_id", "post_scan_id")):
        for scans in (SCANS, None):
            assert linked("margin", guessed("margin", {names[0]: EARLY, names[1]: ["s2", "s9"]}, scans)) == {}
    of = guessed("margin", {"scan": EARLY, "followup_scan": ["s2", "s9"]}, SCANS)
    assert of.why_open["margin", "scan_id"] == "'scan' and 'followup_scan' sound like it; say which it is"


@pytest.mark.parametrize("columns", [
    {"scan_id": LATE, "pre_scan_id": EARLY}, {"pre_scan_id": EARLY, "scan_id": LATE},
    {"scan_id": LATE, "pre_scan_id": EARLY, "scan_date": ["2024-02-01", "2024-04-01"], "scan_quality": EARLY},
])  # fmt: skip
def test_a_column_of_the_very_name_wins_over_one_of_another_side(columns: dict[str, list[str]]) -> None:
    assert linked("margin", guessed("margin", columns, SCANS)) == {
        "scan_id": "scan_id", "before_scan_id": "pre_scan_id"}  # fmt: skip
    assert linked("margin", guessed("margin", columns)) == {"scan_id": "scan_id"}


def test_both_sides_of_a_margin_are_taken_where_their_names_say_so() -> None:
    for before, after in (("preop_scan", "followup_scan"), ("pre_scan_id", "post_scan_id"), ("scan_before", "scan")):
        assert linked("margin", guessed("margin", {before: EARLY, after: LATE}, SCANS)) == {
            "scan_id": after, "before_scan_id": before}  # fmt: skip


def test_of_several_columns_with_keys_of_one_kind_that_of_the_fewest_words_is_taken_and_of_those_the_first() -> None:
    keys: dict[str, RecordKind] = dict.fromkeys(("first_lesion_id", "lesion_no", "lesion_id"), LESION)
    assert _key_of_each(keys) == {"lesion": "lesion_no"}
