"""Liang 2023: ablation before or after the start of systemic therapy, unresectable colorectal liver metastases."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._populations import COLORECTAL_LIVER
from isotherm.criteria.rule import Combination, Grade, Guideline, Rule, Since
from isotherm.criteria.words import no, number, silent
from isotherm.source import Citation

_abstract = partial(
    Citation,
    title="Outcomes following different thermal ablation strategies in patients with unresectable colorectal liver "
    "metastases",
    year=2023,
    journal="Radiology 2023 (Li J-M, Liu G-J, Xie X-Y, ..., Yu J, Liang P)",
)

_UPFRONT = number("weeks_ablation_to_systemic").between(2.0, 4.0)
_DELAYED = number("months_systemic_to_ablation").between(2.0, 3.0)
_BETWEEN = silent("patients outside of both windows were in neither arm")

_rule = partial(
    Rule,
    unit="patient",
    population="unresectable colorectal liver metastases, thermal ablation and systemic therapy",
    applies=COLORECTAL_LIVER,
    grade=Grade(scheme="observational study"),
    since=Since("2023"),
)
_entry = partial(_rule, kind="trial entry", direction="for", source=_abstract(where="abstract, materials and methods"))
_arm = partial(
    _rule,
    topic="order with systemic therapy",
    kind="study arm",
    direction="none",
    endpoint="disease-free survival",
    source=_abstract(where="abstract, materials and methods: definition of the two groups"),
)

GUIDELINE = Guideline(
    id="liang-2023",
    name="Upfront or delayed ablation (Liang)",
    edition="study, 2023",
    short="Liang 2023",
    note="Encoded from the abstract of a retrospective study of seven hospitals, 2009 to 2020. The same group's study "
    "of colorectal liver oligometastases (accepted by AJR in 2022, nine institutions, same years) defines its arms by "
    "the same windows; the patients overlap.",
    rules=(
        _entry(
            id="liang-2023.unresectable",
            title="unresectable",
            says="The metastases are not resectable.",
            topic="unresectable disease",
            holds=no("resectable"),
        ),
        _entry(
            id="liang-2023.number",
            title="up to 3 lesions",
            says="There are at most three lesions.",
            topic="number",
            holds=number("n_lesions") <= 3,
        ),
        _entry(
            id="liang-2023.size",
            title="below 3 cm",
            says="The lesions measure less than 30 mm.",
            topic="size",
            holds=number("largest_lesion_mm") < 30.0,
            note="All lesions count, to be ablated or not.",
        ),
        _arm(
            id="liang-2023.upfront",
            title="upfront ablation",
            says="Ablation came 2 to 4 weeks before systemic therapy began.",
            holds=_UPFRONT | (~_DELAYED & _BETWEEN),
            note="Whether the ends of the window belong to it is not said; they are taken in. Disease-free survival "
            "was longer than with delayed ablation, overall survival was not shown to differ.",
        ),
        _arm(
            id="liang-2023.delayed",
            title="delayed ablation",
            says="Ablation came 2 to 3 months after systemic therapy began.",
            holds=_DELAYED | (~_UPFRONT & _BETWEEN),
            note="Whether the ends of the window belong to it is not said; they are taken in. Months are those of the "
            "calendar.",
        ),
    ),
    combinations=(
        Combination(
            id="liang-2023.entry",
            title="study entry, as the abstract states it",
            of=("liang-2023.unresectable", "liang-2023.number", "liang-2023.size"),
            source=_abstract(where="abstract, materials and methods"),
        ),
    ),
)
