"""What can be known of one lesion."""

from __future__ import annotations

from isotherm.clinical.kinds import FactKind


def _mm(name: str, label: str, *, high: float = 300.0, largest: str = "", smallest: str = "", note: str = "",
        low: float = 0.0) -> FactKind:  # fmt: skip
    return FactKind(name=name, of="lesion", form="number", label=label, unit="mm", low=low, high=high, imaging=True,
                    largest=largest, smallest=smallest, note=note)  # fmt: skip


def _yes(name: str, label: str, *, judgment: bool = False, imaging: bool = False, note: str = "") -> FactKind:
    return FactKind(
        name=name, of="lesion", form="yes or no", label=label, judgment=judgment, imaging=imaging, note=note
    )


LESION_KINDS: tuple[FactKind, ...] = (
    _yes("target", "to be ablated", note="whether this lesion is to be ablated; others may be resected"),
    _mm("diameter_mm", "largest diameter", low=0.1, largest="largest_target_mm"),
    _mm("to_bile_duct_mm", "distance to the common, right or left hepatic duct", smallest="nearest_to_bile_duct_mm"),
    _mm("to_right_or_left_duct_mm", "distance to the right or left hepatic duct"),
    _mm("to_bowel_mm", "distance to stomach, small bowel or colon", smallest="nearest_to_bowel_mm"),
    _mm("to_vulnerable_mm", "distance to a structure that heat or cold may harm",
        smallest="nearest_to_vulnerable_mm", note="as colon, stomach, gallbladder or heart"),
    _mm("to_vessel_mm", "distance to a vessel of at least 3 mm"),
    _mm("to_capsule_mm", "distance to the liver capsule"),
    _yes("next_to_bile_duct", "next to a major bile duct", judgment=True, imaging=True,
         note="the source says next to and prints no distance"),
    _yes("in_contact_with_vessel", "in contact with a vessel", imaging=True),
    _yes("near_large_vessel", "near a large vessel", judgment=True, imaging=True),
    _yes("heat_sink_overcome", "an aggressive ablation is thought to overcome the heat sink", judgment=True),
    _yes("well_located", "well located", judgment=True, note="the source prints no definition"),
    _yes("peridiaphragmatic", "next to the diaphragm", imaging=True),
    _yes("treatment_naive", "never treated before"),
    _yes("minor_resection_possible", "resectable as well"),
    _yes("lesion_resectable", "this lesion is resectable", judgment=True),
    _yes("lesion_ablatable", "this lesion is ablatable", judgment=True),
    _mm("minimal_margin_mm", "minimal ablation margin", low=-100.0, high=100.0,
        note="negative where tumor lies outside of the ablation zone"),
    FactKind(name="days_after_ablation", of="lesion", form="whole", label="day of the margin's scan after ablation",
             unit="days", low=0, high=3650),
    FactKind(name="margin_scan", of="lesion", form="choice", label="scan on which the margin was measured",
             choices=("CT", "MRI", "ultrasound")),
    FactKind(name="ablation_modality", of="lesion", form="choice", label="modality of its ablation",
             choices=("RFA", "MWA", "cryoablation", "IRE")),
    _yes("vessel_bridging", "a vessel bridges the margin", imaging=True),
    _yes("enhancement", "enhancement within the ablated tumor", imaging=True),
)  # fmt: skip
