"""Fan 2026: what went with progression and survival after ablation of colorectal lung metastases."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._populations import COLORECTAL_LUNG
from isotherm.criteria.rule import Grade, Guideline, Rule, Since
from isotherm.criteria.words import number, silent, some, yes
from isotherm.source import Citation

_predictor = partial(
    Rule,
    kind="predictor",
    unit="patient",
    population="colorectal lung metastases, thermal ablation",
    applies=COLORECTAL_LUNG,
    grade=Grade(scheme="observational study"),
    direction="caution",
    since=Since("2026-01-05"),
    source=Citation(
        title="Management of potentially curable colorectal lung metastases with synchronous systemic therapy and "
        "percutaneous image-guided thermal ablation",
        year=2026,
        doi="10.1080/07853890.2025.2612393",
        pmcid="PMC12777934",
        where="abstract, results",
    ),
)
_local = partial(_predictor, topic="local progression", unit="lesion", endpoint="local tumor progression")
_survival = partial(_predictor, topic="biology")

GUIDELINE = Guideline(
    id="fan-2026",
    name="Ablation of colorectal lung metastases (Fan)",
    edition="study, 2026",
    short="Fan 2026",
    note="Encoded from the abstract of a retrospective study of 326 patients in six centers, 2014 to 2022. Hazard "
    "ratios are printed without intervals and without their reference groups; those of number of tumors, tumor burden "
    "and extrapulmonary metastases are not printed at all.",
    rules=(
        _local(
            id="fan-2026.size",
            title="at least 3 cm",
            says="A tumor of at least 30 mm progressed locally more often (hazard ratio 1.75).",
            holds=some(number("diameter_mm") >= 30.0),
            note="30.0 mm belongs to the large ones.",
        ),
        _local(
            id="fan-2026.diaphragm",
            title="next to the diaphragm",
            says="A tumor next to the diaphragm progressed locally more often (hazard ratio 1.48).",
            holds=some(yes("peridiaphragmatic")),
            note="No distance is printed.",
        ),
        _survival(
            id="fan-2026.synchronous-metastases",
            title="synchronous metastases",
            says="With synchronous metastases, progression-free survival was shorter (hazard ratio 1.431).",
            holds=yes("synchronous"),
            endpoint="progression-free survival",
        ),
        _survival(
            id="fan-2026.extrapulmonary",
            title="metastases outside of the lung",
            says="With metastases outside of the lung, progression-free and overall survival were shorter.",
            holds=yes("extrapulmonary_metastases"),
            endpoint="progression-free survival, overall survival",
        ),
        _survival(
            id="fan-2026.mediastinal-nodes",
            title="mediastinal nodes",
            says="With mediastinal nodes involved, overall survival was shorter (hazard ratio 1.518).",
            holds=yes("mediastinal_nodes"),
            endpoint="overall survival",
        ),
        _survival(
            id="fan-2026.number",
            title="number of tumors",
            says="The number of tumors went with progression-free survival.",
            topic="number",
            holds=silent("no number is printed at which progression-free survival changes"),
            endpoint="progression-free survival",
        ),
        _survival(
            id="fan-2026.tumor-burden",
            title="tumor burden",
            says="A tumor burden that is not defined went with shorter overall survival.",
            holds=silent("tumor burden is not defined, and no limit of it is printed"),
            endpoint="overall survival",
        ),
        _survival(
            id="fan-2026.synchronous-therapy",
            title="systemic therapy at the same time",
            says="With systemic therapy at the time of ablation, progression-free survival (hazard ratio 0.493) and "
            "overall survival (0.211) were longer.",
            topic="order with systemic therapy",
            kind="observation",
            holds=yes("systemic_therapy_synchronous"),
            direction="for",
            endpoint="progression-free survival, overall survival",
            note="A sign of a better outcome. How near in time therapy has to be is not printed, nor with which group "
            "it was compared.",
        ),
    ),
)
