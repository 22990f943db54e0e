"""Scripts in a process of their own: the first calls of compiled loops, with an empty cache and with a filled one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile


def printed(script: str, *arguments: str, **environment: str) -> list[float]:
    """Run a script and return the numbers that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=os.environ | {"NUMBA_DISABLE_JIT": "0"} | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return [float(word) for word in done.stdout.split()]


def first_calls(script: str) -> tuple[list[float], list[float]]:
    """Return the seconds that a script prints when all is compiled anew, and when it is read from the disk."""
    with tempfile.TemporaryDirectory() as folder:
        return printed(script, NUMBA_CACHE_DIR=folder), printed(script, NUMBA_CACHE_DIR=folder)
