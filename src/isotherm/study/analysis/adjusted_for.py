"""What is adjusted for what, in words: each design, and the arms as they became, adjusts in a way of its own."""

from __future__ import annotations

from collections.abc import Iterator

from isotherm.printable import first_named
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_designs import Design, Landmark, TimeDependentCox, Weighted, in_words
from isotherm.study.protocol_methods import Coarsened, Matching, Unadjusted

NOTHING = "adjusted for nothing"
NOT_ADJUSTED = "not adjusted"
"""Of risks and curves of a design."""


def covariates_in_words(protocol: Protocol) -> str:
    """Say of each design, then of the arms as they became, what its estimates are adjusted for, a sentence each."""
    beside = "Arms as they became, beside the designs" if protocol.designs else "The arms"
    return " ".join([*_designs(protocol), f"{beside}: {_arms(protocol)}."])


def main_in_words(protocol: Protocol, design: Design) -> str:
    """Say what the main estimate, the risk difference of a design, is adjusted for."""
    named = first_named(_of_course(protocol))
    if isinstance(design, Weighted) and named:
        return f"Adjusted by the weights of this design for: {named}."
    if isinstance(design, Landmark) and design.adjust and named:
        return f"This risk difference is {NOTHING}; of this design only the hazard ratio is adjusted, for: {named}."
    return f"This risk difference is {NOTHING}."


def are_risks_adjusted(protocol: Protocol, design: Design) -> bool:
    """Whether curves, risks and restricted means of a design are adjusted for covariates: only weights do that."""
    return isinstance(design, Weighted) and bool(_of_course(protocol))


def adjusted_of_three(protocol: Protocol, design: Design) -> str:
    """Say which of a design's measures are adjusted: risk difference, difference of restricted means, hazard ratio."""
    if are_risks_adjusted(protocol, design):
        return "all"
    landmark = isinstance(design, Landmark) and design.adjust and bool(_of_course(protocol))
    return "only hazard ratio" if landmark or _is_model_adjusted(protocol, design) else "none"


def _is_model_adjusted(protocol: Protocol, design: Design) -> bool:
    if not isinstance(design, TimeDependentCox):
        return False
    return design.adjust_progression or (design.adjust and bool(_of_course(protocol)))


def _designs(protocol: Protocol) -> Iterator[str]:
    names = _of_course(protocol)
    if protocol.designs and names:
        yield f"Covariates of the designs: {', '.join(names)}."
    for one in protocol.designs:
        yield f"Design {in_words(one)}: {_design(one, known=bool(names))}."


def _design(one: Design, *, known: bool) -> str:
    if isinstance(one, Weighted) and known:
        return "every estimate is adjusted for them by weights, but for those called unweighted"
    if isinstance(one, Landmark) and one.adjust and known:
        rest = f"its risks and restricted means are {NOTHING}"
        return f"only its hazard ratio is adjusted for them, as they were at time zero; {rest}"
    if isinstance(one, TimeDependentCox):
        found = [*(["them"] if one.adjust and known else []), *(["progression"] if one.adjust_progression else [])]
        return f"its hazard ratio is adjusted for {' and '.join(found) or 'nothing'}"
    return NOTHING


def _of_course(protocol: Protocol) -> list[str]:
    """Return the labels of the covariates that all designs share, those that change over time last."""
    course = protocol.course
    if course is None:
        return []
    changing = {one.baseline for one in course.changing}
    labels = {one.column: one.label for one in protocol.covariates}
    wanted = course.baseline or tuple(one.column for one in protocol.adjusted)
    fixed = [labels[name] for name in wanted if name not in changing]
    return [*fixed, *(f"{one.label} (as last measured)" for one in course.changing)]


def _arms(protocol: Protocol) -> str:
    """Say what the comparison of `methods` adjusts for: a method there may leave covariates without a use."""
    how, names = protocol.methods.adjustment, [one.label for one in protocol.adjusted]
    listed = ", ".join(names)
    if len(protocol.arms.arms) > 2:
        return _several(protocol, listed)
    if not isinstance(how, Unadjusted) and names:
        way = "matching" if isinstance(how, Matching | Coarsened) else "weights"
        return f"adjusted by {way} for {listed}"
    return f"{NOTHING}{f' (declared for it, and not used: {listed})' if names else ''}"


def _several(protocol: Protocol, listed: str) -> str:
    """Say it of three arms and more, where only Cox models take covariates."""
    if not listed or all(one.kind != "time" for one in protocol.outcomes):
        return NOTHING
    return f"hazard ratios are adjusted for {listed}, in the model; curves, medians and risks are {NOTHING}"
