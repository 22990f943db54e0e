"""Measured anew after strokes, within seconds: the margin and its interval on the registration that is there.

After a stroke only what it touches is reconstructed again; the numbers are those of `assess_lesion` for the corrected
mask laid on the scan after as it was. This is the quick result. The full one registers the corrected pair, judges it by
every gate and tells everything: what the command line gives for the corrected masks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits  # pyright: ignore[reportMissingTypeStubs]

from isotherm.app.assess import LesionMargin, margin_of_lesion
from isotherm.app.carried import carried_lesion
from isotherm.app.case import Case, Lesion
from isotherm.app.correcting import Correction, corrected_pair
from isotherm.app.kept import Kept, outline_on
from isotherm.app.pair import Pair
from isotherm.app.registering import Registered
from isotherm.app.scene import Surroundings


def quick_margin(kept: Kept, corrections: Sequence[Correction], number: int) -> LesionMargin:
    """Return the margin of one lesion with corrected masks, on the registration that is there.

    Parameters
    ----------
    kept : Kept
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
    return margin_in(quick_case(kept, corrections), kept, number)


def margin_in(case: Case, kept: Kept, number: int) -> LesionMargin:
    """Return the margin of one lesion of a case with corrected masks, by the settings of what was kept."""
    settings = kept.settings.as_drawn(case.outline_error_mm)
    rng = np.random.default_rng([settings.seed, number])  # the stream that this lesion has in full, too
    with threadpool_limits(1, "blas"):
        around = Surroundings.of(replace(case, structures=()))
        return margin_of_lesion(case, case.lesions[number], around, settings, rng)


def quick_case(kept: Kept, corrections: Sequence[Correction]) -> Case:
    """Return the case with corrected masks, each laid on the scan after as the drawn one was.

    Raises
    ------
    BadStroke, EmptyMask, ImplausibleMask
    """
    pair = corrected_pair(kept.pair, corrections)
    touched = {one.number for one in corrections if one.of == "tumor" and one.strokes}
    lesions = tuple(_laid(pair, one, n) if n in touched else kept.case.lesions[n]
                    for n, one in enumerate(kept.registered))  # fmt: skip
    return replace(kept.case, lesions=lesions, ablations=pair.ablations)


def _laid(pair: Pair, one: Registered, number: int) -> Lesion:
    lesion = pair.lesions[number]
    return carried_lesion(replace(one, lesion=lesion, outline=outline_on(one.used, one.rigid, lesion)))
