"""The forest of a study beside published effects, and the same in a terminal: what differs stands under each name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from isotherm.app.evidence_beside import NEVER_POOLED, Beside
from isotherm.app.evidence_beside_own_rates import ArmRate
from isotherm.app.evidence_beside_rates import Rates
from isotherm.app.evidence_beside_rows import Row, Setting, differences
from isotherm.app.evidence_figures_forest import EffectRow, EffectWords, Kind, evidence_forest
from isotherm.app.evidence_pool_words import FIRST_ARM, MORE, both_sides, in_common_words
from isotherm.app.figures import Drawing
from isotherm.app.report_words import NO_BREAK
from isotherm.app.terminal import folded
from isotherm.printable import printable

LABEL_PT = 204.0
OTHER_ARMS = "Other arms than this study's, by their names:"
SAME_ARMS = "Arms by the names of this study's, there:"
TURNED = "Arms by the names of this study's, there the other way around:"
RATES = "Survival in each arm as printed, and of this study at the same time; no ratio is derived from it."
FOOT = "The study's own effect is computed, the others were printed by others; research use only."
ENDS = "Diamond: this study. Squares: published; one without a line has no interval in print."


def beside_figure(found: Beside) -> Drawing:
    """Draw the study's own effect on top, the published ones under it, each with what differs."""
    rows = [_drawn(found.own, _all(found.own.setting), kind="own")]
    rows += [_drawn(row, row_words(found.own, row)) for row in found.published]
    measure = found.own.setting.measure
    slopes = f", or {MORE}" if any(row.is_slope for row in found.published) else ""
    lower, higher = both_sides("", f"{FIRST_ARM}{slopes}")
    words = EffectWords(
        axis=f"{measure}, {found.own.setting.endpoint}; {_scale(found)}",
        column=f"estimate ({100.0 * found.level:g}{NO_BREAK}% interval)", ratio=found.ratio, wide=True,
        label_pt=LABEL_PT,
        lower_means=lower, higher_means=higher,
        notes=(NEVER_POOLED, *_rates_notes(found), *_shared(found), *([ENDS] if found.published else [])),
    )  # fmt: skip
    below = f" {RATES} {len(found.rates)} below." if found.rates else ""
    return evidence_forest(rows, words, description=f"Forest of {len(found.published)} published effects under this "
                           f"study's own, {found.own.printed}. Never pooled.{below}")  # fmt: skip


def beside_text(found: Beside, width: int | None) -> str:
    """Return the same as text."""
    lines: list[str] = []
    for row in (found.own, *found.published):
        said = _all(row.setting) if row is found.own else row_words(found.own, row)
        lines.append(printable(f"{row.name}: {row.printed}".replace(NO_BREAK, " ")))
        lines += [line for one in (*said, *row.remarks, row.source) for line in folded(one, width)]
    lines += [RATES] if found.rates else []
    for rates in found.rates:
        lines.append(printable(f"{rates.name}: {rates.about}"))
        said = (*arm_lines(rates.published), *(f"This study, {one}" for one in arm_lines(rates.own)))
        sources = dict.fromkeys(one.source for one in (*rates.published, *rates.own) if one.source)
        told = (*said, *rates_words(rates), *rates.remarks, *sources)
        lines += [line for one in told for line in folded(one.replace(NO_BREAK, " "), width)]
    lines += [line for one in (same_arms_words(found), NEVER_POOLED, *_shared(found)) for line in folded(one, width)]
    return "\n".join([*lines, FOOT]) + "\n"


def _scale(found: Beside) -> str:
    return "log scale (a ratio: no unit)" if found.ratio else "unit of the difference"


def _drawn(row: Row, said: tuple[str, ...], *, kind: Kind = "study") -> EffectRow:
    words = ". ".join(one.rstrip(".") for one in (*said, *row.remarks)) + "."
    return EffectRow(label=row.name, remarks=(words, f"Source: {row.source}"), kind=kind, estimate=row.estimate,
                     low=row.low, high=row.high, printed=row.numbers)  # fmt: skip


def _all(setting: Setting) -> tuple[str, ...]:
    return tuple(f"{one.name.replace('_', ' ').capitalize()}: {getattr(setting, one.name)}" for one in fields(Setting))


def row_words(own: Row, row: Row) -> tuple[str, ...]:
    """Return in what a published effect differs from the study's own, and in what it does not."""
    return _apart(own.setting, row.setting, row.arms_there, row.turned)


def _apart(own: Setting, other: Setting, arms_there: str, turned: str = "") -> tuple[str, ...]:
    apart = dict(differences(own, other, arms_there))
    alike = [name for one in fields(Setting) if (name := one.name.replace("_", " ")) not in apart]
    first = [f"{OTHER_ARMS} {apart.pop('arms')}"] if "arms" in apart else []
    first = [f"{SAME_ARMS} {arms_there}"] if arms_there else [f"{TURNED} {turned}"] if turned else first
    said = (*first, *(f"{name.capitalize()}: {words}" for name, words in apart.items()))
    alike = [name for name in alike if not (arms_there and name == "arms")]
    return (*said, f"As in this study: {', '.join(alike)}") if alike else said


def rates_words(rates: Rates) -> tuple[str, ...]:
    """Return in what a publication of rates differs from the study, and in what it does not."""
    return _apart(rates.own_setting, rates.setting, rates.arms_there)


def arm_lines(arms: Sequence[ArmRate]) -> tuple[str, ...]:
    """Return each arm with its rate, or why there is none."""
    return tuple(f"{one.arm}: {one.says}" for one in arms)


def same_arms_words(found: Beside) -> str:
    """Say which publications compare arms that go by the names of the study's own, or that none does."""
    named = dict.fromkeys(one.paper for one in (*found.published, *found.rates) if one.arms_there)
    turned = dict.fromkeys(row.called for row in found.published if row.turned)
    same = f"Arms by the names of this study's own: {', '.join(named)}; it stands first in its table." if named else ""
    other = f"{TURNED} {', '.join(turned)}; its number is as printed, not turned." if turned else ""
    return (
        " ".join(filter(None, (same, other))) or "No publication here compares arms by the names of this study's own."
    )


def _rates_notes(found: Beside) -> Iterator[str]:
    if found.rates:
        yield RATES
    for rates in found.rates:
        own = "; ".join(arm_lines(rates.own))
        yield f"{rates.paper}, {rates.about}: {'; '.join(arm_lines(rates.published))}. This study: {own}."


def _shared(found: Beside) -> tuple[str, ...]:
    named = {row.id: (row.paper, row.called) for row in found.published}
    named |= {one.published[0].id: (one.paper, one.paper) for one in found.rates}
    return in_common_words((named[a], named[b]) for a, b in found.shared)
