"""ESMO 2023, metastatic colorectal cancer: thermal ablation of small metastases, from memory and not yet confirmed."""

from __future__ import annotations

from isotherm.criteria.guidelines._populations import COLORECTAL_LIVER
from isotherm.criteria.rule import Grade, Guideline, Rule, Since
from isotherm.criteria.words import every, no, number, silent, yes
from isotherm.source import Citation

GUIDELINE = Guideline(
    id="esmo-mcrc-2023",
    name="ESMO metastatic colorectal cancer",
    edition="2023",
    short="ESMO mCRC 2023",
    note="From memory: to be confirmed in the guideline before it is used. Its other statements are not encoded. Newer "
    "editions may exist.",
    rules=(
        Rule(
            id="esmo-mcrc-2023.size",
            title="small and unresectable, or with surgery",
            says="Thermal ablation is for small lesions of at most 30 mm that are not resectable, or goes along with "
            "surgery.",
            topic="size",
            kind="recommendation",
            unit="lesion",
            population="colorectal liver metastases, not resectable or ablated along with surgery",
            applies=COLORECTAL_LIVER & (no("resectable") | yes("with_resection")),
            holds=every(number("diameter_mm") <= 30.0)
            | (yes("with_resection") & silent("whether the size holds beside surgery is to be confirmed")),
            grade=Grade(scheme="ESMO level and grade"),
            direction="for",
            status="recalled",
            since=Since("2023"),
            source=Citation(
                title="Metastatic colorectal cancer: ESMO Clinical Practice Guideline",
                year=2023,
                journal="Ann Oncol 2023;34:10-32",
                where="section on local ablative treatment; place to be confirmed",
            ),
            note="Level and grade are to be confirmed as well.",
        ),
    ),
)
