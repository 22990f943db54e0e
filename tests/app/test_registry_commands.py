"""`isotherm registry` on the command line: what is typed, what is answered, and what is refused without a value."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from isotherm.app.cli import main
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.store import open_store

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "registry.md").read_text(encoding="utf-8")

WHY = ["--by", "eve", "--why", "seen on MRI"]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    assert main(["registry", "init", "a.registry"]) == 0
    return "a.registry"


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Carry out a command; return its exit code and what it says."""
    capsys.readouterr()
    code = main(["registry", *arguments])
    said = capsys.readouterr()
    return code, said.out + said.err


def shown() -> list[tuple[str, str]]:
    """The commands of the page with what it says that they print."""
    blocks = re.findall(r"^```\n(\$ .*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    found = [
        re.match(r"\$ isotherm (.*)\n((?:.*\n)*)", one)
        for block in blocks
        for one in re.split(r"^(?=\$ )", block, flags=re.M)
    ]
    return [(one.group(1), one.group(2)) for one in found if one]


def test_the_commands_of_the_page_print_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(shown()) == 6
    for command, expected in shown():
        assert main(shlex.split(command)) == 0
        said = capsys.readouterr().out
        assert said.startswith(expected.removesuffix("...\n"))
        assert said == expected or expected.endswith("...\n")


