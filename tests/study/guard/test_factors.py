"""Factors in the audit: too few events for each, and facts that were known only after the clock had started."""

from __future__ import annotations

import pandas as pd

from isotherm.study.known import Known
from isotherm.study.protocol_factors import Factors
from isotherm.study.protocol_parts import Covariate
from tests.study.guard.made import DIED, audit, registry
from tests.study.protocols import AGE, SEX

FACTORS = Factors(name="death", label="Factors of death", outcome="os", columns=("age", "sex"))


def test_factors_with_too_few_events_are_told() -> None:
    table = registry()
    few = table.assign(dead=(table.index % 14 == 0) * 1.0)
    found = audit(few, outcomes=(DIED,), factors=(FACTORS,))["events_per_factor.death"]
    assert "18 events for 2 variables" in found.says
    assert "9.0 per variable" in found.says
    assert "events_per_factor.death" not in audit(factors=(FACTORS,))
    assert "events_per_factor.death" not in audit(few, outcomes=(DIED,), factors=(FACTORS,), outcomes_blinded=True)


def test_a_factor_that_was_known_after_the_clock_had_started_is_told() -> None:
    table = registry()
    late = Covariate(column="cea", label="CEA", kind="number", known=Known(column="drawn_on"), use="describe")
    asked = Factors(name="death", label="Factors of death", outcome="os", columns=("cea",))
    drawn = table["decided_on"] + pd.to_timedelta((table.index % 4 == 0) * 30, unit="D")
    found = audit(table.assign(drawn_on=drawn), covariates=(AGE, SEX, late), factors=(asked,))
    assert "in 60 of 240 rows" in found["factor_known_late.death.cea"].says
    in_time = audit(table.assign(drawn_on=table["decided_on"]), covariates=(AGE, SEX, late), factors=(asked,))
    assert not any(key.startswith("factor_known_late") for key in in_time)


def test_an_outcome_that_cannot_be_used_is_told_once() -> None:
    table = registry()
    found = audit(table.assign(last=table["last"].where(table["age"] < 0.0)), outcomes=(DIED,), factors=(FACTORS,))
    assert "outcome_unusable.os" in found
    assert "events_per_factor.death" not in found
