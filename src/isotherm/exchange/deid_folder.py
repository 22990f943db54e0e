"""A DICOM folder to one without patients: what is known to be free of burned-in text goes out, and nothing else."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isotherm.errors import UnreadableFile
from isotherm.exchange.atomic import write_bytes
from isotherm.exchange.deid_pixels import PIXELS, comments, hides_overlay, trim
from isotherm.exchange.deid_search import telling_of
from isotherm.exchange.deid_secret import Secret
from isotherm.exchange.deid_walk import Tally, deidentify
from isotherm.exchange.dicom_frames import frames_of
from isotherm.exchange.dicom_item import Item, quietly, read_item
from isotherm.exchange.dicom_place import Place, places_in
from isotherm.exchange.dicom_series import DIRECTORY, IMAGES, MASKS, STORAGE
from isotherm.exchange.dicomweb_server import is_uid
from isotherm.exchange.voxel_source import ImageFile

OTHERS = {f"{STORAGE}88.34": "SR", f"{STORAGE}66.1": "registration", f"{STORAGE}66.3": "deformable registration"}
"""SOP classes without pixels that are let out beside images and masks."""


@dataclass(slots=True)
class Deidentified:
    """What became of a folder.

    Parameters
    ----------
    tally : Tally
        What was done, by attribute.
    written : Counter
        Objects that went out, by kind.
    quarantined : Counter
        Objects that stayed behind, by reason.
    not_dicom : int
        Files that are no DICOM, and were passed over.
    patients : set of str
        Pseudonyms.
    """

    tally: Tally = field(default_factory=Tally)
    written: Counter[str] = field(default_factory=Counter[str])
    quarantined: Counter[str] = field(default_factory=Counter[str])
    not_dicom: int = 0
    patients: set[str] = field(default_factory=set[str])


def deidentify_folder(source: str, target: Path, secret: Secret) -> Deidentified:
    """De-identify everything in a folder or ZIP archive that is known to be free of burned-in text.

    Parameters
    ----------
    source : str
        Nothing in it is changed.
    target : Path
        Gets `PSEUDONYM/STUDY/SERIES/OBJECT.dcm`, named by the new UIDs.

    Raises
    ------
    UnreadableFile
        Nothing in it is DICOM.
    OutputError
    """
    told = Deidentified()
    for place in places_in(ImageFile(source, "DICOM")):
        if not _is_dicom(place):
            told.not_dicom += 1
            continue
        try:
            item = read_item(place, pixels=True)
            kind = _kind(item)
            data, path, pseudonym = _made(item, secret, told.tally)
        except (UnreadableFile, Quarantined) as error:
            told.quarantined[str(error) if isinstance(error, Quarantined) else "it is damaged"] += 1
            continue
        file = target / path
        if file.exists():
            same = file.read_bytes() == data
            told.quarantined["it is there twice" if same else "another object has the same UID"] += 1
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(file, data)
        told.written[kind] += 1
        told.patients.add(pseudonym)
    if not told.written and not told.quarantined:
        raise UnreadableFile("The folder holds no DICOM object; name the folder of the examinations.")
    return told


class Quarantined(Exception):
    """An object that may not go out, with the reason in words without a value of it."""


def _is_dicom(place: Place) -> bool:
    try:
        return place.is_dicom()
    except UnreadableFile:
        return False


def _kind(item: Item) -> str:
    """Return what an object is, if it is known to be free of text in its pixels.

    Raises
    ------
    Quarantined
    """
    sop_class = item.text("SOPClassUID")
    if sop_class == DIRECTORY:
        raise Quarantined("it is a DICOMDIR, which lists patients")
    kind = {**IMAGES, **MASKS, **OTHERS}.get(sop_class)
    if kind is None:
        raise Quarantined("its kind may show text in its pixels or holds a document")
    if item.text("BurnedInAnnotation").upper() == "YES":
        raise Quarantined("its header says that text is burned into its pixels")
    if sop_class in IMAGES:
        frames = frames_of(item)
        if not frames or any(frame is None for frame in frames):
            raise Quarantined("it is an image without a place in the patient, such as a screen shot")
        if item.text("SamplesPerPixel") not in ("", "1") or "SCREEN" in item.text("ImageType").upper():
            raise Quarantined("it is a picture in color or of a screen")
    if not item.text("PatientID"):
        raise Quarantined("it has no patient ID, from which offset and pseudonym come")
    return kind


def _made(item: Item, secret: Secret, tally: Tally) -> tuple[bytes, Path, str]:
    """Return the bytes of an object without its patient, where it goes, and the pseudonym."""
    dataset, own = item.dataset, Tally()
    with quietly():
        try:
            telling = telling_of(dataset)
            hidden = hides_overlay(dataset)
            deidentify(dataset, str(dataset.PatientID), secret, own)
            _renew_file_header(dataset, secret)
            trim(dataset)
            data = _bytes(dataset)
            told = any(map(telling.is_in_bytes, comments(dataset)))
            header = _without_pixels(dataset)
            told = told or telling.is_in(header, _bytes(header))
        except Exception as error:  # what cannot be written whole does not go out
            raise Quarantined("it cannot be written anew, since its header contradicts itself") from error
    if hidden:
        raise Quarantined("an overlay lies within its compressed pixels")
    if told:
        raise Quarantined("a value of the patient was found in it after all")
    uids = [str(dataset.get(name, "")) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
    if not all(map(is_uid, uids)):
        raise Quarantined("it does not say which object it is: a UID is missing")
    tally.done.update(own.done)
    pseudonym = str(dataset.PatientID)
    return data, Path(pseudonym, uids[0], uids[1], f"{uids[2]}.dcm"), pseudonym


def _renew_file_header(dataset: Any, secret: Secret) -> None:
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    dataset.preamble = b"\0" * 128
    for tag in list(dataset.file_meta.keys()):
        del dataset.file_meta[tag]
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID


def _bytes(dataset: Any) -> bytes:
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _without_pixels(dataset: Any) -> Any:
    """Take the pixels off a dataset that has been written: what is left is searched."""
    for name in PIXELS:
        if name in dataset:
            del dataset[name]
    return dataset
