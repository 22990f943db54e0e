"""A small publication as a file, to be broken in tests; and records that were altered on purpose."""

from __future__ import annotations

import dataclasses
from typing import Any

from isotherm.evidence.library import Library, library_of

NAME = "smith_2020.toml"

PAPER = """\
schema = 1

[paper]
id = "smith_2020"
short = "Smith 2020"
title = "Margins and progression"
year = 2020
doi = "10.1000/xyz"
design = "retrospective cohort"
organ = "liver"
population = "colorectal liver metastases"
arm = [{ id = "thin", name = "margin below 5 mm" }, { id = "thick", name = "margin of 5 mm or more" }]

[[group]]
where = "Table 2"
measure = "percentage"
number_unit = "%"
unit = "tumor"
results = [
    { id = "thin", label = "progression", estimate = 30.0, events = 12, n = 40, arm = "thin" },
    { id = "thick", label = "progression", estimate = 10.0, events = 5, n = 50, arm = "thick", p = 0.02 },
]

[[group]]
where = "Table 3"
measure = "hazard ratio"
unit = "tumor"
reference = "margin of 5 mm or more"
results = [
    { id = "margin", label = "margin below 5 mm", estimate = 3.0, low = 1.2, high = 7.5, p = 0.02 },
]

[[check]]
id = "which-test"
kind = "two proportions"
of = ["thin#events", "thin#n", "thick#events", "thick#n"]
target = "thick#p"
"""


def library(text: str = PAPER, **more: str) -> Library:
    """Read a library of the small publication, and of more files by their names without an ending."""
    return library_of({NAME: text, **{f"{name}.toml": other for name, other in more.items()}})


def changed(old: str, new: str) -> str:
    """Return the small publication with one piece of its text changed."""
    assert old in PAPER
    return PAPER.replace(old, new, 1)


def altered(whole: Library, record: str, **changes: Any) -> Library:
    """Return a library in which one record says something else."""
    other = dataclasses.replace(whole.results[record], **changes)
    return Library(whole.papers, {**whole.results, record: other}, whole.checks)
