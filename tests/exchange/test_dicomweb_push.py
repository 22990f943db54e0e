"""Pushes to a real Orthanc over bad networks: nothing lost, nothing doubled, and what is there is what was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from isotherm.errors import BadSetting, NoAnswer, UnreadableFile
from isotherm.exchange.dicomweb_access import Access
from isotherm.exchange.dicomweb_http import Connection
from isotherm.exchange.dicomweb_outgoing import Outgoing, outgoing_in
from isotherm.exchange.dicomweb_push import Pushed, push
from isotherm.exchange.dicomweb_server import Server
from isotherm.imaging.volume import Grid
from tests.exchange.faulty import Proxy
from tests.exchange.made_up_dicom import as_series, read_again, save
from tests.exchange.orthanc import ACCESS, Orthanc

SHAPE = (30, 64, 64)

WAITS_S = (0.01, 0.02, 0.03)


@pytest.fixture
def folder(tmp_path: Path, orthanc: Orthanc) -> Path:
    """A series that the PACS, which is empty, does not hold."""
    orthanc.empty()
    hu = np.random.default_rng(0).normal(0.0, 15.0, SHAPE).astype(np.int16)
    return as_series(tmp_path / "series", hu, Grid(SHAPE, (1.0, 0.8, 0.8)))


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isotherm.exchange.dicomweb_push.BATCH_OBJECTS", 7)


def connection(url: str, pause: Callable[[float], None] = lambda _s: None) -> Connection:
    return Connection(Server(url, waits_s=WAITS_S), Access(ACCESS), pause=pause)


def send(to: Connection, *paths: Path, tell: Callable[[str], None] = lambda _doing: None) -> Pushed:
    objects, _ = outgoing_in([str(path) for path in paths])
    return push(to, objects, tell=tell)


def held(orthanc: Orthanc) -> dict[str, bytes]:
    """What the PACS holds, by SOP instance UID, asked without DICOMweb."""
    return {orthanc.rest("GET", f"/instances/{one}")["MainDicomTags"]["SOPInstanceUID"]:
            orthanc.raw(f"/instances/{one}/file") for one in orthanc.rest("GET", "/instances")}  # fmt: skip


def sources(folder: Path) -> dict[str, bytes]:
    return {str(read_again(path).SOPInstanceUID): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_byte_arrives(orthanc: Orthanc, folder: Path) -> None:
    told: list[str] = []
    done = send(connection(orthanc.url), folder, tell=told.append)
    assert (len(done.sent), len(done.known), done.whole, done.coerced) == (30, 0, True, {})
    assert held(orthanc) == sources(folder)
    assert told[0] == "0 of 30 objects sent"
    assert told[-1] == "reading back 30 of 30 objects"


def test_what_is_there_is_not_sent_again(orthanc: Orthanc, folder: Path) -> None:
    send(connection(orthanc.url), *sorted(folder.iterdir())[:12])
    done = send(connection(orthanc.url), folder, folder)
    assert (len(done.sent), len(done.known), done.whole) == (18, 12, True)
    assert orthanc.count() == 30


def test_another_object_under_the_same_uid_is_found_and_named_without_a_value(orthanc: Orthanc, folder: Path) -> None:
    send(connection(orthanc.url), folder)
    first = sorted(folder.iterdir())[0]
    changed = read_again(first)
    changed.PixelData = bytes(len(changed.PixelData))
    changed.RescaleIntercept, changed.PatientName = -1000, "Other^Name^Secret"
    save(changed, first)
    done = send(connection(orthanc.url), folder)
    uid = str(changed.SOPInstanceUID)
    assert (done.whole, done.differing) == (False, {uid: ("RescaleIntercept", "PixelData")})
    assert done.coerced == {uid: ("PatientName",)}


@pytest.mark.usefixtures("small_batches")
def test_a_server_that_is_killed_in_the_middle_of_an_object_gets_the_rest_later(
    orthanc: Orthanc, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = Outgoing.chunks
    sent: list[str] = []

    def killing(one: Outgoing) -> Iterator[bytes]:
        for at, data in enumerate(chunks(one)):
            sent.append(one.uid)
            if len(sent) == 17 and at == 0:
                orthanc.kill()
            yield data

    monkeypatch.setattr(Outgoing, "chunks", killing)
    objects, _ = outgoing_in([str(folder)])
    try:
        with pytest.raises(NoAnswer, match="of 30 objects are there, and the same command"):
            push(connection(orthanc.url), objects, tell=lambda _doing: None)
    finally:
        orthanc.start()
    there = orthanc.count()
    assert there < 30
    done = push(connection(orthanc.url), objects, tell=lambda _doing: None)
    assert (len(done.sent), len(done.known), done.whole) == (30 - there, there, True)
    assert held(orthanc) == sources(folder)


@pytest.mark.usefixtures("small_batches")
def test_a_server_that_comes_back_in_time_is_not_noticed(
    orthanc: Orthanc, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = Outgoing.chunks
    sent: list[str] = []

    def killing(one: Outgoing) -> Iterator[bytes]:
        for data in chunks(one):
            sent.append(one.uid)
            if len(sent) in (10, 25):
                orthanc.kill()
            yield data

    monkeypatch.setattr(Outgoing, "chunks", killing)
    objects, _ = outgoing_in([str(folder)])
    done = push(connection(orthanc.url, lambda _s: None if orthanc.runs else orthanc.start() and None), objects,
                tell=lambda _doing: None)  # fmt: skip
    assert done.whole
    assert held(orthanc) == sources(folder)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("cut", [0, 10, 150, 200, 1_000, 2_500, 6_000, 20_000])
def test_an_answer_that_is_cut_short_is_asked_for_and_nothing_is_doubled(
    orthanc: Orthanc, folder: Path, cut: int
) -> None:
    with Proxy(orthanc.port, lambda number: cut if number % 2 == 0 else None) as proxy:
        done = send(connection(proxy.url), folder)
    assert proxy.connections > 1
    assert (len(done.sent) + len(done.known), done.whole) == (30, True)
    assert orthanc.count() == 30
    assert held(orthanc) == sources(folder)


def test_files_that_are_not_dicom_are_passed_over_in_a_folder_and_refused_by_name(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    objects, not_dicom = outgoing_in([str(folder)])
    assert (len(objects), not_dicom) == (30, 1)
    with pytest.raises(UnreadableFile, match=r"'notes\.txt' is not DICOM"):
        outgoing_in([str(folder / "notes.txt")])


def test_nothing_to_send(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadSetting, match="Nothing came that is DICOM"):
        outgoing_in([str(tmp_path / "empty")])
    with pytest.raises(UnreadableFile, match="is not there"):
        outgoing_in([str(tmp_path / "nowhere")])


def test_a_file_that_is_cut_short_is_refused_before_anything_is_sent(folder: Path) -> None:
    path = sorted(folder.iterdir())[4]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UnreadableFile, match=f"'{path.name}' is cut short"):
        outgoing_in([str(folder)])


def test_two_objects_under_one_uid_are_refused_and_copies_count_once(folder: Path, tmp_path: Path) -> None:
    first = sorted(folder.iterdir())[0]
    (tmp_path / "copy.dcm").write_bytes(first.read_bytes())
    assert len(outgoing_in([str(folder), str(tmp_path / "copy.dcm")])[0]) == 30
    other = read_again(first)
    other.KVP = 80
    save(other, tmp_path / "other.dcm")
    with pytest.raises(UnreadableFile, match="different objects under one UID"):
        outgoing_in([str(folder), str(tmp_path / "other.dcm")])


def test_a_file_that_changes_while_it_is_sent_is_noticed(folder: Path) -> None:
    objects, _ = outgoing_in([str(folder)])
    Path(objects[0].place.file.path).write_bytes(b"shorter")
    with pytest.raises(UnreadableFile, match="has changed"):
        objects[0].whole()
