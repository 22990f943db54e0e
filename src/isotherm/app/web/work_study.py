"""Work: a study, run as its protocol stood when it was asked for; a draft of a protocol from a table that came."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isotherm.app.study_tasks import run_study
from isotherm.app.web.job import Came, Doing, Work
from isotherm.exchange.atomic import write_text

GIVEN, PROTOCOL = "given", "study.toml"
"""Folder of a job, beside that of its results, with the protocol and the table: they are not given away with these."""


def _run(asked: Mapping[str, Any], doing: Doing) -> Came:
    given = doing.folder.parent / GIVEN
    given.mkdir(exist_ok=True, mode=0o700)
    for name in asked["tables"]:
        _beside(Path(asked["folder"]) / name, given / name)
    write_text(given / PROTOCOL, asked["protocol"])
    document, _ = run_study(str(given / PROTOCOL), str(doing.folder), released=asked["release"],
                            workers=os.cpu_count() or 1, progress=doing.tell)  # fmt: skip
    write_text(doing.folder / PROTOCOL, asked["protocol"])
    counted = len(document["findings"])
    return Came(said=f"The study has run; {counted} {'finding' if counted == 1 else 'findings'} to read beside it.",
                link=f"/study/{asked['study']}/run/{doing.id}")  # fmt: skip


def _beside(table: Path, to: Path) -> None:
    """Let a table lie in another folder as well, without writing it twice where that can be."""
    to.unlink(missing_ok=True)
    try:
        os.link(table, to)
    except OSError:
        shutil.copyfile(table, to)


RUNS = Work(_run, most_s=6 * 3600.0, most_mb=16_000)
