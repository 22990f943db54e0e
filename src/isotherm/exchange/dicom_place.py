"""Where DICOM objects lie: files of a folder or members of a ZIP archive, opened one at a time, none unpacked."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from isotherm.errors import IsothermError, UnreadableFile
from isotherm.exchange.voxel_source import DEFLATE_LIMIT, MOST_BYTES, ImageFile, cut_short

PREAMBLE_BYTES, MAGIC = 128, b"DICM"

MOST_FILES = 100_000
"""A folder or an archive of more is not one examination."""

ZIP_MAGIC = b"PK\x03\x04"

OF_SYSTEMS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""What systems lay into every folder; a Mac a file `._NAME` beside each NAME as well, in archives under __MACOSX."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One file or archive member; `open` gives its bytes as a stream that can be sought in."""

    file: ImageFile
    size_bytes: int
    open: Callable[[], BinaryIO] = field(repr=False)

    @contextmanager
    def opened(self) -> Generator[BinaryIO]:
        """Open for reading; what the system or the archive objects to becomes one sentence."""
        try:
            with self.open() as stream:
                yield stream
        except PermissionError as error:
            raise UnreadableFile(f"{self.file.start} may not be read; ask for permission to read it.") from error
        except IsothermError:
            raise
        except Exception as error:  # damaged members of an archive, and what is read from them
            raise cut_short(self.file) from error

    @property
    def is_of_the_system(self) -> bool:
        """Whether a system laid it there by itself, and nobody meant it."""
        return self.file.name in OF_SYSTEMS or self.file.name.startswith("._")

    def is_dicom(self) -> bool:
        """Say whether it has DICOM's mark behind the preamble, or none but the name of a DICOM file."""
        with self.opened() as stream:
            head = stream.read(PREAMBLE_BYTES + len(MAGIC))
        return head[PREAMBLE_BYTES:] == MAGIC or self.file.path.lower().endswith((".dcm", ".ima"))


def is_archive(path: str) -> bool:
    """Say whether a file is a ZIP archive, by how it begins; what cannot be read is none."""
    try:
        with open(path, "rb") as stream:
            return stream.read(len(ZIP_MAGIC)) == ZIP_MAGIC
    except OSError:
        return False


def places_in(file: ImageFile) -> Iterator[Place]:
    """Give every file of a folder and its subfolders, every member of a ZIP archive, or the one file itself.

    Links to folders, devices and pipes are passed over. A member of an archive is read into memory and never written
    to a disk, so that no name in it can lead anywhere.

    Raises
    ------
    UnreadableFile
        Nothing is there, too many files, or an archive that is damaged, has a password or unpacks to more than it can
        hold.
    """
    if not (os.path.isdir(file.path) or os.path.isfile(file.path)):
        raise UnreadableFile(f"{file.start} is not there, or is no file on a disk; check its name and folder.")
    if os.path.isdir(file.path):
        yield from _in_folder(file)
    elif is_archive(file.path):
        yield from _in_archive(file)
    else:
        yield _on_disk(file.path, file.of)


def _on_disk(path: str, of: str) -> Place:
    return Place(ImageFile(path, of), os.path.getsize(path), lambda: open(path, "rb"))


def _in_folder(file: ImageFile) -> Iterator[Place]:
    count = 0
    for folder, within, names in os.walk(file.path):
        within.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                continue
            count += 1
            if count > MOST_FILES:
                raise UnreadableFile(f"{file.start} is a folder of more than {MOST_FILES} files; name one within it.")
            yield _on_disk(path, file.of)


def _in_archive(file: ImageFile) -> Iterator[Place]:
    try:
        with zipfile.ZipFile(file.path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except Exception as error:  # a damaged directory of an archive breaks zipfile in ways of its own
        raise cut_short(file) from error
    if len(members) > MOST_FILES:
        raise UnreadableFile(f"{file.start} is an archive of more than {MOST_FILES} files; name a smaller one.")
    if any(member.flag_bits & 0x1 for member in members):
        raise UnreadableFile(f"{file.start} is an archive with a password; unpack it and name the folder.")
    total, size = sum(member.file_size for member in members), os.path.getsize(file.path)
    if total > min(MOST_BYTES, DEFLATE_LIMIT * size):
        raise UnreadableFile(
            f"{file.start} is an archive that says it unpacks to {total / 2**30:.0f} GB, more than is read; unpack it "
            "and name one folder of it."
        )
    for member in members:
        name = Path(member.filename.replace("\\", "/")).name
        yield Place(ImageFile(name, file.of), member.file_size, _member(file.path, member))


def _member(path: str, member: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
            # One byte more than was said: an archive that holds more than it says is damaged.
            data = stream.read(member.file_size + 1)
        if len(data) != member.file_size:
            raise zipfile.BadZipFile
        return io.BytesIO(data)

    return opened
