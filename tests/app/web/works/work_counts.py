"""Work of the tests: counts, a file line by line, and goes on where it was; or ends as it is told."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from isotherm.app.web.job import Came, Doing, Work
from isotherm.errors import BadSetting


def _run(asked: Mapping[str, Any], doing: Doing) -> Came:
    match asked.get("ends"):
        case "refused":
            raise BadSetting("That cannot be counted; give a number.")
        case "by mistake":
            raise RuntimeError("a secret value of a patient")
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "memory":
            bytearray(4_000_000_000)
        case _:
            pass
    file = doing.folder / "counted.txt"
    while (done := len(file.read_text().split()) if file.exists() else 0) < asked["to"]:
        doing.tell(f"counted to {done}")
        with file.open("a") as opened:
            opened.write(f"{done + 1}\n")
        time.sleep(asked.get("each_s", 0.0))
    return Came(said=f"Counted to {asked['to']}.", link=f"/jobs/{doing.id}/out/counted.txt")


RUNS = Work(_run, most_s=30.0, most_mb=3000)
