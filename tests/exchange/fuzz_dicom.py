"""Mutated DICOM is read, or refused in one sentence. `python -m tests.exchange.fuzz_dicom --count 10000`.

Every file goes through all doors: as an image alone and within a series, as masks, as a registration, as an object that
came from a PACS, in the list of a folder, and through de-identification.
"""

from __future__ import annotations

import argparse
import faulthandler
import shutil
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import gdcm  # pyright: ignore[reportMissingImports]
import numpy as np
import numpy.typing as npt

from isotherm.app.dicom_list import list_folder, list_json, list_text
from isotherm.errors import InputError
from isotherm.exchange.deid_folder import deidentify_folder
from isotherm.exchange.deid_secret import Secret
from isotherm.exchange.dicom_registration_out import registration_of
from isotherm.exchange.dicom_seg_out import write_object
from isotherm.exchange.dicom_source import read_source
from isotherm.exchange.dicomweb_object import differences, identify
from isotherm.exchange.image_files import read_masks, read_volume
from isotherm.exchange.transform_files import read_transform
from isotherm.imaging.transform import Displacement, Transform
from isotherm.imaging.volume import Grid
from tests.exchange.fuzz_elements import spoilt
from tests.exchange.fuzz_mutations import spoil_bytes
from tests.exchange.made_up_dicom import (
    PATIENT_ID,
    PATIENT_NAME,
    as_multiframe,
    as_rtstruct,
    as_seg,
    as_series,
    save,
    slices,
    sphere_contours,
)

GRID = Grid((4, 10, 12), (2.5, 0.8, 0.7), (-30.0, 12.5, 400.0))

SLOW_S, HANG_S = 10.0, 120
"""A file that keeps the processor busy for longer is told; one that takes much longer ends the run, with the place."""

ROUND = 500
"""Files after which the command says how far it is."""

COMPRESSED = ("JPEG2000Lossless", "JPEGLosslessProcess14_1", "JPEGLSLossless", "RLELossless")
"""Syntaxes of which there is one file each."""

SITE = Secret(bytes(range(32)))

TELLING = tuple(part.upper() for text in (PATIENT_ID, PATIENT_NAME) for part in (text, text.split("^")[0])
                if len(part) > 4)  # fmt: skip
"""What no sentence may show, in capitals."""

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
    made += registrations(folder, hu)
    source[0].BitsStored, source[0].HighBit = 12, 11
    plain = save(source[0], folder / "plain.dcm")
    with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (folder / "slices").iterdir():
            archive.write(path, path.name)
    return [*made, folder / "all.zip", *(packed(plain, folder / f"{one}.dcm", one) for one in COMPRESSED)]


def registrations(folder: Path, hu: npt.NDArray[np.int16]) -> list[Path]:
    """Write a rigid and a deformable registration of two scans."""
    after, before = (read_source(str(as_series(folder / "two" / name, hu, GRID, study=name))) for name in ("a", "b"))
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    shift = np.array([5.0, -3.0, 8.0])
    nodes = Grid((2, 3, 4), (5.0, 4.0, 3.0), (-20.0, 5.0, 390.0))
    field = Displacement(np.random.default_rng(0).normal(size=(*nodes.shape_kji, 3)), nodes)
    made: list[Path] = []
    for name, way in (("rigid", Transform(turn, shift)), ("deformable", Transform(turn, shift, field))):
        made.append(folder / f"{name}.dcm")
        write_object(made[-1], registration_of(way, after, before))
    return made


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
    """Return a file with attributes changed, or with bytes changed, put in, taken out, moved or cut off, or both."""
    how = rng.random()
    out = bytearray(data if how < 0.5 or data[:2] == b"PK" else spoilt(data, rng))
    if how > 0.9:
        return bytes(out)
    for _ in range(int(rng.integers(1, 6))):
        spoil_bytes(out, rng, INTERESTING)
    return bytes(out)


def tried(path: Path, original: bytes, folder: Path) -> str:
    """Take a file through every door; return whether it was read by itself, or raise what should never come."""
    outcome = "refused"
    whole = folder / "slices"
    copy = whole / "0.dcm"
    data = path.read_bytes()
    copy.write_bytes(data)
    calls: list[Callable[[], object]] = [
        lambda: read_volume(path),
        lambda: read_masks(path, of="tumor"),
        lambda: read_masks(f"{path}:1", of="ablation"),
        lambda: read_transform(path),
    ]
    if path.suffix == ".dcm":
        let_in(lambda: read_volume(whole))
        let_in(lambda: identify(data))
        let_in(lambda: differences(original, data))
    for call in calls:
        outcome = "read" if let_in(call) else outcome
    let_in(lambda: [said(list_folder(str(path))) for said in (list_text, list_json)])
    shutil.rmtree(folder / "clean", ignore_errors=True)
    let_in(lambda: deidentify_folder(str(path), folder / "clean", SITE))
    copy.unlink()
    return outcome


def let_in(call: Callable[[], object]) -> bool:
    """Say whether a call was done; a refusal is one sentence without a patient in it."""
    try:
        call()
    except InputError as error:
        said = str(error)
        assert "\n" not in said, said
        assert not [one for one in TELLING if one in said.upper()], said
        return False
    return True


@dataclass
class Told:
    """What came of the files: how many were read and refused, by kind, and what should never come, with its number."""

    outcomes: Counter[str] = field(default_factory=Counter[str])
    failures: list[str] = field(default_factory=list[str])


def fuzz(numbers: Iterable[int], *, seed: int = 0) -> Told:
    """Try the mutated files of these numbers."""
    told = Told()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = seeds(folder)
        contents = [path.read_bytes() for path in files]
        for number in numbers:
            rng = np.random.default_rng([seed, number])
            which = _which(number, len(files))
            target = folder / "tried" / f"one{files[which].suffix}"
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(mutated(contents[which], rng))
            faulthandler.dump_traceback_later(HANG_S, exit=True)
            start = time.process_time()
            try:
                outcome = tried(target, contents[which], folder)
            except Exception as error:  # whatever it is, it is told
                outcome = "failed"
                where = traceback.extract_tb(error.__traceback__)[-1]
                told.failures.append(f"seed {seed}, number {number}, from {files[which].name}: {type(error).__name__}: "
                                     f"{str(error)[:200]} ({Path(where.filename).name}:{where.lineno})")  # fmt: skip
            finally:
                faulthandler.cancel_dump_traceback_later()
            told.outcomes[outcome] += 1
            told.outcomes[f"{files[which].name} {outcome}"] += 1
            told.outcomes["slow"] += time.process_time() - start > SLOW_S
    return told


def _which(number: int, count: int) -> int:
    """Return which file to change: each in turn, but the compressed ones, whose decoder takes a while, more rarely."""
    others = count - len(COMPRESSED)
    return number % others if number % 10 else others + number // 10 % len(COMPRESSED)


def main() -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faulthandler.enable()
    warnings.simplefilter("error")
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    total: dict[str, int] = {}
    for first in range(options.first, options.count, ROUND):
        told = fuzz(range(first, min(first + ROUND, options.count)), seed=options.seed)
        outcomes += told.outcomes
        failures += told.failures
        done = min(first + ROUND, options.count) - options.first
        total = {one: outcomes[one] for one in ("read", "refused", "failed", "slow")}
        sys.stdout.write(f"{done} mutated files from number {options.first}, seed {options.seed}: {total}\n")
        sys.stdout.flush()
    sys.stdout.writelines(f"  {one}: {count}\n" for one, count in sorted(outcomes.items()) if one not in total)
    sys.stdout.writelines(f"{one}\n" for one in failures)
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
