"""study.toml: what comes back from it, and how each mistake is answered with file, line, key and what is allowed."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadProtocol, InputError, UnreadableFile
from isotherm.exchange.protocol_files import protocol_from, read_protocol
from isotherm.exchange.protocol_text import protocol_text, toml
from isotherm.exchange.text_files import LARGEST_BYTES
from isotherm.study.known import ExposureStart, Known, TimeZero
from isotherm.study.predicate import Predicate
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_methods import (
    Coarsened,
    Estimation,
    Matching,
    Methods,
    MissingData,
    PropensityModel,
    Sensitivity,
    Unadjusted,
    Weighting,
)
from isotherm.study.protocol_parts import Arm, Arms, Covariate, Data, Level, Outcome, Step
from isotherm.toml_lines import lines_of
from tests.study.protocols import DATED_ARMS, OLD, protocol

STUDY = """\
schema = 1
title = "Ablation first or systemic therapy first"
question = "Which order keeps patients longer free of progression?"
seed = 7
caveats = ["No imaging."]

[data]
file = "cohort.csv"
patient = "id"
site = "site"
missing = [-999, "n/a"]

[time_zero]
says = "tumor board"
column = "board_on"

[exposure]
says = "first treatment"
when = "at time zero"

[[eligibility]]
says = "18 years or older"
where = "age >= 18"

[[eligibility]]
says = "Three lesions at most"
where = "lesions <= 3"
unknown = "stop"

[arms]
start = "ablated_on"
end = "systemic_on"
reference = "delayed"
[[arms.arm]]
name = "upfront"
label = "Ablation first"
window_days = [14, 28]
[[arms.arm]]
name = "delayed"
label = "Systemic therapy first"
window_days = [-90, -60.5]

[[covariate]]
column = "age"
label = "Age"
unit = "years"
kind = "number"
per = 10
known = "before time zero"

[[covariate]]
column = "cea"
label = "CEA"
unit = "ng/mL"
kind = "number"
known = { column = "cea_on" }

[[covariate]]
column = "sex"
label = "Sex"
kind = "category"
levels = { 1 = "male", 2 = "female" }
reference = "male"
known = { day = -30 }

[[outcome]]
name = "pfs"
label = "Progression-free survival"
date = "progressed_on"
event = "progressed"
primary = true

