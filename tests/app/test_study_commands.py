"""`isotherm study init` and `flow`: drafts in which every guess is marked, flows that add up, clear refusals."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.app.study_draft import draft, write_draft
from isotherm.app.study_flow import flow_text
from isotherm.app.study_guess import codes_in, guess
from isotherm.errors import OutputError
from isotherm.exchange.protocol_files import protocol_from
from isotherm.exchange.protocol_text import protocol_text
from isotherm.study.cohort import cohort
from tests.app.on_disk import Command
from tests.study.protocols import protocol
from tests.study.test_cohort import PER_TUMOR, TABLE, TUMORS

CSV = """\
patient_id,hospital,ageYears,sex,tumor_count,stage,treatment,surgery_date,vital_status,survival_months,response_percent,remarks
P1,A,64,1,2,early,1,2014-01-31,1,12.5,0.35,long words about somebody that no draft repeats anywhere
P2,A,70,2,9,late,0,2014-02-28,0,30,0.1,
P3,B,NA,1,4,early,1,2014-03-31,0,22,0.2,
P4,B,58,2,7,late,0,2014-04-30,1,8,0.7,
P5,B,47,2,11,early,0,2014-05-31,0,41,0.9,
P6,B,66,1,13,late,1,2014-06-30,1,3,0.4,
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "data" / "table.csv"
    file.parent.mkdir()
    file.write_text(CSV)
    return file


