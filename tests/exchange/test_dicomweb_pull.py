"""Pulls over bad networks from a real Orthanc: nothing lost, nothing doubled, nothing cut short, one clear sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from isotherm.errors import NoAnswer
from isotherm.exchange.dicomweb_access import Access
from isotherm.exchange.dicomweb_find import objects_of
from isotherm.exchange.dicomweb_http import Connection
from isotherm.exchange.dicomweb_pull import LIST, Pulled, expected_of, fetch
from isotherm.exchange.dicomweb_server import Server
from isotherm.imaging.volume import Grid
from tests.exchange.faulty import Proxy
from tests.exchange.made_up_dicom import as_series, read_again, uid
from tests.exchange.orthanc import ACCESS, Orthanc

SHAPE = (48, 512, 512)

STUDY, SERIES = uid("study"), uid("study", "series")

WAITS_S = (0.01, 0.02, 0.03)


@pytest.fixture(scope="module")
def scan(orthanc: Orthanc, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The objects that Orthanc holds, by SOP instance UID."""
    folder = tmp_path_factory.mktemp("scan")
    hu = np.random.default_rng(0).normal(0.0, 15.0, SHAPE).astype(np.int16)
    as_series(folder, hu, Grid(SHAPE, (1.0, 0.8, 0.8)))
    orthanc.hold(folder)
    return {str(read_again(path).SOPInstanceUID): path.read_bytes() for path in folder.iterdir()}


def connection(url: str, pause: Callable[[float], None] = lambda _s: None, **settings: float) -> Connection:
    return Connection(Server(url, waits_s=WAITS_S, **settings), Access(ACCESS), pause=pause)  # pyright: ignore[reportArgumentType]


def pull(to: Connection, folder: Path, tell: Callable[[str], None] = lambda _doing: None) -> Pulled:
    folder.mkdir(exist_ok=True)
    return fetch(to, STUDY, expected_of(to, STUDY), folder, tell=tell)


def pulled(folder: Path) -> dict[str, bytes]:
    """What lies in the folder of the series, and that nothing else lies anywhere."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.parent for path in files} <= {folder, folder / SERIES}
    assert [path.name for path in files if path.parent == folder] == [LIST]
    return {path.stem: path.read_bytes() for path in files if path.parent != folder}


def test_every_byte_is_the_one_that_was_sent(orthanc: Orthanc, scan: dict[str, bytes], tmp_path: Path) -> None:
    told: list[str] = []
    found = pull(connection(orthanc.url), tmp_path / "out", told.append)
    assert pulled(tmp_path / "out") == scan
    assert (found.fetched, found.kept, found.unlisted) == (48, 0, 0)
    assert told == [f"{n} of 48 objects" for n in range(1, 49)]


def test_the_list_says_what_was_expected(orthanc: Orthanc, scan: dict[str, bytes], tmp_path: Path) -> None:
    pull(connection(orthanc.url), tmp_path / "out")
    told = json.loads((tmp_path / "out" / LIST).read_text())
    assert (told["schema"], told["study_uid"]) == ("isotherm.pull/1", STUDY)
    assert {uid: set(one["objects"]) for uid, one in told["series"].items()} == {SERIES: set(scan)}


def test_pages_are_put_together(orthanc: Orthanc, scan: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (7, 48, 49):
        monkeypatch.setattr("isotherm.exchange.dicomweb_find.PAGE", size)
        assert sorted(objects_of(connection(orthanc.url), STUDY, SERIES)) == sorted(scan)


def test_a_server_that_is_killed_loses_nothing_that_came(
    orthanc: Orthanc, scan: dict[str, bytes], tmp_path: Path
) -> None:
    try:
        with (
            Proxy(orthanc.port, lambda _number: 5_000_000, at_cut=orthanc.kill) as proxy,
            pytest.raises(
                NoAnswer, match=r"^The PACS [^;]*; .* of 48 objects are here, and the same command"
            ) as caught,
        ):
            pull(connection(proxy.url), tmp_path / "out")
    finally:
        orthanc.start()
    came = pulled(tmp_path / "out")
    assert 5 <= len(came) < 12
    assert f"{len(came)} of 48 objects" in str(caught.value)
    assert all(scan[one] == data for one, data in came.items())
    again = pull(connection(orthanc.url), tmp_path / "out")
    assert (again.fetched, again.kept) == (48 - len(came), len(came))
    assert pulled(tmp_path / "out") == scan


def test_a_server_that_comes_back_in_time_is_not_noticed(
    orthanc: Orthanc, scan: dict[str, bytes], tmp_path: Path
) -> None:
    killed: list[float] = []

    def start_again(seconds: float) -> None:
        killed.append(seconds)
        orthanc.start()

    # Once within the whole series, once within an object, and the rest in peace.
    cuts = {0: 5_000_000, 2: 3_000_000}  # connection 1 meets nobody
    with Proxy(orthanc.port, cuts.get, at_cut=orthanc.kill) as proxy:
        found = pull(connection(proxy.url, start_again), tmp_path / "out")
    assert (found.fetched, found.kept, len(killed) >= 2) == (48, 0, True)
    assert pulled(tmp_path / "out") == scan


@pytest.mark.parametrize("cut", [0, 1, 200, 3_000, 50_000, 524_900, 525_700, 700_000, 8_000_000, 25_230_000])
def test_an_answer_that_is_cut_short_is_made_whole(
    orthanc: Orthanc, scan: dict[str, bytes], tmp_path: Path, cut: int
) -> None:
    # The first connections carry the lists; each one that is cut must be followed by one that is not.
    with Proxy(orthanc.port, lambda number: cut if number % 2 == 0 else None) as proxy:
        found = pull(connection(proxy.url), tmp_path / "out")
    assert found.fetched == 48
    assert pulled(tmp_path / "out") == scan


def test_connections_that_all_break_still_come_to_an_end(
    orthanc: Orthanc, scan: dict[str, bytes], tmp_path: Path
) -> None:
    with Proxy(orthanc.port, lambda _number: 1_000_000) as proxy:
        found = pull(connection(proxy.url), tmp_path / "out")
    assert found.fetched == 48
    assert pulled(tmp_path / "out") == scan


def test_connections_that_break_within_every_object_are_given_up(orthanc: Orthanc, tmp_path: Path) -> None:
    with (
        Proxy(orthanc.port, lambda _number: 400_000) as proxy,
        pytest.raises(NoAnswer, match="0 of 48 objects are here"),
    ):
        pull(connection(proxy.url), tmp_path / "out")
    assert pulled(tmp_path / "out") == {}


def test_a_pull_that_is_stopped_by_hand_goes_on_later(orthanc: Orthanc, scan: dict[str, bytes], tmp_path: Path) -> None:
    def stop(doing: str) -> None:
        if doing.startswith("7 of"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(connection(orthanc.url), tmp_path / "out", stop)
    assert len(pulled(tmp_path / "out")) == 7
    (tmp_path / "out" / ".isotherm-0123456789abcdef").write_bytes(b"left by a process that was killed")
    again = pull(connection(orthanc.url), tmp_path / "out")
    assert (again.fetched, again.kept) == (41, 7)
    assert pulled(tmp_path / "out") == scan


def test_nobody_there(tmp_path: Path, orthanc: Orthanc) -> None:
    with Proxy(1, lambda _number: None) as proxy:
        url = proxy.url
        with pytest.raises(NoAnswer, match="broke off"):
            pull(connection(url), tmp_path / "out")
    waited: list[float] = []
    with pytest.raises(NoAnswer, match="takes no connection"):
        pull(connection(url, waited.append), tmp_path / "out")
    assert waited == list(WAITS_S)
