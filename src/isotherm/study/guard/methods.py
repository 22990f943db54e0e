"""A protocol that contradicts itself: a reason of another method, covariates that nothing adjusts for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from isotherm.study.finding import Finding
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_methods import Unadjusted

NOT_ADJUSTED = re.compile(r"\b(nothing (is|was) adjusted|no adjustment (is|was) made)\b", re.IGNORECASE)
"""A reason for doing without, in the words of earlier drafts among others."""


def method_findings(protocol: Protocol) -> Iterator[Finding]:
    """Yield where methods say one thing and do another; three arms or more are always shown with and without."""
    methods, several = protocol.methods, len(protocol.arms.arms) > 2
    unadjusted = isinstance(methods.adjustment, Unadjusted)
    if not unadjusted and NOT_ADJUSTED.search(methods.reason):
        yield Finding(
            "reason_contradicts", "The reason of the methods says that nothing is adjusted for, and they adjust: the "
            "report would print both.", 0, "warn", "Write methods.reason anew, or take it out.",
        )  # fmt: skip
    count = len(protocol.adjusted)
    if unadjusted and count and not several:
        designs = ", ".join(one.name.replace("_", " ") for one in protocol.designs if one.kind != "naive")
        yield Finding(
            "covariates_unused",
            f"{count} {'covariate is' if count == 1 else 'covariates are'} to be adjusted for, and methods.adjustment "
            f"is none: {'beside the designs ' if designs else ''}the arms are compared as they are, whatever tells "
            f"their patients apart{f'; what the designs ({designs}) adjust for is their own' if designs else ''}.",
            0, "note" if designs else "warn", "Choose a method of adjustment, or let the covariates only describe.",
        )  # fmt: skip
