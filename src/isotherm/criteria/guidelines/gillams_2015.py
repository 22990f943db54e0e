"""Gillams 2015: position paper of the Interventional Oncology Sans Frontières meeting of 2013, colorectal liver."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._deck import DECK
from isotherm.criteria.guidelines._populations import COLORECTAL_LIVER
from isotherm.criteria.rule import Grade, Guideline, Rule, Since
from isotherm.criteria.words import every, no, number, on_condition, one_of, silent, yes
from isotherm.source import Citation

_paper = partial(
    Citation,
    title="Thermal ablation of colorectal liver metastases: a position paper by an international panel of ablation "
    "experts, the Interventional Oncology Sans Frontières meeting 2013",
    year=2015,
    doi="10.1007/s00330-015-3779-z",
    journal="Eur Radiol 2015;25:3438-3454",
)

_sentence = partial(
    Rule,
    population="colorectal liver metastases",
    applies=COLORECTAL_LIVER,
    direction="for",
    status="document",
    since=Since("2015-05-22"),
)

_row = partial(_sentence, kind="criterion", grade=Grade(scheme="panel consensus"))
"""Rows of the technical table: the panel's agreement is printed for its recommendations only."""

_strong = partial(
    _sentence, kind="recommendation", unit="patient", grade=Grade(scheme="panel consensus", native="Strong")
)
_moderate = partial(
    _sentence, kind="recommendation", unit="patient", grade=Grade(scheme="panel consensus", native="Moderate")
)

_DISTANCE = number("to_vulnerable_mm")

_TECHNICAL_TABLE = (
    _row(
        id="gillams-2015.size",
        title="below 3 cm",
        says="Lesions below 3 cm are preferred; one below 5 cm may be suitable if it is well located.",
        topic="size",
        unit="lesion",
        holds=every(number("diameter_mm") < 50.0)
        & (
            every(number("diameter_mm") < 30.0)
            | every(
                (number("diameter_mm") < 30.0)
                | on_condition(yes("well_located"), "a lesion of 3 cm or more is well located")
            )
        ),
        source=_paper(where="table Tumor and technical considerations: tumor size"),
        note="Both limits are strict: 30.0 mm is not below 3 cm, 50.0 mm not below 5 cm. Well located is not defined.",
    ),
    _row(
        id="gillams-2015.number-optimal",
        title="optimal limit: 1 to 3 tumors",
        says="One to three tumors are optimal.",
        topic="number",
        unit="patient",
        holds=number("n_lesions").between(1, 3),
        source=_paper(where="table Tumor and technical considerations: tumor number"),
    ),
    _row(
        id="gillams-2015.number-preferred",
        title="preferred limit: fewer than 5 tumors",
        says="Fewer than five tumors are preferable.",
        topic="number",
        unit="patient",
        holds=(number("n_lesions") >= 1) & (number("n_lesions") < 5),
        source=_paper(where="table Tumor and technical considerations: tumor number"),
        note="The printed cell also holds the word avoid, which belongs to the row below it.",
    ),
    _row(
        id="gillams-2015.number-maximum",
        title="limit: at most 9 tumors",
        says="Six to nine tumors are the maximum; fewer than five are preferable, and five are in neither class.",
        topic="number",
        unit="patient",
        holds=number("n_lesions").between(1, 9)
        & (~number("n_lesions").exactly(5) | silent("five tumors are neither fewer than 5 nor 6 to 9")),
        source=_paper(where="table Tumor and technical considerations: tumor number, caveat"),
    ),
    _row(
        id="gillams-2015.bile-duct",
        title="not next to a major duct",
        says="A tumor next to a major bile duct is to be avoided; high-flow cooling of the ducts through a nasobiliary "
        "tube or a technique without heat or cold may be considered.",
        topic="bile duct",
        unit="lesion",
        holds=every(no("next_to_bile_duct"))
        | on_condition(
            yes("biliary_cooling_planned") | one_of("planned_modality", "IRE"),
            "the ducts are cooled, or the technique is non-thermal",
        ),
        source=_paper(where="table Tumor and technical considerations: location next to major bile ducts"),
        note="No distance is printed: somebody has to judge what next to means.",
    ),
    _row(
        id="gillams-2015.vessel",
        title="in contact with a vessel",
        says="A tumor in contact with a vessel is suitable, with careful follow-up and repeated ablation if needed; "
        "more intensive radiofrequency, microwaves or electroporation may be considered.",
        topic="vessels",
        unit="lesion",
        holds=every(
            no("in_contact_with_vessel")
            | on_condition(
                yes("in_contact_with_vessel"), "follow-up is careful, and ablation is repeated where necessary"
            )
        ),
        source=_paper(where="table Tumor and technical considerations: contact with blood vessels"),
        note="No size of vessel is printed.",
    ),
    _row(
        id="gillams-2015.vulnerable-structure",
        title="1 cm from vulnerable structures",
        says="A structure such as the colon within 1 cm of a tumor has to be moved away from the ablation zone, for "
        "example by fluid or gas; laparoscopy where that cannot be reached through the skin.",
        topic="bowel and other structures",
        unit="lesion",
        holds=every(_DISTANCE > 10.0)
        | (every(_DISTANCE >= 10.0) & silent("whether exactly 1 cm is within 1 cm"))
        | on_condition(yes("displacement_planned"), "the structure is moved away from the ablation zone")
        | on_condition(one_of("approach", "laparoscopic"), "separation could not be reached through the skin"),
        source=_paper(where="table Tumor and technical considerations: within 1 cm of vulnerable structures"),
    ),
    _row(
        id="gillams-2015.extrahepatic",
        title="all other sites radically treated",
        says="Disease outside of the liver does not stand against ablation in the liver as long as all of its sites "
        "are radically treated.",
        topic="disease outside of the liver",
        unit="patient",
        holds=no("extrahepatic_disease") | yes("extrahepatic_all_treatable"),
        source=_paper(where="table Tumor and technical considerations: extra-hepatic disease"),
        note="Palliative ablation in the liver beside more extensive disease is not recommended.",
    ),
    _row(
        id="gillams-2015.margin",
        title="margin above 1 cm in 3-D",
        says="To keep local recurrence low, margins above 1 cm are to be reached in all three dimensions.",
        topic="margin",
        unit="lesion",
        holds=every(number("minimal_margin_mm") > 10.0),
        endpoint="local recurrence",
        source=_paper(where="table Tumor and technical considerations: local recurrence, item 1"),
        note="Strict: 10.0 mm is not above 1 cm. One of five measures; neither scan nor day of measurement is printed.",
    ),
    _row(
        id="gillams-2015.operator",
        title="experienced operator",
        says="To keep local recurrence low, the operator's experience is to be as large as possible.",
        topic="team",
        unit="procedure",
        holds=yes("experienced_operator"),
        endpoint="local recurrence",
        source=_paper(where="table Tumor and technical considerations: local recurrence, item 2"),
        note="How many procedures make experience is not printed.",
    ),
    _row(
        id="gillams-2015.anesthesia",
        title="general anesthesia available",
        says="General anesthesia should be available; conscious sedation is accepted in unfit patients.",
        topic="team",
        unit="procedure",
        holds=yes("general_anesthesia") | on_condition(no("fit_for_surgery"), "conscious sedation in an unfit patient"),
        endpoint="local recurrence",
        source=_paper(where="table Tumor and technical considerations: local recurrence, item 3 and caveat"),
        note="Unfit is printed without saying for what; unfit for liver surgery is asked for here.",
    ),
    _row(
        id="gillams-2015.tumor-definition",
        title="tumor well defined",
        says="To keep local recurrence low, the tumor is to be defined as well as possible.",
        topic="imaging",
        unit="procedure",
        holds=yes("tumor_well_defined"),
        endpoint="local recurrence",
        source=_paper(where="table Tumor and technical considerations: local recurrence, item 4"),
        note="No modality is named.",
    ),
    _row(
        id="gillams-2015.zone-assessment",
        title="zone assessed during procedure",
        says="To keep local recurrence low, the ablation zone is to be assessed during the procedure.",
        topic="imaging",
        unit="procedure",
        holds=yes("zone_assessed_during"),
        endpoint="local recurrence",
        source=_paper(where="table Tumor and technical considerations: local recurrence, item 5"),
    ),
)

