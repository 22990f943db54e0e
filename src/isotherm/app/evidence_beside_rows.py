"""What stands beside each other in evidence: in what studies may differ, in words, and one row of an effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

from isotherm.app.study_report_frame import Arm
from isotherm.evidence.paper import Paper
from isotherm.evidence.result import PublishedResult
from isotherm.evidence.study_effect import plain

NOT_PRINTED = "not printed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """In what studies may differ, in words; "not printed" is an answer."""

    population: str
    arms: str
    time_zero: str
    endpoint: str
    adjustment: str
    measure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: the study's own effect, or a published one.

    Parameters
    ----------
    name, printed, numbers, source : str
        `printed` is all that was printed, `numbers` the estimate with its interval alone.
    estimate : float
    low, high : float or None
        None where no limit was printed, or the data set none.
    setting : Setting
    remarks : tuple of str
        Status, and what is wrong with the number.
    id, paper, called : str
        Of the published result: what its publication is called, and what the result is called beside others of it;
        empty for the study's own.
    is_slope : bool
        Whether it is per step of something, and compares no arms.
    arms_there, turned : str
        What the arms do in the publication, where they go by the names of the study's own and are compared in the same
        order (`arms_there`) or the other way around (`turned`); else empty.
    """

    name: str
    printed: str
    numbers: str
    source: str
    estimate: float
    low: float | None
    high: float | None
    setting: Setting
    remarks: tuple[str, ...] = ()
    id: str = ""
    paper: str = ""
    called: str = ""
    is_slope: bool = False
    arms_there: str = ""
    turned: str = ""


def differences(own: Setting, other: Setting, arms_there: str = "") -> Iterator[tuple[str, str]]:
    """Yield in what another study differs, and its words; what is alike is left out, what is not printed is not.

    Arms that go by the same names in the same order are no difference; `arms_there` then says what they do.
    """
    for one in fields(Setting):
        mine, theirs = getattr(own, one.name), getattr(other, one.name)
        if plain(mine) != plain(theirs) and not (arms_there and one.name == "arms"):
            yield one.name.replace("_", " "), theirs


def published_setting(record: PublishedResult, *, arms: str, measure: str) -> Setting:
    """Return the setting of a published result."""
    adjusted = {None: NOT_PRINTED, True: "adjusted", False: "none"}[record.adjusted]
    return Setting(
        population=record.population or NOT_PRINTED, arms=arms, time_zero=record.time_zero,
        endpoint=record.endpoint or NOT_PRINTED, measure=measure,
        adjustment=f"{adjusted}{f', {record.analysis}' if record.analysis else ''}",
    )  # fmt: skip


def arms_matched(own: Sequence[Arm], paper: Paper, ids: Sequence[str]) -> tuple[Arm, ...]:
    """Return the study's own arm by the name of each arm of a publication; none unless each has one of its own."""
    found: list[Arm] = []
    for published in map(paper.arm, ids):
        names = () if published is None else (published.id, published.name)
        alike = [arm for arm in own if _plain(names) & _plain((arm.name, arm.label))]
        if len(alike) != 1 or alike[0] in found:
            return ()
        found += alike
    return tuple(found)


def arms_words(paper: Paper, ids: Sequence[str]) -> str:
    """Say what arms of a publication do, in its order."""
    arms = [arm for arm in map(paper.arm, ids) if arm is not None]
    return " v ".join(arm.definition or arm.name for arm in arms)


def _plain(words: Iterable[str]) -> set[str]:
    return {plain(word.replace("_", " ")) for word in words}
