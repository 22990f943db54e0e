"""The lock files: exact versions and hashes, for the whole range of Pythons, and no address."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LOCKS = ["requirements.lock", "requirements-dev.lock", "web/requirements.lock"]
ADDRESS = re.compile(r"://|--(extra-)?index-url|--find-links|--trusted-host|\b\w+\.(org|com|io|net)\b")


def pins(lock: str) -> dict[str, str]:
    """Return name → version of each package that a lock file names."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([a-z0-9._-]+)==([^ ;\\]+)", line) for line in lines)
    return {match.group(1): match.group(2) for match in found if match}


def requirement_names(requirements: list[str]) -> set[str]:
    """Return the normalized names of requirements such as "scikit-image >=0.25,<1"."""
    return {re.split(r"[ <>=!~;\[]", text)[0].lower().replace("_", "-") for text in requirements}


@pytest.mark.parametrize("lock", [*PYTHON_LOCKS, "web/package-lock.json"])
def test_a_lock_file_holds_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("htmx.org", "htmx")  # a package is called like an address

    assert not ADDRESS.findall(text)


@pytest.mark.parametrize("lock", PYTHON_LOCKS)
def test_each_pinned_package_has_a_hash(lock: str) -> None:
    entries = re.split(r"^(?=[a-z0-9._-]+==)", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]

    assert len(entries) == len(pins(lock)) > 0
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_locks_hold_what_pyproject_asks_for_and_agree_with_each_other() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = pyproject["dependency-groups"]
    run, dev, node = (pins(lock) for lock in PYTHON_LOCKS)

    assert requirement_names([*pyproject["project"]["dependencies"], *groups["build"]]) <= run.keys()
    assert requirement_names(groups["dev"]) <= dev.keys()
    assert requirement_names(groups["node"]) == node.keys()
    assert run.items() <= dev.items()
    assert node.items() <= (dev | node).items()


def test_the_build_backend_is_the_locked_one() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert pyproject["build-system"]["requires"] == pyproject["dependency-groups"]["build"]


def test_each_npm_package_has_a_version_and_a_hash() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))
    asked_for = json.loads((ROOT / "web" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    packages = {name: entry for name, entry in lock["packages"].items() if name}

    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert {name: packages[f"node_modules/{name}"]["version"] for name in asked_for} == asked_for
