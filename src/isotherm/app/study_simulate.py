"""Simulate a registry: scenario and seed in; tables, truth and protocol out, all of it or nothing, all synthetic."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from isotherm.app.outputs import frame_text
from isotherm.app.places import keep_inputs, new_folder, usable_folder
from isotherm.app.software import versions
from isotherm.errors import BadSetting
from isotherm.exchange.atomic import write_text
from isotherm.exchange.protocol_files import protocol_from
from isotherm.exchange.scenario_files import read_scenario, scenario_from
from isotherm.exchange.text_files import text_of
from isotherm.study.simulate.registry import Registry, simulate_registry
from isotherm.study.simulate.registry_document import truth_document
from isotherm.study.simulate.registry_truth import registry_truth
from isotherm.study.simulate.scenario import Scenario

BUNDLED = ("ajr-2022", "radiology-2023", "annals-2026")

TABLES = {"patients": "synthetic_patients.csv", "tumors": "synthetic_tumors.csv", "scans": "synthetic_scans.csv"}
TRUTH, PROTOCOL, MAPPING = "truth.json", "protocol.toml", "mapping.toml"

TRUTH_PATIENTS = 1_000_000
"""To whom every strategy is applied: the Monte Carlo error of a log hazard ratio is then about 0.002."""

EXTRAHEPATIC = 'extrahepatic_disease = { column = "extra_organ", values = { "0" = false, "1" = true } }\n'
"""Of a liver, disease outside of the organ; of a lung, the records have no such field."""

Progress = Callable[[str], None]


def bundled(name: str) -> tuple[Scenario, str]:
    """Return a scenario that ships, and the text of its protocol."""
    folder = scenarios() / name
    scenario = scenario_from((folder / "scenario.toml").read_text(encoding="utf-8"))
    return scenario, (folder / scenario.protocol).read_text(encoding="utf-8")


def scenarios() -> Traversable:
    """Return the folder of the scenarios that ship."""
    return resources.files("isotherm.app") / "data" / "scenarios"


def simulate_study(
    scenario: str,
    out: str,
    *,
    seed: int,
    patients: int | None = None,
    truth_patients: int = TRUTH_PATIENTS,
    progress: Progress = lambda _: None,
) -> Path:
    """Simulate a registry and write its tables, its truth, a protocol for it, and how it becomes records.

    Parameters
    ----------
    scenario : str
        One that ships, or the path of a scenario.toml.
    out : str
        Folder; files of an earlier run are replaced.
    seed : int
    patients : int, optional
        As many as the scenario says unless given.
    truth_patients : int
        To whom every strategy is applied.
    progress : callable
        Told in words what is being done.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError, OutputError
    """
    progress("reading the scenario")
    usable_folder(out)
    world, protocol = _asked_for(scenario, out)
    if patients is not None and patients < 1:
        raise BadSetting(f"{patients} patients came; 1 or more are wanted.")
    protocol_from(protocol, name=PROTOCOL)
    progress("simulating the registry")
    registry = simulate_registry(world if patients is None else world.with_patients(patients), seed=seed)
    progress("applying every strategy to the same patients")
    truths = registry_truth(registry.scenario, seed=seed, patients=truth_patients)
    document = truth_document(registry, truths, versions("numpy", "pandas", "scipy"))
    with new_folder(out) as folder:
        _write(registry, protocol, folder)
        write_text(folder / TRUTH, json.dumps(document, indent=1, allow_nan=False) + "\n")
    return folder


def simulate_center(scenario: str, folder: Path, *, seed: int, patients: int) -> None:
    """Write the tables of a scenario that ships, a protocol for them, and how they become records; no truth.

    The same patients as of `simulate_study`, without the minutes that the truth takes.

    Raises
    ------
    OutputError
    """
    world, protocol = bundled(scenario)
    _write(simulate_registry(world.with_patients(patients), seed=seed), protocol, folder)


def _write(registry: Registry, protocol: str, folder: Path) -> None:
    for name, file in TABLES.items():
        write_text(folder / file, frame_text(getattr(registry.tables, name)))
    write_text(folder / PROTOCOL, protocol)
    write_text(folder / MAPPING, _mapping(registry))


def _mapping(registry: Registry) -> str:
    """Return the mapping of these tables to the records of a registry."""
    organ = registry.scenario.organ
    centers = sorted(set(registry.tables.patients["center"].astype(str)))
    text = (scenarios() / MAPPING).read_text(encoding="utf-8").replace('"liver"', f'"{organ}"')
    text = text.replace("CENTERS", ", ".join(f'"{one}" = "{one.replace(" ", "-")}"' for one in centers))
    return text.replace("EXTRAHEPATIC\n", EXTRAHEPATIC if organ == "liver" else "")


def _asked_for(scenario: str, out: str) -> tuple[Scenario, str]:
    if scenario in BUNDLED:
        return bundled(scenario)
    file = Path(scenario)
    if not file.suffix:
        raise BadSetting(f"No such scenario ships; it is one of {', '.join(BUNDLED)}, or a file such as world.toml.")
    world = read_scenario(file)
    protocol = file.parent / world.protocol
    keep_inputs([Path(out) / name for name in (*TABLES.values(), TRUTH, PROTOCOL, MAPPING)], [scenario, str(protocol)])
    return world, text_of(protocol, called="protocol", example=PROTOCOL)
