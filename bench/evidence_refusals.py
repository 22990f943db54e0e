"""Which pairs of published results would be pooled, and by which rule the others are refused: every pair there is."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import combinations

from isotherm.errors import CannotPool
from isotherm.evidence.library import Library, read_library
from isotherm.evidence.pooling import pool
from isotherm.evidence.published_effect import study_effects

RULES = {
    "overlap of patients": "overlap of patients", "no interval in print": "no interval in print",
    "does not print the step": "step of a slope not printed", "no reference level": "no reference level",
    "computed from other numbers": "derived, never printed", "from memory": "recalled, to be confirmed",
    "printed label": "label contradicts its numbers", "logarithm of a ratio": "ratio beside difference",
    "does not lie around": "interval contradicts its estimate",
    "is not that of its": "p value contradicts its interval",
    "differ in their": "another measure, endpoint, unit, organ or comparison", "other way round": "opposite arms",
}  # fmt: skip
"""What a refusal says, and how the table calls it."""


def refusals(library: Library) -> tuple[Counter[str], list[tuple[str, str]]]:
    """Try every pair of ratios; return how often each thing happened, and pairs that share patients and were pooled."""
    ratios = [one for one in library.results.values() if one.is_ratio and one.estimate is not None]
    counts: Counter[str] = Counter()
    wrong: list[tuple[str, str]] = []
    for a, b in combinations(ratios, 2):
        shares = a.paper == b.paper or b.paper in library.overlapping(a.paper)
        try:
            pool(study_effects(library, [a.id, b.id]))
        except CannotPool as refusal:
            words = next((name for said, name in RULES.items() if said in str(refusal)), str(refusal))
            counts[words] += 1
            if shares and words != RULES["overlap of patients"]:
                wrong.append((a.id, b.id))
        else:
            counts["pooled"] += 1
            if shares:
                wrong.append((a.id, b.id))
    return counts, wrong


def print_refusals() -> bool:
    """Print the table; return whether every pair with patients in common was refused for that."""
    counts, wrong = refusals(read_library())
    print(f"Pairs of published ratios: {counts.total()}; every pair with patients in common must be refused for it:")
    for words, number in counts.most_common():
        print(f"  {words:52} {number:6}")
    print(f"  with patients in common and not refused for it       {len(wrong):6}{'   MISSED' if wrong else ''}")
    return not wrong


if __name__ == "__main__":
    sys.exit(0 if print_refusals() else 1)
