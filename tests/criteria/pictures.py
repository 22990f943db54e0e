"""Small guidelines and random pictures for tests of the engine, independent of the guidelines that ship."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from isotherm.clinical.case import Case, Lesion, Picture, noted
from isotherm.clinical.kinds import Value
from isotherm.clinical.picture import picture_of
from isotherm.criteria.expression import Expression
from isotherm.criteria.rule import Combination, Grade, Guideline, Rule, Since
from isotherm.criteria.words import every, no, number, on_condition, one_of, silent, some, yes
from isotherm.source import Citation

DAY = date(2025, 3, 1)
SOURCE = Citation(title="Made up", year=2020, where="nowhere", journal="J Tests 2020;1:1")


def rule(name: str, holds: Expression, applies: Expression | None = None, **rest: object) -> Rule:
    """Return a rule of the small guideline."""
    settings: dict[str, object] = {
        "title": name, "says": name, "topic": "size", "kind": "criterion", "unit": "patient", "population": "all",
        "grade": Grade(scheme="none"), "direction": "for", "source": SOURCE, "since": Since("2020"),
    } | rest  # fmt: skip
    return Rule(id=f"small.{name}", holds=holds, applies=applies, **settings)  # pyright: ignore[reportArgumentType]


RULES = (
    rule("size", every(number("diameter_mm") <= 30), unit="lesion"),
    rule("count", number("n_lesions").between(1, 3), one_of("organ", "liver")),
    rule("duct", every((number("to_bile_duct_mm") > 10) | on_condition(yes("general_anesthesia"), "with cooling")),
         one_of("organ", "liver"), unit="lesion"),
    rule("any", some(number("diameter_mm") >= 20) | (number("ecog") <= 2)),
    rule("both", (number("ecog") < 2) & no("ascites") & (number("inr") <= 1.5)),
    rule("not", ~(yes("ascites") | (number("ecog") >= 3))),
    rule("silent", (number("ecog") < 1) | (number("ecog").exactly(1) & silent("1 is not named")) | yes("ascites")),
    rule("twice", (number("inr") > 1.0) & (number("inr") < 2.0) & one_of("primary", "breast", "GIST")),
)  # fmt: skip

SMALL = Guideline(
    id="small", name="Small", edition="2020", short="Small", rules=RULES, note="Made up.",
    combinations=(Combination(id="small.entry", title="entry", of=("small.both", "small.count", "small.size"),
                              source=SOURCE),),
)  # fmt: skip

PATIENT: dict[str, tuple[Value, ...]] = {
    "organ": ("liver", "lung"), "primary": ("breast", "colorectal"), "ecog": (0, 1, 2, 3), "ascites": (True, False),
    "inr": (0.9, 1.0, 1.5, 2.0, 3.0), "general_anesthesia": (True, False), "n_lesions": (2, 3, 4),
}  # fmt: skip

LESION: dict[str, tuple[Value, ...]] = {
    "target": (True, False), "diameter_mm": (15.0, 20.0, 30.0, 31.0), "to_bile_duct_mm": (5.0, 10.0, 11.0),
}  # fmt: skip


def some_facts(kinds: dict[str, tuple[Value, ...]]) -> st.SearchStrategy[dict[str, Value]]:
    """Draw some facts with one of their values each."""
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in kinds.items()})


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """Draw a case of which some facts are known."""
    lesions = draw(st.lists(some_facts(LESION), max_size=2))
    complete = draw(st.booleans())
    facts = draw(some_facts(PATIENT))
    if complete:
        facts.pop("n_lesions", None)
    named = tuple(Lesion(str(number), noted(one)) for number, one in enumerate(lesions, start=1))
    return picture_of(Case(on=DAY, facts=noted(facts), lesions=named, lesions_complete=complete))
