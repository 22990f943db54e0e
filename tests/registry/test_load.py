"""Several people at once: no error, no write lost, and nobody writes over what they have not seen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_readers_and_writers_at_once_lose_nothing(address: str) -> None:
    told = ["-m", "bench.registry_load", address, "4", "3", "3"]
    ran = subprocess.run([sys.executable, *told], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert (found["errors"], found["lost"], found["problems"]) == ([], 0, [])
    assert found["reads"] > 0
    assert found["writes"] > 0
