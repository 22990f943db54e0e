"""Hashes of identifiers find the same person however a name is written, and tell nothing without the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from isotherm.errors import BadTable
from isotherm.exchange.deid_secret import Secret
from isotherm.exchange.overlap_hashes import Hashes, normal_name, pairs, read_hashes

KEY, OTHER = Secret(b"k" * 32), Secret(b"o" * 32)

ONE = "patient_id,name,birth_date,sex\nA1,Müller-Lüdenscheidt José,1950-03-01,m\nA2,Ann O'Hara,1961-07-30,female\n"
TWO = (
    "patient_id,family_name,given_name,birth_date,sex\nB1,MUELLER LUEDENSCHEIDT,Jose,1950-03-01,male\n"
    "B2,O’Hara,ANN,1961-07-30,m\nB3,Olsen,Arne,1961-07-30,f\nB4,Nobody,,1961-07-30,f\nB5,Smith,Eve,,f\n"  # noqa: RUF001
)


def hashes(tmp_path: Path, text: str, secret: Secret | None = KEY) -> Hashes:
    file = tmp_path / "identifiers.csv"
    file.write_text(text, encoding="utf-8")
    return read_hashes(str(file), secret)


def test_one_person_is_found_under_two_spellings_and_told_apart_by_what_agrees(tmp_path: Path) -> None:
    one, two = hashes(tmp_path, ONE), hashes(tmp_path, TWO)
    assert pairs(one, two).to_numpy().tolist() == [
        ["A2", "B3", "initials_birth_sex"],
        ["A2", "B2", "name_birth"],
        ["A1", "B1", "name_birth_sex"],
    ]
    assert two.incomplete == 2


def test_hashes_hold_no_identifier_and_differ_from_key_to_key(tmp_path: Path) -> None:
    one, other = hashes(tmp_path, ONE), hashes(tmp_path, ONE, OTHER)
    text = one.table.to_csv().casefold()
    assert not any(word in text for word in ("hara", "ann", "1950", "1961", "jos"))
    for level in ("name_birth_sex", "name_birth", "initials_birth_sex", "key_check"):
        assert not set(one.table[level]) & set(other.table[level])
        assert one.table[level].str.fullmatch("[0-9a-f]{32}").all()


def test_hashes_of_different_keys_are_refused_for_they_would_find_nobody(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="different keys"):
        pairs(hashes(tmp_path, ONE), hashes(tmp_path, TWO, OTHER))


def test_a_coordinator_compares_written_hashes_without_the_key(tmp_path: Path) -> None:
    one, two = hashes(tmp_path, ONE), hashes(tmp_path, TWO)
    again = hashes(tmp_path, one.table.to_csv(index=False), None)
    assert pairs(again, two).to_numpy().tolist() == pairs(one, two).to_numpy().tolist()
    with pytest.raises(BadTable, match="holds no hashes; name the key"):
        hashes(tmp_path, ONE, None)


def test_within_one_table_each_pair_comes_once(tmp_path: Path) -> None:
    twice = hashes(tmp_path, ONE + "A3,jose mueller ludenscheidt,1950-03-01,M\n")
    assert pairs(twice).to_numpy().tolist() == [["A1", "A3", "name_birth_sex"]]


def test_a_table_without_a_column_of_identifiers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="no column 'birth_date'; patient_id, name"):
        hashes(tmp_path, "patient_id,name,sex\nA1,Ann,f\n")


@pytest.mark.parametrize("name", ["", "  ", "123", "-", "💥"])
def test_a_name_without_letters_is_none(name: str) -> None:
    assert normal_name(name) == ()
