"""What tells a person is planted where exports and malice have it: not one byte of it is in anything that goes out."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID, ComprehensiveSRStorage, JPEG2000Lossless, MediaStorageDirectoryStorage

from isotherm.exchange.deid_search import plain
from isotherm.exchange.deid_words import TECHNICAL, has_form
from isotherm.exchange.transform_files import read_transform
from tests.app.on_disk import GRID, Command
from tests.app.test_dicom_commands import HU, arguments, case  # noqa: F401 - a fixture
from tests.exchange.fuzz_dicom import registrations
from tests.exchange.made_up_dicom import header, read_again, save, slices, uid

Change = Callable[[Any], None]

SOP_CLASS = b"\x08\x00\x16\x00UI"
"""How the second attribute of every object begins."""

LONG = (b"SQ", b"UN", b"OB")
"""Types whose length takes four bytes."""

NOBODY = b"quillfeather"
"""Of a person whom no attribute for names tells."""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def save_raw(one: Any, path: Path, tag: int, vr: bytes, value: bytes) -> None:
    """Write an object with bytes in an attribute that its type would not allow."""
    one.pop(tag, None)
    data = save(one, path).read_bytes()
    value += b" " * (len(value) % 2)
    size = struct.pack("<HI" if vr in LONG else "<H", *((0, len(value)) if vr in LONG else (len(value),)))
    element = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr + size + value
    path.write_bytes(data.replace(SOP_CLASS, element + SOP_CLASS, 1))


def within(change: Change, depth: int = 6) -> Change:
    """Make a change in an item of a sequence in an item, and so on."""

    def at_depth(one: Any) -> None:
        for _ in range(depth):
            item = Dataset()
            one.AnatomicRegionSequence = Sequence([item])
            one = item
        change(one)

    return at_depth


def named(text: str, name: str, charset: str | list[str] = "ISO_IR 192") -> Change:
    """Name the patient, and write the name where the model of the scanner stands."""

    def change(one: Any) -> None:
        one.SpecificCharacterSet = charset
        one.PatientName, one.ManufacturerModelName = name, text

    return change


def everything_out(run: Command, source: Path, home: Path) -> bytes:
    """De-identify, and return every byte that went out: files, their names, and what was said."""
    ran = run("deidentify", source, "--out", home / "clean", "--key", home / "site.key")
    assert ran.code == 0, ran.err
    parts = [(ran.out + ran.err).replace(str(home), "").encode()]
    for path in sorted((home / "clean").rglob("*")):
        parts += [str(path.relative_to(home)).encode(), path.read_bytes() if path.is_file() else b""]
    return b"\n".join(parts).lower()


TEXT = b"QUILLFEATHER"

UNTYPED: dict[str, tuple[int, bytes, bytes]] = {
    "a date with a tail": (0x00080020, b"DA", b"20240102 " + TEXT),
    "a date with a time with a tail": (0x0008002A, b"DT", b"20240102101500" + TEXT),
    "a time": (0x00080030, b"TM", TEXT),
    "a whole number": (0x00200013, b"IS", TEXT),
    "a number": (0x00180060, b"DS", TEXT),
    "an age": (0x00101010, b"AS", TEXT),
    "a UID": (0x00081195, b"UI", TEXT),
    "a long term": (0x00180015, b"CS", TEXT * 3),
    "a sequence of another type": (0x00081110, b"UN", TEXT),
    "a text as a sequence": (0x00081030, b"SQ", TEXT),
    "a number as text": (0x00280030, b"LO", TEXT),
    "a text as bytes": (0x00081030, b"UN", TEXT),
    "a table of colors": (0x00281201, b"OB", TEXT),
}


@pytest.mark.parametrize("where", UNTYPED)
def test_what_has_not_the_form_of_its_type_does_not_go_out(run: Command, tmp_path: Path, where: str) -> None:
    good, bad = slices(HU[:2], GRID)
    save(good, tmp_path / "in" / "good")
    save_raw(bad, tmp_path / "in" / "bad", *UNTYPED[where])
    assert NOBODY in (tmp_path / "in" / "bad").read_bytes().lower()
    assert NOBODY not in everything_out(run, tmp_path / "in", tmp_path)
    assert list((tmp_path / "clean").rglob("*.dcm"))


HIDDEN: dict[str, Change] = {
    "an attribute nobody knows": lambda one: one.add_new(0x00189999, "LO", "Quillfeather"),
    "long text": lambda one: setattr(one, "DerivationDescription", "Quillfeather"),
    "text without a bound": lambda one: setattr(one, "PotentialReasonsForProcedure", "Quillfeather"),
    "short text": lambda one: setattr(one, "RadiationMachineName", "Quillfeather"),
    "an address": lambda one: setattr(one, "StorageURL", "https://x.example/Quillfeather"),
    "a comment": lambda one: setattr(one, "FrameOfReferenceTransformationComment", "Quillfeather"),
    "a code of the site": within(lambda one: setattr(one, "CodeMeaning", "for Quillfeather")),
    "private within": within(lambda one: one.add_new(0x00091001, "UN", TEXT)),
    "behind the pixels": lambda one: setattr(one, "PixelData", one.PixelData + TEXT),
    "behind the object": lambda one: one.add_new(0xFFFCFFFC, "OB", TEXT),
    "an overlay within": within(lambda one: one.add_new(0x60103000, "OB", TEXT)),
    "a curve": lambda one: one.add_new(0x50003000, "OB", TEXT),
    "an icon": lambda one: setattr(one, "IconImageSequence", Sequence([icon()])),
    "a person of another kind": lambda one: setattr(one, "EvaluatorName", "Quillfeather"),
}  # fmt: skip


def icon() -> Dataset:
    made = Dataset()
    made.add_new(0x7FE00010, "OW", TEXT)
    return made


@pytest.mark.parametrize("where", HIDDEN)
def test_text_where_no_text_belongs_does_not_go_out(run: Command, tmp_path: Path, where: str) -> None:
    good, bad = slices(HU[:2], GRID)
    HIDDEN[where](bad)
    save(good, tmp_path / "in" / "good")
    save(bad, tmp_path / "in" / "bad")
    assert NOBODY in (tmp_path / "in" / "bad").read_bytes().lower()
    assert NOBODY not in everything_out(run, tmp_path / "in", tmp_path)
    assert list((tmp_path / "clean").rglob("*.dcm"))


WRITINGS = {
    "umlauts in Latin 1": named("for Müllerová", "Müllerová^Eva", "ISO_IR 100"),
    "umlauts in UTF-8": named("MÜLLEROVA", "Müllerová^Eva"),
    "umlauts as two letters": named("Muellerova", "Müllerová^Eva"),
    "an accent of its own": named("Mu\u0308llerova\u0301", "Müllerová^Eva"),
    "Japanese": named("山田", "Yamada^Tarou=山田^太郎", ["", "ISO 2022 IR 87"]),
    "Japanese letters of Latin": named("YAMADA", "Yamada^Tarou=山田^太郎", ["", "ISO 2022 IR 87"]),
    "Russian": named("\u0416\u0438\u0434", "\u0416\u0438\u0434^A", "ISO_IR 144"),
    "a short name": named("for Il Kim", "Kim^Il"),
    "a name in one word": named("x1JANEDOE7", "Doe^Jane"),
    "a name with signs": named("d'Arc, Jeanne", "D'Arc^Jeanne"),
    "an ID written otherwise": lambda one: setattr(one, "ManufacturerModelName", "mrn_4711/secret"),
    "an ID as a number": lambda one: (setattr(one, "PatientID", "12345678"), setattr(one, "SeriesNumber", 12345678)),
    "a day of birth": lambda one: setattr(one, "ManufacturerModelName", "* 03.02.1950"),
    "a day of birth in a row": lambda one: setattr(one, "SoftwareVersions", "19500203"),
    "an American day of birth": lambda one: setattr(one, "SoftwareVersions", "02/03/1950"),
}  # fmt: skip


@pytest.mark.parametrize("how", WRITINGS)
def test_a_person_is_found_in_whatever_writing(run: Command, tmp_path: Path, how: str) -> None:
    good, bad = slices(HU[:2], GRID)
    WRITINGS[how](bad)
    save(good, tmp_path / "in" / "good")
    save(bad, tmp_path / "in" / "bad")
    ran = run("deidentify", tmp_path / "in", "--out", tmp_path / "clean", "--key", tmp_path / "key")
    assert ran.code == 0
    assert "1 stay behind: a value of the patient was found in it after all" in ran.out
    assert len(list((tmp_path / "clean").rglob("*.dcm"))) == 1


def test_names_of_files_and_what_is_no_image_stay_behind(run: Command, tmp_path: Path) -> None:
    folder = tmp_path / "Quillfeather"
    for k, one in enumerate(slices(HU[:3], GRID)):
        save(one, folder / f"Quillfeather {k}")
    (folder / "Quillfeather.pdf").write_bytes(b"%PDF-1.4 Quillfeather")
    (folder / "report.dcm").write_bytes(b"Quillfeather")
    directory, row = header(MediaStorageDirectoryStorage), Dataset()
    row.DirectoryRecordType, row.PatientName = "PATIENT", "Quillfeather^Q"
    directory.DirectoryRecordSequence = Sequence([row])
    save(directory, folder / "DICOMDIR")
    document = header("1.2.840.10008.5.1.4.1.1.104.1", series="doc", modality="DOC")
    document.EncapsulatedDocument, document.DocumentTitle = b"%PDF Quillfeather", "Quillfeather"
    save(document, folder / "document")
    with zipfile.ZipFile(tmp_path / "Quillfeather.zip", "w") as archive:
        archive.comment = b"Quillfeather"
        for path in folder.iterdir():
            archive.write(path, f"../Quillfeather/{path.name}")
    said = everything_out(run, tmp_path / "Quillfeather.zip", tmp_path)
    assert NOBODY not in said
    assert b"it is a dicomdir, which lists patients" in said
    assert b"holds a document" in said
    assert len(list((tmp_path / "clean").rglob("*.dcm"))) == 3


def item(kind: str, relation: str = "CONTAINS", **values: Any) -> Dataset:
    """Return one item of a report's content."""
    made, code = Dataset(), Dataset()
    made.RelationshipType, made.ValueType = relation, kind
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "1", "99SITE", "Quillfeather's finding"
    made.ConceptNameCodeSequence = Sequence([code])
    for name, value in values.items():
        setattr(made, name, value)
    return made