_RECOMMENDATIONS = (
    _strong(
        id="gillams-2015.r1",
        title="limited and not resectable",
        says="Where limited liver disease cannot be resected, ablation, with or without chemotherapy, is the choice.",
        topic="unresectable disease",
        holds=no("resectable") & yes("limited_disease"),
        source=_paper(where="table Clinical recommendations: row 1"),
        note="Limited is not defined in numbers.",
    ),
    _strong(
        id="gillams-2015.r2",
        title="instead of staged resection",
        says="Ablation, with or without chemotherapy, in limited disease that could be resected only after portal vein "
        "embolization or in stages, and that is suitable for ablation.",
        topic="resectable disease",
        holds=yes("limited_disease") & yes("resection_needs_pve_or_stages") & yes("all_ablatable"),
        source=_paper(where="table Clinical recommendations: row 2"),
        note="Limited is not defined in numbers.",
    ),
    _strong(
        id="gillams-2015.r3",
        title="too little liver would remain",
        says="Where disease cannot be resected for lack of liver reserve, as in most who had a major resection, "
        "ablation is the choice.",
        topic="liver remnant",
        holds=yes("reserve_too_small"),
        source=_paper(where="table Clinical recommendations: row 3"),
        note="No share of liver is printed. Access, portal hypertension and veins or ducts that drain much of the "
        "remnant are to be considered.",
    ),
    _strong(
        id="gillams-2015.r4",
        title="resectable, unfit for surgery",
        says="Where disease is resectable and comorbidity forbids surgery, ablation is the choice.",
        topic="fitness",
        holds=yes("resectable") & no("fit_for_surgery"),
        source=_paper(where="table Clinical recommendations: row 4"),
    ),
    _moderate(
        id="gillams-2015.r5",
        title="test of time",
        says="Some centers offer ablation first in resectable disease, to see how the tumor behaves; later resection "
        "stays possible.",
        topic="resectable disease",
        holds=yes("resectable"),
        source=_paper(where="table Clinical recommendations: row 5"),
        note="The sentence tells what some centers offer; the panel's agreement on it is Moderate, on all others "
        "Strong.",
    ),
    _strong(
        id="gillams-2015.r6",
        title="the patient's choice",
        says="A patient whose disease is both ablatable and resectable may prefer ablation, after talking with "
        "surgeons and interventional oncologists.",
        topic="resectable disease",
        holds=yes("resectable")
        & yes("all_ablatable")
        & yes("prefers_ablation")
        & yes("seen_by_surgeon")
        & yes("seen_by_interventional_oncologist"),
        source=_paper(where="table Clinical recommendations: row 6"),
    ),
    _strong(
        id="gillams-2015.r7",
        title="chemotherapy added",
        says="Adding chemotherapy to ablation is beneficial.",
        topic="order with systemic therapy",
        holds=yes("systemic_therapy_planned"),
        source=_paper(where="table Clinical recommendations: row 7"),
    ),
    _strong(
        id="gillams-2015.r7-small-volume",
        title="small volume: ablation first",
        says="In small-volume disease ablation comes first, and chemotherapy after it.",
        topic="order with systemic therapy",
        holds=yes("small_volume"),
        source=_paper(where="table Clinical recommendations: row 7, rationale"),
        note="Small volume is not defined in numbers.",
    ),
    _strong(
        id="gillams-2015.r7-downsizing",
        title="chemotherapy to downsize",
        says="In disease that can be neither ablated nor resected, chemotherapy comes first, to make it so.",
        topic="order with systemic therapy",
        holds=(no("all_ablatable") & no("resectable"))
        | (
            (no("all_ablatable") | no("resectable"))
            & silent("whether disease that can be ablated or resected, but not both, is meant as well")
        ),
        source=_paper(where="table Clinical recommendations: row 7, rationale"),
        note="Printed as non-ablatable/resectable: the slash may mean both or either.",
    ),
    _strong(
        id="gillams-2015.r7-without-chemotherapy",
        title="no chemotherapy possible",
        says="Ablation is still performed where chemotherapy is impossible or not tolerated.",
        topic="order with systemic therapy",
        holds=no("fit_for_chemotherapy"),
        source=_paper(where="table Clinical recommendations: row 7, rationale"),
    ),
    _strong(
        id="gillams-2015.r8",
        title="through the skin",
        says="Ablation through the skin is favored over open ablation, unless it is part of a resection.",
        topic="approach",
        unit="procedure",
        holds=one_of("approach", "percutaneous")
        | yes("with_resection")
        | on_condition(
            one_of("approach", "laparoscopic"),
            "separation from a vulnerable structure could not be reached through the skin",
        ),
        source=_paper(where="table Clinical recommendations: row 8"),
        note="The recommendation compares with open ablation; laparoscopy is in the technical table only.",
    ),
    _strong(
        id="gillams-2015.r9",
        title="small, single, resectable",
        says="In 2013 a solitary tumor below 3 cm, where resection is possible, was not currently an accepted "
        "indication for ablation; it might become one, and the panel asked for a randomized trial.",
        topic="resectable disease",
        direction="against",
        holds=number("n_lesions").exactly(1) & (number("largest_lesion_mm") < 30.0) & yes("resectable"),
        source=_paper(where="table Clinical recommendations: row 9"),
        superseded_by=("collision-2018.result",),
        note="Dated: the randomized trial that it asked for (COLLISION, final report 2025) speaks against it. That the "
        "panel has withdrawn it is not known here. That resectable tumors are meant follows from the rationale, which "
        "compares resection and ablation.",
    ),
    _strong(
        id="gillams-2015.r10",
        title="not for debulking",
        says="Ablation is not recommended to reduce the mass of disease only.",
        topic="unresectable disease",
        direction="against",
        holds=yes("for_debulking"),
        source=_paper(where="table Clinical recommendations: row 10"),
    ),
    _strong(
        id="gillams-2015.r11",
        title="on the tumor board",
        says="The tumor board for colorectal liver metastases has an interventional oncologist among its regular "
        "members.",
        topic="team",
        holds=yes("tumor_board"),
        source=_paper(where="table Clinical recommendations: row 11"),
    ),
)

GUIDELINE = Guideline(
    id="gillams-2015",
    name="Interventional Oncology Sans Frontières, position paper",
    edition="meeting of 2013, published 2015",
    short="IOSF 2015",
    note=f"Encoded from the two tables of the paper as reproduced in {DECK}; its running text was not read. Newer "
    "statements may exist.",
    rules=(*_TECHNICAL_TABLE, *_RECOMMENDATIONS),
)
