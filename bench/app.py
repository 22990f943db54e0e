"""Seconds from a stroke of the brush to the margin and its interval, on a pair in the bundled CT, of both masks."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import numpy as np

from isotherm.app.assess_pair import assess_pair
from isotherm.app.case import Lesion
from isotherm.app.correcting import Correction, Of
from isotherm.app.demo_pair import anatomy
from isotherm.app.document import margin_document
from isotherm.app.kept import Kept
from isotherm.app.pair import Pair
from isotherm.app.registering import Choice
from isotherm.app.remeasure import quick_margin
from isotherm.app.settings import UNTOLD, Settings
from isotherm.exchange.correction_files import strokes_of
from isotherm.imaging.phantom_scans import simulate_scans

MARGIN_MM, NUMBER = 4.0, 4
"""True margin of the simulated pair, and which one it is."""

STROKES = 12
"""Painted one after the other, as a hand would: each answer takes all of them that came before."""

LIMIT_S = 2.0
"""Until a margin with its interval is there."""


def demo_pair() -> tuple[Kept, Sequence[float]]:
    """Simulate a pair of scans, register and measure it; return what is kept, and the thinnest point."""
    scans = simulate_scans(anatomy(), NUMBER, margin_mm=MARGIN_MM, seed=1)
    pair = Pair(scans.before, scans.after, (Lesion("1", None, scans.tumor),), (scans.zone,), scans.organ_before,
                scans.organ_after)  # fmt: skip
    found = assess_pair(pair, Choice(), Settings(), UNTOLD)
    (lesion,) = found.assessment.document["lesions"]
    return Kept.of(pair, Settings(), found), lesion["thinnest_point_lps_mm"]


def seconds_of(kept: Kept, thinnest_lps_mm: Sequence[float], of: Of) -> list[float]:
    """Return for each stroke the seconds from what a page sends to the answer that it gets."""
    around = np.array(thinnest_lps_mm)
    rng = np.random.default_rng(0)
    sent: list[dict[str, object]] = []
    seconds: list[float] = []
    for number in range(STROKES):
        way = around + rng.normal(0.0, 2.0, 3) + np.linspace(0.0, 6.0, 20)[:, None] * np.eye(3)[number % 2]
        sent.append({"does": ("erase", "add")[number % 2], "points_lps_mm": way.tolist(), "radius_mm": 2.5,
                     "normal_lps": [0.0, 0.0, 1.0]})  # fmt: skip
        start = time.perf_counter()
        correction = Correction.seen_after(of, 0, strokes_of(sent), kept.registered)
        told = margin_document("1", quick_margin(kept, [correction], 0))
        seconds.append(time.perf_counter() - start)
        assert told["interval_mm"] is not None  # no number without one
    return seconds


def print_app() -> bool:
    """Print seconds from stroke to margin; return whether none takes longer than the limit."""
    kept, thinnest = demo_pair()
    print(f"From a stroke to the margin with its interval ({kept.settings.samples} draws), {STROKES} strokes in turn:")
    slowest = 0.0
    masks: Sequence[tuple[Of, str]] = (("ablation", "ablation zone"), ("tumor", "tumor"))
    for of, name in masks:
        seconds = seconds_of(kept, thinnest, of)
        slowest = max(slowest, *seconds)
        print(f"  {name:15s} median {statistics.median(seconds):5.2f} s, slowest {max(seconds):5.2f} s   "
              f"(limit {LIMIT_S:g} s)")  # fmt: skip
    return slowest <= LIMIT_S
