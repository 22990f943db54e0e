"""How tables and bundles say that nobody in them ever lived: a column of every table, a security label of FHIR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isotherm.exchange.fhir_values import items, members
from isotherm.exchange.record_cells import cell_text
from isotherm.study.simulate.synthetic import COLUMN, SYNTHETIC

ACT_REASON, HTEST = "http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST"

SECURITY = {"system": ACT_REASON, "code": HTEST, "display": "test health data"}
"""What FHIR's core security labels have for data that are of nobody (HL7 FHIR R4B, Security Labels)."""


def marked_at(columns: Sequence[str]) -> int | None:
    """Return where the column stands; None where there is none."""
    return columns.index(COLUMN) if COLUMN in columns else None


def is_marked(cell: Any) -> bool:
    """Return whether a cell of the column says that its row is of nobody."""
    return cell_text(cell).strip().casefold() == SYNTHETIC


def is_test_data(resource: Any) -> bool:
    """Return whether a resource of FHIR, or a bundle, has the label."""
    labels = (members(one) for one in items(members(members(resource).get("meta")).get("security")))
    return any(one.get("system") == ACT_REASON and one.get("code") == HTEST for one in labels)
