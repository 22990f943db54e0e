"""Many people at one registry at once: readers and writers, each a process; every acknowledged write is counted after.

    python -m bench.registry_load ADDRESS READERS WRITERS SECONDS

One process has everything loaded and forks. Writers add patients, and count one number on that all of them share: two
who read the same number may not both write the next one. Readers look at patients, who are there whole or not at all.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.registry_data import made_up_records
from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.errors import Overtaken
from isotherm.registry.store import Store, open_store

WHO = {"by": "bench", "why": "load"}

SHARED = "SHARED"

Told = dict[str, Any]


def loaded(address: str, *, readers: int, writers: int, seconds: float) -> Told:
    """Let people read and write for a while; return what they did, how long it took them, and what was lost."""
    with open_store(address) as store:
        lesion = Record(kind=RECORD_KINDS["lesion"], patient_id=SHARED, id="1", values={"organ": "liver", "note": "0"})
        store.add([Record(kind=RECORD_KINDS["patient"], patient_id=SHARED, values={}), lesion], **WHO)
        store.add(made_up_records(200, seed=0, prefix="W0x"), **WHO)
    until = time.monotonic() + seconds
    running = [_started(_read, address, number, until) for number in range(readers)]
    running += [_started(_write, address, number, until) for number in range(1, writers + 1)]
    told = [_ended(one) for one in running]
    return _counted(address, told, seconds)


def _started(work: Callable[[Store, int, float, Told], None], address: str, number: int, until: float) -> int:
    hears, speaks = os.pipe()
    if os.fork():
        os.close(speaks)
        return hears
    os.close(hears)
    told: Told = {"took": [], "added": [], "counted": 0, "overtaken": 0, "error": ""}
    try:
        with open_store(address) as store:
            work(store, number, until, told)
    except BaseException as error:
        told["error"] = f"{type(error).__name__}: {error}"
    with os.fdopen(speaks, "wb") as out:
        out.write(json.dumps(told | {"work": work.__name__}).encode())
    os._exit(0)


def _ended(hears: int) -> Told:
    with os.fdopen(hears, "rb") as heard:
        told = json.loads(heard.read() or b'{"error": "died", "work": "", "took": [], "added": []}')
    os.wait()
    return told


def _read(store: Store, number: int, until: float, told: Told) -> None:
    draw = random.Random(number)
    while time.monotonic() < until:
        began = time.perf_counter()
        kept = store.patient(f"W0x{draw.randint(1, 200):03d}")
        told["took"].append(time.perf_counter() - began)
        if len(kept) != 10:
            raise AssertionError(f"{len(kept)} records of a patient of 10")


def _write(store: Store, number: int, until: float, told: Told) -> None:
    serial = 0
    while time.monotonic() < until:
        serial += 1
        began = time.perf_counter()
        name = f"W{number}x{serial}n"
        store.add(made_up_records(1, seed=serial, prefix=name), **WHO)
        told["added"].append(f"{name}1")
        told["took"].append(time.perf_counter() - began)
        _count_on(store, told)


def _count_on(store: Store, told: Told) -> None:
    kept = store.patient(SHARED)[1]
    try:
        store.revise("lesion", SHARED, "1", {"note": str(int(str(kept.record.get("note"))) + 1)},
                     revision=kept.revision, **WHO)  # fmt: skip
    except Overtaken:
        told["overtaken"] += 1
    else:
        told["counted"] += 1


def _counted(address: str, told: list[Told], seconds: float) -> Told:
    with open_store(address) as store:
        there = {one.patient_id for one in store.records("patient")}
        note = int(str(store.patient(SHARED)[1].record.get("note")))
        lost = [key for one in told for key in one["added"] if key not in there or len(store.patient(key)) != 10]
        problems = store.verify().problems
    reads = sorted(took for one in told if one["work"] == "_read" for took in one["took"])
    writes = sorted(took for one in told if one["work"] == "_write" for took in one["took"])
    counted = sum(one.get("counted", 0) for one in told)
    return {"seconds": seconds, "reads": len(reads), "writes": len(writes) + counted,
            "lost": len(lost) + counted - note,
            "overtaken": sum(one.get("overtaken", 0) for one in told), "problems": list(problems),
            "errors": sorted({one["error"] for one in told if one["error"]}),
            "read_ms": _middle_and_worst(reads), "write_ms": _middle_and_worst(writes)}  # fmt: skip


def _middle_and_worst(took: list[float]) -> list[float]:
    return [round(1000 * took[int(share * (len(took) - 1))], 1) for share in (0.5, 0.95, 1.0)] if took else []


if __name__ == "__main__":
    address, readers, writers, seconds = sys.argv[1:]
    print(json.dumps(loaded(address, readers=int(readers), writers=int(writers), seconds=float(seconds))))
