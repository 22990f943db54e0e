"""The list of cases: read from any table as it is meant, every slip told by line and column before anything starts."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from isotherm.app.batch_task import PairTask, Task
from isotherm.app.case import Request
from isotherm.app.manifest import read_manifest
from isotherm.app.manifest_row import COLUMNS, OF_MASKS, OF_SCANS
from isotherm.app.settings import UNTOLD, Settings
from isotherm.errors import BadManifest
from tests.app.on_disk import ROOT, Command

HEAD = "case,tumor,ablation,organ"
PAIR = "case,before,after,tumor,ablation"


def listed(home: Path, *lines: str, head: str = HEAD, encoding: str = "utf-8", end: str = "\n") -> Path:
    path = home / "list.csv"
    path.write_bytes(end.join([head, *lines, ""]).encode(encoding))
    return path


def tasks(path: Path) -> list[Task]:
    return read_manifest(str(path), Settings(), UNTOLD)


def masks(task: Task) -> Request:
    assert isinstance(task.asked, Request)
    return task.asked


def scans(task: Task) -> PairTask:
    assert isinstance(task.asked, PairTask)
    return task.asked


def test_a_list_from_a_spreadsheet_is_read_as_it_is_meant(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        'a, data/x.nii.gz ; data/y.nii.gz:2,"/abs/a, b.nii.gz",bowel=c.nii.gz; duct = d.nrrd:1 ,,1.2,30',
        ",,,,,,", "b,t,a,,,,",
        head="Case,tumor,ablation,structure,,registration-error-mm,days_after_ablation",
        encoding="utf-8-sig", end="\r\n",
    )  # fmt: skip
    one, second = tasks(path)
    first = masks(one)
    assert first.tumors == (str(tmp_path / "data/x.nii.gz"), str(tmp_path / "data/y.nii.gz:2"))
    assert first.ablations == ("/abs/a, b.nii.gz",)
    assert first.structures == (("bowel", str(tmp_path / "c.nii.gz")), ("duct", str(tmp_path / "d.nrrd:1")))
    assert one.settings.registration_error_mm == 1.2
    assert one.facts.days_after_ablation == 30.0
    assert second.settings.registration_error_mm is None
    assert masks(second).organ is None


def test_a_row_may_be_a_pair_of_scans_with_the_options_of_assess(tmp_path: Path) -> None:
    head = PAIR + (
        ",organ_before,organ-after,vessels_before,vessels_after,mr,method,landmarks,landmarks_frame,mend,nudge"
        ",zone_shrinkage,confirm_pair,patient,session,lesion"
    )
    line = ('a,pre:2,post,pre/seg.dcm:Tumor,post/rt.dcm:Zone,pre/l.nii,post/l.nii,v.nii;w.nii,x.nii,Both,rigid,m.fcsv,'
            'ras,yes,"0,0,-3",0.2,YES,P1,S1,L1; L2')  # fmt: skip
    (task,) = tasks(listed(tmp_path, line, head=head))
    pair = scans(task)
    assert (pair.request.before, pair.request.after) == (str(tmp_path / "pre:2"), str(tmp_path / "post"))
    assert pair.request.vessels_before == (str(tmp_path / "v.nii"), str(tmp_path / "w.nii"))
    assert (pair.request.mr, pair.request.pair_confirmed) == (("before", "after"), True)
    assert (pair.choice.method, pair.choice.landmarks_frame, pair.choice.mend) == ("rigid", "RAS", True)
    assert (pair.choice.nudge, pair.shrinkage and pair.shrinkage.lost_share) == ("0,0,-3", 0.2)
    assert (task.patient, task.session, task.lesions) == ("P1", "S1", ("L1", "L2"))


def test_one_list_may_hold_both_kinds_of_rows(tmp_path: Path) -> None:
    head = PAIR + ",organ,organ_before"
    one, other = tasks(listed(tmp_path, "a,,,t,z,o,", "b,pre,post,t,z,,o", head=head))
    assert masks(one).organ == str(tmp_path / "o")
    assert scans(other).request.organ_before == str(tmp_path / "o")
    assert one.patient == "a"


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_what_separates_the_names_of_the_columns_separates_the_cells(sign: str, tmp_path: Path) -> None:
    head, line = HEAD.replace(",", sign), 'a,"t;u",z,'.replace(",", sign)
    (task,) = tasks(listed(tmp_path, line, head=head, encoding="utf-8-sig"))
    assert masks(task).tumors == (str(tmp_path / "t"), str(tmp_path / "u"))


def test_excel_and_parquet_hold_the_same_list(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["case", "tumor", "ablation", "days_after_ablation"], [7, "t", "z", 30], [None] * 4, ["b", "t", "z"]):
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    pd.DataFrame({"case": ["7", "b"], "tumor": "t", "ablation": "z", "days_after_ablation": [30.0, None]}).to_parquet(
        tmp_path / "list.parquet"
    )
    assert tasks(tmp_path / "list.xlsx") == tasks(tmp_path / "list.parquet")
    first, second = tasks(tmp_path / "list.xlsx")
    assert (first.name, first.facts.days_after_ablation, second.facts.days_after_ablation) == ("7", 30.0, None)
    (tmp_path / "list.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(BadManifest, match="not an Excel file"):
        tasks(tmp_path / "list.xlsx")


def test_a_name_that_climbs_out_of_the_folder_stays_in_it(tmp_path: Path) -> None:
    named = tasks(listed(tmp_path, "../../x,t,z,", "/etc/y,t,z,"))
    assert [task.name for task in named] == ["../../x", "/etc/y"]
    with pytest.raises(BadManifest, match="Lines 2 and 4"):
        tasks(listed(tmp_path, "../../x,t,z,", "/etc/y,t,z,", "x,t,z,"))


def test_ten_thousand_rows_are_read(tmp_path: Path) -> None:
    found = tasks(listed(tmp_path, *(f"c{n},c{n}/t.nii.gz,c{n}/z.nii.gz," for n in range(10_000))))
    assert len(found) == 10_000
    assert masks(found[-1]).tumors == (str(tmp_path / "c9999/t.nii.gz"),)


SLIPS = {
    "a column is missing": ("case,tumor", ["a,t"], ["no column ablation"]),
    "an unknown column": (HEAD + ",tumour", ["a,t,b,c,d"], ["'tumour'", "known are"]),
    "a column twice": (HEAD + ",Tumor", ["a,t,b,c,d"], ["tumor twice"]),
    "no name": (HEAD, ["a,t,b,", "", ",t,b,c"], ["Line 4", "column case"]),
    "no tumor": (HEAD, ["a,t,b,", "b,,b,c"], ["Line 3", "column tumor"]),
    "no ablation": (HEAD, ["a,t"], ["Line 2", "column ablation"]),
    "one name twice": (HEAD, ["a,t,b,", "x,t,b,", "A,t,b,"], ["Lines 2 and 4"]),
    "a comma in a path": (HEAD, ["a,t,final.nii,b,c"], ["Line 2", "more cells"]),
    "two organs": (HEAD, ["a,t,b,c;d"], ["Line 2", "organ", "2 files"]),
    "a word for a number": (HEAD + ",registration_error_mm", ["a,t,b,,1,5 mm"], ["Line 2", "more cells"]),
    "a unit": (HEAD + ",registration_error_mm", ["a,t,b,,1.5 mm"], ["Line 2", "registration_error_mm", "'1.5 mm'"]),
    "out of range": (HEAD + ",registration_error_mm", ["a,t,b,,-1"], ["Line 2", "registration-error-mm -1"]),
    "not finite": (HEAD + ",days_after_ablation", ["a,t,b,,nan"], ["Line 2", "days-after-ablation"]),
    "a structure without a name": (HEAD + ",structure", ["a,t,b,,=x"], ["Line 2", "structure", "NAME=FILE"]),
    "no case": (HEAD, ["", ",,,"], ["holds no case"]),
    "one lesion twice": (HEAD + ",lesion", ["a,t,z,,L1;L1"], ["Line 2", "one lesion twice"]),
    "lesions of one patient without names": (
        HEAD + ",patient,lesion", ["a,t,z,,P,L1", "c,t,z,,Q,", "b,t,z,,P,"], ["Lines 2 and 4", "name the lesions"]
    ),
    "a patient who is another one's case": (HEAD + ",patient", ["a,t,z,,", "b,t,z,,a"], ["Lines 2 and 3"]),
    "half a pair": (PAIR, ["a,pre,,t,z"], ["Line 2", "column after is empty"]),
    "an organ of a pair": (PAIR + ",organ", ["a,pre,post,t,z,o"], ["Line 2", "organ", "organ_before"]),
    "a method without scans": (HEAD + ",method", ["a,t,z,,rigid"], ["Line 2", "method", "names no scans"]),
    "an unknown method": (PAIR + ",method", ["a,pre,post,t,z,magic"], ["Line 2", "'magic'", "deformable, rigid"]),
    "not yes, not no": (PAIR + ",mend", ["a,pre,post,t,z,maybe"], ["Line 2", "'maybe'", "yes or no"]),
    "a nudge in two numbers": (PAIR + ",nudge", ['a,pre,post,t,z,"1,2"'], ["Line 2", "three mm"]),
    "a frame without landmarks": (PAIR + ",landmarks_frame", ["a,pre,post,t,z,LPS"], ["Line 2", "landmarks"]),
    "a zone that lost all": (PAIR + ",zone_shrinkage", ["a,pre,post,t,z,1"], ["Line 2"]),
    "an open quote": (HEAD, ["a,t,b,", 'b,"t,b,', "c,t,b,"], ["from line 3 on", "quote"]),
    "a cell of megabytes": (HEAD, ["a,t,b,", f"b,{200_000 * 'x'},b,"], ["from line 3 on"]),
    "a byte of zero": (HEAD, ["a,t,b,", "b,\0,b,"], ["list.csv"]),
}  # fmt: skip


@pytest.mark.parametrize(("head", "lines", "says"), SLIPS.values(), ids=SLIPS)
def test_a_slip_in_a_list_is_told_by_line_and_column_before_anything_is_measured(
    head: str, lines: list[str], says: list[str], tmp_path: Path, isotherm: Command
) -> None:
    path = listed(tmp_path, *lines, head=head)
    ran = isotherm("batch", path, "--out", tmp_path / "out", "--quiet")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert all(word in ran.err for word in says), ran.err
    assert tmp_path.name not in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"\n\n", b"PK\x03\x04\xff\xfe", "case,tumor\n\xe4".encode("latin-1"),
                                     HEAD.encode("utf-16"), b'case,"tumor\n' + 200_000 * b"x"])  # fmt: skip
def test_what_is_no_list_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(BadManifest, match=r"^The list list\.csv .*\.$"):
        tasks(tmp_path / "list.csv")


def test_a_list_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(BadManifest, match="cannot be read"):
            tasks(path)


def test_every_column_is_told_in_the_documentation() -> None:
    page = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
    assert [column for column in COLUMNS if f"`{column}`" not in page] == []
    assert not set(OF_MASKS) & set(OF_SCANS)
