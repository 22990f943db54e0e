"""What was found of lesions at a follow-up, noted along with it; and the key that a new record gets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from isotherm.clinical.record import Record, RecordKind
from isotherm.clinical.record_kinds import FINDING, FOLLOW_UP
from isotherm.errors import BadSetting

OF_LESION = "lesion."
"""Before the key of a lesion, as in: lesion.2=completely ablated."""


def findings_apart(kind: RecordKind, written: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return a record's own NAME=VALUE, and the state of each lesion that was written with a follow-up.

    Raises
    ------
    BadSetting
        A lesion came twice, or with no state.
    """
    own: list[str] = []
    states: dict[str, str] = {}
    for one in written:
        name, _, state = one.partition("=")
        lesion = name.removeprefix(OF_LESION)
        if kind is not FOLLOW_UP or lesion == name:
            own.append(one)
        elif lesion in states:
            raise BadSetting("A lesion came twice; give what was found of it once.")
        elif not state:
            raise BadSetting("A lesion came without what was found of it, as in: lesion.2='completely ablated'.")
        else:
            states[lesion] = state
    return own, states


def findings_at(follow_up: Record, states: Mapping[str, str], noted: Iterable[Record]) -> Iterator[Record]:
    """Yield the findings of lesions at a follow-up, under the next free keys.

    Raises
    ------
    ValueError
        A state that none is; the message does not repeat it.
    """
    first = int(next_key(FINDING, noted))
    for number, (lesion, state) in enumerate(states.items(), first):
        values = {"follow_up_id": follow_up.id, "lesion_id": lesion, "state": state}
        yield Record(kind=FINDING, patient_id=follow_up.patient_id, id=str(number), values=values)


def next_key(kind: RecordKind, noted: Iterable[Record]) -> str:
    """Return the key of a new record: the next free number; empty where a patient has only one of its kind.

    Parameters
    ----------
    kind : RecordKind
    noted : iterable of Record
        Of the patient, with those that were withdrawn: no key is used again.
    """
    if not kind.several:
        return ""
    own = [one.id for one in noted if one.kind is kind]
    return str(max((int(key) for key in own if key.isdecimal()), default=0) + 1)
