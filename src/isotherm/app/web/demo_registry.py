"""The registry that one can try everything on: simulated patients, made by the tasks of the command line."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

from isotherm.app.places import new_folder
from isotherm.app.registry_mark import is_simulated
from isotherm.errors import BadSetting, OtherRevision

SCENARIO, PATIENTS, SEED = "ajr-2022", 120, 1
BY, WHY = "isotherm demo", "simulated patients, none of whom ever lived"

NO_MARK = (
    "The demo.registry of this workspace does not say of itself that nobody in it ever lived, as one of an earlier "
    "isotherm does not; name a new folder with --workspace, and a new one is made."
)


def demo_registry(folder: Path, *, today: date, progress: Callable[[str], None] = lambda _: None) -> Path:
    """Return the demo registry in a workspace, made where it is not there.

    Raises
    ------
    InputError, OutputError
    BadSetting
        The one that is there is not marked as simulated.
    """
    file = folder / "demo.registry"
    if file.exists():
        if not _is_ours(str(file)):
            raise BadSetting(NO_MARK)
        return file
    progress("simulating patients for the demo")
    _simulate(folder, file, today, progress)
    return file


def _is_ours(address: str) -> bool:
    try:
        return is_simulated(address)
    except OtherRevision:
        return False


def _simulate(folder: Path, file: Path, today: date, progress: Callable[[str], None]) -> None:
    from isotherm.app.registry_exchange_tasks import Wish, import_records
    from isotherm.app.registry_tasks import make
    from isotherm.app.study_simulate import MAPPING, TABLES, simulate_center

    with new_folder(str(folder / "demo")) as tables:
        simulate_center(SCENARIO, tables, seed=SEED, patients=PATIENTS)
        unfinished = tables / "unfinished.registry"
        for left in tables.glob("unfinished.registry*"):  # of a start that was interrupted
            left.unlink()
        make(str(unfinished), simulated_by=BY)
        wish = Wish(path=str(tables / TABLES["patients"]), form="tables", mapping=str(tables / MAPPING))
        import_records(str(unfinished), wish, today=today, by=BY, why=WHY, progress=progress)
        os.replace(unfinished, file)
