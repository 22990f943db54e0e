"""What would change a verdict: the smallest sets of missing facts that could, with the values that would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from isotherm.answer import Answer
from isotherm.clinical.case import Picture
from isotherm.clinical.kinds import Value
from isotherm.clinical.picture import supposing
from isotherm.criteria.explain import Missing
from isotherm.criteria.expression import UNKNOWN, Comparison, OfLesions, walk
from isotherm.criteria.judge import answer_together, finding
from isotherm.criteria.possible import Key, bounds_of
from isotherm.criteria.regions import Region, in_words, regions
from isotherm.criteria.rule import Combination, Guideline, Rule

MOST_FACTS = 3
"""Sets of more missing facts are no question that somebody can answer at a tumor board."""

OPEN = (Answer.UNKNOWN, Answer.MET_WITH_CONDITION)


@dataclass(frozen=True, slots=True)
class Target:
    """A verdict that may change: of one rule, or of a combination that the source itself makes."""

    guideline: Guideline
    id: str
    title: str
    rules: tuple[Rule, ...]

    def answer(self, picture: Picture) -> Answer:
        """Return the verdict on a picture."""
        return answer_together(self.rules, picture)


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer that a set of facts can bring about, and the values that do it, in words."""

    answer: Answer
    values: str


@dataclass(frozen=True, slots=True)
class Change:
    """A smallest set of missing facts that could change a verdict.

    Parameters
    ----------
    target : Target
    now : Answer
    facts : tuple of Missing
        One to three; without any of them the outcomes that are new to this set could not be reached.
    outcomes : tuple of Outcome
        Every answer that they can bring about, UNKNOWN included where some values leave it open.
    decides : bool
        Whether every value that they may have settles the verdict.
    """

    target: Target
    now: Answer
    facts: tuple[Missing, ...]
    outcomes: tuple[Outcome, ...]
    decides: bool


def targets_of(guidelines: Iterable[Guideline]) -> Iterator[Target]:
    """Yield every verdict of some guidelines: each criterion, and each combination."""
    for guideline in guidelines:
        for rule in guideline.rules:
            yield Target(guideline, rule.id, rule.title, (rule,))
        for one in guideline.combinations:
            yield _combined(guideline, one)


def _combined(guideline: Guideline, one: Combination) -> Target:
    return Target(guideline, one.id, one.title, tuple(guideline.rule(rule) for rule in one.of))


def what_would_change(guidelines: Iterable[Guideline], picture: Picture) -> tuple[Change, ...]:
    """Return what could change each verdict that is open, over all guidelines.

    A verdict that is settled by known facts cannot be changed by a missing one, and is not among them.

    Parameters
    ----------
    guidelines : iterable of Guideline
    picture : Picture

    Returns
    -------
    tuple of Change
        Small sets first; among these, facts first that alone decide the most verdicts.
    """
    found = [change for target in targets_of(guidelines) for change in changes_of(target, picture)]
    weight = {question.fact: question for question in open_questions(found)}
    rank = {fact: place for place, fact in enumerate(weight)}
    return tuple(sorted(found, key=lambda change: (len(change.facts), *sorted(rank[fact] for fact in change.facts))))


def changes_of(target: Target, picture: Picture) -> tuple[Change, ...]:
    """Return the smallest sets of missing facts that could change one verdict."""
    now = target.answer(picture)
    if now not in OPEN:
        return ()
    missing = _missing(target, picture)
    needed = _needed(target, picture, missing)
    tried = {fact: _tried(fact, target, picture) for fact in missing}
    reached: dict[Answer, list[frozenset[Missing]]] = {answer: [] for answer in needed if answer is not now}
    found: list[Change] = []
    for size in range(1, MOST_FACTS + 1):
        for facts in combinations(missing, size):
            chosen = frozenset(facts)
            sought = {
                answer
                for answer, sets in reached.items()
                if needed[answer] <= chosen and not any(smaller < chosen for smaller in sets)
            }
            if sought and sought & _possible(target, picture, facts):
                change = _try(target, picture, facts, [tried[fact] for fact in facts], now)
                gained = {outcome.answer for outcome in change.outcomes} & sought
                if gained:
                    found.append(change)
                    for answer in gained:
                        reached[answer].append(chosen)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Question:
    """A missing fact, and how much hangs on it.

    Parameters
    ----------
    fact : Missing
    decides, can_settle, with_others : int
        How many verdicts it settles whatever it is, settles one way only, and settles together with other facts.
    """

    fact: Missing
    decides: int
    can_settle: int
    with_others: int


