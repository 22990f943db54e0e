"""Writers that are killed in the middle of anything: nothing that was saved is lost, and nothing is there by half."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

KILLS = {"sqlite": 100, "postgresql": 12}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_nothing_saved_is_lost_and_nothing_is_halved_wherever_a_writer_is_killed(address: str) -> None:
    kills = KILLS["postgresql" if "://" in address else "sqlite"]
    told = ["-m", "tests.registry.killed", address, "2026", str(kills)]
    ran = subprocess.run([sys.executable, *told], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["problems"] == []
    assert found["imports"] > kills / 4, "the writers were killed before they had written anything"
