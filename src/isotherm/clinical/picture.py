"""From a case to the picture of its day: later facts left out, and what follows from the others computed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from isotherm.clinical.case import Case, Noted, Picture
from isotherm.clinical.derive import derive
from isotherm.clinical.fact import Readings, exact, read
from isotherm.clinical.kinds import FactKind, Value
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS


def picture_of(case: Case, *, on: date | None = None) -> Picture:
    """Return what is known of a case on its day, or on another one.

    Parameters
    ----------
    case : Case
    on : date, optional

    Returns
    -------
    Picture
    """
    day = case.on if on is None else on
    patient = _readings(CASE_FACTS, case.facts, day)
    lesions = {lesion.id: _readings(LESION_FACTS, lesion.facts, day) for lesion in case.lesions}
    return pictured(day, patient, lesions, declared_complete=case.lesions_complete)


def pictured(on: date, given: Readings, lesions: Mapping[str, Readings], *, declared_complete: bool) -> Picture:
    """Return the picture that these readings make.

    The list is complete where that was declared, or where the number that was declared is the number of the list; on
    a day for which another number was declared it is not.
    """
    declared, listed = given.get("n_lesions"), len(lesions)
    counted = declared is not None and declared.low == declared.high == listed
    fits = declared is None or declared.low <= listed <= declared.high
    complete = counted or (declared_complete and fits)
    return Picture(on, derive(on, given, lesions, complete=complete), lesions, complete, given)


def supposing(picture: Picture, values: Mapping[tuple[str, str | None], Value]) -> Picture:
    """Return the picture with other values: by the name of a fact, and the lesion or None for the patient.

    What follows from them is computed anew. A number of lesions that is the number of the list completes it.
    """
    given = dict(picture.given)
    lesions = {name: dict(known) for name, known in picture.lesions.items()}
    for (name, lesion), value in values.items():
        kind = (CASE_FACTS if lesion is None else LESION_FACTS)[name]
        (given if lesion is None else lesions[lesion])[name] = exact(kind, value)
    return pictured(picture.on, given, lesions, declared_complete=picture.complete)


def _readings(kinds: Mapping[str, FactKind], facts: Noted, on: date) -> Readings:
    found = ((name, read(kinds[name], noted, on)) for name, noted in facts.items())
    return {name: reading for name, reading in found if reading is not None}
