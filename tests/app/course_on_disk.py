"""Half a year of one simulated patient on disk: case.toml, course.toml and three scans of a part of the real CT."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from isotherm.app.demo_pair import anatomy
from isotherm.exchange.image_files import write_mask, write_volume
from isotherm.imaging.phantom_course import SimulatedCourse, simulate_course

NUMBER, SHARE, NODULE_MM = 5, 0.7, 5.0
"""Of the simulated course; what is left of its zone, and how far a nodule reaches beyond it."""

DAYS = {"before": date(2025, 1, 2), "F1": date(2025, 1, 11), "F2": date(2025, 7, 10)}

CASE = """
on = 2025-07-12
lesions_complete = true
id = "P17"

[patient]
organ = "liver"
primary = "colorectal"
ecog = 1
cea_ug_l = { value = 12, on = 2025-07-01, origin = "lab" }

[[lesion]]
id = "1"
target = true
"""

COURSE = """
patient = "P17"

[[session]]
id = "S1"
on = 2025-01-10
lesions = ["1"]
modality = "MWA"
approach = "percutaneous"

[[systemic]]
regimen = "FOLFOX"
started_on = 2024-09-01
stopped_on = 2024-12-15
"""


@dataclass(frozen=True)
class Folder:
    """Where it lies, and what is true of it."""

    home: Path
    made: SimulatedCourse


@cache
def made() -> SimulatedCourse:
    """Simulate the course."""
    return simulate_course(anatomy(), NUMBER, shares=(1.0, SHARE), nodule_mm=NODULE_MM)


def write_folder(home: Path) -> Folder:
    """Write the folder of the case."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "case.toml").write_text(CASE, encoding="utf-8")
    scans = [COURSE]
    for name, scan, kind in zip(DAYS, (made().before, *made().scans), ("tumors", "zones", "zones"), strict=True):
        write_volume(home / f"{name}.nii.gz", scan.image)
        write_mask(home / f"{name}-drawn.nii.gz", scan.zone)
        write_mask(home / f"{name}-liver.nii.gz", scan.organ)
        scans.append(
            f'[[scan]]\nid = "{name}"\non = {DAYS[name]}\nimage = "{name}.nii.gz"\nmodality = "CT"\n'
            f'{kind} = {{ "1" = "{name}-drawn.nii.gz" }}\norgan = "{name}-liver.nii.gz"\n'
        )
    (home / "course.toml").write_text("\n".join(scans), encoding="utf-8")
    return Folder(home, made())
