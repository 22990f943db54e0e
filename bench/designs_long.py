"""The long run: every design on a thousand cohorts of realistic size, and the bootstrap of clones on two hundred.

What is done is kept, block by block, in a file of JSON lines: a run that was stopped goes on where it was. A cohort
depends on the seed, its world and its number only, so that neither processes nor stops change a figure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bench.designs_cohorts import BOOTSTRAPPED, PATIENTS, REPLICATES, WORLDS, bootstrapped, cohort_estimates
from bench.designs_targets import PATIENTS as FOLLOWING
from bench.designs_targets import targets

BLOCK = {"cohorts": 25, "bootstrap": 2, "targets": 1}
"""Cohorts in a block, which is what is kept at a time."""

PARTS = tuple(BLOCK)

KEPT = Path("designs-long.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is done, and from which seed."""

    cohorts: int = 1000
    bootstrapped: int = 200
    patients: int = PATIENTS
    replicates: int = REPLICATES
    following: int = FOLLOWING
    seed: int = 0

    @property
    def text(self) -> str:
        """Everything on which a block depends; the numbers of cohorts are no part of it, so that they can rise."""
        worlds = {name: asdict(world) for name, world in WORLDS.items()}
        sizes = (self.patients, self.replicates, self.following, self.seed)
        return json.dumps([*sizes, worlds], sort_keys=True)


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the run: some cohorts of a world, or its targets."""

    part: str
    world: str
    number: int

    def seeds(self, plan: Plan) -> Iterator[np.random.SeedSequence]:
        """Yield the seed of each cohort."""
        size = BLOCK[self.part]
        most = {"cohorts": plan.cohorts, "bootstrap": plan.bootstrapped, "targets": 1}[self.part]
        for k in range(self.number * size, min(most, (self.number + 1) * size)):
            yield np.random.SeedSequence(
                plan.seed, spawn_key=(PARTS.index(self.part), list(WORLDS).index(self.world), k)
            )


def blocks(plan: Plan) -> Iterator[Block]:
    """Yield everything that is to be done: targets and cohorts first, the bootstrap after them."""
    for world in WORLDS:
        yield Block("targets", world, 0)
    for number in range(-(-plan.cohorts // BLOCK["cohorts"])):
        for world in WORLDS:
            yield Block("cohorts", world, number)
    for number in range(-(-plan.bootstrapped // BLOCK["bootstrap"])):
        yield Block("bootstrap", BOOTSTRAPPED, number)


def done(block: Block, plan: Plan) -> list[dict[str, Any]]:
    """Do a block and return what each of its cohorts gives."""
    with threadpool_limits(1):
        return [_once(block, seed, plan) for seed in block.seeds(plan)]


def _once(block: Block, seed: np.random.SeedSequence, plan: Plan) -> dict[str, Any]:
    if block.part == "targets":
        return dict(targets(block.world, seed, plan.following))
    if block.part == "bootstrap":
        return dict(bootstrapped(seed, plan.patients, plan.replicates))
    return dict(cohort_estimates(block.world, seed, plan.patients))


def kept(file: Path, plan: Plan) -> dict[Block, list[dict[str, Any]]]:
    """Return the blocks that an earlier run of the same plan has done; a line that was cut off is none."""
    found: dict[Block, list[dict[str, Any]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        if record["plan"] == plan.text:
            found[Block(*record["block"])] = record["found"]
    return found


def run(plan: Plan, *, file: Path = KEPT, jobs: int = 1, parts: Iterable[str] = PARTS) -> list[dict[str, Any]]:
    """Do what is not yet done, keep it, and return what all cohorts give; targets come first."""
    found = kept(file, plan)
    wanted = [block for block in blocks(plan) if block.part in parts]
    if file.exists() and not file.read_bytes().endswith(b"\n"):
        with file.open("a", encoding="utf-8") as kept_file:
            kept_file.write("\n")  # a line that was cut off spoils no other
    open_blocks = [b for b in wanted if len(found.get(b, ())) < len(list(b.seeds(plan)))]
    for n, (block, values) in enumerate(_each(open_blocks, plan, jobs), start=1):
        line = json.dumps({"plan": plan.text, "block": [block.part, block.world, block.number], "found": values})
        with file.open("a", encoding="utf-8") as kept_file:
            kept_file.write(line + "\n")
        found[block] = json.loads(line)["found"]
        if n % 20 == 0:
            print(f"  {n} of {len(open_blocks)} blocks", flush=True)
    return [{"part": block.part, **one} for block in wanted for one in found[block][: len(list(block.seeds(plan)))]]


def _each(open_blocks: list[Block], plan: Plan, jobs: int) -> Iterator[tuple[Block, list[dict[str, Any]]]]:
    if jobs == 1:
        for block in open_blocks:
            yield block, done(block, plan)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(partial(done, block, plan)): block for block in open_blocks}
        for one in as_completed(waiting):
            yield waiting[one], one.result()
