"""Since a study read a registry: what was added to it, corrected or withdrawn, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isotherm.errors import NoAnswer, NotAdmitted, StoreError
from isotherm.registry.store import open_store

DONE = {"added": "added", "revised": "corrected", "withdrawn": "withdrawn", "reinstated": "brought back"}
"""What may be done to a record, in the order in which it is told."""

SAME = "The registry is as this run read it."
ANOTHER = "This run read another registry than the one that is open here; run the study again to have it of this one."
APART = ("The registry that is open here does not go on from where this run read it, as a copy of before does; run the "
         "study again to have it of this one.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class RegistrySince:
    """What became of a registry after a study read it: one sentence, and whether a new run would read another one."""

    says: str
    asks_again: bool


def registry_since(address: str, read: Mapping[str, Any]) -> RegistrySince:
    """Say what was done to a registry since a study read it.

    Parameters
    ----------
    address : str
        Of the registry as it is now.
    read : mapping
        What result.json keeps of the registry that was read: its id, the number of entries that its audit had, and the
        hash of the last of them.

    Raises
    ------
    NoRegistry, OtherRevision, DamagedRegistry, NoAnswer, NotAdmitted
        The registry cannot be read.
    """
    with open_store(address) as store:
        now = store.identity()
        if now["registry_id"] != read["registry_id"]:
            return RegistrySince(ANOTHER, asks_again=True)
        if (now["entries"], now["hash"]) == (read["entries"], read["hash"]):
            return RegistrySince(SAME, asks_again=False)
        since = store.since(int(read["entries"]))
    if read["entries"] and since.hash != read["hash"]:
        return RegistrySince(APART, asks_again=True)
    done = _counted(since.records)
    return RegistrySince(f"Since this run, {done} in the registry; a new run tells whether that changes these numbers.",
                         asks_again=True)  # fmt: skip


def said_since(address: str, result: Mapping[str, Any]) -> RegistrySince | None:
    """Say what became of the registry that a study read, or why that cannot be said; None where it read a table."""
    read = result["data"].get("registry")
    if not read:
        return None
    try:
        return registry_since(address, read)
    except (StoreError, NoAnswer, NotAdmitted) as error:  # the run can be read all the same
        return RegistrySince(
            f"What has changed in the registry since this run cannot be said. {error}", asks_again=False
        )


def _counted(records: Mapping[str, int]) -> str:
    """Return "3 records were added, 1 corrected and 2 withdrawn"."""
    told = [(records[action], word) for action, word in DONE.items() if records.get(action)]
    (first, word), *rest = told
    parts = [f"{first:,} {'record was' if first == 1 else 'records were'} {word}",
             *(f"{count:,} {other}" for count, other in rest)]  # fmt: skip
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if rest else parts)
