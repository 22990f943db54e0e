"""A small scenario with everything in it: four arms, declines, local progression, gaps, duplicates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from isotherm.study.protocol_designs import Asked
from isotherm.study.simulate.scenario import Scenario
from isotherm.study.simulate.scenario_parts import Decline, Gaps, Hazards, LocalProgression, PlannedArm

UPFRONT = PlannedArm(name="upfront", label="Upfront", share=0.3, ablation=Asked(days=(0.0, 28.0)),
                     systemic=Asked(days=(14.0, 28.0), after="ablation"), effect=-0.8, high_burden_effect=-0.2,
                     chosen_by=(("burden", -0.5),))  # fmt: skip
DELAYED = PlannedArm(name="delayed", label="Delayed", share=0.4, ablation=Asked(days=(60.0, 90.0), after="systemic"),
                     systemic=Asked(days=(0.0, 28.0)), effect=-0.3)  # fmt: skip
ALONE = PlannedArm(name="alone", label="Ablation alone", share=0.2, ablation=Asked(days=(0.0, 28.0)),
                   systemic=Asked(days=None))  # fmt: skip
LATE = PlannedArm(name="late", label="Late", share=0.1, ablation=Asked(days=(100.0, 200.0), after="systemic"),
                  systemic=Asked(days=(0.0, 28.0)), is_strategy=False)  # fmt: skip

SMALL = Scenario(
    name="small", title="A small world", organ="liver", protocol="protocol.toml", patients=60, centers=3,
    decided_from="2015-01-01", decided_to="2017-12-31", closed_on="2019-06-30", horizon_days=400.0, lost=0.01,
    center_sd=0.5,
    hazards=Hazards(progression=0.05, death=0.01, death_after_progression=0.05, systemic=-0.2,
                    on_progression=(("burden", 0.4),), on_death=(("performance", 0.5),)),
    arms=(UPFRONT, DELAYED, ALONE, LATE),
    decline=Decline(hazard=0.05, effect=0.5, stops=0.6),
    local=LocalProgression(hazard=0.03, per_cm=0.3, large=0.2, per_mm=-0.1, bridging=0.5, peridiaphragmatic=0.4,
                           patient_sd=0.6),
    gaps=Gaps(missing=(("cea_ng_ml", 0.2), ("male", 0.1), ("margin_mm", 0.3), ("bridging_vessel", 0.2)),
              duplicates=0.1),
)  # fmt: skip


def small(**changes: Any) -> Scenario:
    """Return the small world with changes."""
    return replace(SMALL, **changes)
