"""What would change a verdict: the same as trying every value of every set of missing facts."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given, settings

from isotherm.answer import Answer
from isotherm.clinical.case import Case, Lesion, Picture, noted
from isotherm.clinical.fact import Fact
from isotherm.clinical.kinds import Value
from isotherm.clinical.picture import picture_of, supposing
from isotherm.criteria.change import OPEN, Change, Target, changes_of, open_questions, targets_of, what_would_change
from isotherm.criteria.explain import Missing
from isotherm.criteria.judge import finding
from tests.criteria.pictures import DAY, SMALL, pictures

GRID: dict[str, tuple[Value, ...]] = {
    "inr": (0.5, 0.99, 1.0, 1.01, 1.3, 1.5, 1.51, 1.9, 2.0, 2.1, 5.0),
    "diameter_mm": (0.2, 10.0, 19.9, 20.0, 20.1, 25.0, 30.0, 30.1, 200.0),
    "to_bile_duct_mm": (0.0, 5.0, 10.0, 10.1, 50.0),
    "ecog": (0, 1, 2, 3, 4, 5),
    "n_lesions": tuple(range(8)),
    "largest_target_mm": (1.0, 30.0, 30.1, 200.0),
    "nearest_to_bile_duct_mm": (0.0, 10.0, 10.1, 50.0),
}


def tried(fact: Missing, picture: Picture) -> tuple[Value, ...]:
    """Return values of a fact, dense around every limit, that what is known of it allows."""
    reading = picture.reading(fact.name, fact.lesion)
    if fact.kind.form == "yes or no":
        return (True, False)
    if fact.kind.form == "choice":
        return fact.kind.choices
    values = GRID[fact.name]
    return (
        values
        if reading is None
        else tuple(v for v in values if isinstance(v, int | float) and reading.low <= v <= reading.high)
    )


def brute_force(target: Target, picture: Picture) -> dict[frozenset[Missing], set[Answer]]:
    """Return the smallest sets of missing facts by which each settled answer is reached, and these answers."""
    now = target.answer(picture)
    missing = list({(one.name, one.lesion): one for rule in target.rules
                    for one in finding(rule, picture, on=DAY).missing}.values())  # fmt: skip
    found: dict[frozenset[Missing], set[Answer]] = {}
    for size in (1, 2, 3):
        for facts in combinations(missing, size):
            keys = [(fact.name, fact.lesion) for fact in facts]
            reached = {
                target.answer(supposing(picture, dict(zip(keys, values, strict=True))))
                for values in product(*(tried(fact, picture) for fact in facts))
            }
            new = reached - {now, Answer.UNKNOWN}
            new -= {answer for smaller, answers in found.items() if smaller < set(facts) for answer in answers}
            if new:
                found[frozenset(facts)] = new
    return found


def gained(changes: tuple[Change, ...]) -> dict[frozenset[Missing], set[Answer]]:
    """Return the same of what was found: the answers that are new to each set."""
    found: dict[frozenset[Missing], set[Answer]] = {}
    for change in changes:
        facts = frozenset(change.facts)
        answers = {outcome.answer for outcome in change.outcomes} - {change.now, Answer.UNKNOWN}
        found[facts] = answers - {a for smaller, known in found.items() if smaller < facts for a in known}
    return found


@settings(max_examples=60)
@given(pictures())
def test_it_equals_trying_everything(picture: Picture) -> None:
    for target in targets_of([SMALL]):
        if target.answer(picture) in OPEN:
            assert gained(changes_of(target, picture)) == brute_force(target, picture), target.id
        else:
            assert changes_of(target, picture) == ()


def case(facts: dict[str, Value], *lesions: dict[str, Value], complete: bool = True) -> Picture:
    named = tuple(Lesion(str(number), noted(one)) for number, one in enumerate(lesions, start=1))
    return picture_of(Case(on=DAY, facts=noted(facts), lesions=named, lesions_complete=complete))


def outcomes(change: Change) -> dict[Answer, str]:
    return {outcome.answer: outcome.values for outcome in change.outcomes}


def test_one_missing_size_decides_and_says_from_where_on() -> None:
    picture = case({"organ": "liver"}, {"target": True})
    (change,) = changes_of(next(targets_of([SMALL])), picture)
    assert change.decides
    assert outcomes(change) == {
        Answer.MET: "largest diameter of lesion 1 at most 30 mm",
        Answer.NOT_MET: "largest diameter of lesion 1 above 30 mm",
    }


def test_a_measurement_whose_interval_straddles_a_limit_is_looked_for_within_it() -> None:
    size = Fact(value=29.0, on=DAY, origin="image", low=26.0, high=33.0)
    lesion = Lesion("1", {"diameter_mm": (size,), "target": (Fact(value=True),)})
    (change,) = changes_of(
        next(targets_of([SMALL])), picture_of(Case(on=DAY, lesions=(lesion,), lesions_complete=True))
    )
    assert change.facts[0].gap == "interval straddles"
    assert outcomes(change) == {
        Answer.MET: "largest diameter of lesion 1 from 26 mm to 30 mm",
        Answer.NOT_MET: "largest diameter of lesion 1 above 30 mm to 33 mm",
    }


def test_an_open_list_is_a_missing_fact() -> None:
    picture = case({"organ": "liver"}, {"target": True, "diameter_mm": 20.0}, complete=False)
    (change,) = changes_of(next(targets_of([SMALL])), picture)
    assert change.facts[0].gap == "list of lesions is open"
    assert not change.decides
    assert outcomes(change)[Answer.MET] == "number of lesions in that organ exactly 1"


def test_the_fact_that_decides_most_is_asked_first() -> None:
    picture = case({"organ": "liver", "inr": 1.2, "primary": "GIST"}, {"target": True, "diameter_mm": 25.0})
    changes = what_would_change([SMALL], picture)
    asked = [question.fact.name for question in open_questions(changes)]
    assert asked[0] in ("ascites", "ecog")
    assert len(changes[0].facts) == 1
    assert [len(change.facts) for change in changes] == sorted(len(change.facts) for change in changes)


@pytest.mark.parametrize("known", [{"inr": 3.0}, {"ascites": True}])
def test_what_is_settled_cannot_be_changed(known: dict[str, Value]) -> None:
    both = next(target for target in targets_of([SMALL]) if target.id == "small.both")
    assert changes_of(both, case(known)) == ()