def test_a_report_keeps_its_numbers_and_none_of_its_words(run: Command, tmp_path: Path) -> None:
    report = header(ComprehensiveSRStorage, series="sr", modality="SR", number=9)
    unit, number = Dataset(), Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "mm", "UCUM", "millimeter"
    number.NumericValue, number.MeasurementUnitsCodeSequence = "4.25", Sequence([unit])
    report.ValueType, report.ContinuityOfContent = "CONTAINER", "SEPARATE"
    deep = item("CONTAINER", ContentSequence=Sequence([item("TEXT", TextValue="Quillfeather, tumor of the liver")]))
    report.ContentSequence = Sequence([
        item("TEXT", TextValue="Seen by Dr Quillfeather"), item("PNAME", PersonName="Quillfeather^Q"),
        item("DATE", Date="20240102"), item("DATETIME", DateTime="20240102101500"),
        item("UIDREF", UID=uid("x")), item("NUM", MeasuredValueSequence=Sequence([number])), deep,
    ])  # fmt: skip
    report.VerifyingObserverSequence = Sequence([Dataset()])
    report.VerifyingObserverSequence[0].VerifyingObserverName = "Quillfeather^Q"
    save(report, tmp_path / "in" / "sr")
    save(slices(HU[:1], GRID)[0], tmp_path / "in" / "ct")
    assert NOBODY not in everything_out(run, tmp_path / "in", tmp_path)


