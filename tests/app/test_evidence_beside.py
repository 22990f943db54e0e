"""`isotherm evidence beside`: a study's own effect beside published ones, never pooled, with what differs in words."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from isotherm.app.evidence_beside import beside
from isotherm.app.evidence_beside_drawn import beside_figure
from isotherm.app.evidence_beside_rows import Setting, differences
from isotherm.app.evidence_figures_forest import EffectRow, EffectWords, evidence_forest
from isotherm.errors import BadSetting, UnreadableFile
from isotherm.evidence.library import read_library
from tests.app.made_up_study import HOSTILE, result_of
from tests.app.on_disk import Command
from tests.app.test_study_figures import LONG, measured

OWN = Setting(population="adults", arms="A v B", time_zero="randomization", endpoint="Overall survival",
              adjustment="none", measure="hazard ratio")  # fmt: skip

SCHEMA = Draft202012Validator(
    json.loads((resources.files("isotherm.app") / "schemas" / "evidence-beside-1.schema.json").read_text())
)


def put(folder: Path, document: object) -> str:
    (folder / "result.json").write_text(json.dumps(document))
    return str(folder / "result.json")


@pytest.fixture
def real(tmp_path: Path) -> str:
    return put(tmp_path, result_of("real"))


def test_what_is_alike_is_left_out_and_what_is_not_printed_is_told() -> None:
    other = Setting(population="Adults", arms="C v D", time_zero="not printed", endpoint="overall  survival",
                    adjustment="none", measure="odds ratio")  # fmt: skip
    assert dict(differences(OWN, other)) == {"arms": "C v D", "time zero": "not printed", "measure": "odds ratio"}


def test_published_comparisons_of_the_same_endpoint_stand_under_the_study(isotherm: Command, real: str) -> None:
    ran = isotherm("evidence", "beside", real)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("This study: Chemotherapy before resection")
    assert "COLLISION, ASCO (Meijerink 2024) (randomized trial, liver): 1.042 (95 % interval 0.689 to 1.576)" in ran.out
    collision = ran.out.partition("COLLISION, ASCO")[2].partition("CLOCC")[0]
    for words in ("Other arms than this study's, by their names: thermal ablation v resection",
                  "Time zero: randomization", "Adjustment: not printed",
                  "As in this study: endpoint, measure", "NCT03088150"):  # fmt: skip
        assert words in collision
    assert "never pooled" in ran.out
    shared = ran.out.partition("Patients in common: ")[2]
    assert "Meijerink 2024" in shared
    assert "COLLISION, ASCO (Meijerink 2024) and COLLISION (van der Lei 2025)" in shared
    names = re.findall(r"^Abdalla 2004, (.+?) [(]", ran.out, re.MULTILINE)
    assert len(names) == len(set(names)) > 1
    assert "meijerink_2024.os" not in shared
    assert "1.30 (95" not in ran.out  # its label contradicts its numbers; it may be asked for
    assert (
        "The printed label contradicts" in isotherm("evidence", "beside", real, "--with", "abdalla_2004.os-first").out
    )


def test_a_study_of_simulated_patients_says_so_beside_what_was_seen_in_patients(
    isotherm: Command, tmp_path: Path
) -> None:
    said = "Simulated patients: nobody in this registry ever lived."
    made = result_of("real")
    real = isotherm("evidence", "beside", put(tmp_path, made))
    simulated = isotherm("evidence", "beside", put(tmp_path, made | {"caveats": [said, *made["caveats"]]}))
    assert said not in real.out
    assert said in simulated.out.partition("COLLISION")[0]
    found = beside(read_library(), str(tmp_path / "result.json"), outcome=None, ids=["ruers_2017.os"])
    assert found.own.remarks == (said,)
    assert said.encode() in beside_figure(found).svg


def test_json_says_in_what_each_row_differs_and_that_nothing_was_pooled(isotherm: Command, real: str) -> None:
    ran = isotherm("evidence", "beside", real, "--with", "ruers_2017.os", "van_der_lei_2025.os-interval", "--json", "-")
    found = json.loads(ran.out)
    SCHEMA.validate(found)
    assert not SCHEMA.is_valid(found | {"pooled": True})
    assert (found["pooled"], found["scale"]) == (False, "ratio")
    first, second = found["published"]
    assert first["differs_in"] == ["adjustment", "arms", "population", "time zero"]
    assert second["remarks"] == ["recalled: confirm in the publication before use"]
    assert (first["estimate"], first["low"], first["high"]) == (0.58, 0.38, 0.88)


def test_of_a_study_of_timing_the_design_stands_beside_and_never_the_arms_as_they_became(tmp_path: Path) -> None:
    made = result_of("designs")
    design = made["results"]["headline.design"]["method"].split(".")[1]
    arm = next(one["name"] for one in made["protocol"]["arms"] if not one["reference"])
    wanted = made["results"][f"design.{design}.os.{arm}.hazard_ratio"]
    naive = made["results"]["effect.os.naive"]
    assert wanted["value"] != naive["value"]

    found = beside(read_library(), put(tmp_path, made), outcome="os", ids=["ruers_2017.os"])

    assert found.own.estimate == wanted["value"]
    assert found.own.setting.adjustment == f"by design: {made['results']['headline.design']['text']}"
    assert found.own.setting.population == made["results"][f"design.{design}.os.target"]["text"]


def test_what_no_design_answers_of_a_study_of_timing_is_refused(tmp_path: Path) -> None:
    made = result_of("designs")
    del made["results"]["headline.design"]  # every design was barred
    with pytest.raises(BadSetting, match="bars as an answer"):
        beside(read_library(), put(tmp_path, made), outcome="os", ids=["ruers_2017.os"])


def test_the_figure_and_its_numbers_are_written(isotherm: Command, real: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert isotherm("evidence", "beside", real, "--out", out).code == 0
    assert {file.name for file in out.iterdir()} == {"beside.svg", "beside.png", "beside.json"}


@pytest.mark.parametrize("name", ["real", "hostile"])
def test_every_word_lies_inside_the_figure(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, *_, **__: measured(figure, seen))
    ids = ["abdalla_2004.os-first", "ruers_2017.os", "van_der_lei_2025.os-interval", "ruers_2017.os-5y-local",
           "ruers_2017.os-8y-local"]  # fmt: skip
    found = beside(read_library(), put(tmp_path, result_of(name)), outcome=None, ids=ids)
    beside_figure(found)
    assert seen
    assert name == "real" or HOSTILE[:8] in found.own.setting.arms


def test_long_names_and_wild_intervals_stay_inside_a_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, *_, **__: measured(figure, seen))
    rows = [
        EffectRow(label=LONG, remarks=(LONG, LONG), estimate=0.5, low=1e-9, high=1e9, printed=f"0.50 ({LONG})",
                  weight=0.5, weights="50.0 %\n50.0 %"),
        EffectRow(label="Common effect", kind="common", estimate=300.0, low=200.0, high=1e12, printed="300"),
        EffectRow(label="Random", kind="random", estimate=1.0, low=0.0, high=float("inf"), printed="1"),
        EffectRow(label="Prediction", kind="prediction", low=0.0, high=float("inf"), printed="0 to no limit"),
    ]  # fmt: skip
    words = EffectWords(axis=LONG, column=f"ratio ({LONG})", lower_means=LONG, higher_means=LONG, ratio=True,
                        notes=(LONG, LONG))  # fmt: skip
    evidence_forest(rows, words, description="Forest.")
    evidence_forest(rows, EffectWords(axis=LONG, column="ratio", lower_means="lower", higher_means="higher", ratio=True,
                                      wide=True), description="Forest.")  # fmt: skip
    assert len(seen) == 4


def test_an_effect_that_a_release_withholds_or_that_was_blinded_is_no_effect(isotherm: Command, tmp_path: Path) -> None:
    ran = isotherm("evidence", "beside", put(tmp_path, result_of("blinded")))
    assert (ran.code, ran.out) == (2, "")
    assert "The study has no effect for" in ran.err
    with pytest.raises(BadSetting, match='This release withholds the effect on "Overall survival"'):
        beside(read_library(), put(tmp_path, result_of("designs released")), outcome=None, ids=[])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--outcome", "xx"), 'No outcome is called "xx"; there are: os, dfs'),
        (("--outcome", "liver_dfs"), "No published comparison of arms has the endpoint"),
        (("--with", "ruers_2017.oss"), "near it"),
        (("--with", "wang_2013.ltp"), "is no ratio as the study's own effect is"),
        (("--with", "ruers_2017.os", "ruers_2017.os"), "came twice"),
    ],
)
def test_bad_input_gives_one_sentence_and_2(isotherm: Command, real: str, more: tuple[str, ...], says: str) -> None:
    ran = isotherm("evidence", "beside", real, *more)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert ran.err.count("\n") == 1


def test_of_three_arms_and_more_none_is_laid_beside_and_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"compares 4 arms, and only an effect between two .* of two of them"):
        beside(read_library(), put(tmp_path, result_of("several")), outcome="os", ids=())


@pytest.mark.parametrize(("name", "part"), [("designs", "findings"), ("weights", "tables"), ("weights", "caveats")])
def test_a_result_of_an_older_version_is_refused_in_one_sentence(tmp_path: Path, name: str, part: str) -> None:
    made = result_of(name)
    del made[part]
    with pytest.raises(UnreadableFile, match="run the study again"):
        beside(read_library(), put(tmp_path, made), outcome="os", ids=["ruers_2017.os"])


@pytest.mark.parametrize("document", [[], {"schema": "isotherm.margin/1"}, {"schema": "isotherm.study/1"}, "text"])
def test_what_is_no_result_of_a_study_is_refused(isotherm: Command, tmp_path: Path, document: object) -> None:
    ran = isotherm("evidence", "beside", put(tmp_path, document))
    assert (ran.code, ran.out) == (2, "")
    assert "is no result of `isotherm study run`" in ran.err


def test_a_study_is_known_by_its_protocols_file_and_an_old_one_by_what_its_protocol_says(tmp_path: Path) -> None:
    made = result_of("weights")
    for text, words in (("ab" * 32, "protocol file with SHA-256 abababababab…"), (None, "what the protocol says, SHA")):
        if text is None:
            del made["results"]["protocol.file_hash"]
        else:
            made["results"]["protocol.file_hash"] = {**made["results"]["protocol.hash"], "text": text}
        found = beside(read_library(), put(tmp_path, made), outcome="os", ids=["ruers_2017.os"])
        assert words in found.own.source
