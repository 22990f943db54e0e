"""CIEMAR: entry of a prospective registry of microwave ablation, colorectal liver metastases."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._populations import COLORECTAL_LIVER
from isotherm.criteria.rule import Combination, Grade, Guideline, Rule, Since
from isotherm.criteria.words import every, number, on_condition, one_of, yes
from isotherm.source import Citation

_SOURCE = Citation(
    title="Local tumour control following microwave ablation: protocol for the prospective observational CIEMAR study",
    year=2023,
    doi="10.1007/s00270-023-03573-0",
    trial="NCT03775980",
    journal="Cardiovasc Intervent Radiol 2024;47:121-129",
    where="abstract, methods: eligibility",
)

_entry = partial(
    Rule,
    kind="trial entry",
    unit="patient",
    population="colorectal liver metastases, microwave ablation",
    applies=COLORECTAL_LIVER,
    grade=Grade(scheme="registry protocol"),
    direction="for",
    since=Since("2019-09"),
    source=_SOURCE,
)

GUIDELINE = Guideline(
    id="ciemar-2023",
    name="CIEMAR registry",
    edition="protocol, 2023",
    short="CIEMAR 2023",
    note="Encoded from the abstract of the protocol and valid from its first patient; 500 patients were enrolled from "
    "September 2019 to December 2022. A condition of a registry, not a recommendation.",
    rules=(
        _entry(
            id="ciemar-2023.age",
            title="adults",
            says="Patients are adults.",
            topic="fitness",
            holds=number("age_years") >= 18.0,
        ),
        _entry(
            id="ciemar-2023.number",
            title="up to 9 metastases",
            says="There are at most nine metastases without local therapy before.",
            topic="number",
            holds=number("n_lesions") <= 9,
            note="Read as the number of liver metastases that are there.",
        ),
        _entry(
            id="ciemar-2023.size",
            title="at most 3 cm",
            says="Each metastasis to be ablated measures at most 30 mm.",
            topic="size",
            unit="lesion",
            holds=every(number("diameter_mm") <= 30.0),
        ),
        _entry(
            id="ciemar-2023.naive",
            title="no local therapy before",
            says="The metastases to be ablated have had no local therapy before.",
            topic="local progression",
            unit="lesion",
            holds=every(yes("treatment_naive")),
        ),
        _entry(
            id="ciemar-2023.complete",
            title="all by microwaves, or with more",
            says="All metastases can be destroyed by microwave ablation alone, or together with resection, "
            "radiotherapy or both within 8 weeks.",
            topic="unresectable disease",
            holds=one_of("planned_modality", "MWA")
            & (
                yes("all_ablatable")
                | on_condition(yes("all_metastases_treatable"), "resection, radiotherapy or both come within 8 weeks")
            ),
        ),
    ),
    combinations=(
        Combination(
            id="ciemar-2023.entry",
            title="registry entry, as the abstract states it",
            of=(
                "ciemar-2023.age",
                "ciemar-2023.number",
                "ciemar-2023.size",
                "ciemar-2023.naive",
                "ciemar-2023.complete",
            ),
            source=_SOURCE,
        ),
    ),
)