def open_questions(changes: Iterable[Change]) -> tuple[Question, ...]:
    """Return the missing facts, those first on which most verdicts hang."""
    counts: dict[Missing, list[set[str]]] = {}
    for change in changes:
        column = 2 if len(change.facts) > 1 else 0 if change.decides else 1
        for fact in change.facts:
            counts.setdefault(fact, [set(), set(), set()])[column].add(change.target.id)
    asked = [Question(fact, *(len(ids) for ids in columns)) for fact, columns in counts.items()]
    return tuple(sorted(asked, key=lambda one: (-one.decides, -one.can_settle, -one.with_others)))


def _missing(target: Target, picture: Picture) -> tuple[Missing, ...]:
    """Return the facts that a verdict waits for, each once."""
    lines = (finding(rule, picture, on=picture.on).missing for rule in target.rules)
    by_key: dict[Key, Missing] = {}
    for fact in (fact for missing in lines for fact in missing):
        by_key.setdefault((fact.name, fact.lesion), fact)
    return tuple(by_key.values())


def _tried(fact: Missing, target: Target, picture: Picture) -> tuple[Region, ...]:
    limits = [
        comparison.limit
        for rule in target.rules
        for expression in rule.expressions
        for part in walk(expression)
        for comparison in (part, part.summary if isinstance(part, OfLesions) else None)
        if isinstance(comparison, Comparison) and comparison.name == fact.name
    ]
    if fact.name == "n_lesions":
        limits.append(len(picture.lesions))  # at which the list is complete
    return regions(fact.kind, limits, picture.reading(fact.name, fact.lesion))


def _possible(target: Target, picture: Picture, facts: Sequence[Missing]) -> set[Answer]:
    """Return the settled answers that cannot be ruled out without trying values."""
    free = {(fact.name, fact.lesion) for fact in facts}
    bounds = [bounds_of(rule, picture, free) for rule in target.rules]
    low = min(one.low for one in bounds)
    high = min((one.high for one in bounds if not one.may_not_apply), default=max(one.high for one in bounds))
    every = {answer for answer in Answer if low <= answer.value <= high and answer.value != UNKNOWN}
    return every | ({Answer.NOT_APPLICABLE} if any(one.may_not_apply for one in bounds) else set())


def _needed(target: Target, picture: Picture, missing: Sequence[Missing]) -> dict[Answer, frozenset[Missing]]:
    """Return, for each settled answer that small sets may reach, the facts without which all others cannot."""
    without = {fact: _possible(target, picture, [one for one in missing if one != fact]) for fact in missing}
    needed = {
        answer: frozenset(fact for fact in missing if answer not in without[fact])
        for answer in _possible(target, picture, missing)
    }
    return {answer: facts for answer, facts in needed.items() if len(facts) <= MOST_FACTS}


def _try(
    target: Target, picture: Picture, facts: Sequence[Missing], tried: Sequence[tuple[Region, ...]], now: Answer
) -> Change:
    """Answer for every combination of regions, and gather which of them bring about which answer."""
    brought: dict[Answer, list[tuple[Region, ...]]] = {}
    for values in product(*tried):
        chosen: dict[Key, Value] = {
            (fact.name, fact.lesion): one.value for fact, one in zip(facts, values, strict=True)
        }
        brought.setdefault(target.answer(supposing(picture, chosen)), []).append(values)
    order = sorted(brought, key=lambda answer: -answer.value)
    outcomes = tuple(Outcome(answer, _words(facts, tried, brought[answer])) for answer in order)
    return Change(target, now, tuple(facts), outcomes, Answer.UNKNOWN not in brought)


def _words(facts: Sequence[Missing], tried: Sequence[tuple[Region, ...]], values: Sequence[tuple[Region, ...]]) -> str:
    """Return combinations of regions in words: as one box where they are one, else box by box."""
    return "; or ".join(
        " and ".join(
            f"{fact.words} {in_words(fact.kind, side)}"
            for fact, side, whole in zip(facts, box, tried, strict=True)
            if len(side) < len(whole) or len(facts) == 1
        )
        or "whatever they are"
        for box in _boxes(values)
    )


def _boxes(values: Sequence[tuple[Region, ...]]) -> list[tuple[tuple[Region, ...], ...]]:
    """Return boxes that together hold exactly these combinations: the first fact's regions are joined where alike."""
    if len(values[0]) == 1:
        return [(tuple(one[0] for one in values),)]
    rests: dict[Region, list[tuple[Region, ...]]] = {}
    for first, *rest in values:
        rests.setdefault(first, []).append(tuple(rest))
    alike: dict[frozenset[tuple[Region, ...]], list[Region]] = {}
    for first, rest in rests.items():
        alike.setdefault(frozenset(rest), []).append(first)
    return [(tuple(firsts), *box) for firsts in alike.values() for box in _boxes(rests[firsts[0]])]
