"""From files to results with corrected masks: the numbers are those that the command line gives for the same masks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from isotherm.app.assess_task import PairAsked, assess_into
from isotherm.app.choosing import ChoiceRequest
from isotherm.app.correcting import Correction, Signature, fingerprint
from isotherm.app.kept import kept_in
from isotherm.app.pair import PairRequest, read_pair
from isotherm.app.settings import Facts, Settings
from isotherm.errors import UnreadableFile
from isotherm.exchange.image_files import read_masks, write_mask, write_volume
from isotherm.exchange.transform_files import write_transform
from tests.app.on_disk import Command
from tests.app.pair_in_memory import MIDDLE, THIN, pair, stroke, swayed

SIGNED = Signature("A. Reader", "drawn over a vessel", datetime(2026, 11, 26, tzinfo=UTC))
CORRECTIONS = (Correction("ablation", 0, (THIN,)), Correction("tumor", 0, (stroke(MIDDLE, does="add", radius_mm=5.5),)))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> PairAsked:
    """The small pair on disk, with the transform between its scans."""
    home, drawn = tmp_path_factory.mktemp("pair"), pair()
    write_volume(home / "before.nii.gz", drawn.before)
    write_volume(home / "after.nii.gz", drawn.after)
    write_mask(home / "tumor.nii.gz", drawn.lesions[0].mask)
    write_mask(home / "zone.nii.gz", drawn.ablations[0])
    write_transform(swayed(), home / "way.h5")
    request = PairRequest(f"{home}/before.nii.gz", f"{home}/after.nii.gz", (f"{home}/tumor.nii.gz",),
                          (f"{home}/zone.nii.gz",))  # fmt: skip
    return PairAsked(request=request, choice=ChoiceRequest(transform=f"{home}/way.h5"), settings=Settings(samples=100))


@pytest.fixture(scope="module")
def folder(asked: PairAsked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the pair with both masks corrected."""
    home = tmp_path_factory.mktemp("results")
    assess_into(home, asked, CORRECTIONS, SIGNED)
    return home


def test_the_command_line_gives_the_same_numbers_for_the_corrected_masks(
    asked: PairAsked, folder: Path, isotherm: Command, tmp_path: Path
) -> None:
    ran = isotherm("assess", asked.request.before, asked.request.after, "--tumor", folder / "corrected-tumor-1.nii.gz",
                   "--ablation", folder / "corrected-ablation-1.nii.gz", "--transform", str(asked.choice.transform),
                   "--samples", "100", "--quiet", "--json", "-")  # fmt: skip
    (own,) = json.loads((folder / "margin.json").read_text())["lesions"]
    (told,) = json.loads(ran.out)["lesions"]
    assert told["minimal_margin_mm"] == own["minimal_margin_mm"]
    assert told["interval_mm"] == own["interval_mm"]


def test_corrected_masks_lie_beside_what_was_done_to_them_by_whom_and_why(asked: PairAsked, folder: Path) -> None:
    told = json.loads((folder / "corrections.json").read_text())
    assert (told["by"], told["why"]) == (SIGNED.by, SIGNED.why)
    drawn = read_pair(asked.request)
    for one, was in zip(told["corrections"], (drawn.ablations[0], drawn.lesions[0].mask), strict=True):
        assert one["from"] == fingerprint(was)
        written = read_masks(str(folder / f"corrected-{one['of']}-1.nii.gz"), of=one["of"])[0].mask
        assert one["to"] == fingerprint(written)


def test_the_report_says_that_masks_were_corrected(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "The ablation zone was corrected by hand: 1 stroke" in page
    assert "The tumor was corrected by hand: 1 stroke" in page


def test_results_can_be_corrected_again_after_a_restart(asked: PairAsked, folder: Path) -> None:
    kept = kept_in(folder, read_pair(asked.request), asked.settings, asked.facts)
    assert [one.lesion.label for one in kept.registered] == ["1"]


def test_what_was_asked_comes_back_from_json(asked: PairAsked) -> None:
    more = PairAsked(request=PairRequest("b", "a", ("t",), structures=(("colon", "c:1"),), mr=("after",)),
                     facts=Facts(reader="A"), settings=Settings(seed=3))  # fmt: skip
    for one in (asked, more):
        assert PairAsked.from_document(json.loads(json.dumps(one.document()))) == one


@pytest.mark.parametrize("told", [{}, {"request": 3}, {"request": {}, "choice": {}, "settings": {}, "facts": {}},
                                  {"request": {"before": "b", "after": "a", "new": 1}, "choice": {}, "settings": {},
                                   "facts": {}}])  # fmt: skip
def test_what_another_version_noted_is_refused_with_what_to_do(told: dict[str, object]) -> None:
    with pytest.raises(UnreadableFile, match="measure it anew"):
        PairAsked.from_document(told)
