"""Servers that lie, hang, flood or lead astray: each ends in one sentence, within bounds, and nothing of it is kept."""

from __future__ import annotations

import gzip
import http.server
import itertools
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadAnswer, IsothermError, NoAnswer, NoSuchStudy, NotAdmitted, OutputError
from isotherm.exchange.dicomweb_access import Access
from isotherm.exchange.dicomweb_find import Wanted, find_studies, objects_of
from isotherm.exchange.dicomweb_http import Connection
from isotherm.exchange.dicomweb_json import objects_within, read_objects, texts, values, whole
from isotherm.exchange.dicomweb_outgoing import outgoing_in
from isotherm.exchange.dicomweb_pull import LIST, expected_of, fetch
from isotherm.exchange.dicomweb_push import push
from isotherm.exchange.dicomweb_server import Server
from isotherm.imaging.volume import Grid
from tests.exchange.faulty import Reply, answer, serving
from tests.exchange.made_up_dicom import as_series, read_again, uid

Handler = http.server.BaseHTTPRequestHandler

STUDY, SERIES = uid("study"), uid("study", "series")

SECRET = "Basic token-SECRET"

MULTIPART = "multipart/related; boundary=abc"


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Three objects, by SOP instance UID."""
    folder = as_series(tmp_path_factory.mktemp("scan"), np.zeros((3, 8, 8), np.int16), Grid((3, 8, 8), (1.0, 1.0, 1.0)))
    return {str(read_again(path).SOPInstanceUID): path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An object of another series."""
    grid = Grid((1, 8, 8), (1.0, 1.0, 1.0))
    folder = as_series(tmp_path_factory.mktemp("other"), np.zeros((1, 8, 8), np.int16), grid, series="other")
    return next(folder.iterdir()).read_bytes()


def to(url: str, *, timeout_s: float = 5.0, pause: Callable[[float], None] = lambda _s: None) -> Connection:
    return Connection(Server(url, timeout_s=timeout_s, waits_s=(0.0, 0.0)), Access(SECRET), pause=pause)


def listed(**attributes: object) -> dict[str, Any]:
    return {tag.removeprefix("t"): {"vr": "UI", "Value": [value]} for tag, value in attributes.items()}


def multipart(*objects: bytes, boundary: bytes = b"abc") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n\r\n" + one + b"\r\n" for one in objects) + b"--" + boundary + b"--"


def pacs(scan: dict[str, bytes], give: Reply, *, uids: list[str] | None = None) -> Reply:
    """A PACS that lists a study as it should, and gives its objects as it is told."""

    def reply(handler: Handler) -> None:
        path = handler.path.partition("?")[0]
        if path.endswith("/series"):
            answer(handler, json.dumps([listed(t0020000E=SERIES, t00201209=3)]).encode())
        elif path.endswith("/instances"):
            shown = [listed(t00080018=one) for one in (uids or list(scan))]
            answer(handler, json.dumps(shown if "offset=0" in handler.path else []).encode())
        else:
            give(handler)

    return reply


def pull(url: str, folder: Path, *, timeout_s: float = 5.0) -> None:
    folder.mkdir(exist_ok=True)
    connection = to(url, timeout_s=timeout_s)
    fetch(connection, STUDY, expected_of(connection, STUDY), folder, tell=lambda _doing: None)


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.name != LIST)


def one_of(handler: Handler, scan: dict[str, bytes]) -> list[bytes]:
    """What a good PACS would give to this request."""
    last = handler.path.rsplit("/", 1)[1]
    return [scan[last]] if last in scan else list(scan.values())


def test_a_server_that_does_as_it_should(scan: dict[str, bytes], tmp_path: Path) -> None:
    with serving(pacs(scan, lambda h: answer(h, multipart(*one_of(h, scan)), kind=MULTIPART))) as url:
        pull(url, tmp_path / "out")
    assert kept(tmp_path / "out") == sorted(f"{one}.dcm" for one in scan)


