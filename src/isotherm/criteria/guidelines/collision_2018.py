"""COLLISION: randomized trial of ablation against resection of small colorectal liver metastases, its criteria."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._deck import DECK
from isotherm.criteria.guidelines._populations import COLORECTAL_LIVER
from isotherm.criteria.rule import Combination, Grade, Guideline, Rule, Since
from isotherm.criteria.words import every, every_lesion, no, number, on_condition, one_of, silent, some_lesion, yes
from isotherm.source import Citation

_protocol = partial(
    Citation,
    title="Colorectal liver metastases: surgery versus thermal ablation (COLLISION), trial protocol",
    year=2018,
    doi="10.1186/s12885-018-4716-8",
    trial="NCT03088150",
)
_final_report = Citation(
    title="Thermal ablation versus surgical resection of small-size colorectal liver metastases (COLLISION)",
    year=2025,
    doi="10.1016/S1470-2045(24)00660-0",
    journal="Lancet Oncol 2025;26:187-199",
    where="abstract",
)

_rule = partial(
    Rule,
    population="colorectal liver metastases",
    applies=COLORECTAL_LIVER,
    grade=Grade(scheme="trial protocol"),
    direction="for",
    since=Since("2018-08-15"),
)

_entry = partial(_rule, kind="trial entry", unit="patient")
_criterion = partial(_rule, kind="criterion", status="document")
"""Read as a lecture reproduces them."""

_table = partial(_protocol, where="table 1, inclusion criteria")
_excluded = partial(_protocol, where="table 1, exclusion criteria")
_resectability = partial(_protocol, where="general resectability criteria")
_ablatability = partial(_protocol, where="general ablatability criteria")
_both = partial(_protocol, where="general resectability criteria and general ablatability criteria")

_ENTRY = (
    _entry(
        id="collision-2018.target",
        title="a target lesion",
        says="At least one metastasis of at most 3 cm can be both resected and ablated.",
        topic="resectable disease",
        unit="lesion",
        holds=some_lesion((number("diameter_mm") <= 30.0) & yes("lesion_resectable") & yes("lesion_ablatable")),
        source=_table(),
        note="To be confirmed by ultrasound during the operation. Targets of the trial measured up to 34 mm when "
        "randomized and up to 50 mm at the procedure.",
    ),
    _entry(
        id="collision-2018.additional-lesions",
        title="all others resectable or ablatable",
        says="A further metastasis that cannot be resected is ablatable and at most 3 cm; one that cannot be ablated "
        "is resectable.",
        topic="unresectable disease",
        unit="lesion",
        holds=every_lesion(
            yes("lesion_resectable") | ((number("diameter_mm") <= 30.0) & yes("lesion_ablatable")),
        ),
        source=_table(),
    ),
    _entry(
        id="collision-2018.number",
        title="at most 10 metastases",
        says="There are at most ten colorectal liver metastases.",
        topic="number",
        holds=number("n_lesions").between(1, 10),
        source=_protocol(where="table 1, and general resectability and ablatability criteria"),
        note="Patients of the trial had up to 12.",
    ),
    _entry(
        id="collision-2018.age",
        title="above 18 years",
        says="The patient is older than 18 years.",
        topic="fitness",
        holds=number("age_years") > 18.0,
        source=_table(),
        note="The protocol prints > 18; the final report says 18 years or older.",
    ),
    _entry(
        id="collision-2018.ecog",
        title="ECOG 0 to 2",
        says="The ECOG performance status is 0, 1 or 2.",
        topic="fitness",
        holds=number("ecog") <= 2,
        source=_table(),
    ),
    _entry(
        id="collision-2018.asa",
        title="ASA 1 to 3",
        says="The ASA class is 1, 2 or 3.",
        topic="fitness",
        holds=number("asa") <= 3,
        source=_table(),
    ),
    _entry(
        id="collision-2018.life-expectancy",
        title="12 weeks expected",
        says="Life expectancy is at least 12 weeks.",
        topic="fitness",
        holds=number("life_expectancy_weeks") >= 12.0,
        source=_table(),
    ),
    _entry(
        id="collision-2018.extrahepatic",
        title="no disease outside of the liver",
        says="There are no metastases outside of the liver, in nodes or elsewhere.",
        topic="disease outside of the liver",
        holds=no("extrahepatic_disease"),
        source=_excluded(),
    ),
    _entry(
        id="collision-2018.first-liver-therapy",
        title="no earlier local therapy",
        says="No colorectal liver metastasis was resected or ablated before.",
        topic="resectable disease",
        holds=no("prior_liver_resection") & no("prior_liver_ablation"),
        source=_excluded(),
    ),
    _entry(
        id="collision-2018.chemotherapy",
        title="6 weeks after chemotherapy",
        says="More than 6 weeks lie between the last chemotherapy or immunotherapy and the procedure.",
        topic="order with systemic therapy",
        holds=no("chemotherapy_before") | (number("weeks_since_chemotherapy") > 6.0),
        source=_excluded(),
        note="Counted up to the day that is asked about: it may be met on a later day of the procedure. Exactly 6 "
        "weeks exclude.",
    ),
    _entry(
        id="collision-2018.liver-function",
        title="liver function kept",
        says="There is no compromised liver function, such as ascites, signs of portal hypertension, or an INR above "
        "1.5 without anticoagulants.",
        topic="fitness",
        holds=no("ascites") & no("portal_hypertension") & ((number("inr") <= 1.5) | yes("anticoagulants")),
        source=_excluded(),
        note="The three signs are printed as examples; laboratory values are left to local judgment.",
    ),
    _entry(
        id="collision-2018.pregnancy",
        title="not pregnant",
        says="The patient is not pregnant.",
        topic="safety",
        holds=no("pregnant"),
        source=_excluded(),
        note="Breast-feeding excludes as well and is not asked here; men are noted as not pregnant.",
    ),
    _entry(
        id="collision-2018.infection",
        title="no uncontrolled infection",
        says="There is no uncontrolled infection.",
        topic="safety",
        holds=no("uncontrolled_infection"),
        source=_excluded(),
        note="Printed with a grade: above 2 of NCI-CTC version 3.0.",
    ),
    _entry(
        id="collision-2018.contrast-allergy",
        title="contrast agents tolerated",
        says="There is no severe allergy to contrast agents that premedication does not control.",
        topic="safety",
        holds=no("severe_contrast_allergy"),
        source=_excluded(),
    ),
)

_CRITERIA = (
    _criterion(
        id="collision-2018.flr",
        title="enough liver remains",
        says="More than 20 % of normally working liver remains, more than 30 % after chemotherapy.",
        topic="liver remnant",
        unit="patient",
        holds=(number("flr_percent") > 30.0) | ((number("flr_percent") > 20.0) & no("chemotherapy_before")),
        source=_both(),
        note="Both limits are strict. Before a resection, embolization of the portal vein may be considered where too "
        "little remains.",
    ),
    _criterion(
        id="collision-2018.resectable-r0",
        title="complete resection expected",
        says="Resection aims at negative margins; there is no limit of size.",
        topic="resectable disease",
        unit="patient",
        holds=yes("r0_expected"),
        source=_resectability(),
        note="An aim: whether negative margins can be expected is judged.",
    ),
    _criterion(
        id="collision-2018.resectable-vessels",
        title="vessels of the remnant kept",
        says="What remains keeps at least one of the three hepatic veins, and its inflow by portal vein and artery.",
        topic="liver remnant",
        unit="patient",
        holds=(number("hepatic_veins_kept") >= 1) & yes("inflow_kept"),
        source=_resectability(),
    ),
    _criterion(
        id="collision-2018.resectable-field",
        title="field can be approached",
        says="The field of surgery can be approached: major morbidity is estimated at no more than 20 % and mortality "
        "at no more than 5 %.",
        topic="fitness",
        unit="patient",
        holds=(number("surgery_morbidity_percent") <= 20.0) & (number("surgery_mortality_percent") <= 5.0),
        source=_resectability(),
        note="Printed as a field without extensive scars, adhesions or hernias, with the risks in brackets; only the "
        "risks are asked.",
    ),
    _criterion(
        id="collision-2018.ablatable-size",
        title="at most 3 cm",
        says="No metastasis to be ablated is larger than 3 cm.",
        topic="size",
        unit="lesion",
        holds=every(number("diameter_mm") <= 30.0),
        source=_ablatability(),
        note="30.0 mm is met. Targets of the trial measured up to 34 mm when randomized and up to 50 mm at the "
        "procedure.",
    ),
    _criterion(
        id="collision-2018.ablatable-margin",
        title="margin above 10 mm planned",
        says="Ablation aims at a margin above 10 mm.",
        topic="margin",
        unit="procedure",
        holds=number("planned_margin_mm") > 10.0,
        source=_ablatability(),
        note="An aim of the plan, strict; what was reached is no gate.",
    ),
    _criterion(
        id="collision-2018.ablatable-bile-duct",
        title="15 mm from major ducts",
        says="A metastasis to be ablated lies at least 15 mm from the common, right and left hepatic duct.",
        topic="bile duct",
        unit="lesion",
        holds=every(number("to_bile_duct_mm") >= 15.0),
        source=_ablatability(),
    ),
    _criterion(
        id="collision-2018.ablatable-bowel",
        title="15 mm from bowel",
        says="A metastasis to be ablated lies at least 15 mm from stomach, small bowel and colon: this is respected "
        "through the skin and pursued in open procedures. Bowel may be shifted by gas or fluid.",
        topic="bowel and other structures",
        unit="lesion",
        holds=every(number("to_bowel_mm") >= 15.0)
        | on_condition(yes("displacement_planned"), "gas or fluid shifts the bowel to 15 mm")
        | on_condition(one_of("approach", "open"), "open: the distance is pursued, not required")
        | (one_of("approach", "laparoscopic") & silent("whether laparoscopy respects or pursues the distance")),
        source=_ablatability(),
    ),
    _criterion(
        id="collision-2018.ablatable-others",
        title="the rest can be resected",
        says="Ablation may go with a resection of further lesions that cannot be ablated.",
        topic="unresectable disease",
        unit="lesion",
        holds=every_lesion(yes("lesion_ablatable") | yes("lesion_resectable")),
        source=_ablatability(),
    ),
    _criterion(
        id="collision-2018.low-burden",
        title="few and small: no open surgery",
        says="With at most three metastases of at most 3 cm each, a percutaneous or laparoscopic approach is "
        "considered.",
        topic="approach",
        unit="patient",
        holds=number("n_lesions").between(1, 3) & (number("largest_lesion_mm") <= 30.0),
        source=_protocol(where="design: disease burden and approach"),
        note="Otherwise the approach follows local expertise.",
    ),
)

_RESULT = _rule(
    id="collision-2018.result",
    title="in the trial's population",
    says="In patients with at most ten metastases of at most 3 cm and none outside of the liver, the trial was stopped "
    "halfway under its rules: no difference in survival was found, and ablation had fewer adverse events.",
    topic="resectable disease",
    kind="observation",
    unit="patient",
    holds=(number("n_lesions") <= 10)
    & some_lesion((number("diameter_mm") <= 30.0) & yes("lesion_resectable") & yes("lesion_ablatable"))
    & no("extrahepatic_disease"),
    grade=Grade(scheme="none"),
    endpoint="overall survival",
    source=_final_report,
    since=Since("2025-01-20"),
    note="Stopped early with 300 of 618 planned patients; the conditional probability of proving non-inferiority was "
    "90.5 %. It is no completed proof. First presented in June 2024.",
)

GUIDELINE = Guideline(
    id="collision-2018",
    name="COLLISION",
    edition="trial protocol, 2018; final report, 2025",
    short="COLLISION 2018",
    note="Entry criteria as in table 1 of the protocol; resectability, ablatability and approach as reproduced in "
    f"{DECK}. The rest of the protocol was not read. Amendments may exist.",
    rules=(*_ENTRY, *_CRITERIA, _RESULT),
    combinations=(
        Combination(
            id="collision-2018.entry",
            title="trial entry, without histology, laboratory values and consent",
            of=(*(rule.id for rule in _ENTRY), "collision-2018.flr", "collision-2018.resectable-r0"),
            source=_protocol(where="table 1"),
        ),
        Combination(
            id="collision-2018.resectability",
            title="resectable by the protocol",
            of=(
                "collision-2018.number",
                "collision-2018.flr",
                "collision-2018.resectable-r0",
                "collision-2018.resectable-vessels",
                "collision-2018.resectable-field",
            ),
            source=_resectability(),
        ),
        Combination(
            id="collision-2018.ablatability",
            title="ablatable by the protocol",
            of=(
                "collision-2018.number",
                "collision-2018.flr",
                "collision-2018.ablatable-size",
                "collision-2018.ablatable-margin",
                "collision-2018.ablatable-bile-duct",
                "collision-2018.ablatable-bowel",
                "collision-2018.ablatable-others",
            ),
            source=_ablatability(),
        ),
    ),
)
