"""A guideline that nobody wrote: three criteria, a combination and a predictor, so that real ones can change freely."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.rule import Combination, Grade, Guideline, Rule, Since
from isotherm.criteria.words import every, number, on_condition, one_of, some, yes
from isotherm.source import Citation

SOURCE = Citation(title="A protocol that nobody wrote", year=2025, doi="10.5555/made.up", where="eligibility")

_rule = partial(
    Rule, population="colorectal liver metastases", applies=one_of("organ", "liver") & one_of("primary", "colorectal"),
    grade=Grade(scheme="trial protocol"), direction="for", since=Since("2025"), kind="criterion", source=SOURCE,
)  # fmt: skip

MADE_UP = Guideline(
    id="made-up-2025", name="Made up", edition="protocol, 2025", short="Made up 2025", note="Nobody wrote it.",
    rules=(
        _rule(id="made-up-2025.number", title="1 to 3 metastases", says="One to three.", topic="number", unit="patient",
              holds=number("n_lesions").between(1, 3)),
        _rule(id="made-up-2025.size", title="each at most 2.5 cm", says="At most 25 mm.", topic="size", unit="lesion",
              holds=every(number("diameter_mm") <= 25.0)),
        _rule(id="made-up-2025.margin", title="margin of at least 5 mm", says="5 mm, ideally 10.", topic="margin",
              unit="lesion", holds=every((number("minimal_margin_mm") >= 10.0) | on_condition(
                  number("minimal_margin_mm") >= 5.0, "less than 10 mm is accepted"))),
        _rule(id="made-up-2025.bridging", title="vessel in the margin", says="More progression.", topic="vessels",
              unit="lesion", kind="predictor", direction="caution", holds=some(yes("vessel_bridging"))),
    ),
    combinations=(Combination(id="made-up-2025.entry", title="entry", source=SOURCE,
                              of=("made-up-2025.number", "made-up-2025.size")),),
)  # fmt: skip
