"""ZIPs that came from somewhere: looked through before anything is unpacked, and unpacked under numbers.

Only works call this, in their own processes with their own limits (job.py).
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from isotherm.app.web.uploads import LONGEST_NAME, file_name
from isotherm.errors import InputError, UnreadableFile
from isotherm.printable import printable

PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """How much may be in an archive.

    Parameters
    ----------
    files : int
    all_bytes : int
        Unpacked.
    free_bytes : int
        Up to this, it does not matter how much smaller the archive is: masks shrink a thousandfold.
    ratio : float
        Above, how many times larger than the archive the content may be; of scans it is 2 to 20.
    """

    files: int = 20_000
    all_bytes: int = 8_000_000_000
    free_bytes: int = 300_000_000
    ratio: float = 100.0


ARCHIVE_LIMITS = ArchiveLimits()


@dataclass(frozen=True, slots=True)
class Unpacked:
    """One file of an archive: what it was called there (to be shown only), and where it lies now."""

    name: str
    path: Path


def unpack(archive: Path, into: Path, *, limits: ArchiveLimits = ARCHIVE_LIMITS) -> tuple[Unpacked, ...]:
    """Unpack a ZIP into a folder; archives within it stay packed.

    Raises
    ------
    UnreadableFile
        It is no ZIP, is damaged, is encrypted, or holds what no archive of scans does: links, more files or more bytes
        than allowed, content that is far larger than it. Nothing of it is kept then.
    """
    put: list[Unpacked] = []
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [one for one in opened.infolist() if not one.is_dir()]
            _look_through(members, archive.stat().st_size, limits)
            into.mkdir(parents=True, exist_ok=True)
            for number, member in enumerate(members, 1):
                path = into / file_name(number, member.filename)
                put.append(Unpacked(printable(member.filename)[-LONGEST_NAME:], path))
                _unpack_one(opened, member, path)
    except InputError:
        _take_away(put)
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        _take_away(put)
        if isinstance(error, OSError) and error.strerror:
            raise UnreadableFile(
                f"The ZIP cannot be unpacked: {error.strerror.lower()}; make room, and try again."
            ) from None
        raise UnreadableFile("The ZIP is damaged, or is none; pack it again, or send the files themselves.") from None
    return tuple(put)


def _look_through(members: list[zipfile.ZipInfo], packed: int, limits: ArchiveLimits) -> None:
    size = sum(one.file_size for one in members)
    if not members:
        raise UnreadableFile("The ZIP is empty; pack the files again.")
    if len(members) > limits.files:
        raise UnreadableFile(f"The ZIP holds more than {limits.files:,} files; send one examination at a time.")
    if size > limits.all_bytes:
        raise UnreadableFile(
            f"The ZIP unpacks to more than {limits.all_bytes / 1e9:g} GB; send one examination at a time."
        )
    if size > limits.free_bytes and size > limits.ratio * packed:
        raise UnreadableFile(f"The ZIP unpacks to more than {limits.ratio:g} times its size, as no scan does; send the "
                             "files themselves.")  # fmt: skip
    if any(one.flag_bits & 0x1 for one in members):
        raise UnreadableFile("The ZIP is encrypted; send it without a password.")
    if any(stat.S_ISLNK(one.external_attr >> 16) for one in members):
        raise UnreadableFile("The ZIP holds links; pack the files themselves.")


def _unpack_one(opened: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    left = member.file_size
    with opened.open(member) as packed, path.open("xb") as file:
        while piece := packed.read(PIECE):
            left -= len(piece)
            if left < 0:  # it lied of its size
                raise zipfile.BadZipFile
            file.write(piece)


def _take_away(put: list[Unpacked]) -> None:
    for one in put:
        one.path.unlink(missing_ok=True)
