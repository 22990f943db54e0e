"""Records of margins → the facts that they note of their lesions, and which ablation each of them is of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from isotherm.app.recorded import Recorded
from isotherm.clinical.fact import Fact
from isotherm.clinical.record import Record
from isotherm.clinical.vocabulary import LESION_FACTS

IMAGING = {"CT": "CT", "PET/CT": "CT", "MRI": "MRI", "ultrasound": "ultrasound"}
"""What the scan of a margin is called, by the modality of its record."""


def of_margin(kept: Recorded, one: Record) -> Iterator[tuple[str, Fact]]:
    """Yield what a record of a margin tells of its lesion, by the names of facts."""
    scan = one.get("scan_id")
    day = kept.day_of("scan", scan, "scanned_on")
    fact = _minimal(one, day)
    if fact is not None:
        yield "minimal_margin_mm", fact
    bridging = one.get("vessel_bridging")
    if bridging is not None:
        yield "vessel_bridging", Fact(value=bridging, on=day, origin="image")
    session = session_of(kept, one)
    if day is not None and session is not None and session <= day:
        yield "days_after_ablation", Fact(value=(day - session).days, on=day, origin="image")
    found = kept.by_kind.get("scan", {}).get(str(scan))
    modality = IMAGING.get(str(None if found is None else found.get("modality")))
    if modality is not None:
        yield "margin_scan", Fact(value=modality, on=day, origin="image")


def _minimal(one: Record, day: date | None) -> Fact | None:
    """Return the minimal margin of a record: with its limits, as a bound, or as not assessable."""
    kind, value, status = LESION_FACTS["minimal_margin_mm"], one.get("minimal_margin_mm"), one.get("status")
    if status in ("not_assessable", "withheld"):
        return Fact(value=None, on=day, origin="image")
    if not isinstance(value, float):
        return None
    if status == "bounded":
        return Fact(value=value, on=day, origin="image", low=kind.low, high=value, source="at most this: an image ends")
    low, high = one.get("low_mm"), one.get("high_mm")
    if not isinstance(low, float) or not isinstance(high, float):
        return Fact(value=value, on=day, origin="image")
    return Fact(value=value, on=day, origin="image", low=min(low, value), high=max(high, value))


def ablation_of(kept: Recorded, margin: Record) -> Record | None:
    """Return the ablation whose margin a record holds: the one it names, else the lesion's last one up to its scan."""
    if margin.get("ablation_id") is not None:
        return kept.by_kind.get("ablation", {}).get(str(margin.get("ablation_id")))
    scanned = kept.day_of("scan", margin.get("scan_id"), "scanned_on")
    dated = [(day, one) for one in kept.all("ablation") if one.get("lesion_id") == margin.get("lesion_id")
             and (day := kept.day_of("session", one.get("session_id"), "ablated_on")) is not None]  # fmt: skip
    done = [(day, one) for day, one in dated if scanned is not None and day <= scanned]
    return max(done, key=lambda pair: (pair[0], pair[1].id))[1] if done else None


def session_of(kept: Recorded, margin: Record) -> date | None:
    """Return the day of the session whose margin a record holds."""
    ablation = ablation_of(kept, margin)
    return None if ablation is None else kept.day_of("session", ablation.get("session_id"), "ablated_on")
