"""A small pair that a job has measured: everything a page of Assess needs, in a few seconds."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from fastapi import FastAPI

from isotherm.app.assess_task import PairAsked
from isotherm.app.choosing import ChoiceRequest
from isotherm.app.pair import PairRequest
from isotherm.app.settings import Settings
from isotherm.app.web.foreman import Foreman
from isotherm.app.web.job import Doing, Job, work_called
from isotherm.app.web.job_table import ASKED, OUT, JobTable
from isotherm.app.web.work_assess import WORK, asked_for
from isotherm.exchange.image_files import write_mask, write_volume
from isotherm.exchange.transform_files import write_transform
from isotherm.imaging.transform import Transform
from isotherm.imaging.volume import Mask, Volume
from tests.app.on_disk import GRID, ball
from tests.app.pair_in_memory import SHIFT, pair, swayed

WHO = "A. Reader"


OUT_OF_THE_ORGAN = Transform(translation_mm=np.array([-2.0, 0.0, -17.0]))
"""A transform that no gate lets pass: half of the tumor would lie outside of the organ."""


def pair_on_disk(home: Path, way: Transform | None = None) -> PairAsked:
    """The small pair in files, with the transform between its scans."""
    home.mkdir(parents=True, exist_ok=True)
    drawn = pair()
    write_volume(home / "before.nii.gz", drawn.before)
    write_volume(home / "after.nii.gz", drawn.after)
    write_mask(home / "tumor.nii.gz", drawn.lesions[0].mask)
    write_mask(home / "zone.nii.gz", drawn.ablations[0])
    assert drawn.organ_before is not None
    write_mask(home / "organ.nii.gz", drawn.organ_before)
    write_transform(way or swayed(), home / "way.h5")
    request = PairRequest(f"{home}/before.nii.gz", f"{home}/after.nii.gz", (f"{home}/tumor.nii.gz",),
                          (f"{home}/zone.nii.gz",), organ_after=f"{home}/organ.nii.gz")  # fmt: skip
    return PairAsked(request=request, choice=ChoiceRequest(transform=f"{home}/way.h5"), settings=Settings(samples=100))


TWO_AFTER = ((-8.0, 4.0, 111.0), (10.0, -2.0, 129.0))
"""Middles of two tumors on the scan after."""


def two_lesions_on_disk(home: Path, way: Transform | None = None) -> PairAsked:
    """The small pair with two tumors, labels of one file, and a zone for each in a file of its own."""
    asked = pair_on_disk(home, way)
    labels = np.zeros(GRID.shape_kji, dtype=np.uint8)
    for number, middle in enumerate(TWO_AFTER, start=1):
        labels[ball(tuple(np.add(middle, SHIFT)), 4.0)] = number  # type: ignore[arg-type]
        write_mask(home / f"zone-{number}.nii.gz", Mask(ball(middle, 8.0), GRID, "ablation"))
    write_volume(home / "tumor.nii.gz", Volume(labels, GRID, "label"))
    zones = tuple(f"{home}/zone-{number}.nii.gz" for number in (1, 2))
    return replace(asked, request=replace(asked.request, ablations=zones))


def table_of(app: FastAPI) -> JobTable:
    """The jobs of an app."""
    foreman = app.state.foreman
    assert isinstance(foreman, Foreman)
    return foreman.table


def own_table(app: FastAPI) -> JobTable:
    """The jobs of an app that is not served: a foreman at work would start what waits, beside what is done here."""
    assert not app.state.foreman._thread.is_alive(), "make the job before the app is served"
    return table_of(app)


def ran(table: JobTable, job: Job, registry: str) -> Job:
    """Do a job's work here and now, as its process would."""
    folder = table.folder(job.id)
    told = json.loads((folder / ASKED).read_text(encoding="utf-8"))["asked"]
    doing = Doing(id=job.id, folder=folder / OUT, registry=registry, workspace=table.workspace.folder, who=WHO,
                  tell=lambda _: None)  # fmt: skip
    came = work_called(WORK).run(told, doing)
    assert table.move(job.id, "running", since=("waiting",))
    assert table.move(job.id, "done", since=("running",), said=came.said, link=came.link)
    found = table.get(job.id)
    assert found is not None
    return found


def measured_job(app: FastAPI, home: Path, registry: str, *, way: Transform | None = None, two: bool = False) -> Job:
    """A job that has measured the small pair; with two, that of two lesions."""
    table = own_table(app)
    asked = two_lesions_on_disk(home, way) if two else pair_on_disk(home, way)
    job = table.add(WORK, "Small pair", asked_for(asked), who=WHO, registry=registry)
    return ran(table, job, registry)


def copied_job(app: FastAPI, folder: Path, registry: str) -> Job:
    """A job with what another one has left behind: measured once, looked at by many tests."""
    table = own_table(app)
    job = table.add(WORK, "Small pair", {}, who=WHO, registry=registry)
    shutil.copytree(folder, table.folder(job.id), dirs_exist_ok=True)
    table.move(job.id, "running", since=("waiting",))
    table.move(job.id, "done", since=("running",), said="Minimal margin: 4.0 mm (2.8 to 6.3 mm).")
    found = table.get(job.id)
    assert found is not None
    return found
