"""The same two scans are registered once in a run of the tests: whoever lays the same voxels again gets what was found.

Registering is a pure function that takes half a minute, and commands, a PACS, a registry and a story all want it of the
same scans. What is found is kept by the content of everything that came in, to the last bit, in a folder that all
processes of the run share; one voxel that differs is registered anew. Registering itself is tested without this.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isotherm.app import registering

NAMES = ("register", "way_back")


def shared_folder(temporary: pytest.TempPathFactory) -> Path:
    """Return the folder of this run of the tests that all of its processes see."""
    own = temporary.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "registered"


@contextmanager
def registered_once(folder: Path) -> Generator[None]:
    """Let the app ask the folder before it registers, for as long as the block lasts."""
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES:
            patch.setattr(registering, name, kept(getattr(registering, name), folder))
        yield


def kept(function: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """Return a function that looks into a folder before it does its work, and leaves there what it found."""

    def asked(*told: Any) -> Any:
        digest = hashlib.sha256(function.__name__.encode())
        take_in(digest, told)
        file = folder / f"{digest.hexdigest()}.pickle"
        if not file.is_file():
            own = file.with_suffix(f".{os.getpid()}")  # whoever else registers the same at this moment finds the same
            own.write_bytes(pickle.dumps(function(*told)))
            own.replace(file)
        return unchangeable(pickle.loads(file.read_bytes()))

    return asked


def take_in(digest: Any, value: Any) -> None:
    """Let a digest depend on all that a value holds, and on nothing else."""
    digest.update(type(value).__name__.encode())
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype.str} {value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value):
        for one in fields(value):
            digest.update(one.name.encode())
            take_in(digest, getattr(value, one.name))
    elif isinstance(value, tuple):
        digest.update(str(len(value)).encode())
        for part in value:
            take_in(digest, part)
    else:
        assert value is None or isinstance(value, bool | int | float | str), type(value)
        digest.update(repr(value).encode() + b"\0")


def unchangeable(value: Any) -> Any:
    """Return a value whose arrays cannot be written, as they could not before they were kept."""
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif is_dataclass(value):
        for one in fields(value):
            unchangeable(getattr(value, one.name))
    return value
