"""A DICOM dataset read without trust: every value is checked where it is asked for, and what is broken is absent."""

from __future__ import annotations

import math
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pydicom
from pydicom import config as pydicom_config
from pydicom.multival import MultiValue

from isotherm.errors import IsothermError, UnreadableFile
from isotherm.exchange.dicom_place import Place
from isotherm.exchange.voxel_source import ImageFile, cut_short, printable

dicom: Any = pydicom
"""pydicom, whose types are of little help where any value may be of any kind."""

settings: Any = pydicom_config.settings

DEFLATED = b"1.2.840.10008.1.2.1.99"
"""UID of the transfer syntax whose whole dataset is packed, and whose size is only known once it is unpacked."""

HEAD_BYTES = 2**16
"""How much of a file is searched for that UID, which stands near its start."""


@contextmanager
def quietly() -> Generator[None]:
    """Keep pydicom from warning, since its warnings quote values of patients, and from refusing what can be read."""
    before = settings.reading_validation_mode
    settings.reading_validation_mode = pydicom_config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        settings.reading_validation_mode = before


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A dataset, or an item of a sequence in it. Values that are absent, empty or broken are alike: not there."""

    dataset: Any
    file: ImageFile

    def text(self, keyword: str) -> str:
        """Return a value as one printable line, "" if it is not there; several values are joined with a backslash."""
        value = self._value(keyword)
        if value is None:
            return ""
        try:
            said = "\\".join(map(str, value)) if _is_several(value) else str(value)
        except Exception:  # whatever a broken value does when it is made into text
            return ""
        return printable(said.strip().strip("\0"))

    def every_number(self, keyword: str) -> tuple[float, ...] | None:
        """Return all numbers of a value, or None where one of them is not a finite number."""
        value = self._value(keyword)
        several = value if _is_several(value) else [] if value is None else [value]
        try:
            found = tuple(float(one) for one in several)
        except Exception:
            return None
        return found if all(map(math.isfinite, found)) else None

    def numbers(self, keyword: str, count: int) -> tuple[float, ...] | None:
        """Return exactly `count` finite numbers, or None."""
        found = self.every_number(keyword)
        return found if found is not None and len(found) == count else None

    def number(self, keyword: str) -> float | None:
        """Return one finite number, or None."""
        found = self.numbers(keyword, 1)
        return None if found is None else found[0]

    def whole(self, keyword: str) -> int | None:
        """Return one whole number, or None."""
        found = self.number(keyword)
        return None if found is None or found != int(found) else int(found)

    def data(self, keyword: str) -> bytes:
        """Return the bytes of a value, none if it is not there."""
        value = self._value(keyword)
        return value if isinstance(value, bytes) else b""

    def items(self, keyword: str) -> tuple[Item, ...]:
        """Return the items of a sequence; none if it is not there."""
        value = self._value(keyword)
        if not isinstance(value, pydicom.Sequence):
            return ()
        try:
            return tuple(Item(one, self.file) for one in value)
        except Exception:
            return ()

    def first(self, keyword: str) -> Item | None:
        """Return the first item of a sequence, or None."""
        found = self.items(keyword)
        return found[0] if found else None

    @property
    def syntax(self) -> str:
        """UID of the transfer syntax; implicit little endian where the file has no header of its own."""
        try:
            return str(self.dataset.file_meta.TransferSyntaxUID)
        except AttributeError:
            return "1.2.840.10008.1.2"

    def _value(self, keyword: str) -> Any:
        if keyword not in self.dataset:
            return None
        with quietly():
            try:
                value = self.dataset.get(keyword)
            except Exception:  # pydicom converts when asked, and a broken value may break anything in it
                return None
        return None if value is None or (isinstance(value, str | bytes) and not value) else value


def read_item(place: Place, *, tags: Sequence[str] | None = None, pixels: bool = False) -> Item:
    """Read one DICOM object: the elements named by keyword, or all of them.

    Raises
    ------
    UnreadableFile
        It is not DICOM, cut short, damaged, or packed as a whole (deflated).
    """
    try:
        with place.opened() as stream, quietly():
            if DEFLATED in stream.read(HEAD_BYTES):
                raise UnreadableFile(
                    f"{place.file.start} is deflated as a whole (transfer syntax {DEFLATED.decode()}), which is not "
                    "read; export it without compression."
                )
            stream.seek(0)
            wanted = None if tags is None else list(tags)
            dataset = dicom.dcmread(stream, force=True, stop_before_pixels=not pixels, specific_tags=wanted)
    except IsothermError:
        raise
    except Exception as error:  # mutated bytes reach every branch of the parser
        raise cut_short(place.file) from error
    return Item(dataset, place.file)


def _is_several(value: Any) -> bool:
    return isinstance(value, list | tuple | MultiValue)
