"""The numbers and pictures of docs/timing.md: what naive says, what is true, what each design says and is after."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from bench.designs import AT, BOTH
from bench.designs_cohorts import WORLDS, Cell, cohort_estimates
from bench.designs_page import is_right
from bench.designs_targets import targets
from bench.timing_pictures import Said, curves_picture, designs_picture, patients_picture
from isotherm.study.designs.courses import Endpoint
from isotherm.study.designs.naive import naive
from isotherm.study.simulate.core import Simulated, simulate, under_each
from isotherm.study.simulate.truth import timed
from isotherm.study.simulate.world import MONTH_DAYS
from isotherm.study.survival.kaplan_meier import kaplan_meier

PAGE, PICTURES = Path("docs/timing.md"), Path("docs/pictures")

START, END = "<!-- made by python -m bench --only timing -->", "<!-- end -->"

PATIENTS = 200_000

SHOWN = {"no effect": "No effect", "a true effect": "A true effect", "no effect, confounded": "No effect, confounded"}

PFS: Endpoint = "progression-free survival"

Told = dict[str, dict[str, list[Said]]]


def told(seed: int, patients: int = PATIENTS) -> Told:
    """Return what each design says in each world, by endpoint."""
    found: Told = {}
    for k, world in enumerate(SHOWN):
        says = cohort_estimates(world, np.random.SeedSequence(seed, spawn_key=(7, k)), patients)
        aims = targets(world, np.random.SeedSequence(seed, spawn_key=(8, k)), patients)
        for key, value in says.items():
            cell = Cell(*key.split("|"))
            if cell.measure == "log hazard ratio" and not isinstance(value, str):
                aim = aims.get(key)
                said = Said(cell.design, math.exp(value[0]), None if aim is None else math.exp(aim), is_right(cell))
                found.setdefault(world, {}).setdefault(cell.endpoint, []).append(said)
    return found


def table(found: Told) -> str:
    """Return the table of the page."""
    head = " | ".join(f"{words}: {endpoint}" for words in SHOWN.values() for endpoint in ("OS", "PFS"))
    rows = [f"| hazard ratio (own target) | {head} |", "|---" * (1 + 2 * len(SHOWN)) + "|"]
    for name in dict.fromkeys(said.design for said in found["no effect"]["OS"]):
        cells: list[str] = []
        for world in SHOWN:
            for endpoint in ("OS", "PFS"):
                one = next((said for said in found[world][endpoint] if said.design == name), None)
                cells.append("" if one is None else _cell(one))
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _cell(said: Said) -> str:
    target = "none" if said.target is None else f"{said.target:.2f}"
    number = f"**{said.ratio:.2f}**" if said.right else f"{said.ratio:.2f}"
    return f"{number} ({target})"


def some_patients(made: Simulated) -> list[tuple[int, str]]:
    """Return nine patients who show what may happen, with the arm that a naive comparison sees."""
    courses, intended = made.courses, made.intended
    ablated = np.isfinite(courses.ablation_days)
    progression = np.nan_to_num(courses.progression_days, nan=np.inf) / MONTH_DAYS
    soon = progression < 8.0
    late = progression > 9.0
    died = courses.died & (courses.last_days / MONTH_DAYS < 8.0)
    missed = (intended == 1) & ~ablated
    kinds = (
        ((intended == 0) & ablated & late & ~died, 2, "upfront"),
        ((intended == 0) & ablated & soon & (progression > 1.5) & died, 1, "upfront"),
        ((intended == 0) & ablated & soon & (progression > 1.5) & (progression < 3) & ~died, 1, "upfront"),
        ((intended == 1) & ablated & late & ~died, 2, "delayed"),
        ((intended == 1) & ablated & soon & ~died, 1, "delayed"),
        (missed & (progression < 2.0) & ~died, 1, "meant for delayed: in no arm"),
        (missed & (progression < 2.5) & died, 1, "meant for delayed: in no arm"),
    )
    return [(int(row), words) for rows, n, words in kinds for row in np.flatnonzero(rows)[:n]]


def write_pictures(found: Told, seed: int, patients: int = PATIENTS) -> None:
    """Write the pictures of the page."""
    world = WORLDS["no effect"]
    made = simulate(world, patients, np.random.default_rng(seed))
    arms = naive(made.courses, BOTH, endpoint=PFS, clock="systemic", horizon_days=AT).curves
    both = under_each(world, BOTH, patients, np.random.default_rng(seed + 1))
    truth = [kaplan_meier(timed(one, PFS), label=strategy.name) for one, strategy in zip(both, BOTH, strict=True)]
    PICTURES.mkdir(exist_ok=True)
    panels = [(words, found[name]["OS"]) for name, words in SHOWN.items()]
    for name, drawing in (
        ("timing-patients", patients_picture(made, some_patients(made))),
        ("timing-curves", curves_picture(arms, truth)),
        ("timing-designs", designs_picture(panels)),
    ):
        (PICTURES / f"{name}.png").write_bytes(drawing.png)


def print_timing(*, seed: int) -> bool:
    """Write pictures and table of the page, and print the table."""
    found = told(seed)
    words = table(found)
    before, rest = PAGE.read_text(encoding="utf-8").split(START)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{START}\n\n{words}\n\n{END}{after}", encoding="utf-8")
    write_pictures(found, seed)
    print(words)
    print(f"Written: {PAGE}, {PICTURES}/timing-*.png")
    return True
