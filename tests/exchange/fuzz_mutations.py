"""How a file is spoilt: bytes, the numbers and words of a text header, the fields of a NIfTI header, and packing."""

from __future__ import annotations

import gzip
import re
import struct
from collections.abc import Callable, Sequence

import numpy as np

Rng = np.random.Generator

BYTES = (b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\r\n", b"\n\n",
         b":=", b"-1", b"1e999", b"nan", b"\x1f\x8b\x08", b"\0" * 16)  # fmt: skip
"""Bytes that mean something to a parser of images."""

NUMBERS = ("0", "-1", "1", "2", "7", "65536", "2147483647", "4294967296", "99999999999999999999", "1e308", "-1e308",
           "1e-320", "nan", "inf", "0x7f", "none", "", "1 1 1 1 1 1 1 1 1 1 1 1", "%s%n", "(", ")")  # fmt: skip

WORDS = ("gzip", "raw", "ascii", "hex", "bzip2", "text", "float", "double", "block", "int8", "uint64", "LIST", "LOCAL",
         "SKIPLIST 2", "left-posterior-superior", "scanner-xyz", "True", "False", "list", "MET_UCHAR",
         "MET_DOUBLE_ARRAY", "/etc/hostname", "../tried", "apart.raw %d 1 9 1", "é", "A" * 5000)  # fmt: skip

NIFTI_1 = {"dim": (40, "h", 8), "datatype": (70, "h", 1), "bitpix": (72, "h", 1), "pixdim": (76, "f", 8),
           "vox_offset": (108, "f", 1), "scale": (112, "f", 2), "units": (123, "b", 1), "codes": (252, "h", 2),
           "position": (256, "f", 18), "magic": (344, "b", 4)}  # fmt: skip
NIFTI_2 = {"magic": (4, "b", 8), "datatype": (12, "h", 1), "bitpix": (14, "h", 1), "dim": (16, "q", 8),
           "pixdim": (104, "d", 8), "vox_offset": (168, "q", 1), "scale": (176, "d", 2), "codes": (344, "i", 2),
           "position": (352, "d", 18), "units": (500, "i", 1)}  # fmt: skip
"""Fields of both headers: where, of what type, how many."""

WHOLE = (0, -1, 1, 2, 3, 4, 5, 8, 16, 64, 127, 128, 256, 348, 511, 768, 1024, 1536, 1792, 2048, 2304, 32767, -32768)
BROKEN = (0.0, -0.0, -1.0, 1e-45, 1e30, -1e30, 3e38, float("nan"), float("inf"), 0.001, 348.0, 352.0, 353.5, 1e9)


def mutated(data: bytes, name: str, rng: Rng) -> bytes:
    """Return a file with one to five changes; one that is packed is sometimes changed inside, and packed anew."""
    packed = name.endswith(".gz")
    inside = packed and rng.random() < 0.7
    out = bytearray(gzip.decompress(data) if inside else data)
    kinds: list[Callable[[bytearray, Rng], None]] = [_bytes, _bytes]
    if name.endswith((".nrrd", ".nhdr", ".mha", ".mhd")):
        kinds += [_text, _text, _lines]
    elif inside or not packed:
        kinds += [_field, _field, _field]
    for _ in range(int(rng.integers(1, 6))):
        kinds[int(rng.integers(0, len(kinds)))](out, rng)
    return gzip.compress(bytes(out), 1, mtime=0) if inside else bytes(out)


def _bytes(out: bytearray, rng: Rng) -> None:
    spoil_bytes(out, rng, BYTES)


def spoil_bytes(out: bytearray, rng: Rng, pieces: Sequence[bytes]) -> None:
    """Change some bytes, put some in, take some out, repeat or cut off; `pieces` mean something to a parser."""
    at = int(rng.integers(0, max(1, len(out))))
    what = rng.integers(0, 6)
    if what == 0:
        out[at : at + 1] = bytes([rng.integers(0, 256)])
    elif what == 1:
        piece = pieces[int(rng.integers(0, len(pieces)))]
        out[at : at + len(piece)] = piece
    elif what == 2:
        out[at:at] = pieces[int(rng.integers(0, len(pieces)))]
    elif what == 3:
        del out[at : at + int(rng.integers(1, 64))]
    elif what == 4:
        start = int(rng.integers(0, max(1, len(out))))
        out[at:at] = out[start : start + int(rng.integers(1, 200))]
    elif rng.random() < 0.2:
        del out[at:]
    else:
        out[at : at + 1] = bytes([out[at] ^ (1 << int(rng.integers(0, 8)))]) if at < len(out) else b"\0"


def _head_end(out: bytearray) -> int:
    ends = [at for at in (out.find(b"\n\n"), out.find(b"ElementDataFile")) if at >= 0]
    return min(ends, default=len(out))


def _text(out: bytearray, rng: Rng) -> None:
    """Put another number or word in the place of one in the header."""
    head = bytes(out[: _head_end(out) + 40])
    for_numbers = rng.random() < 0.7
    spots = list(re.finditer(rb"-?\d[\d.e+-]*" if for_numbers else rb"[A-Za-z][\w-]*", head))
    if not spots:
        return
    spot = spots[int(rng.integers(0, len(spots)))]
    choice = NUMBERS if for_numbers else WORDS
    out[spot.start() : spot.end()] = choice[int(rng.integers(0, len(choice)))].encode()


def _lines(out: bytearray, rng: Rng) -> None:
    """Take out a line of the header, double it, or put it elsewhere."""
    end = _head_end(out)
    lines = bytes(out[:end]).split(b"\n")
    at, to = int(rng.integers(0, len(lines))), int(rng.integers(0, len(lines)))
    what = rng.integers(0, 3)
    line = lines[at] if what == 1 else lines.pop(at)
    if what > 0:
        lines.insert(to, line)
    out[:end] = b"\n".join(lines)


def _field(out: bytearray, rng: Rng) -> None:
    """Put another number into a field of a NIfTI header, in its own type."""
    fields = NIFTI_2 if out[:1] == b"\x1c" else NIFTI_1
    at, kind, count = list(fields.values())[int(rng.integers(0, len(fields)))]
    size = struct.calcsize(kind)
    at += size * int(rng.integers(0, count))
    if len(out) < at + size:
        return
    if kind in "fd":
        number = BROKEN[int(rng.integers(0, len(BROKEN)))]
        out[at : at + size] = struct.pack(f"<{kind}", number if kind == "d" or abs(number) < 3.4e38 or number != number
                                          or abs(number) == float("inf") else 0.0)  # fmt: skip
        return
    whole = WHOLE[int(rng.integers(0, len(WHOLE)))] if rng.random() < 0.8 else int(rng.integers(-(2**62), 2**62))
    bits = 8 * size
    out[at : at + size] = (whole & ((1 << bits) - 1)).to_bytes(size, "little")
