"""ESMO, metastatic neuroendocrine tumors: the slide on it prints results of a review and no criterion."""

from __future__ import annotations

from typing import get_args

from isotherm.criteria.rule import Guideline, Topic

GUIDELINE = Guideline(
    id="esmo-net",
    name="ESMO metastatic neuroendocrine tumors",
    edition="no edition printed",
    short="ESMO NET",
    rules=(),
    silent_on=get_args(Topic),
    note="No criterion is printed on the slide that reproduces it (ESMO Guidelines for Metastatic NET, in Hsu S-J, "
    "Guidelines for ablation of metastatic liver tumors, TATA Autumn Convention, 15 Sep 2024). It reports a systematic "
    "review of radiofrequency ablation: symptoms in 54 % of patients, better afterwards in 92 % of these for 14 to 27 "
    "months in the median, recurrence in 63 to 87 %. The guideline itself may hold criteria.",
)
