"""Which scan a column's name says: of no side, before or after an ablation; a word that is not known leaves it open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from isotherm.app.registry_guess_names import DAY_WORDS, ROWS
from isotherm.app.study_guess import words_of
from isotherm.clinical.record_kinds import SCAN

EARLIER = frozenset({
    "before", "pre", "preop", "preoperative", "preablation", "preinterventional", "preprocedural", "pretreatment",
    "prior", "previous", "earlier", "baseline", "planning", "vor",
})  # fmt: skip
LATER = frozenset({
    "after", "post", "postop", "postoperative", "postablation", "postinterventional", "postprocedural",
    "posttreatment", "later", "subsequent", "followup", "follow", "up", "control", "nach", "kontrolle",
})  # fmt: skip

OF_ABLATION = frozenset({"ablation", "intervention", "op", "procedure", "treatment"})
"""Words that say nothing more beside one of a side, as in scan_after_ablation; alone they may mean either scan."""

OF_KEYS = frozenset({"id", "no", "nr", "number", "key"})

Side = Literal["", "before", "after"]


@dataclass(frozen=True, slots=True)
class ScanName:
    """What a column's name that sounds like a scan says.

    Parameters
    ----------
    side : {"", "before", "after"}
    apart : frozenset of str
        The words that tell it from others: of a side, and strange ones.
    strange : frozenset of str
        The numbers and words that are not known; without any the name means a scan of that side and nothing else.
    """

    side: Side
    apart: frozenset[str]
    strange: frozenset[str]


PLAIN = ScanName("", frozenset(), frozenset())
"""Of a column that is called a scan and nothing more."""


def scan_name(column: str, key: str = "") -> ScanName | None:
    """Return what a column's name says of a scan, if it sounds like one.

    Parameters
    ----------
    column : str
    key : str
        What the table of scans calls its keys, if one came.
    """
    words, own = words_of(column), frozenset(words_of(key)) - EARLIER - LATER | {SCAN.name}
    if not words & (own - OF_KEYS - DAY_WORDS - ROWS - OF_ABLATION):
        return None
    left = frozenset(words - own - OF_KEYS)
    earlier, later = left & EARLIER, left & LATER
    if earlier and later:
        return ScanName("", left, left)
    strange = left - earlier - later - (OF_ABLATION if earlier or later else frozenset[str]())
    return ScanName("before" if earlier else "after" if later else "", left, strange)


def is_plain(column: str, beside: Iterable[str], key: str = "") -> bool:
    """Say whether a column is that of the scan, and none of those `beside` it is of a scan after an ablation."""
    others = (scan_name(name, key) for name in beside)
    return scan_name(column, key) == PLAIN and all(one is None or one.side != "after" for one in others)
