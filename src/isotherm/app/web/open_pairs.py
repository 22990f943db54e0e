"""Open pairs: what is known of the pairs that are being aligned by hand; the last ones stay in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict

from isotherm.app.aligning import Aligning
from isotherm.app.kept import kept_in
from isotherm.app.pair import Pair
from isotherm.app.web.assessed import Assessed, pair_of

MOST_OPEN = 4
"""Transforms and outlines, no scans."""


class OpenPairs:
    """What is known of the pairs that were looked at last."""

    def __init__(self, most: int = MOST_OPEN) -> None:
        self._most, self._one = most, threading.Lock()
        self._open: OrderedDict[tuple[str, str], Aligning] = OrderedDict()

    def of(self, one: Assessed, pair: Pair | None = None) -> Aligning:
        """Return what is known of a pair; `pair`, where it has been read already.

        Raises
        ------
        InputError
            The images are not where they were, or landmarks that were used cannot be read.
        """
        key = (str(one.folder), one.job.ended_at)
        with self._one:
            if key not in self._open:
                self._open[key] = _known(one, pair or pair_of(one))
            self._open.move_to_end(key)
            while len(self._open) > self._most:
                self._open.popitem(last=False)
            return self._open[key]


OPEN_PAIRS = OpenPairs()


def _known(one: Assessed, pair: Pair) -> Aligning:
    asked = one.pair
    done = one.job.state == "done"
    registered = kept_in(one.folder, pair, asked.settings, asked.facts).registered if done else None
    return Aligning.of(pair, registered, nudge=asked.choice.nudge, marks=asked.choice.marks())
