"""The registry that one can try everything on: simulated patients, made by the tasks of the command line."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

from isotherm.app.places import new_folder
from isotherm.app.registry_exchange_tasks import Wish, import_records
from isotherm.app.registry_tasks import make, upgrade
from isotherm.app.study_simulate import MAPPING, TABLES, simulate_center
from isotherm.errors import OtherRevision
from isotherm.registry.store import open_store

SCENARIO, PATIENTS, SEED = "ajr-2022", 120, 1
BY, WHY = "isotherm demo", "simulated patients, none of whom ever lived"


def demo_registry(folder: Path, *, today: date, progress: Callable[[str], None] = lambda _: None) -> Path:
    """Return the demo registry in a workspace, made where it is not there; one of an older isotherm is upgraded.

    Raises
    ------
    InputError, OutputError
    """
    file = folder / "demo.registry"
    if file.exists():
        _of_this_isotherm(file, today)
        return file
    progress("simulating patients for the demo")
    with new_folder(str(folder / "demo")) as tables:
        simulate_center(SCENARIO, tables, seed=SEED, patients=PATIENTS)
        unfinished = tables / "unfinished.registry"
        for left in tables.glob("unfinished.registry*"):  # of a start that was interrupted
            left.unlink()
        make(str(unfinished))
        wish = Wish(path=str(tables / TABLES["patients"]), form="tables", mapping=str(tables / MAPPING))
        import_records(str(unfinished), wish, today=today, by=BY, why=WHY, progress=progress)
        os.replace(unfinished, file)
    return file


def _of_this_isotherm(file: Path, today: date) -> None:
    """Bring a demo registry that an older isotherm has made up to date, after a backup."""
    try:
        with open_store(str(file)):
            return
    except OtherRevision:
        upgrade(str(file), f"{file}.before-{today.isoformat()}")
