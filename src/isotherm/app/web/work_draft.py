"""Work: a protocol, drafted from a table that somebody sent."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isotherm.app.study_draft import write_draft
from isotherm.app.web.job import SHORT, Came, Doing, Work
from isotherm.app.web.studies import PROTOCOL, new_study


def _run(asked: Mapping[str, Any], doing: Doing) -> Came:
    table, made = Path(asked["path"]), doing.folder.parent / "made"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(mode=0o700)
    doing.tell("reading the table")
    shutil.copyfile(table, made / table.name)
    file = write_draft(str(made / table.name), str(made / PROTOCOL), title=asked["title"])
    text = file.read_text(encoding="utf-8")
    study = new_study(doing.workspace, asked["title"], text, table=made / table.name)
    return Came(said="The protocol is drafted; every guess in it is marked.", link=f"/study/{study.name}?as=text")


RUNS = Work(_run, most_s=1800.0, most_mb=8000, lane=SHORT)
