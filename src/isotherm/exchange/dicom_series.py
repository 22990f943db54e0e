"""What a DICOM folder holds: its series, each with its planes in order, and which one is meant."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from isotherm.errors import NoSuchSeries, UnreadableFile
from isotherm.exchange import image_endings
from isotherm.exchange.dicom_frames import APART_BY, FRAME_TAGS, Frame, frames_of
from isotherm.exchange.dicom_item import Item, read_item
from isotherm.exchange.dicom_origin import ORIGIN_TAGS, origin_of
from isotherm.exchange.dicom_place import Place, places_in
from isotherm.exchange.dicom_stack import LEAST_PLANES, Stack, right_angled
from isotherm.exchange.dicom_synthetic import SYNTHETIC, is_synthetic
from isotherm.exchange.origin import Origin
from isotherm.exchange.voxel_source import ImageFile
from isotherm.imaging.volume import RIGHT_ANGLE_TOLERANCE

STORAGE = "1.2.840.10008.5.1.4.1.1."

IMAGES = {f"{STORAGE}{end}": name for end, name in {
    "2": "CT", "2.1": "enhanced CT", "2.2": "converted CT", "4": "MR", "4.1": "enhanced MR", "4.4": "converted MR",
    "128": "PET", "130": "enhanced PET", "13.1.1": "cone-beam CT"}.items()}  # fmt: skip
"""SOP classes that are read as images, by their UID."""

SEGMENTATION, LABEL_MAP, CONTOURS = f"{STORAGE}66.4", f"{STORAGE}66.7", f"{STORAGE}481.3"
MASKS = {SEGMENTATION: "SEG", LABEL_MAP: "SEG", CONTOURS: "RTSTRUCT"}
"""SOP classes that are read as masks, by their UID."""

OTHERS = {f"{STORAGE}{start}": name for start, name in {
    "88.59": "key images", "88.": "SR", "104.1": "PDF", "7": "screen capture", "11.": "presentation state",
    "66.1": "registration", "66.2": "registration", "66.3": "registration", "66": "raw data", "481.2": "RTDOSE",
    "481.5": "RTPLAN"}.items()}  # fmt: skip
"""What the UIDs of objects begin with that lie with images and are read as neither image nor mask; the first counts."""

DIRECTORY = "1.2.840.10008.1.3.10"
"""SOP class of a DICOMDIR, which lists files that are there anyway."""

HEADER_TAGS = tuple({*FRAME_TAGS, *ORIGIN_TAGS, "SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber",
                     "SeriesDescription", "Rows", "Columns", SYNTHETIC})  # fmt: skip

RULES = ("thinnest", "largest")
"""Words that choose a series by rule: with the thinnest planes, with the most planes."""


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One DICOM object of a folder."""

    place: Place
    header: Item
    uid: str
    sop_class: str
    shape_ji: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One image, or one mask object, of a folder: a row of its table.

    Parameters
    ----------
    label : str
        How it is chosen: the series' number, with a running number where several would share it.
    uid, description : str
    kind : str
        "CT", "enhanced MR", "SEG", ...; "SR", "PDF", ... or "other" for what is not read.
    stack : Stack or None
        Of an image whose planes have a place in the patient.
    instances : tuple of Instance
        Of an image, that of each frame of the stack; else all of the series.
    origin : Origin
    problem : str
        Why it cannot be read, in words that end a sentence; "" where it can.
    """

    label: str
    uid: str
    description: str
    kind: str
    stack: Stack | None
    instances: tuple[Instance, ...]
    origin: Origin
    problem: str

    @property
    def is_image(self) -> bool:
        """Whether it can be read as an image."""
        return not self.problem and self.stack is not None

    @property
    def simulated(self) -> bool:
        """Whether any of its objects says that it was made, and not acquired."""
        return any(is_synthetic(one.header.text(SYNTHETIC)) for one in self.instances)

    @property
    def is_mask(self) -> bool:
        """Whether it can be read as a mask."""
        return not self.problem and self.kind in MASKS.values()


@dataclass(frozen=True, slots=True, eq=False)
class Folder:
    """All series of a folder, an archive or a file; how many files are no DICOM, and how many are damaged."""

    file: ImageFile
    series: tuple[Series, ...]
    not_dicom: int
    damaged: int

    @property
    def patients(self) -> tuple[tuple[str, ...], ...]:
        """The labels of the series of each patient, where the files tell patients; nothing that tells a person."""
        found: dict[str, list[str]] = {}
        for one in self.series:
            if key := one.origin.patient_id or one.origin.patient_name:
                found.setdefault(key, []).append(one.label)
        return tuple(tuple(labels) for labels in found.values())


def scan(file: ImageFile) -> Folder:
    """Read the headers of everything in a folder or ZIP archive, or of one file.

    Raises
    ------
    UnreadableFile
        Nothing in it is DICOM.
    """
    found: dict[str, Instance] = {}
    others: list[str] = []
    damaged = 0
    for place in places_in(file):
        if place.is_of_the_system:
            continue
        try:
            instance = _instance(place)
        except UnreadableFile:
            damaged += 1
            continue
        if instance is None:
            others.append(place.file.name)
        else:
            found.setdefault(instance.uid or place.file.path, instance)  # copies of one object count once
    if not found:
        raise _nothing(file, others, damaged)
    if all(one.sop_class == DIRECTORY for one in found.values()):
        raise UnreadableFile(
            f"{file.start} holds a DICOMDIR, which only lists files, and none of them; name the folder that it "
            "lies in, with all that is in it."
        )
    by_uid: dict[str, list[Instance]] = {}
    for instance in found.values():
        if instance.sop_class != DIRECTORY:
            by_uid.setdefault(instance.header.text("SeriesInstanceUID"), []).append(instance)
    return Folder(file, _labeled([one for group in by_uid.values() for one in _series(group)]), len(others), damaged)


def _nothing(file: ImageFile, others: Sequence[str], damaged: int) -> UnreadableFile:
    if damaged and os.path.isfile(file.path) and not others:
        # A single file speaks for itself; reading it once more gives its own sentence.
        for place in places_in(file):
            _instance(place)
    images = sum(name.lower().endswith(image_endings.IMAGES) for name in others)
    forms = sum(name.lower().endswith(".toml") for name in others)
    if images and forms:
        return UnreadableFile(
            f"{file.start} holds no DICOM object but {images} images and {forms} TOML files, as the folder of one "
            "patient does; `isotherm case FOLDER` reads it as a whole, and Assess takes each image by itself."
        )
    told = f"{len(others)} files that are not DICOM and {damaged} that are damaged"
    return UnreadableFile(f"{file.start} holds no DICOM object ({told}); name the folder of the series.")


def _instance(place: Place) -> Instance | None:
    """Return an object, or None for what is not DICOM.

    Raises
    ------
    UnreadableFile
        It is damaged.
    """
    if not place.is_dicom():
        return None
    header = read_item(place, tags=HEADER_TAGS)
    sop_class = header.text("SOPClassUID")
    if not sop_class:
        return None if not header.text("SeriesInstanceUID") else Instance(place, header, "", "", (0, 0))
    shape = header.whole("Rows") or 0, header.whole("Columns") or 0
    return Instance(place, header, header.text("SOPInstanceUID"), sop_class, shape)


def _series(instances: Sequence[Instance]) -> list[Series]:
    """Return the images of one series, or the series itself where it holds none; one for each mask object."""
    images = [one for one in instances if one.sop_class in IMAGES]
    masks = [one for one in instances if one.sop_class in MASKS]
    others = [one for one in instances if one not in images and one not in masks]
    rows = [_row((one,), MASKS[one.sop_class]) for one in masks]
    if images:
        planes = [(frame, one) for one in images for frame in frames_of(one.header)]
        placed = [(frame, one) for frame, one in planes if frame is not None]
        rows += [_image(part) for group in _alike(placed) for part in _apart(group)]
        if lost := len(planes) - len(placed):
            said = f"has {lost} planes without a place in the patient"
            rows = [replace(one, problem=said) if one.stack is not None and not one.problem else one for one in rows]
            if not placed:
                rows.append(_row(images, IMAGES[images[0].sop_class], problem=said))
    if others:
        kind = next((name for start, name in OTHERS.items() if others[0].sop_class.startswith(start)), "other")
        rows.append(_row(others, kind, problem="is no image of slices and no mask"))
    return rows


def _row(instances: Sequence[Instance], kind: str, *, stack: Stack | None = None, problem: str = "") -> Series:
    first = instances[0].header
    return Series(
        label="" if (number := first.whole("SeriesNumber")) is None else str(number),
        uid=first.text("SeriesInstanceUID"),
        description=first.text("SeriesDescription"),
        kind=kind,
        stack=stack,
        instances=tuple(instances),
        origin=origin_of(first),
        problem=problem,
    )


_Plane = tuple[Frame, Instance]


def _image(planes: Sequence[_Plane]) -> Series:
    stack = Stack(tuple(frame for frame, _ in planes), planes[0][1].shape_ji)
    if min(stack.shape_ji) < 1:
        problem = "has planes without pixels"
    elif not right_angled(stack.frames[0]):
        problem = "has rows and columns that are not at right angles"
    else:
        problem = stack.problem()
    return _row([one for _, one in planes], IMAGES[planes[0][1].sop_class], stack=stack, problem=problem)


def _alike(planes: Iterable[_Plane]) -> list[list[_Plane]]:
    """Part planes by size, pixel spacing and direction: scouts and reformats stand apart from the slices."""
    groups: list[list[_Plane]] = []
    for plane in planes:
        group = next((group for group in groups if _same_kind(group[0], plane)), None)
        if group is None:
            groups.append([plane])
        else:
            group.append(plane)
    return groups


def _same_kind(a: _Plane, b: _Plane) -> bool:
    one, other = a[0], b[0]
    return (
        a[1].shape_ji == b[1].shape_ji
        and a[1].sop_class == b[1].sop_class
        and all(abs(x - y) <= 1e-3 * x for x, y in zip(one.spacing_ji_mm, other.spacing_ji_mm, strict=True))
        and abs(one.row_lps - other.row_lps).max() <= RIGHT_ANGLE_TOLERANCE
        and abs(one.column_lps - other.column_lps).max() <= RIGHT_ANGLE_TOLERANCE
    )


def _apart(planes: list[_Plane], which: int = 0) -> list[list[_Plane]]:
    """Part planes that lie at the same places by the first attribute that tells whole stacks of them apart."""
    if which == len(APART_BY) or not Stack(tuple(frame for frame, _ in planes), (1, 1)).repeats:
        return [planes]
    groups: dict[str, list[_Plane]] = {}
    for plane in planes:
        groups.setdefault(plane[0].apart(which), []).append(plane)
    if len(groups) == 1 or min(map(len, groups.values())) < LEAST_PLANES:
        return _apart(planes, which + 1)
    return [part for group in groups.values() for part in _apart(group, which + 1)]


def _labeled(series: Sequence[Series]) -> tuple[Series, ...]:
    """Order series by number, and tell those apart that share one."""
    ordered = sorted(series, key=lambda one: (int(one.label or -1), one.uid))
    labels = [one.label or "0" for one in ordered]
    named: list[Series] = []
    for at, (one, label) in enumerate(zip(ordered, labels, strict=True)):
        name = label if labels.count(label) == 1 else f"{label}.{labels[: at + 1].count(label)}"
        named.append(replace(one, label=name))
    return tuple(named)


def choose_image(folder: Folder, wanted: str | None) -> Series:
    """Return the image that is meant: by label, UID or description, by a rule, or the only one there is.

    Raises
    ------
    NoSuchSeries
        None fits, several do, or the one that is meant cannot be read.
    """
    file = folder.file
    images = [one for one in folder.series if one.is_image]
    if wanted is None:
        if len(images) == 1:
            return images[0]
        if not images:
            raise NoSuchSeries(f"{file.start} holds no image that can be read{_why(folder.series)}.")
        raise NoSuchSeries(
            f"{file.start} holds {len(images)} images ({_list(images)}); name one (FOLDER:{images[0].label}) or a rule "
            f"(FOLDER:{RULES[0]}); `isotherm dicom list` shows them."
        )
    if wanted in RULES and images:
        return _by_rule(wanted, images, file)
    fitting = [one for one in folder.series if wanted in (one.label, one.uid)]
    fitting = fitting or [one for one in folder.series if one.description.casefold() == wanted.casefold() != ""]
    if len(fitting) != 1:
        many = "several series" if fitting else "no series"
        raise NoSuchSeries(f"{file.start} holds {many} that the name fits; there are: {_list(images)}.")
    if not fitting[0].is_image:
        why = fitting[0].problem or "is a mask and no image"
        raise NoSuchSeries(f"Series {fitting[0].label} of {file} {why}.")
    return fitting[0]


def _by_rule(rule: str, images: Sequence[Series], file: ImageFile) -> Series:
    def key(one: Series) -> float:
        assert one.stack is not None
        return one.stack.step_mm if rule == "thinnest" else -len(one.stack.frames)

    best = min(map(key, images))
    fitting = [one for one in images if key(one) <= best + 1e-3]
    if len(fitting) > 1:
        raise NoSuchSeries(f"{file.start} holds {len(fitting)} images that are {rule} ({_list(fitting)}); name one.")
    return fitting[0]


def _why(series: Sequence[Series]) -> str:
    told = [f"series {one.label} {one.problem}" for one in series if one.problem][:3]
    return f": {'; '.join(told)}" if told else ""


def _list(series: Sequence[Series], most: int = 10) -> str:
    """Name series by label, kind and size; descriptions may hold anything and are left out."""
    told = [f"{one.label}: {one.kind}, {len(one.stack.frames)} planes of {one.stack.step_mm:.4g} mm"
            for one in series if one.stack is not None]  # fmt: skip
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return ("; ".join(told[:most]) or "none") + more
