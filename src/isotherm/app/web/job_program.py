"""The process of one job: `python -m isotherm.app.web.job_program FOLDER`; it outlives the server that started it."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path

from isotherm.app.web.job import Came, Doing, work_called
from isotherm.app.web.job_table import ASKED, DONE, FAILED, OUT, PID, SAID
from isotherm.app.web.memory import limit_memory
from isotherm.errors import IsothermError, OutputError
from isotherm.exchange.atomic import replacing, write_text
from isotherm.exchange.folder_lock import one_at_a_time
from isotherm.printable import printable

TAKEN = 3
"""The exit code where another process does the same job already."""

TRIES, WAITS_S = 20, 0.1
"""A server that looks whether the job is being done holds its lock for a moment."""

NO_MEMORY = "There was not enough memory for it; give it less at once, or close other programs and run it again."
UNFORESEEN = (
    "Something unforeseen happened in this job. jobs/{}/log.txt in the server's workspace says where; as it may name a "
    "patient, only whoever runs the server can read it."
)


def main(folder: Path) -> int:
    """Do the job of a folder; say what came of it, in the folder."""
    for _ in range(TRIES):
        try:
            with one_at_a_time(folder):
                write_text(folder / PID, str(os.getpid()))
                _do(folder)
                return 0
        except OutputError:
            time.sleep(WAITS_S)
    return TAKEN


def _do(folder: Path) -> None:
    try:
        came = _come_of(folder)
    except IsothermError as error:
        write_text(folder / FAILED, str(error))
    except MemoryError:
        write_text(folder / FAILED, NO_MEMORY)
    except Exception:
        traceback.print_exc()  # into log.txt, which only the owner of the workspace may read
        write_text(folder / FAILED, UNFORESEEN.format(folder.name))
    else:
        write_text(folder / DONE, json.dumps({"said": came.said, "link": came.link}))


def _come_of(folder: Path) -> Came:
    told = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    work = work_called(told["work"])
    limit_memory(work.most_mb)

    def tell(words: str) -> None:
        with replacing(folder / SAID, survives_power_cut=False) as temporary:
            temporary.write_text(printable(words), encoding="utf-8")

    out = folder / OUT
    out.mkdir(exist_ok=True)
    doing = Doing(id=folder.name, folder=out, registry=told["registry"], workspace=folder.parent.parent,
                  who=told["who"], tell=tell)  # fmt: skip
    return work.run(told["asked"], doing)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
