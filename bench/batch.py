"""A list of cases on one core and on two: the same command, pinned, one process for each core."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path

from isotherm.exchange.image_files import read_masks, read_volume, write_mask, write_volume
from isotherm.imaging.phantom_liver import simulate_case

SEEDS, LESIONS, ERRORS_MM, LEAST = 2, 4, (1.2, 1.6), 1.8

PINNED = """
import os, sys
os.sched_setaffinity(0, {cores})
from isotherm.app.cli import main
sys.exit(main(sys.argv[1:]))
"""


def print_batch(runs: int = 2) -> bool:
    """Print seconds on one core and on two; return whether two are fast enough.

    In the order 1, 2, 2, 1: what else the machine has to do, if it changes slowly, slows both alike.
    """
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        print("isotherm batch on one core and on two: this machine has one core, nothing was measured.")
        return True
    seconds: dict[int, list[float]] = {1: [], 2: []}
    count = SEEDS * LESIONS * len(ERRORS_MM)
    print(f"isotherm batch, {count} cases of a lesion in the bundled CT, with images, vessels and reports:", flush=True)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        _write_cases(home)
        for run in range(runs):
            for jobs in (1, 2) if run % 2 == 0 else (2, 1):
                out = home / f"out-{run}-{jobs}"
                load, used_s = os.getloadavg()[0], _cpu_s()
                seconds[jobs].append(_seconds(home / "cases.csv", out, cores[:jobs]))
                used_s, took_s = _cpu_s() - used_s, seconds[jobs][-1]
                print(
                    f"  {jobs} of the cores {took_s:7.1f} s, {used_s:6.1f} s of CPU   (load before: {load:.1f})",
                    flush=True,
                )
        same = {(path / "margins.csv").read_bytes() for path in home.glob("out-*")}
    ratio = sum(seconds[1]) / sum(seconds[2])
    print(f"  two cores v one, {runs} runs each    {ratio:5.2f} x  (limit {LEAST} x)")
    print(f"  every table of margins the same   {'yes' if len(same) == 1 else 'NO'}")
    return ratio >= LEAST and len(same) == 1


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _seconds(manifest: Path, out: Path, cores: list[int]) -> float:
    command = [sys.executable, "-c", PINNED.format(cores=set(cores)), "batch", str(manifest), "--out", str(out),
               "--jobs", str(len(cores)), "--quiet"]  # fmt: skip
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"NUMBA_DISABLE_JIT": "0"})
    return time.perf_counter() - start


def _write_cases(home: Path) -> None:
    """Write what `isotherm demo` simulates, by more than one seed; a lesion is a case with each registration error."""
    lines = ["case,tumor,ablation,organ,vessels,image,image_before,registration_error_mm"]
    with resources.as_file(resources.files("isotherm.app") / "data") as data:
        ct = read_volume(data / "example_ct.nii.gz").volume
        liver = read_masks(data / "liver.nii.gz", of="organ")[0].mask
        vein = read_masks(data / "portal_vein_and_splenic_vein.nii.gz", of="vessel")[0].mask
    for seed in range(SEEDS):
        made, folder = simulate_case(ct, liver, vein, seed=seed), home / str(seed)
        folder.mkdir()
        for name in ("image_before", "image_after", "tumors", "ablations"):
            write_volume(folder / f"{name}.nii.gz", getattr(made, name))
        for name in ("liver", "vessels"):
            write_mask(folder / f"{name}.nii.gz", getattr(made, name))
        shared = [f"{seed}/{name}.nii.gz" for name in ("liver", "vessels", "image_after", "image_before")]
        for label in range(1, LESIONS + 1):
            own = [f"{seed}/{name}.nii.gz:{label}" for name in ("tumors", "ablations")]
            for error_mm in ERRORS_MM:
                lines.append(",".join([f"case {seed}.{label} {error_mm}", *own, *shared, str(error_mm)]))
    (home / "cases.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
