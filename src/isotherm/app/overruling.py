"""What follow-ups, ablations and lesions say of facts that were noted before: each overrules from its own day on.

Pure. A decision notes how a patient was on its day; what somebody finds later does not change that day, and it ends how
long the note holds. Only what a record says is taken: no new tumor at a follow-up is not the same as no tumor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from isotherm.clinical.fact import Fact, read
from isotherm.clinical.kinds import Value
from isotherm.clinical.vocabulary import CASE_FACTS

Noted = tuple[str, str, Fact]
"""Lesion ("" for the patient), name, fact."""

OUTSIDE: Mapping[Value, str] = {"liver": "extrahepatic_disease", "lung": "extrapulmonary_metastases"}
"""What tumor outside of the organ is, by the organ."""

YES: tuple[Value, ...] = (True,)
NO: tuple[Value, ...] = (False,)

WHOLE_DISEASE: Mapping[str, tuple[Value, ...]] = dict.fromkeys(
    ("resectable", "r0_expected", "all_ablatable", "all_ablatable_with_margins", "all_metastases_treatable",
     "oligometastatic"), YES)  # fmt: skip
"""Judgments on all disease, with the values that new tumor anywhere takes the ground from: a no it does not change."""

IN_ORGAN: Mapping[str, tuple[Value, ...] | None] = {
    "n_lesions": None, "largest_lesion_mm": None, "distribution": ("unilobar",), "limited_disease": YES,
    "small_volume": YES, "small_metastases": YES, **WHOLE_DISEASE,
}  # fmt: skip
"""What new tumor in the organ takes the ground from; None stands for every value."""

ELSEWHERE: Mapping[str, tuple[Value, ...] | None] = {
    "other_than_lung": NO, "mediastinal_nodes": NO, "n_lung_metastases": None, "largest_lung_metastasis_mm": None,
    "extrahepatic_all_treatable": YES, "liver_predominant": YES, **WHOLE_DISEASE,
}  # fmt: skip
"""What new tumor outside of the organ takes the ground from."""

GROUND: Mapping[str, Mapping[str, tuple[Value, ...] | None]] = {
    "new_in_organ": IN_ORGAN, "new_elsewhere": ELSEWHERE, "untreatable": WHOLE_DISEASE,
}  # fmt: skip

FOUND: Mapping[str, str] = {
    "new_in_organ": "new tumor was found in the organ", "new_elsewhere": "new tumor was found outside of the organ",
    "untreatable": "progression was found that local therapy cannot treat",
}  # fmt: skip
"""What a field of a follow-up says where it is true."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found on a day, by the names of the fields of a follow-up; and local tumor progression of a lesion."""

    on: date
    fields: tuple[str, ...] = ()
    local_progression: bool = False


def overruled_by_findings(noted: Iterable[Noted], seen: Iterable[Seen]) -> Iterator[Noted]:
    """Yield the facts by which findings overrule what was noted before them.

    Where something of the same name was noted on the day of the finding, that was noted in its knowledge, and stands.

    Parameters
    ----------
    noted : iterable of (lesion, name, fact)
        All that records note themselves.
    seen : iterable of Seen

    Yields
    ------
    (lesion, name, fact)
        What a finding says itself; or without a value, with the reason as its source, where nobody has judged anew.
    """
    own: dict[str, list[Fact]] = {}
    for lesion, name, fact in noted:
        if lesion == "":
            own.setdefault(name, []).append(fact)
    organs = {fact.value for fact in own.get("organ", ())}
    for one in sorted(seen, key=lambda one: one.on):
        said = dict(_said(one, organs))
        for field in one.fields:
            for name, values in GROUND[field].items():
                if name not in said and _rests_on(own.get(name, ()), one.on, values):
                    said[name] = Fact(value=None, on=one.on, source=f"{FOUND[field]} on {one.on.isoformat()}")
        for name, fact in said.items():
            if all(known.day != one.on for known in own.get(name, ())):
                yield "", name, fact


def _said(one: Seen, organs: set[Value | None]) -> Iterator[tuple[str, Fact]]:
    """Yield what a finding says itself."""
    outside = [OUTSIDE[organ] for organ in organs if organ is not None and organ in OUTSIDE] if len(organs) == 1 else []
    if "new_elsewhere" in one.fields:
        yield from ((name, Fact(value=True, on=one.on, source=FOUND["new_elsewhere"])) for name in outside)
    if "untreatable" in one.fields:
        yield "all_metastases_treatable", Fact(value=False, on=one.on, source=FOUND["untreatable"])
    if one.fields or one.local_progression:
        yield "disease_progression", Fact(value=True, on=one.on, source="found at a follow-up")


def _rests_on(facts: Iterable[Fact], on: date, values: tuple[Value, ...] | None) -> bool:
    """Return whether what was known before a day is one of these values."""
    before = [fact for fact in facts if fact.day is None or fact.day < on]
    last = max((fact.day for fact in before if fact.day is not None), default=None)
    return any(fact.value is not None and (values is None or fact.value in values)
               for fact in before if fact.day == last)  # fmt: skip


def outnumbered(counted: tuple[Fact, ...], listed: int, on: date) -> Iterator[Noted]:
    """Yield the number of lesions that are recorded, where fewer were counted: they contradict each other on that day.

    Neither counts then: one may have been found since, and another may have been destroyed before.

    Parameters
    ----------
    counted : tuple of Fact
        Every number that was noted.
    listed : int
        How many are recorded up to the day.
    on : date
    """
    told = read(CASE_FACTS["n_lesions"], counted, on)
    if told is not None and told.value is not None and told.high < listed:
        source = "lesions that are recorded, of earlier and later days"
        yield "", "n_lesions", Fact(value=listed, on=told.facts[0].day, origin="derived", source=source)


def targets(ablated: Iterable[tuple[str, date]], decided: Iterable[date]) -> Iterator[Noted]:
    """Yield that a lesion which was ablated was one to be ablated: from that day to the next decision on treatment.

    Parameters
    ----------
    ablated : iterable of (lesion, day)
    decided : iterable of date
        Days of decisions. The next one is about what is there then: of a lesion that was ablated before, nobody knows.
    """
    decisions = sorted(set(decided))
    for lesion, day in ablated:
        yield lesion, "target", Fact(value=True, on=day, source=f"ablated on {day.isoformat()}")
        following = next((one for one in decisions if one > day), None)
        if following is not None:
            yield lesion, "target", Fact(value=None, on=following, source="ablated before that decision")
