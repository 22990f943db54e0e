"""CAMINO 2024: what went with a plan that changed after MRI, colorectal liver metastases before local therapy."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._populations import COLORECTAL_LIVER
from isotherm.criteria.rule import Grade, Guideline, Rule, Since
from isotherm.criteria.words import no, one_of, silent, yes
from isotherm.source import Citation

_predictor = partial(
    Rule,
    topic="imaging",
    kind="predictor",
    unit="patient",
    population="colorectal liver metastases, local therapy planned on CT",
    applies=COLORECTAL_LIVER & yes("local_therapy_planned") & yes("ct_done"),
    grade=Grade(scheme="diagnostic accuracy study"),
    direction="none",
    endpoint="local therapy changed after MRI",
    since=Since("2024"),
    source=Citation(
        title="MRI in addition to CT in patients scheduled for local therapy of colorectal liver metastases (CAMINO): "
        "an international, multicentre, prospective, diagnostic accuracy trial",
        year=2024,
        doi="10.1016/S1470-2045(23)00572-7",
        journal="Lancet Oncol 2024;25:137-146",
        where="table of parameters associated with a change of plan, univariable analysis",
    ),
    status="document",
)

GUIDELINE = Guideline(
    id="camino-2024",
    name="MRI before local therapy (CAMINO)",
    edition="study, 2024",
    short="CAMINO 2024",
    note="Encoded from a table that a slide reproduces: MRI changed the plan of 92 of 298 patients (31 %). Predictors "
    "are univariable. Left out since their intervals hold 1: age, sex, BMI, performance status, steatosis, previous "
    "liver surgery, recurrence, a disease-free interval of up to 12 months (1.74, 0.98 to 3.08), and systemic therapy "
    "before. None of them is a reason against MRI.",
    rules=(
        _predictor(
            id="camino-2024.synchronous",
            title="synchronous",
            says="MRI changed the plan more often where metastases were synchronous (odds ratio 2.12, 1.27 to 3.56).",
            holds=yes("synchronous"),
        ),
        _predictor(
            id="camino-2024.bilobar",
            title="bilobar",
            says="MRI changed the plan more often in bilobar disease (odds ratio 2.11, 1.26 to 3.53).",
            holds=one_of("distribution", "bilobar"),
        ),
        _predictor(
            id="camino-2024.primary-in-place",
            title="primary tumor not resected",
            says="MRI changed the plan less often where the primary tumor had been resected (odds ratio 0.43, 0.25 to "
            "0.74); so it is a primary tumor in place that predicts a change.",
            holds=no("primary_resected"),
        ),
        _predictor(
            id="camino-2024.transverse-colon",
            title="transverse colon",
            says="MRI changed the plan more often with a primary tumor of the transverse colon than of the cecum (odds "
            "ratio 5.00, 1.12 to 22.41).",
            holds=one_of("primary_site", "transverse colon")
            | (~one_of("primary_site", "cecum") & silent("the intervals of the other sites hold 1")),
        ),
        _predictor(
            id="camino-2024.number",
            title="number of lesions",
            says="MRI changed the plan more often with more lesions (odds ratio 1.26 for each, 1.12 to 1.42).",
            holds=silent("a slope per lesion has no limit"),
        ),
        _predictor(
            id="camino-2024.size",
            title="size of the largest lesion",
            says="MRI changed the plan less often with a larger largest lesion (odds ratio 0.96, 0.94 to 0.98).",
            holds=silent("a slope has no limit, and its unit is not printed"),
        ),
    ),
)
