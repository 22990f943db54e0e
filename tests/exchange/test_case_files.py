"""Case files: a clinician's TOML and a machine's JSON give one Case, and every mistake is told without a value."""

from __future__ import annotations

import json
import tomllib
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from isotherm.clinical.case import Case
from isotherm.clinical.fact import Fact
from isotherm.clinical.picture import picture_of
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS
from isotherm.errors import BadCase, InputError, UnreadableFile
from isotherm.exchange.case_files import LARGEST_BYTES, Form, case_from, read_case_file
from isotherm.exchange.case_schema import case_schema, schema_text

EXAMPLES = Path(__file__).parents[1] / "data" / "criteria"
SHIPPED = Path(__file__).parents[2] / "src" / "isotherm" / "app" / "schemas" / "case-1.schema.json"
TODAY = date(2025, 6, 1)
LIVER = (EXAMPLES / "liver.toml").read_text(encoding="utf-8")


def read(text: str, *, form: Form = "toml") -> Case:
    return case_from(text, today=TODAY, name=f"case.{form}", form=form)


def problems(text: str, *, form: Form = "toml") -> list[str]:
    with pytest.raises(BadCase) as caught:
        read(text, form=form)
    return str(caught.value).splitlines()


def test_a_case_is_read_with_units_days_origins_and_limits() -> None:
    case = read_case_file(EXAMPLES / "liver.toml", today=TODAY)
    assert (case.on, case.id, case.lesions_complete) == (date(2025, 3, 1), "A-17", True)
    assert case.facts["inr"] == (Fact(value=1.1, on=date(2025, 2, 20), origin="lab"),)
    assert [fact.value for fact in case.facts["cea_ug_l"]] == [12.0, 30.0]
    assert case.facts["ascites"] == (Fact(value=False),)
    first, second = case.lesions
    assert first.facts["diameter_mm"][0].value == 28.0
    assert first.facts["minimal_margin_mm"] == (Fact(value=4.1, low=2.2, high=5.9, origin="image"),)
    assert first.facts["to_bowel_mm"] == (Fact(value=None),)
    assert second.id == "2"
    assert "to_bowel_mm" not in second.facts


def test_json_is_read_alike_and_lesions_without_an_id_are_numbered() -> None:
    case = read_case_file(EXAMPLES / "liver.json", today=TODAY)
    assert (case.id, [lesion.id for lesion in case.lesions]) == ("17", ["1", "2"])
    assert case.facts["resectable"] == (Fact(value=None),)
    assert case.facts["last_chemotherapy"][0].value == date(2025, 1, 10)
    picture = picture_of(case)
    assert picture.lesions["2"]["diameter_mm"].value == 11.0, "1.1 cm are 11 mm to the last digit"
    assert picture.complete is False


def test_absent_differs_from_no_and_from_not_assessable() -> None:
    case = read("on = 2025-03-01\n[patient]\nascites = false\npregnant = 'not assessable'")
    known = picture_of(case).patient
    assert known["ascites"].value is False
    assert (known["pregnant"].value, known["pregnant"].gap) == (None, "not assessable")
    assert "portal_hypertension" not in known


