"""A covariate that tells the arm bars every design that adjusts for it; a common level or chance does not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from isotherm.study.disclosure import vague
from isotherm.study.finding import DESIGNS
from isotherm.study.guard.telling import tells
from isotherm.study.protocol_parts import Arm, Arms, Covariate
from tests.study.guard.made import CEA, audit, registry, timing, upfront_or_delayed
from tests.study.protocols import AGE, BEFORE, SEX

DECIDED = Covariate(column="decided", label="What was decided", kind="category", known=BEFORE)
COVARIATES = (AGE, SEX, CEA)


def test_the_decision_for_an_arm_is_the_arm_and_bars_every_design_instead_of_excluding_an_arm() -> None:
    table = timing()
    table["decided"] = np.where(table["drug"] == 1.0, "ablation first", "systemic therapy first")
    found = upfront_or_delayed(table, covariates=(*COVARIATES, DECIDED))
    one = found["covariate_tells_arm.decided"]
    assert (one.level, one.bars) == ("stop", tuple(DESIGNS))
    assert one.says.startswith("What was decided tells the arm: alone it tells ")
    assert 'use = "describe"' in one.do
    assert not [key for key in found if key.startswith("positivity")]
    assert "covariate_tells_arm.decided" not in upfront_or_delayed(
        table, covariates=(*COVARIATES, dataclasses.replace(DECIDED, use="describe"))
    )
    assert vague(one.says).startswith('What was decided tells the arm: alone it tells some patients of arm "')


def test_nearly_is_enough_and_a_strong_reason_is_not() -> None:
    table = registry()
    drug, place = table["drug"] == 1.0, np.arange(len(table))
    for share, is_told in ((24, True), (8, False)):  # every 24th, every 8th was treated otherwise than was decided
        followed = np.where((place // 2) % share == 0, ~drug, drug)
        found = audit(table.assign(decided=np.where(followed, "drug", "none")), covariates=(*COVARIATES, DECIDED))
        assert ("covariate_tells_arm.decided" in found) is is_told


def test_a_level_without_patients_of_an_arm_stays_a_level_to_exclude() -> None:
    table = registry()
    level = np.where((table["drug"] == 0.0) & (table.index % 5 == 0), "B", "A")
    found = audit(table.assign(decided=level), covariates=(*COVARIATES, DECIDED))
    assert [key for key in found if key.startswith("positivity.decided.")]
    assert "covariate_tells_arm.decided" not in found


def test_a_number_tells_the_arm_by_one_cut() -> None:
    table = registry()
    found = audit(table.assign(age=np.where(table["drug"] == 1.0, table["age"] + 60.0, table["age"])))
    assert found["covariate_tells_arm.age"].rows == 240
    assert not [key for key in found if key.startswith("positivity")]


def test_one_of_three_arms_that_is_told_is_enough() -> None:
    names = {"none": 0.0, "one": 1.0, "two": 2.0}
    three = tuple(Arm(name=name, label=name.title(), values=(value,)) for name, value in names.items())
    arms = Arms(column="drug", reference="none", arms=three)
    drug = np.arange(240) % 3.0
    table = registry().assign(drug=drug, decided=np.where(drug == 2.0, "two", "no"))
    found = audit(table, arms=arms, covariates=(*COVARIATES, DECIDED))["covariate_tells_arm.decided"]
    assert found.counts[0].of == 240
    assert 'alone it tells 80 of 80 patients of arm "Two" and 160 of 160 patients outside of it' in found.says


def test_chance_many_levels_and_gaps_tell_nothing() -> None:
    inside = np.array([True, True, True, False, False, False])
    assert tells(pd.Series(["a", "a", "a", "b", "b", "b"]), inside) is None  # 6 patients: chance does it too
    many = np.arange(60) < 30
    assert tells(pd.Series([f"P{k}" for k in range(60)]), many) is None  # an id tells everybody apart
    assert tells(pd.Series(np.where(many, 1.0, np.nan)), many) is None  # known in one arm only
    assert tells(pd.Series(np.ones(60)), many) is None
    assert tells(pd.Series(np.where(many, "a", "b")), many) is not None


def test_a_covariate_that_follows_from_others_is_named_before_the_run() -> None:
    table = registry()
    stage = Covariate(column="stage", label="Stage", kind="category", known=BEFORE)
    old = Covariate(column="old", label="Old", kind="yes/no", known=BEFORE)
    band = np.where(table["age"] < 50, "a young", np.where(table["age"] < 70, "b middle", "c old"))
    table = table.assign(stage=band, old=(table["age"] >= 70).astype(float))
    found = audit(table, covariates=(SEX, old, stage))["covariate_follows.stage"]
    assert found.level == "warn"
    assert found.says.startswith("Stage: c old follows exactly from the covariates before it")


def test_a_covariate_that_the_cox_model_cannot_tell_from_another_is_named_too() -> None:
    table = registry()
    nearly = Covariate(column="nearly", label="Nearly", kind="number", known=BEFORE)
    shift = 1e-6 * float(table["age"].std()) * np.where(table.index % 2 == 0, 1.0, -1.0)
    assert "covariate_follows.nearly" in audit(table.assign(nearly=table["age"] + shift), covariates=(AGE, nearly))
