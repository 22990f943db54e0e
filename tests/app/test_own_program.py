"""Programs that isotherm starts of its own run nothing that lies in the folder in which somebody stands."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from isotherm.app import batch_process
from isotherm.app.web import holds, job_process
from isotherm.exchange.own_program import PYTHON
from tests.app.on_disk import ROOT

TRAP = "from pathlib import Path; Path('ran').touch()"

SOURCES = ROOT / "src" / "isotherm"

STARTED = {
    "a job": job_process.PROGRAM,
    "a case of a batch": batch_process.PROGRAM,
    "what an upload holds": holds.PROGRAM,
    "a compressed frame": ("-m", "isotherm.exchange.dicom_decode_program"),
    "a transform in HDF5": ("-m", "isotherm.exchange.hdf_program"),
}


@pytest.mark.parametrize("words", STARTED.values(), ids=STARTED)
def test_a_file_beside_a_registry_is_not_run(words: tuple[str, ...], tmp_path: Path) -> None:
    for name in ("json", "numpy", "pickle", "isotherm", "argparse", "dl"):
        (tmp_path / f"{name}.py").write_text(TRAP)
    searched = os.pathsep.join(filter(None, (str(SOURCES.parent), os.environ.get("PYTHONPATH"))))
    subprocess.run([*PYTHON, *words], cwd=tmp_path, env=os.environ | {"PYTHONPATH": searched}, check=False,
                   stdin=subprocess.DEVNULL, capture_output=True, timeout=120)  # fmt: skip
    assert not (tmp_path / "ran").exists()


def test_no_program_is_started_in_another_way() -> None:
    named = [path.name for path in SOURCES.rglob("*.py") if "sys.executable" in path.read_text(encoding="utf-8")]
    assert named == ["own_program.py"]
