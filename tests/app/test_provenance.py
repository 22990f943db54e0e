"""The head of a report: what is known of a measurement, from its files and from whoever made it, and what is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

from isotherm.app.assessment import Assessment
from isotherm.app.correcting import Signature
from isotherm.app.provenance import ACCEPTED, UNKNOWN, Provenance, provenance_rows, result_hash
from isotherm.app.reading import Reading, ScanDays
from isotherm.app.records_of_case import margin_values
from isotherm.exchange.origin import Origin
from tests.app.pair_in_memory import assessed

ON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def found() -> Assessment:
    return assessed().assessment


def origin(day: date | None, taken: datetime | None) -> Origin:
    return Origin(patient_id="", patient_name="", study_uid="", day=day, taken=taken, modality="CT", frame_uid="")


def test_what_nobody_told_is_not_recorded() -> None:
    rows = dict(provenance_rows(found(), Provenance(on=ON)))
    assert rows["Measurement"] == "without a number (not of the local app)"
    assert rows["Measured"].startswith("2026-03-01 with isotherm ")
    assert rows["Measured"].endswith(f", by {UNKNOWN}")
    assert rows["Scans"] == f"before ablation {UNKNOWN}, after ablation {UNKNOWN}"
    assert (rows["Outlines drawn by"], rows["Accepted"]) == (UNKNOWN, ACCEPTED)
    assert not {"Masks corrected", "Scans aligned by hand"} & set(rows)


def test_who_corrected_and_who_aligned_is_told_with_day_and_reason_and_no_path() -> None:
    signed = Signature("B. Reader", "vessel, see /home/mallory/P4711.nii.gz", datetime(2026, 2, 28, tzinfo=UTC))
    rows = dict(provenance_rows(found(), Provenance(on=ON, id="ab", by="A. Reader", corrected=signed, aligned=signed)))
    assert rows["Masks corrected"] == rows["Scans aligned by hand"] == "2026-02-28, by B. Reader: vessel, see [file]"
    assert rows["Measurement"] == "ab"


def test_the_days_of_the_scans_are_those_of_their_files_and_stay_with_the_pair_until_the_report() -> None:
    read = Reading([])
    read.before += [origin(date(2025, 1, 2), None), origin(date(2025, 1, 9), None)]
    read.after += [origin(date(2025, 3, 3), None), origin(date(2025, 3, 3), datetime(2025, 3, 4, 9))]  # noqa: DTZ001
    assert read.days == ScanDays(date(2025, 1, 2), date(2025, 3, 4))
    rows = dict(provenance_rows(replace(found(), days=read.days), Provenance(on=ON)))
    assert rows["Scans"] == "before ablation 2025-01-02, after ablation 2025-03-04"


def test_the_number_of_the_result_is_the_one_that_its_record_in_the_registry_names() -> None:
    document = found().document
    back = json.loads(json.dumps(document))  # as it is read from margin.json when somebody accepts it
    result = str(margin_values(back, back["lesions"][0], folder="jobs/7")["result"])
    assert result == f"jobs/7/margin.json, {result_hash(document)}"
