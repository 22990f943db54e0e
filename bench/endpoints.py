"""Seconds from the file of a large registry to a cohort with endpoints: 100,000 patients, 300,000 lesions."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import numpy as np
import pandas as pd

from isotherm.app.registry_cohort import Asked, read_cohort
from isotherm.clinical.record import PATIENT_KEY, Field, Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.endpoints_kinds import Unit
from isotherm.registry.frames import Tables, frames
from isotherm.registry.store import open_store

PATIENTS, LESIONS_EACH, VISITS = 100_000, 3, 5

MOST_S = 10.0

STATES = ("completely ablated", "residual tumor", "local tumor progression", "resected")


def made_up_tables(patients: int, *, seed: int = 0) -> Tables:
    """Return a registry in which everybody has three lesions, a session, five visits, two scans and a margin each."""
    rng, n, k = np.random.default_rng(seed), patients, LESIONS_EACH
    decided = rng.integers(15_000, 19_000, n)
    ablated = decided + rng.integers(7, 120, n)
    visit_day = ablated[:, None] + np.cumsum(rng.integers(60, 120, (n, VISITS)), axis=1)
    last = visit_day[:, -1]
    died = rng.random(n) < 0.4
    each, every = np.arange(n), np.repeat(np.arange(n), k)
    lesion = np.tile(np.arange(1, k + 1), n)
    visits, visit = np.repeat(each, VISITS), np.tile(np.arange(1, VISITS + 1), n)
    seen_by, seen_at = np.repeat(each, VISITS * k), np.repeat(np.tile(np.arange(1, VISITS + 1), n), k)
    state = rng.choice(len(STATES), len(seen_by), p=[0.94, 0.02, 0.03, 0.01])
    made: dict[str, dict[str, Any]] = {
        "patient": {"patient_id": _p(each), "sex": rng.choice(["female", "male"], n),
                    "born_on": _day(decided - rng.integers(12_000, 30_000, n)), "center_id": _k(each % 9)},
        "primary": {"patient_id": _p(each), "primary_id": _k(each * 0 + 1), "primary": np.full(n, "colorectal"),
                    "diagnosed_on": _day(decided - 400), "resected_on": _day(decided - 380),
                    "n_stage": rng.choice(["N0", "N1", "N2"], n)},
        "decision": {"patient_id": _p(each), "decision_id": _k(each * 0 + 1), "decided_on": _day(decided),
                     "cea_ug_l": rng.lognormal(2.0, 1.0, n), "extrahepatic_disease": rng.random(n) < 0.1},
        "lesion": {"patient_id": _p(every), "lesion_id": _k(lesion), "organ": np.full(n * k, "liver"),
                   "found_on": _day(np.repeat(decided - rng.integers(1, 300, n), k))},
        "scan": {"patient_id": _p(np.repeat(each, 2)), "scan_id": _k(np.tile([1, 2], n)),
                 "scanned_on": _day(np.column_stack([decided - 5, ablated + 30]).ravel())},
        "reading": {"patient_id": _p(every), "reading_id": _k(lesion), "lesion_id": _k(lesion),
                    "scan_id": _k(every * 0 + 1), "diameter_mm": rng.lognormal(2.8, 0.4, n * k)},
        "session": {"patient_id": _p(each), "session_id": _k(each * 0 + 1), "ablated_on": _day(ablated),
                    "discharged_on": _day(ablated + 2)},
        "ablation": {"patient_id": _p(every), "ablation_id": _k(lesion), "session_id": _k(every * 0 + 1),
                     "lesion_id": _k(lesion), "technically_successful": rng.random(n * k) < 0.97},
        "margin": {"patient_id": _p(every), "margin_id": _k(lesion), "lesion_id": _k(lesion),
                   "scan_id": _k(every * 0 + 2), "status": np.full(n * k, "measured"),
                   "minimal_margin_mm": rng.normal(4.0, 3.0, n * k)},
        "systemic": {"patient_id": _p(each), "systemic_id": _k(each * 0 + 1),
                     "started_on": _day(ablated + rng.integers(-100, 60, n))},
        "follow_up": {"patient_id": _p(visits), "follow_up_id": _k(visit), "seen_on": _day(visit_day.ravel()),
                      "new_in_organ": rng.random(n * VISITS) < 0.08},
        "finding": {"patient_id": _p(seen_by), "finding_id": _k(np.tile(np.arange(VISITS * k), n)),
                    "follow_up_id": _k(seen_at), "lesion_id": _k(np.tile(np.arange(1, k + 1), n * VISITS)),
                    "state": np.array(STATES, dtype=object)[state]},
        "death": {"patient_id": _p(each[died]), "died_on": _day((last + 30)[died])},
    }  # fmt: skip
    empty = frames(())
    return {name: _frame(name, made.get(name), empty[name]) for name in RECORD_KINDS}


def _frame(name: str, columns: dict[str, Any] | None, empty: pd.DataFrame) -> pd.DataFrame:
    """Return columns as a table of its kind; what is not given is not known."""
    if columns is None:
        return empty
    rows = len(columns["patient_id"])
    found = {}
    for field in empty.columns:
        values = columns.get(field)
        if values is None:
            found[field] = empty[field].reindex(range(rows))
        elif empty[field].dtype == pd.BooleanDtype():
            found[field] = pd.array(values, dtype="boolean")
        else:
            found[field] = pd.Series(values).astype(empty[field].dtype)
    return pd.DataFrame(found)


def _p(numbers: Any) -> Any:
    return np.array([f"P{number:06d}" for number in range(int(numbers.max()) + 1)], dtype=object)[numbers]


def _k(numbers: Any) -> Any:
    return np.array([str(number) for number in range(int(numbers.max()) + 1)], dtype=object)[numbers]


def _day(days: Any) -> Any:
    return np.asarray(days).astype("datetime64[D]").astype("datetime64[s]")


def records_of(tables: Tables) -> Iterator[Record]:
    """Yield the records of tables, kind after kind."""
    for name, kind in RECORD_KINDS.items():
        table = tables[name]
        told = {
            field.name: _values(field, table[field.name]) for field in kind.fields if table[field.name].notna().any()
        }
        own = table[kind.key].tolist() if kind.several else [""] * len(table)
        for patient, key, *cells in zip(table[PATIENT_KEY].tolist(), own, *told.values(), strict=True):
            values = {field: cell for field, cell in zip(told, cells, strict=True) if not pd.isna(cell)}
            yield Record(kind=kind, patient_id=patient, id=key, values=values)


def _values(field: Field, column: pd.Series[Any]) -> list[Any]:
    return [day.date() for day in column] if field.form == "date" else column.tolist()


def print_endpoints() -> bool:
    """Print the seconds from a registry's file to each kind of cohort; say whether none takes longer than it may."""
    tables = made_up_tables(PATIENTS)
    counted = f"{PATIENTS:,} patients, {len(tables['lesion']):,} lesions"
    with TemporaryDirectory() as folder:
        file = str(Path(folder) / "large.registry")
        with open_store(file, create=True, simulated_by="bench") as store:
            count = store.add(records_of(tables), by="bench", why="made up")
        del tables
        print(f"From a file of SQLite to cohorts with endpoints: {counted}, {count:,} records, "
              f"{os.path.getsize(file) / 1e9:.1f} GB")  # fmt: skip
        return all([_is_fast(file, per) for per in get_args(Unit)])


def _is_fast(file: str, per: Unit) -> bool:
    start, clock = time.process_time(), time.perf_counter()
    found = read_cohort(file, Asked(per=per)).cohort
    seconds, wall = time.process_time() - start, time.perf_counter() - clock
    print(f"  per {per:<8} {seconds:5.1f} s of one processor (at most {MOST_S:g}), {wall:5.1f} s by the clock   "
          f"{len(found.table):,} rows, {found.table.shape[1]} columns")  # fmt: skip
    return seconds < MOST_S
