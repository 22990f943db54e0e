"""The time as the workspace notes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def stamp(*, ago: timedelta = timedelta()) -> str:
    """Return the time, or one before it, UTC, in a form that sorts: 2026-03-01T12:00:00.000000Z."""
    return (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
