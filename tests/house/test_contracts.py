"""The house's own rules: each room is under the contracts, and what is said twice is said alike."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import isotherm

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "isotherm"
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS: list[dict[str, Any]] = PYPROJECT["tool"]["importlinter"]["contracts"]
RIM = {"app", "exchange", "registry"}
# What the study engine shares:
NOUNS = {f"isotherm.{name}" for name in ("answer", "columns", "confidence", "effect", "outcome", "override")}


def rooms() -> set[str]:
    """Return the packages right under isotherm that hold code."""
    return {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def modules_under(kind: str, key: str) -> list[set[str]]:
    """Return, for each contract of a kind, the modules that one of its keys names."""
    return [set(contract[key]) for contract in CONTRACTS if contract["type"] == kind]


def test_each_module_of_the_package_has_its_floor() -> None:
    floors = next(contract["layers"] for contract in CONTRACTS if contract["containers"] == ["isotherm"])
    placed = {name for floor in floors for name in re.findall(r"\w+", floor)}
    files = {path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")}

    assert rooms() | files <= placed


def test_each_pure_pillar_is_kept_from_the_rim_and_from_effects_and_is_covered_by_tests() -> None:
    pure = {f"isotherm.{room}" for room in rooms() - RIM}

    assert modules_under("forbidden", "source_modules") == [pure, pure]
    assert set(PYPROJECT["tool"]["coverage"]["run"]["source_pkgs"]) == pure | NOUNS


def test_heavy_libraries_have_one_door_each() -> None:
    protected = set[str]().union(*modules_under("protected", "protected_modules"))

    assert {"matplotlib", "SimpleITK", "nibabel", "jinja2", "pydicom", "highdicom", "fastapi"} <= protected


def test_the_version_is_said_alike_in_the_package_and_in_the_citation() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")

    assert re.findall(r"^version: (.+)$", citation, flags=re.MULTILINE) == [isotherm.__version__]


def test_each_command_of_the_makefile_is_listed_by_its_help() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY: ([a-z -]+)$", makefile, flags=re.MULTILINE)

    assert set(phony[0].split()) == set(re.findall(r"^([a-z-]+):.*## ", makefile, flags=re.MULTILINE))
