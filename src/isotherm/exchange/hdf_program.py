"""The program that reads ITK's HDF5 for `transform_hdf`: a path comes in on standard input, blocks go out."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import h5py  # pyright: ignore[reportMissingTypeStubs]
import numpy as np

from isotherm.errors import IsothermError, UnreadableFile
from isotherm.exchange.voxel_source import DEFLATE_LIMIT, ImageFile, cut_short, refuse_impossible_size

hdf: Any = h5py
"""h5py, which has no types."""

MOST_PARTS = 100
"""More parts of a composite are taken for a broken file."""

NAMES = (("TransformParameters", "TranformParameters"), ("TransformFixedParameters", "TranformFixedParameters"))
"""What was optimized and what was fixed; ITK wrote both without an s up to version 4."""


def blocks_of(file: ImageFile) -> list[tuple[str, Any, Any]]:
    """Return kind, parameters and fixed parameters of each transform in the file.

    Raises
    ------
    UnreadableFile
    """
    with hdf.File(file.path, "r") as opened:
        group = _own(opened, "TransformGroup", file)
        names = sorted(group, key=lambda name: int(name))
        if len(names) > MOST_PARTS:
            raise UnreadableFile(f"{file.start} holds more than {MOST_PARTS} transforms; export it once more.")
        return [_block(_own(group, name, file), file) for name in names]


def _block(group: Any, file: ImageFile) -> tuple[str, Any, Any]:
    kind = str(_own(group, "TransformType", file).asstr()[0])[:200]
    found = [next((name for name in either if name in group), None) for either in NAMES]
    if kind.startswith("CompositeTransform"):
        return kind, np.zeros(0), np.zeros(0)
    if found[0] is None or found[1] is None:
        raise cut_short(file)
    return kind, *(_numbers(_own(group, str(name), file), file) for name in found)


def _own(group: Any, name: str, file: ImageFile) -> Any:
    """Return a member that lies in this very file: links may point to any other file of the machine."""
    if not isinstance(group.get(name, getlink=True), hdf.HardLink):
        raise UnreadableFile(f"{file.start} has no '{name}', or a link in its place; export it once more.")
    return group[name]


def _numbers(dataset: Any, file: ImageFile) -> Any:
    if dataset.shape is None or len(dataset.shape) != 1 or dataset.dtype.kind not in "fiu":
        raise UnreadableFile(f"{file.start} has parameters that are no list of numbers; export it once more.")
    if dataset.external is not None or dataset.is_virtual:
        raise UnreadableFile(f"{file.start} keeps its parameters in another file, which is not read; export it whole.")
    packing = 1 if dataset.compression is None else DEFLATE_LIMIT
    stored = min(int(dataset.id.get_storage_size()), os.path.getsize(file.path))
    refuse_impossible_size(dataset.size * 8, stored * packing * 8 // dataset.dtype.itemsize, file)
    return np.asarray(dataset[()], dtype=np.float64)


def main(path: str, out: Any) -> None:
    """Write one line of JSON, and behind it the numbers of all blocks."""
    try:
        found = blocks_of(ImageFile(path, "transform"))
        told: Any = {"blocks": [(kind, len(moved), len(fixed)) for kind, moved, fixed in found]}
        data = b"".join(numbers.tobytes() for _, *both in found for numbers in both)
    except IsothermError as error:
        told, data = {"refused": str(error)}, b""
    except Exception:  # damaged bytes reach every branch of the library
        told, data = {}, b""
    out.write(json.dumps(told).encode() + b"\n" + data)


if __name__ == "__main__":
    main(os.fsdecode(sys.stdin.buffer.read()), sys.stdout.buffer)
