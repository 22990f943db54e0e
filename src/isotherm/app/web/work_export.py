"""Work: every record of the registry, or what REDCap has to know of them, as one file to take away."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isotherm.app.registry_exchange_tasks import export_records, write_dictionary
from isotherm.app.registry_exchange_terminal import counts_text
from isotherm.app.web.job import SHORT, Came, Doing, Work

FORMS = {"csv": "records-csv", "parquet": "records-parquet", "excel": "records.xlsx", "redcap": "records-redcap.csv",
         "fhir": "records-fhir.json", "dictionary": "dictionary"}  # fmt: skip
"""What can be had, and what it is called; a folder is packed."""


def _run(asked: Mapping[str, Any], doing: Doing) -> Came:
    form: Any = asked["form"]
    out = doing.folder / FORMS[form]
    _clear(out)  # of a run that was broken off
    doing.tell("writing")
    if form == "dictionary":
        files = write_dictionary(str(out), doing.registry)
        said = f"{len(files)} files for REDCap and FHIR."
    else:
        said = f"{counts_text(export_records(doing.registry, str(out), form))}."
    file = _packed(out) if out.is_dir() else out
    return Came(said=said[:1].upper() + said[1:], link=f"/jobs/{doing.id}/out/{file.name}")


def _packed(folder: Path) -> Path:
    file = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for one in sorted(folder.iterdir()):
            packed.write(one, one.name)
    shutil.rmtree(folder)
    return file


def _clear(out: Path) -> None:
    if out.is_dir():
        shutil.rmtree(out)
    for one in (out, out.with_name(f"{out.name}.zip")):
        one.unlink(missing_ok=True)


RUNS = Work(_run, most_s=2 * 3600.0, most_mb=8000, lane=SHORT)
