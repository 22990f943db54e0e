"""The registry at the size of a country: seconds to import and to look up, and 25 people at it at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.registry_data import LESIONS, made_up_records
from isotherm.registry.store import Store, open_store
from tests.registry.postgresql import PostgreSQL, find_postgresql

PATIENTS = 100_000

MOST_IMPORT_S, MOST_PATIENT_MS = 60.0, 100.0

READERS, WRITERS, LOAD_S = 20, 5, 60.0

LOOKED_UP = 200
"""Patients whose whole record is read, one after the other."""


def print_registry() -> bool:
    """Print the tables; return whether the limits are kept."""
    with tempfile.TemporaryDirectory() as name:
        fine = _import(str(Path(name) / "large.registry"))
        print()
        print(f"{READERS} readers and {WRITERS} writers for {LOAD_S:.0f} s, each a process; afterwards every write")
        print("that was confirmed is counted, and all is verified. Milliseconds: median, 95th percentile, slowest.")
        print(f"{'database':<12}{'reads':>8}{'writes':>8}{'lost':>6}{'errors':>8}   {'read ms':<22}{'write ms':<22}")
        fine &= _load("SQLite", str(Path(name) / "load.registry"))
    programs = find_postgresql()
    if programs is None:
        print("PostgreSQL is not installed here, so it was not measured; `make services` installs it.")
        return fine
    server = PostgreSQL(programs)
    try:
        server.start()
        return _load("PostgreSQL", server.url(server.empty_database())) and fine
    finally:
        server.remove()


def _import(path: str) -> bool:
    with open_store(path, create=True, simulated_by="bench") as store:
        began, computed = time.perf_counter(), time.process_time()
        count = store.add(made_up_records(PATIENTS, seed=0), by="bench", why="import")
        took, computed = time.perf_counter() - began, time.process_time() - computed
        middle_ms, worst_ms = _looked_up(store)
    size_mb = os.path.getsize(path) / 1e6
    kept = took < MOST_IMPORT_S and worst_ms < MOST_PATIENT_MS
    print(f"SQLite, {PATIENTS:,} patients with {LESIONS * PATIENTS:,} lesions, their primaries, decisions, sessions")
    print(f"and ablations: {count:,} records, made up, checked, added at once with their audit ({size_mb:.0f} MB).")
    print(f"{'':<36}{'took':>10}{'limit':>10}")
    print(f"{'import':<36}{took:>8.1f} s{MOST_IMPORT_S:>8.0f} s   (computing in this process: {computed:.1f} s)")
    print(f"{'one patient, everything: median':<36}{middle_ms:>7.1f} ms")
    print(f"{'one patient, everything: slowest':<36}{worst_ms:>7.1f} ms{MOST_PATIENT_MS:>7.0f} ms"
          + ("" if kept else "  MISSED"))  # fmt: skip
    return kept


def _looked_up(store: Store) -> tuple[float, float]:
    """Return the median and the longest time to read everything about a patient, in milliseconds."""
    times: list[float] = []
    for number in range(1, PATIENTS + 1, PATIENTS // LOOKED_UP):
        began = time.perf_counter()
        found = store.patient(f"P{number:06d}")
        times.append(1000 * (time.perf_counter() - began))
        if len(found) != 4 + 2 * LESIONS:
            raise AssertionError("a patient is not whole")
    return sorted(times)[len(times) // 2], max(times)


def _load(name: str, address: str) -> bool:
    open_store(address, create=True, simulated_by="bench").close()
    told = ["-m", "bench.registry_load", address, str(READERS), str(WRITERS), str(LOAD_S)]
    ran = subprocess.run([sys.executable, *told], capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout)
    wrong = len(found["errors"]) + len(found["problems"])
    read, write = (" / ".join(f"{one:.0f}" for one in found[key]) for key in ("read_ms", "write_ms"))
    kept = not wrong and not found["lost"] and found["writes"] > 0
    print(f"{name:<12}{found['reads']:>8,}{found['writes']:>8,}{found['lost']:>6}{wrong:>8}   {read:<22}{write:<22}"
          + ("" if kept else "  MISSED: " + "; ".join([*found["errors"], *found["problems"]])))  # fmt: skip
    return kept


if __name__ == "__main__":
    sys.exit(0 if print_registry() else 1)
