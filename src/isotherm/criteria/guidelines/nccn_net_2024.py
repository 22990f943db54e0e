"""NCCN, neuroendocrine tumors, version 2.2024: liver-directed therapy, progression, grade 3 of unfavorable biology."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._deck import slide
from isotherm.criteria.guidelines._populations import NEUROENDOCRINE_LIVER
from isotherm.criteria.rule import Combination, Grade, Guideline, Rule, Since
from isotherm.criteria.words import every, no, number, one_of, silent, yes

_cite = partial(slide, "NCCN Guidelines, Neuroendocrine Tumors, version 2.2024")
_LIVER = slide(
    "NCCN Guidelines, Neuroendocrine Tumors (version not printed on this slide)",
    "NCCN Guidelines Neuroendocrine Tumors: Principles of Liver-directed Therapy",
)
_GUT = _cite("Neuroendocrine Tumors of the Gastrointestinal Tract (Well-Differentiated Grade 1/2), Lung, and Thymus")
_PANCREAS = _cite("Neuroendocrine Tumors of the Pancreas (Well-Differentiated Grade 1/2)")
_GRADE_3 = _cite("Well-Differentiated, Grade 3 Neuroendocrine Tumors: unfavorable biology")

_LOW_GRADE = one_of("net_grade", "G1", "G2")
_WELL_G3 = one_of("primary", "neuroendocrine") & one_of("net_grade", "G3") & yes("well_differentiated")
_FEATURES = (number("ki67_percent") >= 55.0, yes("rapid_growth"), yes("fdg_avid"), no("sstr_positive"))
_HIGH_KI67, _RAPID, _AVID, _NEGATIVE = _FEATURES
_UNFAVORABLE = (_HIGH_KI67 & _RAPID & _AVID & _NEGATIVE) | (
    (_HIGH_KI67 | _RAPID | _AVID | _NEGATIVE)
    & silent("four features are listed, and not how many of them make the biology unfavorable")
)
_rule = partial(
    Rule,
    kind="recommendation",
    unit="patient",
    population="neuroendocrine liver metastases",
    applies=NEUROENDOCRINE_LIVER,
    grade=Grade(scheme="NCCN category"),
    direction="for",
    status="document",
    since=Since("2024"),
)
_grade_3 = partial(
    _rule,
    population="well differentiated neuroendocrine tumor of grade 3, unfavorable biology, advanced or metastatic",
    applies=_WELL_G3 & _UNFAVORABLE,
    source=_GRADE_3,
)
_of_liver = partial(_rule, source=_LIVER, since=Since(""))
_weighed = partial(_of_liver, kind="practice", unit="procedure", direction="caution")

GUIDELINE = Guideline(
    id="nccn-net-2024",
    name="NCCN neuroendocrine tumors",
    edition="version 2.2024",
    short="NCCN NET 2024",
    note="Paraphrased from slides. The slide on principles of liver-directed therapy prints no version, so that its "
    "rules have no date; the others print 2.2024. Newer versions may exist. No category is printed. Radiotherapy, "
    "systemic therapy and trials are left out; the page on grade 3 of favorable biology is a title only.",
    rules=(
        _of_liver(
            id="nccn-net-2024.oligometastatic",
            title="oligometastatic",
            says="Percutaneous thermal ablation may be considered for oligometastatic disease of the liver.",
            topic="number",
            holds=yes("oligometastatic"),
            note="The word is not defined beyond the general limits of number and size.",
        ),
        _of_liver(
            id="nccn-net-2024.number",
            title="generally up to 4",
            says="Generally there are up to four lesions.",
            topic="number",
            holds=number("n_lesions") <= 4,
            note="Generally: the page leaves room for exceptions and does not tell which.",
        ),
        _of_liver(
            id="nccn-net-2024.size",
            title="generally below 3 cm each",
            says="Generally each lesion is smaller than 30 mm.",
            topic="size",
            unit="lesion",
            holds=every(number("diameter_mm") < 30.0),
            note="Generally: the page leaves room for exceptions and does not tell which.",
        ),
        _of_liver(
            id="nccn-net-2024.approach",
            title="percutaneous heat or cold",
            says="Ablation is spoken of as percutaneous: mostly with microwaves; radiofrequency and cold are "
            "acceptable too.",
            topic="approach",
            unit="procedure",
            holds=(one_of("approach", "percutaneous") & one_of("planned_modality", "MWA", "RFA", "cryoablation"))
            | silent("laparoscopic and open ablation and electroporation are not spoken of"),
        ),
        _weighed(
            id="nccn-net-2024.bile-duct",
            title="bile ducts are weighed",
            says="Whether bile ducts are near is weighed when feasibility is judged.",
            topic="bile duct",
            holds=silent("no distance to bile ducts is printed"),
        ),
        _weighed(
            id="nccn-net-2024.vessel",
            title="vessels are weighed",
            says="Whether vessels are near is weighed when feasibility is judged.",
            topic="vessels",
            holds=silent("no distance to vessels is printed"),
        ),
        _weighed(
            id="nccn-net-2024.structures",
            title="neighbors may be displaced",
            says="A safe percutaneous way and structures nearby are weighed; fluid or gas may have to displace these.",
            topic="bowel and other structures",
            holds=silent("no distance to other structures is printed"),
        ),
        _of_liver(
            id="nccn-net-2024.pancreatoduodenectomy",
            title="after pancreatoduodenectomy",
            says="After pancreatoduodenectomy, therapy directed at liver metastases (resection, thermal ablation, "
            "chemoembolization) carries a higher risk of cholangitis and liver abscess.",
            topic="safety",
            kind="predictor",
            population="neuroendocrine liver metastases after pancreatoduodenectomy",
            applies=NEUROENDOCRINE_LIVER & yes("prior_pancreatoduodenectomy"),
            holds=yes("local_therapy_planned"),
            direction="caution",
            endpoint="cholangitis and liver abscess",
            note="A warning, not an exclusion.",
        ),
        _rule(
            id="nccn-net-2024.progression-gut",
            title="progression: gut, lung, thymus",
            says="On clinically significant progression, liver-directed therapy is one of the options where disease is "
            "mainly in the liver; systemic therapy is another.",
            topic="unresectable disease",
            population="neuroendocrine liver metastases of the gastrointestinal tract (grade 1 or 2), lung or thymus",
            applies=NEUROENDOCRINE_LIVER
            & ((one_of("net_site", "gastrointestinal") & _LOW_GRADE) | one_of("net_site", "lung", "thymus")),
            holds=yes("progression") & yes("liver_predominant"),
            source=_GUT,
            note="Grades 1 and 2 are well differentiated by definition.",
        ),
        _rule(
            id="nccn-net-2024.progression-pancreas",
            title="progression: pancreas",
            says="On progression, liver-directed therapy may be considered where disease is mainly in the liver; "
            "systemic therapy and trials are other options.",
            topic="unresectable disease",
            population="neuroendocrine liver metastases of the pancreas, grade 1 or 2",
            applies=NEUROENDOCRINE_LIVER & one_of("net_site", "pancreas") & _LOW_GRADE,
            holds=yes("disease_progression") & yes("liver_predominant"),
            source=_PANCREAS,
            note="Here progression is printed without the word significant; a footnote to it is not shown.",
        ),
        _rule(
            id="nccn-net-2024.unfavorable",
            title="unfavorable biology",
            says="Signs of unfavorable biology are a relatively high Ki-67 (at least 55 %), rapid growth, uptake of "
            "FDG, and no somatostatin receptors on PET.",
            topic="biology",
            kind="observation",
            population="well differentiated neuroendocrine tumor of grade 3, advanced or metastatic",
            applies=_WELL_G3,
            holds=_UNFAVORABLE,
            direction="none",
            source=_GRADE_3,
            note="Present where all four are, absent where none is; between, the source does not say.",
        ),
        _grade_3(
            id="nccn-net-2024.grade-3-liver",
            title="grade 3: liver-directed therapy",
            says="Liver-directed therapy (embolization, radioembolization, ablation, stereotactic radiotherapy) may be "
            "considered as an addition.",
            topic="biology",
            applies=_WELL_G3 & _UNFAVORABLE & one_of("organ", "liver"),
            holds=yes("systemic_therapy_planned") | silent("the source does not say to what it is added"),
        ),
        _grade_3(
            id="nccn-net-2024.surveillance",
            title="every 8 to 12 weeks",
            says="History, examination, and CT or MRI of abdomen and pelvis in several phases every 8 to 12 weeks; "
            "chest CT, FDG-PET/CT and markers as needed.",
            topic="surveillance",
            holds=number("surveillance_interval_weeks").between(8.0, 12.0),
            note="Where within that span depends on the tumor's biology.",
        ),
    ),
    combinations=(
        Combination(
            id="nccn-net-2024.ablation",
            title="percutaneous ablation",
            of=("nccn-net-2024.oligometastatic", "nccn-net-2024.number", "nccn-net-2024.size"),
            source=_LIVER,
        ),
    ),
)