@pytest.mark.parametrize("signed", [False, True])
def test_what_lies_in_bits_that_are_not_stored_is_cleared_and_no_value_changes(
    run: Command, tmp_path: Path, signed: bool
) -> None:
    one = slices(np.full((1, *GRID.shape_kji[1:]), -30 if signed else 50), GRID)[0]
    values = np.arange(np.prod(GRID.shape_kji[1:])) % 1000 - (500 if signed else 0)
    one.BitsStored, one.HighBit, one.PixelRepresentation = 12, 11, int(signed)
    stored = (values.astype("<i2").view("<u2") & 0x0FFF) | 0xA000
    one.PixelData = stored.tobytes()
    save(one, tmp_path / "in" / "ct")
    everything_out(run, tmp_path / "in", tmp_path)
    (path,) = (tmp_path / "clean").rglob("*.dcm")
    assert np.array_equal(np.frombuffer(read_again(path).PixelData, "<i2"), values)


@pytest.mark.parametrize(
    ("frame", "overlay", "says"),
    [
        (b"\xff\x4f\xff\x64\x00\x10\x00\x01Doe^Jane \xff\x93xx\xff\xd9", False, "found in it after all"),
        (b"\xff\x4f\xff\x93xx\xff\xd9Doe Jane", False, "found in it after all"),
        (b"\xff\x4f\xff\x93xx\xff\xd9", True, "an overlay lies within its compressed pixels"),
        (b"\xff\x4f\xff\x93xx\xff\xd9", False, ""),
    ],
    ids=["a comment", "behind the end", "an overlay", "nothing"],
)
def test_compressed_frames_with_more_than_an_image_stay_behind(
    run: Command, tmp_path: Path, frame: bytes, overlay: bool, says: str
) -> None:
    one = slices(HU[:1], GRID)[0]
    one.file_meta.TransferSyntaxUID = UID(JPEG2000Lossless)
    one.PixelData = encapsulate([frame])
    if overlay:
        one.add_new(0x60000102, "US", 12)
    save(one, tmp_path / "in" / "ct")
    ran = run("deidentify", tmp_path / "in", "--out", tmp_path / "clean", "--key", tmp_path / "key")
    assert ran.code == 0
    assert (says in ran.out, len(list((tmp_path / "clean").rglob("*.dcm")))) == (True, int(not says))


