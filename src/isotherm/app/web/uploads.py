"""Uploads: files that a browser sends, written as they come, under numbers; what they are called is only ever shown."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from isotherm.app.places import NO_ROOM
from isotherm.app.web.context_time import stamp
from isotherm.app.web.gate import TooLarge
from isotherm.app.web.job import ID
from isotherm.app.web.workspace import UNFINISHED, Workspace
from isotherm.errors import BadSetting, OutputError
from isotherm.exchange.image_endings import IMAGES
from isotherm.printable import printable

MOST_BYTES = 4_000_000_000
"""Of one file; a CT of 1000 slices has 0.5 GB."""

MOST_OF_ALL_BYTES = 16_000_000_000
MOST_FILES = 20_000
LONGEST_NAME = 200

ENDINGS = (*IMAGES, ".seg.nrrd", ".raw", ".zip", ".dcm", ".csv", ".xlsx", ".parquet", ".json", ".toml", ".h5", ".tfm",
           ".tsv", ".fcsv", ".txt", ".pts")  # fmt: skip
"""What a file may go on being called by: readers choose the format by it. Of any other name nothing is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """One file of an upload.

    Parameters
    ----------
    id : str
        Of the upload: one file, or the files of a folder.
    number : int
        From 1.
    name : str
        What it was called, with its folders; to be shown, never to be opened.
    bytes : int
    path : Path
        Where it lies.
    """

    id: str
    number: int
    name: str
    bytes: int
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may come."""

    file_bytes: int = MOST_BYTES
    all_bytes: int = MOST_OF_ALL_BYTES
    files: int = MOST_FILES


LIMITS = Limits()


async def keep(body: AsyncIterator[bytes], workspace: Workspace, *, name: str, declared: int | None, who: str,
               into: str = "", limits: Limits = LIMITS) -> Uploaded:  # fmt: skip
    """Write one file as it comes.

    Parameters
    ----------
    body : async iterator of bytes
    workspace : Workspace
    name : str
    declared : int, optional
        How many bytes were announced.
    who : str
    into : str
        An upload that the file belongs to; a new one where it is empty.
    limits : Limits

    Raises
    ------
    TooLarge
        More was announced, or came, than may.
    BadSetting
        There is no such upload.
    OSError
        The disk is full.
    OutputError
        It cannot be written.
    """
    files, size = _of(workspace, into) if into else (0, 0)
    most = min(limits.file_bytes, limits.all_bytes - size)
    if files >= limits.files:
        raise TooLarge(f"More than {limits.files:,} files came in one upload; send a ZIP, or fewer.")
    if declared is not None and declared > most:
        raise _too_large(most)
    folder = workspace.uploads / (into or secrets.token_hex(8))
    unfinished = folder / f"{UNFINISHED}{secrets.token_hex(8)}"
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        came = await _write(body, unfinished, most)
        return _noted(workspace, folder, unfinished, name=printable(name)[-LONGEST_NAME:] or "file", came=came, who=who)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise  # said of every page in the same words
        why = (error.strerror or "the system refused").lower()
        raise OutputError(
            f"The upload cannot be written to the workspace: {why}; make room, or use another one."
        ) from None
    finally:
        with suppress(OSError):
            unfinished.unlink()
        with suppress(OSError):
            folder.rmdir()  # refuses, as it should, where a file has come


def clear_unfinished(workspace: Workspace) -> None:
    """Delete what a server that was killed had begun to write; none may be at work."""
    for path in workspace.uploads.glob(f"*/{UNFINISHED}*"):
        with suppress(OSError):
            path.unlink()
        with suppress(OSError):
            path.parent.rmdir()  # refuses, as it should, where a file has come


async def _write(body: AsyncIterator[bytes], path: Path, most: int) -> int:
    came = 0
    with path.open("xb") as file:
        async for piece in body:
            came += len(piece)
            if came > most:
                raise _too_large(most)
            file.write(piece)
    return came


def _noted(workspace: Workspace, folder: Path, unfinished: Path, *, name: str, came: int, who: str) -> Uploaded:
    with workspace.connected() as connection:
        number = 1 + int(connection.execute("SELECT COALESCE(MAX(number), 0) FROM upload WHERE id = ?",
                                            (folder.name,)).fetchone()[0])  # fmt: skip
        path = folder / file_name(number, name)
        os.replace(unfinished, path)
        connection.execute("INSERT INTO upload VALUES (?, ?, ?, ?, ?, ?)",
                           (folder.name, number, name, came, who, stamp()))  # fmt: skip
    return Uploaded(id=folder.name, number=number, name=name, bytes=came, path=path)


def files_of(workspace: Workspace, upload_id: str) -> tuple[Uploaded, ...]:
    """Return the files of an upload, in the order in which they came; none where there is no such upload."""
    if not ID.fullmatch(upload_id):
        return ()
    with workspace.connected() as connection:
        rows = connection.execute("SELECT number, name, bytes FROM upload WHERE id = ? ORDER BY number",
                                  (upload_id,)).fetchall()  # fmt: skip
    folder = workspace.uploads / upload_id
    return tuple(Uploaded(id=upload_id, number=row["number"], name=row["name"], bytes=row["bytes"],
                          path=folder / file_name(row["number"], row["name"])) for row in rows)  # fmt: skip


def all_uploads(workspace: Workspace) -> tuple[tuple[str, str, str], ...]:
    """Return the number of each upload, who sent it, and when its last file came."""
    with workspace.connected(reads=True) as connection:
        rows = connection.execute("SELECT id, MIN(who) AS who, MAX(came_at) AS at FROM upload GROUP BY id").fetchall()
    return tuple((row["id"], row["who"], row["at"]) for row in rows)


def drop(workspace: Workspace, upload_id: str) -> None:
    """Delete the files of an upload."""
    for one in files_of(workspace, upload_id):
        one.path.unlink(missing_ok=True)
    with workspace.connected() as connection:
        connection.execute("DELETE FROM upload WHERE id = ?", (upload_id,))
    if ID.fullmatch(upload_id):
        with suppress(OSError):
            listing_of(workspace, upload_id).unlink(missing_ok=True)
            (workspace.uploads / upload_id).rmdir()


def listing_of(workspace: Workspace, upload_id: str) -> Path:
    """Return where it is kept what an upload holds: beside its folder, whose files alone are listed."""
    return workspace.uploads / f"{upload_id}.holds.json"


def file_name(number: int, name: str) -> str:
    """Return what a file is called on the disk: a number, and an ending that is one of ours."""
    lower = name.lower()
    return f"{number:06d}" + next((one for one in sorted(ENDINGS, key=len, reverse=True) if lower.endswith(one)), "")


def _of(workspace: Workspace, upload_id: str) -> tuple[int, int]:
    found = files_of(workspace, upload_id)
    if not found:
        raise BadSetting("There is no such upload to add to; begin a new one.")
    return len(found), sum(one.bytes for one in found)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"More than {max(0, most) / 1e6:,.0f} MB came, which is more than an upload may have; send less.")
