"""Timing in study.toml: courses, strategies, designs, competing and intercurrent events, serial measurements."""

from __future__ import annotations

import pytest

from isotherm.errors import BadProtocol
from isotherm.exchange.protocol_files import protocol_from
from isotherm.exchange.protocol_text import protocol_text
from isotherm.study.designs.strategy import NEVER, Strategy, Window
from isotherm.study.protocol_designs import (
    Asked,
    CensoringWeights,
    CloneCensorWeight,
    Landmark,
    Naive,
    TimeDependentCox,
)

STUDY = """\
schema = 1
title = "Before or after systemic therapy"
question = "When is ablation given?"
[data]
file = "registry.csv"
patient = "id"
tumor = "lesion"
[time_zero]
says = "Tumor board"
column = "decided_on"
[exposure]
says = "First treatment"
column = "first_on"
[arms]
start = "ablated_on"
end = "systemic_on"
reference = "upfront"
[[arms.arm]]
name = "upfront"
label = "Ablation first"
window_days = [14, 28]
[arms.arm.strategy]
ablation = { days = [0, 28] }
systemic = { days = [14, 28], after = "ablation" }
[[arms.arm]]
name = "delayed"
label = "Systemic therapy first"
window_days = [-90, -60]
[arms.arm.strategy]
systemic = { days = [0, 28] }
ablation = { days = [60, 90], after = "systemic" }
dynamic = false
[[covariate]]
column = "age"
label = "Age"
kind = "number"
known = "before time zero"
[[outcome]]
name = "os"
label = "Overall survival"
date = "last_seen_on"
event = "died"
primary = true
[[outcome]]
name = "ltp"
label = "Local tumor progression"
unit = "tumor"
start = "tumor_ablated_on"
date = "tumor_seen_on"
event = "status"
competing_events = { 2 = "Death without progression", 3 = "Resection" }
[course]
systemic = "systemic_on"
ablation = "ablated_on"
progression = "progressed_on"
death = "died_on"
last_contact = "last_seen_on"
contraindication = "unfit_on"
endpoints = ["overall survival"]
horizon_days = 1095
baseline = ["age"]
[[course.changing]]
label = "Performance status"
baseline = "ps_0"
values = ["ps_1", "ps_2"]
dates = ["ps_1_on", "ps_2_on"]
[[design]]
method = "clone_censor_weight"
replicates = 200
period_days = 14
truncate_weights = [0.05, 0.95]
[[design]]
method = "landmark"
day = 120
[[design]]
method = "landmark"
name = "landmark of the living"
day = 120
among = "living"
[[design]]
method = "time_dependent_cox"
adjust_progression = true
[[design]]
method = "naive"
clock = "ablation"
[[intercurrent]]
name = "repeat"
says = "Repeat ablation"
date = "repeat_on"
outcomes = ["ltp"]
handled = "composite"
[[serial]]
name = "volume"
label = "Volume of the zone"
unit = "ml"
months = [1, 3, 6]
columns = ["volume_1", "volume_3", "volume_6"]
"""


def changed(was: str, now: str) -> str:
    assert STUDY.count(was) == 1
    return STUDY.replace(was, now)


def test_a_study_of_timing_is_read_into_its_nouns() -> None:
    study = protocol_from(STUDY)
    assert study.course is not None
    assert study.course.endpoints == ("overall survival",)
    assert [type(one) for one in study.designs] == [CloneCensorWeight, Landmark, Landmark, TimeDependentCox, Naive]
    upfront, delayed = (arm.strategy for arm in study.arms.arms)
    assert upfront is not None
    assert upfront.named("a") == Strategy("a", Window(0.0, 28.0), Window(14.0, 28.0, "ablation"))
    assert delayed is not None
    assert not delayed.dynamic
    assert study.outcomes[1].causes == ((1, "Local tumor progression"), (2, "Death without progression"),
                                        (3, "Resection"))  # fmt: skip
    assert {"died_on", "progressed_on", "repeat_on", "volume_3", "status"} <= set(study.outcome_columns)
    assert {"tumor_ablated_on", "unfit_on", "ps_2_on", "died_on", "repeat_on"} <= set(study.date_columns)
    assert {"ps_0", "ps_1", "systemic_on"} <= set(study.columns)


def test_a_study_of_timing_that_is_written_reads_back_equal() -> None:
    study = protocol_from(STUDY)
    again = protocol_from(protocol_text(study))
    assert again == study
    assert again.hash == study.hash


def test_a_treatment_that_must_not_be_given_is_written_and_read_as_never() -> None:
    study = protocol_from(changed("systemic = { days = [0, 28] }\nablation = { days = [60, 90], after = \"systemic\" }",
                                  'ablation = "never"'))  # fmt: skip
    strategy = study.arms.arms[1].strategy
    assert strategy is not None
    assert strategy.ablation == Asked(days=None)
    assert strategy.named("x").ablation == NEVER
    assert protocol_from(protocol_text(study)) == study