def test_two_objects_of_one_uid_are_never_written_over_each_other(run: Command, tmp_path: Path) -> None:
    one, other = slices(HU[:1], GRID)[0], slices(HU[1:2] + 7, GRID)[0]
    for name, dataset in (("a", one), ("b", one), ("c", other)):
        save(dataset, tmp_path / "in" / name)
    ran = run("deidentify", tmp_path / "in", "--out", tmp_path / "clean", "--key", tmp_path / "key")
    assert "1 objects of 1 patients" in ran.out
    assert "1 stay behind: it is there twice" in ran.out
    assert "1 stay behind: another object has the same UID" in ran.out


@pytest.mark.parametrize("change", [
    lambda one: delattr(one, "SeriesInstanceUID"),
    lambda one: setattr(one, "StudyInstanceUID", ["1.2.3", "1.2.4"]),
    lambda one: setattr(one, "SOPInstanceUID", ""),
], ids=["missing", "several", "empty"])  # fmt: skip
def test_an_object_without_its_uids_stays_behind(run: Command, tmp_path: Path, change: Change) -> None:
    good, bad = slices(HU[:2], GRID)
    change(bad)
    save(good, tmp_path / "in" / "good")
    save(bad, tmp_path / "in" / "bad")
    ran = run("deidentify", tmp_path / "in", "--out", tmp_path / "clean", "--key", tmp_path / "key")
    assert (ran.code, "1 stay behind: it " in ran.out) == (0, True)
    assert len(list((tmp_path / "clean").rglob("*.dcm"))) == 1


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("id,day,note\nMRN-4711,2024-01-02,as mrn 4711 was\n", "column 'note' holds IDs of patients in 1 rows"),
        ("id,day,other\nA-77123,2024-01-02,\nB-88123,2024-01-02,a77123\n", "column 'other' holds IDs of patients in 1"),
        ("id,day,died\nMRN-4711,2024-01-02,2024-02-03\n", "column 'died' holds days in 1 rows"),
        ("id,day,died\nMRN-4711,2024-01-02,on 3.2.2024\n", "column 'died' holds days in 1 rows"),
        ("id,day,died\nMRN-4711,2024-01-02,20240203\n", "column 'died' holds days in 1 rows"),
    ],
)
def test_a_column_that_would_carry_a_person_out_is_refused_by_its_name(
    run: Command, tmp_path: Path, table: str, says: str
) -> None:
    (tmp_path / "rows.csv").write_text(table)
    save(slices(HU[:1], GRID)[0], tmp_path / "in" / "ct")
    ran = run("deidentify", tmp_path / "in", "--out", tmp_path / "clean", "--key", tmp_path / "key",
              "--table", tmp_path / "rows.csv", "--patient-column", "id", "--day-columns", "day")  # fmt: skip
    assert (ran.code, ran.err.count("\n"), says in ran.err) == (2, 1, True), ran.err
    assert "4711" not in ran.err
    assert not list((tmp_path / "clean").rglob("*"))


