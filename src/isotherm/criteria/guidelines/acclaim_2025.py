"""ACCLAIM: prospective trial of microwave ablation with margin confirmation in colorectal liver metastases."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._populations import COLORECTAL_LIVER
from isotherm.criteria.rule import Combination, Grade, Guideline, Rule, Since
from isotherm.criteria.words import every, number, on_condition, one_of, some
from isotherm.source import Citation

_protocol = partial(Citation, title="ACCLAIM, trial protocol", year=2025, doi="10.1186/s13063-025-09006-2")

_rule = partial(
    Rule,
    population="colorectal liver metastases, microwave ablation",
    applies=COLORECTAL_LIVER,
    grade=Grade(scheme="trial protocol"),
    direction="for",
    since=Since("2025"),
)

_MICROWAVES = one_of("ablation_modality", "MWA")

GUIDELINE = Guideline(
    id="acclaim-2025",
    name="ACCLAIM",
    edition="trial protocol, 2025",
    short="ACCLAIM 2025",
    note="Encoded from the published protocol at the level of its abstract. Amendments may exist.",
    rules=(
        _rule(
            id="acclaim-2025.number",
            title="limit: 1 to 3 metastases",
            says="Patients enter with one to three colorectal liver metastases.",
            topic="number",
            kind="trial entry",
            unit="patient",
            holds=number("n_lesions").between(1, 3),
            source=_protocol(where="eligibility"),
        ),
        _rule(
            id="acclaim-2025.size",
            title="each at most 2.5 cm",
            says="Each metastasis to be ablated measures at most 25 mm.",
            topic="size",
            kind="trial entry",
            unit="lesion",
            holds=every(number("diameter_mm") <= 25.0),
            source=_protocol(where="eligibility"),
        ),
        _rule(
            id="acclaim-2025.margin",
            title="margin of at least 5 mm",
            says="A minimal margin of at least 5 mm is necessary and one of at least 10 mm ideal; below 5 mm "
            "the lesion is ablated again in the same session where that is possible.",
            topic="margin",
            kind="criterion",
            unit="lesion",
            applies=COLORECTAL_LIVER & some(_MICROWAVES),
            holds=every(
                ~_MICROWAVES
                | (number("minimal_margin_mm") >= 10.0)
                | on_condition(number("minimal_margin_mm") >= 5.0, "less than the ideal 10 mm is accepted")
            ),
            endpoint="local tumor progression-free survival at 2 years",
            source=_protocol(where="minimal margin, checked at once and at 4 to 8 weeks"),
            note="Outcome strata are above 5 to 10 mm and above 10 mm: 5.0 mm passes and lies in neither, 10.0 mm is "
            "ideal and lies in the lower one.",
        ),
    ),
    combinations=(
        Combination(
            id="acclaim-2025.entry",
            title="trial entry",
            of=("acclaim-2025.number", "acclaim-2025.size"),
            source=_protocol(where="eligibility"),
        ),
    ),
)
