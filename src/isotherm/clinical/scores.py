"""Scores of a patient: the tumor burden score and the clinical risk score of Fong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from isotherm.clinical.fact import Reading, Sign
from isotherm.source import Citation

Basis = Literal["imaging", "pathology"]

TBS_FORMULA = "sqrt(max_diameter_cm^2 + n_lesions^2)"

TBS_ZONES = ((3.0, "< 3"), (9.0, "[3, 9)"), (math.inf, ">= 9"))
"""Upper end (not included) of zones 1, 2 and 3 of the tumor burden score, and how the zone is written."""

TBS_SOURCE = Citation(
    title="The Tumor Burden Score: a new metro-ticket prognostic tool for colorectal liver metastases",
    year=2018,
    doi="10.1097/SLA.0000000000002064",
    pmid="27763897",
    journal="Ann Surg 2018;267:132-141",
    where="definition of the score and of its three zones",
)

TBS_NOTE_ON_IMAGING = "The score was first defined on pathology specimens (doi 10.1186/s12893-023-02145-w)."


@dataclass(frozen=True, slots=True)
class TumorBurdenScore:
    """Size and number of a patient's liver metastases in one number.

    Parameters
    ----------
    max_diameter_mm : float
        Largest diameter of the largest lesion, mm (the formula itself uses cm).
    n_lesions : int
        How many lesions the patient has: all of them, not only those that were ablated.
    basis : {"imaging", "pathology"}
        What was measured. The score was defined on pathology specimens; after ablation there is only imaging, and
        the two are not interchangeable.

    Raises
    ------
    ValueError
        A diameter that is not a positive length, or no lesion.

    References
    ----------
    .. [1] Sasaki et al., Ann Surg 2018;267:132-141, doi 10.1097/SLA.0000000000002064.
    """

    max_diameter_mm: float
    n_lesions: int
    basis: Basis

    def __post_init__(self) -> None:
        if not (math.isfinite(self.max_diameter_mm) and self.max_diameter_mm > 0):
            raise ValueError(f"A diameter of {self.max_diameter_mm} mm came; a length above 0 is wanted.")
        if self.n_lesions < 1:
            raise ValueError(f"{self.n_lesions} lesions came; a tumor burden score needs at least one.")
        if self.basis not in ("imaging", "pathology"):
            raise ValueError(f'The basis "{self.basis}" came; say whether "imaging" or "pathology" was measured.')

    @property
    def value(self) -> float:
        """The score: no unit."""
        return math.hypot(self.max_diameter_mm / 10.0, self.n_lesions)

    @property
    def zone(self) -> int:
        """The zone, 1 to 3; the unrounded score decides."""
        return next(number for number, (end, _) in enumerate(TBS_ZONES, start=1) if self.value < end)

    @property
    def zone_range(self) -> str:
        """The scores that belong to this zone, half-open, as in "[3, 9)"."""
        return TBS_ZONES[self.zone - 1][1]

    def document(self) -> dict[str, Any]:
        """Return the score with everything that a reader needs to check it, ready for JSON."""
        return {
            "value": self.value,
            "zone": self.zone,
            "zone_range": self.zone_range,
            "formula": TBS_FORMULA,
            "max_diameter_cm": self.max_diameter_mm / 10.0,
            "n_lesions": self.n_lesions,
            "basis": self.basis,
            "note": TBS_NOTE_ON_IMAGING if self.basis == "imaging" else "",
            "source": str(TBS_SOURCE),
        }


FONG_SOURCE = Citation(
    title="Clinical score for predicting recurrence after hepatic resection for metastatic colorectal cancer",
    year=1999,
    pmid="10493478",
    journal="Ann Surg 1999;230:309-318",
    where="the five items of the score",
)

FONG_ITEMS: tuple[tuple[str, Sign, float], ...] = (
    ("disease_free_interval_months", "<", 12.0),
    ("n_lesions", ">", 1.0),
    ("largest_lesion_mm", ">", 50.0),
    ("cea_ug_l", ">", 200.0),
)
"""One point each, all limits strict; the fifth point is a primary tumor with positive nodes."""


def fong_points(known: Mapping[str, Reading]) -> tuple[int, int]:
    """Return the lowest and the highest score of Fong that what is known of a patient allows: equal if all is known.

    References
    ----------
    .. [1] Fong Y et al. Ann Surg 1999;230:309-318, PMID 10493478.
    """
    nodes = known.get("n_stage")
    items = [None if nodes is None else nodes.among(("N1", "N2"))]
    for name, sign, limit in FONG_ITEMS:
        reading = known.get(name)
        items.append(None if reading is None else reading.compare(sign, limit))
    given = sum(item is True for item in items)
    return given, given + sum(item is None for item in items)
