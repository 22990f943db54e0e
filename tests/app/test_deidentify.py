"""What goes out tells no person and keeps intervals, references and voxels; what may show text stays behind."""

from __future__ import annotations

import csv
import json
import re
import stat
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.datadict import dictionary_has_tag
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, SecondaryCaptureImageStorage

from isotherm.exchange.deid_secret import Secret
from isotherm.exchange.deid_walk import basic_profile
from isotherm.exchange.deid_words import cleaned
from isotherm.exchange.image_files import read_masks, read_volume
from tests.app.on_disk import GRID, Command
from tests.app.test_dicom_commands import HU, arguments, case  # noqa: F401 - a fixture
from tests.exchange.fuzz_dicom import mutated
from tests.exchange.made_up_dicom import PATIENT_ID, as_series, read_again, save, slices, uid

SECRET_WORDS = (b"secret", b"47-11", b"mrn-4711", b"doe", b"jane", b"roe^", b"19500203")
"""Parts of everything planted that tells a person, in small letters; no UID, which is drawn, holds one by chance."""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture
def apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that lies outside of what comes in."""
    return tmp_path_factory.mktemp("apart")


def planted(dataset: Dataset, k: int) -> None:
    """Put what tells a person where real exports have it."""
    dataset.InstitutionName, dataset.OperatorsName = "Secret Hospital", "Secret^Sam"
    dataset.StudyDescription, dataset.SeriesDescription = "Liver of Mrs Secret", "Arterial phase, Jane Doe"
    dataset.ImageComments = dataset.PatientComments = "called Dr Secret on 47-11"
    dataset.PatientAge, dataset.PatientWeight = "074Y", 61
    dataset.SyntheticData = "YES"
    dataset.add_new(0x00091001, "LO", "Secret private")
    dataset.private_block(0x0011, "SECRET CREATOR", create=True).add_new(1, "PN", "Doe^Jane")
    request, code, nested = Dataset(), Dataset(), Dataset()
    request.RequestedProcedureDescription, request.ScheduledProcedureStepID = "for Jane Secret", "47-11"
    request.private_block(0x0013, "SECRET", create=True).add_new(1, "LO", "Secret")
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "1", "99X", "plain"
    nested.ReferencedSOPClassUID, nested.ReferencedSOPInstanceUID = CTImageStorage, uid("before", "series", "0")
    nested.PurposeOfReferenceCodeSequence = Sequence([code])
    dataset.RequestAttributesSequence = Sequence([request])
    dataset.SourceImageSequence = Sequence([nested])
    dataset.FrameReferenceDateTime = "20240102101500.250000+0100"
    dataset.add_new(0x60003000, "OW", b"\0\0")
    dataset.add_new(0x60000022, "LO", "Secret overlay")
    dataset.file_meta.SourceApplicationEntityTitle = "SECRET_AE"
    dataset.preamble = b"Jane Doe".ljust(128, b"\0")


def cleaned_folder(run: Command, source: Path, home: Path, *more: str | Path) -> Path:
    ran = run("deidentify", source, "--out", home / "clean", "--key", home / "site.key", *more)
    assert ran.code == 0, ran.err
    return home / "clean"


def objects(folder: Path) -> dict[str, list[Dataset]]:
    """Return the objects of a folder, by modality."""
    found: dict[str, list[Dataset]] = {}
    for path in sorted(folder.rglob("*.dcm")):
        dataset = read_again(path)
        found.setdefault(str(dataset.Modality), []).append(dataset)
    return found


def test_nothing_that_was_planted_goes_out(run: Command, tmp_path: Path) -> None:
    source = as_series(tmp_path / "in", HU[:4], GRID, change=planted)
    before = {path: path.read_bytes() for path in source.iterdir()}
    folder = cleaned_folder(run, source, tmp_path)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 5
    for path in files:
        data = path.read_bytes().lower()
        assert not [word for word in SECRET_WORDS if word in data], path
        assert not [word for word in SECRET_WORDS if word in str(path).lower().encode()]
    assert {path: path.read_bytes() for path in source.iterdir()} == before


def test_what_is_needed_stays(run: Command, tmp_path: Path) -> None:
    folder = cleaned_folder(run, as_series(tmp_path / "in", HU[:4], GRID, change=planted), tmp_path)
    read = read_volume(folder)
    assert np.array_equal(read.volume.voxels, HU[:4])
    one = objects(folder)["CT"][0]
    assert one.SeriesDescription == "Arterial phase"
    assert one.PatientID == one.PatientName
    assert (one.PatientIdentityRemoved, one.LongitudinalTemporalInformationModified) == ("YES", "MODIFIED")
    assert [code.CodeValue for code in one.DeidentificationMethodCodeSequence] == ["113100", "113105", "113107"]
    assert one.KVP == 120
    assert read.simulated
    assert one.PatientBirthDate == ""
    assert not any(tag.is_private for tag in one.keys())
    assert one.FrameReferenceDateTime[8:] == "101500.250000+0100"


def test_intervals_between_scans_and_to_rows_of_a_table_are_the_same(
    run: Command,
    case: Path,  # noqa: F811
    apart: Path,
) -> None:
    (apart / "rows.csv").write_text(
        f"id,procedure,died,days\n{PATIENT_ID.lower()} ,2024-01-02,2026-03-01,5\nOTHER,2024-01-02,,6\n"
    )
    folder = cleaned_folder(run, case, apart, "--table", apart / "rows.csv", "--patient-column", "id",
                            "--day-columns", "procedure, died")  # fmt: skip
    days = sorted({str(one.StudyDate) for one in objects(folder)["CT"]})
    before, after = (datetime.strptime(day, "%Y%m%d").date() for day in days)  # noqa: DTZ007
    assert (after - before).days == 1
    rows = list(csv.DictReader((folder / "table.csv").read_text().splitlines()))
    assert date.fromisoformat(rows[0]["procedure"]) == before
    assert (date.fromisoformat(rows[0]["died"]) - before).days == (date(2026, 3, 1) - date(2024, 1, 2)).days
    assert 365 <= (date(2024, 1, 2) - before).days <= 3650
    assert rows[0]["id"] == objects(folder)["CT"][0].PatientID
    assert rows[1]["procedure"] != rows[0]["procedure"]
    assert (rows[1]["died"], rows[1]["days"]) == ("", "6")


def test_references_still_lead_to_their_images_and_the_margin_is_the_same(
    run: Command,
    case: Path,  # noqa: F811
    apart: Path,
) -> None:
    assert run("margin", *arguments(case), "--dicom", case / "results").code == 0
    folder = cleaned_folder(run, case, apart)
    found = objects(folder)
    images = {str(one.SOPInstanceUID) for one in found["CT"]}
    for one in [*found["SEG"], *found["SR"]]:
        named = {str(item.value) for item in one.iterall() if item.keyword == "ReferencedSOPInstanceUID"}
        assert named & images
        assert named <= images | {str(other.SOPInstanceUID) for other in found["SEG"]}
    zone = next(one for one in found["SEG"] if one.SegmentSequence[0].SegmentLabel == "zone")
    named = {str(item.value) for item in zone.iterall() if item.keyword == "ReferencedSOPInstanceUID"}
    assert named <= {str(one.SOPInstanceUID) for one in found["CT"] if one.StudyInstanceUID == zone.StudyInstanceUID}
    path = next(path for path in folder.rglob("*.dcm") if read_again(path).SOPInstanceUID == zone.SOPInstanceUID)
    old = read_masks(f"{case}/after/seg.dcm:zone", of="ablation")[0].mask
    new = read_masks(f"{path}:zone", of="ablation")[0].mask
    assert np.array_equal(new.voxels, old.voxels)


def test_results_are_valid_dicom(
    run: Command,
    case: Path,  # noqa: F811
    apart: Path,
    dciodvfy: Callable[[Path], list[str]],
) -> None:
    assert run("margin", *arguments(case), "--dicom", case / "results").code == 0
    folder = cleaned_folder(run, case / "results", apart)
    for path in folder.rglob("*.dcm"):
        assert dciodvfy(path) == []


def test_one_key_gives_one_answer_and_another_key_another(run: Command, tmp_path: Path) -> None:
    source = as_series(tmp_path / "in", HU[:4], GRID)
    (tmp_path / "a").mkdir()
    first = cleaned_folder(run, source, tmp_path / "a")
    again = run("deidentify", source, "--out", tmp_path / "b", "--key", tmp_path / "a" / "site.key")
    other = run("deidentify", source, "--out", tmp_path / "c", "--key", tmp_path / "other.key")
    assert (again.code, other.code) == (0, 0)
    names = [sorted(str(p.relative_to(folder)) for p in folder.rglob("*.dcm")) for folder in
             (first, tmp_path / "b", tmp_path / "c")]  # fmt: skip
    assert names[0] == names[1]
    assert not set(names[0]) & set(names[2])
    assert stat.S_IMODE((tmp_path / "other.key").stat().st_mode) == 0o600
    assert "A new key was made" in other.out
    assert "A new key was made" not in again.out


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda one: setattr(one, "BurnedInAnnotation", "YES"), "text is burned into its pixels"),
        (lambda one: setattr(one, "PatientID", ""), "no patient ID"),
        (lambda one: delattr(one, "ImagePositionPatient"), "such as a screen shot"),
        (lambda one: setattr(one, "ImageType", ["DERIVED", "SECONDARY", "SCREEN SAVE"]), "of a screen"),
        (lambda one: setattr(one, "SOPClassUID", SecondaryCaptureImageStorage), "may show text in its pixels"),
        (lambda one: setattr(one, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.104.1"), "may show text in its pixels"),
        (lambda one: setattr(one, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.6.1"), "may show text in its pixels"),
        (lambda one: setattr(one, "Manufacturer", "for MRN-4711-SECRET"), "found in it after all"),
    ],
)
def test_what_may_show_a_person_stays_behind_with_its_reason(
    run: Command, tmp_path: Path, change: Callable[[Dataset], None], says: str
) -> None:
    good, bad = slices(HU[:2], GRID)
    change(bad)
    save(good, tmp_path / "in" / "good")
    save(bad, tmp_path / "in" / "bad")
    ran = run("deidentify", tmp_path / "in", "--out", tmp_path / "clean", "--key", tmp_path / "key")
    assert ran.code == 0
    assert says in ran.out
    assert len(list((tmp_path / "clean").rglob("*.dcm"))) == 1
    told = json.loads((tmp_path / "clean" / "deidentification.json").read_text())
    assert [one["objects"] for one in told["quarantined"]] == [1]


def test_the_report_names_attributes_and_no_values(run: Command, tmp_path: Path) -> None:
    folder = cleaned_folder(run, as_series(tmp_path / "in", HU[:4], GRID, change=planted), tmp_path)
    told = json.loads((folder / "deidentification.json").read_text())
    done = {(one["attribute"], one["action"]): one["objects"] for one in told["attributes"]}
    assert done["StudyDate", "shifted"] == 4
    assert done["SourceImageSequence.ReferencedSOPInstanceUID", "new UID"] == 4
    assert done["RequestAttributesSequence", "removed"] == 4
    assert done["SeriesDescription", "cleaned"] == 4
    assert not re.search("|".join(word.decode() for word in SECRET_WORDS), json.dumps(told).lower())


def test_an_attribute_whose_type_is_not_the_standards_is_removed(run: Command, tmp_path: Path) -> None:
    def wrong(dataset: Dataset, _k: int) -> None:
        dataset.add_new(0x00080020, "LO", "Jane Secret")
        dataset.add_new(0x00180060, "LO", "Jane Secret")

    folder = cleaned_folder(run, as_series(tmp_path / "in", HU[:4], GRID, change=wrong), tmp_path)
    one = objects(folder)["CT"][0]
    assert "KVP" not in one
    assert "StudyDate" not in one


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--table", "rows.csv"), "name --patient-column and --day-columns"),
        (("--patient-column", "id"), "Columns came without --table"),
        (("--table", "rows.csv", "--patient-column", "mrn", "--day-columns", "day"), "no column 'mrn'"),
        (("--table", "bad.csv", "--patient-column", "id", "--day-columns", "day"), "1 cells of the columns of days"),
        (("--table", "none.csv", "--patient-column", "id", "--day-columns", "day"), "cannot be read as CSV"),
        (("--table", "empty.csv", "--patient-column", "id", "--day-columns", "day"), "is empty in 1 rows"),
    ],
)
def test_a_table_that_cannot_be_moved_is_refused_in_one_sentence(
    run: Command, tmp_path: Path, more: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("id,day\nMRN-4711,2024-01-02\n")
    Path("bad.csv").write_text("id,day\nMRN-4711,02.01.2024\n")
    Path("empty.csv").write_text("id,day\n,2024-01-02\n")
    ran = run("deidentify", as_series(tmp_path / "in", HU[:4], GRID), "--out", "clean", "--key", "key", *more)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert says in ran.err
    assert "4711" not in ran.err
    assert not list(tmp_path.rglob("clean/**/*.dcm"))


def test_places_that_would_mix_up_what_is_clean_are_refused(run: Command, tmp_path: Path) -> None:
    source = as_series(tmp_path / "in", HU[:4], GRID)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    for out, key, says in (
        (tmp_path / "full", tmp_path / "k", "not empty"),
        (source / "out", tmp_path / "k", "lies in"),
        (tmp_path / "new", tmp_path / "new" / "k", "stays with you"),
    ):
        ran = run("deidentify", source, "--out", out, "--key", key)
        assert (ran.code, says in ran.err) == (2, True)
    (tmp_path / "bad").write_text("no key")
    ran = run("deidentify", source, "--out", tmp_path / "new", "--key", tmp_path / "bad")
    assert (ran.code, "cannot be read as a key" in ran.err) == (2, True)
    assert not (tmp_path / "new").exists()


def test_mutated_objects_never_carry_a_patient_out(run: Command, tmp_path: Path) -> None:
    one = slices(HU[:1, :4, :4], GRID, change=planted)[0]
    data = save(one, tmp_path / "one").read_bytes()
    for number in range(150):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{number}.dcm").write_bytes(mutated(data, np.random.default_rng([5, number])))
    ran = run("deidentify", tmp_path / "in", "--out", tmp_path / "clean", "--key", tmp_path / "key")
    assert ran.code == 0, ran.err
    written = list((tmp_path / "clean").rglob("*.dcm"))
    for path in written:
        dataset = read_again(path)
        dataset.pop("PixelData", None)
        text = str(dataset).lower()
        assert "doe^" not in text
        assert "mrn-" not in text
        assert "hospital" not in text


SITE = Secret(bytes(range(32)))


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.strip()), st.dates(date(1950, 1, 1), date(2050, 1, 1)),
       st.dates(date(1950, 1, 1), date(2050, 1, 1)))  # fmt: skip
def test_any_interval_of_any_patient_is_kept(patient: str, first: date, second: date) -> None:
    assert SITE.shifted(second, patient) - SITE.shifted(first, patient) == second - first
    assert 365 <= (first - SITE.shifted(first, patient)).days <= 3650


@given(st.text(max_size=80))
def test_a_cleaned_description_holds_only_known_words_and_small_numbers(text: str) -> None:
    assert cleaned(cleaned(text)) == cleaned(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [("Portal venous phase 2.5mm", "Portal venous phase 2.5mm"), ("Mueller, Liver 12345678", "Liver"),
     ("20240102", ""), ("12 34", ""), ("Tumor 1 of Smith", "Tumor 1"), ("GTV_liver", "GTV liver")],
)  # fmt: skip
def test_descriptions_keep_what_says_nothing_of_a_person(text: str, left: str) -> None:
    assert cleaned(text) == left


def test_the_table_of_the_standard_is_whole_and_readable() -> None:
    table = basic_profile()
    assert len(table) == 652
    assert set(table.values()) == {"X", "Z", "D", "U", "X/Z", "X/D", "Z/D", "X/Z/D", "X/Z/U*"}
    assert table[0x00100010] == table[0x00100020] == "Z/D" or table[0x00100010] == "Z"
    unknown = [tag for tag in table if not dictionary_has_tag(tag)]
    assert len(unknown) < 0.1 * len(table)
