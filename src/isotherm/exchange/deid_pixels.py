"""Pixels without what lies beside the image: bits and bytes that no frame uses, and comments of compressed frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from isotherm.exchange.dicom_item import quietly
from isotherm.exchange.dicom_pixels import PLAIN, encaps

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")

BITS = {"PixelData": 0, "FloatPixelData": 32, "DoubleFloatPixelData": 64}
"""Bits of a number where the attribute says it."""

STARTS = (b"\xff\xda", b"\xff\x93")
"""Where the numbers of a JPEG or JPEG-LS frame begin (SOS), and of a JPEG 2000 one (SOD); text stands before."""


def trim(dataset: Any) -> None:
    """Cut pixels that are not compressed to what the frames use, and clear the bits above those that are stored.

    Old scanners keep overlays in the bits above, which a viewer may still show.
    """
    if str(dataset.file_meta.TransferSyntaxUID) not in PLAIN:
        return
    for name in PIXELS:
        if name in dataset:
            bits = BITS[name] or int(dataset.BitsAllocated)
            frames = int(dataset.get("NumberOfFrames") or 1)
            count = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("SamplesPerPixel") or 1) * frames
            size = (count * bits + 7) // 8
            data = bytes(dataset[name].value)[:size]
            dataset[name].value = _cleared(dataset, data) + b"\0" * (len(data) % 2) if name == "PixelData" else data


def _cleared(dataset: Any, data: bytes) -> bytes:
    bits, used = int(dataset.BitsAllocated), int(dataset.get("BitsStored") or dataset.BitsAllocated)
    if bits not in (8, 16, 32) or not 0 < used < bits or int(dataset.get("HighBit") or used - 1) != used - 1:
        return data
    order = PLAIN[str(dataset.file_meta.TransferSyntaxUID)]
    signed = int(dataset.get("PixelRepresentation") or 0) == 1
    numbers = np.frombuffer(
        data[: len(data) // (bits // 8) * (bits // 8)], f"{order}{'i' if signed else 'u'}{bits // 8}"
    )
    if signed:
        return ((numbers << (bits - used)) >> (bits - used)).astype(numbers.dtype).tobytes()
    return (numbers & numbers.dtype.type((1 << used) - 1)).astype(numbers.dtype).tobytes()


def comments(dataset: Any) -> Iterator[bytes]:
    """Give the head of each compressed frame, where programs leave comments."""
    if str(dataset.file_meta.TransferSyntaxUID) in PLAIN or "PixelData" not in dataset:
        return
    with quietly():
        for fragment in encaps.generate_fragments(dataset["PixelData"].value):
            ends = [at for mark in STARTS if (at := fragment.find(mark)) >= 0]
            # What follows the last number of a frame is looked at as well.
            yield fragment[: min(ends, default=0)] + b"\n" + fragment[-256:]


def hides_overlay(dataset: Any) -> bool:
    """Say whether an overlay lies within the numbers of compressed pixels, where it cannot be cleared."""
    if str(dataset.file_meta.TransferSyntaxUID) in PLAIN:
        return False
    return any(tag.group & 0xFF00 == 0x6000 and tag.element == 0x0102 and dataset[tag].value for tag in dataset.keys())
