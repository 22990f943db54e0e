"""What was planned, as records: the protocol in words, one sentence for each choice of the methods."""

from __future__ import annotations

from collections.abc import Iterator

from isotherm.columns import label
from isotherm.study.analysis.adjusted_for import covariates_in_words
from isotherm.study.designs.naive import CLOCKS
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_designs import ArmStrategy, Asked, Design, Landmark, TimeDependentCox, Weighted, in_words
from isotherm.study.protocol_methods import Adjustment, Coarsened, Matching, Unadjusted, Weighting
from isotherm.study.protocol_parts import Arm, Outcome
from isotherm.study.result import Results

BESIDE = (
    "Beside the designs, the arms as they became were compared; this adjustment and its replicates are no part of the "
    "designs."
)
"""Parts what designs do from what `methods` does: either has an adjustment, and replicates, of its own."""

DESIGN = "Retrospective cohort study, analyzed by a protocol that was fixed as data"


def add_protocol(results: Results, protocol: Protocol) -> None:
    """Add what the protocol says, as texts that a report prints."""
    data, outcomes = protocol.data, protocol.outcomes
    texts = {
        "title": ("Title", protocol.title),
        "question": ("Question", protocol.question),
        "design": ("Design", DESIGN),
        "hash": ("SHA-256 of what the protocol says, not of its file", protocol.hash),
        "eligibility": ("Eligibility", "; ".join(step.says for step in protocol.eligibility)),
        "time_zero": ("Time zero", protocol.time_zero.says),
        "exposure": ("Start of exposure", protocol.exposure.says),
        "arms": ("Arms", "; ".join(_arm(protocol, arm.name) for arm in protocol.arms.arms)),
        "outcomes": ("Outcomes", ". ".join(_outcome(one) for one in outcomes)),
        "covariates": ("Covariates declared for adjustment", ", ".join(one.label for one in protocol.adjusted)),
        "covariates.used": ("What is adjusted for which covariates", covariates_in_words(protocol)),
        "subgroups": ("Subgroups", "; ".join(one.label for one in protocol.subgroups)),
        "codings": ("Codings", "; ".join(_coding(protocol))),
        "methods": ("Methods", " ".join(method_sentences(protocol))),
        "sensitivity": ("Sensitivity analyses", "; ".join(one.says for one in protocol.sensitivity)),
    }
    if protocol.course is not None:
        texts["strategies"] = (
            "Strategies, with their windows",
            "; ".join(f"{arm.label}: {arm_words(protocol, arm)}" for arm in protocol.arms.arms),
        )
        texts["horizon"] = (
            "Follow-up",
            f"From {protocol.time_zero.says} on, up to day {protocol.course.horizon_days:g}",
        )
    for key, (says, text) in texts.items():
        results.text(f"protocol.{key}", says, text)
    results.text("data.source", "Source of the data", data.source)
    results.text("data.columns", "Columns that were read", ", ".join(protocol.columns))
    results.text("data.missing_codes", "Codes for not known", ", ".join(map(label, data.missing)))
    for number, caveat in enumerate(protocol.caveats, start=1):
        results.text(f"caveat.{number}", "Caveat", caveat)


def _arm(protocol: Protocol, name: str) -> str:
    words = next(arm.label for arm in protocol.arms.arms if arm.name == name)
    return f"{words} (reference)" if name == protocol.arms.reference else words


def arm_words(protocol: Protocol, arm: Arm) -> str:
    """Say who is in an arm: what its strategy asks from time zero on, its window of days, or its values."""
    arms, course = protocol.arms, protocol.course
    if arm.strategy is not None:
        return _strategy(arm.strategy, unfit=course is not None and course.contraindication is not None)
    if arm.window_days is not None:
        low, high = sorted(abs(day) for day in arm.window_days)
        side = "before" if max(arm.window_days) <= 0 else "after"
        days = f"{low:g} to {high:g} days {side}" if min(arm.window_days) * max(arm.window_days) >= 0 else (
            f"from day {arm.window_days[0]:g} to day {arm.window_days[1]:g} of"
        )  # fmt: skip
        return f"{arms.end} {days} {arms.start}"
    return f"{arms.column} is {' or '.join(map(label, arm.values))}"


def _strategy(strategy: ArmStrategy, *, unfit: bool) -> str:
    """Say what a strategy asks, in the order of its days, and what releases from it: a contraindication if `unfit`."""
    asked = {"systemic therapy": strategy.systemic, "ablation": strategy.ablation}
    named = sorted(
        ((what, one) for what, one in asked.items() if one is not None), key=lambda pair: _is_second(pair[1])
    )
    parts = [f"{'then ' if _is_second(one) else ''}{_window(what, one)}" for what, one in named]
    events = "progression, death or a contraindication" if unfit else "progression or death"
    free = f"; {events} before a treatment is due releases from it"
    return f"{', '.join(parts)}{free if strategy.dynamic else ''}"


def _is_second(one: Asked) -> bool:
    return one.days is not None and one.after != "time zero"


def _window(what: str, one: Asked) -> str:
    if one.days is None:
        return f"no {what}"
    after = {"time zero": "time zero", "systemic": "the start of systemic therapy", "ablation": "ablation"}[one.after]
    return f"{what} from day {one.days[0]:g} to day {one.days[1]:g} after {after}"


def _outcome(outcome: Outcome) -> str:
    """Say what an outcome is, in a sentence without its full stop: a definition may hold semicolons."""
    return f"{outcome.label}: {outcome.definition.rstrip().removesuffix('.') or outcome.event}"


