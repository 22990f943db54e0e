"""Wang 2013: margin and local progression after radiofrequency ablation of colorectal liver metastases, as context."""

from __future__ import annotations

from isotherm.criteria.guidelines._populations import COLORECTAL_LIVER
from isotherm.criteria.rule import Grade, Guideline, Rule, Since
from isotherm.criteria.words import number, one_of, silent, some_lesion
from isotherm.source import Citation

_ON_CT = (
    one_of("ablation_modality", "RFA")
    & one_of("margin_scan", "CT")
    & number("days_after_ablation").between(28, 56)
)  # fmt: skip

GUIDELINE = Guideline(
    id="wang-2013",
    name="Margin after RFA (Wang)",
    edition="study, 2013",
    short="Wang 2013",
    note="Encoded from the abstract: 94 metastases in 73 patients, radiofrequency ablation, margins measured side by "
    "side on CT after 4 to 8 weeks, when the zone has shrunk. Context, no criterion.",
    rules=(
        Rule(
            id="wang-2013.margin",
            title="46 % less per 5 mm",
            says="Each 5 mm more of minimal margin went with 46 % less risk of local progression. Free of it after 2 "
            "years were 26 % at 0 mm, 46 % at 1 to 5 mm, 74 % at 6 to 10 mm and 80 % at 11 to 15 mm.",
            topic="margin",
            kind="observation",
            unit="lesion",
            population="colorectal liver metastases after RFA, CT at 4 to 8 weeks",
            applies=COLORECTAL_LIVER & some_lesion(_ON_CT),
            holds=silent("a slope per 5 mm has no limit, and it is no probability for one patient"),
            grade=Grade(scheme="observational study"),
            direction="none",
            endpoint="local tumor progression",
            since=Since("2013"),
            source=Citation(
                title="Margin size is an independent predictor of local tumor progression after ablation of colon "
                "cancer liver metastases",
                year=2013,
                doi="10.1007/s00270-012-0377-1",
                pmcid="PMC4122121",
                journal="Cardiovasc Intervent Radiol 2013;36:166-175",
                where="abstract, results",
            ),
            note="4 to 8 weeks are taken as 28 to 56 days. The classes are whole millimeters: 0.5, 5.5 and 10.5 mm lie "
            "in none.",
        ),
    ),
)
