"""Near-duplicates in one registry: patients who share birth, sex, primary tumor and a day of ablation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from isotherm.clinical.record import PATIENT_KEY
from isotherm.registry.frames import Tables

FACTS = ("born_on", "sex", "primary", "ablated_on")


def near_duplicates(tables: Tables) -> pd.DataFrame:
    """Return patients who agree in every fact that tells people apart without a name; a person decides who is one.

    A fact that is not known makes nobody alike.

    Returns
    -------
    DataFrame
        A row per patient and group: `group`, numbered from 1, `patient_id`, and the days of ablation that are shared.
    """
    whose = tables["patient"][[PATIENT_KEY, "born_on", "sex"]]
    facts = whose.merge(tables["primary"][[PATIENT_KEY, "primary"]], on=PATIENT_KEY)
    facts = facts.merge(tables["session"][[PATIENT_KEY, "ablated_on"]], on=PATIENT_KEY).dropna().drop_duplicates()
    alike = facts[facts.duplicated(list(FACTS), keep=False)].sort_values([*FACTS, PATIENT_KEY], ignore_index=True)
    number = np.asarray(alike.groupby(list(FACTS), sort=False).ngroup(), dtype=np.int64) + 1
    return pd.DataFrame({"group": number, PATIENT_KEY: alike[PATIENT_KEY], "shared_ablated_on": alike["ablated_on"]})
