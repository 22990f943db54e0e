"""Open pairs: what is known of the pairs that are being aligned by hand; the last ones stay in memory."""

from __future__ import annotations

from isotherm.app.aligning import Aligning
from isotherm.app.kept import kept_in
from isotherm.app.pair import Pair
from isotherm.app.web.assessed import Assessed, pair_of
from isotherm.app.web.last_opened import LastOpened
from isotherm.app.web.turns import Turns

MOST_OPEN = 4
"""Transforms and outlines, no scans."""

OPENING = Turns(1, "Other pairs are being opened; try again in a minute.")

COMING = "This pair is being opened; try again in a minute."


class OpenPairs:
    """What is known of the pairs that were looked at last."""

    def __init__(self) -> None:
        self._last = LastOpened[Aligning](MOST_OPEN, OPENING, coming=COMING)

    def of(self, one: Assessed, pair: Pair | None = None) -> Aligning:
        """Return what is known of a pair; `pair`, where it has been read already.

        Raises
        ------
        InputError
            The images are not where they were, or landmarks that were used cannot be read.
        Busy
            It, or another pair, is being opened.
        """
        key = (str(one.folder), one.job.ended_at)
        return self._last.of(key, lambda: _known(one, pair or pair_of(one)))


OPEN_PAIRS = OpenPairs()


def _known(one: Assessed, pair: Pair) -> Aligning:
    asked = one.pair
    done = one.job.state == "done"
    registered = kept_in(one.folder, pair, asked.settings, asked.facts).registered if done else None
    return Aligning.of(pair, registered, nudge=asked.choice.nudge, marks=asked.choice.marks())
