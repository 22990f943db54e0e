"""Run-length encoding of DICOM frames (PS3.5, annex G), decoded with every length checked."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

HEADER = struct.Struct("<16I")
"""Number of segments, and where each of up to 15 begins."""


def unpacked(frame: bytes, shape_ji: tuple[int, int], *, bits: int, signed: bool) -> npt.NDArray[Any]:
    """Return the stored numbers of one frame, shape (j, i).

    Raises
    ------
    ValueError
        Segments that are not as many as a number has bytes, that lie beyond the frame, or hold too few bytes.
    """
    count, *starts = HEADER.unpack_from(frame) if len(frame) >= HEADER.size else (0,)
    size = bits // 8
    if count != size or size == 0:
        raise ValueError
    pixels = shape_ji[0] * shape_ji[1]
    planes = np.empty((pixels, size), np.uint8)
    ends = [*starts[1:count], len(frame)]
    for number, (start, end) in enumerate(zip(starts[:count], ends, strict=True)):
        if not HEADER.size <= start <= end <= len(frame):
            raise ValueError
        # The first segment holds the highest byte of every number.
        planes[:, size - 1 - number] = np.frombuffer(_bytes(frame[start:end], pixels), np.uint8)
    return planes.reshape(-1).view(f"<{'i' if signed else 'u'}{size}").reshape(shape_ji)


def _bytes(packed: bytes, wanted: int) -> bytes:
    """Unpack runs and literals up to a number of bytes."""
    out = bytearray()
    at = 0
    while len(out) < wanted:
        if at + 1 >= len(packed):
            raise ValueError
        head = packed[at]
        if head < 128:
            out += packed[at + 1 : at + 2 + head]
            at += 2 + head
        elif head > 128:
            out += packed[at + 1 : at + 2] * (257 - head)
            at += 2
        else:
            at += 1  # means nothing
    return bytes(out[:wanted])
