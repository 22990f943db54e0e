"""From a real Orthanc to the report and back: studies fetched, registered, measured, results pushed and read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from isotherm.app.assess_task import PairAsked, fetched
from isotherm.app.pacs_tasks import PacsOptions
from isotherm.app.pair import PairRequest, read_pair
from tests.app.on_disk import FAST, Command, checked
from tests.app.scans_on_disk import MARGIN_MM, Folders
from tests.exchange.made_up_dicom import uid
from tests.exchange.orthanc import PASSWORD, USER, Orthanc

pytestmark = pytest.mark.usefixtures("once")

NAMED = ("pacs:", "pacs:", "--tumor", "pacs:tumor", "--organ-before", "pacs:liver", "--ablation", "pacs:zone",
         "--organ-after", "pacs:liver")  # fmt: skip


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture
def filled(orthanc: Orthanc, scans: Folders, monkeypatch: pytest.MonkeyPatch) -> Orthanc:
    """An Orthanc that holds both examinations, and an environment that knows it."""
    for name, value in (("URL", orthanc.url), ("USER", USER), ("PASSWORD", PASSWORD)):
        monkeypatch.setenv(f"ISOTHERM_PACS_{name}", value)
    orthanc.empty()
    orthanc.hold(scans.before, scans.after)
    return orthanc


def test_one_command_goes_from_the_pacs_to_the_report_and_back(run: Command, filled: Orthanc, tmp_path: Path) -> None:
    before = filled.count()
    out = tmp_path / "results"
    ran = run("assess", *NAMED, "--study", uid("before"), "--study", uid("after"), "--out", out, "--push", *FAST)
    assert ran.code == 0, ran.err
    (lesion,) = checked((out / "margin.json").read_text(encoding="utf-8"))["lesions"]
    assert lesion["minimal_margin_unrestricted_mm"] == pytest.approx(MARGIN_MM, abs=1.5)
    sent = sorted(path.name for path in (out / "dicom").glob("*.dcm"))
    assert {"measurements.dcm", "report.dcm", "segments.dcm"} <= set(sent)
    assert filled.count() == before + len(sent)
    assert f"{len(sent)} objects sent, 0 were there, read back and compared." in ran.out

    # Again: nothing is fetched twice, and the results of a second run are other objects or the same ones.
    again = run("pacs", "pull", uid("before"), "--out", out / "pacs-before")
    assert "0 objects fetched" in again.out


@pytest.mark.usefixtures("filled")
def test_what_is_in_a_pacs_needs_a_study_and_a_folder(run: Command, tmp_path: Path) -> None:
    ran = run("assess", *NAMED, "--out", tmp_path / "results")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "name its UID with --study" in ran.err
    ran = run("assess", *NAMED, "--study", uid("before"))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--study came without --out" in ran.err
    ran = run("assess", *NAMED, "--study", "1.2.3", "--study", "1.2.4", "--out", tmp_path / "results")
    assert ran.code == 2
    assert "holds no study of this UID" in ran.err
    ran = run("assess", *NAMED, *(["--study", uid("before")] * 3), "--out", tmp_path / "results")
    assert "--study came 3 times" in ran.err


@pytest.mark.usefixtures("filled")
def test_what_a_page_names_in_a_pacs_becomes_files_that_are_read_as_a_pair(tmp_path: Path) -> None:
    request = PairRequest("pacs:", "pacs:", ("pacs:tumor",), ("pacs:zone",), "pacs:liver", "pacs:liver")
    asked = PairAsked(request=request, studies=(uid("before"), uid("after")))
    found = fetched(asked, tmp_path, pacs=PacsOptions(), tell=lambda _: None)
    assert found.studies == ()
    pair = read_pair(found.request)
    assert (len(pair.lesions), len(pair.ablations)) == (1, 1)
    assert pair.organ_before is not None
    assert pair.organ_after is not None
