"""Mutated DICOM is read, or refused in one sentence. `python -m tests.exchange.fuzz_dicom --count 10000`."""

from __future__ import annotations

import argparse
import faulthandler
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import gdcm  # pyright: ignore[reportMissingImports]
import numpy as np

from isotherm.errors import InputError
from isotherm.exchange.image_files import read_masks, read_volume
from isotherm.imaging.volume import Grid
from tests.exchange.fuzz_mutations import spoil_bytes
from tests.exchange.made_up_dicom import (
    PATIENT_ID,
    as_multiframe,
    as_rtstruct,
    as_seg,
    save,
    slices,
    sphere_contours,
)

GRID = Grid((4, 10, 12), (2.5, 0.8, 0.7), (-30.0, 12.5, 400.0))

SLOW_S, HANG_S = 10.0, 60
"""A file that takes longer is told; one that takes much longer ends the run with the place where it hangs."""

COMPRESSED = ("JPEG2000Lossless", "JPEGLosslessProcess14_1", "JPEGLSLossless", "RLELossless")
"""Syntaxes of which there is one file each."""

INTERESTING = (b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff", b"\xff\xff\xff\xff", b"\xfe\xff\x00\xe0",
               b"\xfe\xff\xdd\xe0", b"SQ", b"UN", b"OB", b"DS", b"1e999", b"nan", b"\\", b"-1", b"\0" * 16)  # fmt: skip
"""Bytes that mean something to a parser of DICOM."""


def seeds(folder: Path) -> list[Path]:
    """Write one file of each kind: a slice in many syntaxes, several frames, masks, contours, an archive."""
    hu = np.random.default_rng(0).integers(-1000, 1000, GRID.shape_kji).astype(np.int16)
    source = slices(hu, GRID)
    for k, dataset in enumerate(source[1:], start=1):
        save(dataset, folder / "slices" / f"{k}.dcm")
    mask = np.zeros((*GRID.shape_kji, 2), np.uint8)
    mask[1:3, 2:6, 2:6, 0] = 1
    mask[1:3, 6:9, 6:9, 1] = 1
    z = [400.0, 402.5, 405.0, 407.5]
    made = [
        save(source[0], folder / "ct.dcm"),
        as_multiframe(folder / "mr.dcm", np.abs(hu), GRID),
        as_seg(folder / "seg.dcm", mask, ["tumor", "zone"], source),
        as_seg(folder / "fractional.dcm", mask[..., :1] * np.float32(0.5), ["tumor"], source, kind="FRACTIONAL",
               fractional_type="PROBABILITY", syntax="1.2.840.10008.1.2.5"),
        as_seg(folder / "labels.dcm", mask, ["tumor", "zone"], source, kind="LABELMAP"),
        as_rtstruct(folder / "rt.dcm", {"tumor": sphere_contours((-26.0, 16.0, 404.0), 3.0, z, 12)}),
    ]  # fmt: skip
    source[0].BitsStored, source[0].HighBit = 12, 11
    plain = save(source[0], folder / "plain.dcm")
    with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (folder / "slices").iterdir():
            archive.write(path, path.name)
    return [*made, folder / "all.zip", *(packed(plain, folder / f"{one}.dcm", one) for one in COMPRESSED)]


def packed(path: Path, to: Path, syntax: str) -> Path:
    """Write an object once more, compressed by GDCM."""
    reader, writer, change = gdcm.ImageReader(), gdcm.ImageWriter(), gdcm.ImageChangeTransferSyntax()
    reader.SetFileName(str(path))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    writer.SetFileName(str(to))
    assert writer.Write()
    return to


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Return a file with some bytes changed, put in, taken out, moved or cut off."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        spoil_bytes(out, rng, INTERESTING)
    return bytes(out)


def tried(path: Path, folder: Path) -> str:
    """Read a file as everything it could be; return what came of it, or raise what should never come."""
    outcome = "refused"
    whole = folder / "slices"
    copy = whole / "0.dcm"
    copy.write_bytes(path.read_bytes())
    calls: list[Callable[[], object]] = [
        lambda: read_volume(path),
        lambda: read_masks(path, of="tumor"),
        lambda: read_masks(f"{path}:1", of="ablation"),
        lambda: read_masks(f"{path}:1", of="organ"),
    ]
    if path.suffix == ".dcm":
        calls.append(lambda: read_volume(whole))
    for call in calls:
        try:
            call()
            outcome = "read"
        except InputError as error:
            said = str(error)
            assert "\n" not in said, said
            assert PATIENT_ID.split("-")[-1] not in said.upper(), said
    copy.unlink()
    return outcome


def fuzz(count: int, *, seed: int = 0) -> Counter[str]:
    """Try `count` mutated files; return how many were read and refused."""
    told: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = seeds(folder)
        contents = [path.read_bytes() for path in files]
        for number in range(count):
            rng = np.random.default_rng([seed, number])
            which = _which(number, len(files))
            target = folder / "tried" / f"one{files[which].suffix}"
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(mutated(contents[which], rng))
            faulthandler.dump_traceback_later(HANG_S, exit=True)
            start = time.perf_counter()
            try:
                told[tried(target, folder)] += 1
            except Exception as error:
                raise AssertionError(f"seed {seed}, number {number}, from {files[which].name}") from error
            finally:
                faulthandler.cancel_dump_traceback_later()
            told["slow"] += time.perf_counter() - start > SLOW_S
    return told


def _which(number: int, count: int) -> int:
    """Return which file to change: each in turn, but the compressed ones, whose decoder takes a while, more rarely."""
    others = count - len(COMPRESSED)
    return number % others if number % 10 else others + number // 10 % len(COMPRESSED)


def main() -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faulthandler.enable()
    warnings.simplefilter("error")
    told = fuzz(options.count, seed=options.seed)
    sys.stdout.write(f"{options.count} mutated files, seed {options.seed}: {dict(told)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
