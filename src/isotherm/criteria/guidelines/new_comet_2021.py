"""NEW-COMET: entry of a randomized trial of ablation or resection, colorectal liver metastases."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._populations import COLORECTAL_LIVER
from isotherm.criteria.rule import Grade, Guideline, Rule, Since
from isotherm.criteria.words import every, no, number, yes
from isotherm.source import Citation

_entry = partial(
    Rule,
    kind="trial entry",
    unit="patient",
    population="colorectal liver metastases that can be ablated or resected",
    applies=COLORECTAL_LIVER,
    grade=Grade(scheme="trial protocol"),
    direction="for",
    since=Since("2021-12-16"),
    source=Citation(
        title="Ablation vs resection of colorectal cancer liver metastases (NEW-COMET)",
        year=2021,
        trial="NCT05129787",
        where="registry entry: inclusion and exclusion criteria",
    ),
)

_LUNG_FREE = no("extrahepatic_disease") | (number("n_lung_metastases") < 1)

GUIDELINE = Guideline(
    id="new-comet-2021",
    name="NEW-COMET",
    edition="registry entry, 2021",
    short="NEW-COMET 2021",
    note="Encoded from the registry, valid from the start of the trial. Further conditions are not encoded, so that "
    "there is no verdict on entry as a whole: a primary tumor that is resected or has a plan for cure, nodes of the "
    "hilum that are to be removed, growth into neighboring organs, progression on second-line chemotherapy, lung "
    "metastases that a board judges unresectable. The registry may have changed since.",
    rules=(
        _entry(
            id="new-comet-2021.either",
            title="resectable and ablatable",
            says="All metastases can be treated radically by either resection or ablation, without combining them, and "
            "the patient is fit for both.",
            topic="resectable disease",
            holds=yes("resectable") & yes("all_ablatable") & yes("fit_for_surgery"),
        ),
        _entry(
            id="new-comet-2021.number",
            title="up to 5 in one procedure",
            says="At most five tumors are to be treated in one procedure.",
            topic="number",
            holds=(number("n_lesions") <= 5) | (number("n_in_one_procedure") <= 5),
            note="With more than five metastases it is the number in one procedure that counts.",
        ),
        _entry(
            id="new-comet-2021.size",
            title="largest at most 3 cm",
            says="The largest lesion measures at most 30 mm.",
            topic="size",
            holds=number("largest_lesion_mm") <= 30.0,
        ),
        _entry(
            id="new-comet-2021.bile-duct",
            title="1 cm from main ducts",
            says="No tumor is closer than 10 mm to the right or left main bile duct.",
            topic="bile duct",
            unit="lesion",
            holds=every(number("to_bile_duct_mm") >= 10.0) | every(number("to_right_or_left_duct_mm") >= 10.0),
            note="The common duct is not named: a lesion near it alone is not excluded.",
        ),
        _entry(
            id="new-comet-2021.lung",
            title="few and small in the lung",
            says="No lung metastasis is larger than 15 mm, and where there are more than three, none is larger than 10 "
            "mm.",
            topic="disease outside of the liver",
            holds=_LUNG_FREE
            | (
                (number("largest_lung_metastasis_mm") <= 15.0)
                & ((number("n_lung_metastases") <= 3) | (number("largest_lung_metastasis_mm") <= 10.0))
            ),
        ),
        _entry(
            id="new-comet-2021.elsewhere",
            title="nothing elsewhere",
            says="There are no metastases outside of liver and lung.",
            topic="disease outside of the liver",
            holds=no("extrahepatic_disease") | no("other_than_lung"),
        ),
        _entry(
            id="new-comet-2021.segments",
            title="limit: 2 or 4 segments",
            says="Resection of a solitary metastasis takes at most two segments; of several in one resection, at most "
            "four.",
            topic="liver remnant",
            holds=(number("resection_segments") <= 2)
            | ((number("n_lesions") >= 2) & (number("resection_segments") <= 4)),
        ),
    ),
)