def test_a_record_gets_the_next_number_and_is_shown_in_words(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(capsys, "add", file, "P1", "patient", "sex=female", "diabetes=yes", "bmi_kg_m2=24.5")[0] == 0
    assert ask(capsys, "add", file, "P1", "lesion", "organ=liver", "place=unknown") == (0, "Added: lesion 1.\n")
    assert ask(capsys, "add", file, "P1", "lesion", "7", "organ=lung") == (0, "Added: lesion 7.\n")
    assert ask(capsys, "add", file, "P1", "lesion", "organ=lung") == (0, "Added: lesion 8.\n")
    assert ask(capsys, "add", file, "P1", "scan", "scanned_on=2025-02-01") == (0, "Added: scan 1.\n")
    assert ask(capsys, "add", file, "P1", "reading", "lesion_id=1", "scan_id=1", "diameter_mm=22.5")[0] == 0
    said = ask(capsys, "show", file, "P1")[1]
    assert "  diabetes         yes\n" in said
    assert "  body mass index  24.5 kg/m²\n" in said
    assert "  segment of the liver or lobe of the lung  nobody could tell\n" in said
    assert "  lesion            lesion 1\n" in said
    assert "22.5 mm" in said
    assert not re.search("revision|null|None|True|_id", said)


def test_a_follow_up_comes_with_what_was_found_of_lesions_or_nothing_comes(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(capsys, "add", file, "P1", "patient")
    ask(capsys, "add", file, "P1", "lesion", "organ=liver")
    ask(capsys, "add", file, "P1", "lesion", "a.b", "organ=liver")
    found = ("lesion.1=completely ablated", "lesion.a.b=local tumor progression")
    assert ask(capsys, "add", file, "P1", "follow_up", "seen_on=2025-03-01", *found) == (0, "Added: follow_up 1.\n")
    assert ask(capsys, "add", file, "P1", "follow_up", "lesion.1=resected", "seen_on=2025-04-01")[0] == 0
    said = ask(capsys, "show", file, "P1")[1]
    assert re.search(
        r"Lesion at a follow-up 2\n  follow-up  follow-up 1\n  lesion     lesion a\.b\n  state      local", said
    )
    assert re.search(
        r"Lesion at a follow-up 3\n  follow-up  follow-up 2\n  lesion     lesion 1\n  state      resected", said
    )
    entries = json.loads(ask(capsys, "audit", file, "--json")[1])["entries"]
    assert len({one["transaction_id"] for one in entries[3:6]}) == 1
    for wrong, why in (
        (["lesion.1=SECRET"], "Nothing was added: state is one of completely ablated"),
        (["lesion.9=resected"], "points to a record that is not there"),
        (["lesion.1="], "A lesion came without what was found"),
        (["lesion.1=resected", "lesion.1=resected"], "A lesion came twice"),
        (["lesion.=resected"], "Nothing was added: lesion_id is a short name"),
    ):
        code, said = ask(capsys, "add", file, "P1", "follow_up", "seen_on=2025-05-01", *wrong)
        assert code == 2
        assert why in said
        assert "SECRET" not in said
    assert "Follow-up 3" not in ask(capsys, "show", file, "P1")[1]
    assert "is no field of a lesion" in ask(capsys, "add", file, "P1", "lesion", "organ=liver", "lesion.1=resected")[1]


def test_what_is_changed_emptied_and_withdrawn_is_told_by_the_audit(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(capsys, "add", file, "P1", "patient")
    ask(capsys, "add", file, "P1", "lesion", "organ=liver", "note=a=b")
    assert ask(capsys, "set", file, "P1", "lesion", "1", "place=V", "note=", *WHY) == (0, "Changed.\n")
    assert "says so already" in ask(capsys, "set", file, "P1", "lesion", "1", "place=V", *WHY)[1]
    assert "1 record; kept" in ask(capsys, "withdraw", file, "P1", "lesion", "1", *WHY)[1]
    assert "lesion" not in ask(capsys, "show", file, "P1")[1].lower()
    assert "Lesion 1 - withdrawn" in ask(capsys, "show", file, "P1", "--withdrawn")[1]
    assert ask(capsys, "withdraw", file, "P1", "lesion", "1", "--undo", *WHY) == (0, "Brought back: 1 record.\n")
    assert "Withdrawn: 2 records" in ask(capsys, "withdraw", file, "P1", "patient", *WHY)[1]
    said = ask(capsys, "audit", file, "P1", "lesion", "1")[1]
    assert "eve changed lesion 1 of patient P1\n" in said
    assert "segment of the liver or lobe of the lung: V (was: empty)" in said
    assert "note: empty (was: a=b)" in said
    assert said.count("why: seen on MRI") == 4
    assert "The last 2; earlier ones" in ask(capsys, "audit", file, "--last", "2")[1]
    entries = json.loads(ask(capsys, "audit", file, "--json")[1])["entries"]
    assert [one["action"] for one in entries] == ["added", "added", "revised", "withdrawn", "reinstated",
                                                  "withdrawn", "withdrawn"]  # fmt: skip
    assert entries[1]["new"] == {"organ": "liver", "note": "a=b"}


def test_a_change_of_an_older_revision_is_refused(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    ask(capsys, "add", file, "P1", "patient", "sex=male")
    assert json.loads(ask(capsys, "show", file, "P1", "--json")[1])["records"][0]["revision"] == 1
    assert ask(capsys, "set", file, "P1", "patient", "sex=female", "--revision", "1", *WHY)[0] == 0
    code, said = ask(capsys, "set", file, "P1", "patient", "sex=other", "--revision", "1", *WHY)
    assert code == 2
    assert re.search(r"revision 1 was given, and this patient has revision 2, last by eve on \d{4}-", said)


def test_questions_are_those_that_are_open_with_how_to_answer(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    ask(capsys, "add", file, "P1", "patient", "sex=male", "born_on=unknown")
    ask(capsys, "add", file, "P1", "lesion", "organ=liver")
    said = ask(capsys, "questions", file, "P1")[1]
    assert "of the 25 questions are open" in said
    assert "born_on" not in said
    assert re.search(r"Lesion 1\n  segment of the liver or lobe of the lung  place=  one of I, II", said)
    told = json.loads(ask(capsys, "questions", file, "P1", "--json")[1])
    assert told["of"] == 25
    assert f"{told['open']} of the 25" in said


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["add", "FILE", "P1", "tumor", "organ=liver"], "No such kind of record; it is one of patient, primary"),
        (["add", "FILE", "P1", "death", "2", "died_on=2025-01-01"], "A patient has one death"),
        (["add", "FILE", "P1", "lesion", "color=red"], "'color' is no field of a lesion; its fields are organ"),
        (["add", "FILE", "P1", "lesion", "organ=SECRET"], "organ of a lesion is one of liver, lung, other, or unknown"),
        (["add", "FILE", "P1", "lesion", "perihilar=SECRET"], "perihilar of a lesion is yes or no, or unknown"),
        (["add", "FILE", "P1", "lesion", "organ=liver", "organ=lung"], "organ came twice"),
        (["add", "FILE", "P1", "lesion", "9", "liver"], "Fields are written as NAME=VALUE"),
        (["add", "FILE", "P1", "lesion", "place=V"], "Nothing was added: organ is missing"),
        (["add", "FILE", "SECRET KEY", "lesion", "organ=liver"], "Nothing was added: patient_id is a short name"),
        (["add", "FILE", "P9", "lesion", "organ=liver"], "points to a record that is not there"),
        (["add", "FILE", "P1", "patient"], "is in the registry already"),
        (["set", "FILE", "P1", "lesion", "place=V", *WHY], "Which lesion"),
        (["set", "FILE", "P1", "lesion", "9", "place=V", *WHY], "There is no such lesion"),
        (["set", "FILE", "P1", "patient", "sex=female", "--by", "", "--why", "x"], "by is words"),
        (["show", "FILE", "P9"], "holds nothing about such a patient; what was withdrawn is shown with"),
        (["questions", "FILE", "P9"], "holds nothing about such a patient"),
        (["audit", "FILE", "--last", "0"], "--last 0 came"),
        (["audit", "FILE", "P1", "tumor"], "No such kind of record"),
        (["backup", "FILE", "nowhere/b.backup"], "its folder does not exist"),
        (["backup", "FILE", "FILE"], "is there already"),
        (["restore", "nothing.backup", "b.registry"], "There is no registry 'nothing.backup'"),
        (["restore", "FILE", "FILE"], "holds records already"),
        (["init", "FILE"], "is there already"),
        (["init", "mysql://host/x"], "A registry lies in a file"),
        (["upgrade", "postgresql://ada@host/x"], "Name the file for a backup"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence_without_a_value(
    file: str, capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    ask(capsys, "add", file, "P1", "patient", "sex=male")
    code, said = ask(capsys, *(file if one == "FILE" else one for one in arguments))
    assert (code, why in said, said.count("\n")) == (2, True, 1), said
    assert "SECRET" not in said
    with open_store(file) as store:
        assert len(store.history()) == 1


def test_a_backup_goes_away_and_comes_back(file: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ask(capsys, "add", file, "P1", "patient", "sex=male")
    assert ask(capsys, "backup", file, "b.backup") == (0, "Backup: b.backup\n")
    assert ask(capsys, "restore", "b.backup", "b.registry")[0] == 0
    assert ask(capsys, "show", "b.registry", "P1") == ask(capsys, "show", file, "P1")
    assert ask(capsys, "upgrade", "b.registry") == (0, "It is up to date; nothing was done.\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.registry", "b.backup", "b.registry"]


def test_a_registry_that_is_not_whole_ends_with_3(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    ask(capsys, "add", file, "P1", "patient", "sex=male")
    code, said = ask(capsys, "verify", file, "--noted", "0" * 64)
    assert code == 3
    assert "NOT WHOLE: 1 problem in 1 record and 1 entry of the audit.\n  The hash that was noted" in said


def test_somebody_without_a_name_is_asked_for_one(
    file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("uid")

    monkeypatch.setattr("getpass.getuser", nobody)
    code, said = ask(capsys, "add", file, "P1", "patient")
    assert (code, "name yourself with --by" in said) == (2, True)


def test_help_names_every_kind_of_record(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["registry", "add", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert all(kind in said for kind in RECORD_KINDS)


SAID = "Simulated patients: nobody in this registry ever lived."


@pytest.fixture
def marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    assert main(["registry", "init", "s.registry", "--simulated", "--by", "ada"]) == 0
    for kind, *fields in (("patient", "sex=female"), ("lesion", "organ=liver"), ("scan", "scanned_on=2025-01-01")):
        assert main(["registry", "add", "s.registry", "P1", kind, *fields]) == 0
    return "s.registry"


def test_a_registry_in_which_nobody_ever_lived_says_so_wherever_it_is_looked_at(
    marked: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(capsys, "add", file, "P1", "patient", "sex=female")[0] == 0
    for words in (["show", "P1"], ["verify"]):
        assert SAID in ask(capsys, words[0], marked, *words[1:])[1]
        assert SAID not in ask(capsys, words[0], file, *words[1:])[1]
    for registry, simulated in ((marked, True), (file, False)):
        assert json.loads(ask(capsys, "show", registry, "P1", "--json")[1])["simulated"] is simulated
    told = ask(capsys, "audit", marked)[1]
    assert "ada marked this registry as simulated" in told
    assert "why: nobody in this registry ever lived" in told
    first = json.loads(ask(capsys, "audit", marked, "--json")[1])["entries"][0]
    assert (first["action"], first["kind"], first["new"]) == ("marked", "registry", {"simulated": True})


def test_no_registry_is_marked_afterwards_and_who_marks_is_asked_for_the_mark_alone(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = ask(capsys, "init", file, "--simulated")
    assert (code, "marked as simulated when it is made, never afterwards; name a new one" in said) == (2, True)
    code, said = ask(capsys, "init", "b.registry", "--by", "ada")
    assert (code, "--by came without --simulated" in said) == (2, True)
    assert not Path("b.registry").exists()


def test_a_margin_of_simulated_images_is_typed_into_no_registry_of_patients(
    marked: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    margin = ["P1", "margin", "lesion_id=1", "scan_id=1", "status=measured", "result=m/margin.json, simulated"]
    assert ask(capsys, "add", marked, *margin)[0] == 0
    for kind, *fields in (("patient", "sex=female"), ("lesion", "organ=liver"), ("scan", "scanned_on=2025-01-01")):
        assert ask(capsys, "add", file, "P1", kind, *fields)[0] == 0
    code, said = ask(capsys, "add", file, *margin)
    assert (code, "measured on simulated images goes into no registry of patients" in said) == (2, True)


@pytest.mark.parametrize("out", ["out.json", "out.xlsx", "tables", "parquet"])
def test_what_goes_out_of_it_says_so_and_comes_back_only_where_nobody_lived(
    marked: str, file: str, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    form = ["--as", "parquet"] if out == "parquet" else []
    assert ask(capsys, "export", marked, "--out", out, *form)[0] == 0
    for words in ([], ["--dry-run"]):
        code, said = ask(capsys, "import", file, out, "--quiet", *words)
        assert (code, "simulated and is of no patient, and goes into no registry of patients" in said) == (2, True)
    assert ask(capsys, "audit", file)[1] == "Nothing was done to it.\n"
    assert ask(capsys, "init", "again.registry", "--simulated")[0] == 0
    assert ask(capsys, "import", "again.registry", out, "--quiet")[0] == 0
    assert len(json.loads(ask(capsys, "show", "again.registry", "P1", "--json")[1])["records"]) == 3


def test_a_cohort_of_it_says_so_in_its_first_column_and_so_does_the_draft_of_a_study(
    marked: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(capsys, "add", file, "P1", "patient", "sex=female")[0] == 0
    for registry, simulated in ((marked, True), (file, False)):
        code, said = ask(capsys, "cohort", registry, "--out", f"{registry}.csv")
        assert (code, SAID in said) == (0, simulated)
        head, row = Path(f"{registry}.csv").read_text(encoding="utf-8").splitlines()
        assert (head.startswith("synthetic,"), row.startswith('"simulated, no patient",')) == (simulated, simulated)
        assert main(["study", "init", f"{registry}.csv", "--out", f"{registry}.toml"]) == 0
        assert (f'caveats = ["{SAID}"]' in Path(f"{registry}.toml").read_text(encoding="utf-8")) is simulated
