"""Sizes: whether a tumor that was measured is as large as a registry knows the lesion to be that it is filed under.

Pure. Told, never refused for good: somebody who has looked may say that it is this lesion all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from isotherm.app.case_from_records import case_from_records
from isotherm.app.recorded import Recorded
from isotherm.app.report_words import NO_BREAK
from isotherm.clinical.fact import read
from isotherm.clinical.record import Record
from isotherm.clinical.vocabulary import LESION_FACTS
from isotherm.errors import BadCase

READERS_SHARE = 0.254
"""By what share of their mean two readers' longest diameters of one lesion may differ.

The outer one of the 95 % limits of agreement, -22.1 % to 25.4 %, that were pooled over twelve studies (Yoon et al., Eur
J Cancer 2016;53:5-15, abstract).
"""

LEAST_MM = 5.0
"""Differences up to this say nothing, whatever their share: RECIST 1.1 counts no smaller one as growth (Eisenhauer et
al., Eur J Cancer 2009;45:228-247, section 4.3.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """Under which lesion a margin is filed, and what bounds the days on which its tumor could still be seen whole.

    Parameters
    ----------
    lesion_id : str
    ablation_id : str
        "" where it is not known.
    after_on, before_on : date or None
        Days of the scans.
    """

    lesion_id: str
    ablation_id: str = ""
    after_on: date | None = None
    before_on: date | None = None


@dataclass(frozen=True, slots=True)
class KnownSize:
    """The diameter of a lesion that a registry holds, and its day; of several of one day the one that fits best."""

    lesion_id: str
    mm: float
    on: date | None


def size_doubt(records: Sequence[Record], filing: Filing, measured_mm: float) -> str:
    """Return that a tumor is not as large as the lesion was, and which other lesion was; "" where nothing is odd.

    Parameters
    ----------
    records : sequence of Record
        All of one patient.
    filing : Filing
    measured_mm : float
        The longest axial diameter of the tumor's mask.
    """
    until = _until(Recorded.of(records), filing)
    sizes = {} if until is None else _sizes(records, until, measured_mm)
    own = sizes.get(filing.lesion_id)
    if own is None or not _apart(own.mm, measured_mm):
        return ""
    fitting = [one for one in sizes.values() if not _apart(one.mm, measured_mm)]
    others = ", ".join(_words(one) for one in sorted(fitting, key=lambda one: abs(one.mm - measured_mm)))
    instead = f": {others} would fit" if others else ", and no other lesion of known size fits"
    return (f"the tumor that was measured is {_mm(measured_mm)} across, and the registry has {_words(own)}, which is "
            f"more than two readers differ by{instead}")  # fmt: skip


def _until(kept: Recorded, filing: Filing) -> date | None:
    """Return the last day on which the tumor could be measured: afterwards its zone is seen in its place."""
    done = {one.id: day for one in kept.all("ablation") if one.get("lesion_id") == filing.lesion_id
            and (day := kept.day_of("session", one.get("session_id"), "ablated_on")) is not None}  # fmt: skip
    if filing.ablation_id in done:
        return done[filing.ablation_id]
    if filing.before_on is not None:
        return filing.before_on
    earlier = [day for day in done.values() if filing.after_on is None or day <= filing.after_on]
    if earlier:
        return max(earlier)
    return None if filing.after_on is None else filing.after_on - timedelta(days=1)


def _sizes(records: Sequence[Record], until: date, measured_mm: float) -> dict[str, KnownSize]:
    """Return the last known diameter of each lesion up to a day."""
    try:
        case = case_from_records(records, patient_id=records[0].patient_id, on=until)
    except BadCase:  # said on the patient's page; nothing can be held against such records
        return {}
    found: dict[str, KnownSize] = {}
    for lesion in case.lesions:
        known = read(LESION_FACTS["diameter_mm"], lesion.facts.get("diameter_mm", ()), until)
        told = [(float(one.value), one.day) for one in (known.facts if known else ())
                if isinstance(one.value, int | float)]  # fmt: skip
        if told:
            found[lesion.id] = KnownSize(lesion.id, *min(told, key=lambda one: abs(one[0] - measured_mm)))
    return found


def _apart(one_mm: float, other_mm: float) -> bool:
    """Return whether two diameters differ by more than two readers of one lesion do."""
    return abs(one_mm - other_mm) > max(LEAST_MM, READERS_SHARE * (one_mm + other_mm) / 2.0)


def _words(known: KnownSize) -> str:
    return f"lesion {known.lesion_id} with {_mm(known.mm)} ({known.on or 'day not noted'})"


def _mm(value: float) -> str:
    return f"{value:.0f}{NO_BREAK}mm"