[methods]
bootstrap = 1000
[methods.propensity]
sites = "within"
[methods.adjustment]
method = "matching"
caliper = "none"
exact = ["site"]
"""


def problems(text: str) -> list[str]:
    with pytest.raises(BadProtocol) as caught:
        protocol_from(text)
    return str(caught.value).splitlines()


def test_a_protocol_is_read_into_its_nouns() -> None:
    study = protocol_from(STUDY)
    assert study.data == Data(file="cohort.csv", patient="id", site="site", missing=(-999.0, "n/a"))
    assert study.eligibility[1] == Step(says="Three lesions at most", where=Predicate("lesions <= 3"), unknown="stop")
    assert [arm.window_days for arm in study.arms.arms] == [(14.0, 28.0), (-90.0, -60.5)]
    assert [covariate.known for covariate in study.covariates] == [
        Known(when="before time zero"), Known(column="cea_on"), Known(day=-30.0),
    ]  # fmt: skip
    assert study.covariates[2].levels == (("1", "male"), ("2", "female"))
    assert study.methods == Methods(
        bootstrap=1000,
        propensity=PropensityModel(sites="within"),
        adjustment=Matching(caliper=None, exact=("site",)),
    )
    assert (study.primary.name, study.seed, study.caveats) == ("pfs", 7, ("No imaging.",))


@pytest.mark.parametrize(
    ("was", "now", "line", "key", "says"),
    [
        ("seed = 7", "seed = -7", 4, "seed", "from 0"),
        ("seed = 7", "seed = 7.5", 4, "seed", "7.5 came; allowed: a whole number."),
        ("seed = 7", "seed = true", 4, "seed", "true came; allowed: a whole number."),
        ("seed = 7", "sede = 7", 4, "sede", 'no such key (near it: "seed")'),
        ("schema = 1", "schema = 2", 1, "schema", "2 came; allowed: 1"),
        ('file = "cohort.csv"\n', "", 7, "data.file", "it is missing"),
        ('site = "site"', "site = 3", 10, "data.site", "3 came; allowed: a text in quotes."),
        ('missing = [-999, "n/a"]', "missing = 3", 11, "data.missing", "a list of values"),
        ('missing = [-999, "n/a"]', "missing = [[1]]", 11, "data.missing[1]", "a number, a text, true or false"),
        ('when = "at time zero"', 'when = "at time zer"', 19, "exposure.when", '(near it: "at time zero")'),
        ('where = "age >= 18"', 'where = "age => 18"', 23, "eligibility[1].where", "at character 5"),
        ('where = "age >= 18"', "where = 18", 23, "eligibility[1].where", "a condition on columns in quotes"),
        ('unknown = "stop"', 'unknown = "drop"', 28, "eligibility[2].unknown", '"exclude", "keep", "stop"'),
        ('reference = "delayed"', 'reference = "later"', 33, "arms.reference", "are: upfront, delayed"),
        ("window_days = [14, 28]", "window_days = [28, 14]", 37, "arms.arm[1].window_days", "ends before it begins"),
        ("window_days = [14, 28]", "window_days = [14]", 37, "arms.arm[1].window_days", "two numbers in brackets"),
        ("window_days = [14, 28]", "window_days = ['a', 2]", 37, "arms.arm[1].window_days", "a number"),
        ("per = 10", "per = '10'", 48, "covariate[1].per", '"10" came; allowed: a number.'),
        ("per = 10", "per = nan", 48, "covariate[1].per", "above 0"),
        ('known = "before time zero"', 'known = "after time zero"', 49, "covariate[1].known", "known after time zero"),
        ('known = "before time zero"', 'known = "yesterday"', 49, "covariate[1].known", '"before exposure start"'),
        ('known = "before time zero"', "known = { days = 3 }", 49, "covariate[1].known.days", 'near it: "day"'),
        ('known = "before time zero"', "known = { day = 3 }", 49, "covariate[1].known", "after time zero"),
        ('known = "before time zero"', "known = {}", 49, "covariate[1].known", "said once"),
        ('known = "before time zero"\n', "", 43, "covariate[1].known", "it is missing"),
        ('levels = { 1 = "male", 2 = "female" }', "levels = ['male']", 62, "covariate[3].levels", "values and labels"),
        ('levels = { 1 = "male", 2 = "female" }', "levels = { 1 = 2 }", 62, "covariate[3].levels", "values and labels"),
        ('kind = "category"', 'kind = "categorical"', 61, "covariate[3].kind", '(near it: "category")'),
        ("primary = true", "primary = 1", 71, "outcome[1].primary", "1 came; allowed: true or false."),
        ('event = "progressed"', 'event = "age"', 44, "covariate[1].column", "age is an outcome"),
        ('column = "board_on"', "", 69, "outcome[1].date", "time zero"),
        ('method = "matching"', 'method = "match"', 78, "methods.adjustment.method", 'near it: "matching"'),
        ('method = "matching"', "", 77, "methods.adjustment.method", "allowed: \"matching\""),
        ('method = "matching"', 'method = "weighting"', 79, "methods.adjustment.caliper", "no such key"),
        ('caliper = "none"', 'caliper = "wide"', 79, "methods.adjustment.caliper", 'a number, or "none"'),
        ('exact = ["site"]', 'exact = ["sites"]', 80, "methods.adjustment.exact", "not sites"),
        ('method = "matching"', 'method = "coarsened"\nbins = 3', 79, "methods.adjustment.bins", "{ age = 4, cea"),
        ('method = "matching"', 'method = "coarsened"\nbins = { age = 0.5 }', 79, "methods.adjustment.bins", "whole"),
        ('method = "matching"', 'method = "weighting"\ntrim = 0.1', 79, "methods.adjustment.trim", "two numbers"),
        ("bootstrap = 1000", "bootstrap = 1000\ndenominator = 'sd'", 75, "methods.denominator", '"treated", "control"'),
        ("bootstrap = 1000", "bootstrap = 1000\nadjustment = 3", 75, "methods.adjustment", "a table with a method"),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_its_line_and_key(was: str, now: str, line: int, key: str, says: str) -> None:
    assert STUDY.count(was) >= 1
    text = STUDY.replace(was, now, 1)
    if "adjustment = 3" in now:
        text = text[: text.index("[methods.propensity]")]
    (found,) = [found for found in problems(text) if found.startswith(f"study.toml, line {line}, {key}: ")]
    assert says in found


def test_all_problems_come_at_once_in_the_order_of_their_lines() -> None:
    text = STUDY.replace("seed = 7", "seed = 1.5").replace("ratio", "x").replace('kind = "number"', 'kind = "float"')
    found = problems(text.replace("bootstrap", "bootstraps"))
    assert [line.split(", ")[1] for line in found] == ["line 4", "line 47", "line 55", "line 74"]


def test_an_empty_file_is_answered_with_every_key_that_it_needs() -> None:
    found = problems("")
    assert len(found) == 8
    assert all("line 1" in line and "it is missing; give it." in line for line in found)


@pytest.mark.parametrize(
    "text",
    ["title = ", "title = 'a'\ntitle = 'b'", "[data]\n[data]", "\x00", "a = " + "[" * 5000, "= 3", "covariate = 3",
     "data = 3", "covariate = [3]", "[covariate]\ncolumn = 'a'", "[[data]]", "methods = []", "arms = { arm = 3 }"],
)  # fmt: skip
def test_hostile_text_is_refused_one_line_per_problem(text: str) -> None:
    assert all(len(line) < 400 for line in problems(text))


@given(st.text(alphabet="[]{}=\".\n' abcdetil#,1\\", max_size=80))
def test_any_text_is_refused_and_any_valid_toml_has_its_lines(text: str) -> None:
    assert problems(text)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        table = {}
    found = lines_of(text) if table else {}
    assert {path[0] for path in found} == set(table)


def test_a_file_that_is_no_protocol_is_unreadable(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    with pytest.raises(UnreadableFile, match="no such file"):
        read_protocol(file)
    with pytest.raises(UnreadableFile, match="is a directory"):
        read_protocol(tmp_path)
    file.write_bytes(b"title = '\xff'")
    with pytest.raises(UnreadableFile, match="UTF-8"):
        read_protocol(file)
    file.write_bytes(b"#" * (LARGEST_BYTES + 1))
    with pytest.raises(UnreadableFile, match="longer"):
        read_protocol(file)


def test_line_ends_and_byte_order_mark_of_other_systems_change_nothing(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_bytes(b"\xef\xbb\xbf" + STUDY.replace("\n", "\r\n").encode())
    assert read_protocol(file) == protocol_from(STUDY)
    file.write_bytes(STUDY.replace("seed = 7", "seed = 0.5").replace("\n", "\r\n").encode())
    with pytest.raises(InputError, match=r"study\.toml, line 4, seed"):
        read_protocol(file)


@pytest.mark.parametrize("text", ["seed = 1" + "0" * 5000, "seed = " + "[" * 100_000])
def test_numbers_and_lists_without_end_are_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(
        BadProtocol, match=r"^study\.toml holds numbers, keys or nested lists without end; write it plainly\.$"
    ):
        protocol_from(text)


def test_lines_are_found_through_everything_that_toml_allows() -> None:
    text = '''\
# [comment]
a.b = """
[not] = "a table"
\\""""
'q.r' = \'\'\'x\'\'\'
"s\\u0041" = { t = [1,
  { u = 2 }, "]", ], v.w = '}' }
[[list]]
[[list]]
x = 1 # y = 2
[list.inner]
z = 1979-05-27T07:32:00Z
[ last . "one" ]
f = inf
g = """"q"""""
h = 1'''
    assert set(tomllib.loads(text)) == {"a", "q.r", "sA", "list", "last"}
    assert lines_of(text) == {
        ("a",): 2, ("a", "b"): 2, ("q.r",): 5, ("sA",): 6, ("sA", "t"): 6, ("sA", "t", 0): 6, ("sA", "t", 1): 7,
        ("sA", "t", 1, "u"): 7, ("sA", "t", 2): 7, ("sA", "v"): 7, ("sA", "v", "w"): 7, ("list", 0): 8, ("list", 1): 9,
        ("list", 1, "x"): 10, ("list", 1, "inner"): 11, ("list", 1, "inner", "z"): 12, ("last", "one"): 13,
        ("last", "one", "f"): 14, ("last", "one", "g"): 15, ("last", "one", "h"): 16,
    }  # fmt: skip


# Round trip: what is written reads back to an equal protocol.

WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda t: bool(t.strip())
)
NAMES = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
NUMBERS = st.floats(-1e6, 1e6).map(lambda x: round(x, 3) + 0.0)
VALUES = st.lists(NUMBERS | WORDS | st.booleans(), unique_by=lambda v: f"{type(v) is str}{v}", min_size=2, max_size=4)
KNOWN = st.sampled_from([Known(when="before time zero"), Known(when="before exposure start"), Known(day=-12.5),
                         Known(column="seen on")])  # fmt: skip
CUT = Coarsened(bins=(("x0", 4), ("x 1", (5.0, 50.5))))
ADJUSTMENTS = st.sampled_from([Unadjusted(), Matching(), Coarsened(), CUT, Weighting(estimand="ATT"),
                               Matching(caliper=None, ratio=3, replacement=True, exact=("site",)),
                               Weighting(estimand="ATE", stabilized=True, trim=(0.05, 0.95),
                                         truncate=(0.0, 0.99))])  # fmt: skip


@st.composite
def protocols(draw: st.DrawFn) -> Protocol:
    values = draw(VALUES)
    columns = [f"x{n}{name}" for n, name in enumerate(draw(st.lists(NAMES | WORDS, min_size=1, max_size=4)))]
    columns += ["x0", "x 1"]
    covariates = [
        Covariate(column=name, label=draw(WORDS), unit=draw(st.text(max_size=4)), kind="number",
                  per=draw(st.floats(0.1, 100)), known=draw(KNOWN))
        for name in columns
    ]  # fmt: skip
    levels = tuple(
        (f"{n}{value}", f"{n}{label}")
        for n, (value, label) in enumerate(draw(st.lists(st.tuples(WORDS, WORDS), min_size=2, max_size=3)))
    )
    covariates.append(
        Covariate(
            column="cat",
            label="c",
            kind=draw(st.sampled_from(["category", "ordered"])),
            levels=levels,
            reference=levels[-1][1],
            known=Known(when="after time zero"),
            override=draw(WORDS),
        )
    )
    arms = Arms(
        column="arm col",
        reference="b",
        arms=(
            Arm(name="a", label=draw(WORDS), values=tuple(values[:1])),
            Arm(name="b", label="B", values=tuple(values[1:])),
        ),
    )
    return protocol(
        title=draw(WORDS),
        question=draw(WORDS),
        seed=draw(st.integers(0, 2**63 - 1)),
        outcomes_blinded=draw(st.booleans()),
        caveats=tuple(draw(st.lists(st.text(max_size=5), max_size=2))),
        data=Data(
            file="a",
            patient="id",
            site="site",
            tumor=draw(st.none() | st.just("lesion")),
            missing=tuple(values),
            separator=draw(st.none() | st.sampled_from([";", "\t"])),
            source=draw(st.text(max_size=9)),
        ),
        time_zero=TimeZero(says="z", column="zero on"),
        exposure=ExposureStart(says="e", column="exposed on"),
        arms=draw(
            st.sampled_from(
                [
                    arms,
                    DATED_ARMS,
                    dataclasses.replace(
                        DATED_ARMS, arms=(DATED_ARMS.arms[1], Arm(name="b", label="b", window_days=(61.0, math.inf)))
                    ),
                ]
            )
        ),
        covariates=tuple(covariates),
        outcomes=(
            Outcome(
                name="os",
                label="OS",
                event="dead",
                date="last on",
                competing=draw(st.none() | st.just("other")),
                primary=True,
            ),
            Outcome(
                name="c",
                label="Complication",
                event="compl",
                kind="yes/no",
                definition=draw(st.text(max_size=5)),
                counted_as=draw(st.sampled_from(["events", "complications"])),
            ),
        ),
        subgroups=draw(
            st.sampled_from(
                [
                    (),
                    (OLD,),
                    (
                        dataclasses.replace(
                            OLD,
                            levels=(
                                Level(label="a", where=Predicate("age < 3 or `odd \\name` == 'é\"'")),
                                OLD.levels[1],
                            ),
                        ),
                    ),
                ]
            )
        ),
        methods=Methods(
            denominator=draw(st.sampled_from([None, "hedges"])),
            adjustment=draw(ADJUSTMENTS),
            bootstrap=draw(st.integers(0, 9)),
            reason=draw(st.text(max_size=5)),
            estimation=Estimation(
                level=draw(st.floats(0.6, 0.99)), rmst_days=draw(st.none() | st.just(1825.0)), at_days=(365.25, 730.5)
            ),
            missing=draw(st.sampled_from([MissingData(), MissingData(method="multiple imputation")])),
        ),
        sensitivity=(
            Sensitivity(name="s", says="s", adjustment=draw(ADJUSTMENTS), without=(columns[0],)),
            Sensitivity(name="t", says="t", where=Predicate("age > 3"), missing=MissingData(imputations=5)),
            Sensitivity(name="u", says="u", leave_one_site_out=True),
        ),
    )


@given(protocols())
def test_a_protocol_that_is_written_reads_back_equal(study: Protocol) -> None:
    again = protocol_from(protocol_text(study))
    assert again == study
    assert again.hash == study.hash


@pytest.mark.parametrize(
    ("value", "written"),
    [(True, "true"), (3, "3"), (3.0, "3"), (0.25, "0.25"), (1e300, "1e+300"), (math.inf, "inf"),
     ('a"\n\x7f', '"a\\"\\n\\u007f"'),
     ((1.0, "a"), '[1, "a"]'), (Known(day=-3.0), "{ day = -3 }"), (Known(column="c"), '{ column = "c" }')],
)  # fmt: skip
def test_values_are_written_as_toml_reads_them(value: Any, written: str) -> None:
    assert toml(value) == written
    tomllib.loads(f"x = {written}")


def test_a_condition_that_cannot_be_read_is_answered_in_one_sentence() -> None:
    step = '[[eligibility]]\nsays = "adults"\nwhere = "age => 18"\n'
    with pytest.raises(
        BadProtocol, match=r'allowed: a condition on columns; in the predicate "age => 18", at character'
    ):
        protocol_from(step)
