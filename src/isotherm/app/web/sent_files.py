"""Sent: files of records that somebody sent, in a folder of their own in the workspace, and the latest job on them."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fastapi import HTTPException

from isotherm.app.web.context_time import stamp
from isotherm.app.web.gate import TooLarge
from isotherm.app.web.job import ID
from isotherm.app.web.uploads import Uploaded, drop, files_of
from isotherm.app.web.workspace import Workspace
from isotherm.errors import BadSetting
from isotherm.exchange.atomic import write_text
from isotherm.exchange.text_files import text_of
from isotherm.printable import printable

IMPORTS, FILES, STATE, MAPPING = "imports", "files", "state.json", "mapping.toml"

MOST_BYTES = 500_000_000
"""Of all files of one import; more goes in by the command line."""
MOST_FILES = 40
"""More than there are kinds of record."""
LONGEST_NAME = 80

OF_A_PATIENT = frozenset({"case.toml", "course.toml"})
"""Forms of the folder of a patient; see docs/board.md."""

STUDY = "study"
"""What a table is that a protocol is drafted from."""

NONE_HERE = "There is no such upload; it may have been taken away. Send the file again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Files that came.

    Parameters
    ----------
    id : str
    folder : Path
        Holds the folder of files, and what was decided about them.
    names : tuple of str
        As they lie in the folder: made harmless.
    who : str
        Who sent them.
    came_at : str
        UTC.
    what : str
        What its sender says it is: "tables", "redcap", "fhir", or the table of a study.
    aside : tuple of str
        Names of files that came with it and are not used.
    run : str
        The latest job on it; empty before the first.
    """

    id: str
    folder: Path
    names: tuple[str, ...]
    who: str
    came_at: str
    what: str
    aside: tuple[str, ...] = ()
    run: str = ""

    @property
    def title(self) -> str:
        """What it is called in lists."""
        return self.names[0] if len(self.names) == 1 else f"{self.names[0]} and {len(self.names) - 1} more"

    @property
    def path(self) -> Path:
        """The file; the folder where several came."""
        return self.folder / FILES / self.names[0] if len(self.names) == 1 else self.folder / FILES

    @property
    def mapping(self) -> Path:
        """The file that says what its columns mean, if there is one."""
        return self.folder / MAPPING

    def with_run(self, job_id: str) -> Sent:
        """Note the latest job on it."""
        one = replace(self, run=job_id)
        _write(one)
        return one


def take_over(
    workspace: Workspace, upload_id: str, *, what: str, who: str, is_mapping: Callable[[str], bool] = lambda _: True
) -> Sent:
    """Take the files of an upload over, all or none; nothing in tables is read.

    A mapping that came with them lies beside them; of several files that might be one, that of which `is_mapping` says
    so by its text.

    Raises
    ------
    BadSetting
        No such upload, too many files, two of one name, two mappings.
    UnreadableFile
        The mapping is no text.
    TooLarge
    """
    every = files_of(workspace, upload_id)
    came = [one for one in every if not _may_be_mapping(one)]
    mapping, aside = _mapping_in([one for one in every if _may_be_mapping(one)], is_mapping)
    names = tuple(harmless(one.name) for one in came)
    if not came or len(came) > MOST_FILES:
        raise BadSetting(f"{len(came)} tables came; choose 1 to {MOST_FILES}.")
    if len({name.casefold() for name in names}) < len(names):
        raise BadSetting("Two of the files have the same name; rename one.")
    if sum(one.bytes for one in came) > MOST_BYTES:
        raise TooLarge(
            f"More than {MOST_BYTES // 1_000_000} MB came; use isotherm registry import on the command line."
        )
    own = secrets.token_hex(8)
    sent = Sent(id=own, folder=workspace.folder / IMPORTS / own, names=names, who=who, came_at=stamp(), what=what,
                aside=aside)  # fmt: skip
    (sent.folder / FILES).mkdir(parents=True, mode=0o700)
    for name, one in zip(names, came, strict=True):
        os.replace(one.path, sent.folder / FILES / name)
    if mapping is not None:
        write_text(sent.mapping, mapping)
    drop(workspace, upload_id)
    _write(sent)
    return sent


def _may_be_mapping(one: Uploaded) -> bool:
    return one.name.lower().endswith(".toml")


def _mapping_in(came: Sequence[Uploaded], is_mapping: Callable[[str], bool]) -> tuple[str | None, tuple[str, ...]]:
    """Return the text of the mapping among files, if one came, and the names of the others, as protocols of a study."""
    if forms := [one.name for one in came if re.split(r"[/\\]", one.name)[-1].lower() in OF_A_PATIENT]:
        raise BadSetting(f"{', '.join(map(harmless, forms))} came: forms of the folder of one patient, no mapping. "
                         "`isotherm case FOLDER --registry REGISTRY` reads it on the command line and notes what it "
                         "says; Assess takes its scans, image by image.")  # fmt: skip
    texts = {one.name: text_of(one.path, called="mapping", example=MAPPING) for one in came}
    mappings = list(texts) if len(texts) == 1 else [name for name, text in texts.items() if is_mapping(text)]
    if texts and len(mappings) != 1:
        names = ", ".join(map(harmless, texts))
        raise BadSetting(f"{names} came, and {len(mappings)} of them can be read as a mapping; send the one that says "
                         "what the columns of all tables mean.")  # fmt: skip
    aside = tuple(harmless(name) for name in texts if name not in mappings)
    return (texts[mappings[0]] if mappings else None), aside


def harmless(name: str) -> str:
    r"""Return the last part of a name with letters, digits, blanks, dots and dashes only; its ending stays.

    Examples
    --------
    >>> harmless("../../etc/pass<b>wd.csv"), harmless(".."), harmless("C:\\x\\Läsion 1.CSV")
    ('pass_b_wd.csv', 'file', 'Läsion 1.CSV')
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = re.sub(r"[^\w .-]", "_", printable(last)).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if dot and stem and len(ending) <= 10:
        return f"{stem[: LONGEST_NAME - 11]}.{ending}"
    return plain[:LONGEST_NAME] or "file"


def sent_called(workspace: Workspace, sent_id: str) -> Sent:
    """Return what was sent.

    Raises
    ------
    HTTPException
        404: there is none.
    """
    found = _read(workspace.folder / IMPORTS / sent_id) if ID.fullmatch(sent_id) else None
    if found is None:
        raise HTTPException(404, NONE_HERE)
    return found


def all_sent(workspace: Workspace) -> list[Sent]:
    """Return everything that was sent and has not been taken away, the latest first."""
    home = workspace.folder / IMPORTS
    found = [_read(one) for one in home.iterdir() if ID.fullmatch(one.name)] if home.is_dir() else []
    return sorted((one for one in found if one is not None), key=lambda one: one.came_at, reverse=True)


def take_away(sent: Sent) -> None:
    """Delete the files; what was imported of them stays."""
    shutil.rmtree(sent.folder, ignore_errors=True)


def _write(sent: Sent) -> None:
    told = {name: value for name, value in asdict(sent).items() if name not in ("id", "folder")}
    write_text(sent.folder / STATE, json.dumps(told))


def _read(folder: Path) -> Sent | None:
    try:
        told: dict[str, Any] = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    told |= {"names": tuple(told["names"]), "aside": tuple(told.get("aside", ()))}
    return Sent(id=folder.name, folder=folder, **told)
