"""`isotherm study run`: everything or nothing on disk, one sentence for what cannot be used, always the same bytes."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import isotherm as package
from isotherm.app import study_tasks
from isotherm.app.study_tasks import headline, run_study, run_study_demo
from isotherm.errors import OutputError
from isotherm.exchange.protocol_text import protocol_text
from isotherm.study.protocol_methods import Methods, Weighting
from tests.app.bundled_study import without_bootstrap
from tests.app.on_disk import Command
from tests.study.cohorts import PAIRS, people, study
from tests.study.protocols import OS

SCHEMA = Path(package.__file__).parent / "app" / "schemas" / "study-1.schema.json"


@pytest.fixture
def protocol(tmp_path: Path) -> Path:
    """A protocol and its table, as a user has them."""
    folder = tmp_path / "mine"
    folder.mkdir()
    people().to_csv(folder / "cohort.csv", index=False)
    file = folder / "study.toml"
    file.write_text(protocol_text(study(methods=PAIRS, outcomes=(OS,))), encoding="utf-8")
    return file


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports have tests of their own; here a page stands for them."""

    def write(folder: Path, document: object) -> None:
        (folder / "figures").mkdir()
        (folder / "figures" / "flow.svg").write_text("<svg/>")
        (folder / "report.html").write_text("a page")

    monkeypatch.setattr(study_tasks, "write_study_report", write)


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_run_leaves_a_whole_result_and_prints_the_main_estimate_before_the_naive_one(
    isotherm: Command, protocol: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ran = isotherm("study", "run", protocol, "--out", out, "--quiet", "--workers", "2")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "Drug or none"
    assert lines[3].startswith("Overall survival: Hazard ratio, adjusted: ")
    assert lines[4].startswith("Overall survival: Hazard ratio, naive: ")
    assert "caveat: Made up." in lines
    document = json.loads((out / "result.json").read_text(encoding="utf-8"))
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(document)
    assert {f"tables/{name}.csv" for name in document["tables"]} | {"result.json", "adjusted.csv", "report.html",
            "figures/flow.svg"} == files_in(out)  # fmt: skip
    with (out / "adjusted.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 90
    assert list(rows[0])[1] == "arm"
    assert Counter(row["arm"] for row in rows) == {"Drug": 39, "No drug": 51}
    assert not any("00:00:00" in cell or cell.endswith(".0") for row in rows for cell in row.values())
    matched = sum(float(row["weight"]) > 0 for row in rows)
    assert matched == 2 * document["results"]["matching.sets"]["value"]
    assert str(tmp_path) not in (out / "result.json").read_text(encoding="utf-8")


def test_two_runs_give_the_same_bytes(protocol: Path, tmp_path: Path) -> None:
    for name, workers in (("one", 1), ("two", 2)):
        run_study(str(protocol), str(tmp_path / name), workers=workers)
    for name in files_in(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_release_replaces_all_of_an_earlier_run_and_leaves_no_patients(protocol: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_study(str(protocol), str(out))
    (out / "notes.txt").write_text("mine")
    (out / "tables" / "old.csv").write_text("stale")
    document, folder = run_study(str(protocol), str(out), released=True)
    assert folder == out
    assert document["settings"]["release"] is True
    assert not {"adjusted.csv", "tables/old.csv"} & files_in(out)
    assert (out / "notes.txt").read_text() == "mine"
    small = [
        one["value"] for one in document["results"].values() if one["kind"] == "count" and one["value"] is not None
    ]
    assert not [value for value in small if 0 < value < 10]
    shown = "".join(path.read_text(encoding="utf-8") for path in (out / "tables").glob("*.csv"))
    assert "withheld: a small count" in shown


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_breaks_off_while_writing_leaves_nothing_half_written(
    protocol: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def stop(folder: Path, document: object) -> None:
        raise error

    monkeypatch.setattr(study_tasks, "write_study_report", stop)
    with pytest.raises(KeyboardInterrupt if error is KeyboardInterrupt else OutputError):
        run_study(str(protocol), str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_ctrl_c_keeps_the_results_of_an_earlier_run(
    isotherm: Command, protocol: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    run_study(str(protocol), str(out))
    before = {name: (out / name).read_bytes() for name in files_in(out)}

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(study_tasks, "analyze", stop)
    ran = isotherm("study", "run", protocol, "--out", out, "--quiet")
    assert ran.code == 130
    assert {name: (out / name).read_bytes() for name in files_in(out)} == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("age", "year"), "has no column 'age'"),
        (("dead", "died"), "has no column 'dead'"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_code_2(
    isotherm: Command, protocol: Path, tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    table = protocol.parent / "cohort.csv"
    table.write_text(table.read_text().replace(change[0], change[1], 1))
    ran = isotherm("study", "run", protocol, "--out", tmp_path / "out", "--quiet")
    assert ran.code == 2
    assert says in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_text_in_a_number_column_no_events_one_arm_and_an_empty_file_are_one_sentence(
    isotherm: Command, protocol: Path, tmp_path: Path
) -> None:
    table = protocol.parent / "cohort.csv"
    whole = people()
    for broken, says in (
        (whole.assign(age=whole["age"].astype(str).replace(whole["age"].astype(str)[3], "old")), "'age'"),
        (whole.assign(dead=0.0), "holds no event in 90 rows"),
        (whole.assign(drug=1.0), "No eligible row is in arm"),
        (whole.assign(months=-1.0), "negative"),
        (whole[:0], "no rows"),
    ):
        broken.to_csv(table, index=False)
        ran = isotherm("study", "run", protocol, "--out", tmp_path / "out", "--quiet")
        assert (ran.code, ran.err.count("\n")) == (2, 1), says
        assert says in ran.err
        assert "P3" not in ran.err
    table.write_bytes(b"")
    ran = isotherm("study", "run", protocol, "--out", tmp_path / "out", "--quiet")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert not (tmp_path / "out").exists()


def test_an_estimand_out_of_reach_is_code_1_with_what_is_within_reach(
    isotherm: Command, protocol: Path, tmp_path: Path
) -> None:
    whole = people()
    whole[(whole["drug"] == 1.0) | (whole.index < 30)].to_csv(protocol.parent / "cohort.csv", index=False)
    ran = isotherm("study", "run", protocol, "--out", tmp_path / "out", "--quiet")
    assert ran.code == 1
    assert "Within reach: the ATC" in ran.err


def test_without_a_protocol_or_a_place_nothing_runs(isotherm: Command, protocol: Path, tmp_path: Path) -> None:
    assert isotherm("study", "run").code == 2
    assert isotherm("study", "run", protocol).code == 2
    ran = isotherm("study", "run", protocol, "--out", tmp_path / "out", "--workers", "0")
    assert (ran.code, "--workers 0 came; 1 or more are wanted." in ran.err) == (2, True)
    (tmp_path / "file").write_text("")
    assert isotherm("study", "run", protocol, "--out", tmp_path / "file").code == 2
    assert not (tmp_path / "out").exists()


def test_results_never_take_the_place_of_what_came_in(protocol: Path) -> None:
    folder = protocol.parent
    (folder / "tables").mkdir()
    (folder / "cohort.csv").rename(folder / "tables" / "cohort.csv")
    protocol.write_text(protocol.read_text().replace('"cohort.csv"', '"tables/cohort.csv"'), encoding="utf-8")
    with pytest.raises(OutputError, match="came in and would be overwritten"):
        run_study(str(protocol), str(folder))
    assert (folder / "tables" / "cohort.csv").is_file()


def test_a_blinded_study_prints_no_estimate_and_one_that_has_none_prints_why(
    isotherm: Command, protocol: Path, tmp_path: Path
) -> None:
    protocol.write_text(protocol_text(study(methods=PAIRS, outcomes_blinded=True)), encoding="utf-8")
    ran = isotherm("study", "run", protocol, "--out", tmp_path / "blind", "--quiet")
    assert ran.code == 0
    assert "Hazard ratio" not in ran.out
    assert "Outcomes are blinded" in ran.out
    only = people()
    only.assign(dead=only["dead"] * only["drug"]).to_csv(protocol.parent / "cohort.csv", index=False)
    methods = Methods(adjustment=Weighting(estimand="overlap"))
    protocol.write_text(protocol_text(study(methods=methods, outcomes=(OS,))), encoding="utf-8")
    ran = isotherm("study", "run", protocol, "--out", tmp_path / "none", "--quiet")
    assert ran.code == 0
    assert "Hazard ratio, adjusted: none, since The partial likelihood rises without end" in ran.out


def test_a_limit_that_the_data_do_not_set_is_printed_as_such() -> None:
    record = {"label": "x", "value": 2.0, "low": 1.0, "high": None, "level": 0.95, "p": None, "why": ""}
    shown = headline({
        "results": {"headline.effect": record}, "protocol": {"title": "t", "hash": "0" * 64}, "findings": [],
        "caveats": [], "settings": {"release": False},
    })  # fmt: skip
    assert "x: 2 (95 % interval 1 to no limit)" in shown


def test_the_demo_runs_the_real_cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(study_tasks, "run_study", without_bootstrap)
    document, folder = run_study_demo(str(tmp_path / "demo"), said.append)
    assert folder == tmp_path / "demo"
    assert document["results"]["effect.os.adjusted"]["value"] == pytest.approx(1.38508448274, rel=1e-9)
    assert document["results"]["table_one.size.chemo.patients"]["value"] == 122
    assert "cohort" in said
