"""`isotherm evidence margin`: a patient's margin only in panels whose method and day match; never a probability."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from isotherm.app.evidence_making_commands import METHODS, MODALITIES
from isotherm.app.evidence_margin import PAGE
from isotherm.app.evidence_patient import MODALITIES as WORDS
from isotherm.app.evidence_patient import Mark, Patient, from_result
from isotherm.app.evidence_relations_drawn import ABOUT, figures_of, panels_of
from isotherm.evidence.library import read_library
from isotherm.evidence.relations import HowMeasured
from isotherm.evidence.result_parts import MarginMethod
from tests.app.on_disk import Command
from tests.app.test_study_figures import measured
from tests.browser import Tab

SAME_DAY = ("--organ", "liver", "--method", "3D", "--imaging", "CT", "--day", "0", "--modality", "MWA")
MARGIN = ("--margin-mm", "7", "--low", "5.6", "--high", "9")
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft and $x_1$ {braces} <b>"
LIBRARY = read_library()


def result(**changes: Any) -> dict[str, Any]:
    """Return what this command reads of a margin.json with three lesions."""
    interval = {"level": 0.9, "low": 5.6, "high": 9.0, "calibrated": True, "dominant_source": "translation"}
    tumor = {"recist_mm": 20.3}
    lesions = [
        {"label": "1", "status": "measured", "minimal_margin_mm": 7.0, "interval_mm": interval, "tumor": tumor},
        {"label": "2", "status": "bounded", "minimal_margin_mm": 4.0, "interval_mm": None, "tumor": tumor},
        {"label": "3", "status": "not_ablated", "minimal_margin_mm": None, "interval_mm": None, "tumor": tumor},
    ]
    settings = {"organ_name": "liver", "modality": "mwa", "days_after_ablation": 0.0}
    return {"schema": "isotherm.margin/1", "inputs": [{"simulated": False}], "settings": settings, "lesions": lesions,
            **changes}  # fmt: skip


def put(folder: Path, document: object) -> str:
    (folder / "margin.json").write_text(json.dumps(document))
    return str(folder / "margin.json")


def sentences(out: str, paper: str) -> list[str]:
    """Return what was said of the patient in the panels of margins of a publication."""
    margins = out.partition("Size and recurrence")[0]
    found: list[str] = []
    for block in re.split(r"\n(?=\S)", margins):
        if block.startswith(f"{paper}: "):
            found += [line.strip() for line in block.splitlines() if line.strip().startswith("> ")]
    return found


def test_the_margin_stands_in_the_one_panel_whose_method_and_day_match(isotherm: Command) -> None:
    ran = isotherm("evidence", "margin", *MARGIN, *SAME_DAY)
    assert (ran.code, ran.err) == (0, "")
    drawn = [
        one for panel in panels_of(LIBRARY, "margin", None) for one in sentences(ran.out, panel.relation.paper.short)
    ]
    assert drawn
    ratios, cut_offs = sentences(ran.out, "Laimer 2025")
    assert ratios == "> The patient's margin is not drawn: a hazard ratio has no place for one margin."
    assert cut_offs.startswith("> The patient (patient: 7.0 mm (interval 5.6 to 9.0 mm)): method, imaging, day")
    assert "no number here is a chance of this patient" in cut_offs
    others = {one for one in drawn if "not drawn" not in one}
    assert others == {cut_offs}


def test_every_panel_says_why_a_margin_of_another_day_is_not_drawn(isotherm: Command) -> None:
    out = isotherm("evidence", "margin", *MARGIN, *SAME_DAY[:-4], "--day", "42", "--modality", "RFA").out
    margins = out.partition("Size and recurrence")[0]
    panels = len(panels_of(LIBRARY, "margin", None))
    assert margins.count("> The patient's margin is not drawn: ") == panels
    assert "2D here, 3D in the patient" in sentences(out, "Wang 2013")[0]


def test_no_number_of_a_panel_is_turned_into_one_of_the_patient(isotherm: Command) -> None:
    said = [line for line in isotherm("evidence", "margin", *MARGIN, *SAME_DAY).out.splitlines() if "> " in line]
    assert not [line for line in said if "%" in line.replace("90 % interval", "")]


def test_margins_and_sizes_come_from_a_result_with_their_intervals_and_bounds(
    isotherm: Command, tmp_path: Path
) -> None:
    path = put(tmp_path, result())
    out = isotherm("evidence", "margin", "--result", path, "--imaging", "CT").out
    assert "Minimal margin of lesion 1: 7.0 mm (90 % interval 5.6 to 9.0 mm)" in out
    assert "Minimal margin of lesion 2: at most 4.0 mm" in out
    assert "Minimal margin of lesion 3 has no number" in out
    assert "Largest diameter of lesion 1: 20.3 mm" in out
    assert "Organ: liver; ablation: MWA" in out
    one = isotherm("evidence", "margin", "--result", path, "--imaging", "CT", "--lesion", "2").out
    assert "lesion 1" not in one


def test_what_a_result_does_not_tell_is_asked_for_and_else_nothing_is_drawn(tmp_path: Path) -> None:
    path = put(tmp_path, result(settings={"organ_name": "liver", "modality": None, "days_after_ablation": None}))
    bare = panels_of(LIBRARY, "margin", from_result(path, (), HowMeasured()))
    assert not [panel for panel in bare if panel.marks]
    told = from_result(path, (), HowMeasured(imaging="CT", days_after=0.0))
    (panel,) = [panel for panel in panels_of(LIBRARY, "margin", told) if panel.marks]
    assert [mark.label for mark in panel.marks] == ["lesion 1", "lesion 2"]


def test_page_and_figures_are_written_and_need_nothing_else(isotherm: Command, tmp_path: Path, tab: Tab) -> None:
    out = tmp_path / "out"
    path = put(tmp_path, result(inputs=[{"simulated": True}]))
    assert isotherm("evidence", "margin", "--result", path, "--imaging", "CT", "--out", out).code == 0
    names = {file.name for file in out.iterdir()}
    assert {PAGE, "margin-rate-per-class.svg", "margin-odds-ratios.png", "size-odds-ratios.svg"} <= names
    tab.page.goto((out / PAGE).as_uri())
    assert (tab.left, tab.errors) == ([], [])
    text = tab.page.inner_text("body")
    assert "Simulated data." in text
    assert "no number here is a chance of this patient" in text
    assert "10.1007/s00270-012-0377-1" in text
    wide = tab.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    assert all(tab.page.evaluate("[...document.images].map(one => one.naturalWidth > 0)"))


@pytest.mark.parametrize("about", ABOUT)
@pytest.mark.parametrize("name", ["lesion 1", LONG])
def test_every_word_lies_inside_the_figure(about: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, *_, **__: measured(figure, seen))
    marks = tuple(Mark(label=name if k == 1 else f"lesion {k}", value_mm=4.0 * k - 6.0, low_mm=4.0 * k - 8.0,
                       high_mm=4.0 * k + 1.0, interval="90 % interval") for k in range(1, 6))  # fmt: skip
    how = HowMeasured(organ="liver", modality="RFA", method="3D", imaging="CT", days_after=0.0)
    figures_of(panels_of(LIBRARY, about, Patient(how=how, margins=marks, sizes=marks[2:])))
    assert seen


def test_the_options_offer_every_word_that_records_use() -> None:
    methods = {record.margin.method for record in LIBRARY.results.values() if record.margin is not None}
    assert methods <= {*METHODS, "several", "not printed"}
    assert MODALITIES == WORDS
    assert str(MarginMethod(method="3D", imaging="CT", days_after=(0.0, 0.0))) == "3D, CT, day 0"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--margin-mm", "nan"), "a number of mm is wanted"),
        (("--margin-mm", "1e308"), "a number of mm is wanted"),
        (("--margin-mm", "7", "--low", "5"), "give all three, or neither end"),
        (("--low", "5", "--high", "6"), "give all three, or neither end"),
        (("--margin-mm", "7", "--low", "8", "--high", "9"), "lies outside of 8 to 9"),
        (("--size-mm", "0"), "a diameter above 0 mm"),
        (("--margin-mm", "7", "--day", "-1"), "days from ablation"),
        (("--margin-mm", "7", "--day", "nan"), "days from ablation"),
        (("--day", "1"), "and no margin"),
        (("--lesion", "1"), "give --result margin.json"),
        (("--margin-mm", "7", "--imaging", "PET"), "invalid choice"),
        (("--result", "none.json"), "cannot be read"),
    ],
)
def test_bad_input_gives_one_sentence_and_2(isotherm: Command, arguments: tuple[str, ...], says: str) -> None:
    ran = isotherm("evidence", "margin", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("document", "more", "says"),
    [
        ([], (), "no result of `isotherm margin`"),
        ({"schema": "isotherm.study/1"}, (), "no result of `isotherm margin`"),
        (result(lesions=[{"label": "1"}]), (), "no result of `isotherm margin`"),
        (result(lesions="none"), (), "no result of `isotherm margin`"),
        (result(), ("--lesion", "9"), 'No lesion has the label "9"'),
        (result(), ("--modality", "RFA"), "the result says MWA"),
        (result(), ("--organ", "lung"), "the result says liver"),
        (result(), ("--day", "30"), "the result says 0;"),
        (result(), ("--method", "2D"), "which measures in 3D"),
        (result(), ("--margin-mm", "3"), "give one or the other"),
    ],
)
def test_a_result_that_is_none_or_told_otherwise_is_refused(
    isotherm: Command, tmp_path: Path, document: object, more: tuple[str, ...], says: str
) -> None:
    ran = isotherm("evidence", "margin", "--result", put(tmp_path, document), *more)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert ran.err.count("\n") == 1


def test_every_published_rate_has_an_endpoint_that_its_axis_names() -> None:
    shown = [one.relation for about in ABOUT for one in panels_of(read_library(), about, None)]

    assert [one.paper.id for one in shown if one.kind == "rate per class" and not one.endpoint] == []
