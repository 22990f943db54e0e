"""Shyn 2014: signs on MRI 24 hours after cryoablation of the liver, and local progression afterwards."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._populations import LIVER
from isotherm.criteria.rule import Grade, Guideline, Rule, Since
from isotherm.criteria.words import number, one_of, some_lesion, yes
from isotherm.source import Citation

_AT_24_HOURS = (
    one_of("ablation_modality", "cryoablation")
    & one_of("margin_scan", "MRI")
    & number("days_after_ablation").exactly(1)
)

_sign = partial(
    Rule,
    kind="predictor",
    unit="lesion",
    population="liver tumors after cryoablation, MRI at 24 hours",
    applies=LIVER & some_lesion(_AT_24_HOURS),
    grade=Grade(scheme="observational study"),
    direction="caution",
    endpoint="local tumor progression",
    since=Since("2014-02-20"),
    source=Citation(
        title="Percutaneous imaging-guided cryoablation of liver tumors: predicting local progression on 24-hour MRI",
        year=2014,
        doi="10.2214/AJR.13.10747",
        pmid="24555531",
        journal="AJR Am J Roentgenol 2014;203:W181-W191",
        where="abstract, results and conclusion",
    ),
)

GUIDELINE = Guideline(
    id="shyn-2014",
    name="Cryoablation on 24-hour MRI (Shyn)",
    edition="study, 2014",
    short="Shyn 2014",
    note="Encoded from the abstract: 54 tumors in 39 patients, 46 of them metastases of any origin and 8 "
    "hepatocellular carcinomas, technically successful cryoablation. Nothing here holds for heat, nor on another day "
    "or on CT. The whole margin could be assessed in 49 of the 54.",
    rules=(
        _sign(
            id="shyn-2014.margin",
            title="margin of at most 3 mm",
            says="A minimal margin of at most 3 mm was seen in 11 of 14 tumors that progressed and in 15 of 40 that "
            "did not (P = 0.012).",
            topic="margin",
            holds=some_lesion(_AT_24_HOURS & (number("minimal_margin_mm") <= 3.0)),
        ),
        _sign(
            id="shyn-2014.vessel",
            title="a vessel bridges the margin",
            says="A vessel that bridges the margin was seen in 11 of 14 tumors that progressed and in 9 of 40 that "
            "did not (P < 0.001).",
            topic="vessels",
            holds=some_lesion(_AT_24_HOURS & yes("vessel_bridging")),
        ),
        _sign(
            id="shyn-2014.enhancement",
            title="enhancement tells nothing",
            says="Enhancement within the tumor was as frequent in those that progressed (10 of 14) as in those that "
            "did not (25 of 40; P = 0.75): by itself it is not to be read as residual tumor.",
            topic="local progression",
            kind="observation",
            holds=some_lesion(_AT_24_HOURS & yes("enhancement")),
            direction="none",
            note="Present means that enhancement is seen, not that tumor is left.",
        ),
    ),
)
