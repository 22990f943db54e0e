"""A study of timing from the command line to its report: designs side by side, and refusals."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from isotherm.app.report_words import NO_BREAK
from isotherm.app.study_figures_panels import Panel, PanelCurve, _curve
from isotherm.app.study_report_content import sections_of
from isotherm.app.study_report_designs import design_words, designs, rest_words
from isotherm.app.study_report_drawn import drawings_of
from isotherm.app.study_report_frame import outcomes_of
from isotherm.app.study_report_headline import headline_of
from isotherm.app.study_report_panels import design_drawings, incidence_drawings
from isotherm.app.study_report_parts import Heading, Paragraph, Picture, Table, prose, text_of
from isotherm.app.study_report_prose import balance_words
from isotherm.exchange.protocol_text import protocol_text
from isotherm.study.analysis.run import analyze
from isotherm.study.disclosure import release
from isotherm.study.document import document_of, document_text
from isotherm.study.protocol_designs import Landmark, Naive
from tests.app.made_up_study import result_of
from tests.app.on_disk import Command
from tests.study.four_arms import OS, YES_NO, four
from tests.study.four_arms import people as four_people
from tests.study.registry import CLONES, COURSE, EVERY, registry, timing


def tables(name: str) -> dict[str, Table]:
    result = result_of(name)
    return {block.title: block for section in sections_of(result, drawings_of(result)) for block in section.blocks
            if isinstance(block, Table)}  # fmt: skip


def test_a_run_answers_by_the_first_sound_design_and_writes_everything(isotherm: Command, tmp_path: Path) -> None:
    study = timing(designs=EVERY)
    registry(90).to_csv(tmp_path / "registry.csv", index=False)
    (tmp_path / "study.toml").write_text(protocol_text(study), encoding="utf-8")
    ran = isotherm("study", "run", tmp_path / "study.toml", "--out", tmp_path / "out", "--quiet")
    assert ran.code == 0, ran.err
    assert "Overall survival: Risk difference at 365 days, clone, censor, weight: " in ran.out
    assert ran.out.index("clone, censor, weight") < ran.out.index("naive, clock at time zero")
    document = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert document["results"]["headline.design"]["text"] == "clone, censor, weight"
    own = sha256((tmp_path / "study.toml").read_bytes()).hexdigest()  # what sha256sum says of the file
    assert document["results"]["protocol.file_hash"]["text"] == own
    report = unescape((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert own in report.partition("SHA-256 of the protocol's file")[2][:300]
    assert (tmp_path / "out" / "tables" / "designs.os.csv").exists()
    assert (tmp_path / "out" / "figures" / "designs_pfs.svg").exists()
    checked = isotherm("study", "check", tmp_path / "study.toml").out
    assert "answers by landmark, time_dependent_cox, clone_censor_weight; naive is barred as an answer" in checked


def test_the_first_screen_is_the_design_its_target_and_what_remains() -> None:
    head = headline_of(result_of("designs"))
    assert head.outcome == "Overall survival"
    arms = "“Delayed ablation” minus “Ablation first”"
    assert head.measure == f"Risk difference at 12 months, {arms}, by clone, censor, weight"
    assert head.claim.startswith("Risk of death by 12 months: ")
    assert head.claim.endswith("than with “Ablation first”")
    assert head.arms is not None
    assert head.arms.columns == ("", "Patients", "Worth, by their weights", "Deaths", "Risk by 12 months")
    assert "until the records contradict it" in text_of(head.arms.remark)
    assert "if all patients had followed a strategy" in text_of(head.facts)
    assert "Adjusted by the weights of this design for: Burden." in text_of(head.facts)
    assert any("was not recorded is not dealt with" in text_of(one) for one in head.caveats)
    assert not any("immortal time" in text_of(one) for one in head.caveats)
    assert head.naive


def test_that_no_progression_is_recorded_stands_beside_the_main_estimate_and_before_the_designs() -> None:
    result = result_of("designs")
    assert not any("No progression is recorded" in text_of(one) for one in headline_of(result).caveats)
    key = "finding.course_without_progression"
    result["results"][key] = result["results"]["headline.caveat"] | {"text": "No progression is recorded of anybody."}

    assert any("No progression is recorded" in text_of(one) for one in headline_of(result).caveats)
    said = [text_of(one.runs) for one in designs(result, {}) if isinstance(one, Paragraph)]
    assert "Mind: No progression is recorded of anybody." in said


def test_designs_stand_in_one_table_with_risks_first_and_hazard_ratios_last() -> None:
    found = tables("designs")
    side = found["Overall survival: designs side by side"]
    assert [column.partition(" (")[0] for column in side.columns[2:]] == [
        "Adjusted", "Risk difference at 12 months", "Difference of restricted means to 12 months", "Hazard ratio",
        "Replicates that failed",
    ]  # fmt: skip
    first = [text_of(row[0]) for row in side.rows]
    assert first[0] == "clone, censor, weight"
    assert "naive, clock at time zero (barred as an answer)" in first
    about = found["Overall survival: what each design is about, and what remains"]
    assert sum(text_of(row[1]) == "target" for row in about.rows) == 5
    for words in ("censored for leaving a strategy", "weights of those who were not censored for leaving",
                  "at risk just after the end of each window", "the same with other weights"):  # fmt: skip
        assert f"Overall survival, clone, censor, weight: {words}" in found, words


def test_designs_and_incidence_are_drawn_and_withheld_in_a_release() -> None:
    result = result_of("designs")
    assert set(design_drawings(result)) == {"designs_os", "designs_pfs"}
    ltp = next(one for one in outcomes_of(result) if one.name == "ltp")
    (drawing,) = incidence_drawings(result, ltp)
    assert "Death without progression, Ablation first" in drawing.description
    released = result_of("designs released")
    assert design_drawings(released) == {}
    assert incidence_drawings(released, ltp) == ()
    assert designs(released, {})


def test_a_curve_of_a_panel_ends_with_its_last_patient_though_others_go_on() -> None:
    short, long = (PanelCurve(arm=arm, label="Arm", times=np.array([3.0, end]), values=np.array([0.8, 0.5]),
                              low=np.array([0.7, 0.4]), high=np.array([0.9, 0.6]))
                   for arm, end in ((0, 11.9), (1, 29.0)))  # fmt: skip
    axes = Figure().add_subplot()
    for one in (short, long):
        _curve(axes, Panel(title="", across="", start=0.0, first=1.0, curves=(short, long)), one)
    assert [float(np.asarray(line.get_xdata())[-1]) for line in axes.lines] == [11.9, 29.0]
    assert [one.get_datalim(axes.transData).x1 for one in axes.collections] == [11.9, 29.0]


def test_panels_name_their_own_clock_whether_they_are_adjusted_and_who_is_at_risk() -> None:
    result = result_of("designs")
    late = {key: one for key, one in result["curves"].items() if key.startswith("design.naive.os.")}
    for one in late.values():
        one["clock"] = "ablation"
    (drawing,) = design_drawings(result)["designs_os"]
    words = re.findall(r"<!-- (.*?) -->", drawing.svg.decode().replace(NO_BREAK, " "))
    for said in ("clone, censor, weight: adjusted by weights", "living: not adjusted", "months since ablation",
                 "months since time zero, curves from day 90", "At risk: clones, not weighted",
                 "At risk: patients"):  # fmt: skip
        assert said in words, said
    for key in (key for one in late.values() for key in one["at_risk"]):
        assert f"{result['results'][key]['value']:.0f}" in words, key


def test_more_designs_than_a_page_holds_go_on_on_a_further_one() -> None:
    result = result_of("designs")
    for key in [key for key in result["curves"] if key.startswith("design.naive.os.")]:
        further = (f"more_{k}" for k in range(4))
        result["curves"] |= {key.replace("naive", name): result["curves"][key] | {"design": name} for name in further}
    drawings = drawings_of(result)
    assert {"designs_os", "designs_os.2"} <= set(drawings)
    shown = [block.name for block in designs(result, drawings) if isinstance(block, Picture)]
    assert shown == ["designs_os", "designs_os.2", "designs_pfs"]


def test_one_endpoint_is_drawn_alone() -> None:
    result = result_of("designs")
    result["curves"] = {key: one for key, one in result["curves"].items() if ".pfs." not in key}
    assert set(design_drawings(result)) == {"designs_os"}


def test_arms_as_they_became_are_called_barred_beside_the_designs() -> None:
    result = result_of("designs")
    outcomes = next(one for one in sections_of(result, drawings_of(result)) if one.key == "outcomes")
    first = outcomes.blocks[0]
    assert isinstance(first, Paragraph)
    assert "barred as an answer" in text_of(first.runs)
    words = " ".join(prose(run) for block in outcomes.blocks if isinstance(block, Paragraph) for run in block.runs)
    assert "patient-days" not in words


def test_what_is_said_of_adjustment_belongs_to_a_design_or_to_the_arms_as_they_became() -> None:
    result = result_of("designs")
    sections = {one.key: one for one in sections_of(result, drawings_of(result))}
    methods = " ".join(text_of(block.runs) for block in sections["methods"].blocks if isinstance(block, Paragraph))
    assert "Adjusted for: Burden" not in methods
    assert "Arms as they became, beside the designs: adjusted for nothing" in methods
    (warned,) = (one["says"] for one in result["findings"] if one["key"] == "finding.not_adjusted")
    assert warned.startswith("Arms as they became, beside the designs, are compared as they are")
    for one in result["findings"]:
        one["bars"] = []
    outcomes = next(one for one in sections_of(result, drawings_of(result)) if one.key == "outcomes").blocks[0]
    assert isinstance(outcomes, Paragraph)
    assert "none of these numbers is the main estimate" in text_of(outcomes.runs)


def test_balance_beside_designs_is_that_of_the_arms_as_they_became() -> None:
    result = result_of("weights")
    assert not text_of(balance_words(result)).startswith("Of the arms")
    result["results"]["headline.design"] = result["results"]["headline.target"]
    assert text_of(balance_words(result)).startswith("Of the arms as they became, and not of the designs: The largest")


def test_the_risk_difference_of_several_arms_is_called_adjusted_nowhere() -> None:
    yes_no = replace(YES_NO, primary=True)
    found = analyze(four(outcomes=(yes_no, replace(OS, primary=False))), four_people())
    result = json.loads(document_text(document_of(found, {"isotherm": "0"})))
    head = headline_of(result)
    assert "Risk difference, not adjusted, Timing a v Timing d" in result["results"]["headline.effect"]["label"]
    assert head.measure.endswith("”, not adjusted, first of 3 comparisons")
    assert text_of(head.facts) == "Whom it is about: Patients as they came into each arm; nothing is adjusted for. "
    assert not head.naive  # it is the same number


def test_intercurrent_events_and_serial_measurements_have_their_tables() -> None:
    found = tables("designs")
    assert "Intercurrent events: how each is handled, and how often it came first" in found
    volume = next(one for title, one in found.items() if title.startswith("Volume (ml) over time"))
    assert [text_of(row[0]) for row in volume.rows][:2] == ["All, month 1", "All, month 6"]


def test_four_arms_have_a_test_of_all_and_say_which_comparison_comes_first() -> None:
    result = result_of("several")
    head = headline_of(result)
    assert head.measure.startswith("Hazard ratio, “")
    assert head.measure.endswith("”, covariates in the model, first of 3 comparisons")
    assert "Adjusted for: Age, Sex" in text_of(head.facts)
    assert head.naive
    assert head.arms is not None
    assert len(head.arms.rows) == 4
    found = tables("several")
    assert any("Log-rank test of 4 arms" in text_of(row[0]) for row in found["Effects"].rows)
    assert "Progression, not adjusted: competing events" in found


@pytest.mark.parametrize("name", ["designs", "several"])
def test_methods_name_the_designs_and_how_arms_were_compared(name: str) -> None:
    sentences = " ".join(result_of(name)["protocol"]["methods"])
    if name == "several":
        assert "Each arm was compared with the reference" in sentences
        return
    assert "share one set of dates, time zero being the decision; risks and restricted means are those of day 365" in (
        sentences
    )
    assert "20 bootstrap replicates of patients with weights refitted" in sentences
    assert COURSE.horizon_days == 365.0


def words_of(result: dict[str, Any], section: str) -> str:
    found = next(one for one in sections_of(result, drawings_of(result)) if one.key == section)
    return " ".join(text_of(block.runs) for block in found.blocks if isinstance(block, Paragraph))


@pytest.mark.parametrize("section", ["outcomes", "results"])
def test_every_section_on_arms_as_they_became_says_that_they_are_barred_whatever_the_naive_design_is_called(
    section: str,
) -> None:
    result = result_of("designs")
    result["results"] = {key: one for key, one in result["results"].items() if not key.endswith(".barred")}
    assert "is barred as an answer" in words_of(result, section)
    result["findings"] = [one for one in result["findings"] if "naive" not in (one["bars"] or ())]
    assert "is barred as an answer" not in words_of(result, section)


def test_subgroups_and_sensitivity_analyses_of_barred_arms_say_so_and_are_not_called_the_main_analysis() -> None:
    result = result_of("weights")
    designed = result_of("designs")
    result["tables"]["course"] = designed["tables"]["course"]
    result["findings"] = designed["findings"]
    result["results"] |= {key: designed["results"][key] for key in designed["results"] if key.startswith("course.")}
    for section in ("subgroups", "sensitivity"):
        assert "is barred as an answer" in words_of(result, section)
        assert "is barred as an answer" not in words_of(result_of("weights"), section)
    assert "Main analysis" in drawn_rows(result)
    result["results"]["headline.design"] = designed["results"]["headline.design"]
    assert "Arms as they became" in drawn_rows(result)
    assert "Main analysis" not in drawn_rows(result)


def drawn_rows(result: dict[str, Any]) -> str:
    return " ".join(drawing.svg.decode() for name, drawing in drawings_of(result).items() if "sensitivity" in name)


def test_results_in_words_begin_with_the_design_of_the_main_estimate() -> None:
    result = result_of("designs")
    words = words_of(result, "results")
    said = "“Delayed ablation” against “Ablation first”: risk difference at the horizon "
    assert words.count(said) == 2
    assert words.index(said) < words.index("is barred as an answer")
    one = result["results"]["design.clone_censor_weight.os.delayed.hazard_ratio"]
    assert f"hazard ratio {one['value']:.2f}" in words
    assert design_words(result_of("weights")) == ()
    del result["results"]["design.clone_censor_weight.pfs.target"]
    for measure in ("risk_difference", "rmst_difference", "hazard_ratio"):
        del result["results"][f"design.clone_censor_weight.pfs.delayed.{measure}"]
    assert len(design_words(result)) == 2


def test_the_endpoint_of_the_main_estimate_comes_first_and_no_table_is_printed_twice() -> None:
    result = result_of("designs")
    names = [name for name in result["tables"] if name.startswith("designs.")]
    result["tables"] = {name: result["tables"][name] for name in sorted(result["tables"], reverse=True)}
    titles = [block.title for block in designs(result, {}) if isinstance(block, Table)]
    assert names == ["designs.os", "designs.pfs"]
    assert titles[0] == "Progression-free survival: designs side by side"
    first = result["tables"]["design_left_out.pfs"]
    result["tables"]["design_left_out.os"] = {**first, "title": "Overall survival: left out of a design"}
    said = [text_of(block.runs) for block in designs(result, {}) if isinstance(block, Paragraph)]
    title = "Progression-free survival: left out of a design"
    assert f"Overall survival: left out of a design: the same numbers as in “{title}”." in said


def test_names_of_designs_are_printed_as_words() -> None:
    study = timing(designs=(Landmark(day=90.0), Naive(name="naive_from_ablation", clock="ablation")))
    found = document_of(analyze(study, registry(90)), {"isotherm": "0"})
    text = json.dumps([found["tables"], found["protocol"]["methods"], found["results"]["headline.naive"]["label"]])
    assert "naive from ablation (barred as an answer)" in text
    assert "Design naive from ablation: arms as they became, counted from ablation; it only" in text
    assert "Risk difference at 365 days, naive from ablation" in text
    barred = found["results"]["design.naive_from_ablation.barred"]
    assert (barred["label"], "arm after time zero" in barred["text"]) == ("naive from ablation: barred", True)


def test_columns_name_the_arms_and_days_are_months() -> None:
    found = tables("weights")
    balance = next(table for title, table in found.items() if title.startswith("Means of covariates"))
    assert balance.columns[1:4] == ("Drug, before", "No drug, before", "SMD, before")
    assert text_of(balance.rows[0][0]) == "logit of the propensity score"
    incidence = next(table for title, table in tables("designs").items() if "Aalen-Johansen" in title)
    assert all(head.startswith("By ") and head.endswith("months (95\u00a0%\u00a0interval)") for head in
               incidence.columns[1:])  # fmt: skip


def test_patients_of_more_than_two_arms_have_no_column_for_the_difference_of_two() -> None:
    several = tables("several")["Patients before adjustment"]
    assert "Standardized difference" not in several.columns
    assert {len(row) for row in several.rows} == {len(several.columns)}
    assert tables("weights")["Patients before adjustment"].columns[-1] == "Standardized difference"
    reason = result_of("several")["results"]["table_one.age.smd"]["why"]
    assert reason == "it compares two arms, and there are more"


def test_numbers_at_risk_of_clones_stand_in_the_order_of_days() -> None:
    found = tables("designs")["Overall survival, clone, censor, weight: at risk just after the end of each window"]
    days = [float(text_of(row[0]).rpartition(" ")[2]) for row in found.rows]
    assert days == sorted(days)
    assert len({text_of(row[0]) for row in found.rows}) == len(days)


def test_outcomes_with_competing_events_have_their_incidence_in_words_and_no_median() -> None:
    result = result_of("designs")
    found = next(one for one in sections_of(result, drawings_of(result)) if one.key == "results").blocks
    place = next(k for k, one in enumerate(found) if isinstance(one, Heading) and one.text == "Local tumor progression")
    words = found[place + 1]
    assert isinstance(words, Paragraph)
    text = text_of(words.runs)
    assert text.count("The cumulative incidence with ") == 2
    assert "median time" not in text
    assert "log-rank" not in text
    assert "median time" in words_of(result_of("weights"), "results")


def test_the_main_box_says_who_is_left_out_of_the_designs_and_for_which_covariate() -> None:
    table = registry(90)
    gaps = table.assign(burden=table["burden"].where(table.index >= 9))
    found = analyze(timing(designs=(CLONES, Naive())), gaps)
    one = "9 left out: a covariate at time zero is not known (Burden). "
    others, tens = "the others are counted in the section of the designs. ", "90 to 99".replace(" ", NO_BREAK)
    for result, of, said in ((found, "90", one), (release(found), tens, others)):
        arms = headline_of(json.loads(document_text(document_of(result, {"isotherm": "0"})))).arms
        assert arms is not None
        assert f"of {of} eligible patients, in an arm or not; {said}" in text_of(arms.remark)


@pytest.mark.parametrize(("left_out", "words"), [
    (0, "The designs rest on all of 120 to 129 eligible patients, in an arm or not"),
    (None, "Eligible were 120 to 129 patients, in an arm or not; the designs rest on fewer, in the same ten"),
])  # fmt: skip
def test_a_ten_of_the_same_ten_is_all_of_them_only_if_nobody_was_left_out(left_out: int | None, words: str) -> None:
    result = copy.deepcopy(dict(result_of("designs released")))
    for key in ("course.patients", "course.eligible"):
        result["results"][key] |= {"value": 120, "low": 120, "high": 129, "why": ""}
    for key in result["results"]:
        if key.startswith("course.left_out."):
            result["results"][key] |= {"value": left_out, "low": None, "high": None}
    assert text_of(rest_words(result)).replace("\N{NO-BREAK SPACE}", " ") == words
