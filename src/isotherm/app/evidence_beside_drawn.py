"""The forest of a study beside published effects, and the same in a terminal: what differs stands under each name."""

from __future__ import annotations

from dataclasses import fields

from isotherm.app.evidence_beside import NEVER_POOLED, Beside, Row, Setting, differences
from isotherm.app.evidence_figures_forest import EffectRow, EffectWords, Kind, evidence_forest
from isotherm.app.evidence_pool_words import FIRST_ARM, MORE, both_sides, in_common_words
from isotherm.app.figures import Drawing
from isotherm.app.report_words import NO_BREAK
from isotherm.app.terminal import folded
from isotherm.printable import printable

LABEL_PT = 204.0
OTHER_ARMS = "Other arms than this study's, by their names:"
FOOT = "The study's own effect is computed, the others were printed by others; research use only."
ENDS = "Diamond: this study. Squares: published; one without a line has no interval in print."


def beside_figure(found: Beside) -> Drawing:
    """Draw the study's own effect on top, the published ones under it, each with what differs."""
    rows = [_drawn(found.own, _all(found.own.setting), kind="own")]
    rows += [_drawn(row, _apart(found, row)) for row in found.published]
    measure = found.own.setting.measure
    slopes = f", or {MORE}" if any(row.is_slope for row in found.published) else ""
    lower, higher = both_sides("", f"{FIRST_ARM}{slopes}")
    words = EffectWords(
        axis=f"{measure}, {found.own.setting.endpoint}; {_scale(found)}",
        column=f"estimate ({100.0 * found.level:g}{NO_BREAK}% interval)", ratio=found.ratio, wide=True,
        label_pt=LABEL_PT,
        lower_means=lower, higher_means=higher,
        notes=(NEVER_POOLED, *_shared(found), ENDS),
    )  # fmt: skip
    return evidence_forest(rows, words, description=f"Forest of {len(found.published)} published effects under this "
                           f"study's own, {found.own.printed}. Never pooled.")  # fmt: skip


def beside_text(found: Beside, width: int | None) -> str:
    """Return the same as text."""
    lines: list[str] = []
    for row in (found.own, *found.published):
        said = _all(row.setting) if row is found.own else _apart(found, row)
        lines.append(printable(f"{row.name}: {row.printed}".replace(NO_BREAK, " ")))
        lines += [line for one in (*said, *row.remarks, row.source) for line in folded(one, width)]
    lines += [line for one in (NEVER_POOLED, *_shared(found)) for line in folded(one, width)]
    return "\n".join([*lines, FOOT]) + "\n"


def _scale(found: Beside) -> str:
    return "log scale (a ratio: no unit)" if found.ratio else "unit of the difference"


def _drawn(row: Row, said: tuple[str, ...], *, kind: Kind = "study") -> EffectRow:
    words = ". ".join(one.rstrip(".") for one in (*said, *row.remarks)) + "."
    return EffectRow(label=row.name, remarks=(words, f"Source: {row.source}"), kind=kind, estimate=row.estimate,
                     low=row.low, high=row.high, printed=row.numbers)  # fmt: skip


def _all(setting: Setting) -> tuple[str, ...]:
    return tuple(f"{one.name.replace('_', ' ').capitalize()}: {getattr(setting, one.name)}" for one in fields(Setting))


def _apart(found: Beside, row: Row) -> tuple[str, ...]:
    apart = dict(differences(found.own.setting, row.setting))
    alike = [name for one in fields(Setting) if (name := one.name.replace("_", " ")) not in apart]
    first = [f"{OTHER_ARMS} {apart.pop('arms')}"] if "arms" in apart else []
    said = (*first, *(f"{name.capitalize()}: {words}" for name, words in apart.items()))
    return (*said, f"As in this study: {', '.join(alike)}") if alike else said


def _shared(found: Beside) -> tuple[str, ...]:
    named = {row.id: (row.paper, row.called) for row in found.published}
    return in_common_words((named[a], named[b]) for a, b in found.shared)
