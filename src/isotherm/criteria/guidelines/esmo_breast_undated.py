"""ESMO, metastatic breast cancer: oligometastatic disease, as a slide reproduces it; no edition printed."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._deck import slide
from isotherm.criteria.rule import Grade, Guideline, Rule, Since
from isotherm.criteria.words import on_condition, one_of, yes

_rule = partial(
    Rule,
    kind="recommendation",
    unit="patient",
    population="oligometastatic breast cancer, any organ",
    applies=one_of("primary", "breast") & yes("oligometastatic"),
    grade=Grade(scheme="ESMO level and grade", level="V", strength="B"),
    direction="for",
    status="document",
    since=Since(""),
    source=slide(
        "ESMO guideline, metastatic breast cancer (edition not printed)", "ESMO Guidelines for Metastatic Breast Cancer"
    ),
)

GUIDELINE = Guideline(
    id="esmo-breast",
    name="ESMO metastatic breast cancer",
    edition="no edition printed",
    short="ESMO breast",
    note="Paraphrased from a slide that prints no year. It gives no size, number, margin or distance, and does not say "
    "what oligometastatic means. Newer editions may exist.",
    silent_on=("size", "margin", "bile duct", "bowel and other structures", "vessels"),
    rules=(
        _rule(
            id="esmo-breast.dynamics",
            title="induced, recurrent or neither",
            says="How the disease has moved over time is looked at, to tell induced and recurrent oligometastatic "
            "disease.",
            topic="biology",
            holds=one_of("oligometastatic_kind", "induced", "recurrent", "de novo"),
            note="Met once the kind is known.",
        ),
        _rule(
            id="esmo-breast.imaging-history",
            title="complete imaging history",
            says="Decisions on oligometastatic disease are made with the complete imaging history at hand.",
            topic="imaging",
            holds=yes("complete_imaging_history"),
        ),
        _rule(
            id="esmo-breast.multidisciplinary",
            title="multidisciplinary discussion",
            says="Patients are discussed in a multidisciplinary setting so that management is individual.",
            topic="team",
            holds=yes("multidisciplinary"),
        ),
        _rule(
            id="esmo-breast.multimodality",
            title="local and systemic together",
            says="Locoregional therapy (radiotherapy, image-guided ablation, radioembolization, surgery) goes together "
            "with systemic therapy, tailored to the patient's disease.",
            topic="order with systemic therapy",
            holds=yes("local_therapy_planned") & yes("systemic_therapy_planned"),
            note="An order in time is not given.",
        ),
        _rule(
            id="esmo-breast.all-lesions",
            title="all metastases",
            says="Local ablative therapy of all metastases may be offered to individual patients after "
            "multidisciplinary discussion.",
            topic="number",
            holds=on_condition(
                yes("all_metastases_treatable") & yes("multidisciplinary"),
                "it is decided individually; whether it prolongs survival is not known",
            ),
            grade=Grade(scheme="ESMO level and grade", level="II", strength="C"),
            endpoint="overall survival, benefit not known",
        ),
    ),
)
