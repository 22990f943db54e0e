"""Columns and conditions in words: every column of a cohort has some, conditions keep their numbers and units."""

from __future__ import annotations

import pytest

from isotherm.app.registry_words import column_unit, column_words, condition_words, opposite_words


@pytest.mark.parametrize(
    ("text", "words", "opposite"),
    [
        ("n_lesions <= 3", "number of tumors at most 3", "Not: number of tumors at most 3"),
        ("largest_lesion_mm <= 30", "largest tumor at most 30 mm", "Not: largest tumor at most 30 mm"),
        ("not extrahepatic_disease", "disease outside of the liver: no", "disease outside of the liver: yes"),
        ("synchronous", "synchronous metastases: yes", "synchronous metastases: no"),
        ("sex == 'male'", "sex is male", "Not: sex is male"),
        ("os_days > 0", "Overall survival: days above 0", "Not: Overall survival: days above 0"),
        ("ablated_on >= 2014-01-01", "first ablation at least 2014-01-01", "Not: first ablation at least 2014-01-01"),
        ("largest_lesion_mm > 3 and ablated_on < 2014-01-01",
         "largest tumor above 3 mm and first ablation below 2014-01-01",
         "Not: largest tumor above 3 mm and first ablation below 2014-01-01"),
        ("minimal_margin_mm <= - 5", "minimal margin at most −5 mm", "Not: minimal margin at most −5 mm"),  # noqa: RUF001
        ("ablated_on - 14 >= decided_on", "first ablation − 14 at least day of the decision",  # noqa: RUF001
         "Not: first ablation − 14 at least day of the decision"),  # noqa: RUF001
        ("minimal_margin_mm between -5 and -2.5", "minimal margin between −5 mm and −2.5 mm",  # noqa: RUF001
         "Not: minimal margin between −5 mm and −2.5 mm"),  # noqa: RUF001
        ("(sex == 'n_lesions' or somebody < 2)", "(sex is n_lesions or somebody below 2)",
         "Not: (sex is n_lesions or somebody below 2)"),
    ],
)  # fmt: skip
def test_a_condition_is_said_in_the_words_of_the_fields(text: str, words: str, opposite: str) -> None:
    assert condition_words(text) == words
    assert opposite_words(text) == opposite


def test_columns_have_words_and_units() -> None:
    assert column_words("ecog") == "ECOG performance status"
    assert (column_words("cea_ug_l"), column_unit("cea_ug_l")) == ("CEA", "µg/L")
    assert column_words("pfs_found_on") == "Progression-free survival: day on which it was found"
    assert (column_words("of_nobody"), column_unit("of_nobody")) == ("of nobody", "")
