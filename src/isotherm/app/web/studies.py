"""Studies of a workspace: a folder each, with its protocol, its own table if it has one, and the jobs that ran it."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fastapi import HTTPException

from isotherm.app.registry_cohort import MARK, asked_of
from isotherm.app.web.stated import Stated
from isotherm.app.web.workspace import UNFINISHED, Workspace
from isotherm.errors import BadProtocol, BadSetting, OutputError
from isotherm.exchange.atomic import write_text
from isotherm.exchange.protocol_files import protocol_from

STUDIES, PROTOCOL, RUNS = "studies", "study.toml", "runs.json"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
RELEASED = ", for release)"
"""How the title of a run ends whose small counts are withheld."""

MOST_RUNS = 50
"""Runs that a study remembers; the list of jobs has all."""

NONE_HERE = "There is no such study; the list of studies shows what there is."


@dataclass(frozen=True, slots=True)
class Study:
    """A study.

    Parameters
    ----------
    name : str
        Of its folder; small letters, digits and dashes.
    folder : Path
    """

    name: str
    folder: Path

    @property
    def protocol(self) -> Stated:
        """The protocol, as it is now."""
        return Stated(self.folder / PROTOCOL)

    @property
    def title(self) -> str:
        """The title that the protocol gives, found without reading the rest of it."""
        found = re.search(r'^title *= *("(?:[^"\\]|\\.)*")', self.protocol.text, re.MULTILINE)
        try:
            return str(json.loads(found.group(1))) if found else self.name
        except ValueError:
            return self.name

    @property
    def runs(self) -> tuple[str, ...]:
        """The jobs that ran it, the latest first."""
        file = self.folder / RUNS
        return tuple(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else ()

    def ran(self, job_id: str) -> None:
        """Note a job, once."""
        earlier = [one for one in self.runs if one != job_id]
        write_text(self.folder / RUNS, json.dumps([job_id, *earlier][:MOST_RUNS]))

    def tables(self) -> tuple[str, ...]:
        """Return the names of tables that lie beside the protocol."""
        own = (PROTOCOL, RUNS)
        return tuple(sorted(one.name for one in self.folder.iterdir() if one.is_file() and one.name not in own))


def studies_of(workspace: Workspace) -> list[Study]:
    """Return the studies, the one whose protocol was written last first."""
    home = workspace.folder / STUDIES
    folders = [one for one in home.iterdir() if NAME.fullmatch(one.name)] if home.is_dir() else []
    found = [Study(one.name, one) for one in folders if (one / PROTOCOL).is_file()]
    return sorted(found, key=lambda one: (one.folder / PROTOCOL).stat().st_mtime, reverse=True)


def study_called(workspace: Workspace, name: str) -> Study:
    """Return a study.

    Raises
    ------
    HTTPException
        404: there is none.
    """
    folder = workspace.folder / STUDIES / name
    if not NAME.fullmatch(name) or not (folder / PROTOCOL).is_file():
        raise HTTPException(404, NONE_HERE)
    return Study(name, folder)


def new_study(workspace: Path, title: str, text: str, *, table: Path | None = None) -> Study:
    """Keep a new study.

    Parameters
    ----------
    workspace : Path
        Folder of the workspace.
    title : str
        Its folder is called so, as far as that can be.
    text : str
        The protocol.
    table : Path, optional
        A table that is moved beside it.
    """
    home = workspace / STUDIES
    home.mkdir(exist_ok=True, mode=0o700)
    unfinished = home / f"{UNFINISHED}{secrets.token_hex(8)}.new"
    unfinished.mkdir(mode=0o700)
    try:
        if table is not None:
            os.replace(table, unfinished / table.name)
        write_text(unfinished / PROTOCOL, text)
        name = _named(unfinished, home, _plain(title))
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return Study(name, home / name)


def problems_of(text: str, study: Study, registry: str) -> list[tuple[str, str]]:
    """Return what is wrong with the text of a protocol, each with its line, where that is known.

    Its data are the registry of this server, or a table that lies beside it: a page opens no other file.
    """
    try:
        file = protocol_from(text, name=PROTOCOL).data.file
        _check_place(file, study, registry)
    except BadProtocol as error:
        return list(error.problems)
    except BadSetting as error:
        return [("", str(error))]
    return []


def _check_place(file: str, study: Study, registry: str) -> None:
    if not file.isprintable():
        raise BadSetting("data.file holds a sign that no name of a file has; write the name anew.")
    if file.startswith(MARK):
        address, _ = asked_of(file, study.folder)
        if _same(address) != _same(registry):
            raise BadSetting("data.file names another registry than the one that is open here; it may name only that.")
    elif file not in study.tables():
        beside = ", ".join(study.tables()) or "none"
        raise BadSetting(f"data.file names no table of this study; tables beside the protocol: {beside}.")


def _same(address: str) -> str:
    return address if "://" in address else os.path.realpath(address)


def _plain(title: str) -> str:
    letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:40].strip("-") or "study"


def _named(unfinished: Path, home: Path, name: str) -> str:
    """Give a folder a name that is free; whoever is faster has it."""
    for one in (name, *(f"{name}-{number}" for number in range(2, 10_000))):
        with suppress(OSError):
            if not (home / one).exists():
                os.rename(unfinished, home / one)
                return one
    raise OutputError("No study can be added to the workspace; make room in it, or use another one.")
