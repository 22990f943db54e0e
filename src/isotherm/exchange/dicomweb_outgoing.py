"""Objects that are to be sent: files, folders and ZIP archives, each object whole and once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isotherm.errors import BadAnswer, BadSetting, UnreadableFile
from isotherm.exchange.dicom_place import Place, is_archive, places_in
from isotherm.exchange.dicomweb_object import identify
from isotherm.exchange.dicomweb_pull import LIST
from isotherm.exchange.voxel_source import MOST_BYTES, ImageFile

CHUNK_BYTES = 2**18

LISTS = "DICOMDIR", LIST
"""Names of files that list objects and are none: of a medium, and of a pull."""


@dataclass(frozen=True, slots=True, eq=False)
class Outgoing:
    """One object that is to be sent, read from its place each time it is needed."""

    uid: str
    study: str
    series: str
    size_bytes: int
    place: Place

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.place.file.name

    def chunks(self) -> Iterator[bytes]:
        """Give its bytes.

        Raises
        ------
        UnreadableFile
            It has changed since it was looked at.
        """
        sent = 0
        with self.place.opened() as stream:
            while chunk := stream.read(CHUNK_BYTES):
                sent += len(chunk)
                if sent <= self.size_bytes:
                    yield chunk
        if sent != self.size_bytes:
            raise UnreadableFile(f"{self.place.file.start} has changed while it was sent; give the command again.")

    def whole(self) -> bytes:
        """Return its bytes."""
        return b"".join(self.chunks())


def outgoing_in(paths: Sequence[str]) -> tuple[list[Outgoing], int]:
    """Return the objects in files, folders and archives, by study and series, and how many files are not DICOM.

    Raises
    ------
    UnreadableFile
        A file that was named is not DICOM, an object is damaged, or two different ones share a UID.
    BadSetting
        Nothing is left to send.
    """
    found: dict[str, Outgoing] = {}
    not_dicom = 0
    for path in paths:
        file = ImageFile(path, "DICOM")
        named = [place for place in places_in(file) if place.file.name not in LISTS]
        for place in named:
            if not place.is_dicom():
                if place.file.path == path and not is_archive(path):
                    raise UnreadableFile(f"{file.start} is not DICOM; only DICOM objects can be sent.")
                not_dicom += 1
                continue
            one = _outgoing(place)
            other = found.setdefault(one.uid, one)
            if other is not one and other.whole() != one.whole():
                raise UnreadableFile(f"{place.file.start} and another file hold different objects under one UID; "
                                     "send only one of them.")  # fmt: skip
    if not found:
        raise BadSetting("Nothing came that is DICOM; name files, or a folder of them.")
    return sorted(found.values(), key=lambda one: (one.study, one.series)), not_dicom


def _outgoing(place: Place) -> Outgoing:
    if place.size_bytes > MOST_BYTES:
        raise UnreadableFile(f"{place.file.start} is larger than {MOST_BYTES // 2**30} GB; it is not sent.")
    with place.opened() as stream:
        data = stream.read()
    try:
        identity = identify(data)
    except BadAnswer:
        raise UnreadableFile(f"{place.file.start} is cut short, damaged, or does not say which object it is; "
                             "write it again.") from None  # fmt: skip
    if not identity.study:
        raise UnreadableFile(
            f"{place.file.start} is deflated as a whole, which is not sent; write it without compression."
        )
    return Outgoing(identity.uid, identity.study, identity.series, len(data), place)
