"""Any program that turns an image into a mask: run safely on a copy, watched, and its result checked.

No shell sees the command. The program gets the image as NIfTI in a folder of its own, which goes away with it. It and
all its children are ended when the time is over, when it is stopped, or when it has come back and left some behind.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from isotherm.errors import BadGeometry, BadSetting, EmptyMask, SegmenterFailed
from isotherm.exchange.image_endings import NIFTI
from isotherm.exchange.image_files import ReadMask, read_masks, write_volume
from isotherm.imaging.volume import Mask, Role, Volume
from isotherm.printable import printable

TIMEOUT_S = 3600.0
"""TotalSegmentator takes about half an hour on two cores without a graphics card."""

GRACE_S = 3.0
"""Time between asking a program to end and ending it."""

TOTALSEGMENTATOR = "totalsegmentator"
TOTALSEGMENTATOR_COMMAND = "TotalSegmentator -i {image} -o {out} --ml --fast --quiet"

LONGEST_WORDS = 160
"""Letters of what a program said that are passed on."""

SECRETS = "ISOTHERM_PACS_"
"""Beginning of the names of variables that another program has no business with."""

ON_POSIX = os.name == "posix"


@dataclass(frozen=True, slots=True)
class Segmenter:
    """A program, and how long it may take.

    Parameters
    ----------
    command : str
        As typed, with {image} and {out} in it, or "totalsegmentator".
    timeout_s : float
    """

    command: str
    timeout_s: float = TIMEOUT_S

    def __post_init__(self) -> None:
        if not 1.0 <= self.timeout_s <= 86_400.0:
            raise BadSetting("A time limit of less than a second or more than a day came; give a number between.")
        self.words(Path("image"), Path("out"))

    def words(self, image: Path, out: Path) -> list[str]:
        """Return the command's words with the places filled in; a place is never split, whatever is in it.

        Raises
        ------
        BadSetting
        """
        typed = TOTALSEGMENTATOR_COMMAND if self.command.lower() == TOTALSEGMENTATOR else self.command
        try:
            words = shlex.split(typed, posix=ON_POSIX)
        except ValueError:
            raise BadSetting("--segmenter has a quotation mark without its partner; write it anew.") from None
        if not words or not any("{image}" in w for w in words) or not any("{out}" in w for w in words):
            raise BadSetting(
                '--segmenter wants {image} and {out} in it, as in "program --input {image} --output {out}".'
            )
        return [word.replace("{image}", str(image)).replace("{out}", str(out)) for word in words]


def run_segmenter(segmenter: Segmenter, image: Volume, *, of: Role, label: str | None = None) -> tuple[ReadMask, ...]:
    """Run a program on an image and read the mask that it makes, on the image's own grid.

    Parameters
    ----------
    segmenter : Segmenter
    image : Volume
    of : {"tumor", "ablation", "organ", "vessel", "structure"}
        What the mask is of.
    label : str, optional
        Value or name of the label that is meant.

    Raises
    ------
    SegmenterFailed
        The program is not there, fails, takes too long or writes nothing.
    BadGeometry
        Its mask lies on another grid than the image.
    EmptyMask
        Its mask has no voxel.
    UnreadableFile, BadVoxels, NoSuchLabel
        Its mask cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="isotherm-segmenter-") as name:
        folder = Path(name)
        given, made = folder / "image.nii.gz", folder / "out.nii.gz"
        write_volume(given, image)
        words = segmenter.words(given, made)
        if shutil.which(words[0]) is None:
            raise _not_there(segmenter, words[0])
        _run(words, folder, segmenter.timeout_s)
        masks = read_masks(f"{_written(made)}{'' if label is None else ':' + label}", of=of)
    return tuple(_checked(mask, image) for mask in masks)


def _run(words: list[str], folder: Path, timeout_s: float) -> None:
    """Run a program to its end, and end it with all its children whatever happens."""
    said = folder / "said"
    with said.open("wb") as heard:
        try:
            program = subprocess.Popen(words, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=heard, start_new_session=True)  # fmt: skip
        except OSError as error:
            why = (error.strerror or "the system refused").lower()
            raise SegmenterFailed(f"The segmenter '{_short(words[0])}' cannot be started: {why}.") from None
        try:
            code = program.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise SegmenterFailed(
                f"The segmenter took longer than {timeout_s:g} s and was ended; give more with --segmenter-timeout-s."
            ) from None
        finally:
            _end(program)
    if code != 0:
        last = _last_words(said)
        raise SegmenterFailed(f"The segmenter ended with code {code}" + (f": {last}" if last else " and said nothing."))


def _environment() -> dict[str, str]:
    """Return what a program may know: all of ours but what opens a PACS."""
    return {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}


def _end(program: subprocess.Popen[bytes]) -> None:
    """End a program and its children: they are a group of their own, which its leader may have left behind."""
    if not ON_POSIX:
        program.kill()
        program.wait()
        return
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(program.pid, how)
        except (ProcessLookupError, PermissionError):
            break
        try:
            program.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            continue
    program.wait()


def _written(out: Path) -> Path:
    """Return the file that was written: where it was asked for, else the only image in a folder of that name."""
    if out.is_dir():
        found = sorted(path for path in out.iterdir() if path.name.lower().endswith((*NIFTI, ".nrrd")))
        if len(found) == 1:
            return found[0]
        raise SegmenterFailed(
            f"The segmenter wrote {len(found)} masks in place of one; let it write one file with labels to {{out}}."
        )
    beside = [out, out.with_suffix(""), out.with_name("out.nrrd"), out.with_name(f"{out.name}.nii.gz")]
    for path in beside:
        if path.is_file():
            return path
    raise SegmenterFailed("The segmenter came to its end and wrote no mask to {out}; check its command.")


def _checked(read: ReadMask, image: Volume) -> ReadMask:
    grid = image.grid
    if not read.grid.same_as(grid, tolerance_mm=0.1):
        raise BadGeometry(
            "The segmenter's mask lies on another grid than the image: other voxels, or another place; let it write "
            "its mask on the image's own grid."
        )
    if not read.mask.inside.any():
        raise EmptyMask("The segmenter found nothing: its mask has no voxel; check the image and its command.")
    mask = read.mask.on(read.grid)
    return replace(read, mask=Mask(mask.voxels, grid, mask.of), grid=grid)


def _not_there(segmenter: Segmenter, program: str) -> SegmenterFailed:
    if segmenter.command.lower() == TOTALSEGMENTATOR:
        return SegmenterFailed(
            "TotalSegmentator is not installed; `pip install isotherm[totalsegmentator]` installs it with PyTorch "
            "(some GB), and its first run downloads weights (about 1 GB), which needs a network."
        )
    return SegmenterFailed(f"The segmenter '{_short(program)}' is not there; install it, or give its path.")


def _last_words(said: Path) -> str:
    """Return the last line that a program said, shortened; folders and numbers of a patient are left out."""
    with said.open("rb") as heard:
        heard.seek(max(0, said.stat().st_size - 20_000))
        lines = heard.read().decode("utf-8", "replace").splitlines()
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return _short(re.sub(r"(?:[A-Za-z]:)?[\\/][^\s'\"]*[\\/]", "", last))


def _short(text: str) -> str:
    return printable(text if len(text) <= LONGEST_WORDS else text[: LONGEST_WORDS - 3] + "...")
