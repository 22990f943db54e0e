"""Where a margin may go, in words: what tells lesions apart, what follows from one, what would be replaced."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from isotherm.app.accepting_places import Places, places_of
from isotherm.app.accepting_words import (
    ablation_says,
    lesion_places,
    margins_there,
    not_carried_over,
    replaced_words,
    scan_says,
    would_drop,
)
from isotherm.app.registry_tasks import make
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.store import open_store


def of(kind: str, key: str = "", **values: object) -> Record:
    return Record(kind=RECORD_KINDS[kind], patient_id="P1", id=key, values=values)  # pyright: ignore[reportArgumentType]


SCANS = (of("scan", "early", scanned_on=date(2026, 1, 2)), of("scan", "late", scanned_on=date(2026, 2, 3)))


def places(folder: Path, *more: Record) -> Places:
    address = str(folder / "one.registry")
    make(address)
    with open_store(address) as store:
        store.add([
            of("patient"), of("lesion", "L1", organ="liver", place="IVb"), of("lesion", "L2", organ="liver"),
            of("session", "S1", ablated_on=date(2026, 2, 1)), *SCANS,
            of("reading", "R1", lesion_id="L1", scan_id="early", diameter_mm=27.0),
            of("ablation", "A1", session_id="S1", lesion_id="L1"), *more,
        ], by="test", why="test")  # fmt: skip
    return places_of(address, "P1")


def test_a_lesion_is_told_by_place_size_and_ablation_and_brings_its_ablation_and_scans(tmp_path: Path) -> None:
    first, second = lesion_places(places(tmp_path), 28.0)

    assert first.says == "L1: liver, IVb; 27 mm, 2026-01-02; ablated 2026-02-01"
    assert (first.ablation, first.after, first.before) == ("A1", "late", "early")
    assert (second.says, second.ablation, second.after, second.before) == ("L2: liver", "", "", "")


def test_a_lesion_that_was_of_another_size_says_so(tmp_path: Path) -> None:
    first, second = lesion_places(places(tmp_path), 9.0)
    assert "the registry has lesion L1 with 27\u00a0mm (2026-01-02)" in first.doubt
    assert second.doubt == ""


def test_of_several_ablations_or_scans_none_is_chosen(tmp_path: Path) -> None:
    more = of("scan", "later", scanned_on=date(2026, 5, 3))
    first, _ = lesion_places(places(tmp_path, more), 28.0)
    assert (first.after, first.before) == ("", "early")

    (tmp_path / "twice").mkdir()
    again = of("ablation", "A2", session_id="S1", lesion_id="L1")
    first, _ = lesion_places(places(tmp_path / "twice", again), 28.0)
    assert (first.ablation, first.after, first.before) == ("", "", "")


def test_the_margins_that_would_be_replaced_are_told(tmp_path: Path) -> None:
    margin = of("margin", "A1", lesion_id="L1", scan_id="late", ablation_id="A1", status="measured",
                minimal_margin_mm=-0.2)  # fmt: skip
    found = places(tmp_path, margin)

    assert margins_there(found) == ("lesion L1: \u22120.2\u00a0mm, margin A1",)
    assert ablation_says(found) == {"A1": "A1, lesion L1, 2026-02-01"}


def test_what_a_new_margin_has_nothing_to_say_about_is_told_before_it_replaces_one(tmp_path: Path) -> None:
    facts = {"lesion_id": "L1", "scan_id": "late", "ablation_id": "A1", "status": "measured", "reader": "berta"}
    bridged = of("margin", "A1", **facts, minimal_margin_mm=5.0, vessel_bridging=False)
    found = places(tmp_path, bridged)
    new = {"status": "measured", "minimal_margin_mm": 2.0, "vessel_bridging": None}

    (dropped,) = would_drop(found, new)
    assert (dropped.key, dropped.lesion, dropped.says) == ("A1", "L1", ("a vessel bridges the margin: no",))
    assert would_drop(found, new | {"vessel_bridging": True}) == ()
    assert not_carried_over(None, new) == ()
    assert not_carried_over({"vessel_bridging": None}, new) == ("a vessel bridges the margin: nobody could tell",)


def test_what_was_replaced_is_told_as_the_audit_has_it() -> None:
    assert replaced_words(None) == ""
    assert replaced_words({"status": "measured", "minimal_margin_mm": -0.214}) == "\u22120.2\u00a0mm"
    assert replaced_words({"status": "not_assessable"}) == "not assessable"


def test_a_scan_is_told_by_its_day_purpose_and_phase_and_no_day_twice(tmp_path: Path) -> None:
    more = (of("scan", "F1", scanned_on=date(2026, 3, 4), purpose="follow-up", phase="arterial"),
            of("scan", "2026-05-06", scanned_on=date(2026, 5, 6)))  # fmt: skip

    assert scan_says(places(tmp_path, *more)) == {
        "early": "early, 2026-01-02", "late": "late, 2026-02-03", "F1": "F1, 2026-03-04, follow-up, arterial",
        "2026-05-06": "2026-05-06",
    }  # fmt: skip
