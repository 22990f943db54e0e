"""How a DICOM object is spoilt in its attributes: values, types, items of sequences; most of it still parses."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from isotherm.exchange.dicom_item import quietly

Rng = np.random.Generator

TEXTS = (b"", b"0", b"-1", b"1", b"2", b"65536", b"99999999999999999999", b"1e999", b"nan", b"1e-320", b"\\" * 40,
         b"0\\0\\0", b"1\\0\\0\\0\\1\\0", b"1\\0\\0\\1\\0\\0", b"1.2.3", b"../..", b"\xff\xfe", b"A" * 5000, b"CT",
         b"1.2.840.10008.5.1.4.1.1.2", b"1.2.840.10008.5.1.4.1.1.66.4", b"1.2.840.10008.1.2.4.90", b"ISO_IR 192",
         b"ISO 2022 IR 87", b"\x1b$B\x1b(J", b"BINARY", b"FRACTIONAL", b"LABELMAP", b"OCCUPANCY", b"POINT")  # fmt: skip
"""Values of attributes that are written as text."""

WHOLE = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "AT": "I", "UV": "Q", "SV": "q"}
REAL = {"FL": "f", "FD": "d", "OF": "f", "OD": "d"}
NUMBERS = (0, 1, 2, 3, 7, 8, 15, 16, 17, 255, 256, 4096, 32767, 32768, 65535)
BROKEN = (0.0, -0.0, -1.0, 1e-45, 1e30, 3e38, float("nan"), float("inf"), 1.0)

VRS = ("UN", "OB", "OW", "SQ", "DS", "IS", "US", "FD", "LO", "UI", "PN", "DA", "CS", "SH", "UT", "AT")


def spoilt(data: bytes, rng: Rng) -> bytes:
    """Return an object with one to four attributes changed; as it came where it cannot be written so."""
    with quietly():
        try:
            dataset: Any = pydicom.dcmread(io.BytesIO(data), force=True)
            for _ in range(int(rng.integers(1, 5))):
                _spoil_one(dataset, rng)
            stream = io.BytesIO()
            dataset.save_as(stream)
        except Exception:  # not every change can be written: it counts as a file that was not changed
            return data
    return stream.getvalue()


def _spoil_one(dataset: Any, rng: Rng) -> None:
    """Go down to some depth, and change one attribute there."""
    here = dataset
    while (sequences := [one for one in here if one.VR == "SQ" and one.value]) and rng.random() < 0.6:
        items = sequences[int(rng.integers(0, len(sequences)))].value
        here = items[int(rng.integers(0, len(items)))]
    tags = list(here.keys())
    if not tags:
        return
    tag = tags[int(rng.integers(0, len(tags)))]
    if rng.random() < 0.15:
        del here[tag]
    elif here[tag].VR == "SQ":
        _spoil_items(here[tag].value, rng)
    else:
        _spoil_value(here, tag, rng)


def _spoil_items(items: Any, rng: Rng) -> None:
    """Take out an item, double it, put it elsewhere, or leave it empty."""
    if not len(items):
        items.append(Dataset())
        return
    at, to = int(rng.integers(0, len(items))), int(rng.integers(0, len(items)))
    what = int(rng.integers(0, 4))
    if what == 0:
        del items[at]
    elif what == 1:
        items.insert(to, items[at])
    elif what == 2:
        items[at], items[to] = items[to], items[at]
    else:
        items[at] = Dataset()


def _spoil_value(here: Any, tag: BaseTag, rng: Rng) -> None:
    vr = here[tag].VR if rng.random() < 0.9 else VRS[int(rng.integers(0, len(VRS)))]
    # As raw bytes: pydicom would refuse to write most of them as values.
    value = _value(vr, rng)
    here._dict[tag] = RawDataElement(tag, vr, len(value), value, 0, here.is_implicit_VR or False, True)  # pyright: ignore[reportPrivateUsage]


def _value(vr: str, rng: Rng) -> bytes:
    count = int(rng.choice([0, 1, 1, 1, 2, 3, 6, 16]))
    if vr in WHOLE:
        numbers = [NUMBERS[int(rng.integers(0, len(NUMBERS)))] for _ in range(count)]
        size = struct.calcsize(f"<{WHOLE[vr]}")
        return b"".join(one.to_bytes(size, "little") for one in numbers)
    if vr in REAL:
        return b"".join(struct.pack(f"<{REAL[vr]}", BROKEN[int(rng.integers(0, len(BROKEN)))]) for _ in range(count))
    if vr in ("OB", "OW", "UN", "SQ"):
        return bytes(rng.integers(0, 256, 2 * count, dtype=np.uint8))
    value = TEXTS[int(rng.integers(0, len(TEXTS)))]
    return value + b" " * (len(value) % 2)
