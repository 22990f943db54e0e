"""One object as it came from a PACS, or goes to it: whole, and which one it is; and in what two copies differ."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from isotherm.errors import BadAnswer
from isotherm.exchange.dicom_item import DEFLATED, dicom, quietly
from isotherm.exchange.dicom_place import MAGIC, PREAMBLE_BYTES
from isotherm.exchange.dicom_series import IMAGES, LABEL_MAP, SEGMENTATION
from isotherm.exchange.dicomweb_server import is_uid

UNDEFINED = 0xFFFFFFFF

DELIMITERS = b"\xfe\xff\xdd\xe0", b"\xff\xfe\xe0\xdd"
"""How the mark begins that ends an attribute without a length, in either order of bytes; four zeros follow."""

PIXELS = "PixelData", "FloatPixelData", "DoubleFloatPixelData", "PixelDataProviderURL"
"""An image has one of these."""

FILLER = b"\0\r\n "
"""Bytes that some programs leave behind the last attribute."""

COERCED = {"AccessionNumber", "InstanceCoercionDateTime", "OriginalAttributesSequence", "ReferringPhysicianName",
           "SpecificCharacterSet", "StudyDate", "StudyDescription", "StudyID", "StudyTime", "TimezoneOffsetFromUTC",
           "IssuerOfAccessionNumberSequence", "RetrieveURL", "InstanceAvailability"}  # fmt: skip
"""Attributes, beside those of the patient, that an archive brings in line with its own record of the study."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which object it is."""

    study: str
    series: str
    uid: str
    sop_class: str


def identify(data: bytes) -> Identity:
    """Read an object from its first byte to its last and return which one it is.

    Of an object that is deflated as a whole only its file header is read, since nobody knows what it unpacks to: study,
    series and class are "" then.

    Raises
    ------
    BadAnswer
        It is no DICOM file, ends too early, or says of itself two different things.
    """
    try:
        with quietly():
            meta = _read_meta(data)
            uid = str(meta.MediaStorageSOPInstanceUID)
            packed = str(meta.TransferSyntaxUID) == DEFLATED.decode()
            dataset = None if packed else _read(data)
            found = Identity("", "", uid, "") if dataset is None else _said(dataset)
            whole = dataset is None or _is_whole(dataset, data)
    except Exception:  # mutated bytes reach every branch of the parser
        raise BadAnswer("An object is no DICOM file, or is damaged.") from None
    if not whole:
        raise BadAnswer("An object is cut short: it ends within an attribute.")
    told = (uid,) if packed else (found.study, found.series, found.uid)
    if uid != found.uid or not all(map(is_uid, told)):
        raise BadAnswer(
            "An object does not say clearly which one it is: its UIDs are missing, or contradict each other."
        )
    return found


def differences(one: bytes, other: bytes) -> tuple[str, ...]:
    """Return the attributes, by name, in which two copies of an object differ; never a value.

    Raises
    ------
    BadAnswer
        One of them cannot be read.
    """
    if one == other:
        return ()
    try:
        with quietly():
            a, b = _read(one), _read(other)
            tags = sorted({*a.keys(), *b.keys()})
            found = [_name(tag) for tag in tags if tag.element != 0 and not _alike(a, b, tag)]
    except Exception:
        raise BadAnswer("An object that was to be compared is no DICOM file, or is damaged.") from None
    return tuple(found)


def is_coerced(name: str) -> bool:
    """Say whether an archive may bring this attribute in line with its own record: the patient's, and the visit's."""
    tag: int | None = dicom.datadict.tag_for_keyword(name)
    return name in COERCED or (tag is not None and tag >> 16 == 0x0010)


def _read_meta(data: bytes) -> Any:
    """Read the file header alone."""
    start = PREAMBLE_BYTES + len(MAGIC)
    if data[PREAMBLE_BYTES:start] != MAGIC:
        raise ValueError
    stream = io.BytesIO(data)
    stream.seek(start)
    return dicom.filereader.read_dataset(stream, False, True, stop_when=_is_behind_header)


def _is_behind_header(tag: Any, _vr: str | None, _length: int) -> bool:
    return tag.group != 2


def _read(data: bytes) -> Any:
    dataset = dicom.dcmread(io.BytesIO(data))
    if str(dataset.file_meta.TransferSyntaxUID) == DEFLATED.decode():
        raise ValueError
    return dataset


def _said(dataset: Any) -> Identity:
    names = "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"
    return Identity(*(str(dataset.get(name, "")) for name in names))


def _is_whole(dataset: Any, data: bytes) -> bool:
    """Say whether the last attribute ends with the data; pydicom takes what is cut short without a word."""
    # What is cut within a sequence may end like a whole one; pixels come last, and every image has them.
    is_image = "Rows" in dataset or str(dataset.get("SOPClassUID", "")) in {*IMAGES, SEGMENTATION, LABEL_MAP}
    if is_image and not any(name in dataset for name in PIXELS):
        return False
    last = max((dataset.get_item(tag) for tag in dataset.keys()), key=_place)
    length = getattr(last, "length", UNDEFINED)
    if length == UNDEFINED:  # its end is marked
        return data.rstrip(b"\0").endswith(DELIMITERS)
    end = last.value_tell + length
    return end <= len(data) and not data[end:].strip(FILLER)


def _place(element: Any) -> int:
    """Return where the value of an attribute begins in its file."""
    return int(getattr(element, "value_tell", None) or element.file_tell)


def _alike(a: Any, b: Any, tag: Any) -> bool:
    if (tag in a) != (tag in b):
        return False
    raw, other = a.get_item(tag), b.get_item(tag)
    # Bytes first: a number that is none (NaN) is not even equal to itself.
    same_bytes = isinstance(raw.value, bytes) and isinstance(other.value, bytes) and raw.value == other.value
    return same_bytes or bool(a[tag].value == b[tag].value)


def _name(tag: Any) -> str:
    return dicom.datadict.keyword_for_tag(tag) or f"({tag.group:04X},{tag.element:04X})"
