"""docs/pacs.md for a newcomer: its commands are run against a real Orthanc, and print what the page says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from isotherm.app.cli import main
from isotherm.exchange.dicomweb_find import PAGE
from isotherm.exchange.dicomweb_http import BUSY
from isotherm.exchange.dicomweb_push import BATCH_BYTES, BATCH_OBJECTS
from isotherm.exchange.dicomweb_server import TIMEOUT_S, WAITS_S
from isotherm.imaging.volume import Grid
from tests.exchange.made_up_dicom import Change, as_seg, as_series, slices
from tests.exchange.orthanc import PASSWORD, USER, Orthanc, find_orthanc

PAGE_TEXT = (Path(__file__).resolve().parents[2] / "docs" / "pacs.md").read_text(encoding="utf-8")

GRID = Grid((40, 8, 8), (2.0, 1.0, 1.0))
HU = np.zeros(GRID.shape_kji, np.int16)


def shown() -> list[tuple[str, str]]:
    """The commands of the page with what it says that they print."""
    blocks = re.findall(r"^```\n(\$ .*?)^```$", PAGE_TEXT, flags=re.MULTILINE | re.DOTALL)
    found = [
        re.match(r"\$ isotherm (.*)\n((?:.*\n)*)", one)
        for block in blocks
        for one in re.split(r"^(?=\$ )", block, flags=re.M)
    ]
    return [(one.group(1), one.group(2)) for one in found if one]


def of(study: str, series: str, words: str) -> Change:
    def change(dataset: Dataset, _k: int) -> None:
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.StudyDescription = study, series, words
        dataset.SeriesDescription = "Portal venous"

    return change


def test_the_commands_of_the_page_print_what_it_says(
    orthanc: Orthanc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = of("2.25.1001", "2.25.10011", "CT liver before ablation")
    after = of("2.25.1002", "2.25.10021", "CT liver after ablation")
    as_series(tmp_path / "sent" / "1", HU, GRID, study="before", day="20240102", change=before)
    as_series(tmp_path / "sent" / "2", HU, GRID, study="after", day="20240103", change=after)
    orthanc.hold(tmp_path / "sent")
    (tmp_path / "results" / "dicom").mkdir(parents=True)
    for kind in ("BINARY", "FRACTIONAL"):
        as_seg(tmp_path / "results" / "dicom" / kind, np.ones((*GRID.shape_kji, 1), np.uint8), ["zone"],
               slices(HU, GRID, study="after", day="20240103", change=after), kind=kind)  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name, value in (("URL", orthanc.url), ("USER", USER), ("PASSWORD", PASSWORD)):
        monkeypatch.setenv(f"ISOTHERM_PACS_{name}", value)
    monkeypatch.delenv("ISOTHERM_PACS_TOKEN", raising=False)
    commands = shown()
    assert len(commands) == 5
    for command, output in commands:
        assert main(shlex.split(command)) == 0
        assert capsys.readouterr().out == output


def test_orthanc_starts_with_the_settings_of_the_page_and_asks_for_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = find_orthanc()
    if found is None:
        pytest.skip("Orthanc or its DICOMweb plugin is missing: run `make services`")
    (page,) = re.findall(r"^```json\n(.*?)^```$", PAGE_TEXT, flags=re.MULTILINE | re.DOTALL)
    told = {name: value for name, value in json.loads(page).items() if name != "HttpPort"}
    running = Orthanc(*found, tmp_path, **told)
    try:
        ((user, password),) = told["RegisteredUsers"].items()
        for name, value in (("URL", running.start().url), ("USER", user), ("PASSWORD", password)):
            monkeypatch.setenv(f"ISOTHERM_PACS_{name}", value)
        monkeypatch.delenv("ISOTHERM_PACS_TOKEN", raising=False)
        assert main(["pacs", "find"]) == 0
        assert capsys.readouterr().out == "No study fits.\n"
        monkeypatch.setenv("ISOTHERM_PACS_PASSWORD", "another")
        assert main(["pacs", "find"]) == 2
    finally:
        running.kill()


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    words = " ".join(PAGE_TEXT.split())
    assert f"limit={PAGE}&" in words
    assert f"up to {BATCH_OBJECTS} objects or {BATCH_BYTES // 2**20} MB" in words
    assert "tried five times with pauses of {:g}, {:g}, {:g} and {:g} s".format(*WAITS_S) in words
    assert f"silent for {TIMEOUT_S:g} s (`--timeout-s`)" in words
    first, *more = sorted(BUSY)
    assert ", ".join(map(str, [first, *more[:-1]])) + f" or {more[-1]}" in words
