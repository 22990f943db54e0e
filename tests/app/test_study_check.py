"""`isotherm study check`: the table, the document by its schema, the exit code, and a release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from jsonschema import Draft202012Validator

import isotherm as package
from isotherm.app.study_check import check_text, exit_code, is_refused, rows_told, stops_told, verdict
from isotherm.exchange.protocol_text import protocol_text
from isotherm.study.cohort import cohort
from isotherm.study.finding import DESIGNS, Finding
from isotherm.study.guard.audit import findings_of
from isotherm.study.guard.document import audit_document
from isotherm.study.known import Entry, ExposureStart, Known
from isotherm.study.predicate import Predicate
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_parts import Scans, Step
from tests.app.on_disk import Command
from tests.study.guard.made import DIED, registry, study, timing
from tests.study.protocols import DATED_ARMS

SCHEMA = Path(package.__file__).parent / "app" / "schemas" / "study-check-1.schema.json"
LATE = Step(says="Finished six cycles", where=Predicate("cea >= 0"), known=Known(when="after time zero"))


def on_disk(folder: Path, protocol: Protocol, table: pd.DataFrame) -> Path:
    table.to_csv(folder / "cohort.csv", index=False)
    file = folder / "study.toml"
    file.write_text(protocol_text(protocol), encoding="utf-8")
    return file


@pytest.fixture
def timed(tmp_path: Path) -> Path:
    return on_disk(tmp_path, study(arms=DATED_ARMS, outcomes=(DIED,)), timing(60))


def document(out: str) -> dict[str, Any]:
    read = json.loads(out)
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(read)
    return read


def test_a_sound_study_has_nothing_said_against_it_and_ends_with_0(isotherm: Command, tmp_path: Path) -> None:
    ran = isotherm("study", "check", on_disk(tmp_path, study(), registry()))
    assert (ran.code, ran.err) == (0, "")
    assert "Nothing was found that speaks against the design." in ran.out
    assert ran.out.endswith("No planned design is barred.\n")


def test_a_barred_design_is_named_and_those_that_are_left_keep_the_exit_code_at_0(
    isotherm: Command, timed: Path
) -> None:
    ran = isotherm("study", "check", timed)
    assert ran.code == 0
    assert "stop   immortal_time: Counted from time zero" in ran.out
    assert "naive                barred by arm_after_time_zero.upfront, arm_after_time_zero.delayed" in ran.out
    assert "clone_censor_weight  open" in ran.out
    assert "refuses this protocol: what it asks for (naive) is barred" in ran.out
    assert isotherm("study", "flow", timed).out.count("finding: ") == ran.out.count("->")


def test_where_no_design_is_left_the_exit_code_is_2(isotherm: Command, tmp_path: Path) -> None:
    undated = study(exposure=ExposureStart(says="dose", when="after time zero"))
    ran = isotherm("study", "check", on_disk(tmp_path, undated, registry()))
    assert ran.code == 2
    assert ran.out.endswith("No design is left that can answer the question with these records.\n")
    late = isotherm("study", "check", on_disk(tmp_path, study(eligibility=(LATE,)), registry()))
    assert late.code == 0
    assert "landmark             open" in late.out
    assert "time_dependent_cox   barred by late_eligibility.1" in late.out


def test_the_document_follows_its_schema_and_goes_to_a_file_or_to_standard_output(
    isotherm: Command, timed: Path, tmp_path: Path
) -> None:
    ran = isotherm("study", "check", timed, "--json", "-")
    read = document(ran.out)
    assert read["open"] == ["landmark", "time_dependent_cox", "clone_censor_weight"]
    assert [one["level"] for one in read["findings"]][:3] == ["stop"] * 3
    file = tmp_path / "check.json"
    shown = isotherm("study", "check", timed, "--json", file)
    assert "Designs:" in shown.out
    assert file.read_text(encoding="utf-8") == ran.out


def test_a_document_never_takes_the_place_of_what_came_in(isotherm: Command, timed: Path) -> None:
    for name in ("study.toml", "cohort.csv"):
        ran = isotherm("study", "check", timed, "--json", timed.parent / name)
        assert ran.code == 2
        assert "came in and would be overwritten" in ran.err
    assert isotherm("study", "check", timed, "--json", timed.parent / "none" / "a.json").code == 2


def test_a_release_holds_no_small_count_and_no_day(isotherm: Command, timed: Path) -> None:
    read = document(isotherm("study", "check", timed, "--json", "-", "--release").out)
    values = [one["value"] for finding in read["findings"] for one in finding["counts"]]
    assert all(value is None or value % 10 == 0 for value in values)
    shown = isotherm("study", "check", timed, "--release").out
    findings = shown[shown.index("stop") : shown.index("Designs:")]
    assert not any(word.strip(".,:;%").isdigit() for word in findings.replace("below 10", "").split())
    assert "some patients" in findings


def test_lines_are_broken_where_a_terminal_is_narrow_and_never_in_a_pipe() -> None:
    made = cohort(study(arms=DATED_ARMS, outcomes=(DIED,)), timing(60))
    read = audit_document(made, findings_of(made), {"isotherm": "0"})
    assert exit_code(read) == 0
    assert max(map(len, check_text(read, 80).splitlines())) <= 80
    assert " ".join(check_text(read, 80).split()) == " ".join(check_text(read).split())


def test_overrides_are_shown_with_their_reason(isotherm: Command, tmp_path: Path) -> None:
    opened = Step(says=LATE.says, where=LATE.where, known=LATE.known, override="A landmark, reported as such.")
    ran = isotherm("study", "check", on_disk(tmp_path, study(eligibility=(opened,)), registry()))
    assert "override: Finished six cycles: it was known after time zero. Reason: A landmark" in ran.out


def test_what_the_audit_asks_for_is_read_from_the_protocol(isotherm: Command, tmp_path: Path) -> None:
    table = registry()
    table["seen_on"] = table["decided_on"] + pd.Timedelta(days=2)
    table["scan_1"] = table["decided_on"] + pd.to_timedelta(60 + 60 * table["drug"], "D")
    asked = study(
        entry=Entry(says="first visit", column="seen_on"), scans=Scans(columns=("scan_1",), outcomes=("pfs",))
    )
    read = document(isotherm("study", "check", on_disk(tmp_path, asked, table), "--json", "-").out)
    assert {one["id"] for one in read["findings"]} == {"left_truncation", "scan_schedule"}


def test_a_run_is_refused_where_all_that_it_would_compute_is_barred(
    isotherm: Command, timed: Path, tmp_path: Path
) -> None:
    assert "refuses this protocol" in isotherm("study", "check", timed).out
    ran = isotherm("study", "run", timed, "--out", tmp_path / "out", "--quiet")
    assert ran.code == 2
    assert "(naive) is barred by what was found (arm_after_time_zero.upfront" in ran.err
    assert not (tmp_path / "out" / "result.json").exists()


@pytest.fixture
def twice(tmp_path: Path) -> Path:
    """Six patients of site A stand in the table as others of site B too."""
    table = registry()
    ours = table[table["site"] == "A"].head(6)
    both = pd.concat([table, ours.assign(site="B", id=[f"Q{k}" for k in range(6)])], ignore_index=True)
    return on_disk(tmp_path, study(), both)


def test_whoever_holds_the_table_is_told_which_rows_may_be_the_same_people(isotherm: Command, twice: Path) -> None:
    lines = (twice.parent / "cohort.csv").read_text(encoding="utf-8").splitlines()
    ran = isotherm("study", "check", twice)
    told = ran.out.partition("Rows of cohort.csv, its head being row 1 and empty rows not counted: ")[2].partition(".")[
        0
    ]
    pairs = [[int(row) for row in one.split(" and ")] for one in told.split("; ")]
    assert [two for _, two in pairs] == list(range(len(lines) - 5, len(lines) + 1))
    for one, two in pairs:
        first, second = (lines[row - 1].split(",") for row in (one, two))
        assert first[0] != second[0]
        assert first[2:] == second[2:]


def test_no_document_and_no_release_tells_rows(isotherm: Command, twice: Path) -> None:
    assert "Rows of" not in isotherm("study", "check", twice, "--json", "-").out
    assert "Rows of" not in isotherm("study", "check", twice, "--release").out


def test_many_rows_are_counted_and_not_all_named() -> None:
    found = Finding("look_alikes", "x", 25, "warn", compare=tuple((row, 100 + row, 200 + row) for row in range(25)))
    told = rows_told([found, Finding("code.x", "y", 1)], "cohort.csv")
    assert told["look_alikes"].endswith("21, 121 and 221; and 5 more.")
    assert set(told) == {"look_alikes"}


def _audit(barred: dict[str, list[str]], planned: tuple[str, ...]) -> dict[str, object]:
    """Return what an audit's document says of designs and of what stops."""
    stops = sorted({key for keys in barred.values() for key in keys})
    designs = [{"name": name, "planned": name in planned, "barred_by": barred.get(name, [])} for name in DESIGNS]
    return {"designs": designs, "open": [name for name in DESIGNS if name not in barred],
            "findings": [{"level": "stop", "id": key} for key in stops] + [{"level": "warn", "id": "w"}]}  # fmt: skip


def test_what_stops_is_told_with_the_designs_that_it_bars_and_what_a_run_gives_then() -> None:
    both = _audit({"naive": ["a", "b"], "landmark": ["b"]}, ("naive", "landmark", "clone_censor_weight"))
    assert stops_told(both) == (
        "2 findings to stop at: they bar naive, landmark; a run answers by clone_censor_weight."
    )  # fmt: skip
    assert verdict(both) == (
        "`isotherm study run` answers by clone_censor_weight; naive is barred as an answer, and stands beside it; "
        "landmark is barred, and not carried out."
    )
    assert not is_refused(both)
    alone = _audit({"naive": ["a"]}, ("naive",))
    assert stops_told(alone) == (
        "1 finding to stop at: it bars every design of this protocol (naive), so a run would be refused."
    )
    assert is_refused(alone)
    assert stops_told(_audit({"landmark": ["a"]}, ("naive",))).endswith(
        "it bars no design that this protocol asks for."
    )
    assert stops_told(_audit({}, ("naive",))) == ""
