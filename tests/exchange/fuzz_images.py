"""Mutated NIfTI, NRRD and MetaImage are read, or refused in one sentence. `python -m tests.exchange.fuzz_images`."""

from __future__ import annotations

import argparse
import faulthandler
import gzip
import multiprocessing
import os
import resource
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from isotherm.errors import InputError
from isotherm.exchange.image_files import read_masks, read_volume
from tests.exchange.fuzz_mutations import mutated
from tests.exchange.made_up import UPRIGHT, as_itk, as_nifti, as_slicer, as_totalsegmentator, labels_on

HANG_S = 20.0
"""A file that takes longer has made the reader hang."""

MEMORY_BYTES = 3 * 2**30
"""Room for one reader, of which Python and its libraries take about 1 GB of addresses; each file has some 500 bytes."""

PATIENT = "Quillfeather"
"""Stands in every header that has room for it, and must not be told."""


@dataclass
class Told:
    """What came of the files: how many were read and refused, and what should never come, with its number."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def seed_files(folder: Path) -> list[Path]:
    """Write one file of each kind: packed and plain, images, labels and shares, one header with its voxels apart."""
    labels = labels_on(UPRIGHT)
    hu = np.random.default_rng(0).integers(-1000, 1000, UPRIGHT.shape_kji).astype(np.int16)
    shares = np.random.default_rng(1).random(UPRIGHT.shape_kji, dtype=np.float32)
    files = [
        as_nifti(folder / "labels.nii", labels),
        as_nifti(folder / "image.nii.gz", hu),
        as_nifti(folder / "shares.nii", shares.astype(np.float64), kind=nib.Nifti2Image),
        as_totalsegmentator(folder / "named.nii.gz", labels, {1: "liver", 2: PATIENT}),
        as_itk(folder / "image.nrrd", hu, packed=False),
        as_itk(folder / "packed.nrrd", labels),
        as_slicer(folder / "layers.seg.nrrd", [labels, labels], [("tumor", 0, 1), (PATIENT, 1, 2)]),
        as_slicer(folder / "flat.seg.nrrd", [labels], [("tumor", 0, 1), ("zone", 0, 2)]),
        as_itk(folder / "image.mha", hu, packed=False),
        as_itk(folder / "packed.mha", shares),
        as_itk(folder / "apart.nhdr", hu, packed=False),
        as_itk(folder / "apart.mhd", hu, packed=False),
    ]
    for path in files:
        _name_the_patient(path)
    return files


def _name_the_patient(path: Path) -> None:
    """Put a name where the format has room for what a person wrote."""
    data = path.read_bytes()
    if path.suffix in (".nrrd", ".nhdr"):
        path.write_bytes(data.replace(b"\n\n", f"\nPatientName:={PATIENT}\n\n".encode(), 1))
    elif path.suffix in (".mha", ".mhd"):
        path.write_bytes(data.replace(b"\n", f"\nComment = {PATIENT}\nPatientName = {PATIENT}\n".encode(), 1))
    else:
        plain = bytearray(gzip.decompress(data) if path.suffix == ".gz" else data)
        at = 148 if int.from_bytes(plain[:4], "little") == 348 else 240
        plain[at : at + len(PATIENT)] = PATIENT.encode()
        path.write_bytes(gzip.compress(bytes(plain), mtime=0) if path.suffix == ".gz" else bytes(plain))


def one(files: list[Path], contents: list[bytes], folder: Path, seed: int, number: int) -> Path:
    """Write the mutated file of a number."""
    which = number % len(files)
    name = files[which].name
    target = folder / f"one{name[name.index('.') :]}"
    target.write_bytes(mutated(contents[which], name, np.random.default_rng([seed, number])))
    return target


def tried(path: Path) -> str:
    """Read a file as everything it could be; return what came of it, or raise what should never come."""
    outcome = "refused"
    calls: list[Callable[[], Any]] = [
        lambda: read_volume(path),
        lambda: read_masks(path, of="tumor"),
        lambda: read_masks(f"{path}:1", of="organ"),
        lambda: read_masks(f"{path}:2", of="ablation"),
    ]
    for call in calls:
        try:
            call()
            outcome = "read"
        except InputError as error:
            said = str(error)
            assert "\n" not in said, said
            assert len(said) < 1500, said
            # A segment's name is what a user chooses by: a list of them may hold what stands in a name's place.
            assert PATIENT not in said or "label" in said or "segments" in said, said
    return outcome


def _child(pipe: Connection, folder: Path, seed: int, first: int, count: int, chatter: Path) -> None:
    """Try files one after the other; a parent watches whether each comes to an end."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    heard = os.open(chatter, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    os.dup2(heard, 2)  # what libraries print is heard as well
    faulthandler.enable()
    warnings.simplefilter("error")
    files = sorted((folder / "from").iterdir())
    files = [path for path in files if path.suffix not in (".raw", ".zraw") and path.name != "apart.raw.gz"]
    contents = [path.read_bytes() for path in files]
    for number in range(first, count):
        target = one(files, contents, folder / "tried", seed, number)
        before = os.fstat(heard).st_size
        try:
            said = tried(target)
        except BaseException as error:  # whatever it is, it is told
            said = f"FAILED {type(error).__name__}: {str(error)[:300]}"
        printed = os.pread(heard, 4000, before).decode(errors="replace")
        if PATIENT in printed or "Traceback" in printed:
            said = f"FAILED, printed: {printed[:300]}"
        pipe.send((number, f"{said}{' (a library printed something)' if printed else ''}", target.name))
    pipe.close()


