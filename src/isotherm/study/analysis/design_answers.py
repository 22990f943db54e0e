"""Answers of designs: which one leads, what each is called, and its effects and curves, or why it has none."""

from __future__ import annotations

from collections.abc import Sequence

from isotherm.effect import Effect
from isotherm.study.analysis.design_curves import DesignCurves
from isotherm.study.analysis.designs import Answer, Done
from isotherm.study.designs.clone_result import CloneResult
from isotherm.study.designs.courses import Endpoint
from isotherm.study.designs.result import DesignResult
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_designs import in_words

KEYS: dict[Endpoint, str] = {"overall survival": "os", "progression-free survival": "pfs"}
"""Short names of endpoints in ids."""

NO_CURVE = "this design has no curve per strategy, so no risk and no restricted mean"
NAIVE = "naive"


def sound_of(done: Sequence[Done]) -> Done | None:
    """Return the design that gives the main estimate: the first that nothing bars; None where there is none."""
    return next((one for one in done if not one.barred_by and one.design.kind != NAIVE), None)


def naive_of(done: Sequence[Done]) -> Done | None:
    """Return the naive design; None where it was not carried out."""
    return next((one for one in done if one.design.kind == NAIVE), None)


def called(one: Done, answer: Answer) -> str:
    """Return what a design is called: by its own words, or by the name that the protocol gives it."""
    if isinstance(answer, str) or one.design.name != one.design.kind:
        return in_words(one.design)
    return result_of(answer).design


def rows_of(one: Done, answer: Answer) -> str:
    """Return what the rows of a design are: patients, or clones of them."""
    return "clones" if isinstance(answer, CloneResult) and one.design.kind == "clone_censor_weight" else "patients"


def curves_shown(protocol: Protocol, one: Done, endpoint: Endpoint) -> DesignCurves:
    """Return the curves of a design that has an answer, none where it has no curve per strategy."""
    answer = one.answers[endpoint]
    assert not isinstance(answer, str)
    found = result_of(answer)
    rows = rows_of(one, answer)
    return DesignCurves(
        design=one.design, found=found, key=f"design.{one.design.name}.{KEYS[endpoint]}", name=called(one, answer),
        arms=tuple(arms_shown(protocol, found))[: len(found.curves)],
        at_risk_of=f"{rows}, not weighted" if isinstance(answer, CloneResult) else rows,
    )  # fmt: skip


def result_of(answer: DesignResult | CloneResult) -> DesignResult:
    """Return what an answer says as every design says it, without its clones."""
    return answer.result if isinstance(answer, CloneResult) else answer


def effect_of(answer: Answer, place: int, measure: str = "risk_difference") -> tuple[Effect | None, str]:
    """Return one effect of an answer, or why there is none."""
    if isinstance(answer, str):
        return None, answer
    found = result_of(answer)
    effects = {"risk_difference": found.risk_differences, "rmst_difference": found.rmst_differences,
               "hazard_ratio": found.hazard_ratios}[measure]  # fmt: skip
    if place < len(effects):
        return effects[place], ""
    return None, NO_CURVE if measure != "hazard_ratio" else next(iter(found.remarks), "there is no hazard ratio")


def arms_shown(protocol: Protocol, found: DesignResult) -> list[str]:
    """Return the arms of a design in its order, by their names; groups that are no arm are numbered."""
    names = {arm.label: arm.name for arm in protocol.arms.arms}
    return [names.get(one.name, f"group_{k}") for k, one in enumerate(found.arms, start=1)]
