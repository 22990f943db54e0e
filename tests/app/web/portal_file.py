"""A clinical file as cBioPortal gives it, of patients who never lived: survival from diagnosis, sequenced later."""

from __future__ import annotations

import numpy as np

HEAD = (
    "#Patient Identifier\tSex\tAge at Diagnosis\tPrimary Tumor Site\tKRAS Group\tTime to Sequencing (Months)\t"
    "Overall Survival (Months)\tOverall Survival Status\n"
    "#Identifier of a patient\tSex\tYears, at diagnosis of metastases\tPart of the colon, or rectum\tKRAS, sequenced\t"
    "Months from diagnosis to sequencing\tMonths from diagnosis to death, or to the last contact\tDead, or alive\n"
    "#STRING\tSTRING\tNUMBER\tSTRING\tSTRING\tNUMBER\tNUMBER\tSTRING\n"
    "#1\t1\t1\t1\t1\t1\t1\t1\n"
    "PATIENT_ID\tSEX\tAGE\tPRIMARY_SITE\tKRAS_GROUP\tSEQUENCING_MONTHS\tOS_MONTHS\tOS_STATUS\n"
)


def portal_file(patients: int = 320, *, seed: int = 2) -> str:
    """Return the text of a clinical file of patients.

    Mutant KRAS shortens life (hazard ratio 1.8), and such patients were sequenced later. Only who lived until then is
    in the file, and so is one who was sequenced after death.
    """
    random, rows = np.random.default_rng(seed), list[str]()
    while len(rows) < patients:
        mutant, months = bool(random.random() < 0.45), float(random.uniform(24.0, 96.0))
        sequenced = float(random.exponential(14.0 if mutant else 4.0))
        died = 0.1 + float(random.exponential(34.0 / (1.8 if mutant else 1.0)))
        if (min(died, months) <= sequenced) == bool(rows):
            continue
        status = "1:DECEASED" if died < months else "0:LIVING"
        facts = (random.choice(["Female", "Male"]), random.integers(34, 86),
                 random.choice(["Right colon", "Left colon", "Rectum"]), "Mutant" if mutant else "Wild type",
                 f"{sequenced:.1f}", f"{min(died, months):.1f}", status)  # fmt: skip
        rows.append("\t".join(map(str, (f"P-{len(rows) + 1:07d}", *facts))))
    return HEAD + "\n".join(rows) + "\n"
