"""Made-up records for the bench of the registry and its tests of load: patients, lesions and what was done to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from isotherm.clinical.record import Record
from isotherm.clinical.record_kinds import LIVER, RECORD_KINDS

LESIONS = 3
"""Of each patient; every one is treated in one session and seen once afterwards."""

FIRST_DAY = date(2010, 1, 1)

STATES = ("completely ablated", "completely ablated", "local tumor progression", "residual tumor")


def made_up_records(patients: int, *, seed: int, lesions: int = LESIONS, prefix: str = "P") -> Iterator[Record]:
    """Yield the records of patients, one after the other: 4 and 3 for each lesion. Nobody of them lives.

    Parameters
    ----------
    patients : int
    seed : int
    lesions : int
        Of each patient.
    prefix : str
        What the patients' keys begin with.
    """
    draw = np.random.default_rng(seed)
    width = len(str(patients))
    for number in range(1, patients + 1):
        chance = draw.random(8 + 4 * lesions).tolist()
        yield from _patient(f"{prefix}{number:0{width}d}", chance[:8], np.reshape(chance[8:], (lesions, 4)).tolist())


def _patient(patient: str, chance: list[float], lesions: list[list[float]]) -> Iterator[Record]:
    born = date(1930, 1, 1) + timedelta(days=int(chance[0] * 20_000))
    decided = FIRST_DAY + timedelta(days=int(chance[1] * 5_000))
    ablated = decided + timedelta(days=7 + int(chance[2] * 60))

    def of(kind: str, key: str, unknown: str = "", **values: str | float | bool | date) -> Record:
        return Record(kind=RECORD_KINDS[kind], patient_id=patient, id=key, values=values,
                      unknown=frozenset(unknown.split()))  # fmt: skip

    yield of("patient", "", center_id="center1", sex="female" if chance[3] < 0.4 else "male", born_on=born,
             diabetes=chance[4] < 0.2)  # fmt: skip
    yield of("primary", "1", "ras" if chance[5] < 0.2 else "", primary="colorectal", n_stage="N1" if chance[6] < 0.5
             else "N0", diagnosed_on=decided - timedelta(days=int(chance[7] * 900)))  # fmt: skip
    yield of("decision", "1", decided_on=decided, ecog=int(chance[4] * 3), cea_ug_l=round(300 * chance[5], 1),
             n_lesions=len(lesions))  # fmt: skip
    yield of("session", "1", ablated_on=ablated, approach="percutaneous", guidance="CT")
    for number, drawn in enumerate(lesions, 1):
        key = str(number)
        yield of("lesion", key, organ="liver", place=LIVER[int(drawn[0] * len(LIVER))], perihilar=drawn[1] < 0.1)
        yield of("ablation", key, session_id="1", lesion_id=key, modality="MWA", power_w=100.0,
                 minutes=round(3 + 7 * drawn[2], 1))  # fmt: skip
