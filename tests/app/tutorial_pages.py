"""Tutorials whose commands are typed: their files, commands and outputs as they stand on the page."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from isotherm.app.cli import main
from isotherm.app.registry_exchange_tasks import Wish, import_records
from isotherm.app.registry_tasks import make
from isotherm.app.study_simulate import MAPPING, TABLES, simulate_center
from isotherm.imaging.volume import Grid
from tests.app.on_disk import ROOT, write

CENTERS, PATIENTS = ("a", "b", "c"), 200
TUMORS = 6
WIDER_MM = np.array([6.0, 6.0, 9.0])
"""By how much the half axes of a planned zone are longer than the radius of its tumor."""


@dataclass(frozen=True, slots=True)
class Page:
    """A tutorial as text."""

    text: str

    @property
    def files(self) -> dict[str, str]:
        """What it says that files hold, by their names."""
        return dict(re.findall(r"`([\w./-]+)`[^\n]*\n\n```(?:csv|toml)\n(.*?)```", self.text, re.DOTALL))

    @property
    def commands(self) -> list[str]:
        """What is typed, in its order."""
        blocks = re.findall(r"```console\n(.*?)```", self.text, re.DOTALL)
        return [line[2:] for block in blocks for line in block.splitlines()]

    def blocks(self, kind: str) -> list[str]:
        """Return its blocks of one kind, such as "text", "toml" or "python"."""
        return re.findall(rf"```{kind}\n(.*?)```", self.text, re.DOTALL)


def tutorial(name: str) -> Page:
    """Return a tutorial of the documentation."""
    return Page((ROOT / "docs" / "tutorials" / f"{name}.md").read_text(encoding="utf-8"))


def typed(home: Path, command: str, *more: str) -> tuple[int, str]:
    """Type a command in a folder; return its exit code and what it printed."""
    out = io.StringIO()
    with contextlib.chdir(home), contextlib.redirect_stdout(out):
        code = main([*shlex.split(command)[1:], *more])
    return code, out.getvalue()


def papers_of_centers(home: Path) -> None:
    """Write what the centers of the tutorial for study leads released, a file each, as its table and example say."""
    page = tutorial("lead")
    (home / "papers").mkdir()
    example = page.files["papers/center_a.toml"]
    rows = re.findall(r"^\| (\w) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", page.text, re.MULTILINE)
    assert [row[0] for row in rows] == list(CENTERS)
    for name, value, low, high, p in rows:
        numbers = f"estimate = {value}, low = {low}, high = {high}, p = {p} "
        text = re.sub(r"estimate = [^}]+", numbers, example).replace("center_a", f"center_{name}")
        text = text.replace("Center a", f"Center {name}").replace("center a", f"center {name}")
        (home / "papers" / f"center_{name}.toml").write_text(text, encoding="utf-8")


def center(folder: Path, *, seed: int) -> None:
    """Make the registry of a center, of simulated patients."""
    tables = folder / "tables"
    tables.mkdir(parents=True)
    simulate_center("ajr-2022", tables, seed=seed, patients=PATIENTS)
    make(str(folder / "center.registry"), simulated_by="test")
    wish = Wish(path=str(tables / TABLES["patients"]), form="tables", mapping=str(tables / MAPPING))
    import_records(
        str(folder / "center.registry"), wish, today=date(2026, 1, 1), by="test", why="simulated", progress=_silent
    )


def _silent(said: str) -> None:
    del said


def planned_and_achieved(home: Path) -> None:
    """Draw tumors, the zones that were planned for them, and what came of these: smaller, and a little elsewhere."""
    grid = Grid((64, 64, 64), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    random, middle = np.random.default_rng(3), np.full(3, 32.0)
    for number in range(1, TUMORS + 1):
        folder = home / f"P{number:03d}"
        folder.mkdir()
        radius = float(random.uniform(7.0, 10.0))
        plan = radius + WIDER_MM
        came = middle + random.normal(0.0, 1.5, 3)
        drawn = {"tumor": (middle, np.full(3, radius)), "planned": (middle, plan),
                 "achieved": (came, plan * random.uniform(0.85, 0.98, 3))}  # fmt: skip
        for name, (at, half_axes) in drawn.items():
            inside = (((grid.centers_lps_mm() - at) / half_axes) ** 2).sum(axis=1) <= 1.0
            write(folder / f"{name}.nii.gz", inside.reshape(grid.shape_kji), grid=grid)
