"""Measured anew after strokes: within seconds on the registration that is there, in full on one of its own.

After a stroke only what it touches is reconstructed again: the margin and its interval are those of `assess_lesion` for
the corrected mask laid on the scan after as it was. This is the quick result. The full one registers the corrected
pair, judges it by every gate and tells everything: what the command line gives for the corrected masks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits  # pyright: ignore[reportMissingTypeStubs]

from isotherm.app.assess import LesionMargin, margin_of_lesion
from isotherm.app.assess_pair import PairAssessment, assess_pair, settings_of
from isotherm.app.carried import carried_lesion
from isotherm.app.case import Case, Lesion
from isotherm.app.correcting import Correction, corrected_pair
from isotherm.app.pair import Pair
from isotherm.app.registering import Choice, Registered
from isotherm.app.scene import Surroundings
from isotherm.app.settings import UNTOLD, Facts, Settings
from isotherm.imaging.surface import Region, field_of

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A pair that was measured, with how; what is kept while somebody corrects its masks."""

    pair: Pair
    choice: Choice
    settings: Settings
    facts: Facts
    found: PairAssessment


def measured(
    pair: Pair, choice: Choice, settings: Settings, facts: Facts = UNTOLD, *, progress: Progress = lambda _: None
) -> Measured:
    """Register and measure a pair, and keep what a correction needs.

    Raises
    ------
    InputError, NotConverged
    """
    return Measured(pair, choice, settings, facts, assess_pair(pair, choice, settings, facts, progress=progress))


def quick_margin(kept: Measured, corrections: Sequence[Correction], number: int) -> LesionMargin:
    """Return the margin of one lesion with corrected masks, on the registration that is there.

    Parameters
    ----------
    kept : Measured
        As it was measured with the masks as drawn.
    corrections : sequence of Correction
    number : int
        Which lesion, from 0.

    Raises
    ------
    BadStroke
    EmptyMask, ImplausibleMask
        What is left of a mask cannot be one.
    """
    case = quick_case(kept, corrections)
    settings = settings_of(kept.pair, kept.settings).as_drawn(case.outline_error_mm)
    rng = np.random.default_rng([settings.seed, number])  # the stream that this lesion has in full, too
    with threadpool_limits(1, "blas"):
        around = Surroundings.of(replace(case, structures=()))
        return margin_of_lesion(case, case.lesions[number], around, settings, rng)


def quick_case(kept: Measured, corrections: Sequence[Correction]) -> Case:
    """Return the case with corrected masks, each laid on the scan after as the drawn one was.

    Raises
    ------
    BadStroke, EmptyMask, ImplausibleMask
    """
    pair = corrected_pair(kept.pair, corrections)
    touched = {one.number for one in corrections if one.of == "tumor" and one.strokes}
    lesions = tuple(_laid(pair, one, n) if n in touched else kept.found.case.lesions[n]
                    for n, one in enumerate(kept.found.registered))  # fmt: skip
    return replace(kept.found.case, lesions=lesions, ablations=pair.ablations)


def _laid(pair: Pair, one: Registered, number: int) -> Lesion:
    lesion = pair.lesions[number]
    outline = one.used.region(Region.of_field(field_of(lesion.mask.cropped())))
    return carried_lesion(replace(one, lesion=lesion, outline=outline))


def remeasured(kept: Measured, corrections: Sequence[Correction], *, progress: Progress = lambda _: None) -> Measured:
    """Register and measure the corrected pair in full: what may be accepted.

    Raises
    ------
    BadStroke, InputError, NotConverged
    """
    pair = corrected_pair(kept.pair, corrections)
    return measured(pair, kept.choice, kept.settings, kept.facts, progress=progress)
