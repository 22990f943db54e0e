"""The real cohort that ships: its coding against its dictionary, its protocol, and what the protocol refuses."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import isotherm
from isotherm.errors import BadProtocol
from isotherm.exchange.protocol_files import protocol_from, read_protocol
from isotherm.exchange.protocol_text import protocol_text
from isotherm.exchange.tables_in import read_records, read_table
from isotherm.study.cohort import Cohort, cohort
from isotherm.study.cohort_outcomes import observed
from isotherm.study.guard.audit import findings_of, possible_designs
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_methods import Matching, Weighting
from isotherm.study.table_one import table_one
from tests.app.on_disk import Command

FOLDER = Path(isotherm.__file__).parent / "app" / "data" / "crlm"
STUDY = FOLDER / "crlm_study.toml"


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return read_protocol(STUDY)


@pytest.fixture(scope="module")
def table(protocol: Protocol) -> pd.DataFrame:
    return read_table(FOLDER / protocol.data.file, missing=protocol.data.missing)


@pytest.fixture(scope="module")
def made(protocol: Protocol) -> Cohort:
    return cohort(protocol, read_records(protocol, FOLDER))


def test_every_column_is_in_the_dictionary_and_holds_the_codes_that_it_lists(table: pd.DataFrame) -> None:
    with (FOLDER / "crlm_tcia_data_dictionary.csv").open(encoding="utf-8") as file:
        listed = {row["Variable Name"]: row["Values"] for row in csv.DictReader(file)}
    names = [{"Patient-ID": "id"}.get(str(name), str(name)) for name in table.columns]
    assert names == list(listed)
    for name, column in zip(names, table.columns, strict=True):
        held = set(table[column].dropna().unique().tolist())
        if "Yes" in listed[name]:
            assert held <= {0.0, 1.0}, name
        elif "dead" in listed[name] or name == "clinrisk_stratified":
            assert held == {0.0, 1.0}, name
        elif name == "sex":
            assert held == {1.0, 2.0}
        elif name == "clinrisk_score":
            assert held <= set(range(6))
        elif "numeric" in listed[name]:
            assert table[column].min() >= 0.0, name


def test_missing_ones_are_as_many_as_the_publisher_coded(table: pd.DataFrame) -> None:
    missing = table.drop(columns="relevant_notes").isna().sum()
    assert missing[missing > 0].to_dict() == {
        "clinrisk_score": 29, "clinrisk_stratified": 29, "total_response_percent": 3, "necrosis_percent": 2,
        "fibrosis_percent": 3, "fibrosis_greater_40_percent": 3, "mucin_percent": 3,
    }  # fmt: skip


def test_disease_free_status_is_one_for_recurrence_or_death(table: pd.DataFrame) -> None:
    dead, anywhere, liver = (
        table[name] == 1.0
        for name in ("vital_status", "progression_or_recurrence", "progression_or_recurrence_liveronly")
    )
    assert ((anywhere | dead) == (table["vital_status_DFS"] == 1.0)).all()
    assert ((liver | dead) == (table["vital_status_liver_DFS"] == 1.0)).all()
    assert (anywhere | ~liver).all()
    assert (dead.sum(), anywhere.sum(), liver.sum()) == (107, 131, 81)


def test_codes_that_follow_from_others_do(table: pd.DataFrame) -> None:
    known = table["clinrisk_score"].notna()
    assert ((table["clinrisk_score"] >= 3) == (table["clinrisk_stratified"] == 1.0))[known].all()
    assert ((table["NASH_score"] > 0) == (table["NASH_yesno"] == 1.0)).all()
    assert ((table["NASH_score"] >= 4) == (table["NASH_greater_4"] == 1.0)).all()
    assert ((table["fibrosis_percent"] >= 0.4) == (table["fibrosis_greater_40_percent"] == 1.0)).all()
    assert table[["total_response_percent", "necrosis_percent", "fibrosis_percent", "mucin_percent"]].max().max() <= 1.0


def test_no_disease_free_time_is_longer_than_survival(table: pd.DataFrame) -> None:
    os, dfs, liver = (
        table[name]
        for name in ("overall_survival_months", "months_to_DFS_progression", "months_to_liver_DFS_progression")
    )
    assert (dfs <= liver).all()
    assert (liver <= os).all()


def test_122_had_chemotherapy_and_75_had_none_and_nobody_is_left_out(made: Cohort) -> None:
    assert {box.key: box.patients for box in made.flow.boxes} == {
        "start": 197, "step_1.kept": 197, "step_1.not_met": 0, "step_1.unknown": 0, "step_2.kept": 197,
        "step_2.not_met": 0, "step_2.unknown": 0, "arm.chemo": 122, "arm.none": 75, "arm.other": 0, "arm.unknown": 0,
    }  # fmt: skip
    assert made.treated.sum() == 122
    assert made.findings == ()


def test_the_audit_says_of_the_real_cohort_what_its_author_says_and_nothing_else(made: Cohort) -> None:
    (finding,) = findings_of(made)
    assert (finding.key, finding.level, finding.bars) == ("exposure_before_time_zero", "warn", ())
    assert "is not among the 197 patients in the arms, and cannot be counted from them" in finding.says
    assert "cannot be told" in finding.says
    assert possible_designs(made.protocol) == ("naive", "landmark")


@pytest.mark.parametrize(("name", "events"), [("os", (71, 36)), ("dfs", (91, 47)), ("liver_dfs", (82, 40))])
def test_events_per_arm_are_those_of_the_table(made: Cohort, name: str, events: tuple[int, int]) -> None:
    found = observed(made, name)
    chemo = made.treated[found.rows]
    assert found.missing == 0
    assert (found.times.event[chemo].sum(), found.times.event[~chemo].sum()) == events
    assert found.outcome.unit == "patient"


def test_only_what_was_there_before_chemotherapy_is_adjusted_for_and_the_rest_is_recorded(protocol: Protocol) -> None:
    assert [one.column for one in protocol.adjusted] == ["age", "sex", "major_comorbidity", "extrahep_disease"]
    assert [one.what for one in protocol.overrides] == ["Major comorbidity", "Extrahepatic disease"]
    assert any("reached resection" in caveat for caveat in protocol.caveats)


@pytest.mark.parametrize("column", ["clinrisk_score", "steatosis_yesno", "total_response_percent"])
def test_histology_and_the_clinical_risk_score_are_refused_as_covariates(column: str) -> None:
    text = STUDY.read_text(encoding="utf-8")
    start = text.index(f'column = "{column}"')
    promoted = text[:start] + text[start:].replace('use = "describe"', 'use = "adjust"', 1)
    with pytest.raises(BadProtocol, match=r"cannot be used: (it was known after time zero|exposure began before)"):
        protocol_from(promoted)


def test_the_override_for_extrahepatic_disease_is_needed(protocol: Protocol) -> None:
    bare = re.sub(
        r'override = "The dictionary does not say when it was seen.*"\n', "", STUDY.read_text(encoding="utf-8")
    )
    with pytest.raises(BadProtocol, match="Extrahepatic disease cannot be used: exposure began before time zero"):
        protocol_from(bare)


def test_the_estimand_can_be_reached_and_1_to_1_in_all_treated_could_not(protocol: Protocol, made: Cohort) -> None:
    assert protocol.methods.adjustment == Weighting(estimand="overlap")
    matched = protocol.sensitivity[0].adjustment
    assert isinstance(matched, Matching)
    assert matched.estimand == "ATC"
    assert made.treated.sum() > (~made.treated).sum()


def test_table_1_describes_what_came_later_and_says_so(made: Cohort) -> None:
    rows = {(row.column, row.level): row for row in table_one(made).rows}
    assert rows["age", None]["chemo"].mean == pytest.approx(60.409836, abs=1e-6)
    assert rows["age", None]["none"].mean == pytest.approx(58.426667, abs=1e-6)
    assert rows["sex", "female"]["none"].count == 31
    assert rows["extrahep_disease", None]["chemo"].count == 14
    assert (rows["clinrisk_score", None]["chemo"].missing, rows["clinrisk_score", None]["none"].missing) == (18, 11)
    assert rows["steatosis_yesno", None].late == "it was known after time zero"
    assert not rows["clinrisk_score", None].adjusted


def test_the_protocol_is_written_back_equal_and_its_flow_prints(protocol: Protocol, isotherm: Command) -> None:
    assert protocol_from(protocol_text(protocol)) == protocol
    ran = isotherm("study", "flow", str(STUDY))
    assert ran.code == 0
    assert "override: Extrahepatic disease" in ran.out
    assert "caveat: Everybody in this table reached resection." in ran.out


def test_the_table_ships_under_its_own_license_with_attribution() -> None:
    words = (FOLDER / "LICENSE.md").read_text(encoding="utf-8")
    notice = (Path(__file__).resolve().parents[2] / "NOTICE").read_text(encoding="utf-8")
    for text in (words, notice):
        assert "10.7937/QXK2-QG03" in text
        assert "CC BY 4.0" in text
    assert np.all([name in words for name in ("crlm_tcia_clinical_n197.csv", "Changed:")])
