"""FHIR R4B: bundles that an independent reader accepts, and that come back as they were."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from isotherm.clinical.kinds import Value
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import UnreadableFile
from isotherm.exchange.fhir_definitions import definitions
from isotherm.exchange.fhir_elements import ELEMENTS
from isotherm.exchange.fhir_in import read_fhir
from isotherm.exchange.fhir_names import RESOURCES, UNITS
from isotherm.exchange.fhir_out import bundle_of, write_fhir
from tests.exchange.random_records import TODAY, by_key, registries

fhir = pytest.importorskip("fhir.resources.R4B", reason="fhir.resources is the independent reader")

SLOW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def record(kind: str, key: str = "", unknown: Sequence[str] = (), **values: Value) -> Record:
    return Record(kind=RECORD_KINDS[kind], patient_id="007", id=key, values=values, unknown=frozenset(unknown))


DAY = date(2024, 3, 1)
ONE_PATIENT = [
    record("patient", sex="female", born_on=date(1951, 4, 3), center_id="C1", bmi_kg_m2=23.5, unknown=["diabetes"]),
    record("death", died_on=date(2026, 1, 2), cause="tumor"),
    record("primary", "1", primary="colorectal", diagnosed_on=date(2020, 1, 1), ras="wild type"),
    record("decision", "1", decided_on=DAY, strategy="ablation first", unknown=["cea_ug_l"]),
    record("lesion", "1", organ="liver", place="IVa", found_on=DAY, perihilar=False, note="=near the vein"),
    record("lesion", "2", organ="lung", place="middle lobe", unknown=["found_on"]),
    record("scan", "a", scanned_on=DAY, modality="PET/CT", study_uid="1.2.3", series_uid="1.2.3.4"),
    record("reading", "r", lesion_id="1", scan_id="a", diameter_mm=21.5, second_diameter_mm=18.0, volume_ml=1e-7),
    record("session", "s", ablated_on=DAY, approach="percutaneous"),
    record("ablation", "x", session_id="s", lesion_id="1", modality="MWA", power_w=100.0, applications=2),
    record("ablation", "y", session_id="s", lesion_id="2", modality="RFA"),
    record("margin", "m", lesion_id="1", ablation_id="x", scan_id="a", status="measured", minimal_margin_mm=-0.25,
           unknown=["before_scan_id", "gates"]),
    record("systemic", "1", regimen="FOLFOX", started_on=DAY, cycles=6, response="partial response"),
    record("systemic", "2", started_on=DAY, stopped_on=DAY, unknown=["regimen"]),
    record("follow_up", "f", seen_on=DAY, scan_id="a", new_in_organ=True, quality_of_life=3.0),
    record("finding", "q", follow_up_id="f", lesion_id="1", state="local tumor progression"),
    record("complication", "c", description="pleural effusion", began_on=DAY, session_id="s", ctcae_grade=2),
    record("fact", "t", name="ecog", value="1", noted_on=DAY, origin="typed"),
]  # fmt: skip


def test_every_kind_of_record_has_a_place() -> None:
    assert {one.kind.name for one in ONE_PATIENT} == set(RECORD_KINDS) == set(RESOURCES) == set(ELEMENTS)
    for name, kind in RECORD_KINDS.items():
        assert set(ELEMENTS[name]) <= {field.name for field in kind.fields}
        assert {field.unit for field in kind.fields} <= set(UNITS)


def test_an_independent_reader_accepts_a_patient_with_everything(tmp_path: Path) -> None:
    write_fhir(ONE_PATIENT, tmp_path / "b.json")
    text = (tmp_path / "b.json").read_text(encoding="utf-8")
    read = fhir.get_fhir_model_class("Bundle").model_validate_json(text)
    assert len(read.entry) == len(ONE_PATIENT) - 1  # a death is told by the patient's resource
    patient = read.entry[0].resource
    assert (patient.gender, str(patient.deceasedDateTime)) == ("female", "2026-01-02")
    assert [one.record for one in read_fhir(tmp_path / "b.json", today=TODAY).noted] != []


def test_a_patient_with_everything_comes_back(tmp_path: Path) -> None:
    counts = write_fhir(ONE_PATIENT, tmp_path / "b.json")
    intake = read_fhir(tmp_path / "b.json", today=TODAY)
    assert intake.problems == []
    assert by_key([one.record for one in intake.noted]) == by_key(ONE_PATIENT)
    assert sum(counts.values()) == len(ONE_PATIENT)


@given(found=registries())
@SLOW
def test_what_goes_out_comes_back(found: list[Record]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_fhir(found, Path(folder) / "b.json")
        intake = read_fhir(Path(folder) / "b.json", today=TODAY)
    assert intake.problems == []
    assert by_key([one.record for one in intake.noted]) == by_key(found)


def test_a_bundle_of_nobody_is_labeled_as_test_data_and_known_by_any_of_its_labels(tmp_path: Path) -> None:
    bundle = bundle_of(ONE_PATIENT, simulated=True)
    fhir.get_fhir_model_class("Bundle").model_validate_json(json.dumps(bundle))
    labels = [one["meta"]["security"] for one in (bundle, *(entry["resource"] for entry in bundle["entry"]))]
    assert {(one["system"], one["code"]) for label in labels for one in label} == {
        ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST")
    }
    plain = bundle_of(ONE_PATIENT)
    assert "HTEST" not in json.dumps(plain)
    one_only = plain | {"entry": [bundle["entry"][0], *plain["entry"][1:]]}
    odd = plain | {"meta": {"security": [None, "HTEST", {"code": "HTEST"}]}}
    for number, (told, simulated) in enumerate([(bundle, True), (plain, False), (one_only, True), (odd, False)]):
        (tmp_path / f"{number}.json").write_text(json.dumps(told))
        intake = read_fhir(tmp_path / f"{number}.json", today=TODAY)
        assert (intake.problems, intake.simulated) == ([], simulated)
        assert by_key([one.record for one in intake.noted]) == by_key(ONE_PATIENT)


def test_references_point_to_resources_of_the_bundle_and_profiles_are_those_of_mcode() -> None:
    bundle = bundle_of(ONE_PATIENT)
    addresses = {one["fullUrl"] for one in bundle["entry"]}
    assert len(addresses) == len(bundle["entry"])
    text = json.dumps(bundle)
    pointed = {part.split('"', 1)[0] for part in text.split('"reference": "')[1:]}
    assert pointed <= addresses
    profiles = {one["resource"]["meta"]["profile"][0].rsplit("/", 1)[1]
                for one in bundle["entry"] if "meta" in one["resource"]}  # fmt: skip
    assert profiles == {
        "mcode-cancer-patient", "mcode-primary-cancer-condition", "mcode-secondary-cancer-condition",
        "mcode-cancer-related-surgical-procedure", "mcode-cancer-related-medication-administration",
    }  # fmt: skip


def test_every_extension_is_declared_and_an_independent_reader_accepts_the_declarations() -> None:
    declared = definitions()
    fhir.get_fhir_model_class("Bundle").model_validate_json(json.dumps(declared))
    urls = {one["resource"]["url"] for one in declared["entry"]}

    def used(node: object) -> set[str]:
        if isinstance(node, dict):
            own = {
                str(node[name]) for name in ("url", "system") if str(node.get(name, "")).startswith("urn:isotherm:fhir")
            }
            return own.union(*(used(one) for one in node.values()))
        return set().union(*(used(one) for one in node)) if isinstance(node, list) else set()

    assert {one for one in used(bundle_of(ONE_PATIENT)) if ":id:" not in one} <= urls


@pytest.mark.parametrize("content", ["", "{", "[]", '{"resourceType": "Patient"}', '{"a": ' * 2000])
def test_what_is_no_bundle_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "b.json").write_text(content)
    with pytest.raises(UnreadableFile):
        read_fhir(tmp_path / "b.json", today=TODAY)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (lambda one: one.update(gender="divers"), "sex"),
        (lambda one: one.update(birthDate="1951-13-01"), "born_on"),
        (lambda one: one.update(birthDate="2031-01-01"), "born_on"),
        (lambda one: one["extension"][0].update(valueQuantity={"value": "x", "code": "kg/m2"}), "bmi_kg_m2"),
        (lambda one: one["extension"][0].update(valueQuantity={"value": 23.5, "code": "[lb_av]/[sft_i]"}), "bmi_kg_m2"),
        (lambda one: one.update(identifier=[]), ""),
        (lambda one: one.update(managingOrganization={"identifier": {"value": ["C"]}}), "center_id"),
    ],
)
def test_a_resource_that_was_changed_by_hand_is_named_by_entry_and_field(tmp_path: Path, change, column: str) -> None:
    bundle = bundle_of(ONE_PATIENT[:1])
    change(bundle["entry"][0]["resource"])
    (tmp_path / "b.json").write_text(json.dumps(bundle))
    problem = read_fhir(tmp_path / "b.json", today=TODAY).problems[0]
    assert (problem.row, problem.column) == (1, column)
