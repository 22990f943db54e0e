"""A study beside published effects and rates, drawn, and the same in a terminal: what differs stands under each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from itertools import pairwise

from isotherm.app.evidence_beside import NEVER_POOLED, Beside
from isotherm.app.evidence_beside_by_arm import ByArm
from isotherm.app.evidence_beside_own_by_arm import InArm
from isotherm.app.evidence_beside_rows import Row, Setting, differences
from isotherm.app.evidence_figures_by_arm import ArmGroup, ArmMark, ArmsPanel
from isotherm.app.evidence_figures_forest import EffectRow, EffectWords, Kind, evidence_forest
from isotherm.app.evidence_pool_words import FIRST_ARM, MORE, both_sides, in_common_words
from isotherm.app.figures import Drawing
from isotherm.app.report_words import NO_BREAK
from isotherm.app.terminal import folded
from isotherm.printable import printable

LABEL_PT = 204.0
OTHER_ARMS = "Other arms than this study's, by their names:"
SAME_ARMS = "Same arm names as in this study; what was done there:"
TURNED = "Same arm names, but compared in the opposite order; what was done there:"
NO_SAME_ARMS = "No publication here has arms with the same names as this study's."
BY_ARM = (
    "Survival in each arm as printed, and of this study: at the same time, or as a median. No ratio is derived from it."
)
AS_ABOVE = "Differs as the one above."
PANEL = "Survival in each arm at one time: as printed (squares) and in this study (diamonds)"
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
        notes=(NEVER_POOLED, *_notes(found), *_shared(found), *([ENDS] if found.published else [])),
    )  # fmt: skip
    groups = _groups([one for one in found.by_arm if _is_drawn(one)])
    below = " ".join([BY_ARM, *map(_in_one_line, found.by_arm)] if found.by_arm else [])
    return evidence_forest(
        rows, words, under=ArmsPanel(groups, head=PANEL) if groups else None,
        description=f"Forest of {len(found.published)} published effects under this study's own, {found.own.printed}. "
                    f"Never pooled. {below}".strip(),
    )  # fmt: skip


def beside_text(found: Beside, width: int | None) -> str:
    """Return the same as text."""
    lines: list[str] = []
    for row in (found.own, *found.published):
        said = _all(row.setting) if row is found.own else row_words(found.own, row)
        lines.append(printable(f"{row.name}: {row.printed}".replace(NO_BREAK, " ")))
        lines += [line for one in (*said, *row.remarks, row.source) for line in folded(one, width)]
    lines += [BY_ARM] if found.by_arm else []
    for one in found.by_arm:
        lines.append(printable(f"{one.name}: {one.about}"))
        said = (*arm_lines(one.published), *(f"This study, {arm}" for arm in arm_lines(one.own)))
        sources = dict.fromkeys(arm.source for arm in (*one.published, *one.own) if arm.source)
        told = (*said, *by_arm_words(one), *one.remarks, *sources)
        lines += [line for words in told for line in folded(words.replace(NO_BREAK, " "), width)]
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


def by_arm_words(one: ByArm) -> tuple[str, ...]:
    """Return in what a publication of survival by arm differs from the study, and in what it does not."""
    return _apart(one.own_setting, one.setting, one.arms_there)


def arm_lines(arms: Sequence[InArm]) -> tuple[str, ...]:
    """Return each arm with its number, or why there is none."""
    return tuple(f"{one.arm}: {one.says}" for one in arms)


def same_arms_words(found: Beside) -> str:
    """Say which publications have arms that go by the names of the study's own, and what to mind; or that none has."""
    named = dict.fromkeys(one.paper for one in (*found.published, *found.by_arm) if one.arms_there)
    turned = dict.fromkeys(row.called for row in found.published if row.turned)
    of, null = ("ratio", 1) if found.ratio else ("difference", 0)
    same = (
        f"Same arm names as in this study: {', '.join(named)} (first in the table). Check what was done in each arm: "
        "the same name need not mean the same treatment."
    )
    other = (
        f"Same arm names, but compared in the opposite order: the effect of {', '.join(turned)}. There a {of} below "
        f"{null} means what a {of} above {null} means in this study; the number is shown as printed."
    )
    return " ".join([*([same] if named else []), *([other] if turned else [])]) or NO_SAME_ARMS


def _is_drawn(one: ByArm) -> bool:
    """Whether survival stands at one time in an arm of the study too, so that both can be drawn on one axis."""
    return bool(one.at) and any(arm.value is not None for arm in one.own)


def _groups(drawn: Sequence[ByArm]) -> list[ArmGroup]:
    """Return what is drawn; what one has to be read beside as the one above it is not repeated."""
    groups = [_group(one) for one in drawn]
    return groups[:1] + [
        replace(one, remark=AS_ABOVE) if one.remark == above.remark else one for above, one in pairwise(groups)
    ]


def _group(one: ByArm) -> ArmGroup:
    remarks = dict.fromkeys(f"This study: {arm.remark}" for arm in one.own if arm.remark)
    marks = [_mark(arm, arm.arm) for arm in one.published]
    marks += [_mark(arm, f"This study: {arm.arm}", own=True) for arm in one.own]
    said = ". ".join([*by_arm_words(one), *one.remarks, *remarks])
    return ArmGroup(title=f"{one.name}: {one.about}", remark=f"{said}.", marks=tuple(marks))


def _mark(arm: InArm, label: str, *, own: bool = False) -> ArmMark:
    return ArmMark(label=label, printed=arm.printed or arm.says, own=own, value=arm.value, low=arm.low, high=arm.high)


def _notes(found: Beside) -> Iterator[str]:
    """Yield in words what is survival in each arm and stands in no panel."""
    if found.by_arm:
        yield BY_ARM
    yield from (_in_one_line(one) for one in found.by_arm if not _is_drawn(one))


def _in_one_line(one: ByArm) -> str:
    own = "; ".join(arm_lines(one.own))
    return f"{one.paper}, {one.about}: {'; '.join(arm_lines(one.published))}. This study: {own}."


def _shared(found: Beside) -> tuple[str, ...]:
    named = {row.id: (row.paper, row.called) for row in found.published}
    named |= {one.published[0].id: (one.paper, one.paper) for one in found.by_arm}
    return in_common_words((named[a], named[b]) for a, b in found.shared)
