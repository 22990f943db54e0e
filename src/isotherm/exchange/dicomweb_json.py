"""DICOM as JSON (PS3.18, annex F), read without trust: what is broken is absent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from isotherm.errors import BadAnswer
from isotherm.printable import printable

JSON = "application/dicom+json"

MOST_BYTES = 64 * 2**20
"""Of a list; 1000 instances take 2 MB."""

LONGEST_TEXT = 1024
"""No attribute that a table shows may be longer (PS3.5, section 6.2)."""

Object = Mapping[str, Any]


def read_objects(data: bytes) -> list[Object]:
    """Return the objects of an answer; none for an empty one.

    Raises
    ------
    BadAnswer
        It is no JSON, or holds anything but objects.
    """
    if not data.strip():
        return []
    try:
        told: Any = json.loads(data)
    except (ValueError, RecursionError):
        raise _no_list() from None
    objects = _listed([told] if isinstance(told, dict) else told)
    if objects is None or not all(isinstance(one, dict) for one in objects):
        raise _no_list()
    return objects


def values(item: Object, tag: str) -> Sequence[Any]:
    """Return the values of an attribute, none if it is not there; `tag` is eight hexadecimal digits in capitals."""
    return _listed(_within(item.get(tag), "Value")) or []


def texts(item: Object, tag: str) -> tuple[str, ...]:
    """Return the values that are texts or names, each as one printable line."""
    several = (_within(one, "Alphabetic") if isinstance(one, dict) else one for one in values(item, tag))
    return tuple(printable(one.strip().strip("\0"))[:LONGEST_TEXT] for one in several if isinstance(one, str) and one)


def text(item: Object, tag: str) -> str:
    """Return the first of them, "" if there is none."""
    return next(iter(texts(item, tag)), "")


def whole(item: Object, tag: str) -> int | None:
    """Return a whole number that is not negative, written as a number or as a text; None if there is none."""
    value = next(iter(values(item, tag)), None)
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def objects_within(item: Object, tag: str) -> list[Object]:
    """Return the items of a sequence."""
    return [one for one in values(item, tag) if isinstance(one, dict)]


def _within(value: Any, key: str) -> Any:
    return cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None


def _listed(value: Any) -> list[Any] | None:
    return cast("list[Any]", value) if isinstance(value, list) else None


def _no_list() -> BadAnswer:
    return BadAnswer("The PACS did not answer with a list in DICOM JSON; is the address its DICOMweb service, as in "
                     "https://HOST/dicom-web?")  # fmt: skip