@pytest.mark.parametrize(
    ("was", "now", "line", "key", "says"),
    [
        ("ecog = 1", "ecgo = 1", 9, "patient.ecgo", 'no such key (near it: "ecog")'),
        ("ecog = 1", "ecog = 1.5", 9, "patient.ecog", "a whole number from 0 to 5"),
        ("ecog = 1", "ecog = true", 9, "patient.ecog", "true or false came; allowed: a whole number"),
        ("ecog = 1", "ecog = []", 9, "patient.ecog", "an empty list came"),
        ("ecog = 1", "ecog = { value = 1, unit = 'mm' }", 9, "patient.ecog.unit", "no unit"),
        ("ecog = 1", "ecog = { valeu = 1 }", 9, "patient.ecog.valeu", 'no such key (near it: "value")'),
        ("ecog = 1", "ecog = { on = 2025-01-01 }", 9, "patient.ecog.value", "it is missing; give it."),
        ('"cm"', '"kg"', 21, "lesion[1].diameter_mm.unit", "another unit came; allowed: mm or cm."),
        ("value = 2.8", "value = -2.8", 21, "lesion[1].diameter_mm.value", "a number from 0.1 to 300 mm"),
        ("value = 2.8", "value = 280", 21, "lesion[1].diameter_mm.value", "outside of these limits came"),
        ("value = 2.8", "value = nan", 21, "lesion[1].diameter_mm.value", "a number from 0.1 to 300 mm"),
        ("value = 2.8", "value = 1" + "0" * 400, 21, "lesion[1].diameter_mm.value", "a number from 0.1 to 300 mm"),
        ("low = 2.2", "low = 4.2", 22, "lesion[1].minimal_margin_mm", "low and high do not hold the value"),
        ("low = 2.2, ", "", 22, "lesion[1].minimal_margin_mm", "give both"),
        ("low = 2.2", "low = -inf", 22, "lesion[1].minimal_margin_mm.low", "a number"),
        ("high = 5.9", 'high = "x"', 22, "lesion[1].minimal_margin_mm.high", "a text came"),
        ('"lab" }', '"labor" }', 10, "patient.inr.origin", '"image", "lab", "typed", "derived"'),
        ("2025-02-20, origin = \"lab\" }\ncea", "2025-06-02, origin = \"lab\" }\ncea", 10, "patient.inr.on",
         "a day after today came"),
        ("on = 2025-03-01", "on = 2025-06-02", 2, "on", "a day after today came"),
        ("on = 2025-03-01", "on = 2025-03-01T10:00:00", 2, "on", "a date as in 2025-03-01"),
        ("on = 2025-03-01", "on = 0200-03-01", 2, "on", "a day long ago came"),
        ("on = 2025-03-01", "", 1, "on", "it is missing; give it."),
        ("ct_date = 2025-02-20", "ct_date = 2026-02-20", 15, "patient.ct_date", "a day after today came"),
        ("ct_date = 2025-02-20", 'ct_date = "soon"', 15, "patient.ct_date", "a date as in 2025-03-01"),
        ("ascites = false", 'ascites = "no"', 16, "patient.ascites", "a text came; allowed: true or false"),
        ("ascites = false", "ascites = { value = false, low = 0 }", 16, "patient.ascites.low", "no limits"),
        ("ascites = false", "n_lesions = 1", 16, "patient.n_lesions", "fewer are declared than the 2 that are listed"),
        ("ascites = false", "n_lesions = 3", 16, "patient.n_lesions", "more are declared than the 2"),
        ("ascites = false", "largest_target_mm = 20", 16, "patient.largest_target_mm", "smaller than diameter_mm of"),
        ("ascites = false", "largest_lesion_mm = 20", 16, "patient.largest_lesion_mm", "smaller than diameter_mm of"),
        ('id = "2"', 'id = "1"', 26, "lesion[2].id", "lesion[1] has this id already"),
        ('id = "2"', 'id = ""', 26, "lesion[2].id", "a key without meaning"),
        ('id = "2"', 'id = "a\\u001bb"', 26, "lesion[2].id", "a key without meaning"),
        ('id = "2"', "to_bowl_mm = 3", 26, "lesion[2].to_bowl_mm", 'near it: "to_bowel_mm"'),
        ("lesions_complete = true", 'lesions_complete = "all"', 3, "lesions_complete", "true or false"),
        ("[patient]", "patient = 3\n[patiens]", 6, "patient", "a table of keys"),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_line_and_key(was: str, now: str, line: int, key: str, says: str) -> None:
    assert was in LIVER
    answers = problems(LIVER.replace(was, now, 1))
    assert any(one.startswith(f"case.toml, line {line}, {key}: ") and says in one for one in answers), answers


def test_all_mistakes_are_told_at_once_and_in_the_order_of_the_lines() -> None:
    text = LIVER.replace("ecog = 1", "ecog = 9").replace('"cm"', '"kg"').replace("1.1", "-1.1")
    assert [one.split(",")[1] for one in problems(text)] == [" line 9", " line 10", " line 21"]


def test_no_message_repeats_a_value_of_the_patient() -> None:
    hostile = """
on = 2031-05-05
id = "Meyer, Anna, born on the 5th of May 1931 in Hamburg"
[patient]
organ = "Meyer"
inr = 987654
ascites = 987654
ct_date = "Meyer"
cea_ug_l = { value = 987654321, unit = "Meyer", origin = "Meyer" }
[[lesion]]
diameter_mm = 987654
target = "Meyer"
"""
    told = "\n".join(problems(hostile))
    assert told.count("\n") >= 8
    assert not any(word in told for word in ("Meyer", "987654", "2031"))


@pytest.mark.parametrize("text", ["", "   \n", "\n\n"])
def test_an_empty_file_says_where_a_form_is(text: str) -> None:
    assert problems(text) == ["case.toml is empty; `isotherm criteria init` writes a form to fill in."]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not valid JSON"),
        ("[1]", "holds no table of keys"),
        ('{"on": "2025-03-01", "on": "2025-03-02"}', 'has the key "on" twice'),
        ('{"on": "2025-03-01", "patient": {"inr": 1, "inr": 2}}', 'has the key "inr" twice'),
        ('{"on": ' + "[" * 100_000, "without end"),
        ('{"on": 1' + "0" * 5000 + "}", "without end"),
        ('{"on": "2025-03-01",\n "patient": {\n  "inr": NaN}}', "case.json, line 3, patient.inr: "),
        ('{"on": "2025-13-01"}', "case.json, line 1, on: "),
    ],
)
def test_bad_json_is_answered_in_a_sentence(text: str, says: str) -> None:
    (answer,) = problems(text, form="json")
    assert says in answer


