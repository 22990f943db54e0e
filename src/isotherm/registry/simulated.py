"""The mark of a registry in which nobody ever lived: the first entry of its audit, made with it, for good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, not_, select

from isotherm.clinical.record import Record
from isotherm.errors import BadRecord
from isotherm.registry.audit import Act, Chain, sealed
from isotherm.registry.tables import AUDIT

KIND = "registry"
"""What the mark is an entry about, where the others are about a record."""

STATE = '{"simulated": true}'

WHY = "nobody in this registry ever lived"

OF_SIMULATED_IMAGES = ", simulated"
"""Ends the `result` of a margin that was measured on images which never were of a patient."""

NOT_OF_A_PATIENT = (
    "A margin that was measured on simulated images goes into no registry of patients; use one in which nobody ever "
    "lived: isotherm registry init --simulated makes it, and isotherm serve without a registry has one."
)

NOT_AFTERWARDS = (
    "{} is there already, and a registry is marked as simulated when it is made, never afterwards; name a new one."
)


def mark(chain: Chain, done: Act) -> tuple[Any, ...]:
    """Return the mark as a row of the audit, and let the chain end with it."""
    return sealed(chain, done, "marked", (KIND, "", ""), revision=1, new=STATE)


def is_marked(connection: Connection) -> bool:
    """Return whether nobody in a registry ever lived."""
    asked = select(func.count()).select_from(AUDIT).where(_IS_MARK)
    return bool(connection.execute(asked).scalar_one())


def strange_marks(connection: Connection) -> int:
    """Count entries about the registry that are no mark at its beginning: none can be."""
    asked = select(func.count()).select_from(AUDIT).where(AUDIT.c.kind == KIND, not_(_IS_MARK))
    return int(connection.execute(asked).scalar_one())


def is_of_simulated_images(record: Record) -> bool:
    """Return whether a record is a margin that says of itself that it was measured on simulated images."""
    result = record.get("result") if record.kind.name == "margin" else None
    return isinstance(result, str) and result.rstrip().casefold().endswith(OF_SIMULATED_IMAGES)


def refuse_simulated(connection: Connection, records: Sequence[Record], first: int = 0) -> None:
    """Keep what was measured on simulated images out of a registry of patients.

    Parameters
    ----------
    connection : Connection
    records : sequence of Record
        What is about to be written.
    first : int
        The place of the first of them among all.

    Raises
    ------
    BadRecord
    """
    places = tuple(place for place, one in enumerate(records, first) if is_of_simulated_images(one))
    if places and not is_marked(connection):
        raise BadRecord(NOT_OF_A_PATIENT, places=places)


_IS_MARK = and_(AUDIT.c.entry == 1, AUDIT.c.kind == KIND, AUDIT.c.action == "marked", AUDIT.c.new == STATE)
