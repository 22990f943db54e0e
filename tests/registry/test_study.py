"""From a registry to a report: a study reads patients where they are kept, and says which registry and which moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest

from isotherm.app.cli import main
from isotherm.app.study_data import read_study
from isotherm.registry.store import open_store
from tests.registry.muddled import Made, day, joined, patient, records_of

SCHEMA = Path(__file__).resolve().parents[2] / "src/isotherm/app/schemas/study-1.schema.json"

OF_THE_SOURCE = ("data.registry", "data.missing_codes", "protocol.hash", "protocol.file_hash")
"""Records that say where the table comes from."""

PROTOCOL = """
schema = 1
title = "Ablation first or systemic therapy first: made-up patients"
question = "Do patients live longer if ablation comes first?"
seed = 7
caveats = ["Made up."]
[data]
file = {file}
patient = "patient_id"
site = "center_id"
missing = {missing}
[time_zero]
says = "decision"
column = "decided_on"
[exposure]
says = "decision"
when = "at time zero"
[arms]
column = "strategy"
reference = "systemic"
[[arms.arm]]
name = "ablation"
label = "Ablation first"
values = ["ablation first"]
[[arms.arm]]
name = "systemic"
label = "Systemic therapy first"
values = ["systemic therapy first"]
[[covariate]]
column = "age_years"
label = "Age"
unit = "years"
kind = "number"
known = "before time zero"
[[covariate]]
column = "tumor_burden_score"
label = "Tumor burden score"
kind = "number"
known = "before time zero"
[[covariate]]
column = "diabetes"
label = "Diabetes"
kind = "yes/no"
known = "before time zero"
use = "describe"
[[outcome]]
name = "os"
label = "Overall survival"
event = "os_event"
time = "os_days"
time_unit = "days"
primary = true
counted_as = "deaths"
[[outcome]]
name = "ttp"
label = "Progression"
event = "ttp_event"
time = "ttp_days"
time_unit = "days"
competing_events = {{ 2 = "death" }}
[methods.adjustment]
method = "weighting"
estimand = "overlap"
"""


def made_up(patients: int) -> Made:
    rng, found = np.random.default_rng(11), []
    for number in range(patients):
        first, visits = int(rng.integers(10, 60)), [int(one) for one in rng.integers(80, 900, 3)]
        last = max(visits)
        found.append(patient(
            f"P{number:03d}",
            patient={"sex": "female", "born_on": day(-int(rng.integers(15_000, 29_000))),
                     "center_id": f"C{number % 2}", "diabetes": bool(number % 3 == 0)},
            primary=[{"primary": "colorectal", "diagnosed_on": day(-300), "resected_on": day(-280)}],
            decision=[{"decided_on": day(0), "extrahepatic_disease": False,
                       "strategy": ["ablation first", "systemic therapy first"][int(rng.random() < 0.5)]}],
            lesion=[{"organ": "liver", "found_on": day(-20)}],
            scan=[{"scanned_on": day(-5)}, {"scanned_on": day(first + 30)}],
            reading=[{"lesion_id": "1", "scan_id": "1", "diameter_mm": float(rng.integers(8, 45))}],
            session=[{"ablated_on": day(first)}],
            ablation=[{"session_id": "1", "lesion_id": "1", "technically_successful": True}],
            margin=[{"lesion_id": "1", "scan_id": "2", "status": "measured",
                     "minimal_margin_mm": float(rng.integers(-2, 10))}],
            follow_up=[{"seen_on": day(one), "new_in_organ": bool(rng.random() < 0.2)} for one in visits],
            finding=[{"follow_up_id": "1", "lesion_id": "1", "state": "completely ablated"}],
            death=[{"died_on": day(last + int(rng.integers(1, 300)))}] if rng.random() < 0.5 else [],
        ))  # fmt: skip
    return joined(*found)


@pytest.fixture
def filled(address: str) -> str:
    with open_store(address) as store:
        store.add(records_of(made_up(60)), by="ada", why="made up")
    return address


def run(folder: Path, name: str, file: str, missing: str = "[]") -> dict[str, Any]:
    protocol = folder / f"{name}.toml"
    protocol.write_text(PROTOCOL.format(file=json.dumps(file), missing=missing), encoding="utf-8")
    assert main(["study", "check", str(protocol), "--json", str(folder / f"{name}.json")]) in (0, 2)
    assert main(["study", "run", str(protocol), "--out", str(folder / name), "--workers", "1", "--quiet"]) == 0
    return json.loads((folder / name / "result.json").read_text(encoding="utf-8"))


def test_a_study_reads_a_registry_and_finds_what_it_finds_in_the_cohort_as_a_file(
    filled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    direct = run(tmp_path, "direct", f"registry:{filled}#patient anchor=decision where age_years >= 40")
    jsonschema.validate(direct, json.loads(SCHEMA.read_text(encoding="utf-8")))
    with open_store(filled) as store:
        identity = store.identity()
    source = direct["data"]["registry"]
    assert {name: source[name] for name in ("registry_id", "entries", "hash")} == {
        name: identity[name] for name in ("registry_id", "entries", "hash")
    }
    assert (source["per"], source["simulated"]) == ("patient", False)
    report = (tmp_path / "direct" / "report.html").read_text(encoding="utf-8")
    assert f"audit entry {identity['entries']}" in report
    assert "P001" not in json.dumps(direct)

    table = tmp_path / "cohort.csv"
    arguments = ["registry", "cohort", filled, "--out", str(table), "--where", "age_years >= 40"]
    assert main(arguments) == 0
    assert "Next: isotherm study init" in capsys.readouterr().out
    by_file = run(tmp_path, "by_file", "cohort.csv", '["unknown"]')
    assert by_file["results"]["headline.effect"]["value"] is not None
    for part in ("results", "curves", "flow", "tables"):
        ours, theirs = (
            {name: one for name, one in document[part].items() if name not in OF_THE_SOURCE}
            for document in (direct, by_file)
        )
        assert ours == theirs


def test_a_study_of_a_registry_in_which_nobody_lived_says_so_whatever_its_protocol_leaves_out(
    new_address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "Simulated patients: nobody in this registry ever lived."
    with open_store(new_address, create=True, simulated_by="ada") as store:
        store.add(records_of(made_up(60)), by="ada", why="made up")
    result = run(tmp_path, "study", f"registry:{new_address}#patient")
    jsonschema.validate(result, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert result["caveats"] == [said, "Made up."]
    assert result["data"]["registry"]["simulated"] is True
    assert said in capsys.readouterr().out
    report = (tmp_path / "study" / "report.html").read_text(encoding="utf-8")
    assert report.count(said) >= 2  # beside the main result, and where the data come from
    assert main(["study", "flow", str(tmp_path / "study.toml")]) == 0
    assert f"caveat: {said}" in capsys.readouterr().out
    data = read_study(str(tmp_path / "study.toml"))
    (tmp_path / "told.toml").write_text(
        (tmp_path / "study.toml").read_text(encoding="utf-8").replace('["Made up."]', f'["{said}", "Made up."]')
    )
    assert read_study(str(tmp_path / "told.toml")).protocol == data.protocol  # said once


def test_a_condition_on_the_future_belongs_into_the_eligibility_of_the_protocol(
    filled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    protocol = tmp_path / "study.toml"
    for query, words in (
        ("where os_days > 100", "'os_days', which only the future tells"),
        ("where age_year > 1", "no column age_year; near it are: age_years"),
        ("where age_years > 200", "gives no row"),
        ("lesion", "A cohort per 'lesion' came; it is per patient, session, tumor"),
        ("patient anchor=birth", "anchor = 'birth' came"),
        ("patient colour=red", "No such choice of a cohort"),
        ("patient upfront=red", "upfront is a window of days"),
        ("patient efficacy_days=-1", "efficacy_days is a number of days"),
    ):
        protocol.write_text(
            PROTOCOL.format(file=json.dumps(f"registry:{filled}#{query}"), missing="[]"), encoding="utf-8"
        )
        assert main(["study", "flow", str(protocol)]) == 2
        assert words in capsys.readouterr().err


@pytest.mark.parametrize("condition", [f"ablated_on >= {day(25)}", "smallest_margin_mm >= 5"])
def test_a_condition_on_the_registry_is_judged_like_a_step_of_eligibility(
    filled: str, tmp_path: Path, condition: str
) -> None:
    step = f'[[eligibility]]\nsays = "{condition}"\nwhere = "{condition}"\n'

    filtered = audited(tmp_path, f"registry:{filled}#patient where {condition}")
    stepped = audited(tmp_path, f"registry:{filled}#patient", step)

    (ours,) = (one for one in filtered["findings"] if one["id"] == "late_eligibility.registry")
    (theirs,) = (one for one in stepped["findings"] if one["id"] == "late_eligibility.1")
    assert ours["says"] == theirs["says"].replace("The step", "The condition on the registry")
    assert (ours["level"], ours["bars"], ours["counts"]) == ("stop", theirs["bars"], theirs["counts"])
    assert ours["counts"][1]["value"] > 0  # left out
    assert filtered["open"] == stepped["open"] == ["landmark"]
    protocol = str(tmp_path / "audited.toml")
    assert main(["study", "run", protocol, "--out", str(tmp_path / "out"), "--quiet"]) == 2


@pytest.mark.parametrize("days", [90, 0])
def test_what_all_sessions_of_a_patient_tell_chooses_by_the_future_unless_they_are_over_at_time_zero(
    filled: str, tmp_path: Path, days: int
) -> None:
    with open_store(filled) as store:
        store.add([one for number in range(20) for one in records_of(again(number, days))], by="ada", why="made up")
    everybody = f"registry:{filled}#patient anchor=ablation"
    step = '[[eligibility]]\nsays = "chosen"\nwhere = "ablated_lesions == 1"\nknown = "before time zero"\n'
    gone = "in 0 of 60 patients and in 20 of 20 patients whom it left out"  # settled in all who stay

    for file, more, words in (
        (f"{everybody} where ablated_lesions == 1", "", gone),
        (everybody, step, gone),
        (f"{everybody} where ablated_lesions >= 2", "", "in 20 of 20 patients: it"),
        (f"{everybody} where smallest_margin_mm >= 3", "", "whom it left out"),
    ):
        found = audited(tmp_path, file, more, zero="ablated_on")["findings"]
        late = [one for one in found if one["id"].startswith("late_eligibility.")]
        assert [one["level"] for one in late] == (["stop"] if days else [])
        assert all(words in one["says"] for one in late)


def again(number: int, days: int) -> Made:
    """Return a patient whose second lesion is ablated so many days after the first."""
    return patient(
        f"Q{number:03d}",
        patient={"sex": "female", "born_on": day(-20_000 - number), "center_id": f"C{number % 2}"},
        decision=[{"decided_on": day(0), "strategy": ["ablation first", "systemic therapy first"][number // 2 % 2]}],
        lesion=[{"organ": "liver", "found_on": day(-20)}] * 2,
        scan=[{"scanned_on": day(20)}, {"scanned_on": day(20 + days)}],
        session=[{"ablated_on": day(20)}, {"ablated_on": day(20 + days)}],
        ablation=[{"session_id": str(k), "lesion_id": str(k)} for k in (1, 2)],
        margin=[{"lesion_id": str(k), "scan_id": str(k), "status": "measured", "minimal_margin_mm": mm + number % 3}
                for k, mm in ((1, 2.0), (2, 4.0))],
        follow_up=[{"seen_on": day(400 + number), "new_in_organ": number % 4 == 0}],
        death=[{"died_on": day(500 + number)}] if number % 3 == 0 else [],
    )  # fmt: skip


def audited(folder: Path, file: str, more: str = "", *, zero: str = "decided_on") -> dict[str, Any]:
    text = PROTOCOL.replace('column = "decided_on"', f'column = "{zero}"')
    text = text.format(file=json.dumps(file), missing="[]").replace("[arms]", f"{more}[arms]", 1)
    (folder / "audited.toml").write_text(text, encoding="utf-8")
    main(["study", "check", str(folder / "audited.toml"), "--json", str(folder / "audit.json")])
    return json.loads((folder / "audit.json").read_text(encoding="utf-8"))


def test_a_condition_on_what_was_known_in_time_is_no_finding(filled: str, tmp_path: Path) -> None:
    found = audited(tmp_path, f"registry:{filled}#patient where age_years >= 40 and decided_on is not missing")
    assert not [one for one in found["findings"] if one["id"].endswith(".registry")]


@pytest.mark.parametrize(("zero", "is_trap"), [("decided_on", True), ("lesion_ablated_on", False)])
def test_tumors_chosen_by_their_margin_are_chosen_by_the_future_unless_time_begins_with_the_ablation(
    filled: str, tmp_path: Path, zero: str, is_trap: bool
) -> None:
    text = PROTOCOL.replace('column = "decided_on"', f'column = "{zero}"')
    text = text.replace('patient = "patient_id"', 'patient = "patient_id"\ntumor = "lesion_id"')
    # No tumor of these progresses, and nothing is told of one: the design is judged before its outcomes.
    text = text.replace("seed = 7", "seed = 7\noutcomes_blinded = true").replace("ttp_", "ltp_").replace("os_", "ltp_")
    source = json.dumps(f"registry:{filled}#tumor where minimal_margin_mm >= 5")
    (tmp_path / "tumors.toml").write_text(text.format(file=source, missing="[]"), encoding="utf-8")

    main(["study", "check", str(tmp_path / "tumors.toml"), "--json", str(tmp_path / "audit.json")])

    found = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))["findings"]
    (late,) = [one for one in found if one["id"] == "late_eligibility.registry"] if is_trap else [None]
    if late is None:
        assert not [one for one in found if one["id"].endswith(".registry")]
        return
    assert late["level"] == "stop"
    assert "was known after time zero" in late["says"]
    assert late["counts"][1]["value"] > 0  # left out


def test_a_cohort_of_tumors_lists_what_cannot_be(
    filled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(filled) as store:
        odd = patient("P900", session=[{"ablated_on": day(5), "discharged_on": day(1)}], lesion=[{"organ": "liver"}])
        store.add(records_of(odd), by="ada", why="made up")
    table, problems = tmp_path / "tumors.csv", tmp_path / "problems.csv"
    arguments = ["registry", "cohort", filled, "--per", "tumor", "--out", str(table), "--problems", str(problems)]
    assert main([*arguments, "--choose", "local_from=last", "--choose", "repeat=goes_on"]) == 0
    assert "1 dates or references cannot be" in capsys.readouterr().out
    assert problems.read_text(encoding="utf-8").splitlines()[1:] == ["P900,session,1,discharged_on,before ablated_on"]
    lines = table.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 62
    assert "never ablated" in lines[-1]
    assert ",unknown," in lines[-1]


def test_in_columns_of_numbers_what_is_unknown_is_empty_and_the_last_column_says_why(
    filled: str, tmp_path: Path
) -> None:
    with open_store(filled) as store:
        store.add(records_of(patient("P900", lesion=[{"organ": "liver"}])), by="ada", why="made up")
    table = tmp_path / "tumors.csv"
    assert main(["registry", "cohort", filled, "--per", "tumor", "--out", str(table)]) == 0

    found = pd.read_csv(table)

    for name in ("minimal_margin_mm", "age_years", "ltp_days", "ltp_event"):
        assert pd.api.types.is_numeric_dtype(found[name]), name
    last = found[found["patient_id"] == "P900"].iloc[0]
    assert pd.isna(last["ltp_days"])
    assert "ltp: never ablated" in last["unknown_because"]
    assert last["residual_tumor"] == "unknown"
    assert main(["study", "init", str(table), "--out", str(tmp_path / "draft.toml")]) == 0
    assert 'missing = ["unknown"]' in (tmp_path / "draft.toml").read_text(encoding="utf-8")


def test_overlap_is_told_and_nothing_is_merged(filled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two, key = tmp_path / "one.csv", tmp_path / "two.csv", tmp_path / "key"
    one.write_text("patient_id,name,birth_date,sex\nA1,Ann Müller,1950-03-01,f\n", encoding="utf-8")
    two.write_text("patient_id,name,birth_date,sex\nB1,MUELLER ANN,1950-03-01,female\n", encoding="utf-8")
    for table in (one, two):
        hashes = str(table.with_suffix(".hashes.csv"))
        assert main(["registry", "overlap", str(table), "--key", str(key), "--hashes", hashes]) == 0
    out = tmp_path / "pairs.csv"
    made = [str(table.with_suffix(".hashes.csv")) for table in (one, two)]
    assert main(["registry", "overlap", *made, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "1 pairs of patients of the two tables may be one person" in said
    assert "A person decides who is one; nothing was merged." in said
    assert "Müller" not in said
    assert out.read_text(encoding="utf-8").splitlines()[1:] == ["A1,B1,name_birth_sex"]

    twins = joined(*(patient(key, patient={"sex": "male", "born_on": day(-9000)},
                             primary=[{"primary": "breast"}], session=[{"ablated_on": day(3)}])
                     for key in ("T1", "T2")))  # fmt: skip
    with open_store(filled) as store:
        store.add(records_of(twins), by="ada", why="made up")
    assert main(["registry", "overlap", "--registry", filled, "--out", str(out)]) == 0
    assert "2 patients in 1 groups" in capsys.readouterr().out
    assert [line.split(",")[1] for line in out.read_text(encoding="utf-8").splitlines()[1:]] == ["T1", "T2"]
    with open_store(filled) as store:
        assert len(store.columns("patient")["patient_id"]) == 62
