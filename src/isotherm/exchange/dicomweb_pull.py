"""A study fetched into a folder (WADO-RS): each object whole and checked under its own UID, or not at all."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from isotherm.errors import BadAnswer, NoAnswer, NoSuchStudy, OutputError
from isotherm.exchange.atomic import PREFIX, leftovers, replacing, write_text
from isotherm.exchange.dicomweb_find import Series, objects_of, series_of
from isotherm.exchange.dicomweb_http import Connection
from isotherm.exchange.dicomweb_multipart import ACCEPT, Part, parts_in
from isotherm.exchange.dicomweb_object import Identity, identify
from isotherm.exchange.voxel_source import MOST_BYTES

SCHEMA = "isotherm.pull/1"

LIST = "pull.json"
"""Name of the file that says what was expected."""

SUFFIX = ".dcm"

MOST_PROBLEMS = 10
"""Objects of a series that may be wrong before the rest of it is no longer asked for."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Expected:
    """A series, and the objects that the PACS lists of it."""

    series: Series
    uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought.

    Parameters
    ----------
    folder : Path
        One folder for each series in it, named by its UID, and one file for each object.
    series : tuple of Expected
    fetched, kept : int
        Objects that came now, and that were there from before.
    unlisted : int
        Objects of the study that came and were left, since the list did not hold them: it grows while it is fetched.
    strange : int
        Files in the folders of the series that are none of the objects that the PACS lists, or lists no more.
    """

    folder: Path
    series: tuple[Expected, ...]
    fetched: int
    kept: int
    unlisted: int
    strange: int


def expected_of(connection: Connection, study: str, wanted: Sequence[str] = ()) -> tuple[Expected, ...]:
    """Return what the PACS lists of a study, or of some of its series, by UID or by number.

    Raises
    ------
    NoSuchStudy
        The study, or one of the series, is not there, or holds nothing.
    NoAnswer, NotAdmitted, BadAnswer
    """
    series = series_of(connection, study)
    chosen = [one for one in series if not wanted or one.uid in wanted or str(one.number) in wanted]
    named = {one.uid for one in chosen} | {str(one.number) for one in chosen}
    if lost := [one for one in wanted if one not in named]:
        raise NoSuchStudy(f"The study holds no series {', '.join(lost)[:200]}; `isotherm pacs find --study UID` lists "
                          "its series.")  # fmt: skip
    found = [Expected(one, tuple(objects_of(connection, study, one.uid))) for one in chosen]
    if not any(one.uids for one in found):
        raise NoSuchStudy("The PACS lists no object of this study; it may not have arrived yet.")
    return tuple(found)


def fetch(connection: Connection, study: str, expected: Sequence[Expected], folder: Path, *, tell: Tell) -> Pulled:
    """Fetch what is missing in a folder; what is there, whole and right stays as it is.

    Raises
    ------
    NoAnswer
        The PACS broke off for good; what came is kept, and the next call fetches the rest.
    BadAnswer
        It sent what was not asked for, or does not give what it lists.
    OutputError
        The folder holds something else, or cannot be written to.
    """
    _claim(folder, study, expected)
    progress = _Progress(sum(len(one.uids) for one in expected), tell)
    works = [_Work(connection, study, one, folder, progress) for one in expected]
    try:
        for work in works:
            work.run()
        if problems := [problem for work in works for problem in work.problems]:
            raise problems[0]
    except (NoAnswer, BadAnswer) as error:
        raise _with_count(error, progress) from None
    except OSError as error:
        raise _not_written(error) from None
    fetched, unlisted, strange = (sum(counts) for counts in zip(*(work.counts() for work in works), strict=True))
    return Pulled(folder, tuple(expected), fetched, progress.done - fetched, unlisted, strange)


def _claim(folder: Path, study: str, expected: Sequence[Expected]) -> None:
    """Make sure that the folder is empty or of this very study, and write down what is expected."""
    listing = folder / LIST
    said: dict[str, Any] = {}
    if listing.exists():
        try:
            before: Any = json.loads(listing.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            before = None
        said = cast("dict[str, Any]", before) if isinstance(before, dict) else {}
        if (said.get("schema"), said.get("study_uid")) != (SCHEMA, study) or not isinstance(said.get("series"), dict):
            raise OutputError(f"The output folder holds another study, or a damaged {LIST}; name a new folder.")
    elif any(not one.name.startswith(PREFIX) for one in folder.iterdir()):
        raise OutputError(
            "The output folder is not empty; name a new one, so that nothing else is taken for the study."
        )
    for one in leftovers(folder):
        one.unlink(missing_ok=True)
    series = {one.series.uid: {"modality": one.series.modality, "objects": list(one.uids)} for one in expected}
    told = {"schema": SCHEMA, "study_uid": study, "series": said.get("series", {}) | series}
    write_text(listing, json.dumps(told, indent=1) + "\n")


class _Progress:
    def __init__(self, total: int, tell: Tell) -> None:
        self.done, self._total, self._tell = 0, total, tell

    def one_more(self) -> None:
        self.done += 1
        self._tell(str(self))

    def __str__(self) -> str:
        return f"{self.done} of {self._total} objects"


class _Work:
    """One series on its way into its folder."""

    def __init__(
        self, connection: Connection, study: str, expected: Expected, folder: Path, progress: _Progress
    ) -> None:
        self._connection = connection
        self._study = study
        self._series = expected.series.uid
        self._all = dict.fromkeys(expected.uids)  # in order, and quick to look up
        self._room = folder
        self._folder = folder / self._series
        self._progress = progress
        self.missing: set[str] = set()
        self.problems: list[BadAnswer] = []
        self.fetched = self.unlisted = 0

    def run(self) -> None:
        """Fetch the series at once where nothing of it is here, and object by object what is then still missing."""
        self._folder.mkdir(exist_ok=True)
        for one in leftovers(self._folder):
            one.unlink(missing_ok=True)
        self.missing = {uid for uid in self._all if not self._is_here(uid)}
        for _ in range(len(self._all) - len(self.missing)):
            self._progress.one_more()
        if len(self.missing) == len(self._all) > 1:
            self._at_once()
        for uid in self._all:
            if uid in self.missing and len(self.problems) < MOST_PROBLEMS:
                try:
                    self._connection.patiently(lambda uid=uid: self._one(uid))
                except BadAnswer as problem:  # the others can still be fetched
                    self.problems.append(problem)

    def counts(self) -> tuple[int, int, int]:
        """Return how many objects were fetched, were not listed, and lie here without being listed."""
        strange = sum(one.suffix != SUFFIX or one.stem not in self._all for one in self._folder.iterdir())
        return self.fetched, self.unlisted, strange

    def _is_here(self, uid: str) -> bool:
        try:
            return self._fits(identify(self._path(uid).read_bytes())) == uid
        except (OSError, BadAnswer):
            return False

    def _at_once(self) -> None:
        try:
            self._receive(("studies", self._study, "series", self._series), set(self._all))
        except (NoAnswer, BadAnswer):  # what came is kept; the rest is asked for one by one
            return

    def _one(self, uid: str) -> None:
        self._receive(("studies", self._study, "series", self._series, "instances", uid), {uid})
        if uid in self.missing:
            raise BadAnswer("The PACS lists an object that it does not give.")

    def _receive(self, path: tuple[str, ...], asked: set[str]) -> None:
        with self._connection.opened(path, accept=ACCEPT) as answer:
            if answer.status in (204, 404, 410):
                return
            if answer.status not in (200, 206):
                raise BadAnswer(f"The PACS does not give its objects ({answer.status}).")
            surplus = len(asked) + 100
            for part in parts_in(answer.content_type, answer.chunks):
                surplus -= 1
                if surplus < 0:
                    raise BadAnswer("The PACS sends far more objects than it lists.")
                self._keep(part, asked)

    def _keep(self, part: Part, asked: set[str]) -> None:
        arriving = self._room / f"{PREFIX}{secrets.token_hex(8)}"
        try:
            _write(arriving, part.chunks)
            data = arriving.read_bytes()
            uid = self._fits(identify(data))
            if uid in self.missing & asked:
                # Waiting for the disk at each object would take longer than all else; the next pull checks each again.
                with replacing(self._path(uid), survives_power_cut=False) as temporary:
                    arriving.replace(temporary)
                self.missing.discard(uid)
                self.fetched += 1
                self._progress.one_more()
            elif uid not in asked and len(asked) == 1 < len(self._all):
                raise BadAnswer("The PACS sent another object than was asked for.")
            elif uid not in asked:
                self.unlisted += 1
            elif self._path(uid).read_bytes() != data:
                self._take_back(uid)
                raise BadAnswer("The PACS sends two different objects under one UID.")
        finally:
            arriving.unlink(missing_ok=True)

    def _take_back(self, uid: str) -> None:
        self._path(uid).unlink()
        self.missing.add(uid)
        self.fetched -= 1
        self._progress.done -= 1

    def _fits(self, found: Identity) -> str:
        if (found.study or self._study, found.series or self._series) != (self._study, self._series):
            raise BadAnswer("The PACS sent an object of another series than was asked for.")
        return found.uid

    def _path(self, uid: str) -> Path:
        return self._folder / f"{uid}{SUFFIX}"


def _write(path: Path, chunks: Iterator[bytes]) -> None:
    size = 0
    with path.open("xb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > MOST_BYTES:
                raise BadAnswer(f"The PACS sends an object of more than {MOST_BYTES // 2**30} GB.")
            file.write(chunk)


def _with_count(error: NoAnswer | BadAnswer, progress: _Progress) -> NoAnswer | BadAnswer:
    goes_on = "the same command, given again, fetches only what is missing"
    return type(error)(f"{str(error).rstrip('.')}; {progress} are here, and {goes_on}.")


def _not_written(error: OSError) -> OutputError:
    why = (error.strerror or "the system refused").lower()
    return OutputError(f"The output folder cannot be written to: {why}; what came is kept.")
