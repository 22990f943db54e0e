"""Seconds to take a CT of full size out of a PACS, and to put it in: beside curl and beside Orthanc's own interface."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from isotherm.exchange.dicomweb_access import Access
from isotherm.exchange.dicomweb_find import objects_of
from isotherm.exchange.dicomweb_http import Connection
from isotherm.exchange.dicomweb_multipart import ACCEPT
from isotherm.exchange.dicomweb_outgoing import outgoing_in
from isotherm.exchange.dicomweb_pull import expected_of, fetch
from isotherm.exchange.dicomweb_push import push
from isotherm.exchange.dicomweb_server import Server
from isotherm.imaging.volume import Grid
from tests.exchange.made_up_dicom import as_series, uid
from tests.exchange.orthanc import ACCESS, PASSWORD, USER, Orthanc, find_orthanc

GRID = Grid((300, 512, 512), (1.0, 0.78, 0.78))

ROUNDS = 3

STUDY, SERIES = uid("study"), uid("study", "series")


def print_pacs() -> bool:
    """Print seconds, the best of some rounds each; nothing is measured where Orthanc is not installed."""
    found = find_orthanc()
    if found is None:
        print("PACS: Orthanc is not installed here, so nothing was measured; `make services` installs it.")
        return True
    with tempfile.TemporaryDirectory() as name:
        running = Orthanc(*found, Path(name) / "orthanc").start()
        try:
            _measure(running, Path(name))
        finally:
            running.kill()
    return True


def _measure(pacs: Orthanc, folder: Path) -> None:
    hu = np.random.default_rng(0).normal(0.0, 15.0, GRID.shape_kji).astype(np.int16)
    series = as_series(folder / "series", hu, GRID)
    size_mb = sum(path.stat().st_size for path in series.iterdir()) / 1e6
    connection = Connection(Server(pacs.url), Access(ACCESS))
    print(f"PACS, a series of 300 slices, {size_mb:.0f} MB, Orthanc on this machine, best of {ROUNDS};")
    print("seconds that pass, and seconds in which this process computes:")
    _line("push: sent, not read back", _best(lambda: _pushed(connection, series, compare=False), pacs.empty))
    _line("the same through Orthanc's own interface (POST /instances)", _best(lambda: pacs.hold(series), pacs.empty))
    _line("push again: all is there, all read back and compared",
          _best(lambda: _pushed(connection, series, compare=True)))  # fmt: skip
    _line("find: the 300 objects of the series", _best(lambda: objects_of(connection, STUDY, SERIES)))
    out = folder / "pulled"
    _line("pull: every object checked and written", _best(lambda: _pulled(connection, out), lambda: _gone(out)))
    assert {path.read_bytes() for path in out.rglob("*.dcm")} == {path.read_bytes() for path in series.iterdir()}
    _line("pull again: all is here, all checked", _best(lambda: _pulled(connection, out)))
    _line("the same series through Orthanc's own interface (300 files)", _best(lambda: _plain(pacs, folder / "plain")))
    if shutil.which("curl"):
        _line(
            "the same answer by curl, one file, neither parted nor checked", _best(lambda: _curl(pacs, folder / "curl"))
        )


def _line(what: str, best: tuple[float, float]) -> None:
    print(f"  {what:<66}{best[0]:6.2f} s{best[1]:7.2f} s")


def _best(action: Callable[[], object], before: Callable[[], object] = lambda: None) -> tuple[float, float]:
    """Return the fewest seconds that passed, and the fewest in which this process computed."""
    passed: list[float] = []
    computed: list[float] = []
    for _ in range(ROUNDS):
        before()
        start, work = time.perf_counter(), time.process_time()
        action()
        passed.append(time.perf_counter() - start)
        computed.append(time.process_time() - work)
    return min(passed), min(computed)


def _pushed(connection: Connection, series: Path, *, compare: bool) -> None:
    done = push(connection, outgoing_in([str(series)])[0], tell=lambda _doing: None, compare=compare)
    assert done.whole


def _pulled(connection: Connection, out: Path) -> None:
    out.mkdir(exist_ok=True)
    fetch(connection, STUDY, expected_of(connection, STUDY), out, tell=lambda _doing: None)


def _gone(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _plain(pacs: Orthanc, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for one in pacs.rest("GET", "/instances"):
        (folder / str(one)).write_bytes(pacs.raw(f"/instances/{one}/file"))


def _curl(pacs: Orthanc, path: Path) -> None:
    url = f"{pacs.url}/studies/{STUDY}/series/{SERIES}"
    subprocess.run(
        ["curl", "-s", "-f", "-u", f"{USER}:{PASSWORD}", "-H", f"Accept: {ACCEPT}", "-o", path, url], check=True
    )
