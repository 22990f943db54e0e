"""The report of a reader study as a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from isotherm.app.aligned import aligned
from isotherm.app.study_report_words import p_digits
from isotherm.effect import Effect
from isotherm.printable import printable
from isotherm.study.accuracy import NAMES
from isotherm.study.clustered import IGNORES_CLUSTERS
from isotherm.study.rank_sum import RankSum
from isotherm.study.readers import Agreement, Association, ReaderStudy

SHORT = dict(zip(NAMES, ("sens", "spec", "PPV", "NPV"), strict=True))


def readers_text(study: ReaderStudy, outcome: str) -> str:
    """Return the report: signs beside the outcome, numbers beside the outcome, agreement, and what to know."""
    of = study.readings
    where = f"{len(of.event)} tumors" + ("" if of.patients is None else f" in {of.patients} patients")
    lines = [f"{where}; {outcome} in {int(of.event.sum())}"]
    lines += [f"left out, outcome not known: {of.left_out} tumors"] if of.left_out else []
    lines += (
        _block(_signs(study, outcome))
        + _block(_numbers(study, outcome))
        + _block(_agreements(study))
        + _block(_limits(study))
    )
    lines += ["", *_notes(study, outcome)]
    return "\n".join(printable(line).rstrip() for line in lines)


def _block(rows: Sequence[Sequence[str]]) -> list[str]:
    return ["", *aligned(rows)] if len(rows) > 1 else []


def _signs(study: ReaderStudy, outcome: str) -> list[list[str]]:
    """Return one row for each sign and reader: counts, p values, and four shares in percent."""
    level = f"{100 * study.level:g} %"
    rows = [["sign", "reader", f"{outcome}+", f"{outcome}-", "p (Fisher)*", "p (clustered)",
             *(f"{name} ({level} CI)" for name in SHORT.values())]]  # fmt: skip
    for one in study.associations:
        if one.counts is None:
            continue
        counts = one.counts
        shares = {effect.name: effect for effect in one.clustered or one.effects if effect.measure == "risk"}
        rows.append([
            one.feature, one.reader or "-", f"{counts.events}/{counts.n}",
            f"{counts.reference_events}/{counts.reference_n}",
            "-" if one.test is None else _p(one.test.p_value), _p(one.clustered_p),
            *(_percent(shares.get(name)) for name in NAMES),
        ])  # fmt: skip
    return rows


def _numbers(study: ReaderStudy, outcome: str) -> list[list[str]]:
    """Return one row for each number or score and reader."""
    level = f"{100 * study.level:g} %"
    head = ["number", "reader", "n", f"median {outcome}+", f"median {outcome}-", "p (rank sum)*", "p (clustered)"]
    rows = [[*head, f"area ({level} CI)"]]
    shown = {feature.name: feature.shown for feature in study.readings.features}
    for one in study.associations:
        if isinstance(one.test, RankSum):
            area = next(iter(one.clustered or one.effects), None)
            rows.append([
                one.feature, one.reader or "-", str(one.n), shown[one.feature](one.test.median),
                shown[one.feature](one.test.reference_median),
                _p(one.test.p_value), _p(one.clustered_p), _plain(area),
            ])  # fmt: skip
    return rows


def _agreements(study: ReaderStudy) -> list[list[str]]:
    """Return one row for each feature and pair (or all) of readers."""
    level = f"{100 * study.level:g} %"
    rows = [["agreement", "readers", "n", f"same ({level} CI)", f"kappa ({level} CI)"]]
    for two in study.agreements:
        if _is_measured(study, two):
            continue
        effects = {effect.measure: effect for effect in two.clustered or two.effects}
        assessed = "" if two.about == "the feature" else ", assessable"
        shares = _percent(effects.get("risk")), _plain(effects.get("kappa"))
        rows.append([f"{two.feature}{assessed}", " v ".join(two.readers), str(two.n), *shares])
    return rows


def _is_measured(study: ReaderStudy, two: Agreement) -> bool:
    """Whether it is about the values of a measured number."""
    kinds = {feature.name: feature.kind for feature in study.readings.features}
    return two.about == "the feature" and kinds[two.feature] == "number"


def _limits(study: ReaderStudy) -> list[list[str]]:
    """Return one row for each measured number and pair of readers."""
    level = f"{100 * study.level:g} %"
    rows = [["difference", "first minus second", "n", f"mean ({level} CI)", f"lower limit ({level} CI)",
             f"upper limit ({level} CI)"]]  # fmt: skip
    for two in study.agreements:
        effects = two.clustered or two.effects
        if _is_measured(study, two) and effects:
            rows.append([two.feature, " v ".join(two.readers), str(two.n), *map(_plain, effects)])
    return rows


def _notes(study: ReaderStudy, outcome: str) -> Iterable[str]:
    """Yield what a reader has to know."""
    yield f"* {IGNORES_CLUSTERS}"
    if any(isinstance(one.test, RankSum) for one in study.associations):
        yield f"  area: the chance that a tumor with {outcome} has the larger value"
    if any(_is_measured(study, two) and two.effects for two in study.agreements):
        yield "  limits: 95 % of differences lie between them, if they are normal (Bland-Altman), in the feature's unit"
    if study.readings.patient is None:
        yield "  No patients were named (--patient): every interval here does so as well."
    else:
        yield "  Intervals and clustered p values respect patients; their methods are in readers.json (--out)."
    for one in study.associations:
        if one.not_assessable:
            yield f"not assessable: {_who(one)} in {one.not_assessable} of {one.n + one.not_assessable} tumors"
    for one in (*study.associations, *study.agreements):
        for why in one.whys:
            yield f"{_who(one)}: {why}"
    yield "Research use only. Not a medical device."


def _who(one: Association | Agreement) -> str:
    readers = one.reader if isinstance(one, Association) else " v ".join(one.readers)
    return f"{one.feature} ({readers})" if readers else one.feature


def _p(p_value: float | None) -> str:
    return "-" if p_value is None else p_digits(p_value)


def _percent(effect: Effect | None) -> str:
    if effect is None:
        return "-"
    return f"{100 * effect.estimate:.1f} % ({100 * effect.low:.1f}-{100 * effect.high:.1f})"


def _plain(effect: Effect | None) -> str:
    return "-" if effect is None else f"{effect.estimate:.2f} ({effect.low:.2f} to {effect.high:.2f})"
