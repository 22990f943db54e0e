"""ITK's HDF5 is read in a process of its own: on damaged files the library behind may never end, or end the process."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import numpy as np
import numpy.typing as npt

from isotherm.errors import UnreadableFile
from isotherm.exchange.own_program import PYTHON
from isotherm.exchange.voxel_source import ImageFile
from isotherm.printable import printable

Numbers = npt.NDArray[np.float64]

PATIENCE_S = 30.0
"""A file that takes longer is damaged; most take a second, nearly all of it to start the program."""


def hdf_blocks(file: ImageFile) -> list[tuple[str, Numbers, Numbers]]:
    """Return kind, parameters and fixed parameters of each transform in a file.

    Raises
    ------
    UnreadableFile
        It is not HDF5 as ITK writes it, damaged, or larger in its header than on the disk.
    """
    command = [*PYTHON, "-m", "isotherm.exchange.hdf_program"]
    try:
        ran = subprocess.run(
            command, input=os.fsencode(os.path.abspath(file.path)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=PATIENCE_S, check=True,
        )  # fmt: skip
        head, _, data = ran.stdout.partition(b"\n")
        told: dict[str, Any] = json.loads(head)
        if "refused" in told:
            raise UnreadableFile(str(told["refused"]))
        return _split([(printable(str(kind)), int(n), int(m)) for kind, n, m in told["blocks"]], data)
    except (subprocess.SubprocessError, ValueError, KeyError) as error:
        raise UnreadableFile(
            f"{file.start} is not a transform of ITK in HDF5, or is damaged; export it as .h5 or .tfm once more."
        ) from error


def _split(blocks: list[tuple[str, int, int]], data: bytes) -> list[tuple[str, Numbers, Numbers]]:
    numbers = np.frombuffer(data, dtype=np.float64)
    at, found = 0, list[tuple[str, Numbers, Numbers]]()
    for kind, moved, fixed in blocks:
        found.append((kind, numbers[at : at + moved], numbers[at + moved : at + moved + fixed]))
        at += moved + fixed
    return found
