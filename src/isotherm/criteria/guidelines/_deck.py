"""The slide deck that reproduces parts of several guidelines: how its slides are cited."""

from __future__ import annotations

from isotherm.source import Citation

DECK = "Hsu S-J, Guidelines for ablation of metastatic liver tumors, TATA Autumn Convention, 15 Sep 2024"


def slide(title: str, heading: str) -> Citation:
    """Return the citation of a document as it is reproduced on a slide, by the slide's heading."""
    return Citation(title=title, year=2024, where=f'slide "{heading}"', journal=DECK)