def test_bad_toml_is_answered_in_a_sentence() -> None:
    assert "is not valid TOML" in problems("on = ")[0]
    assert "without end" in problems("on = " + "[" * 100_000)[0]


def test_what_is_no_case_file_is_refused(tmp_path: Path) -> None:
    long = tmp_path / "long.toml"
    long.write_bytes(b"#" * (LARGEST_BYTES + 1))
    latin = tmp_path / "latin.toml"
    latin.write_bytes("# für".encode("latin-1"))
    for path in (tmp_path / "none.toml", tmp_path, long, latin, tmp_path / "case.csv"):
        with pytest.raises(UnreadableFile):
            read_case_file(path, today=TODAY)


@pytest.mark.parametrize("spelled", ["µg/L", "\u03bcg/L", "ug/L", "ng/mL", "ng / mL"])
def test_both_signs_for_micro_and_equal_units_are_read(spelled: str) -> None:
    case = read(f'on = 2025-03-01\n[patient]\ncea_ug_l = {{ value = 5, unit = "{spelled}" }}')
    assert case.facts["cea_ug_l"][0].value == 5.0


@given(st.decimals(min_value="0.1", max_value="30", places=1))
def test_a_size_in_cm_is_the_same_size_in_mm(cm: Any) -> None:
    text = "on = 2025-03-01\n[[lesion]]\ndiameter_mm = {}"
    in_cm = read(text.format(f'{{ value = {cm}, unit = "cm", low = {cm}, high = {cm} }}')).lesions[0].facts
    assert in_cm["diameter_mm"][0].value == in_cm["diameter_mm"][0].low == float(cm * 10)


def test_a_distance_larger_than_a_listed_one_is_refused_only_for_lesions_to_be_ablated() -> None:
    text = "on = 2025-03-01\n[patient]\nnearest_to_bowel_mm = 30\n[[lesion]]\ntarget = {}\nto_bowel_mm = 20"
    assert "larger than to_bowel_mm of lesion[1]" in problems(text.format("true"))[0]
    assert read(text.format("false")).lesions


def test_a_largest_size_that_no_lesion_has_is_refused_where_all_are_listed() -> None:
    text = "on = 2025-03-01\nlesions_complete = {}\n[patient]\nlargest_lesion_mm = {}\n[[lesion]]\ndiameter_mm = 25"
    assert "larger than diameter_mm of every lesion" in problems(text.format("true", 36))[0]
    assert read(text.format("false", 36)).lesions
    assert read(text.format("true", 25.5)).lesions


def test_a_lesion_that_was_larger_on_a_later_day_than_the_largest_was_noted_for_is_no_contradiction() -> None:
    text = ("on = 2025-06-01\n[patient]\nlargest_lesion_mm = {{ value = 28, on = 2025-02-01 }}\n"
            "[[lesion]]\ndiameter_mm = {{ value = 50, on = {} }}")  # fmt: skip
    assert read(text.format("2025-05-01")).lesions
    assert "smaller than diameter_mm of lesion[1]" in problems(text.format("2025-01-20"))[0]