def test_numbers_and_words_of_a_table_are_no_days_and_no_ids(run: Command, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,day,mm,note\n12,2024-01-02,12,version 1.2.3 of 12\n")
    save(slices(HU[:1], GRID)[0], tmp_path / "in" / "ct")
    ran = run("deidentify", tmp_path / "in", "--out", tmp_path / "clean", "--key", tmp_path / "key",
              "--table", tmp_path / "rows.csv", "--patient-column", "id", "--day-columns", "day")  # fmt: skip
    assert ran.code == 0, ran.err


def test_our_own_report_keeps_its_codes_and_numbers(
    run: Command,
    case: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    assert run("margin", *arguments(case), "--dicom", case / "results").code == 0
    home = tmp_path_factory.mktemp("home")
    everything_out(run, case / "results", home)

    def told(folder: Path) -> list[tuple[str, str]]:
        (one,) = (found for path in sorted(folder.rglob("*.dcm")) if (found := read_again(path)).Modality == "SR")
        return [(item.keyword, str(item.value)) for item in one.iterall() if item.keyword in
                ("NumericValue", "CodeMeaning", "CodeValue")]  # fmt: skip

    before, after = told(case / "results"), told(home / "clean")
    assert [one for one in after if one in before] == before
    assert len(after) - len(before) == 6  # the three codes that say how it was de-identified


def test_text_of_free_form_is_kept_where_it_describes_a_device_or_a_method_alone() -> None:
    assert {"Manufacturer", "ConvolutionKernel", "RescaleType", "CodeMeaning"} <= TECHNICAL
    risky = {one for one in TECHNICAL if one.endswith(("Comment", "Comments", "ID", "Description", "Reason"))}
    assert risky == {"StackID", "RespiratorySignalSourceID", "PixelSpacingCalibrationDescription"}


@pytest.mark.parametrize(("vr", "good", "bad"), [
    ("TM", "101500.25", "10 o'clock"), ("DS", "-1.5e-3", "1.5 mm"), ("IS", "+12", "12a"), ("AS", "074Y", "74 Y"),
    ("CS", "AXIAL", "Axial, by hand"), ("DT", "20240102101500.5+0100", "20240102 Mon"), ("DA", "20240102", "2024"),
])  # fmt: skip
def test_a_value_has_the_form_of_its_type_or_is_text(vr: str, good: str, bad: str) -> None:
    assert has_form(vr, [good, "", None])
    assert not has_form(vr, [good, bad])


def test_plain_letters_are_the_same_however_they_are_written() -> None:
    assert plain("MÜLLER") == plain("Mu\u0308ller") == "muller"


def test_registrations_carry_the_same_points_afterwards(
    run: Command, tmp_path: Path, dciodvfy: Callable[[Path], list[str]]
) -> None:
    points = np.random.default_rng(0).uniform(-40.0, 400.0, (50, 3))
    for path in registrations(tmp_path / "in", HU[:4, :10, :12]):
        home = tmp_path / path.stem
        home.mkdir()
        everything_out(run, path, home)
        (clean,) = (home / "clean").rglob("*.dcm")
        assert dciodvfy(clean) == []
        assert np.array_equal(read_transform(clean).points(points), read_transform(path).points(points))


def test_what_was_cleaned_before_is_cleaned_again(run: Command, tmp_path: Path) -> None:
    one = slices(HU[:1], GRID)[0]
    one.OperatorsName, one.ManufacturerModelName = "removed", "removed"
    save(one, tmp_path / "in" / "ct")
    everything_out(run, tmp_path / "in", tmp_path)
    (tmp_path / "again").mkdir()
    everything_out(run, tmp_path / "clean", tmp_path / "again")
    assert len(list((tmp_path / "again" / "clean").rglob("*.dcm"))) == 1
