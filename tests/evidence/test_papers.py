"""What the library that comes along keeps: sources, statuses, both values where sources disagree, and its pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from isotherm.app.evidence_words import status_words
from isotherm.evidence.library import Library, read_library
from tests.evidence.coverage import coverage, covered_rows, left_out
from tests.evidence.files import altered
from tests.evidence.pages import DOCS, pages


@pytest.fixture(scope="module")
def whole() -> Library:
    return read_library()


def test_every_number_of_the_inventory_is_in_a_record_or_left_out_with_a_reason(whole: Library) -> None:
    rows = coverage(whole)
    assert [(row.id, row.missing) for row in rows if row.missing] == []
    assert covered_rows(whole) | set(left_out()) >= {row.id for row in rows}
    assert covered_rows(whole) <= {row.id for row in rows}


@pytest.mark.parametrize(
    ("record", "changes", "row"),
    [
        ("shyn_2014.margin-free", {"covers": ()}, "2.5-04"),
        ("gorgec_2024.or-rectum", {"estimate": Decimal("2.25")}, "2.3.8-11"),
        ("ruers_2017.t-4-local", {"estimate": Decimal("15.1")}, "2.3.2-07"),  # 15.0 stands there twice
    ],
)
def test_a_record_that_is_lost_or_changed_is_missed(
    whole: Library, record: str, changes: dict[str, Any], row: str
) -> None:
    assert next(one for one in coverage(altered(whole, record, **changes)) if one.id == row).missing


def test_the_pages_are_what_the_records_say(whole: Library) -> None:
    for name, text in pages(whole).items():
        same = (DOCS / name).read_text(encoding="utf-8") == text
        assert same, f"docs/{name} is old: python -m tests.evidence.pages"


def test_every_derived_number_takes_part_in_a_check_and_points_to_its_parents(whole: Library) -> None:
    compared = {name for check in whole.all_checks() for name in check.records}
    derived = [record for record in whole.results.values() if record.status == "derived"]
    assert [record.id for record in derived if record.id not in compared or not record.parents] == []


def test_what_was_recalled_says_so_wherever_it_is_shown(whole: Library) -> None:
    recalled = [record for record in whole.results.values() if record.status == "recalled"]
    assert recalled
    assert all("confirm" in status_words(record) for record in recalled)
    assert all(whole.papers[record.paper].identification == "published" or record.status != "published"
               or record.source.title != whole.papers[record.paper].title or "hsu" in record.source.journal.casefold()
               for record in whole.results.values())  # fmt: skip


def test_a_publication_that_is_not_identified_holds_nothing_but_what_was_recalled(whole: Library) -> None:
    unknown = {name for name, paper in whole.papers.items() if "not identified" in paper.journal}
    assert unknown
    assert {record.status for record in whole.results.values() if record.paper in unknown} == {"recalled"}


@pytest.mark.parametrize(
    ("one", "value", "other", "against"),
    [
        ("meijerink_2024.ae-resection", "56", "van_der_lei_2025.ae-resection", "46"),
        ("meijerink_2024.os", "1.042", "van_der_lei_2025.os", "1.05"),
        ("meijerink_2024.enrolled", "299", "van_der_lei_2025.randomized", "300"),
        ("liang_2022.patients", "543", "liang_2022.arms-total", "440"),
        ("gillams_2015.survival", "30", "gillams_2015.survival-abstract", "31"),
    ],
)
def test_where_sources_disagree_both_values_stand(
    whole: Library, one: str, value: str, other: str, against: str
) -> None:
    assert (whole.result(one).estimate, whole.result(other).estimate) == (Decimal(value), Decimal(against))
    assert whole.result(one).discrepancies


def test_what_was_printed_stays_and_what_was_meant_stands_beside_it(whole: Library) -> None:
    row = whole.result("niekel_2010.mri-small")
    assert "<1 mm" in row.label
    assert row.corrected == "lesions below 10 mm"
    assert whole.result("abdalla_2004.os-first").direction_suspect
    assert whole.result("hsu_2024.veltri-small").unit_suspect
    assert {whole.papers["fan_2026"].organ, whole.papers["gillams_2015"].organ} == {"lung", "liver"}


def test_ratios_without_a_printed_reference_say_so(whole: Library) -> None:
    assert whole.result("fan_2026.os-systemic").reference == "not printed"
