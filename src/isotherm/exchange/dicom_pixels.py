"""Stored numbers of DICOM frames: plain ones are taken as they lie, compressed ones decoded; each claim is checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from pydicom import encaps as untyped_encaps

from isotherm.errors import BadVoxels, UnreadableFile
from isotherm.exchange.dicom_decode import Decoder
from isotherm.exchange.dicom_item import Item, quietly
from isotherm.exchange.dicom_rle import unpacked
from isotherm.exchange.voxel_source import ImageFile, Voxels, cut_short, refuse_impossible_size, refuse_values_per_voxel

encaps: Any = untyped_encaps

PLAIN = {"1.2.840.10008.1.2": "<", "1.2.840.10008.1.2.1": "<", "1.2.840.10008.1.2.2": ">"}
"""Transfer syntaxes without compression, and their byte order."""

RLE = "1.2.840.10008.1.2.5"

PACKED = {
    "1.2.840.10008.1.2.4.50": "JPEG baseline",
    "1.2.840.10008.1.2.4.51": "JPEG extended",
    "1.2.840.10008.1.2.4.57": "JPEG lossless",
    "1.2.840.10008.1.2.4.70": "JPEG lossless",
    "1.2.840.10008.1.2.4.80": "JPEG-LS lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS near lossless",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    RLE: "RLE lossless",
}
"""Compressed transfer syntaxes that are decoded."""

LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91")

MOST_ROWS = 8192
"""More rows or columns than this are taken for a broken header."""

PIXEL_TAGS = ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel",
              "PhotometricInterpretation", "NumberOfFrames", "PixelData", "SOPClassUID", "ModalityLUTSequence",
              "ExtendedOffsetTable", "ExtendedOffsetTableLengths")  # fmt: skip


def stored(item: Item, frames: Sequence[int], shape_ji: tuple[int, int], decoder: Decoder) -> Iterator[Voxels]:
    """Give the stored numbers of frames of one object, each of shape (j, i); compressed ones come from `decoder`.

    Raises
    ------
    BadVoxels
        Colors, numbers that are no whole numbers of 1, 8, 16 or 32 bits, or a look-up table in place of a scale.
    UnreadableFile
        Cut short, damaged, too large, or of a compression that is not read, which is named.
    """
    bits, used, count = _checked(item, shape_ji)
    if not frames:
        return
    if max(frames) >= count:
        raise cut_short(item.file)
    if item.syntax not in PLAIN:
        yield from _decoded(item, frames, shape_ji, decoder)
        return
    data = item.data("PixelData")
    pixels = shape_ji[0] * shape_ji[1]
    if len(data) * 8 < bits * pixels * count:
        raise cut_short(item.file)
    if bits == 1:
        yield from (_bits(data, n * pixels, pixels).reshape(shape_ji) for n in frames)
        return
    order, kind = PLAIN[item.syntax], "i" if item.whole("PixelRepresentation") == 1 else "u"
    dtype = np.dtype(f"{order}{kind}{bits // 8}")
    for number in frames:
        frame = np.frombuffer(data, dtype, pixels, number * pixels * dtype.itemsize).reshape(shape_ji)
        yield _only_stored_bits(frame, bits, used)


def _bits(data: bytes, start: int, count: int) -> Voxels:
    """Return single bits: frames follow each other without a gap, the first pixel in the lowest bit of a byte."""
    first, last = start // 8, (start + count + 7) // 8
    flat = np.unpackbits(np.frombuffer(data, np.uint8, last - first, first), bitorder="little")
    return flat[start - 8 * first :][:count]


def _checked(item: Item, shape_ji: tuple[int, int]) -> tuple[int, int, int]:
    """Return bits allocated, bits stored and number of frames, once all that the header claims can be true."""
    file = item.file
    if (item.whole("Rows"), item.whole("Columns")) != shape_ji or not 1 <= max(shape_ji) <= MOST_ROWS:
        raise BadVoxels(f"{file.start} says it has more than {MOST_ROWS} rows or columns, or none; export it anew.")
    refuse_values_per_voxel(item.whole("SamplesPerPixel") or 1, file)
    if not (item.text("PhotometricInterpretation") or "MONOCHROME2").startswith("MONOCHROME"):
        raise BadVoxels(f"{file.start} holds colors; an image with one number for each pixel is wanted.")
    if item.items("ModalityLUTSequence"):
        raise BadVoxels(f"{file.start} scales its values by a table (modality LUT), which is not read; export it anew.")
    bits, used = item.whole("BitsAllocated") or 0, item.whole("BitsStored") or 0
    high = item.whole("HighBit")
    if bits not in (1, 8, 16, 32) or not 1 <= used <= bits or high not in (used - 1, None):
        raise BadVoxels(f"{file.start} stores its pixels in a form that is not read; 8, 16 or 32 bits are wanted.")
    count = item.whole("NumberOfFrames") or 1
    refuse_impossible_size(count * shape_ji[0] * shape_ji[1] * max(1, bits // 8), None, file)
    syntax = item.syntax
    if syntax not in PLAIN and syntax not in PACKED:
        raise UnreadableFile(
            f"{file.start} has the transfer syntax {_known(syntax)}, which is not read; export it without compression."
        )
    return bits, used, count


def _known(syntax: str) -> str:
    return syntax[:64] if syntax and set(syntax) <= set("0123456789.") else "of no known kind"


def _only_stored_bits(frame: Voxels, bits: int, used: int) -> Voxels:
    """Return numbers without what may lie in the bits above those that are used: old scanners put overlays there."""
    if used == bits:
        return frame
    native = frame.astype(frame.dtype.newbyteorder("="))
    if native.dtype.kind == "u":
        return native & native.dtype.type((1 << used) - 1)
    return (native << (bits - used)) >> (bits - used)


def _decoded(item: Item, frames: Sequence[int], shape_ji: tuple[int, int], decoder: Decoder) -> Iterator[Voxels]:
    told = {
        "syntax": item.syntax,
        "rows": shape_ji[0],
        "columns": shape_ji[1],
        "samples_per_pixel": 1,
        "photometric_interpretation": item.text("PhotometricInterpretation") or "MONOCHROME2",
        "bits_allocated": item.whole("BitsAllocated"),
        "bits_stored": item.whole("BitsStored"),
        "pixel_representation": item.whole("PixelRepresentation") or 0,
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
    }
    count, offsets = item.whole("NumberOfFrames") or 1, _offsets(item)
    for number in frames:
        try:
            with quietly():
                packed = encaps.get_frame(item.data("PixelData"), number, number_of_frames=count,
                                          extended_offsets=offsets)  # fmt: skip
            if item.syntax == RLE:
                signed = told["pixel_representation"] == 1
                frame = unpacked(packed, shape_ji, bits=item.whole("BitsAllocated") or 0, signed=signed)
            else:
                frame = decoder.decode(encaps.encapsulate([packed]), told)
        except Exception as error:  # a damaged table of frames, or a damaged frame
            raise _not_decoded(item.file, item.syntax) from error
        if frame.shape != shape_ji:
            raise _not_decoded(item.file, item.syntax)
        yield frame


def _offsets(item: Item) -> tuple[bytes, bytes] | None:
    offsets, lengths = item.data("ExtendedOffsetTable"), item.data("ExtendedOffsetTableLengths")
    return (offsets, lengths) if offsets and lengths else None


def _not_decoded(file: ImageFile, syntax: str) -> UnreadableFile:
    return UnreadableFile(f"{file.start} is compressed ({PACKED[syntax]}) and damaged; export it once more.")
