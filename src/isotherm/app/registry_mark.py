"""Whether a registry says of itself that nobody in it ever lived: asked before anything else of it is read."""

from __future__ import annotations

from isotherm.registry.store import open_store


def is_simulated(address: str) -> bool:
    """Return whether nobody in a registry ever lived, as the registry itself says.

    Raises
    ------
    StoreError, NoAnswer, NotAdmitted
    """
    with open_store(address) as store:
        return store.simulated()
