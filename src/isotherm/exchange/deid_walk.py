"""One DICOM dataset without what tells a person: every attribute at every depth, by PS3.15 and by its type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from pydicom.datadict import dictionary_has_tag, dictionary_keyword, dictionary_VR
from pydicom.dataset import Dataset
from pydicom.uid import UID

from isotherm import __version__
from isotherm.exchange.deid_pixels import PIXELS
from isotherm.exchange.deid_search import DUMMY
from isotherm.exchange.deid_secret import Secret
from isotherm.exchange.deid_words import PUBLIC_SCHEMES, TECHNICAL, cleaned, has_form

DESCRIPTORS = frozenset(
    ("StudyDescription", "SeriesDescription", "SegmentLabel", "SegmentDescription", "ROIName", "StructureSetLabel",
     "TrackingID", "ContentLabel", "ContentDescription", "TextValue")
)  # fmt: skip
"""Free text that is kept word by word where the words are known: without a label no mask could be chosen."""

OWN_CODES = frozenset(("CodeMeaning", "LongCodeValue", "URNCodeValue"))
"""What a site writes in the codes of a scheme of its own."""

BIRTH = frozenset(("PatientBirthDate", "PatientBirthTime", "PatientBirthDateInAlternativeCalendar"))
"""Dates that are of the person and of no examination: emptied, not shifted."""

WALKED = frozenset(("ContentSequence",))
"""Sequences that the table replaces by dummies, and that are kept, cleaned item by item."""

LONG_TEXT, FREE_TEXT = frozenset(("LT", "ST", "UT")), frozenset(("LO", "SH", "UC", "UR"))
NAMES, BINARY = frozenset(("PN",)), frozenset(("UN", "OB", "OW", "OF", "OD", "OL", "OV"))

OF_IMAGE = frozenset(("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "ICCProfile", "VectorGridData"))
"""Bytes that say how an image or a deformation is, and are kept; tables of colors as well."""

DUMMIES: Mapping[str, Any] = {"PN": DUMMY, "DS": "0", "IS": "0", "AS": "000Y", "CS": "REMOVED", "AE": "REMOVED"}
"""Values for attributes that must not be empty, by their type; `DUMMY` for every other one."""

METHOD = "isotherm: PS3.15 basic profile, dates shifted, descriptors by a list of words"
CODES = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
)


@dataclass(slots=True)
class Tally:
    """What was done, by attribute: never a value."""

    done: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    def note(self, path: str, action: str) -> None:
        """Count one attribute, named by the keywords that lead to it."""
        self.done[path, action] += 1


@cache
def basic_profile() -> dict[int, str]:
    """Return the actions of the basic profile, by tag."""
    text = files("isotherm.exchange").joinpath("data/ps315_basic_profile.txt").read_text(encoding="ascii")
    rows = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {int(tag, 16): action for tag, action in rows}


def deidentify(dataset: Any, patient_id: str, secret: Secret, tally: Tally) -> None:
    """Take everything out of a dataset, in place, that tells a person; shift its dates, renew its UIDs.

    References
    ----------
    .. [1] DICOM PS3.15, annex E: Attribute Confidentiality Profiles, Table E.1-1, with the options 113105 and 113107.
    """
    _walk(dataset, "", _Person(patient_id, secret), tally)
    dataset.PatientID = dataset.PatientName = secret.pseudonym(patient_id)
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = [METHOD[:64], f"isotherm {__version__}"]
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    codes: list[Dataset] = []
    for value, meaning in CODES:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
        codes.append(code)
    dataset.DeidentificationMethodCodeSequence = codes


@dataclass(frozen=True, slots=True)
class _Person:
    patient_id: str
    secret: Secret


def _walk(dataset: Any, path: str, person: _Person, tally: Tally) -> None:
    described = DESCRIPTORS if _is_of_a_public_scheme(dataset) else DESCRIPTORS | OWN_CODES
    for tag in list(dataset.keys()):
        if tag.is_private or tag.group & 0xFF00 in (0x5000, 0x6000) or not dictionary_has_tag(tag):
            what = "private" if tag.is_private else "group length, overlay, curve or unknown"
            del dataset[tag]
            tally.note(f"{path}({what})", "removed")
            continue
        keyword = dictionary_keyword(tag)
        try:
            element = dataset[tag]
            if element.VR == "SQ":
                action = _treat_items(element, keyword, f"{path}{keyword}", person, tally)
            else:
                action = _clean(element) if keyword in described else _treat(element, keyword, person)
        except Exception:  # a value that cannot be read cannot be cleaned
            action = "removed"
        if action == "removed":
            del dataset[tag]
        if action:
            tally.note(f"{path}{keyword}", action)


def _is_of_a_public_scheme(dataset: Any) -> bool:
    return (
        not any(name in dataset for name in OWN_CODES)
        or str(dataset.get("CodingSchemeDesignator", "")).strip() in PUBLIC_SCHEMES
    )


def _treat_items(element: Any, keyword: str, path: str, person: _Person, tally: Tally) -> str:
    """Go through a sequence; return what was done with it as a whole, as `_treat` does."""
    listed = basic_profile().get(int(element.tag), "")
    if dictionary_VR(element.tag) != "SQ":
        return "removed"
    if listed in ("", "X/Z/U*") or keyword in WALKED:
        for item in element.value:
            _walk(item, f"{path}.", person, tally)
        return ""
    if "Z" not in listed:
        return "removed"
    element.value = []
    return "emptied"


def _treat(element: Any, keyword: str, person: _Person) -> str:
    """Change one element; return what was done, "removed" where it must go, "" where it stays as it is."""
    listed = basic_profile().get(int(element.tag), "")
    if element.VR not in dictionary_VR(element.tag):
        return "removed"  # what has another type than the standard says may hold anything
    if element.VR == "UI":
        return _renew(element, person)
    if element.VR in ("DA", "DT") and keyword not in BIRTH:
        return _shift(element, person)
    if keyword in PIXELS:
        return ""
    if not has_form(element.VR, _values(element)):
        return "removed"
    if element.VR == "TM":
        return ""  # a time of day stays, as every date moves by whole days
    if not listed:
        return _treat_unlisted(element, keyword)
    first = listed.split("/")
    if "X" in first and "D" not in first:
        return "removed"
    if "Z" in first and "D" not in first:
        return _empty(element)
    return _dummy(element)


def _treat_unlisted(element: Any, keyword: str) -> str:
    """Treat by its type what the standard's table does not name: numbers and terms stay, text goes."""
    if element.VR in NAMES:
        return _empty(element)
    if element.VR in LONG_TEXT or (element.VR in FREE_TEXT and keyword not in TECHNICAL):
        return "removed"
    return "removed" if element.VR in BINARY and not _is_of_image(keyword) else ""


