"""How much memory a process may take: what somebody sent must not take all that the machine has."""

from __future__ import annotations

import sys

if sys.platform == "win32":

    def limit_memory(most_mb: int | None) -> None:
        """Leave memory to the system, which has no limit for one process."""

else:
    import resource

    def limit_memory(most_mb: int | None) -> None:
        """Let the system refuse this process more memory; no limit where None came."""
        if most_mb is not None:
            most = most_mb * 1_000_000
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
