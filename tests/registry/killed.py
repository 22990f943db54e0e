"""A program that kills writers of a registry at random moments, and looks each time what was lost or halved.

    python -m tests.registry.killed ADDRESS SEED KILLS

One process has everything loaded and forks: a writer is at work a moment after it was started. It says what was saved
only once that is so; whatever it said has to be there after it was killed, and of what it did not say all or nothing.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from isotherm.clinical.record import Record
from isotherm.registry.store import Store, open_store
from tests.registry.made_up import WHO, patient, record

LONGEST_S = 0.05
"""The latest moment of a kill, after the writer has said up to three times that something is saved."""

COUNTER = ("lesion", "P0", "1")
"""A record that is changed again and again; its note is how often."""


@dataclass
class Said:
    """What writers said was saved, and what was found wrong."""

    imports: dict[str, int] = field(default_factory=dict[str, int])
    counted: int = 0
    problems: list[str] = field(default_factory=list[str])
    silent: int = 0


def main(address: str, seed: int, kills: int) -> Said:
    """Kill writers; return what they said and what was found."""
    said = Said()
    with open_store(address) as store:
        store.add([record("patient", of="P0"), record("lesion", "1", of="P0", organ="liver", note="0")], **WHO)
    for number in range(kills):
        draw = random.Random(f"{seed} {number}")
        _take(said, _killed(address, draw, f"{seed}k{number}"))
        _look(address, said, f"kill {number}")
    return said


def _killed(address: str, draw: random.Random, name: str) -> list[str]:
    """Start a writer, kill it, and return the lines that it said."""
    hears, speaks = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hears)
        try:
            _write(address, draw, name, speaks)
        finally:
            os._exit(1)
    os.close(speaks)
    with os.fdopen(hears, "rb") as heard:
        first = [heard.readline() for _ in range(draw.randint(1, 4))]
        time.sleep(draw.uniform(0.0, LONGEST_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        whole = (b"".join(first) + heard.read()).decode().split("\n")
    return whole[:-1]  # a line that was cut off was not said


def _write(address: str, draw: random.Random, name: str, speaks: int) -> None:
    with open_store(address) as store:
        os.write(speaks, b"begun\n")
        for serial in range(10_000):
            if draw.random() < 0.3:
                _count_on(store)
                os.write(speaks, b"counted\n")
            else:
                patients = draw.choice((1, 1, 2, 12))
                label = f"{name}i{serial}of{patients}"
                store.add(_import(label, patients), **WHO)
                os.write(speaks, f"{label}\n".encode())


def _count_on(store: Store) -> None:
    kept = next(one for one in store.patient("P0") if one.record.kind.name == "lesion")
    number = int(str(kept.record.get("note"))) + 1
    store.revise(*COUNTER, {"note": str(number)}, revision=kept.revision, **WHO)


def _import(label: str, patients: int) -> Iterator[Record]:
    for number in range(patients):
        yield from patient(f"{label}p{number}")


def _take(said: Said, lines: list[str]) -> None:
    for line in lines:
        if line == "counted":
            said.counted += 1
        elif line != "begun":
            said.imports[line] = int(line.rsplit("of", 1)[1])


def _look(address: str, said: Said, where: str) -> None:
    with open_store(address) as store:
        found = Counter(one.patient_id.rsplit("p", 1)[0] for one in store.records() if one.patient_id != "P0")
        note = next(one for one in store.records("lesion") if one.patient_id == "P0").get("note")
        problems = [*store.verify().problems]
    each = len(patient())
    lost = [label for label in said.imports if label not in found]
    halved = [label for label, count in found.items() if count != each * int(label.rsplit("of", 1)[1])]
    if lost or halved or int(str(note)) < said.counted:
        problems.append(f"lost {lost}, halved {halved}, counted {note} of {said.counted}")
    # What was saved in the moment before the writer could say so counts as said from now on.
    said.silent += len(found) - len(said.imports) + int(str(note)) - said.counted
    said.imports.update({label: int(label.rsplit("of", 1)[1]) for label in found})
    said.counted = int(str(note))
    said.problems += [f"{where}: {one}" for one in problems]


if __name__ == "__main__":
    result = main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(asdict(result) | {"imports": len(result.imports)}))
