"""Aligning: what is known of a pair that a person aligns by hand, and which of the points that are set say anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isotherm.app.align_scene import Laid
from isotherm.app.choosing import nudge_of
from isotherm.app.pair import Pair
from isotherm.app.registering import Registered
from isotherm.app.report_tables import name_of
from isotherm.imaging.geometry import Float
from isotherm.imaging.landmark_checks import refuse_outside, refuse_repeats
from isotherm.imaging.landmarks import Landmarks
from isotherm.imaging.register_by_hand import nudged
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Grid


@dataclass(frozen=True, slots=True, eq=False)
class Aligning:
    """What is known of a pair before somebody aligns it.

    Parameters
    ----------
    laid : tuple of Laid
        How each lesion lies on the scan after, as it is shown.
    names : tuple of str
        What the lesions are called.
    after, before : Grid
        Of the scans.
    nudge : str or None
        What is in `laid` of an earlier nudge.
    marks : Landmarks or None
        What the registration was made of, mended or judged by: it may lie as they say.
    """

    laid: tuple[Laid, ...]
    names: tuple[str, ...]
    after: Grid
    before: Grid
    nudge: str | None = None
    marks: Landmarks | None = None

    @classmethod
    def of(
        cls, pair: Pair, registered: Sequence[Registered] | None, *, nudge: str | None, marks: Landmarks | None
    ) -> Aligning:
        """Return it of a pair as it was registered, or as nothing did."""
        laid = [Laid.unknown(pair, number) for number in range(len(pair.lesions))] if registered is None else (
            [Laid.of(one) for one in registered])  # fmt: skip
        names = tuple(name_of({"label": one.label, "name": one.name}) for one in pair.lesions)
        return cls(tuple(laid), names, pair.after.grid, pair.before.grid, nudge if registered is not None else None,
                   marks if registered is not None else None)  # fmt: skip

    def check(self, pairs: Landmarks | None, *, nudge: str | None = None) -> None:
        """Refuse pairs that cannot be, or that only follow what is shown.

        Parameters
        ----------
        pairs : Landmarks or None
        nudge : str, optional
            The nudge that was shown as they were set.

        Raises
        ------
        BadLandmarks, BadSetting
        """
        if pairs is None:
            return
        refuse_outside(pairs, after=self.after, before=self.before)
        fresh = _without(pairs, self.marks)
        if fresh is not None and self.laid:
            places = fresh.after_lps_mm
            ways = [way for one in self.laid for way in (one.rigid, one.used)]
            refuse_repeats(fresh, *(way.points(places) for way in ways), *self._nudged(places, nudge))

    def _nudged(self, places: Float, nudge: str | None) -> list[Float]:
        """Return where the crosshair before follows to while a nudge is shown."""
        if nudge is None:
            return []
        (shift, turn), (old_shift, old_turn) = nudge_of(nudge), nudge_of(self.nudge)
        found: list[Float] = []
        for one in self.laid:
            about = one.turns_about_lps_mm(self.nudge)
            now = nudged(Transform(), about, shift_lps_mm=shift, turn_lps_degrees=turn)
            then = nudged(Transform(), about, shift_lps_mm=old_shift, turn_lps_degrees=old_turn)
            found.append(one.rigid.points(then.back(now.points(places))))
        return found


def _without(pairs: Landmarks, known: Landmarks | None) -> Landmarks | None:
    """Return the pairs that are not among known ones, place by place; None where there are none."""
    if known is None:
        return pairs
    mine, theirs = (np.hstack([one.after_lps_mm, one.before_lps_mm]) for one in (pairs, known))
    fresh = np.abs(mine[:, None] - theirs[None]).max(axis=2).min(axis=1) > 1e-2
    if not fresh.any():
        return None
    names = tuple(name for name, new in zip(pairs.names, fresh, strict=True) if new)
    return Landmarks(pairs.after_lps_mm[fresh], pairs.before_lps_mm[fresh], names)
