"""`isotherm evidence pool`: what it prints, writes and draws; what it refuses in one sentence."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.app.on_disk import ROOT, Command
from tests.app.test_study_figures import measured
from tests.evidence.files import PAPER

SCHEMA = ROOT / "src" / "isotherm" / "app" / "schemas" / "evidence-pool-1.schema.json"
DESPITE = ("--despite", "comparison=arms are alike enough for a test")
THREE = ("meijerink_2024.os", "abdalla_2004.os-rfa", "ruers_2017.os", *DESPITE)


@pytest.fixture
def many(tmp_path: Path) -> tuple[str, ...]:
    """Arguments that pool 25 publications with names of 60 letters."""
    folder = tmp_path / "papers"
    folder.mkdir()
    ids: list[str] = []
    for k in range(25):
        name = f"author{chr(97 + k)}_2020"
        estimate, reach = math.exp(0.4 + 0.03 * k), math.exp(0.3 + 0.05 * k)
        text = PAPER.replace("smith_2020", name).replace("10.1000/xyz", f"10.1000/x{k}")
        text = text.replace("Smith 2020", f"Author {k:02}, a publication with a name of sixty letters, {k:02} of"[:60])
        text = text.replace('where = "Table 3"', 'where = "Table 3"\nendpoint = "progression"')
        text = text.replace("3.0, low = 1.2, high = 7.5, p = 0.02",
                            f"{estimate:.3f}, low = {estimate / reach:.3f}, high = {estimate * reach:.3f}")  # fmt: skip
        (folder / f"{name}.toml").write_text(text)
        ids.append(f"{name}.margin")
    return (*ids, "--papers", str(folder))


def document(isotherm: Command, *arguments: str) -> dict[str, Any]:
    ran = isotherm("evidence", "pool", *arguments, "--json", "-")
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(found)
    return found


def test_the_overlapping_cohorts_of_radiology_2023_and_ajr_2022_are_refused(isotherm: Command) -> None:
    ran = isotherm("evidence", "pool", "li_2023.dfs-ratio", "liang_2022.pfs-ratio")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("isotherm: There is an overlap of patients: Li 2023 and Liang 2022. Leave a study out")
    assert ran.err.count("\n") == 1


def test_studies_models_heterogeneity_and_sources_are_printed(isotherm: Command) -> None:
    out = isotherm("evidence", "pool", *THREE).out
    assert "COLLISION, ASCO (Meijerink 2024)  1.042 (0.689 to 1.576)" in out
    assert "Common effect: 1.08 (0.84 to 1.39), p = 0.56" in out
    assert "Random effects (REML, modified Hartung-Knapp interval); main model: 1.18 (0.17 to 8.40)" in out
    assert "! Set aside: comparison." in out
    assert "Reason given: arms are alike enough for a test." in out
    assert "doi 10.1093/jnci/djx015" in out
    assert "recalled: confirm in the publication before use" in out


def test_json_holds_the_same_with_weights_and_each_study_left_out(isotherm: Command) -> None:
    found = document(isotherm, *THREE)
    assert sum(one["weight_random"] for one in found["studies"]) == pytest.approx(1.0)
    assert found["common"]["estimate"] == pytest.approx(1.0786, abs=5e-4)
    assert [one["left_out"] for one in found["leave_one_out"]] == [one["name"] for one in found["studies"]]
    assert found["overrides"][0]["rule"] == "comparison"
    assert document(isotherm, *THREE[:2], *DESPITE)["leave_one_out"] == []


@pytest.mark.parametrize(
    ("model", "main", "tau2"),
    [("common", "common", "REML"), ("DL", "random", "DerSimonian-Laird"), ("PM", "random", "Paule-Mandel")],
)
def test_the_model_that_is_asked_for_is_the_main_one(isotherm: Command, model: str, main: str, tau2: str) -> None:
    settings = document(isotherm, *THREE, "--model", model, "--hartung-knapp", "no", "--level", "0.9")["settings"]
    assert (settings["main"], settings["tau2"], settings["interval"], settings["level"]) == (main, tau2, "normal", 0.9)


def test_figures_and_json_are_written_and_those_of_an_earlier_run_do_not_stay(
    isotherm: Command, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert isotherm("evidence", "pool", *THREE, "--out", out).code == 0
    names = {file.name for file in out.iterdir()}
    assert names == {f"{name}.{end}" for name in ("forest", "funnel", "leave_one_out") for end in ("svg", "png")} | {
        "pool.json"
    }
    assert isotherm("evidence", "pool", *THREE[:2], *DESPITE, "--out", out).code == 0
    assert not (out / "leave_one_out.svg").exists()


def test_twenty_five_studies_with_names_of_sixty_letters_are_drawn(
    isotherm: Command, many: tuple[str, ...], tmp_path: Path
) -> None:
    ran = isotherm("evidence", "pool", *many, "--out", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("a publication with a name of sixty letters") == 25 * 3


def test_every_word_of_its_figures_lies_inside_them(
    isotherm: Command, many: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, *_, **__: measured(figure, seen))
    for arguments in (many, THREE, (*THREE, "--model", "common")):
        assert isotherm("evidence", "pool", *arguments, "--out", tmp_path / "out").code == 0
    assert len(seen) == 3 * 3 * 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ruers_2017.os",), "pooling needs two"),
        (("ruers_2017.os", "ruers_2017.oss"), 'near it: "ruers_2017.os"'),
        (("ruers_2017.os", "meijerink_2024.os"), "differ in their comparison"),
        (("meijerink_2024.lc-patient", "meijerink_2024.lc-tumor"), "overlap of patients"),
        (("ruers_2017.os", "laimer_2025.margin-a"), "step of its slope"),
        ((*THREE, "--level", "95"), "share between 0 and 1"),
        ((*THREE, "--level", "nan"), "share between 0 and 1"),
        ((*THREE, "--despite", "overlap"), "write RULE=REASON"),
        ((*THREE, "--despite", "overlap=none here"), "found nothing to set aside"),
        ((*THREE, "--despite", "comparison=again"), "two reasons"),
        ((*THREE, "--despite", "weather=rain"), "no rule that can be set aside"),
        ((*THREE, "--model", "best"), "invalid choice"),
        ((*THREE, "--json", "/nowhere/at/all.json"), "its folder does not exist"),
    ],
)
def test_bad_input_gives_one_sentence_and_2(isotherm: Command, arguments: tuple[str, ...], says: str) -> None:
    ran = isotherm("evidence", "pool", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("isotherm: ")
    assert says in ran.err
    assert ran.err.count("\n") == 1
