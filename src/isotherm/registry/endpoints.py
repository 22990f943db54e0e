"""Tables of a registry → endpoints per patient, per session and per tumor, in one pass over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isotherm.registry.endpoints_answers import tumor_answers
from isotherm.registry.endpoints_kinds import Choices
from isotherm.registry.endpoints_local import Local, local_course, tumor_times
from isotherm.registry.endpoints_patient import Patients, patients
from isotherm.registry.endpoints_session import Sessions, sessions
from isotherm.registry.frames import Tables
from isotherm.registry.linked import Linked
from isotherm.registry.lives import Lives, lives
from isotherm.registry.timed import Timed, Told
from isotherm.registry.tumors import Tumors, tumors


@dataclass(frozen=True, slots=True, eq=False)
class Endpoints:
    """Everything that is measured of a registry, and what it was read off.

    Rows are those of the tables: of patients, lesions and sessions.
    """

    choices: Choices
    linked: Linked
    lives: Lives
    tumors: Tumors
    local: Local
    patients: Patients
    tumor_times: Mapping[str, Timed]
    tumor_answers: Mapping[str, Told]
    sessions: Sessions


def endpoints(tables: Tables, choices: Choices | None = None) -> Endpoints:
    """Return the endpoints of a registry.

    Parameters
    ----------
    tables : Tables
        As `isotherm.registry.frames.frames` gives them.
    choices : Choices, optional
        What no consensus settles; the defaults unless given.

    Raises
    ------
    BadTable
        Two records of a kind have the same keys.
    """
    choices = choices or Choices()
    linked = Linked(tables)
    life, tumor = lives(linked), tumors(linked)
    local = local_course(tumor, choices)
    return Endpoints(
        choices, linked, life, tumor, local, patients(linked, life, tumor, local, choices),
        tumor_times(tumor, local, life, choices), tumor_answers(linked, tumor, local, choices),
        sessions(linked, tumor, life, choices),
    )  # fmt: skip
