"""A margin into the registry: linked to its result, locked against others, with who and why, and never a failed one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from isotherm.app.accepting import Acceptance, NamedScan, accept_margin, refuse_simulated
from isotherm.app.accepting_places import places_of
from isotherm.app.correcting import Correction, corrected_pair
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadRecord, BadSetting, NotAcceptable, Overtaken, SidesInDoubt, SizeInDoubt
from isotherm.exchange.origin import ORDER_ASKED
from isotherm.registry.store import open_store
from tests.app.pair_in_memory import FAR, THIN, assessed, pair

Document = Mapping[str, Any]

ASKED = Acceptance(patient_id="P1", lesion_id="L1", after=NamedScan(id="A", on=date(2025, 3, 2)),
                   before=NamedScan(id="B"), by="A. Reader", why="looked at both scans")  # fmt: skip


@cache
def found() -> Document:
    return assessed().assessment.document


@cache
def corrected() -> Document:
    return assessed(corrected_pair(pair(), [Correction("ablation", 0, (THIN,))])).assessment.document


@pytest.fixture
def address(tmp_path: Path) -> str:
    """A registry with one patient, a lesion and the scan before."""
    return made(tmp_path / "registry.sqlite")


def made(file: Path, *, simulated_by: str | None = None) -> str:
    """Make such a registry; return its address."""
    some = (("patient", "", {}), ("lesion", "L1", {"organ": "liver"}), ("scan", "B", {"scanned_on": date(2025, 1, 2)}))
    with open_store(str(file), create=True, simulated_by=simulated_by) as store:
        store.add([Record(kind=RECORD_KINDS[kind], patient_id="P1", id=own, values=values)
                   for kind, own, values in some], by="test", why="test")  # fmt: skip
    return str(file)


def accept(address: str, asked: Acceptance = ASKED, result: Document | None = None) -> str:
    return accept_margin(address, result or found(), "1", asked, folder="assess/7")


def test_the_record_holds_the_numbers_how_they_were_made_and_who_accepted_them(address: str) -> None:
    own = accept(address)
    kept = places_of(address, "P1").margins[own].record
    (lesion,) = found()["lesions"]
    assert kept.get("minimal_margin_mm") == lesion["minimal_margin_mm"]
    assert (kept.get("low_mm"), kept.get("high_mm")) == (lesion["interval_mm"]["low"], lesion["interval_mm"]["high"])
    assert (kept.get("reader"), kept.get("gates")) == ("A. Reader", lesion["registration"]["verdict"])
    assert str(kept.get("software")).startswith("isotherm ")
    assert str(kept.get("settings")).startswith("sha256 ")
    assert str(kept.get("result")).startswith("assess/7/margin.json, sha256 ")


def simulated() -> Document:
    first, *rest = found()["inputs"]
    return {**found(), "inputs": [{**first, "simulated": True}, *rest]}


def test_a_margin_of_simulated_images_goes_into_no_registry_of_patients(address: str) -> None:
    with pytest.raises(BadRecord, match="measured on simulated images goes into no registry of patients"):
        accept(address, result=simulated())
    assert places_of(address, "P1").margins == {}
    with pytest.raises(NotAcceptable, match="measured on simulated images goes into no registry of patients"):
        refuse_simulated(address, simulated())  # before anybody fills in a form
    refuse_simulated(address, found())


def test_where_nobody_ever_lived_it_goes_in_and_its_record_says_so(tmp_path: Path) -> None:
    address = made(tmp_path / "marked.registry", simulated_by="test")
    refuse_simulated(address, simulated())
    own = accept(address, result=simulated())
    assert str(places_of(address, "P1").margins[own].record.get("result")).endswith(", simulated")


def test_a_lesion_of_another_size_is_asked_about_and_the_answer_stands_in_the_audit(address: str) -> None:
    with open_store(address) as store:
        store.add([Record(kind=RECORD_KINDS["reading"], patient_id="P1", id="R1",
                          values={"lesion_id": "L1", "scan_id": "B", "diameter_mm": 31.0})],
                  by="test", why="test")  # fmt: skip
    with pytest.raises(SizeInDoubt, match=r"is 10.mm across, and the registry has lesion L1 with 31.mm"):
        accept(address)
    assert places_of(address, "P1").margins == {}
    accept(address, replace(ASKED, size_seen=True))
    with open_store(address) as store:
        told = store.history(patient_id="P1")[-1].why
    assert told.startswith("looked at both scans; said to be this lesion: the tumor that was measured is 10\u00a0mm")


def test_why_a_mask_was_corrected_stands_in_the_audit_beside_why_it_is_accepted(address: str) -> None:
    accept(address, replace(ASKED, corrected_why="the zone was drawn over a vessel"), corrected())
    with open_store(address) as store:
        told = store.history(patient_id="P1")[-1].why
    assert told == "looked at both scans; corrected by hand: the zone was drawn over a vessel"
    with pytest.raises(BadSetting):  # it stands in for nobody's reason to accept
        accept(address, replace(ASKED, why="", after=NamedScan(id="C", on=date(2025, 4, 2)), corrected_why="vessel"))


def test_an_ablation_of_another_lesion_is_refused(address: str) -> None:
    more = (("lesion", "L2", {"organ": "liver"}), ("session", "S1", {"ablated_on": date(2025, 2, 1)}),
            ("ablation", "S1.L2", {"session_id": "S1", "lesion_id": "L2"}))  # fmt: skip
    with open_store(address) as store:
        store.add([Record(kind=RECORD_KINDS[kind], patient_id="P1", id=own, values=values)
                   for kind, own, values in more], by="test", why="test")  # fmt: skip
    with pytest.raises(NotAcceptable, match="of another lesion"):
        accept(address, replace(ASKED, ablation_id="S1.L2"))
    assert accept(address, replace(ASKED, ablation_id="S1.L2", lesion_id="L2")) == "S1.L2"


def test_scans_in_the_wrong_order_are_refused_and_of_one_day_are_not(address: str) -> None:
    early, same = (NamedScan(id="A", on=date(2025, 1, day)) for day in (1, 2))
    with pytest.raises(NotAcceptable, match="taken after the scan after"):
        accept(address, replace(ASKED, after=early))
    assert places_of(address, "P1").scans == (("B", date(2025, 1, 2)),)
    accept(address, replace(ASKED, after=same))


def test_swapped_scans_are_refused_until_somebody_says_why_they_are_right(address: str) -> None:
    lesion = found()["lesions"][0]
    swapped = (
        {
            **found(),
            "warnings": [f"The image after ablation was taken earlier than the one before: {ORDER_ASKED}; ok."],
        },
        {**found(), "lesions": [{**lesion, "ablation_volume_ml": 0.5 * lesion["tumor_volume_ml"]}]},
    )
    for result in swapped:
        with pytest.raises(SidesInDoubt, match="measure again with the right scans, or say why these are right"):
            accept(address, result=result)
        assert places_of(address, "P1").margins == {}
    accept(address, replace(ASKED, sides_why="the days were moved when names were removed"), swapped[0])
    with open_store(address) as store:
        told = store.history(patient_id="P1")[-1].why
    assert told == ("looked at both scans; though the image after ablation was taken earlier than the one before, the "
                    "scans are right: the days were moved when names were removed")  # fmt: skip
    with pytest.raises(BadSetting):  # it stands in for nobody's reason to accept
        accept(
            address, replace(ASKED, why="", after=NamedScan(id="C", on=date(2025, 4, 2)), sides_why="moved"), swapped[0]
        )


def test_a_new_scan_of_a_key_that_the_registry_holds_of_another_day_is_refused(address: str) -> None:
    with pytest.raises(NotAcceptable, match="of another day; choose it, or give the new one a key of its own"):
        accept(address, replace(ASKED, before=NamedScan(id="B", on=date(2025, 1, 1))))
    assert places_of(address, "P1").margins == {}
    accept(address, replace(ASKED, before=NamedScan(id="B", on=date(2025, 1, 2))))


def test_a_scan_that_the_registry_does_not_hold_comes_with_its_day_in_the_same_transaction(address: str) -> None:
    accept(address)
    assert places_of(address, "P1").scans == (("A", date(2025, 3, 2)), ("B", date(2025, 1, 2)))
    with open_store(address) as store:
        last, before = store.history(patient_id="P1")[-1], store.history(patient_id="P1")[-2]
    assert last.transaction_id == before.transaction_id
    assert (last.who, last.why) == ("A. Reader", "looked at both scans")


def test_a_corrected_margin_revises_the_one_that_was_read_and_empties_what_it_does_not_tell(address: str) -> None:
    own = accept(address, replace(ASKED, before=None))
    places = places_of(address, "P1")
    again = replace(ASKED, revision=places.revision_of(own), why="zone corrected")
    accept(address, again, corrected())
    kept = places_of(address, "P1").margins[own]
    assert kept.revision == (again.revision or 0) + 1
    (lesion,) = corrected()["lesions"]
    assert kept.record.get("minimal_margin_mm") == lesion["minimal_margin_mm"]
    assert kept.record.get("before_scan_id") == "B"
    accept(address, replace(again, revision=kept.revision, before=None), corrected())
    assert places_of(address, "P1").margins[own].record.get("before_scan_id") is None


def test_who_comes_second_with_an_old_revision_overwrites_nothing(address: str) -> None:
    own = accept(address)
    read = replace(ASKED, revision=places_of(address, "P1").revision_of(own))
    accept(address, read, corrected())
    with pytest.raises(Overtaken):
        accept(address, read)
    with pytest.raises(BadRecord):
        accept(address)  # who saw no margin there finds one
    (lesion,) = corrected()["lesions"]
    assert places_of(address, "P1").margins[own].record.get("minimal_margin_mm") == lesion["minimal_margin_mm"]


def test_a_failed_registration_puts_nothing_into_the_registry(address: str) -> None:
    failed = assessed(way=FAR).assessment.document
    with pytest.raises(NotAcceptable, match="failed its gates"):
        accept(address, result=failed)
    assert places_of(address, "P1").margins == {}


@pytest.mark.parametrize(("asked", "error"), [
    (replace(ASKED, patient_id="P2"), NotAcceptable),
    (replace(ASKED, lesion_id="L2"), BadRecord),
    (replace(ASKED, ablation_id="S1.L1"), BadRecord),
    (replace(ASKED, after=NamedScan(id="A")), NotAcceptable),
    (replace(ASKED, before=NamedScan(id="A")), NotAcceptable),
    (replace(ASKED, lesion_id="../../etc"), NotAcceptable),
    (replace(ASKED, patient_id=""), NotAcceptable),
    (replace(ASKED, by=""), BadSetting),
    (replace(ASKED, why=""), BadSetting),
])  # fmt: skip
def test_what_points_to_nothing_or_says_nothing_is_refused_and_nothing_is_written(
    address: str, asked: Acceptance, error: type[Exception]
) -> None:
    with pytest.raises(error):
        accept(address, asked)
    assert places_of(address, "P1").margins == {}
    assert [own for own, _ in places_of(address, "P1").scans] == ["B"]


def test_a_patient_or_a_lesion_of_the_result_that_is_not_there_is_refused(address: str) -> None:
    with pytest.raises(NotAcceptable, match="no patient"):
        places_of(address, "P2")
    with pytest.raises(NotAcceptable, match="no lesion"):
        accept_margin(address, found(), "9", ASKED, folder="assess/7")


def test_with_its_ablation_the_margin_has_the_key_that_a_case_gives_it() -> None:
    assert replace(ASKED, ablation_id="S1.L1").margin_id == "S1.L1"
    assert ASKED.margin_id == "A.L1"