def _values(element: Any) -> Sequence[Any]:
    return element.value if element.VM > 1 else [element.value]


def _is_of_image(keyword: str) -> bool:
    return "LookupTable" in keyword or keyword in OF_IMAGE


def _renew(element: Any, person: _Person) -> str:
    several = _values(element)
    if all(not uid or _is_of_the_standard(uid) for uid in several):
        return ""  # classes, syntaxes and frames that the standard names
    new = [str(uid) if _is_of_the_standard(uid) else person.secret.uid(str(uid)) for uid in several]
    element.value = new if element.VM > 1 else new[0]
    return "new UID"


def _is_of_the_standard(uid: object) -> bool:
    known = UID(str(uid))
    return bool(known.name != str(known))  # the name of any other UID is the UID itself


def _shift(element: Any, person: _Person) -> str:
    several = [str(one) for one in _values(element)]
    if not any(several):
        return ""
    moved = [_moved(text, person) if has_form(element.VR, [text]) else None for text in several]
    if any(one is None for one in moved):
        element.value = ""
        return "emptied"
    element.value = moved if len(moved) > 1 else moved[0]
    return "shifted"


def _moved(text: str, person: _Person) -> str | None:
    """Return a date, or a date with a time, moved by whole days; None where it is none."""
    head, rest = text.strip()[:8], text.strip()[8:]
    try:
        day = datetime.strptime(head, "%Y%m%d").date()  # noqa: DTZ007 - a day has no time zone
        return f"{day + timedelta(days=person.secret.offset_days(person.patient_id)):%Y%m%d}{rest}"
    except (ValueError, OverflowError):
        return None


def _clean(element: Any) -> str:
    if element.VR not in dictionary_VR(element.tag):
        return "removed"
    before = str(element.value or "")
    after = cleaned(before)
    if after == before:
        return ""
    if not after and basic_profile().get(int(element.tag), "").startswith("X"):
        return "removed"
    element.value = after if element.VR != "CS" else after.upper().replace(" ", "_")[:16]
    if not after:
        element.value = DUMMIES.get(element.VR, DUMMY)
    return "cleaned"


def _empty(element: Any) -> str:
    if element.value in (None, "", b"", []):
        return ""
    element.value = None
    return "emptied"


def _dummy(element: Any) -> str:
    if element.VR in BINARY:
        return "removed"
    element.value = DUMMIES.get(element.VR, DUMMY if element.VR in LONG_TEXT | FREE_TEXT else None)
    return "dummy value"
