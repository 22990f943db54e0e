"""Multiverse in a protocol: the analyses that somebody could have chosen, declared before any of them is seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from isotherm.study.protocol_checks import refuse, repeated, unless
from isotherm.study.protocol_methods import Estimand

Order = Literal["largest", "smallest", "data"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiverse:
    """The grid: matching by every caliper, ratio and order; weights of every estimand; every design of the protocol.

    Parameters
    ----------
    calipers : tuple of float or None
        In standard deviations of the logit; None for no limit.
    ratios : tuple of int
    orders : tuple of "largest", "smallest", "data"
    weights : tuple of estimands
    designs : bool
        Whether the protocol's designs are in it.
    """

    calipers: tuple[float | None, ...] = (None, 0.1, 0.2, 0.25)
    ratios: tuple[int, ...] = (1, 2, 3)
    orders: tuple[Order, ...] = ("largest", "smallest", "data")
    weights: tuple[Estimand, ...] = ("ATE", "ATT", "overlap")
    designs: bool = True

    def __post_init__(self) -> None:
        lists: tuple[tuple[str, Sequence[object]], ...] = (
            ("calipers", self.calipers), ("ratios", self.ratios), ("orders", self.orders), ("weights", self.weights),
        )  # fmt: skip
        wide = all(one is None or (math.isfinite(one) and one > 0.0) for one in self.calipers)
        refuse([
            *(unless(not repeated(map(str, values)), key, "A choice comes twice.") for key, values in lists),
            unless(wide, "calipers", 'A caliper is a number above 0, or "none".'),
            unless(all(ratio >= 1 for ratio in self.ratios), "ratios", "A ratio is a whole number from 1."),
        ])  # fmt: skip
