"""Factors of an outcome: the same numbers as the models themselves, the truth of simulated tumors, and refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isotherm.app.study_simulate import bundled
from isotherm.exchange.protocol_files import protocol_from
from isotherm.outcome import TimeToEvent
from isotherm.study.analysis.factors import add_factors
from isotherm.study.analysis.run import analyze
from isotherm.study.cohort import cohort
from isotherm.study.cohort_outcomes import observed
from isotherm.study.disclosure import WITHHELD, release
from isotherm.study.document import document_of, document_text
from isotherm.study.factor_terms import factor_rows
from isotherm.study.known import Known
from isotherm.study.protocol_designs import Landmark
from isotherm.study.protocol_factors import Factors
from isotherm.study.protocol_methods import Estimation
from isotherm.study.protocol_parts import Covariate, Data
from isotherm.study.result import Record, Results
from isotherm.study.simulate.registry import simulate_registry
from isotherm.study.survival.cause_specific import cause_specific_cox
from isotherm.study.survival.cox import cox
from isotherm.study.survival.fine_gray import fine_gray
from tests.study.protocols import BEFORE
from tests.study.registry import BURDEN, COURSE, LTP, OS, follows_schema, registry, timing

TUMORS = Data(file="registry.csv", patient="id", tumor="lesion")
MARGIN = Covariate(column="margin", label="Margin", unit="mm", kind="number", per=2.0, use="describe",
                   known=Known(column="treated_on"))  # fmt: skip
VESSEL = Covariate(column="vessel", label="Vessel", kind="yes/no", known=BEFORE, use="describe")
PLACE = Covariate(column="place", label="Place", kind="category", known=BEFORE, use="describe", reference="center",
                  levels=(("d", "dome"), ("c", "center"), ("h", "hilum")))  # fmt: skip
SOUND = {"course": COURSE, "designs": (Landmark(day=90.0),)}
FACTORS = Factors(name="ltp", label="Factors of progression", outcome="ltp", columns=("margin", "vessel", "place"))


def tumors(n: int = 200, *, seed: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    table = registry(n, seed=seed, tumors=3)
    rows = len(table)
    return table.assign(
        margin=random.uniform(0.0, 12.0, rows).round(1), vessel=(random.random(rows) < 0.4).astype(float),
        place=random.choice(np.array(["d", "c", "h"]), rows),
    )  # fmt: skip


def study(*factors: Factors, **changes: Any) -> Any:
    parts = {"data": TUMORS, "covariates": (BURDEN, MARGIN, VESSEL, PLACE), "outcomes": (OS, LTP), "course": None,
             "designs": (), "factors": factors or (FACTORS,)}  # fmt: skip
    return timing(**parts | changes)


def records(table: pd.DataFrame | None = None, *factors: Factors, **changes: Any) -> dict[str, Record]:
    results = Results()
    add_factors(results, cohort(study(*factors, **changes), tumors() if table is None else table), Estimation())
    return results.records


def test_hazard_ratios_are_those_of_the_models_with_tumors_clustered_in_their_patients() -> None:
    table = tumors().sample(frac=1.0, random_state=1).reset_index(drop=True)
    made = cohort(study(), table)
    found = records(table)
    days = (made.table["tumor_on"] - made.table["treated_on"]).dt.days.to_numpy()
    x = np.column_stack([made.table["margin"] / 2.0, made.table["vessel"], made.table["place"] == "d",
                         made.table["place"] == "h"]).astype(float)  # fmt: skip
    names = ["margin", "vessel", "place=dome", "place=hilum"]
    times = pd.DataFrame({"days": days, "status": made.table["status"], "id": made.table["id"]})
    outcome = TimeToEvent(times["days"], times["status"].astype(int), cluster=times["id"])
    whole = {"multivariable": cause_specific_cox(outcome, x, names=names),
             "fine_gray_multivariable": fine_gray(outcome, x, names=names)}  # fmt: skip
    for how, fit in whole.items():
        for name, effect in zip(names, fit.effects(), strict=True):
            one = found[f"factors.ltp.{name}.{how}"]
            assert one.value == pytest.approx(effect.estimate, rel=1e-9)
            assert (one.low, one.high, one.p) == pytest.approx((effect.low, effect.high, effect.p_value), rel=1e-8)
            assert "robust over clusters" in one.method
    alone = cause_specific_cox(outcome, x[:, 2:], names=names[2:]).effects()[1]
    assert found["factors.ltp.place=hilum.univariable"].value == pytest.approx(alone.estimate, rel=1e-9)
    p = whole["multivariable"].wald_p_value(names[2:])[2]
    assert found["factors.ltp.place.test"].value == pytest.approx(p, rel=1e-8)
    assert found["factors.ltp.n"].value == len(made)
    assert found["factors.ltp.patients"].value == made.table["id"].nunique()
    assert found["factors.ltp.events"].value == (made.table["status"] == 1.0).sum()
    assert found["factors.ltp.place.0.n"].value == (made.table["place"] == "c").sum()
    dome = (made.table["place"] == "d") & (made.table["status"] == 1.0)
    assert found["factors.ltp.place.1.events"].value == dome.sum()
    assert "tumors for independent" in found["factors.ltp.proportional_hazards"].method


def test_factors_of_patients_have_no_cluster_and_no_second_model_where_nothing_competes() -> None:
    table = registry(120).assign(vessel=lambda one: one.index % 2 * 1.0)
    asked = Factors(name="os", label="Factors of death", outcome="os", columns=("burden", "vessel"))
    found = records(table, asked, data=Data(file="a", patient="id"), covariates=(BURDEN, VESSEL), outcomes=(OS,))
    made = cohort(study(asked, data=Data(file="a", patient="id"), covariates=(BURDEN, VESSEL), outcomes=(OS,)), table)
    fit = cox(observed(made, "os").times, made.table[["burden", "vessel"]].to_numpy(float), names=["b", "v"])
    assert found["factors.os.burden.multivariable"].value == pytest.approx(fit.effects()[0].estimate)
    assert found["factors.os.burden.multivariable"].p == pytest.approx(fit.p_values[0])
    assert "factors.os.patients" not in found
    assert not any("fine_gray" in key for key in found)
    assert "hazard ratio of Vessel, alone" in found["factors.os.vessel.univariable"].label


def test_arms_are_a_factor_where_they_are_asked_for() -> None:
    found = records(None, replace(FACTORS, columns=("vessel",), arms=True))
    assert found["factors.ltp.arm=delayed.multivariable"].value is not None
    assert "v" not in found["factors.ltp.arm=delayed.multivariable"].label.split()
    table = tumors()
    lost = table.assign(vessel=table["vessel"].where(table["ablated_on"] - table["decided_on"] < pd.Timedelta(days=50)))
    why = records(lost, replace(FACTORS, columns=("vessel",), arms=True))["factors.ltp.arm.univariable"].why
    assert "nobody in whom all factors are known is in Delayed ablation" in why


def test_the_truth_of_simulated_tumors_is_recovered() -> None:
    scenario, text = bundled("annals-2026")
    made = simulate_registry(scenario.with_patients(1500), seed=11).tables.tumors
    dated = {name: pd.to_datetime(made[name]) for name in map(str, made) if name.endswith(("_on", "_until"))}
    protocol = protocol_from(text, name="protocol.toml")
    rows = factor_rows(cohort(protocol, made.assign(**dated)), protocol.factors[0])
    fit = cause_specific_cox(rows.inside, np.column_stack([one.x for one in rows.terms]),
                             names=[one.column for one in rows.terms])  # fmt: skip
    local = scenario.local
    truth = {"three_cm_or_more": local.large, "peridiaphragmatic": local.peridiaphragmatic,
             "margin_mm": local.per_mm, "bridging_vessel": local.bridging}  # fmt: skip
    assert fit.names == tuple(truth)
    assert fit.variance == "robust over clusters"
    # What tumors of a patient share draws hazard ratios towards 1 by a few percent: far less than three errors.
    assert (np.abs(fit.coefficients - np.array(list(truth.values()))) < 3.0 * fit.std_errors).all()
    assert (fit.std_errors < 0.2).all()
    assert (np.abs(fit.coefficients) > 2.0 * fit.std_errors).all()


@pytest.mark.parametrize(
    ("change", "key", "why"),
    [
        ({"vessel": 1.0}, "vessel.univariable", "one value in all"),
        ({"vessel": np.nan}, "margin.multivariable", "nobody has every factor known"),
        ({"vessel": np.nan}, "place.fine_gray_univariable", "nobody has every factor known"),
    ],
)
def test_a_factor_that_cannot_be_estimated_says_why(change: dict[str, Any], key: str, why: str) -> None:
    assert why in records(tumors().assign(**change))[f"factors.ltp.{key}"].why


def test_a_factor_with_one_value_leaves_the_others_as_they_are() -> None:
    found = records(tumors().assign(vessel=1.0))
    without = records(None, replace(FACTORS, columns=("margin", "place")))
    assert found["factors.ltp.vessel.multivariable"].value is None
    for key in ("margin.multivariable", "place=dome.univariable"):
        assert found[f"factors.ltp.{key}"].value == without[f"factors.ltp.{key}"].value


def test_two_factors_that_say_the_same_have_a_reason_together_and_numbers_alone() -> None:
    table = tumors()
    found = records(table.assign(vessel=(table["margin"] > 6.0) * 1.0, margin=(table["margin"] > 6.0) * 3.0))
    assert found["factors.ltp.margin.univariable"].value is not None
    assert found["factors.ltp.margin.multivariable"].value is None
    assert found["factors.ltp.margin.multivariable"].why
    assert found["factors.ltp.place.test"].why
    assert found["factors.ltp.proportional_hazards"].why


def test_a_factor_without_any_event_has_a_reason() -> None:
    table = tumors()
    found = records(table.assign(vessel=((table["status"] == 0.0) & (table.index % 2 == 0)) * 1.0))
    assert found["factors.ltp.vessel.univariable"].value is None
    assert found["factors.ltp.vessel.univariable"].why


def test_no_factor_that_can_be_estimated_is_no_model() -> None:
    found = records(tumors().assign(vessel=1.0), replace(FACTORS, columns=("vessel",)))
    assert "no factor can be estimated" in found["factors.ltp.events_per_variable"].why
    assert "one value in all" in found["factors.ltp.vessel.multivariable"].why


def test_an_outcome_of_patients_takes_no_factor_that_differs_between_their_tumors() -> None:
    asked = Factors(name="os", label="Factors of death", outcome="os", columns=("burden", "vessel"))
    found = records(None, asked)
    assert "not the same in all tumors of a patient" in found["factors.os.vessel.univariable"].why
    assert found["factors.os.burden.multivariable"].value is not None


def test_rows_without_a_factor_are_counted_and_left_out_of_every_model() -> None:
    table = tumors()
    table.loc[table.index % 5 == 0, "margin"] = np.nan
    kept = cohort(study(), table).table
    found = records(table)
    assert found["factors.ltp.incomplete"].value == kept["margin"].isna().sum()
    assert found["factors.ltp.missing.margin"].value == kept["margin"].isna().sum()
    assert found["factors.ltp.vessel.univariable"].n == kept["margin"].notna().sum()


def test_a_run_has_tables_a_forest_and_findings_and_holds_in_a_release() -> None:
    table = tumors()
    result = analyze(study(**SOUND), table)
    document = json.loads(document_text(document_of(result, {"isotherm": "0"})))
    follows_schema(document)
    assert [row[0] for row in document["tables"]["factors_table.ltp"]["rows"]] == [
        "Margin, per 2 mm", "Vessel", "Place", "center (reference)", "dome", "hilum",
    ]  # fmt: skip
    assert [one["reference"] for one in document["curves"]["factors.ltp"]["groups"]] == [None, None, "center"]
    assert any("Factors of progression (Margin, Vessel, Place) entered cause-specific" in one
               for one in document["protocol"]["methods"])  # fmt: skip
    rare = table.assign(vessel=(table.index < 8) * 1.0)
    withheld = release(analyze(study(**SOUND), rare))
    follows_schema(json.loads(document_text(document_of(withheld, {"isotherm": "0"}))))
    gone = withheld.results.records
    assert gone["factors.ltp.vessel.1.n"].value is None
    assert gone["factors.ltp.vessel.multivariable"].why == WITHHELD
    assert gone["factors.ltp.n"].value == (gone["factors.ltp.n"].value or 0) // 10 * 10


def test_blinded_outcomes_have_no_factors() -> None:
    blinded = study(**SOUND, outcomes_blinded=True)
    found = analyze(blinded, tumors().drop(columns=list(blinded.outcome_columns))).results
    assert not any(key.startswith("factors.") for key in found.records)


def test_the_shipped_lung_protocol_asks_for_factors() -> None:
    text = resources.files("isotherm.app") / "data" / "scenarios" / "annals-2026" / "protocol.toml"
    found = protocol_from(text.read_text(encoding="utf-8"), name="protocol.toml").factors
    assert [one.outcome for one in found] == ["ltp"]
