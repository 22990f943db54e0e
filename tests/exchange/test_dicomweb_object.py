"""Objects off the line: which one it is, whether it is whole, and in what two copies differ; whatever the bytes are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from isotherm.errors import BadAnswer
from isotherm.exchange.dicomweb_object import differences, identify, is_coerced
from isotherm.imaging.volume import Grid
from tests.exchange.made_up_dicom import PATIENT_ID, as_rtstruct, as_seg, as_series, read_again, save, slices, uid

GRID = Grid((3, 8, 8), (1.0, 1.0, 1.0))
HU = np.arange(192).reshape(GRID.shape_kji)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = as_series(tmp_path_factory.mktemp("image"), HU, GRID)
    return sorted(folder.iterdir())[0].read_bytes()


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A SEG whose frames are compressed."""
    path = tmp_path_factory.mktemp("packed") / "seg.dcm"
    as_seg(path, np.ones((*GRID.shape_kji, 1), np.uint8), ["a"], slices(HU, GRID), kind="FRACTIONAL",
           syntax=RLELossless, max_fractional_value=1)  # fmt: skip
    return path.read_bytes()


def test_it_says_which_one_it_is(image: bytes) -> None:
    found = identify(image)
    assert (found.study, found.series) == (uid("study"), uid("study", "series"))
    assert found.uid in {uid("study", "series", str(k)) for k in range(3)}


@given(st.integers(0, 10**6))
def test_an_image_that_is_cut_short_anywhere_is_refused(image: bytes, at: int) -> None:
    with pytest.raises(BadAnswer):
        identify(image[: at % len(image)])


@given(st.integers(0, 10**6))
def test_compressed_frames_that_are_cut_short_are_refused(packed: bytes, at: int) -> None:
    identify(packed)
    with pytest.raises(BadAnswer):
        identify(packed[: at % (len(packed) - 4)])  # the last four bytes are the length of a mark, and zero


@given(st.data())
def test_whatever_the_bytes_are_it_is_known_or_refused(image: bytes, data: st.DataObject) -> None:
    mutated = bytearray(image)
    for _ in range(data.draw(st.integers(1, 6))):
        mutated[data.draw(st.integers(0, len(image) - 1))] = data.draw(st.integers(0, 255))
    refused = ""
    try:
        identify(bytes(mutated))
    except BadAnswer as error:
        refused = str(error)
    assert PATIENT_ID not in refused


def test_filler_behind_the_last_attribute_does_no_harm(image: bytes) -> None:
    assert identify(image + b"\0\0\n").uid == identify(image).uid


@pytest.mark.parametrize("said", ["../../etc/passwd", "", "1.2.", "1..2", "1.2.3/4", "a.b", "1.2.\u0663"])
def test_a_uid_that_is_none_is_refused(image: bytes, said: str) -> None:
    own = identify(image).uid.encode()
    with pytest.raises(BadAnswer):
        identify(image.replace(own, said.encode().ljust(len(own), b"\0")))


def test_a_uid_that_is_padded_is_one(image: bytes) -> None:
    own = identify(image).uid.encode()
    assert identify(image.replace(own, b"1.2.3".ljust(len(own), b"\0"))).uid == "1.2.3"


def test_a_header_that_names_another_object_is_refused(image: bytes) -> None:
    own = identify(image).uid.encode()
    with pytest.raises(BadAnswer, match="contradict"):
        identify(image.replace(own, b"1.2.3".ljust(len(own), b"\0"), 1))


def test_an_image_without_pixels_is_refused(tmp_path: Path) -> None:
    dataset = slices(HU, GRID)[0]
    del dataset.PixelData
    with pytest.raises(BadAnswer, match="cut short"):
        identify(save(dataset, tmp_path / "x").read_bytes())


def test_what_is_no_image_needs_no_pixels(tmp_path: Path) -> None:
    path = as_rtstruct(tmp_path / "rt.dcm", {"a": [np.zeros((3, 3))]})
    assert identify(path.read_bytes()).uid == str(read_again(path).SOPInstanceUID)


def test_a_deflated_object_is_known_by_its_header_alone(tmp_path: Path) -> None:
    dataset = slices(HU, GRID)[0]
    dataset.file_meta.TransferSyntaxUID, dataset.preamble = DeflatedExplicitVRLittleEndian, bytes(128)
    dataset.save_as(tmp_path / "x", implicit_vr=False, little_endian=True)
    found = identify((tmp_path / "x").read_bytes())
    assert (found.uid, found.study) == (str(dataset.SOPInstanceUID), "")


def test_copies_do_not_differ_however_they_are_written(image: bytes, tmp_path: Path) -> None:
    assert differences(image, image) == ()
    (tmp_path / "x").write_bytes(image)
    dataset = read_again(tmp_path / "x")
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    other = save(dataset, tmp_path / "y").read_bytes()
    assert other != image
    assert differences(image, other) == ()


def test_numbers_that_are_none_are_alike(tmp_path: Path) -> None:
    dataset = slices(HU, GRID)[0]
    dataset.add_new(0x00189306, "FD", float("nan"))
    one = save(dataset, tmp_path / "x").read_bytes()
    dataset.file_meta.ImplementationVersionName = "another"
    assert differences(one, save(dataset, tmp_path / "y").read_bytes()) == ()


def test_differences_are_named_at_the_top_and_hold_no_value(image: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(image)
    dataset = read_again(tmp_path / "x")
    dataset.PatientID, dataset.KVP = "another", 80
    dataset.add_new(0x00091001, "LO", "private")
    del dataset.SliceThickness
    names = differences(image, save(dataset, tmp_path / "y").read_bytes())
    assert set(names) == {"PatientID", "KVP", "(0009,1001)", "SliceThickness"}
    assert [name for name in names if is_coerced(name)] == ["PatientID"]


def test_a_copy_that_is_no_dicom_cannot_be_compared(image: bytes) -> None:
    with pytest.raises(BadAnswer):
        differences(image, b"nothing")


def test_the_segments_of_a_seg_are_compared_too(tmp_path: Path) -> None:
    masks = np.ones((*GRID.shape_kji, 1), np.uint8)
    one = as_seg(tmp_path / "a.dcm", masks, ["a"], slices(HU, GRID), syntax=ExplicitVRLittleEndian).read_bytes()
    dataset = read_again(tmp_path / "a.dcm")
    dataset.SegmentSequence[0].SegmentLabel = "b"
    dataset.save_as(tmp_path / "b.dcm")
    assert differences(one, (tmp_path / "b.dcm").read_bytes()) == ("SegmentSequence",)
