"""result.json: held to its schema, the same bytes for the same input, every number with an id and an item."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from jsonschema import Draft202012Validator

import isotherm
from isotherm.study.analysis.run import analyze
from isotherm.study.disclosure import release
from isotherm.study.document import document_of, document_text, table_rows
from isotherm.study.protocol_methods import Coarsened, Methods, MissingData, Unadjusted, Weighting
from isotherm.study.protocol_parts import Covariate, Data
from isotherm.study.result import rounded
from tests.study.cohorts import ELDERLY, LESIONS, LTP, PAIRS, WEIGHTS, people, run, study
from tests.study.protocols import AGE, BEFORE, OS, SEX

SCHEMA_FILE = Path(isotherm.__file__).parent / "app" / "schemas" / "study-1.schema.json"
SOFTWARE = {"isotherm": "0"}
SITES = Data(file="cohort.csv", patient="id", site="site")


SIZE = Covariate(column="size", label="Size", kind="number", unit="mm", known=BEFORE, use="describe")
PER_TUMOR = replace(LTP, unit="tumor", competing=None)


def schema() -> dict[str, Any]:
    return json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))


def test_the_schema_is_a_schema_and_allows_no_key_that_it_does_not_describe() -> None:
    told = schema()
    Draft202012Validator.check_schema(told)
    objects = [told, *_objects(told)]
    assert all("additionalProperties" in one for one in objects if "properties" in one and "if" not in one)


def _objects(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, list):
        return [one for each in part for one in _objects(each)]
    if not isinstance(part, dict):
        return []
    own = [part] if part.get("type") == "object" else []
    return own + [one for key, each in part.items() if key not in ("if", "then", "else") for one in _objects(each)]


@pytest.mark.parametrize(
    "changes",
    [
        {"methods": replace(WEIGHTS, bootstrap=22), "sensitivity": (ELDERLY,)},
        {"methods": PAIRS, "data": SITES},
        {"methods": replace(PAIRS, missing=MissingData(method="multiple imputation", imputations=2))},
        {"methods": Methods(adjustment=Coarsened())},
        {"methods": Methods(adjustment=Unadjusted())},
        {"outcomes_blinded": True},
    ],
)
def test_every_document_fits_the_schema_and_its_tables_curves_and_boxes_show_only_what_is_there(
    changes: dict[str, Any],
) -> None:
    result = run(people(120, gaps=6), **changes)
    for one in (result, release(result)):
        document = json.loads(document_text(document_of(one, SOFTWARE)), parse_constant=_no_constant)
        Draft202012Validator(schema()).validate(document)
        assert set(_ids(document["tables"])) <= set(document["results"])
        drawn = [*_ids(document["curves"]), *_keys(document["flow"]), *_keys(document["curves"])]
        assert {key for key in drawn if key} <= set(document["results"])
        shown = {key for item in document["checklist"] for key in item["ids"]}
        assert shown == set(document["results"])


TUMORS = Data(file="cohort.csv", patient="id", tumor="tumor", site="site")


def _tumors() -> pd.DataFrame:
    table = people(60, gaps=4)
    return pd.concat([table.assign(tumor="1"), table[::3].assign(tumor="2", size=9.0)]).fillna({"size": 4.0})


@pytest.mark.parametrize(
    "changes",
    [
        {"methods": replace(WEIGHTS, missing=MissingData(method="multiple imputation", imputations=2)), "data": SITES},
        {"methods": PAIRS, "data": SITES, "sensitivity": (ELDERLY,)},
        {"methods": Methods(adjustment=Coarsened(bins=(("age", 2), ("lesions", 1))))},
        {"methods": Methods(adjustment=Unadjusted())},
        {"methods": PAIRS, "data": TUMORS, "covariates": (AGE, SEX, LESIONS, SIZE), "outcomes": (OS, PER_TUMOR)},
    ],
)
def test_every_sum_that_a_release_reckons_with_is_one(changes: dict[str, Any]) -> None:
    """An equation that does not hold would protect nothing."""
    of_tumors = changes.get("data") is TUMORS
    results = run(_tumors() if of_tumors else people(80, gaps=6), **changes).results
    count = {key: one.value for key, one in results.counts.items()}
    assert len(results.sums) > 20
    for one in results.sums:
        assert count[one.total] == sum(count[part] for part in one.parts), one
    assert {key for behind in results.rests_on.values() for key in behind} <= set(count)


def _no_constant(text: str) -> None:
    raise AssertionError(f"{text} is no JSON")


def _ids(part: Any) -> list[str]:
    if isinstance(part, list):
        return [key for one in part for key in _ids(one)]
    if isinstance(part, dict):
        return [value if key == "id" else "" for key, value in part.items() if key == "id"] + [
            found for value in part.values() for found in _ids(value)
        ]
    return []


def _keys(part: Any) -> list[str]:
    """Return what stands under keys that name a record."""
    names = ("patients", "tumors", "unknown", "overall", "interaction", "n")
    if isinstance(part, list):
        return [key for one in part for key in _keys(one)]
    if isinstance(part, dict):
        own = [value for key, value in part.items() if key in names and isinstance(value, str)]
        at_risk = part.get("at_risk", [])
        return own + at_risk + [found for value in part.values() for found in _keys(value)]
    return []


def test_the_same_input_and_seed_give_the_same_bytes_with_any_number_of_workers() -> None:
    protocol = study(methods=replace(PAIRS, bootstrap=24), seed=9)
    texts = [
        document_text(document_of(analyze(protocol, people(), workers=workers), SOFTWARE)) for workers in (1, 2, 5)
    ]
    assert texts[0] == texts[1] == texts[2]
    other = document_text(document_of(analyze(replace(protocol, seed=10), people()), SOFTWARE))
    assert other != texts[0]


def test_rows_in_another_order_give_the_same_estimates() -> None:
    shuffled = people().sample(frac=1.0, random_state=1)
    one, other = (run(table).results.records for table in (people(), shuffled))
    for key in ("effect.os.adjusted", "logrank.os.naive", "balance.1.before.smd", "table_one.age.drug.mean"):
        assert one[key].value == pytest.approx(other[key].value, rel=1e-9)


def test_the_main_estimate_comes_first_and_the_naive_one_right_after_it() -> None:
    document = document_of(run(), SOFTWARE)
    assert list(document["results"])[:2] == ["headline.effect", "headline.naive"]
    assert document["results"]["headline.effect"] == document["results"]["effect.os.adjusted"]
    assert document["tables"]["effects"]["rows"][0][1] == {"id": "effect.os.adjusted", "field": "value"}


def test_tables_show_numbers_with_their_limits_and_the_reason_where_there_is_none() -> None:
    document = document_of(run(), SOFTWARE)
    head, *rows = table_rows(document, "effects")
    assert head == ["", "Estimate", "Estimate, lower limit", "Estimate, upper limit", "p"]
    record = document["results"]["effect.os.adjusted"]
    assert rows[0] == [record["label"], record["value"], record["low"], record["high"], record["p"]]
    survival = table_rows(document, "survival")
    assert any("would overstate it" in str(cell) for row in survival for cell in row)
    subgroups = table_rows(document, "subgroups")
    assert subgroups[1][0] == "Age (Overall survival)"
    assert subgroups[1][1:4] == ["", "", ""]


def test_flow_boxes_in_the_document_add_up() -> None:
    document = document_of(run(data=SITES), SOFTWARE)
    boxes = {box["key"]: box for box in document["flow"]["boxes"]}
    count = {key: record["value"] for key, record in document["results"].items()}
    for key, box in boxes.items():
        parts = [one for one in boxes.values() if one["parent"] == key]
        assert not parts or count[box["patients"]] == sum(count[one["patients"]] for one in parts)
        assert count[box["patients"]] == sum(count[one["patients"]] for one in box["arms"])
        assert count[box["patients"]] == sum(count[one["patients"]] for one in box["sites"])


def test_numbers_have_12_digits_and_no_negative_zero() -> None:
    assert rounded(1.0 / 3.0) == 0.333333333333
    assert str(rounded(-0.0)) == "0.0"
    assert (rounded(3), rounded("x"), rounded(None)) == (3, "x", None)


def test_trimmed_patients_are_counted() -> None:
    result = run(methods=Methods(adjustment=Weighting(estimand="ATT", trim=(0.2, 0.8))))
    lost = sum(result.results.records[f"weighting.{arm}.left_out"].value or 0 for arm in ("drug", "none"))
    assert lost > 0
