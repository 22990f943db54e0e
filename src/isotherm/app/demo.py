"""The demo: the bundled CT, lesions simulated inside of it, and the same way from files to report as for a patient."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path

from isotherm.app.assessment import Assessment
from isotherm.app.case import Case, Request, read_case
from isotherm.app.outputs import write_results
from isotherm.app.places import new_folder
from isotherm.app.provenance import Provenance
from isotherm.app.settings import UNTOLD, Settings
from isotherm.app.tasks import assess_margin
from isotherm.exchange.atomic import write_text
from isotherm.exchange.image_files import read_masks, read_volume, write_mask, write_volume
from isotherm.imaging.phantom_liver import simulate_case

SIMULATED = ("tumor", "ablation", "vessels", "image after ablation", "image before ablation")
"""What the demo makes; the liver and the structures are those of the real CT."""

STRUCTURES = ("gallbladder", "colon", "stomach", "duodenum")
"""Real organs of the bundled CT whose distances are reported."""

REGISTRATION_ERROR_MM = 1.6
"""Of the demo; the images are in one frame by construction, so this is what a good registration would leave."""


def run_demo(out: str, *, progress: Callable[[str], None], seed: int = 0) -> tuple[Assessment, Path]:
    """Simulate the case, write its images and masks, measure it from these files, and write the report.

    Returns
    -------
    Assessment, Path
        The result, and where the report lies.
    """
    with new_folder(out) as folder:
        progress("simulating lesions in the bundled CT")
        case = _simulated(folder / "inputs", seed)
        assessment = assess_margin(case, Settings(registration_error_mm=REGISTRATION_ERROR_MM, seed=seed),
                                   progress=progress)  # fmt: skip
        progress("writing the report")
        return assessment, write_results(folder, assessment, Provenance.now())


def _simulated(home: Path, seed: int) -> Case:
    """Simulate the case, write its images and masks into a folder, and read them from there."""
    files = {name: str(home / f"{name}.nii.gz") for name in
             ("image_before", "image_after", "tumors", "ablations", "liver", "vessels")}  # fmt: skip
    with new_folder(str(home)), resources.as_file(resources.files("isotherm.app") / "data") as data:
        liver = read_masks(str(data / "liver.nii.gz"), of="organ")[0].mask
        portal_vein = read_masks(str(data / "portal_vein_and_splenic_vein.nii.gz"), of="vessel")[0].mask
        case = simulate_case(read_volume(data / "example_ct.nii.gz").volume, liver, portal_vein, seed=seed)
        for name in ("image_before", "image_after", "tumors", "ablations"):
            write_volume(files[name], getattr(case, name), simulated=True)
        write_mask(files["liver"], case.liver)  # the real one
        write_mask(files["vessels"], case.vessels, simulated=True)
        write_text(home / "SIMULATED.txt", case.says + "\n")
        request = Request(
            (files["tumors"],), (files["ablations"],), files["liver"], (files["vessels"],),
            tuple((name, str(data / f"{name}.nii.gz")) for name in STRUCTURES), (),
            files["image_after"], files["image_before"],
        )  # fmt: skip
        return read_case(request, facts=UNTOLD, simulated=SIMULATED)
