"""The local app under load: how soon its pages are there, and many people at one server at once.

A real server in a process of its own, asked over HTTP by threads. Every acknowledged write is counted afterwards.
"""

from __future__ import annotations

import http.client
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench.registry_data import made_up_records
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.store import open_store

PATIENTS, READERS, WRITERS, SECONDS = 2_000, 20, 5, 60.0

MOST_MS = 300.0
"""Of the first page: server time."""

SHARED = "SHARED"
PROGRAM = ("-c", "import sys; from isotherm.app.cli import main; sys.exit(main())", "serve")


@dataclass
class Browser:
    """What one person's browser keeps: a connection, the cookies, the token."""

    address: str
    cookies: dict[str, str] = field(default_factory=dict[str, str])
    token: str = ""

    def __post_init__(self) -> None:
        place = urlsplit(self.address)
        self._host = place.netloc
        self._line = http.client.HTTPConnection(place.netloc, timeout=60)
        self.get(f"/?{place.query}")
        self.token = re.findall(r'name="csrf-token" content="(\w+)"', self.get("/who")[1])[0]

    def get(self, path: str) -> tuple[int, str]:
        """Return the status and the text of a page."""
        return self._ask("GET", path, None)

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Send a form of a page."""
        return self._ask(
            "POST", path, urlencode({"csrf_token": self.token, "form_number": secrets.token_hex(16), **fields})
        )

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
                   "Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self._host}"}  # fmt: skip
        self._line.request(method, path, body, headers)
        answer = self._line.getresponse()
        for told in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = told.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.read().decode("utf-8", "replace")


@dataclass(slots=True)
class Done:
    """What one person did."""

    took_ms: list[float] = field(default_factory=list[float])
    written: int = 0
    overtaken: int = 0
    errors: list[str] = field(default_factory=list[str])


def print_serve(seconds: float = SECONDS) -> bool:
    """Print how soon pages are there, alone and under load; return whether nothing failed and nothing was lost."""
    with tempfile.TemporaryDirectory(prefix="isotherm-serve-") as home:
        registry = str(Path(home) / "made-up.registry")
        _make(registry)
        server = subprocess.Popen([sys.executable, *PROGRAM, registry, "--workspace", str(Path(home) / "workspace"),
                                   "--no-browser"], stdout=subprocess.PIPE, text=True)  # fmt: skip
        try:
            assert server.stdout is not None
            address = re.findall(r"http\S+", server.stdout.readline())[0]
            first = _first(address)
            done = _loaded(address, registry, seconds)
        finally:
            server.terminate()
            server.wait()
            if server.stdout is not None:
                server.stdout.close()
        return _told(registry, first, done, seconds)


def _make(registry: str) -> None:
    with open_store(registry, create=True, simulated_by="bench") as store:
        store.add(made_up_records(PATIENTS, seed=0), by="bench", why="load")
        lesion = Record(kind=RECORD_KINDS["lesion"], patient_id=SHARED, id="1", values={"organ": "liver", "note": "0"})
        store.add([Record(kind=RECORD_KINDS["patient"], patient_id=SHARED, values={}), lesion], by="bench", why="load")


def _first(address: str) -> dict[str, float]:
    """Return the median time in ms of a page that is asked for alone."""
    browser = Browser(address)
    while "being read" in browser.get("/worklist")[1]:
        time.sleep(0.2)
    return {path: statistics.median(_ms(browser, path) for _ in range(20)) for path in ("/worklist", "/patients/P0007")}


def _ms(browser: Browser, path: str) -> float:
    began = time.perf_counter()
    status, _ = browser.get(path)
    assert status == 200, f"{path} was answered with {status}"
    return 1000 * (time.perf_counter() - began)


def _loaded(address: str, registry: str, seconds: float) -> dict[str, list[Done]]:
    until = time.monotonic() + seconds
    done = {"read": [Done() for _ in range(READERS)], "write": [Done() for _ in range(WRITERS)]}
    people = [
        threading.Thread(target=_read, args=(address, number, until, one)) for number, one in enumerate(done["read"])
    ]
    people += [
        threading.Thread(target=_write, args=(address, registry, number, until, one))
        for number, one in enumerate(done["write"])
    ]
    for one in people:
        one.start()
    for one in people:
        one.join()
    return done


def _read(address: str, number: int, until: float, done: Done) -> None:
    try:
        browser, turn = Browser(address), number
        while time.monotonic() < until:
            turn += 7
            done.took_ms.append(_ms(browser, "/worklist" if turn % 2 else f"/patients/P{1 + turn % PATIENTS:04d}"))
    except Exception as error:
        done.errors.append(repr(error))


def _write(address: str, registry: str, number: int, until: float, done: Done) -> None:
    """Count one number on that all writers share: two who saw the same one may not both write the next."""
    try:
        browser = Browser(address)
        browser.post("/who", name=f"writer{number}")
        while time.monotonic() < until:
            note, revision = _seen(registry)
            status, _ = browser.post(f"/patients/{SHARED}/answers", kind="lesion", key="1", revision=str(revision),
                                     why="load", **{"answer.note": str(note + 1)})  # fmt: skip
            done.written += status == 303
            done.overtaken += status == 409
            if status not in (303, 409):
                done.errors.append(f"{status}")
    except Exception as error:
        done.errors.append(repr(error))


def _seen(registry: str) -> tuple[int, int]:
    """Return the shared number, and the revision of the record that holds it."""
    with open_store(registry) as store:
        kept = next(one for one in store.patient(SHARED) if one.record.kind.name == "lesion")
    return int(str(kept.record.values["note"])), kept.revision


def _told(registry: str, first: dict[str, float], done: dict[str, list[Done]], seconds: float) -> bool:
    read = sorted(ms for one in done["read"] for ms in one.took_ms)
    written, overtaken = (sum(getattr(one, name) for one in done["write"]) for name in ("written", "overtaken"))
    errors = [error for people in done.values() for one in people for error in one.errors]
    counted, _ = _seen(registry)
    with open_store(registry) as store:
        problems = store.verify().problems
    print("The local app: a real server, pages over HTTP")
    for path, ms in first.items():
        print(f"  {path:<22} alone, median {ms:8.0f} ms (limit {MOST_MS:.0f})")
    print(f"  {READERS} readers and {WRITERS} writers for {seconds:.0f} s: {len(read):,} pages read, median "
          f"{statistics.median(read):.0f} ms, slowest {read[-1]:.0f} ms")  # fmt: skip
    print(f"  {written:,} writes acknowledged, {overtaken:,} refused since somebody was faster, "
          f"{written - counted} lost, {len(errors)} errors, {len(problems)} problems found afterwards")  # fmt: skip
    for error in sorted(set(errors))[:5]:
        print(f"    {error}")
    return max(first.values()) < MOST_MS and written == counted and not errors and not problems
