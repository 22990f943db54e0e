"""What tells a person in an object, and whether it is still there after cleaning: in any writing and alphabet."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from typing import Any

TELLING = ("PatientID", "OtherPatientIDs", "AccessionNumber", "PatientAddress", "PatientTelephoneNumbers",
           "InstitutionName", "StationName")  # fmt: skip
"""Attributes, beside names of persons and the day of birth, whose values must be nowhere in what goes out."""

LEAST_LETTERS, LEAST_DIGITS, LEAST_FOREIGN = 4, 5, 2
"""Shorter values are found in anything; two Chinese or Japanese letters are a name."""

GLUED_LETTERS = 6
"""A whole name of so many letters is also found within a longer word."""

MOST_NAMES = 4
"""Parts of a name that may stand in any order."""

BETWEEN = "[^0-9a-z]{0,3}"
"""What may stand between the parts of a name or of an ID that is written another way."""

DUMMY = "removed"
"""Stands in place of names in what was cleaned before, and tells nobody."""

DAYS = ("%Y%m%d", "%d%m%Y", "%m%d%Y")
"""Orders in which a day is written; what stands between its parts does not matter."""

UID = re.compile(rb"[0-9.]{11,64}")


@dataclass(frozen=True, slots=True)
class Telling:
    """What tells a person in one object, as patterns in small plain letters, and the object's own UIDs."""

    patterns: frozenset[str]
    uids: frozenset[bytes]

    def is_in(self, dataset: Any, header: bytes) -> bool:
        """Say whether any of it is in a dataset, or in the bytes that it was written as without its pixels."""
        if self.uids & {one.strip(b".") for one in UID.findall(header)}:
            return True
        text = plain("\n".join([*_texts(dataset), header.decode("latin-1")]))
        return any(re.search(one, text) for one in self.patterns)

    def is_in_bytes(self, data: bytes) -> bool:
        """Say whether any of it is in bytes."""
        return self.is_in((), data)


def telling_of(dataset: Any) -> Telling:
    """Collect what tells a person in a dataset, at every depth."""
    patterns: set[str] = set()
    uids: set[bytes] = set()
    for element in dataset.iterall():
        several = element.value if element.VM > 1 else [element.value]
        if element.VR == "PN":
            for one in several:
                for group in str(one).split("="):
                    patterns |= _of_name(group)
        elif element.keyword in TELLING:
            for one in several:
                patterns |= _of_words(str(one))
        elif element.keyword == "PatientBirthDate":
            patterns |= _of_day(str(element.value))
        elif element.VR == "UI":
            uids |= {str(one).encode("ascii", "ignore") for one in several if _is_own_uid(str(one))}
    return Telling(frozenset(patterns), frozenset(uids))


def plain(text: str) -> str:
    """Return a text in small letters without accents."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parted if not unicodedata.combining(one))


def _of_name(name: str) -> set[str]:
    """Return patterns of each part of a name that is long enough, and of the parts together in any order."""
    parts = [part for part in re.split(r"[\^\s]+", name) if part]
    found = set[str]()
    for part in parts:
        found |= _of_words(part)
    for few in permutations(parts, 2) if len(parts) <= MOST_NAMES else [tuple(parts)]:
        found |= _of_words(" ".join(few))
    return found


def _of_words(text: str) -> set[str]:
    """Return patterns of a value however its parts are put together, with its umlauts in either writing."""
    return {pattern for one in _writings(text) if (pattern := _pattern(one))}


def _writings(text: str) -> Iterable[str]:
    small = unicodedata.normalize("NFC", text.casefold())
    return {small, small.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")}


def words_of(text: str) -> list[str]:
    """Return the words and numbers of a text, plain."""
    return re.findall(r"[^\W_]+", plain(text))


def is_telling(word: str) -> bool:
    """Say whether a word or a number is long enough to tell a person."""
    return len(word) >= (LEAST_DIGITS if word.isdecimal() else LEAST_LETTERS if word.isascii() else LEAST_FOREIGN)


def _pattern(text: str) -> str:
    """Return a pattern for a text, "" where it is too short to tell anything."""
    words = words_of(text)
    whole = "".join(words)
    if not is_telling(whole) or whole == DUMMY:
        return ""
    glued = len(words) > 1 and len(whole) >= GLUED_LETTERS
    # Letters of other alphabets stand next to each other without blanks between words.
    before, after = ("", "") if glued or not whole.isascii() else ("(?<![0-9a-z])", "(?![0-9a-z])")
    return before + BETWEEN.join(map(re.escape, words)) + after


def _of_day(text: str) -> set[str]:
    try:
        day = datetime.strptime(text.strip(), "%Y%m%d")  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        return set()
    parts = ([f"{day:{two}}" for two in re.findall("%.", order)] for order in DAYS)
    return {f"(?<![0-9]){BETWEEN.join(one)}(?![0-9])" for one in parts}


def _texts(dataset: Any) -> Iterator[str]:
    """Give every value that can be read as text; a shifted day may be somebody's day of birth by chance."""
    for element in dataset.iterall() if len(dataset) else ():
        if element.VR not in ("SQ", "DA", "DT") and not isinstance(element.value, bytes):
            yield str(element.value)


def _is_own_uid(uid: str) -> bool:
    return len(uid) > 10 and not uid.startswith("1.2.840.10008.")
