"""docs/registry-exchange.md, run as it stands; imports that are refused, partial, repeated and changed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from isotherm.app.cli import main
from isotherm.app.registry_exchange_tasks import Imported, Wish, import_records
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import BadRecord, Overtaken
from isotherm.exchange.record_check import key_of
from isotherm.exchange.record_mapping_files import read_mapping
from isotherm.registry.store import open_store

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "registry-exchange.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"`([\w.-]+)`\n\n```(?:csv|toml)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = [line[2:] for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
(DRY_RUN,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


def run(command: str) -> int:
    return main(shlex.split(command)[1:])


def held(registry: str) -> dict[tuple[str, str, str], Record]:
    with open_store(registry) as store:
        return {key_of(one): one for one in store.records()}


@pytest.fixture
def ward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the page, and an empty registry."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert run("isotherm registry init registry.db") == 0
    return tmp_path


IMPORT = "isotherm registry import registry.db ward.csv --mapping mapping.toml"


@pytest.mark.usefixtures("ward")
def test_the_page_tells_what_happens(capsys: pytest.CaptureFixture[str]) -> None:
    codes: dict[str, int] = {}
    told: dict[str, str] = {}
    for command in COMMANDS[1:]:
        codes[command] = run(command)
        told[command] = capsys.readouterr().out
    dry = next(command for command in COMMANDS if "--problems" in command)
    assert told[dry] == DRY_RUN
    assert {command for command, code in codes.items() if code} == {dry, f"{IMPORT} --partial"}
    assert (codes[dry], codes[f"{IMPORT} --partial"]) == (2, 3)
    whole = held("registry.db")
    assert len(whole) == 12
    assert whole["patient", "007", ""].get("born_on") == date(1952, 4, 3)  # as corrected
    assert whole["patient", "008", ""].unknown == {"born_on"}  # an empty cell of the corrected table says nothing
    assert whole["reading", "008", "before-2"].get("diameter_mm") == 33.0
    for other in ("from-redcap.db", "from-fhir.db"):
        assert held(other) == whole


@pytest.mark.usefixtures("ward")
def test_what_the_registry_wrote_goes_into_another_one_unchanged() -> None:
    assert run(f"{IMPORT} --partial") == 3
    whole = held("registry.db")
    for number, (out, form) in enumerate((("t", "csv"), ("t.xlsx", "excel"), ("p", "parquet"))):
        assert run(f"isotherm registry export registry.db --out {out} --as {form}") == 0
        assert run(f"isotherm registry init {number}.db") == 0
        assert run(f"isotherm registry import {number}.db {out}") == 0
        assert held(f"{number}.db") == whole


@pytest.mark.usefixtures("ward")
def test_nothing_is_written_while_there_are_problems_and_no_value_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(f"{IMPORT} --problems problems.csv") == 2
    told = capsys.readouterr().out + Path("problems.csv").read_text(encoding="utf-8")
    assert "Nothing was written." in told
    assert held("registry.db") == {}
    for value in ("31.02.1950", "laparoskopisch", "009", "010"):
        assert value not in told


@pytest.mark.usefixtures("ward")
def test_the_same_table_twice_adds_nothing_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    run(f"{IMPORT} --partial")
    before = held("registry.db")
    assert run(f"{IMPORT} --partial --update") == 3
    assert "Nothing to add: the registry holds all of this already." in capsys.readouterr().out
    assert held("registry.db") == before


@pytest.mark.usefixtures("ward")
def test_what_is_told_otherwise_waits_for_update_and_is_in_the_audit() -> None:
    run(f"{IMPORT} --partial")
    corrected = IMPORT.replace("ward.csv", "corrected.csv")
    assert run(corrected) == 0
    assert held("registry.db")["patient", "007", ""].get("born_on") == date(1951, 4, 3)
    assert run(f"{corrected} --update --by Ada --why 'a slip'") == 0
    with open_store("registry.db") as store:
        (kept,) = [one for one in store.patient("007") if one.record.kind.name == "patient"]
        last = store.history(patient_id="007")[-1]
    assert (kept.record.get("born_on"), kept.revision) == (date(1952, 4, 3), 2)
    assert (last.who, last.why) == ("Ada", "a slip")


@pytest.mark.usefixtures("ward")
def test_new_records_and_changes_are_one_transaction() -> None:
    run(f"{IMPORT} --partial")
    with open_store("registry.db") as store:
        (kept,) = [one for one in store.patient("008") if one.record.kind.name == "patient"]
        store.withdraw("patient", "008", "", revision=kept.revision, by="Ada", why="withdrew consent")
    before = held("registry.db")
    assert run(IMPORT.replace("ward.csv", "corrected.csv") + " --update") == 2  # 008 is withdrawn: nothing at all
    assert held("registry.db") == before


@pytest.mark.usefixtures("ward")
def test_a_record_may_point_to_what_the_registry_holds_already(capsys: pytest.CaptureFixture[str]) -> None:
    run(f"{IMPORT} --partial")
    Path("lesion.csv").write_text("patient_id,lesion_id,organ\n007,9,lung\nnobody,1,liver\n", encoding="utf-8")
    assert run("isotherm registry import registry.db lesion.csv --partial") == 3
    assert "points to a patient that is neither in these tables nor in the registry" in capsys.readouterr().out
    assert held("registry.db")["lesion", "007", "9"].kind is RECORD_KINDS["lesion"]


@pytest.mark.usefixtures("ward")
def test_a_project_of_a_registry_in_which_nobody_ever_lived_says_so() -> None:
    assert run("isotherm registry init marked.db --simulated") == 0
    for registry, said in (("marked.db", True), ("registry.db", False)):
        assert run(f"isotherm registry dictionary --out {registry}-d --registry {registry}") == 0
        text = Path(f"{registry}-d", "redcap_dictionary.csv").read_text(encoding="utf-8")
        assert ("nobody in this project ever lived" in text) is said
    assert run("isotherm registry dictionary --out none --registry gone.db") == 2
    assert not Path("none").exists()


@pytest.mark.usefixtures("ward")
@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("import registry.db gone.csv --mapping mapping.toml", "cannot be read"),
        ("import registry.db ward.csv", "named after no kind of record"),
        ("import registry.db ward.csv --redcap", "no column 'patient_id'"),
        ("import registry.db ward.csv --redcap --mapping mapping.toml", "leave one out"),
        ("import gone.db ward.csv --mapping mapping.toml", "gone.db"),
        ("export registry.db --out mapping.toml", "mapping.toml"),
        ("export registry.db --out records --as redcap", "ends in .csv"),
        ("export registry.db --out r.json --patient 1", "not in the registry"),
        ("mapping ward.csv --out mapping.toml", "is there already"),
        ("mapping ward.csv ../other.csv --out m.toml", "put them into one"),
        ("mapping ward.csv corrected.csv --sheet A --out m.toml", "A sheet is of one book"),
        ("dictionary --out .", "is there already"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    command: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"isotherm registry {command}") == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told


@pytest.mark.usefixtures("ward")
def test_a_draft_guesses_names_units_days_and_what_repeats(capsys: pytest.CaptureFixture[str]) -> None:
    Path("ward.csv").write_text(
        "Patient ID,Gender,DOB,Diabetes,Lesion1 size cm,Lesion2 size cm,Lesion1 segment,Lesion2 segment,Hair\n"
        "007,f,04/13/1951,0,\"2,5\",,II,,gray\n008,m,05/01/1950,1,\"1,5\",2,VI,V,fair\n009,,n/a,1,1,2,VI,V,x\n",
        encoding="utf-8",
    )  # fmt: skip
    assert run("isotherm registry mapping ward.csv --out draft.toml") == 0
    draft = Path("draft.toml").read_text(encoding="utf-8")
    for line in ('decimal = ","', 'empty = ["n/a"]', 'patient = "Patient ID"',
                 'sex = { column = "Gender", values = { "f" = "female", "m" = "male" } }',
                 'born_on = { column = "DOB", dates = "MM/DD/YYYY" }', 'diabetes = "Diabetes"', 'repeat = ["1", "2"]',
                 'diameter_mm = { column = "Lesion{n} size cm", unit = "cm" }', 'place = "Lesion{n} segment"',
                 '\norgan = { constant = "..." }  # needed, in place of the dots: one of liver, lung, other',
                 "#   Hair"):  # fmt: skip
        assert line in draft
    # A kind that lacks what it needs is told, and does not keep the rest from being read.
    assert 'Not read until you fill in the "..." there: lesion, reading.' in capsys.readouterr().out
    assert [one.kind.name for one in read_mapping("draft.toml").tables] == ["patient"]


@pytest.mark.usefixtures("ward")
def test_a_draft_leaves_to_a_person_what_a_word_may_change_and_what_the_values_break(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("ward.csv").write_text(
        "MRN,Sex,Date of birth,extra_organ,center,Decision date,CEA (ng/ml)\n"
        "Q1,female,03.02.1950,lung,St. Mary's,2024-02-01,3.2\nQ2,male,31.02.1961,bone,St. Mary's,2024-02-03,4\n",
        encoding="utf-8",
    )  # fmt: skip
    assert run("isotherm registry mapping ward.csv --out draft.toml") == 0
    draft = Path("draft.toml").read_text(encoding="utf-8")
    assert "Near a field, and left to you, with the reason there: extra_organ, center." in capsys.readouterr().out
    for line in ("of decision: 'extra_organ', what \"extra\" in its name means is not known",
                 "center_id of patient: 'center', 2 of 2 filled cells would be refused: a short name",
                 "# 1 of 2 filled cells would be refused: a day written DD.MM.YYYY is wanted\nborn_on = ",
                 'cea_ug_l = { column = "CEA (ng/ml)", unit = "ng/mL" }'):  # fmt: skip
        assert line in draft
    assert "Mary" not in draft
    read = {one.field.name for table in read_mapping("draft.toml").tables for one in table.sources}
    assert read == {"sex", "born_on", "decided_on", "cea_ug_l"}


CENTER = {
    "patients.csv": "patient,center,decided_on,male,ras_mutated,tumors,largest_cm,last_seen_on,scan_1_on,scan_2_on\n"
                    "P1,center 1,2016-11-18,0,0,2,2.6,2018-01-02,2017-02-03,2017-05-06\n"
                    "P2,center 2,2017-11-18,1,1,1,3.9,2018-02-02,2018-02-01,\n",
    "scans.csv": "patient,scan_on,reason,local_progression\nP1,2017-02-03,schedule,0\nP1,2017-05-06,schedule,1\n"
                 "P2,2018-02-01,schedule,0\n",
    "tumors.csv": "patient,decided_on,ablated_on,tumor,size_cm,margin_mm,tumor_ablated_on,tumor_status\n"
                  "P1,2016-11-18,2016-12-01,1,2.6,5.1,2016-12-01,1\nP1,2016-11-18,2016-12-01,2,2.1,,,2\n"
                  "P2,2017-11-18,,1,3.9,,,\n",
}  # fmt: skip
"""Tables of a center that came together: a row a patient, a scan, a tumor."""


@pytest.fixture
def together(ward: Path) -> tuple[str, ...]:
    (ward / "center").mkdir()
    for name, text in CENTER.items():
        (ward / "center" / name).write_text(text, encoding="utf-8")
    return tuple(f"center/{name}" for name in CENTER)


def test_tables_that_came_together_get_one_draft_that_imports_once_two_words_are_filled_in(
    together: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"isotherm registry mapping {' '.join(together)} --out draft.toml") == 0
    assert 'fill in the "..." there: primary, lesion, reading, margin, ablation.' in capsys.readouterr().out
    draft = Path("draft.toml").read_text(encoding="utf-8")
    assert run("isotherm registry import registry.db center --mapping draft.toml --dry-run") == 0
    told = capsys.readouterr().out
    assert 'tumors.csv: all of it, no lesion: the mapping has "..." where a value has to be filled in' in told
    assert "tumors.csv: all of it, no ablation: it points to a lesion, and none is read yet" in told
    for line, value in (("organ", "liver"), ("primary", "colorectal")):
        draft = draft.replace(f'{line} = {{ constant = "..." }}', f'{line} = {{ constant = "{value}" }}')
    Path("draft.toml").write_text(draft, encoding="utf-8")
    assert run("isotherm registry import registry.db center --mapping draft.toml") == 0
    found = held("registry.db")
    assert found["patient", "P2", ""].values == {"center_id": "center-2", "sex": "male"}  # never ablated, and kept
    assert {key for key in found if key[0] in ("ablation", "lesion", "scan", "session")} == {
        ("lesion", "P1", "1"), ("lesion", "P1", "2"), ("lesion", "P2", "1"), ("ablation", "P1", "1"),
        ("session", "P1", "2016-12-01"), ("scan", "P1", "2017-02-03"), ("scan", "P1", "2017-05-06"),
        ("scan", "P2", "2018-02-01"),
    }  # fmt: skip
    assert found["primary", "P2", "1"].values == {"ras": "mutated", "primary": "colorectal"}
    assert found["decision", "P1", "1"].values["n_lesions"] == 2


def test_a_table_of_tumors_alone_says_once_what_is_of_the_patient_and_ablates_what_was(
    together: tuple[str, ...],
) -> None:
    assert run(f"isotherm registry mapping {together[2]} --out draft.toml") == 0
    draft = Path("draft.toml").read_text(encoding="utf-8")
    assert 'key = "tumor"\nfilled = "tumor_ablated_on"' in draft
    (decision,) = [one for one in read_mapping("draft.toml").tables if one.kind.name == "decision"]
    assert (decision.key_is, decision.numbered) == ("1", False)


@pytest.mark.parametrize("field", ["primary", "microsatellites", "untreatable", "tumor_board", "state", "organ"])
def test_no_column_of_numbers_and_no_piece_of_a_name_is_guessed_to_be_a_field(
    together: tuple[str, ...], field: str
) -> None:
    assert run(f"isotherm registry mapping {' '.join(together)} --out draft.toml") == 0
    assert not re.search(rf"^[# ]*{field} = {{? ?(column|\")|may be {field} of", Path("draft.toml").read_text(), re.M)


def test_a_name_that_fits_over_numbers_that_do_not_is_left_to_a_person(together: tuple[str, ...]) -> None:
    Path(together[0]).write_text("patient,primary tumor\nP1,1\nP2,2\n", encoding="utf-8")
    assert run(f"isotherm registry mapping {together[0]} --out draft.toml") == 0
    assert "may be primary of primary: 'primary tumor', numbers stand there" in Path("draft.toml").read_text()


def test_a_patient_of_whom_a_table_says_nothing_else_is_kept(together: tuple[str, ...]) -> None:
    Path(together[0]).write_text("patient,male\nP1,1\nP2,\n", encoding="utf-8")
    assert run(f"isotherm registry mapping {together[0]} --out draft.toml") == 0
    assert run(f"isotherm registry import registry.db {together[0]} --mapping draft.toml") == 0
    assert set(held("registry.db")) == {("patient", "P1", ""), ("patient", "P2", "")}


@pytest.mark.usefixtures("ward")
def test_what_was_passed_over_is_told_with_where_and_how_much(capsys: pytest.CaptureFixture[str]) -> None:
    Path("ward.csv").write_text("Pat-ID;Sex;Hair;Ablation;Typ\n1;male;gray;01.02.2024;OP\n2;male;;;OP\n"
                                "3;female;fair;;Visit\n", encoding="utf-8")  # fmt: skip
    Path("mapping.toml").write_text(
        'dates = "DD.MM.YYYY"\n[[table]]\nkind = "patient"\npatient = "Pat-ID"\nfields = { sex = "Sex" }\n'
        '[[table]]\nkind = "session"\npatient = "Pat-ID"\nkey_is = "1"\nfilled = "Ablation"\nwhere = { Typ = ["OP"] }\n'
        'fields = { ablated_on = "Ablation" }\n', encoding="utf-8",
    )  # fmt: skip
    assert run(f"{IMPORT} --dry-run") == 0
    told = capsys.readouterr().out
    assert (
        "Passed over:\n"
        "  ward.csv, not in the mapping, columns with their filled cells: Hair 2\n"
        "  ward.csv, column 'Ablation': 1 row, no session: nothing stands there (filled)\n"
        "  ward.csv, column 'Typ': 1 row, no session: another word stands there than the mapping takes (where)\n"
    ) in told
    assert "gray" not in told


@pytest.mark.usefixtures("ward")
def test_what_a_mapping_states_for_every_row_is_imported_of_all_patients_or_told_with_the_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("ward.csv").write_text("Pat-ID,RAS,Session,Tumor\n1,mutated,,\n2,,,\n3,,,\n", encoding="utf-8")
    Path("mapping.toml").write_text(
        '[[table]]\nkind = "patient"\npatient = "Pat-ID"\n[[table]]\nkind = "primary"\npatient = "Pat-ID"\n'
        'key_is = "1"\nfields = { primary = { constant = "colorectal" }, ras = "RAS" }\n[[table]]\nkind = "ablation"\n'
        'patient = "Pat-ID"\nkey_is = "1"\nfields = { session_id = "Session", lesion_id = "Tumor", '
        'modality = { constant = "MWA" } }\n', encoding="utf-8",
    )  # fmt: skip
    assert run(IMPORT) == 0
    found = held("registry.db")
    assert {
        one.patient_id: one.get("primary") for one in found.values() if one.kind.name == "primary"
    } == dict.fromkeys("123", "colorectal")
    assert not any(kind == "ablation" for kind, _, _ in found)
    assert ("3 rows of ward.csv make no ablation: nothing of one stands there but modality, which the mapping states "
            "for every row.") in " ".join(capsys.readouterr().out.split())  # fmt: skip


@pytest.mark.usefixtures("ward")
def test_unknown_takes_no_value_away() -> None:
    run(f"{IMPORT} --partial")
    Path("patient.csv").write_text("patient_id,unknown\n007,sex diabetes\n008,bmi_kg_m2\n", encoding="utf-8")
    assert run("isotherm registry import registry.db patient.csv --update") == 0
    found = held("registry.db")
    assert found["patient", "007", ""].get("sex") == "female"
    assert found["patient", "008", ""].unknown == {"born_on", "bmi_kg_m2"}


@pytest.mark.usefixtures("ward")
def test_what_is_possible_and_very_unusual_is_told_and_imported(capsys: pytest.CaptureFixture[str]) -> None:
    Path("patient.csv").write_text("patient_id\n1\n2\n", encoding="utf-8")
    Path("in").mkdir()
    Path("patient.csv").rename("in/patient.csv")
    Path("in/decision.csv").write_text(
        "patient_id,decision_id,decided_on,cea_ug_l\n1,1,2024-01-02,4.1\n2,1,2024-01-03,11400\n", encoding="utf-8"
    )
    assert run("isotherm registry import registry.db in --dry-run") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert (
        "Unusual, and no reason to refuse; look whether it is right: decision.csv, column 'cea_ug_l': 1 of 2 values "
        "lies above 5,000 µg/L, which is very unusual; it may be ten times too large, with the decimal sign lost, or "
        "ng/L in place of ng/mL, which is the same as µg/L row 3"
    ) in told
    assert "11400" not in told
    assert run("isotherm registry import registry.db in") == 0
    assert held("registry.db")["decision", "2", "1"].get("cea_ug_l") == 11400.0


SCANNED = {
    "patients.csv": "patient,sex\nP1,male\nP2,female\n",
    "scans.csv": "patient,scan_id,scanned_on\nP1,S1,2024-01-02\nP1,S2,2024-03-02\nP2,S3,2024-02-02\n",
    "sizes.csv": "patient,lesion,scan,diameter_mm\nP1,1,S1,22\nP2,1,S3,31\n",
}  # fmt: skip
"""Tables of a center that came together, with scans of their own."""


def drafted(tables: dict[str, str]) -> str:
    """Return the draft of tables that came together."""
    for name, text in tables.items():
        Path(name).write_text(text, encoding="utf-8")
    assert run(f"isotherm registry mapping {' '.join(tables)} --out draft.toml") == 0
    return Path("draft.toml").read_text(encoding="utf-8")


@pytest.mark.usefixtures("ward")
def test_the_scan_of_a_reading_is_filled_in_where_a_column_holds_keys_of_the_scans_that_came() -> None:
    draft = drafted(SCANNED)
    assert 'lesion_id = "lesion"\nscan_id = "scan"\n' in draft
    assert "may be scanned_on of scan: 'scan'" not in draft
    reading = next(one for one in read_mapping("draft.toml").waiting if one.kind.name == "reading")
    assert reading.points_to == "lesion"  # of which the organ is yet to be told; nothing else is left open


@pytest.mark.usefixtures("ward")
@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ("patient,lesion,scan,diameter_mm\nP1,1,S1,22\nP2,1,S1,31\n",  # S1 is a scan of P1 alone
         "'scan' sounds like it, and holds keys that are not in 'scan_id' of scans.csv"),
        ("patient,lesion,scan,scan_read,diameter_mm\nP1,1,S1,S2,22\nP2,1,S3,S3,31\n",
         "'scan' and 'scan_read' hold keys that stand in 'scan_id' of scans.csv; say which it is"),
        ("patient,lesion,diameter_mm\nP1,1,22\nP2,1,31\n",
         "no column here sounds like a scan whose key stands in 'scan_id' of scans.csv"),
        ("patient,lesion,scan_before,diameter_mm\nP1,1,S1,22\nP2,1,S3,31\n",
         "'scan_before' sounds like a scan, and \"before\" in the name may mean another one"),
    ],
)  # fmt: skip
def test_a_scan_that_no_one_column_tells_is_left_to_a_person_with_the_reason(sizes: str, says: str) -> None:
    draft = drafted(SCANNED | {"sizes.csv": sizes})
    (line,) = [one for one in draft.splitlines() if one.startswith("scan_id = ")]
    assert line.startswith('scan_id = { constant = "..." }  # needed, in place of the dots: the key of a scan')
    assert line.endswith(f"; {says}")


@pytest.mark.usefixtures("ward")
def test_the_scan_before_ablation_is_never_the_scan_of_the_margin() -> None:
    margins = "patient,lesion,scan_id,{}margin_mm\nP1,1,S2,{}4.2\nP2,1,S3,{}5.5\n"
    one = drafted(SCANNED | {"margins.csv": margins.format("", "", "")})
    assert "before_scan_id" not in one
    Path("draft.toml").unlink()
    both = drafted(SCANNED | {"margins.csv": margins.format("scan_before,", "S1,", "S3,")})
    assert 'before_scan_id = "scan_before"' in both
    assert 'scan_id = "scan_id"' in both


def test_records_that_do_not_fit_each_other_are_counted_after_an_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    for name, text in {
        "patient.csv": "patient_id\nQ1\n",
        "lesion.csv": "patient_id,lesion_id,organ\nQ1,1,liver\n",
        "scan.csv": "patient_id,scan_id,scanned_on\nQ1,a,2024-01-05\nQ1,b,2024-03-01\n",
        "session.csv": "patient_id,session_id,ablated_on\nQ1,s,2024-02-01\n",
        "ablation.csv": "patient_id,ablation_id,session_id,lesion_id\nQ1,x,s,1\n",
        "margin.csv": "patient_id,margin_id,lesion_id,scan_id,before_scan_id,status\nQ1,m,1,a,b,measured\n",
    }.items():
        (tmp_path / "in" / name).write_text(text)
    assert run(f"isotherm registry init {tmp_path}/r.db") == 0
    assert run(f"isotherm registry import {tmp_path}/r.db {tmp_path}/in --quiet") == 0
    told = " ".join(capsys.readouterr().out.split())
    # The margin has three problems, and is one record.
    assert "1 record of the registry does not fit the others of the same patient; isotherm registry cohort" in told


def corrects_by_hand(which: str) -> None:
    """Change or withdraw the patient of whom the corrected table tells something else, as somebody beside us does."""
    with open_store("registry.db") as store:
        (kept,) = [one for one in store.patient("007") if one.record.kind.name == "patient"]
        if which == "withdrawn":
            store.withdraw("patient", "007", "", revision=kept.revision, by="Bo", why="withdrew consent")
        else:
            told = {"born_on": date(1953, 4, 3)}
            store.revise("patient", "007", "", told, revision=kept.revision, by="Bo", why="chart")


CORRECTED = Wish(path="corrected.csv", form="tables", mapping="mapping.toml", update=True)


def imports(wish: Wish, progress: Callable[[str], None] = lambda said: None) -> Imported:
    return import_records("registry.db", wish, today=date(2026, 1, 2), by="Ada", why="a slip", progress=progress)


@pytest.mark.parametrize("which", ["revised", "withdrawn"])
@pytest.mark.parametrize("when", ["looking up what the registry holds", "writing to the registry"])
@pytest.mark.usefixtures("ward")
def test_an_import_never_writes_over_what_somebody_changed_since_the_look(which: str, when: str) -> None:
    run(f"{IMPORT} --partial")
    seen = imports(replace(CORRECTED, dry_run=True)).plan.mark
    with pytest.raises((Overtaken, BadRecord)):
        imports(replace(CORRECTED, seen=seen), lambda said: corrects_by_hand(which) if said == when else None)
    found = held("registry.db").get(("patient", "007", ""))
    assert (None if found is None else found.get("born_on")) == (date(1953, 4, 3) if which == "revised" else None)


@pytest.mark.usefixtures("ward")
def test_what_was_looked_at_is_imported_where_nobody_changed_it() -> None:
    run(f"{IMPORT} --partial")
    seen = {imports(replace(CORRECTED, dry_run=True)).plan.mark for _ in range(2)}
    assert len(seen) == 1
    assert imports(replace(CORRECTED, seen=seen.pop())).done
    assert held("registry.db")["patient", "007", ""].get("born_on") == date(1952, 4, 3)
