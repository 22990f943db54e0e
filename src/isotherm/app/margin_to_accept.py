"""Which margins of a registry wait for somebody who accepts them."""

from __future__ import annotations

from isotherm.clinical.record import Record


def nobody_accepted(record: Record) -> bool:
    """Return whether a record is a margin that nobody has accepted; one that is withheld cannot be accepted."""
    return record.kind.name == "margin" and record.get("reader") is None and record.get("status") != "withheld"
