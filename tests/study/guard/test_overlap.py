"""Who has no counterpart, sites of one arm, and patients who may be in the table twice; chance is no finding."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from isotherm.study.known import TimeZero
from isotherm.study.protocol_methods import Methods, PropensityModel, Unadjusted
from isotherm.study.protocol_parts import Arm, Arms, Covariate, Data
from tests.study.guard.made import CEA, audit, registry
from tests.study.protocols import AGE, BEFORE, OS, SEX

CHILD = Covariate(column="child", label="Child class", kind="category", known=BEFORE)
ASCITES = Covariate(column="ascites", label="Ascites", kind="yes/no", known=BEFORE)
COVARIATES = (AGE, SEX, CEA)


def test_a_level_that_an_arm_never_has_is_found_unless_chance_leaves_it_empty() -> None:
    table = registry()
    drug, place = table["drug"] == 1.0, np.arange(len(table))
    never = table.assign(child=np.where(drug | (place % 5 > 0), "A", "B"), ascites=0.0)
    found = audit(never, covariates=(*COVARIATES, CHILD))
    (one,) = (one for one in found.values() if one.key.startswith("positivity.child."))
    assert one.key.endswith(".drug")
    assert f'Child class: B has {one.rows} patients, and none of them is in arm "Drug"' in one.says
    two = np.flatnonzero(~drug)[:2]
    assert audit(table.assign(child=np.where(np.isin(place, two), "B", "A")), covariates=(*COVARIATES, CHILD)) == {}
    swollen = audit(table.assign(ascites=np.where(drug, 0.0, place % 2)), covariates=(*COVARIATES, ASCITES))
    assert any("Ascites: 1 has" in one.says for one in swollen.values())


def test_numbers_beyond_everybody_in_the_other_arm_are_found() -> None:
    table = registry()
    old = table.assign(age=np.where((table["drug"] == 1.0) & (table["age"] > 70), table["age"] + 20, table["age"]))
    found = audit(old)["positivity.age.above.none"]
    assert found.rows == int((old["age"] > old.loc[old["drug"] == 0.0, "age"].max()).sum())
    young = table.assign(age=np.where((table["drug"] == 0.0) & (table["age"] < 50), table["age"] - 20, table["age"]))
    assert 'lie below everybody in arm "Drug"' in audit(young)["positivity.age.below.drug"].says


def test_a_propensity_beyond_the_other_arm_is_counted() -> None:
    table = registry()
    age = np.where(table["drug"] == 1.0, 60.0, 40.0) + np.linspace(0.0, 25.0, len(table))
    found = audit(table.assign(age=age.round(1)))["positivity.propensity"]
    assert found.rows >= 24
    assert found.counts[0].of == 240


def test_a_covariate_that_nobody_in_an_arm_has_or_that_cannot_be_fitted_says_nothing_here() -> None:
    table = registry()
    gaps = table.assign(
        age=table["age"].where(table["drug"] == 1.0), child=pd.Series("A", table.index).where(table["drug"] == 1.0)
    )
    assert not [key for key in audit(gaps, covariates=(AGE, CHILD)) if key.startswith("positivity")]
    twice = dataclasses.replace(AGE, column="age2")
    assert set(audit(table.assign(age2=table["age"]), covariates=(AGE, twice))) == {"covariate_follows.age2"}
    assert audit(table.assign(child="A"), covariates=(CHILD,)) == {}
    small = audit(table.assign(drug=(table.index % 30 == 0) * 1.0))
    assert set(small) == {"few_patients_per_variable"}


def test_more_than_two_arms_have_no_propensity_and_one_without_adjustment_needs_none() -> None:
    names = {"none": 0.0, "one": 1.0, "two": 2.0}
    arms = tuple(Arm(name=name, label=name.title(), values=(value,)) for name, value in names.items())
    three = Arms(column="drug", reference="none", arms=arms)
    table = registry()
    assert audit(table.assign(drug=np.arange(240) % 3.0), arms=three) == {}
    none = dataclasses.replace(AGE, use="describe")
    assert audit(table, covariates=(none,), methods=Methods(adjustment=Unadjusted())) == {}


def one_armed() -> pd.DataFrame:
    table = registry()
    site = table["site"].where(table.index >= 30, "C")
    return table.assign(site=site, drug=np.where(site == "C", 1.0, table["drug"]))


@pytest.mark.parametrize(("sites", "says"), [
    ("ignored", "arms and sites are mixed up"), ("terms", "they say nothing about the arms"),
    ("within", "cannot be compared at all"),
])  # fmt: skip
def test_sites_of_one_arm_are_counted(sites: str, says: str) -> None:
    methods = Methods(propensity=PropensityModel(sites=sites))  # type: ignore[arg-type]
    found = audit(one_armed(), methods=methods)["one_arm_sites"]
    assert "1 of 3 sites have patients in one arm only: 30 of 240 patients" in found.says
    assert says in found.says
    assert audit(registry().assign(site="A")) == {}
    assert audit(one_armed(), data=Data(file="cohort.csv", patient="id")) == {}


def test_an_id_at_two_sites_is_a_note_and_a_warning_if_its_facts_are_the_same() -> None:
    table = registry()
    first, second = table.index[table["site"] == "A"][0], table.index[table["site"] == "B"][0]
    shared = table.copy()
    shared.loc[second, "id"] = shared.loc[first, "id"]
    found = audit(shared)["shared_ids"]
    assert (found.level, found.rows) == ("note", 2)
    assert "1 patient ids occur at more than one site" in found.says
    assert found.compare == ((int(first), int(second)),) or found.compare == ((int(second), int(first)),)
    for name in ("age", "sex", "decided_on", "last", "progress_on"):
        shared.loc[second, name] = shared.loc[first, name]
    shared.loc[second, "drug"] = 1.0 - shared.loc[first, "drug"]
    same = audit(shared)["shared_ids"]
    assert same.level == "warn"
    assert [one.value for one in same.counts] == [1, 1, 1]


def test_patients_of_two_sites_with_the_same_facts_are_pairs_that_may_be_one() -> None:
    table = registry()
    ours = table[table["site"] == "A"].head(6)
    both = pd.concat([table, ours.assign(site="B", id=[f"Q{k}" for k in range(6)])], ignore_index=True)
    found = audit(both)["look_alikes"]
    assert found.counts[0].value == 6
    assert "may be the same people" in found.says
    assert "'age', 'sex', 'decided_on'" in found.do
    assert found.compare == tuple((int(row), 240 + k) for k, row in enumerate(ours.index))


def test_likeness_that_chance_gives_as_often_within_a_site_is_no_finding() -> None:
    table = registry()
    coarse = dataclasses.replace(SEX)
    undated = table.assign(decided_on=table["decided_on"].min(), last=table["decided_on"].min() + pd.Timedelta(days=90))
    undated["progress_on"] = undated["last"]
    assert "look_alikes" not in audit(undated, covariates=(coarse,))
    # Facts that hang together agree more often than independent ones would, within a site as between two.
    linked = undated.assign(age=(undated.index // 2) % 60 + 20.0, a=(undated.index // 2) % 60 * 1.0)
    second = dataclasses.replace(AGE, column="a")
    assert "look_alikes" not in audit(linked, covariates=(AGE, second))


def test_without_facts_nothing_is_alike() -> None:
    none = dataclasses.replace(AGE, use="describe")
    table = registry().assign(months=10.0)
    table.loc[table.index[-1], "id"] = table.loc[table.index[0], "id"]
    table["site"] = np.where(table.index < 120, "A", "B")
    found = audit(table, covariates=(none,), time_zero=TimeZero(says="board"), outcomes=(OS,),
                  methods=Methods(adjustment=Unadjusted()))  # fmt: skip
    assert found["shared_ids"].level == "note"
    assert "look_alikes" not in found
