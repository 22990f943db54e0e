"""Job: long work that goes on in a process of its own, whether or not anybody looks; Work: what it can be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

State = Literal["waiting", "running", "done", "failed", "cancelled"]

ENDED = frozenset({"done", "failed", "cancelled"})

ID = re.compile(r"[0-9a-f]{16}")
WORK = re.compile(r"[a-z][a-z_]{0,39}")

DAY_S = 24 * 3600.0

SHORT = "short"
"""The lane of works of seconds to a minute, which nobody shall have to await behind a study that runs for many."""


INTAKE = "intake"
"""The lane of imports and of the looks before them: one at a time, since each writes a registry in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job, as the workspace keeps it.

    Parameters
    ----------
    id : str
        16 hexadecimal digits; its folder is called so.
    work : str
        What is done: the file work_NAME.py.
    title : str
        What people call it.
    who : str
        Who asked for it.
    state : {"waiting", "running", "done", "failed", "cancelled"}
    asked_at, started_at, ended_at : str
        UTC; empty where it has not come to that.
    attempts : int
        How often it was started.
    said : str
        Why it failed; what came of it.
    link : str
        The page with what came of it; empty where there is none.
    patient : str
        Whom it is about; empty where that is nobody, or several.
    """

    id: str
    work: str
    title: str
    who: str
    state: State
    asked_at: str
    started_at: str = ""
    ended_at: str = ""
    attempts: int = 0
    said: str = ""
    link: str = ""
    patient: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """What a work finds when it is done.

    Parameters
    ----------
    id : str
        The job's.
    folder : Path
        For results: the files in it are shown below the job. It is kept when the job is run again.
    registry : str
        Address.
    workspace : Path
    who : str
        Who asked for it, for the audit.
    tell : callable
        Told in words what is being done.
    """

    id: str
    folder: Path
    registry: str
    workspace: Path
    who: str
    tell: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of a job.

    Parameters
    ----------
    said : str
        In one sentence.
    link : str
        The page that shows it; the job's own where it is empty.
    """

    said: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """Something that can be done in the background: RUNS in a file work_NAME.py is one of these.

    Parameters
    ----------
    run : callable
        Gets what was asked (as JSON holds it) and a `Doing`; returns what came of it, or raises an IsothermError.
    most_s : float
        After so long it is given up.
    most_mb : int, optional
        Memory that its process may take; no limit where it is None.
    lane : str
        Jobs of one lane wait for each other, and for no others: "" is that of studies and measurements.
    """

    run: Callable[[Mapping[str, Any], Doing], Came]
    most_s: float = DAY_S
    most_mb: int | None = None
    lane: str = ""


def work_called(name: str) -> Work:
    """Return a work by its name; KeyError where there is none."""
    module = f"isotherm.app.web.work_{name}"
    if not WORK.fullmatch(name) or find_spec(module) is None:
        raise KeyError(name)
    found = import_module(module).RUNS
    assert isinstance(found, Work)
    return found


def lane_of(job: Job) -> str:
    """Return the lane that a job waits in; a work that this version has not is like most."""
    try:
        return work_called(job.work).lane
    except KeyError:
        return ""
