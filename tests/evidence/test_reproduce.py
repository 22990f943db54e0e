"""Recomputing the printed numbers: green as they stand, red when one of them is altered."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from isotherm.errors import BadEvidence
from isotherm.evidence.library import Library, read_library
from isotherm.evidence.reproduce import Reproduced, reproduce
from isotherm.evidence.result import PublishedResult
from tests.evidence.files import altered, changed, library


@pytest.fixture(scope="module")
def whole() -> Library:
    return read_library()


def outcome(rows: tuple[Reproduced, ...], check: str) -> Reproduced:
    return next(row for row in rows if row.check.id == check)


def test_every_mismatch_of_the_library_is_explained(whole: Library) -> None:
    rows = reproduce(whole)
    assert [row.check.id for row in rows if row.outcome == "MISMATCH"] == []
    assert set(Counter(row.outcome for row in rows)) == {"match", "rounding", "explained"}


@pytest.mark.parametrize(
    ("check", "test", "status"),
    [
        ("shyn_2014.margin-printed-p", "Fisher's exact test (of", "match"),
        ("shyn_2014.enhancement-printed-p", "Fisher's exact test (of", "match"),
        ("li_2023.complications-p", "chi-square without correction (of", "match"),
        ("li_2023.drug-p", "none (of", "explained"),
        ("meijerink_2024.systemic-p", "Yates", "match"),
        ("meijerink_2024.burden-p", "none (of", "explained"),
        ("meijerink_2024.burden-p-95", "chi-square without correction (of", "match"),
    ],
)
def test_the_test_that_was_printed_is_named(whole: Library, check: str, test: str, status: str) -> None:
    row = outcome(reproduce(whole), check)
    assert test in row.how
    assert row.outcome == status


@pytest.mark.parametrize(
    ("record", "changes", "check"),
    [
        ("shyn_2014.margin-progressed", {"events": 10}, "shyn_2014.margin-printed-p"),
        ("ruers_2017.number-1-3-local", {"events": 28}, "ruers_2017.number-local"),
        ("ruers_2017.number-1-3-local", {"estimate": Decimal("46.7")}, "ruers_2017.number-1-3-local:percentage"),
        ("gorgec_2024.more-minor", {"events": 33}, "gorgec_2024.more"),
        (
            "meijerink_2024.risk-ablation-patient-24",
            {"estimate": Decimal(183)},
            "meijerink_2024.risk-ablation-patient-falls",
        ),
        ("niekel_2010.ct-single", {"n": 14}, "niekel_2010.sections"),
        ("niekel_2010.ct-single", {"n": 13}, "niekel_2010.sections"),
        ("ruers_2017.os", {"p_value": Decimal("0.03")}, "ruers_2017.os:p-from-interval"),
        ("liang_2022.upfront", {"estimate": Decimal(119)}, "liang_2022.arms"),  # explained, and no longer so
        ("liang_2022.patients", {"estimate": Decimal(440)}, "liang_2022.arms"),  # a note about what is not there
        ("van_der_lei_2025.ae-resection", {"estimate": Decimal(47)}, "meijerink_2024.ae-both-sources"),
    ],
)
def test_an_altered_record_turns_it_red(whole: Library, record: str, changes: dict[str, Any], check: str) -> None:
    row = outcome(reproduce(altered(whole, record, **changes), {record}), check)
    assert row.outcome == "MISMATCH"


def test_a_clear_slip_in_a_count_or_an_interval_is_noticed_wherever_it_is_made(whole: Library) -> None:
    unnoticed = [record.id for record in whole.results.values() if _slip(record) and not _noticed(whole, record)]
    assert unnoticed == []


def _slip(record: PublishedResult) -> dict[str, Any]:
    """Return a slip in a record that carries a check of its own: one event more or less, another estimate."""
    events, n = record.events, record.n
    counted = record.measure == "percentage" and record.estimate is not None
    if counted and events is not None and n is not None and n <= 150:  # one of more patients can vanish in rounding
        return {"events": events + (1 if events < n else -1)}
    if record.has_interval and record.is_ratio and record.estimate is not None and record.high is not None:
        return {"high": record.high * 2}
    return {}


def _noticed(whole: Library, record: PublishedResult) -> bool:
    try:
        rows = reproduce(altered(whole, record.id, **_slip(record)), {record.id})
    except BadEvidence:
        return True
    return any(row.outcome == "MISMATCH" for row in rows)


def test_a_small_library_matches_rounds_and_explains() -> None:
    rows = reproduce(library())
    assert {row.check.id.partition(".")[2]: row.outcome for row in rows} == {
        "which-test": "match", "thin:percentage": "match", "thick:percentage": "match",
        "margin:middle-of-interval": "match", "margin:p-from-interval": "match",
    }  # fmt: skip
    assert outcome(rows, "smith_2020.which-test").how.startswith("chi-square without correction (of")


def test_a_note_explains_what_it_names_and_nothing_else() -> None:
    wrong = changed("estimate = 30.0, events", "estimate = 31.0, events")
    assert outcome(reproduce(library(wrong)), "smith_2020.thin:percentage").outcome == "MISMATCH"
    for computed, status in (("30.0", "explained"), ("29.0", "MISMATCH")):
        note = f'discrepancy = [{{ note = "Misprint.", check = "thin:percentage", computed = {computed} }}]'
        row = outcome(
            reproduce(library(wrong.replace('arm = "thin"', f'arm = "thin", {note}'))), "smith_2020.thin:percentage"
        )
        assert row.outcome == status


def test_a_check_of_what_was_not_printed_is_refused() -> None:
    with pytest.raises(BadEvidence, match=r"smith_2020\.thin#sd, where nothing was printed"):
        reproduce(library(changed("thin#events", "thin#sd")))


def test_a_division_by_nothing_is_a_mismatch_and_no_crash() -> None:
    old = 'kind = "two proportions"\nof = ["thin#events", "thin#n", "thick#events", "thick#n"]'
    row = outcome(reproduce(library(changed(old, 'kind = "root"\nof = ["thin", 0]'))), "smith_2020.which-test")
    assert (row.outcome, row.computed, [str(one) for one in row.check.of]) == (
        "MISMATCH",
        "nan",
        ["smith_2020.thin", "0"],
    )


def test_what_cannot_be_computed_is_a_mismatch_and_no_crash() -> None:
    none = changed("events = 12, n = 40", "events = 0, n = 40").replace("estimate = 30.0", "estimate = 0.0")
    none = none.replace("events = 5, n = 50", "events = 0, n = 50").replace("estimate = 10.0", "estimate = 0.0")
    row = outcome(reproduce(library(none)), "smith_2020.which-test")
    assert (row.outcome, row.computed) == ("MISMATCH", "nan")
