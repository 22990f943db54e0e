"""The document of a truth: what is true of simulated patients, written beside their tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isotherm.study.protocol import plain
from isotherm.study.simulate.registry import Registry
from isotherm.study.simulate.registry_truth import RegistryTruth

SCHEMA = "isotherm.study-truth/1"

NOTICE = "Synthetic: all patients are simulated. Nothing in these files was ever seen in a patient."


def truth_document(registry: Registry, truths: Sequence[RegistryTruth], software: Mapping[str, str]) -> dict[str, Any]:
    """Return the truth of a registry, in an order that does not change."""
    scenario, arm = registry.scenario, registry.arm
    meant = np.bincount(arm, minlength=len(scenario.arms)).tolist()
    local = scenario.local
    return {
        "schema": SCHEMA,
        "synthetic": NOTICE,
        "software": dict(software),
        "scenario": {"name": scenario.name, "title": scenario.title, "source": scenario.source, "hash": scenario.hash},
        "seed": registry.seed,
        "patients": len(arm),
        "rows": len(registry.tables.patients),
        "choices": list(scenario.choices),
        "strategies": [
            {
                "name": one.name,
                "label": one.label,
                "ablation": plain(one.ablation),
                "systemic": plain(one.systemic),
                "log_effect_of_ablation": one.effect,
                "log_effect_of_ablation_in_high_burden": one.in_high_burden,
                "is_strategy": one.is_strategy,
                "meant_for": count,
            }
            for one, count in zip(scenario.arms, meant, strict=True)
        ],
        "contrasts": [_contrast(one) for one in truths],
        "local_progression": {
            "log_hazard_ratio_per_cm": local.per_cm,
            "log_hazard_ratio_3_cm_or_more": local.large,
            "log_hazard_ratio_per_mm_of_margin": local.per_mm,
            "log_hazard_ratio_bridging_vessel": local.bridging,
            "log_hazard_ratio_peridiaphragmatic": local.peridiaphragmatic,
            "sd_of_what_tumors_of_a_patient_share": local.patient_sd,
        },
        "entered_twice": [list(pair) for pair in registry.twice],
        "world": plain(scenario),
    }


def _contrast(one: RegistryTruth) -> dict[str, Any]:
    truth = one.truth
    return {
        "strategy": one.strategy,
        "reference": one.reference,
        "endpoint": one.endpoint,
        "group": one.group,
        "n": truth.n,
        "horizon_days": truth.horizon_days,
        "log_hazard_ratio": truth.log_hazard_ratio,
        "hazard_ratio": math.exp(truth.log_hazard_ratio),
        "risk": {one.reference: truth.risk[0], one.strategy: truth.risk[1]},
        "risk_difference": truth.risk_difference,
        "rmst_difference_days": truth.rmst_difference_days,
    }