def _coding(protocol: Protocol) -> Iterator[str]:
    for one in protocol.covariates:
        if one.kind == "number":
            step = f", effects per {one.per:g} {one.unit}".rstrip() if one.per != 1.0 else ""
            yield f"{one.label}: as a number{f' ({one.unit})' if one.unit and not step else ''}{step}"
        elif one.levels:
            yield f"{one.label}: {', '.join(words for _, words in one.levels)}"


def method_sentences(protocol: Protocol) -> list[str]:
    """Say how the analysis was planned, one sentence for each choice, none of them silent."""
    methods, estimation = protocol.methods, protocol.methods.estimation
    how = methods.adjustment
    sites = {"ignored": "without terms for hospitals", "terms": "with a term for each hospital",
             "within": "within each hospital"}[methods.propensity.sites]  # fmt: skip
    model = [f"The propensity was estimated by logistic regression without a penalty, {sites}."]
    variance = (
        "the variance of independent patients, robust over patients for outcomes of tumors"
        if isinstance(how, Unadjusted)
        else "a variance that is robust over matched sets or weighted patients"
    )
    gaps = methods.missing
    several = f", {gaps.imputations} data sets" if gaps.method == "multiple imputation" else ""
    rest = [
        f"Hazard ratios come from the Cox model (ties: {estimation.ties.capitalize()}) with {variance}; intervals are "
        f"{100 * estimation.level:g} % intervals.",
        f"Kaplan-Meier curves have {estimation.curve_interval} intervals; proportional hazards were tested by the "
        f"score test (transform of time: {estimation.ph_transform}).",
        f"Missing covariates: {gaps.method}{several}.",
    ]
    if methods.bootstrap:
        rest.append(
            f"{'This comparison' if protocol.designs else 'The whole analysis'} was repeated on {methods.bootstrap} "
            f"bootstrap replicates (seed {protocol.seed})."
        )
    plan = [] if isinstance(how, Unadjusted | Coarsened) else model
    compared = [*plan, _adjustment(how)]
    if len(protocol.arms.arms) > 2:
        compared = ["Each arm was compared with the reference: times in Cox models, with and without the covariates; "
                    "yes/no outcomes by differences of risks, without them."]  # fmt: skip
    beside = [BESIDE] if protocol.designs else []
    return [*_timing(protocol), *beside, *compared, *rest, *_factors(protocol), *filter(None, [methods.reason])]


def _factors(protocol: Protocol) -> Iterator[str]:
    """Say how factors of outcomes were to be held against them."""
    labels = {one.column: one.label for one in protocol.covariates}
    outcomes = {one.name: one for one in protocol.outcomes}
    for one in protocol.factors:
        outcome = outcomes[one.outcome]
        named = ", ".join([*(labels[name] for name in one.columns), *(["the arms"] if one.arms else [])])
        model = "cause-specific Cox models, with Fine-Gray models beside them" if outcome.competes else "Cox models"
        robust = ", variances robust over patients" if outcome.unit == "tumor" else ""
        yield f"{one.label} ({named}) entered {model} of {outcome.label}, each alone and all together{robust}."


def _timing(protocol: Protocol) -> list[str]:
    """Say how questions of timing were to be answered."""
    course = protocol.course
    found = [] if course is None else [
        f"Designs for the question of timing share one set of dates, time zero being the {course.zero}; risks and "
        f"restricted means are those of day {course.horizon_days:g}."
    ]  # fmt: skip
    return [*found, *(f"{_design(one)}." for one in protocol.designs)]


def _design(one: Design) -> str:
    if isinstance(one, Landmark):
        return f"Design {in_words(one)}: landmark at day {one.day:g} among the {one.among}"
    if isinstance(one, Weighted):
        low, high = one.truncate_weights
        return (
            f"Design {in_words(one)}: {WEIGHTED[one.kind]}, hazards of early treatment by periods of "
            f"{one.period_days:g} days, {one.replicates} bootstrap replicates of patients with weights refitted; "
            f"beside it, weights truncated at their quantiles {low:g} and {high:g}, and no weights"
        )
    if isinstance(one, TimeDependentCox):
        return f"Design {in_words(one)}: Cox model with ablation as a changing covariate"
    clock = CLOCKS[one.clock]
    return f"Design {in_words(one)}: arms as they became, counted from {clock}; it only stands beside the others"


WEIGHTED = {
    "clone_censor_weight": "patients cloned into every strategy, censored when they leave it, and weighted for that",
    "censoring_weights": "arms as begun, weighted at baseline and for leaving the strategy",
}
"""What designs with weights do."""


def _adjustment(how: Adjustment) -> str:
    """Say how the arms are made comparable."""
    if isinstance(how, Matching):
        caliper = (
            "no caliper" if how.caliper is None else f"caliper {how.caliper:g} {how.caliper_unit} of the {how.scale}"
        )
        exact = f", exact in {', '.join(how.exact)}" if how.exact else ""
        return (f"Patients were matched 1:{how.ratio} to their nearest neighbors on the propensity score{exact}, "
                f"{'with' if how.replacement else 'without'} replacement ({caliper}; order: {how.order}; "
                f"estimand: {how.estimand}).")  # fmt: skip
    if isinstance(how, Coarsened):
        return f"Patients were matched exactly on coarsened covariates (estimand: {how.estimand})."
    if isinstance(how, Weighting):
        words = ["stabilized"] if how.stabilized else []
        words += [] if how.trim is None else [f"trimmed to propensities from {how.trim[0]:g} to {how.trim[1]:g}"]
        words += [] if how.truncate is None else [
            f"truncated at their quantiles {how.truncate[0]:g} and {how.truncate[1]:g}"
        ]  # fmt: skip
        return f"Patients were weighted by the propensity ({', '.join([f'estimand: {how.estimand}', *words])})."
    return "The arms were compared as they are, without adjustment."
