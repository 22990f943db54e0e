"""The audit of a registry: entries in a chain, each sealed with a hash over itself and the one before it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Action = Literal["added", "revised", "withdrawn", "reinstated", "marked"]

FIELDS = ("entry", "transaction_id", "at", "who", "action", "kind", "patient_id", "record_id", "revision", "old", "new",
          "why")  # fmt: skip
"""Columns that are sealed, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done to one record; or the mark of a registry in which nobody ever lived.

    Parameters
    ----------
    entry : int
        Its number, from 1, without a gap.
    transaction_id : str
        What was done together has one.
    at : str
        When, UTC, as in 2026-03-01T12:00:00.000000Z.
    who, why : str
    action : {"added", "revised", "withdrawn", "reinstated", "marked"}
    kind, patient_id, record_id : str
        Which record; `record_id` is empty where a patient has only one of its kind. Of the mark: "registry", and empty.
    revision : int
        Of the record, after it.
    old, new : str, optional
        The record as JSON before and after; None where it did not count.
    hash : str
        Seal over all this and the hash of the entry before.
    """

    entry: int
    transaction_id: str
    at: str
    who: str
    action: str
    kind: str
    patient_id: str
    record_id: str
    revision: int
    old: str | None
    new: str | None
    why: str
    hash: str


@dataclass(frozen=True, slots=True)
class Since:
    """What was done after an entry.

    Parameters
    ----------
    hash : str, optional
        Of that entry, so that one can tell whether it is the one that was meant; None where there is none.
    records : mapping of action to int
        To how many records that was done; one that was added and then revised counts for both.
    """

    hash: str | None
    records: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Counted:
    """How much was done in one transaction.

    Parameters
    ----------
    records : mapping of (action, kind) to int
        Of the mark, the kind is "registry".
    patients : int
        To how many it was done.
    """

    records: Mapping[tuple[str, str], int]
    patients: int


@dataclass(slots=True)
class Chain:
    """The end of the chain, which grows by what is done in one transaction.

    Parameters
    ----------
    entries : int
        How many entries there are.
    hash : str
        Of the last one; that of the registry itself where there is none.
    """

    entries: int
    hash: str


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something, when and why: the same for all entries of a transaction."""

    who: str
    why: str
    at: str
    transaction_id: str


def act(by: str, why: str, now: datetime) -> Act:
    """Return the act of somebody at a moment (of any time zone)."""
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Act(by, why, at, _DRAWN.get() or secrets.token_hex(8))


@contextmanager
def written_as(transaction_id: str) -> Generator[None]:
    """Let what is written in this block have an id that was drawn beforehand, so that one can ask for it afterwards."""
    before = _DRAWN.set(transaction_id)
    try:
        yield
    finally:
        _DRAWN.reset(before)


_DRAWN: ContextVar[str] = ContextVar("transaction_id", default="")
"""Of one request, and of the thread that answers it; nobody else sees it."""


def first_hash(registry_id: str) -> str:
    """Return where the chain of a registry begins, so that no chain of another one fits."""
    return hashlib.sha256(f"isotherm registry {registry_id}".encode()).hexdigest()


def sealed(chain: Chain, done: Act, action: Action, key: tuple[str, str, str], *, revision: int, old: str | None = None,
           new: str | None = None) -> tuple[Any, ...]:  # fmt: skip
    """Return the next entry as a row of the audit, and let the chain end with it.

    Parameters
    ----------
    key : (kind, patient_id, record_id)
    """
    chain.entries += 1
    told = (chain.entries, done.transaction_id, done.at, done.who, action, *key, revision, old, new, done.why)
    chain.hash = seal(chain.hash, told)
    return (*told, chain.hash)


def seal(before: str, told: Iterable[object]) -> str:
    """Return the hash over an entry and the hash before it.

    Notes
    -----
    SHA-256 over the hash before and the columns in `FIELDS`, as UTF-8, null where there is nothing, with the character
    U+001F in between: no key, no reason and no JSON holds it, so no two entries look the same.
    """
    parts = ["null" if one is None else str(one) for one in told]
    return hashlib.sha256("\x1f".join((before, *parts)).encode("utf-8", "surrogatepass")).hexdigest()


def first_broken(rows: Iterable[Mapping[str, Any]], chain: Chain) -> int | None:
    """Let `chain` go on over rows in order; return the number of the first entry that does not fit."""
    for row in rows:
        told = tuple(row[name] for name in FIELDS)
        if row["entry"] != chain.entries + 1 or row["hash"] != seal(chain.hash, told):
            return chain.entries + 1
        chain.entries, chain.hash = row["entry"], row["hash"]
    return None