def test_a_draft_reads_back_names_its_table_from_its_own_folder_and_gives_a_flow(
    isotherm: Command, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "study.toml"
    ran = isotherm("study", "init", str(table), "--out", str(out))
    assert ran.code == 0
    assert "Check every GUESS" in ran.out
    study = protocol_from(out.read_text())
    assert (study.data.file, study.data.patient, study.data.site) == ("data/table.csv", "patient_id", "hospital")
    assert study.data.missing == ("NA",)
    assert study.arms.column == "treatment"
    assert [(one.event, one.time, one.time_unit) for one in study.outcomes] == [
        ("vital_status", "survival_months", "months")
    ]
    assert {one.column: one.kind for one in study.covariates} == {
        "ageYears": "number", "sex": "category", "tumor_count": "number", "stage": "category",
    }  # fmt: skip
    assert {one.use for one in study.covariates} == {"describe"}
    assert '# "response_percent": its name sounds like an outcome' in out.read_text()
    assert '# "surgery_date": dates' in out.read_text()
    assert "somebody" not in out.read_text()

    ran = isotherm("study", "flow", str(out))
    assert ran.code == 0
    rows = [line.split() for line in ran.out.splitlines() if line]
    assert rows[2] == ["patients", "arm_1", "arm_2", "A", "B"]
    assert rows[3][-5:] == ["6", "3", "3", "2", "4"]


def test_a_draft_never_takes_the_place_of_a_file(isotherm: Command, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "study.toml"
    out.write_text("mine")
    ran = isotherm("study", "init", str(table), "--out", str(out))
    assert (ran.code, out.read_text()) == (2, "mine")
    assert "'study.toml' is there already; name another file." in ran.err
    with pytest.raises(OutputError):
        write_draft(str(table), str(tmp_path / "nowhere" / "study.toml"))


def test_a_table_on_another_drive_is_named_by_its_whole_path(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def apart(*_: object) -> str:
        raise ValueError

    monkeypatch.setattr("os.path.relpath", apart)
    study = protocol_from(write_draft(str(table), str(tmp_path / "study.toml")).read_text())
    assert study.data.file == table.as_posix()


@pytest.mark.parametrize("command", ["init", "flow"])
def test_what_cannot_be_read_is_answered_in_one_line_with_exit_code_2(isotherm: Command, command: str) -> None:
    ran = isotherm("study", command, "nothing.csv")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "nothing.csv" in ran.err


def test_a_bad_table_or_protocol_stops_the_flow_with_exit_code_2(isotherm: Command, tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text(protocol_text(protocol()))
    TABLE.assign(months=-1).to_csv(tmp_path / "cohort.csv", index=False)
    ran = isotherm("study", "flow", str(study))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "isotherm: Column 'months' is negative in 4 of 4 rows; times count from time zero.\n"
    study.write_text(protocol_text(protocol()).replace("age >= 18", "age >> 18"))
    ran = isotherm("study", "flow", str(study))
    assert ran.code == 2
    assert "study.toml, line " in ran.err


def test_study_has_its_help_and_needs_a_command(isotherm: Command) -> None:
    ran = isotherm("study", "--help")
    assert ran.code == 0
    assert all(word in ran.out for word in ("init", "flow"))
    assert isotherm("study").code == 2


def test_the_flow_shows_tumors_sites_findings_overrides_and_caveats() -> None:
    text = flow_text(cohort(PER_TUMOR, TUMORS))
    assert text.splitlines()[3].split() == ["patients", "tumors", "drug", "none", "unknown"]
    assert "= 3 cm at most" in text
    shared = TABLE.assign(id=["1", "2", "3", "4", "1", "6", "7", "8"])
    opened = protocol(caveats=("Only survivors.",), outcomes_blinded=True)
    text = flow_text(cohort(opened, shared))
    assert "finding: 1 patient ids occur at more than one site" in text
    assert "caveat: Only survivors." in text
    assert text.endswith("Outcomes are blinded: their columns were not read.")


def test_what_was_kept_without_being_known_and_what_was_overridden_is_told() -> None:
    study = protocol_from(
        protocol_text(protocol())
        .replace('where = "age >= 18"', 'where = "age >= 18"\nunknown = "keep"')
        .replace('known = "before time zero"', 'known = "after time zero"\noverride = "Nothing else."', 1)
    )
    text = flow_text(cohort(study, TABLE))
    assert "kept although not known: 1 rows, 18 years or older" in text
    assert "override: Age: it was known after time zero. Reason: Nothing else." in text


def test_rows_that_are_tumors_are_seen_by_patients_that_repeat() -> None:
    found = guess(pd.DataFrame({"patient": ["1", "1", "2"], "lesion": ["a", "b", "a"], "arm": ["x", "x", "y"]}))
    assert (found.patient, found.tumor, found.arm) == ("patient", "lesion", ("arm", ("x", "y")))


def test_without_a_name_for_it_a_column_that_never_repeats_tells_patients_apart() -> None:
    found = guess(pd.DataFrame({"x": [1.0, 1.0], "key": ["a", "b"], "os_days": [3.0, 4.5]}))
    assert found.patient == "key"
    assert ("os_days", "a time without an event that fits") in found.unused


def test_codes_for_not_known_are_found_where_they_occur() -> None:
    raw = pd.DataFrame({"a": [1.0, -999.0], "b": ["x", "N/A"], "c": ["-99", "y"]})
    assert codes_in(raw) == (-999.0, -99.0, "N/A")


NAMES = st.text(min_size=1, max_size=12).map(str.strip).filter(bool) | st.sampled_from(
    [
        "id",
        "site",
        "treatment",
        "status_os",
        "os_months",
        "Dead",
        "age",
        "recurrence",
        "lesion",
        "x y",
        'q"uote',
        "back\\slash",
        "",
    ]
)
COLUMNS: dict[str, Any] = {
    "empty": st.none(), "yes": st.sampled_from([0.0, 1.0, np.nan]), "number": st.floats(-9, 9),
    "text": st.text(max_size=3), "truth": st.booleans(), "levels": st.sampled_from([1.0, 2.0, 3.0]),
    "codes": st.sampled_from(["NA", "a", "b"]),
}  # fmt: skip


@given(st.data(), st.lists(NAMES, unique=True, max_size=8), st.integers(1, 9))
def test_the_draft_of_any_table_reads_back_and_takes_no_event_for_a_covariate(
    data: st.DataObject, names: list[str], rows: int
) -> None:
    kinds = {name: data.draw(st.sampled_from(list(COLUMNS))) for name in names}
    table = pd.DataFrame(
        {name: pd.Series([data.draw(COLUMNS[kind]) for _ in range(rows)]) for name, kind in kinds.items()}
    )
    text = draft(guess(table), "table.csv", codes_in(table))
    study = protocol_from(text)
    described = {covariate.column for covariate in study.covariates}
    assert described.isdisjoint({"status_os", "os_months", "Dead", "recurrence", *study.outcome_columns})
    assert tomllib.loads(text)["schema"] == 1
