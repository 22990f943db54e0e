"""The page of endpoints says what the code says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from isotherm.app.cli import main
from isotherm.app.registry_cohort import asked
from isotherm.registry.derive import Windows
from isotherm.registry.endpoints import endpoints
from isotherm.registry.endpoints_kinds import ENDPOINTS, TIMED, Choices, Endpoint
from isotherm.registry.frames import frames
from isotherm.registry.store import open_store
from tests.registry.made_up import WHO, patient

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "endpoints.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: f"{one.unit}-{one.name}")
def test_each_definition_stands_on_the_page(one: Endpoint) -> None:
    columns = f"`{one.name}_*`" if one.is_timed else f"`{one.name}`"
    row = f"| {one.label}, per {one.unit} | {columns} | {one.start} | {one.event} | {one.competing} | {one.censored} |"
    assert f"{row} {one.source} | {one.ours} |" in PAGE


def test_what_is_declared_is_what_is_measured() -> None:
    found = endpoints(frames(()))
    assert set(TIMED["patient"]) == found.patients.times.keys()
    assert set(TIMED["tumor"]) == found.tumor_times.keys()
    told = {"patient": found.patients.answers, "tumor": found.tumor_answers, "session": found.sessions.answers}
    for unit, answers in told.items():
        names = {one.name for one in ENDPOINTS if one.unit == unit and not one.is_timed} - {"stay_days"}
        assert names == answers.keys()


def test_each_choice_is_explained_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| `?([\w.]+)`? \|", PAGE, flags=re.MULTILINE))
    assert rows.keys() == Choices.__dataclass_fields__.keys() | Windows.__dataclass_fields__.keys()
    told = asked("patient", rows, "")
    assert (told.choices, told.windows) == (Choices(), Windows())


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store("center.registry", create=True) as store:
        store.add([*patient("P1", lesions=2), *patient("P2")], **WHO)
    head = "patient_id,given_name,family_name,birth_date,sex\n"
    Path("ours.csv").write_text(head + "P1,Ada,Moeller,1950-01-01,f\nP2,Eve,Noor,1951-01-01,f\n", encoding="utf-8")
    Path("theirs.csv").write_text(head + "Q7,Ada,M\u00f6ller,1950-01-01,f\n", encoding="utf-8")
    commands = [shlex.split(line)[1:] for line in re.findall(r"^    (isotherm .*)$", PAGE, flags=re.MULTILINE)]
    assert len(commands) == 4
    for words in commands:
        if "theirs-hashes.csv" in words:  # made at the other site, with the same key
            assert (
                main(["registry", "overlap", "theirs.csv", "--key", "shared.key", "--hashes", "theirs-hashes.csv"]) == 0
            )
        assert main(words) == 0
    assert len(Path("tumors.csv").read_text(encoding="utf-8").splitlines()) == 4
    assert "P1" in Path("pairs.csv").read_text(encoding="utf-8")
    assert "P2" not in Path("pairs.csv").read_text(encoding="utf-8")
    assert Path("near.csv").is_file()
