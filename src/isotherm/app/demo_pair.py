"""The demo's pair of scans: the bundled real CT before and after a simulated ablation, with what is drawn on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from isotherm.app.assess_task import PairAsked
from isotherm.app.pair import IMAGE_AFTER, IMAGE_BEFORE, PairRequest
from isotherm.app.places import new_folder
from isotherm.exchange.atomic import write_text
from isotherm.exchange.image_files import read_masks, read_volume, write_mask, write_volume
from isotherm.imaging.phantom_scans import Anatomy, anatomy_of, simulate_scans
from isotherm.imaging.volume import Mask, Volume

PLACE_LPS_MM, REACH_MM = (-95.0, -205.0, 390.0), 58.0
"""Part of the bundled CT that scans are simulated in: whole ones would only take longer."""

NUMBER, SEED, MARGIN_MM = 4, 1, 4.0
"""Which simulated pair it is, and its true unrestricted minimal margin."""

SIMULATED = (IMAGE_BEFORE, IMAGE_AFTER, "tumor", "ablation", "organ before ablation", "organ after ablation")

NOTE = "SIMULATED.txt"
"""Written last: its presence says that everything is there."""


@cache
def anatomy() -> Anatomy:
    """Return the part of the bundled CT."""
    with resources.as_file(resources.files("isotherm.app") / "data") as data:
        ct = read_volume(data / "example_ct.nii.gz").volume
        liver = read_masks(data / "liver.nii.gz", of="organ")[0].mask
        vein = read_masks(data / "portal_vein_and_splenic_vein.nii.gz", of="vessel")[0].mask
    start, shape = ct.grid.box_around(np.array([PLACE_LPS_MM]), reach_mm=REACH_MM)
    low = np.clip(start, 0, ct.grid.shape_kji)
    high = np.clip(np.add(start, shape), 0, ct.grid.shape_kji)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    k, j, i = (high - low).tolist()
    grid = ct.grid.window((int(low[0]), int(low[1]), int(low[2])), (k, j, i))
    return anatomy_of(Volume(ct.voxels[box], grid), Mask(liver.voxels[box], grid, "organ"), vein)


def demo_pair(folder: Path, *, progress: Callable[[str], None] = lambda _: None) -> PairAsked:
    """Return the demo's pair in a folder, simulated and written where it is not there.

    Raises
    ------
    OutputError
    """
    names = ("before", "after", "tumor", "zone", "organ-before", "organ-after")
    files = {name: str(folder / f"{name}.nii.gz") for name in names}
    if not (folder / NOTE).is_file():
        progress("simulating an ablation in the bundled CT")
        with new_folder(str(folder)):
            _write(files)
            write_text(folder / NOTE, "A tumor and an ablation were simulated in a real CT. No patient had either.\n")
    request = PairRequest(files["before"], files["after"], (files["tumor"],), (files["zone"],),
                          files["organ-before"], files["organ-after"])  # fmt: skip
    return PairAsked(request=request, simulated=SIMULATED)


def _write(files: dict[str, str]) -> None:
    scans = simulate_scans(anatomy(), NUMBER, margin_mm=MARGIN_MM, seed=SEED)
    for name, image in (("before", scans.before), ("after", scans.after)):
        write_volume(files[name], Volume(np.rint(image.voxels).astype(np.int16), image.grid, image.unit),
                     simulated=True)  # fmt: skip
    for name, mask in (("tumor", scans.tumor), ("zone", scans.zone), ("organ-before", scans.organ_before),
                       ("organ-after", scans.organ_after)):  # fmt: skip
        write_mask(files[name], mask, simulated=True)