def test_single_objects_may_come_as_they_are(scan: dict[str, bytes], tmp_path: Path) -> None:
    def give(handler: Handler) -> None:
        found = one_of(handler, scan)
        answer(handler, found[0], kind="application/dicom", status=200 if len(found) == 1 else 406)

    with serving(pacs(scan, give)) as url:
        pull(url, tmp_path / "out")
    assert kept(tmp_path / "out") == sorted(f"{one}.dcm" for one in scan)


HOSTILE: dict[str, Callable[[dict[str, bytes], bytes], Reply]] = {
    "another boundary": lambda s, _: lambda h: answer(h, multipart(*s.values(), boundary=b"xyz"), kind=MULTIPART),
    "no boundary": lambda s, _: lambda h: answer(h, multipart(*s.values()), kind="multipart/related"),
    "a page": lambda _s, _o: lambda h: answer(h, b"<html>Please log in</html>", kind="text/html"),
    "an object of another series": lambda _s, other: lambda h: answer(h, multipart(other), kind=MULTIPART),
    "no DICOM": lambda _s, _o: lambda h: answer(h, multipart(b"MZ" * 5000), kind=MULTIPART),
    "objects cut short": lambda s, _: lambda h: answer(
        h, multipart(*(one[:-2] for one in one_of(h, s))), kind=MULTIPART
    ),
    "empty objects": lambda _s, _o: lambda h: answer(h, multipart(b"", b"", b""), kind=MULTIPART),
    "no objects": lambda _s, _o: lambda h: answer(h, multipart(), kind=MULTIPART),
    "nothing": lambda _s, _o: lambda h: answer(h, b"", status=404),
    "trouble": lambda _s, _o: lambda h: answer(h, b"", status=500),
    "packed": lambda s, _: lambda h: answer(
        h, gzip.compress(bytes(2**24)), kind=MULTIPART, Content_Encoding="gzip"
    ),
    "a UID that is a path": lambda s, _: lambda h: answer(
        h, multipart(*(one.replace(u.encode(), b"../../evil".ljust(64, b"\0")) for u, one in s.items())), kind=MULTIPART
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", HOSTILE)
def test_what_is_not_right_is_refused_and_not_kept(
    scan: dict[str, bytes], stranger: bytes, tmp_path: Path, how: str
) -> None:
    with serving(pacs(scan, HOSTILE[how](scan, stranger))) as url:
        with pytest.raises(BadAnswer, match="0 of 3 objects are here") as caught:
            pull(url, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert kept(tmp_path / "out") == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_one_object_that_is_wrong_does_not_keep_the_others_away(scan: dict[str, bytes], tmp_path: Path) -> None:
    bad = list(scan)[1]

    def give(handler: Handler) -> None:
        good = [one[:-2] if one is scan[bad] else one for one in one_of(handler, scan)]
        answer(handler, multipart(*good), kind=MULTIPART)

    with serving(pacs(scan, give)) as url, pytest.raises(BadAnswer, match=r"cut short.*2 of 3 objects are here"):
        pull(url, tmp_path / "out")
    assert kept(tmp_path / "out") == sorted(f"{one}.dcm" for one in scan if one != bad)


def test_another_object_of_the_series_than_was_asked_for(scan: dict[str, bytes], tmp_path: Path) -> None:
    first = next(iter(scan.values()))
    with (
        serving(pacs(scan, lambda h: answer(h, multipart(first), kind=MULTIPART))) as url,
        pytest.raises(BadAnswer, match=r"another object than was asked for.*1 of 3"),
    ):
        pull(url, tmp_path / "out")


def test_two_different_objects_under_one_uid(scan: dict[str, bytes], tmp_path: Path) -> None:
    asked: list[str] = []

    def give(handler: Handler, *, always: bool) -> None:
        asked.append(handler.path.rsplit("/", 1)[1])
        found = one_of(handler, scan)
        again = found[0].replace(b"isotherm tests", b"another device")
        answer(handler, multipart(*found, *([again] if always or len(found) > 1 else [])), kind=MULTIPART)

    with serving(pacs(scan, lambda h: give(h, always=False))) as url:
        pull(url, tmp_path / "once")  # what is in doubt is asked for by itself
    assert len(kept(tmp_path / "once")) == 3
    assert asked == [SERIES, next(iter(scan))]
    with (
        serving(pacs(scan, lambda h: give(h, always=True))) as url,
        pytest.raises(BadAnswer, match="two different objects under one UID; 2 of 3"),
    ):
        pull(url, tmp_path / "always")
    assert len(kept(tmp_path / "always")) == 2


def test_objects_that_the_list_did_not_hold_are_left(scan: dict[str, bytes], tmp_path: Path) -> None:
    uids = list(scan)[:2]
    with serving(pacs(scan, lambda h: answer(h, multipart(*one_of(h, scan)), kind=MULTIPART), uids=uids)) as url:
        (tmp_path / "out").mkdir()
        connection = to(url)
        found = fetch(connection, STUDY, expected_of(connection, STUDY), tmp_path / "out", tell=lambda _doing: None)
    assert (found.fetched, found.unlisted, found.strange) == (2, 1, 0)
    assert kept(tmp_path / "out") == sorted(f"{one}.dcm" for one in uids)


def stream(
    handler: Handler, kind: str, chunks: itertools.repeat[bytes], *, first: bytes = b"", every_s: float = 0.0
) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.end_headers()
    handler.wfile.write(first)
    for chunk in chunks:
        handler.wfile.write(chunk)
        time.sleep(every_s)


def test_an_object_without_an_end(scan: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isotherm.exchange.dicomweb_pull.MOST_BYTES", 2**20)
    endless = pacs(scan, lambda h: stream(h, MULTIPART, itertools.repeat(bytes(2**16)), first=b"--abc\r\n\r\n"))
    with serving(endless) as url, pytest.raises(BadAnswer, match="an object of more than"):
        pull(url, tmp_path / "out")
    assert kept(tmp_path / "out") == []


def test_objects_without_an_end(scan: dict[str, bytes], tmp_path: Path) -> None:
    first = next(iter(scan.values()))
    part = b"--abc\r\n\r\n" + first + b"\r\n"
    with (
        serving(pacs(scan, lambda h: stream(h, MULTIPART, itertools.repeat(part)))) as url,
        pytest.raises(BadAnswer),
    ):
        pull(url, tmp_path / "out")
    assert kept(tmp_path / "out") == [f"{next(iter(scan))}.dcm"]


def test_a_list_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isotherm.exchange.dicomweb_find.MOST_BYTES", 2**20)
    with (
        serving(lambda h: stream(h, "application/dicom+json", itertools.repeat(b"[" * 2**16))) as url,
        pytest.raises(BadAnswer, match="more than 1 MB"),
    ):
        find_studies(to(url), Wanted(), most=10)


def test_pages_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isotherm.exchange.dicomweb_find.MOST_OBJECTS", 50)
    count = itertools.count()
    with (
        serving(lambda h: answer(h, json.dumps([listed(t00080018=f"1.{next(count)}")]).encode())) as url,
        pytest.raises(BadAnswer, match="more than 50 objects"),
    ):
        objects_of(to(url), STUDY, SERIES)


def test_a_server_that_knows_no_pages() -> None:
    page = json.dumps([listed(t00080018="1.2"), listed(t00080018="1.3")]).encode()
    with serving(lambda h: answer(h, page)) as url:
        assert objects_of(to(url), STUDY, SERIES) == ["1.2", "1.3"]
    with (
        serving(lambda h: answer(h, page, Warning="299 here: there are more")) as url,
        pytest.raises(BadAnswer, match="knows no pages"),
    ):
        objects_of(to(url), STUDY, SERIES)


def test_a_server_that_overlooks_conditions_shows_no_other_patient() -> None:
    shown = [listed(t0020000D="1.2", t00100020="A"), listed(t0020000D="1.3", t00100020="B")]
    with serving(lambda h: answer(h, json.dumps(shown).encode())) as url:
        found, _ = find_studies(to(url), Wanted(patient_id="B"), most=10)
    assert [one.uid for one in found] == ["1.3"]


@pytest.mark.parametrize("said", ["../../etc", "1.2/../3", "", "1.2\r\nX-Injected: 1", "1" * 65])
def test_a_uid_in_a_list_that_is_none_is_refused(said: str) -> None:
    with (
        serving(lambda h: answer(h, json.dumps([listed(t00080018=said)]).encode())) as url,
        pytest.raises(BadAnswer, match="whose UID is none"),
    ):
        objects_of(to(url), STUDY, SERIES)


@pytest.mark.parametrize("body", [b"{", b"null", b"7", b'["text"]', b"[" * 100_000, b"\xff\xfe", b'{"a": ' * 50_000])
def test_a_list_that_is_none_is_refused(body: bytes) -> None:
    with serving(lambda h: answer(h, body)) as url, pytest.raises(BadAnswer, match="DICOM JSON"):
        find_studies(to(url), Wanted(), most=10)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Value", "00080018", "vr"]), inner),
    max_leaves=12,
)


@given(JSON)
def test_whatever_the_json_is_it_is_read_or_refused(told: object) -> None:
    try:
        found = read_objects(json.dumps(told).encode())
    except BadAnswer:
        return
    for one in found:
        assert all(text.isprintable() for text in texts(one, "00080018"))
        assert (whole(one, "00080018") or 0) >= 0
        assert isinstance(values(one, "00080018"), list)
        assert all(isinstance(item, dict) for item in objects_within(one, "00080018"))


def test_a_server_that_hangs() -> None:
    with serving(lambda _h: time.sleep(1.0)) as url, pytest.raises(NoAnswer, match=r"was silent for 0\.1 s"):
        find_studies(to(url, timeout_s=0.1), Wanted(), most=10)


def test_a_server_that_hangs_in_the_middle(scan: dict[str, bytes], tmp_path: Path) -> None:
    def give(handler: Handler) -> None:
        half = multipart(*scan.values())[:2000] if len(one_of(handler, scan)) > 1 else b""
        stream(handler, MULTIPART, itertools.repeat(b"", 1), first=half, every_s=0.5)

    with serving(pacs(scan, give)) as url, pytest.raises(NoAnswer, match=r"silent for 0\.1 s.*1 of 3 objects are here"):
        pull(url, tmp_path / "out", timeout_s=0.1)


def test_a_server_that_dribbles() -> None:
    dribble = itertools.repeat(b" ", 60)
    with (
        serving(lambda h: stream(h, "application/dicom+json", dribble, every_s=0.05)) as url,
        pytest.raises(NoAnswer, match="next to nothing"),
    ):
        find_studies(to(url, timeout_s=0.2), Wanted(), most=10)


def test_another_address_is_not_followed_and_gets_no_password() -> None:
    asked: list[str | None] = []

    def elsewhere(handler: Handler) -> None:
        asked.append(handler.headers.get("Authorization"))
        answer(handler, b"[]")

    with serving(elsewhere) as other:
        for status in (301, 302, 307, 308):
            with (
                serving(lambda h, s=status: answer(h, b"", status=s, Location=other)) as url,
                pytest.raises(BadAnswer, match="leads to another address"),
            ):
                find_studies(to(url), Wanted(), most=10)
    assert asked == []


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(lambda h: answer(h, b"[]")) as url:
        assert find_studies(to(url), Wanted(), most=10) == ([], False)


def test_a_server_that_is_busy_is_asked_again_when_it_wants() -> None:
    waited: list[float] = []
    answers = iter([(503, "3"), (429, "soon"), (200, "")])

    def reply(handler: Handler) -> None:
        status, after = next(answers)
        answer(handler, b"[]", status=status, Retry_After=after)

    with serving(reply) as url:
        assert find_studies(to(url, pause=waited.append), Wanted(), most=10) == ([], False)
    assert waited == [3.0, 0.0]


@pytest.mark.parametrize(
    ("after", "wait_s"),
    [
        ("Wed, 01 Jan 2025 00:00:07 GMT", 7.0),
        ("Tue, 31 Dec 2024 00:00:00 GMT", 0.0),
        ("Wed, 01 Jan 2025 00:00:07", 0.0),
        ("tomorrow", 0.0),
        ("-5", 0.0),
    ],
)
def test_a_moment_to_ask_again_is_taken_by_the_servers_own_clock(after: str, wait_s: float) -> None:
    waited: list[float] = []
    statuses = iter([429, 200])

    def reply(handler: Handler) -> None:
        handler.date_time_string = lambda timestamp=None: "Wed, 01 Jan 2025 00:00:00 GMT"  # type: ignore[method-assign]
        answer(handler, b"[]", status=next(statuses), Retry_After=after)

    with serving(reply) as url:
        assert find_studies(to(url, pause=waited.append), Wanted(), most=10) == ([], False)
    assert waited == [wait_s]


@pytest.mark.parametrize("length", [True, False])
def test_an_object_that_holds_the_boundary_of_its_answer_is_refused_and_no_part_of_it_kept(
    scan: dict[str, bytes], tmp_path: Path, length: bool
) -> None:
    uids = list(scan)

    def give(handler: Handler) -> None:
        told = b""
        for one in one_of(handler, scan):
            data = one[:-40] + b"\r\n--abc\r\n\r\n" + one[-29:] if one == scan[uids[1]] else one
            told += b"--abc\r\n" + (b"Content-Length: %d\r\n" % len(data) if length else b"") + b"\r\n" + data + b"\r\n"
        answer(handler, told + b"--abc--", kind=MULTIPART)

    with serving(pacs(scan, give)) as url, pytest.raises(BadAnswer, match="2 of 3 objects are here"):
        pull(url, tmp_path / "out")
    assert kept(tmp_path / "out") == sorted(f"{one}.dcm" for one in uids if one != uids[1])


def test_a_part_of_a_list_or_of_a_series_is_not_taken_for_the_whole(scan: dict[str, bytes], tmp_path: Path) -> None:
    def give(handler: Handler) -> None:
        found = one_of(handler, scan)
        answer(handler, multipart(*found[:1]), kind=MULTIPART, status=206)

    with serving(pacs(scan, give)) as url:
        pull(url, tmp_path / "out")
    assert kept(tmp_path / "out") == sorted(f"{one}.dcm" for one in scan)


def test_an_empty_answer_to_a_search_is_no_study() -> None:
    with serving(lambda h: answer(h, b"", status=204)) as url:
        assert find_studies(to(url), Wanted(), most=10) == ([], False)
        with pytest.raises(NoSuchStudy):
            expected_of(to(url), STUDY)


def test_an_id_with_umlauts_that_a_pacs_cannot_search_for_is_found_among_all() -> None:
    asked: list[str] = []
    shown = [listed(t0020000D="1.2", t00100020="MUL"), listed(t0020000D="1.3", t00100020="MU\u0308L")]

    def reply(handler: Handler) -> None:
        asked.append(handler.path)
        answer(handler, b"[]" if "PatientID" in handler.path else json.dumps(shown).encode())

    with serving(reply) as url:
        found, _ = find_studies(to(url), Wanted(patient_id="M\u00dcL"), most=10)
        assert [one.uid for one in found] == ["1.3"]
        asked.clear()
        assert find_studies(to(url), Wanted(patient_id="MUL"), most=10) == ([], False)
    assert all("PatientID" in path for path in asked)


def test_a_server_that_is_busy_for_long_is_not_waited_for() -> None:
    waited: list[float] = []
    with (
        serving(lambda h: answer(h, b"", status=503, Retry_After="86400")) as url,
        pytest.raises(NoAnswer, match=r"busy or in trouble \(503\)"),
    ):
        find_studies(to(url, pause=waited.append), Wanted(), most=10)
    assert waited == []


def test_no_password_is_in_any_message_or_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    for reply in (
        lambda h: answer(h, b"", status=401),
        lambda h: answer(h, b"", status=500),
        lambda h: answer(h, b"{"),
    ):
        with serving(reply) as url, pytest.raises(IsothermError) as caught:
            find_studies(to(url), Wanted(patient_id="PATIENT-SECRET"), most=10)
        said += [str(caught.value), repr(caught.value), repr(to(url).server)]
    assert "SECRET" not in " ".join(said) + repr(Access(SECRET)) + repr(Wanted(patient_id="PATIENT-SECRET"))
    assert "token-SECRET" not in caplog.text


def test_a_study_without_objects(tmp_path: Path, scan: dict[str, bytes]) -> None:
    def reply(handler: Handler) -> None:
        series = handler.path.partition("?")[0].endswith("/series")
        answer(
            handler, json.dumps([listed(t0020000E=SERIES)]).encode() if series else b"", status=200 if series else 204
        )

    with serving(reply) as url, pytest.raises(NoSuchStudy, match="no object"):
        pull(url, tmp_path / "out")


def test_a_folder_that_cannot_be_written_to(scan: dict[str, bytes], tmp_path: Path) -> None:
    good = pacs(scan, lambda h: answer(h, multipart(*one_of(h, scan)), kind=MULTIPART))
    with serving(good) as url:
        pull(url, tmp_path / "out")
        series = tmp_path / "out" / SERIES
        for path in series.iterdir():
            path.unlink()
        series.rmdir()
        series.write_text("in the way")
        with pytest.raises(OutputError, match="cannot be written to"):
            pull(url, tmp_path / "out")


def storing(reply: Reply) -> Reply:
    """A PACS that holds nothing, and answers as it is told when it is to store."""

    def both(handler: Handler) -> None:
        if handler.command == "POST":
            handler.rfile.read(int(handler.headers["Content-Length"]))
            reply(handler)
        else:
            answer(handler, b"[]")

    return both


def send(url: str, folder: Path, scan: dict[str, bytes], *, compare: bool = False) -> Any:
    folder.mkdir(exist_ok=True)
    for name, data in scan.items():
        (folder / name).write_bytes(data)
    return push(to(url), outgoing_in([str(folder)])[0], tell=lambda _doing: None, compare=compare)


def told_of(tag: str, uids: list[str], reason: int | None = None) -> dict[str, Any]:
    items = [listed(t00081155=one) | ({"00081197": {"vr": "US", "Value": [reason]}} if reason else {}) for one in uids]
    return {tag: {"vr": "SQ", "Value": items}}


def test_the_answer_is_read_object_by_object(scan: dict[str, bytes], tmp_path: Path) -> None:
    a, b, c = scan
    told = told_of("00081199", [a]) | told_of("00081198", [b], 0xA700)
    told["00081198"]["Value"] += told_of("00081198", [c], 0x0111)["00081198"]["Value"]
    with serving(storing(lambda h: answer(h, json.dumps(told).encode(), status=202))) as url:
        done = send(url, tmp_path / "out", scan)
    assert sorted(done.sent) == sorted([a, c])
    assert done.refused == {b: "it has no room"}
    assert not done.whole


def test_an_answer_in_xml_says_nothing_and_the_pacs_is_asked(scan: dict[str, bytes], tmp_path: Path) -> None:
    held: list[dict[str, Any]] = []

    def reply(handler: Handler) -> None:
        if handler.command == "POST":
            handler.rfile.read(int(handler.headers["Content-Length"]))
            held.extend(listed(t00080018=one) for one in scan)
            answer(handler, b"<NativeDicomModel/>", kind="application/dicom+xml")
        else:
            answer(handler, json.dumps(held if "offset=0" in handler.path else []).encode())

    with serving(reply) as url:
        done = send(url, tmp_path / "out", scan)
    assert (sorted(done.sent), done.whole) == (sorted(scan), True)


def test_what_the_pacs_does_not_give_back_is_told(scan: dict[str, bytes], tmp_path: Path) -> None:
    told = json.dumps(told_of("00081199", list(scan))).encode()

    def reply(handler: Handler) -> None:
        if handler.command == "POST":
            handler.rfile.read(int(handler.headers["Content-Length"]))
            answer(handler, told)
        else:
            answer(handler, b"[]", status=404 if "/instances/" in handler.path else 200)

    with serving(reply) as url:
        done = send(url, tmp_path / "out", scan, compare=True)
    assert (done.sent, set(done.refused.values())) == ((), {"it does not give it back"})


def test_a_pacs_that_stores_nothing_and_says_nothing_is_asked_a_few_times(
    scan: dict[str, bytes], tmp_path: Path
) -> None:
    asked: list[str] = []

    def reply(handler: Handler) -> None:
        asked.append(handler.path)
        answer(handler, b"{}")

    with serving(storing(reply)) as url, pytest.raises(NoAnswer, match="0 of 3 objects are there"):
        send(url, tmp_path / "out", scan)
    assert asked == [f"/dicom-web/studies/{STUDY}"] * 3


def test_one_object_that_is_not_liked_does_not_keep_the_others_away(scan: dict[str, bytes], tmp_path: Path) -> None:
    bad = next(iter(scan))
    held: list[str] = []

    def reply(handler: Handler) -> None:
        if handler.command == "POST":
            body = handler.rfile.read(int(handler.headers["Content-Length"]))
            came = [one for one in scan if one.encode() in body]
            held.extend(came if bad not in came else [])
            told = told_of("00081199", came)
            answer(handler, json.dumps(told).encode(), status=400 if bad in came else 200)
        else:
            answer(handler, json.dumps([listed(t00080018=one) for one in held]).encode())

    with serving(reply) as url:
        done = send(url, tmp_path / "out", scan)
    assert (sorted(done.sent), done.refused) == (sorted(set(scan) - {bad}), {bad: "it turned the request down"})


def test_what_the_pacs_gives_back_must_be_an_object(scan: dict[str, bytes], tmp_path: Path) -> None:
    told = json.dumps([listed(t00080018=one) for one in scan]).encode()

    def reply(handler: Handler) -> None:
        if "/instances/" in handler.path:
            answer(handler, multipart(b"something else"), kind=MULTIPART)
        else:
            answer(handler, told)

    with serving(reply) as url:
        done = send(url, tmp_path / "out", scan, compare=True)
    assert (done.known, set(done.refused.values())) == ((), {"it gives back something else"})


@pytest.mark.parametrize(("status", "kind", "said"), [
    (413, BadAnswer, r"no request of this size.*0 of 3 objects are there"),
    (400, BadAnswer, r"does not take objects at this address \(400\)"),
    (403, NotAdmitted, "did not let us in"), (503, NoAnswer, "busy"), (302, BadAnswer, "another address"),
])  # fmt: skip
def test_a_pacs_that_takes_nothing(
    scan: dict[str, bytes], tmp_path: Path, status: int, kind: type[IsothermError], said: str
) -> None:
    with serving(storing(lambda h: answer(h, b"", status=status))) as url, pytest.raises(kind, match=said):
        send(url, tmp_path / "out", scan)
