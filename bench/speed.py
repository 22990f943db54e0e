"""Seconds and memory of the whole command on a full-size examination, and of the margin alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.child import printed
from isotherm.app.case import Request, read_case
from isotherm.app.settings import UNTOLD, Settings
from isotherm.app.tasks import assess_margin
from isotherm.exchange.image_files import write_mask, write_volume
from isotherm.imaging.phantom import Sphere, rasterize
from isotherm.imaging.volume import Grid, Mask, Volume

GRID = Grid((300, 512, 512), (1.0, 0.78, 0.78))
CENTER = (200.0, 200.0, 150.0)

OF_A_COMMAND = """
import resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2)
"""
"""Prints seconds and GB. In a small process, since Linux begins the peak of a command with that of who started it."""


def write_examination(folder: Path) -> dict[str, str]:
    """Write masks and an image of 512 x 512 x 300 voxels: a tumor of 30 mm, a zone of 50 mm, an organ, noise."""
    files = {name: str(folder / f"{name}.nii.gz") for name in ("tumor", "ablation", "organ", "image")}
    write_mask(files["tumor"], rasterize(Sphere(CENTER, 15.0), GRID, of="tumor"))
    write_mask(files["ablation"], rasterize(Sphere((202.0, 201.0, 150.0), 25.0), GRID, of="ablation"))
    k, j, i = np.ogrid[0:300, 0:512, 0:512]
    organ = ((k - 150) / 110.0) ** 2 + ((j - 250) / 140.0) ** 2 + ((i - 240) / 160.0) ** 2 <= 1.0
    write_mask(files["organ"], Mask(organ, GRID, "organ"))
    noise = np.random.default_rng(0).normal(0.0, 15.0, (300, 512, 512)).astype(np.int16)
    write_volume(files["image"], Volume(noise + np.where(organ, 60, -80).astype(np.int16), GRID))
    return files


def print_speed() -> bool:
    """Print seconds and memory; return whether the limits are kept (they are stated for two cores)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_examination(folder)
        command = [sys.executable, "-m", "isotherm.app.cli", "margin", "--tumor", files["tumor"], "--ablation",
                   files["ablation"], "--organ", files["organ"], "--image", files["image"], "--json", "-",
                   "--quiet"]  # fmt: skip
        whole, peak_gb = printed(OF_A_COMMAND, *command)
        start = time.perf_counter()
        subprocess.run([*command[:3], "--help"], check=True, stdout=subprocess.DEVNULL)
        help_s = time.perf_counter() - start
        case = read_case(
            Request((files["tumor"],), (files["ablation"],), files["organ"], image=files["image"]), facts=UNTOLD
        )
        seconds: list[float] = []
        for _ in range(3):
            start = time.perf_counter()
            assess_margin(case, Settings())
            seconds.append(time.perf_counter() - start)
    lesion = min(seconds)
    print(f"512 x 512 x 300 voxels, three masks and an image, 30 mm tumor, 50 mm zone, {os.cpu_count()} cores:")
    print(f"  one lesion, 1000 draws included, after loading  {lesion:6.2f} s   (limit 1 s)")
    print(f"  whole command                                   {whole:6.2f} s   (limit 6 s)")
    print(f"  its peak memory                                 {peak_gb:6.2f} GB  (limit 1.5 GB)")
    print(f"  isotherm --help                                 {help_s:6.2f} s   (limit 0.4 s)")
    return lesion <= 1.0 and whole <= 6.0 and peak_gb <= 1.5 and help_s <= 0.4
