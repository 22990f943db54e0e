"""Which fields of records are facts, or let one follow: data that needs no library, since the worklist reads it too."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DECISION = ("organ", "ecog", "asa", "cea_ug_l", "n_lesions", "largest_lesion_mm", "distribution", "synchronous",
            "extrahepatic_disease", "extrahepatic_all_treatable", "mediastinal_nodes", "resectable",
            "tumor_board")  # fmt: skip
"""Fields of a decision that are facts of its day."""

PRIMARY = ("primary", "primary_site", "net_site", "n_stage", "microsatellites", "net_grade", "ki67_percent")
"""Fields of a primary tumor that are facts without a day: they do not change."""

READING = ("diameter_mm", "to_vessel_mm", "to_bile_duct_mm", "to_bowel_mm", "to_capsule_mm", "enhancement")
"""Fields of a lesion on a scan that are facts of the scan's day."""

TELLS: Mapping[tuple[str, str], str] = MappingProxyType({
    **{("decision", name): name for name in DECISION}, **{("primary", name): name for name in PRIMARY},
    **{("reading", name): name for name in READING},
    ("patient", "born_on"): "age_years", ("patient", "sex"): "pregnant",
    ("primary", "resected_on"): "primary_resected", ("lesion", "organ"): "organ",
    ("lesion", "peridiaphragmatic"): "peridiaphragmatic", ("ablation", "modality"): "ablation_modality",
    ("session", "ablated_on"): "days_after_ablation", ("systemic", "started_on"): "chemotherapy_before",
    ("systemic", "stopped_on"): "weeks_since_chemotherapy",
})  # fmt: skip
"""Which fact a field tells, or lets follow, by kind and field; findings of follow-ups overrule and tell none alone."""
