"""One case of a list: what is to be measured, what its result depends on, and the measuring, as its command does it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from isotherm import __version__
from isotherm.app.assess_pair import assess_pair
from isotherm.app.assess_pair_outputs import Places, write_pair_assessment
from isotherm.app.case import Request, read_case
from isotherm.app.choosing import ChoiceRequest
from isotherm.app.outputs import RESULT, results_in, write_results
from isotherm.app.pair import PairRequest, read_pair
from isotherm.app.places import keep_inputs
from isotherm.app.provenance import Provenance
from isotherm.app.settings import Facts, Settings
from isotherm.app.tasks import assess_margin
from isotherm.errors import BadManifest, IsothermError
from isotherm.exchange.atomic import write_text
from isotherm.exchange.detached_files import data_file
from isotherm.imaging.shrinkage import Shrinkage

FINGERPRINT = "fingerprint.txt"
"""In the folder of a case: what its result was made of, by `fingerprint`; written last."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PairTask:
    """A pair of scans, how it is to be registered, and what is assumed of the zone."""

    request: PairRequest
    choice: ChoiceRequest
    shrinkage: Shrinkage | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Every file or folder that was named, without labels."""
        return (*self.request.files, *self.choice.files)


@dataclass(frozen=True, slots=True)
class Task:
    """One case of a list.

    Parameters
    ----------
    name, patient, session : str
        As in the list; `session` may be "".
    lesions : tuple of str
        Names of the lesions in the order of their masks; empty where the list names none.
    asked : Request or PairTask
        Masks in one frame, or a pair of scans.
    settings : Settings
    facts : Facts
    """

    name: str
    patient: str
    session: str
    lesions: tuple[str, ...]
    asked: Request | PairTask
    settings: Settings
    facts: Facts

    @property
    def command(self) -> str:
        """The command that measures this case alone."""
        return "isotherm margin" if isinstance(self.asked, Request) else "isotherm assess"


def fingerprint(task: Task) -> str:
    """Return what a finished result depends on: files by size and time, settings, facts, version."""
    stamps = [[file, *_stamp(file)] for file in task.asked.files]
    told = [__version__, stamps, asdict(task.asked), asdict(task.settings), asdict(task.facts)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _stamp(file: str) -> list[int]:
    """Return size and time of a file, and of the file of voxels that its header may name; zeros where there is none.

    Of a folder, whose files are a DICOM series: how many they are, their size together and the latest time.
    """
    try:
        if Path(file).is_dir():
            stats = [path.stat() for path in Path(file).rglob("*") if path.is_file()]
            return [len(stats), sum(one.st_size for one in stats), max((one.st_mtime_ns for one in stats), default=0)]
        found: list[int] = []
        for path in (Path(file), data_file(file)):
            told = path.stat() if path is not None and path.is_file() else None
            found += [0, 0] if told is None else [told.st_size, told.st_mtime_ns]
        return found
    except (OSError, ValueError, IsothermError):
        return []  # what is wrong with it is said when it is read


def finished(home: Path, key: str) -> Mapping[str, Any] | None:
    """Return the content of margin.json of a case that was finished with this fingerprint, or None."""
    try:
        if (home / FINGERPRINT).read_text(encoding="utf-8").strip() != key:
            return None
        return json.loads((home / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def measure(task: Task, home: Path, key: str, *, progress: Progress) -> Mapping[str, Any]:
    """Measure one case and write its results into its folder; return the content of margin.json.

    Parameters
    ----------
    task : Task
    home : Path
        The folder of the case.
    key : str
        Its fingerprint, written when all else is.

    Raises
    ------
    IsothermError
    """
    progress("reading")
    asked = task.asked
    document = _masks(task, asked, home, progress) if isinstance(asked, Request) else _pair(task, asked, home, progress)
    write_text(home / FINGERPRINT, key + "\n")
    return document


def _masks(task: Task, asked: Request, home: Path, progress: Progress) -> Mapping[str, Any]:
    keep_inputs(results_in(home), asked.files)
    case = read_case(asked, facts=task.facts)
    _check_lesions(task, len(case.lesions))
    assessment = assess_margin(case, task.settings, progress=progress)
    progress("writing the report")
    write_results(home, assessment, Provenance.now())
    return assessment.document


def _pair(task: Task, asked: PairTask, home: Path, progress: Progress) -> Mapping[str, Any]:
    places = Places.of(str(home), None, None, asked.request.after)
    places.keep(asked.files)
    pair = read_pair(asked.request)
    _check_lesions(task, len(pair.lesions))
    found = assess_pair(pair, asked.choice.read(pair), task.settings, task.facts, shrinkage=asked.shrinkage,
                        progress=progress)  # fmt: skip
    write_pair_assessment(places, asked.request, pair, found, Provenance.now(), progress=progress)
    return found.assessment.document


def _check_lesions(task: Task, count: int) -> None:
    if task.lesions and len(task.lesions) != count:
        raise BadManifest(
            f"The list names {len(task.lesions)} lesions of this case and its masks hold {count}; name all of them, in "
            "the order of the masks, or none."
        )
