"""Keyed hashes of who a patient is, so that sites can find shared patients without showing a name.

Names and dates of birth can be guessed: whoever has the key can try them all. The key stays with the sites, the hashes
go to the coordinator, and both are destroyed when the question is answered.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from isotherm.errors import BadTable
from isotherm.exchange.deid_secret import Secret
from isotherm.exchange.tables_in import column_names, read_table

LEVELS = ("name_birth_sex", "name_birth", "initials_birth_sex")
"""What two patients agree in, the surest first; in the third, names may differ in all but their initials."""

COLUMNS = ("patient_id", "key_check", *LEVELS)

_PURPOSE = "overlap"
_LETTERS = {"ß": "ss", "æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "đ": "d", "ł": "l"}
_SPELLINGS = {"ae": "a", "oe": "o", "ue": "u", "aa": "a"}


@dataclass(frozen=True, slots=True)
class Hashes:
    """Hashes of the patients of one table.

    Parameters
    ----------
    table : DataFrame
        `COLUMNS`: pseudonym of the patient, what tells which key was used, a hash for each level.
    incomplete : int
        Rows without name, date of birth or sex, which can be compared with nobody.
    """

    table: pd.DataFrame
    incomplete: int


def read_hashes(path: str, secret: Secret | None) -> Hashes:
    """Read a table of identifiers and hash them; or hashes, as `Hashes.table` was written.

    Parameters
    ----------
    path : str
        CSV with patient_id, name (or given_name and family_name), birth_date and sex; or with hashes.
    secret : Secret or None
        The key that the sites share; not needed for hashes.

    Raises
    ------
    UnreadableFile, BadTable, BadColumn
    """
    if secret is not None:
        return hashed(_identifiers(path), secret)
    if not set(COLUMNS) <= set(column_names(path)):
        raise BadTable("The table holds no hashes; name the key that the sites share with --key.")
    return Hashes(read_table(path, columns=COLUMNS, wanted=dict.fromkeys(COLUMNS, "text")), 0)


def _identifiers(path: str) -> pd.DataFrame:
    names = column_names(path)
    parts = ["name"] if "name" in names else ["given_name", "family_name"]
    lacks = [name for name in ("patient_id", *parts, "birth_date", "sex") if name not in names]
    if lacks:
        raise BadTable(f"The table has no column '{lacks[0]}'; patient_id, name (or given_name and family_name), "
                       "birth_date and sex are wanted.")  # fmt: skip
    table = read_table(path, columns=["patient_id", *parts, "birth_date", "sex"],
                       wanted={"patient_id": "text", **dict.fromkeys(parts, "text"), "birth_date": "date",
                               "sex": "text"})  # fmt: skip
    whole = table[parts].isna().any(axis=1)
    table["name"] = table[parts].fillna("").agg(" ".join, axis=1).where(~whole)
    return table[["patient_id", "name", "birth_date", "sex"]]


def hashed(identifiers: pd.DataFrame, secret: Secret) -> Hashes:
    """Hash identifiers: patient_id, name, birth_date and sex of each patient."""
    check = secret.keyed(_PURPOSE, "key")
    rows: list[tuple[Any, ...]] = []
    for patient, name, birth, sex in identifiers.itertuples(index=False, name=None):
        words = () if pd.isna(name) else normal_name(str(name))
        letter = "" if pd.isna(sex) else normal_sex(str(sex))
        if not words or pd.isna(birth) or not letter or pd.isna(patient):
            continue
        day = pd.Timestamp(birth).date()
        rows.append(
            (
                patient,
                check,
                *(
                    secret.keyed(f"{_PURPOSE} {level}", text)
                    for level, text in zip(LEVELS, _texts(words, day, letter), strict=True)
                ),
            )
        )
    return Hashes(pd.DataFrame(rows, columns=list(COLUMNS), dtype=object), len(identifiers) - len(rows))


def _texts(words: tuple[str, ...], day: date, letter: str) -> tuple[str, str, str]:
    name, initials = " ".join(words), "".join(word[0] for word in words)
    return (
        f"{name}\0{day.isoformat()}\0{letter}",
        f"{name}\0{day.isoformat()}",
        f"{initials}\0{day.isoformat()}\0{letter}",
    )


def normal_name(name: str) -> tuple[str, ...]:
    """Return the words of a name as they are compared: without accents, capitals, signs and order.

    >>> normal_name("Müller-Lüdenscheidt, José") == normal_name("jose MUELLER LUDENSCHEIDT")
    True
    """
    letters = "".join(_LETTERS.get(letter, letter) for letter in unicodedata.normalize("NFC", name).casefold())
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(letter))
    for long, short in _SPELLINGS.items():
        plain = plain.replace(long, short)
    return tuple(sorted(re.findall(r"[^\W\d_]+", plain.replace("'", "").replace("’", ""))))  # noqa: RUF001


def normal_sex(sex: str) -> str:
    """Return the first letter of female or male in the languages of hospitals that write it so; empty for others."""
    word = sex.strip().casefold()
    return {"f": "f", "female": "f", "w": "f", "weiblich": "f", "m": "m", "male": "m", "männlich": "m",
            "other": "o", "o": "o", "d": "o", "divers": "o"}.get(word, "")  # fmt: skip


def pairs(one: Hashes, other: Hashes | None = None) -> pd.DataFrame:
    """Return pairs of patients who agree, of two tables or within one, each with the surest level in which they do.

    Raises
    ------
    BadTable
        The tables were hashed with different keys, so that nobody could be found.
    """
    left, right = one.table, one.table if other is None else other.table
    checks = set(left["key_check"]) | set(right["key_check"])
    if len(checks) > 1:
        raise BadTable("The tables were hashed with different keys, so nobody can be found; hash both with one key.")
    found: list[pd.DataFrame] = []
    for level in LEVELS:
        both = left[["patient_id", level]].merge(right[["patient_id", level]], on=level, suffixes=("", "_other"))
        if other is None:
            both = both[both["patient_id"] < both["patient_id_other"]]
        found.append(pd.DataFrame(both[["patient_id", "patient_id_other"]]).assign(agree_in=level))
    whole = pd.concat(found, ignore_index=True).drop_duplicates(["patient_id", "patient_id_other"])
    return whole.sort_values(["agree_in", "patient_id", "patient_id_other"], ignore_index=True)