def test_blinded_outcomes_hide_what_happened_in_a_course() -> None:
    study = protocol_from(changed('question = "When', 'outcomes_blinded = true\nquestion = "When'))
    assert not {"died_on", "progressed_on", "last_seen_on", "repeat_on", "volume_1"} & set(study.columns)


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("ablation = { days = [0, 28] }", "ablation = { days = [28] }", '"never", or a window'),
        ("ablation = { days = [0, 28] }", "ablation = 28", '"never", or a window'),
        ("ablation = { days = [0, 28] }", "ablation = { days = [28, 0] }", "A window starts on day 0"),
        ("systemic = { days = [0, 28] }", 'systemic = { days = [0, 28], after = "ablation" }', "wait for each other"),
        ("dynamic = false", "dynamic = 0", "true or false"),
        ('method = "naive"', 'method = "matching"', "allowed: .naive."),
        ('method = "naive"', "clocks = 1", "allowed"),
        ("replicates = 200", "replicates = 1", "A bootstrap needs 2 replicates"),
        ("period_days = 14", "period_days = 0", "A period is a number of days above 0"),
        ("[0.05, 0.95]", "[0.95, 0.05]", "two rising shares"),
        ("[0.05, 0.95]", "[0.05]", "two numbers in brackets"),
        ('name = "landmark of the living"', "", "share a name: landmark"),
        ('name = "landmark of the living"', 'name = "../../x"', "letters, digits"),
        ('method = "landmark"\nday = 120\n[[design]]', 'method = "landmark"\nday = 0\n[[design]]', "after time zero"),
        ('method = "landmark"\nday = 120\n[[design]]', 'method = "landmark"\nday = 1095\n[[design]]', "horizon"),
        ("horizon_days = 1095", "horizon_days = 0", "horizon is a number of days above 0"),
        ('endpoints = ["overall survival"]', "endpoints = []", "one endpoint or more"),
        ('endpoints = ["overall survival"]', 'endpoints = ["progression-free survival"]', "landmark of the living"),
        ('baseline = ["age"]', 'baseline = ["sex"]', "sex is no covariate"),
        ('baseline = ["age"]', 'baseline = ["age", "age"]', "named twice"),
        ('death = "died_on"', 'death = "progressed_on"', "share a column"),
        ('dates = ["ps_1_on", "ps_2_on"]', 'dates = ["ps_1_on"]', "Each column of values"),
        ('baseline = "ps_0"', 'baseline = "ps_1"', "named twice"),
        ('column = "decided_on"', "", "Courses are counted from the date of time zero"),
        ('[arms.arm.strategy]\nablation = { days = [0, 28] }\nsystemic = { days = [14, 28], after = "ablation" }', "",
         "upfront has none"),
        ('contraindication = "unfit_on"', 'zero = "first treatment"', "nobody can be cloned"),
        ('method = "clone_censor_weight"', 'method = "censoring_weights"', "for a time zero at the first treatment"),
        ('start = "tumor_ablated_on"', "", "counts from the ablation of that tumor"),
        ('label = "Overall survival"', 'label = "Disease-free survival"', "nobody is free of disease"),
        ('competing_events = { 2 = "Death without progression", 3 = "Resection" }', 'competing_events = { x = "a" }',
         "codes from 2 on"),
        ('competing_events = { 2 = "Death without progression", 3 = "Resection" }', "competing_events = {}",
         "codes from 2 on"),
        ('3 = "Resection"', '1 = "Resection"', "whole numbers from 2 on"),
        ('3 = "Resection"', '3 = " "', "a label each"),
        ("competing_events =", 'competing = "other"\ncompeting_events =', "or a column of their own"),
        ('date = "tumor_seen_on"', 'time = "days"\ntime_unit = "days"', "it needs the date"),
        ('outcomes = ["ltp"]', 'outcomes = ["pfs"]', "pfs is no outcome with times"),
        ('outcomes = ["ltp"]', "outcomes = []", "Name the outcomes"),
        ('handled = "composite"', 'handled = "ignored"', "treatment policy"),
        ("months = [1, 3, 6]", "months = [1, 3]", "Each month needs one column"),
        ("months = [1, 3, 6]", "months = [1, 6, 3]", "Months rise"),
        ('columns = ["volume_1", "volume_3"', 'columns = ["volume_1", "volume_1"', "named twice"),
    ],
)  # fmt: skip
def test_a_mistake_about_timing_is_answered_in_words(was: str, now: str, says: str) -> None:
    with pytest.raises(BadProtocol, match=says):
        protocol_from(changed(was, now))


def test_designs_without_a_course_are_refused() -> None:
    start, end = STUDY.index("[course]"), STUDY.index("[[design]]")
    with pytest.raises(BadProtocol, match=r"give a \[course\]"):
        protocol_from(STUDY[:start] + STUDY[end:])


def test_a_date_of_an_intercurrent_event_needs_a_clock() -> None:
    start, end = STUDY.index("[course]"), STUDY.index("[[intercurrent]]")
    text = (STUDY[:start] + STUDY[end:]).replace('column = "decided_on"', "").replace('outcomes = ["ltp"]',
                                                                                      'outcomes = ["os"]')  # fmt: skip
    text = text.replace('column = "first_on"', 'when = "at time zero"')
    with pytest.raises(BadProtocol, match="compared with time zero for os"):
        protocol_from(text)


@pytest.mark.parametrize("text", ["design = 3", "design = [3]", "course = 3", "serial = [[]]", "intercurrent = 1.5"])
def test_timing_of_the_wrong_type_is_refused(text: str) -> None:
    with pytest.raises(BadProtocol):
        protocol_from(f"{text}\n{STUDY[: STUDY.index('[course]')]}")


def test_censoring_weights_go_with_a_time_zero_at_the_first_treatment() -> None:
    text = changed('method = "clone_censor_weight"', 'method = "censoring_weights"')
    study = protocol_from(text.replace('contraindication = "unfit_on"', 'zero = "first treatment"'))
    assert isinstance(study.designs[0], CensoringWeights)
    assert protocol_from(protocol_text(study)) == study