def test_a_largest_size_of_the_past_is_no_contradiction_where_a_lesion_was_measured_since() -> None:
    text = ("on = 2025-06-01\nlesions_complete = true\n"
            "[patient]\nlargest_lesion_mm = {{ value = 35, on = 2025-02-01 }}\n"
            "[[lesion]]\ndiameter_mm = {}\n[[lesion]]\ndiameter_mm = {{ value = 12, on = {} }}")  # fmt: skip
    shrunk = "{ value = 20, on = 2025-05-01 }"
    for since in (text.format(shrunk, "2025-05-01"), text.format(shrunk, "2025-01-20")):
        assert read(since).lesions
    assert picture_of(read(text.format(shrunk, "2025-05-01"))).patient["largest_lesion_mm"].value == 20.0
    small_then = f"[{{ value = 22, on = 2025-01-20 }}, {shrunk}]"
    for wrong in (text.format(small_then, "2025-01-20"), text.format("{ value = 20, on = 2025-02-01 }", "2025-01-20"),
                  text.format("20", "2025-01-20")):  # fmt: skip
        assert "larger than diameter_mm of every lesion" in problems(wrong)[0]


def test_a_contradiction_of_a_later_day_is_none_yet() -> None:
    text = (
        "on = 2025-03-01\n[patient]\nlargest_lesion_mm = 20\n[[lesion]]\ndiameter_mm = { value = 25, on = 2025-05-01 }"
    )
    assert list(read(text).later())


@given(st.text(max_size=60))
def test_any_text_is_a_case_or_a_clear_refusal(text: str) -> None:
    for form in ("toml", "json"):
        with suppress(InputError):
            assert case_from(text, today=TODAY, form=form)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("not assessable"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["value", "unit", "on", "low", "high", "origin", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(list(CASE_FACTS)), VALUES, max_size=4),
       st.lists(st.dictionaries(st.sampled_from([*LESION_FACTS, "id"]), VALUES, max_size=3), max_size=3))  # fmt: skip
def test_whatever_a_program_writes_is_a_case_or_a_clear_refusal(patient: dict[str, Any], lesion: list[Any]) -> None:
    text = json.dumps({"on": "2025-03-01", "patient": patient, "lesion": lesion})
    try:
        case = read(text, form="json")
    except BadCase:
        return
    assert set(case.facts) == set(patient)
    content = json.loads(text)
    if "NaN" not in text and "Infinity" not in text:
        Draft202012Validator(case_schema()).validate(content)


def test_the_shipped_schema_is_made_from_the_vocabulary() -> None:
    command = "from isotherm.exchange.case_schema import schema_text; open(FILE, 'w').write(schema_text())"
    assert SHIPPED.read_text(encoding="utf-8") == schema_text(), f"the vocabulary has changed; write it anew: {command}"
    Draft202012Validator.check_schema(case_schema())


@pytest.mark.parametrize(
    "file", sorted(EXAMPLES.glob("*.toml")) + sorted(EXAMPLES.glob("*.json")), ids=lambda f: f.name
)
def test_the_examples_follow_the_schema_and_are_read(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    content = json.loads(text) if file.suffix == ".json" else json.loads(json.dumps(tomllib.loads(text), default=str))
    Draft202012Validator(case_schema()).validate(content)
    assert read_case_file(file, today=TODAY).lesions


def test_the_example_of_the_documentation_is_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "case.md").read_text(encoding="utf-8")
    block = page.split("```toml\n")[1].split("```")[0]
    assert read(block).lesions[0].facts["diameter_mm"][0].value == 28.0


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"on": "2025-03-01", "patient": {"ecgo": 1}},
        {"on": "2025-03-01", "patient": {"ecog": 6}},
        {"on": "2025-03-01", "patient": {"ecog": {"value": 1, "unit": "mm"}}},
        {"on": "2025-03-01", "patient": {"inr": {"value": 1, "low": 1}}},
        {"on": "2025-03-01", "lesion": [{"diameter_mm": -3}]},
        {"on": "2025-03-01", "lesion": [{"diameter_mm": []}]},
        {"on": "yesterday"},
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(content: dict[str, Any]) -> None:
    assert not Draft202012Validator(case_schema()).is_valid(content)
    problems(json.dumps(content), form="json")
