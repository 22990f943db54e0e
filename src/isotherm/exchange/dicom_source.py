"""The DICOM image that results are written beside: its headers in the order of its planes, and its grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isotherm.errors import BadGeometry
from isotherm.exchange.dicom_item import read_item
from isotherm.exchange.dicom_series import choose_image, scan
from isotherm.exchange.segments import split_spec
from isotherm.exchange.voxel_source import ImageFile
from isotherm.imaging.volume import Grid

MAY_BE_EMPTY = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime",
                "AccessionNumber", "ReferringPhysicianName", "PositionReferenceIndicator", "Manufacturer",
                "SeriesNumber", "InstanceNumber")  # fmt: skip
"""Attributes that results take over, and that may be empty but must be there."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """An image in DICOM.

    Parameters
    ----------
    headers : tuple of pydicom datasets
        Without pixels, one for each plane in the order of `grid`; a single one of an image of several frames.
    frames : tuple of int
        Place in its object, from 0, of each plane in the order of `grid`.
    grid : Grid
    modality : str
    simulated : bool
        Whether it says that it was made, and not acquired; results beside it say so as well.
    """

    headers: tuple[Any, ...]
    frames: tuple[int, ...]
    grid: Grid
    modality: str
    simulated: bool = False

    @property
    def frame_uid(self) -> str:
        """UID of the frame of reference."""
        return str(self.headers[0].FrameOfReferenceUID)


def read_source(spec: str, *, of: str = "image") -> Source:
    """Read the headers of the image that `FOLDER[:SERIES]` means.

    Raises
    ------
    UnreadableFile, NoSuchSeries
    BadGeometry
        Its planes are uneven, tilted or without a frame of reference: masks have no place beside them.
    """
    path, wanted = split_spec(spec)
    file = ImageFile(path, of)
    series = choose_image(scan(file), wanted)
    stack = series.stack
    assert stack is not None  # what is chosen has one
    places = list(dict.fromkeys(series.instances[n].place for n in stack.order))
    if not stack.even or not series.origin.frame_uid or len(places) not in (1, len(stack.order)):
        raise BadGeometry(
            f"{file.start} has planes that are uneven, tilted or spread over several objects, or no frame of "
            "reference, so that no results can be written beside it as DICOM; leave out --dicom."
        )
    headers = [read_item(place).dataset for place in places]
    for header in headers:
        for keyword in MAY_BE_EMPTY:
            if keyword not in header:
                setattr(header, keyword, None)
    frames = tuple(stack.frames[n].number for n in stack.order)
    return Source(tuple(headers), frames, stack.grid(), series.origin.modality, series.simulated)
