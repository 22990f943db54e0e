"""ESMO, metastatic GIST: the slide on it is a title without content."""

from __future__ import annotations

from typing import get_args

from isotherm.criteria.rule import Guideline, Topic

GUIDELINE = Guideline(
    id="esmo-gist",
    name="ESMO metastatic GIST",
    edition="no edition printed",
    short="ESMO GIST",
    rules=(),
    silent_on=get_args(Topic),
    note="No criterion is printed in the source: the slide (ESMO Guidelines for Metastatic GIST, in Hsu S-J, "
    "Guidelines for ablation of metastatic liver tumors, TATA Autumn Convention, 15 Sep 2024) has a title and no text. "
    "The guideline itself may hold criteria.",
)
