"""Factors in a protocol: what they may name, and one sentence for each thing that they may not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from isotherm.errors import BadProtocol
from isotherm.exchange.protocol_files import protocol_from
from isotherm.exchange.protocol_text import protocol_text
from isotherm.study.known import Known, TimeZero
from isotherm.study.protocol_factors import Factors
from isotherm.study.protocol_parts import Covariate, Outcome
from tests.study.protocols import AGE, OS, SEX, protocol

FACTORS = Factors(name="death", label="Factors of death", outcome="os", columns=("age", "sex"), arms=True)
LATER = Covariate(column="response", label="Response", kind="yes/no", known=Known(when="after time zero"),
                  use="describe")  # fmt: skip
DAY_30 = replace(LATER, known=Known(day=30.0))
YES_NO = Outcome(name="c", label="Complication", event="c", kind="yes/no")
STARTED = Outcome(name="dead", label="Death after ablation", event="dead", date="seen_on", start="ablated_on",
                  primary=True)  # fmt: skip


def test_factors_come_back_from_the_file_as_they_were_written() -> None:
    asked = protocol(factors=(FACTORS,))
    assert protocol_from(protocol_text(asked), name="study.toml").factors == (FACTORS,)
    assert protocol_from(protocol_text(asked), name="study.toml").hash == asked.hash != protocol().hash


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, "has no name"),
        ({"name": "a.b"}, "Names of factors are letters"),
        ({"label": ""}, "has no label"),
        ({"columns": ()}, "need a column"),
        ({"columns": ("age", "age")}, "named twice: age"),
    ],
)
def test_factors_that_say_too_little_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadProtocol, match=words):
        replace(FACTORS, **change)


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ((FACTORS, FACTORS), "share a name: death"),
        ((replace(FACTORS, outcome="pfs"),), "pfs is no outcome with times"),
        ((replace(FACTORS, outcome="c"),), "c is no outcome with times"),
        ((replace(FACTORS, columns=("age", "weight")),), "weight is no covariate"),
        ((replace(FACTORS, columns=("response",)),), "response was known after time zero"),
    ],
)
def test_factors_that_do_not_fit_the_protocol_are_refused(factors: tuple[Factors, ...], words: str) -> None:
    with pytest.raises(BadProtocol, match=words):
        protocol(factors=factors, outcomes=(OS, YES_NO), covariates=(AGE, SEX, LATER))


def test_a_late_fact_is_a_factor_of_what_counts_from_a_later_day() -> None:
    asked = Factors(name="x", label="Factors", outcome="dead", columns=("response",))
    zero = TimeZero(says="decision", column="decided_on")
    assert protocol(factors=(asked,), outcomes=(STARTED,), covariates=(AGE, LATER), time_zero=zero).factors == (asked,)
    with pytest.raises(BadProtocol, match="response was known after time zero"):
        protocol(factors=(replace(asked, outcome="os"),), outcomes=(OS,), covariates=(AGE, DAY_30), time_zero=zero)