def _rounds(folder: Path, seed: int, count: int) -> Iterator[tuple[int, str]]:
    """Start readers, each after the one before it has crashed or hung; give what came of each file."""
    context = multiprocessing.get_context("spawn")
    first = 0
    while first < count:
        ours, theirs = context.Pipe()
        chatter = folder / "chatter"
        reader = context.Process(target=_child, args=(theirs, folder, seed, first, count, chatter), daemon=True)
        reader.start()
        theirs.close()
        start = first
        while first < count:
            wait = HANG_S + (60.0 if first == start else 0.0)  # the first has the libraries to load
            try:
                came = ours.recv() if ours.poll(wait) else None
            except EOFError:
                reader.join()
                yield first, f"FAILED: the process ended ({reader.exitcode}): {chatter.read_text()[-300:]}"
                first += 1
                break
            if came is None:
                yield first, f"FAILED: it takes longer than {HANG_S:g} s"
                first += 1
                break
            yield came[0], came[1]
            first = came[0] + 1
        reader.kill()
        reader.join()
        ours.close()


def fuzz(count: int, *, seed: int = 0, tell: Callable[[str], object] = lambda _: None) -> Told:
    """Try `count` mutated files, each in a process with limits of time and memory."""
    told = Told()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "from").mkdir()
        (folder / "tried").mkdir()
        kinds = sorted(path.name for path in seed_files(folder / "from"))
        for apart in (folder / "from").glob("apart.*raw*"):
            (folder / "tried" / apart.name).write_bytes(apart.read_bytes())
        for number, said in _rounds(folder, seed, count):
            told.outcomes["FAILED" if said.startswith("FAILED") else said] += 1
            if said.startswith("FAILED"):
                told.failures.append(f"seed {seed}, number {number}, from {kinds[number % len(kinds)]}: {said}")
                tell(told.failures[-1])
    return told


def main() -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=int, metavar="NUMBER", help="write the file of this number here, and read none")
    options = parser.parse_args()
    if options.keep is not None:
        with tempfile.TemporaryDirectory() as name:
            files = sorted(seed_files(Path(name)))
            path = one(files, [path.read_bytes() for path in files], Path(), options.seed, options.keep)
        sys.stdout.write(f"{path}\n")
        return 0
    told = fuzz(options.count, seed=options.seed, tell=lambda line: sys.stdout.write(f"{line}\n"))
    sys.stdout.write(f"{options.count} mutated files, seed {options.seed}: {dict(told.outcomes)}\n")
    return 1 if told.failures else 0


if __name__ == "__main__":
    sys.exit(main())
