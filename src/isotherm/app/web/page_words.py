"""What the measurement refuses, in the words of the page: its boxes are named, not options of the command line."""

from __future__ import annotations

import re

from isotherm.exchange.origin import CONFIRM

CONFIRMED = "I have checked that both scans are of one patient, and which is before"
"""What stands at the box to tick."""

TICK = f"if so, begin again and tick “{CONFIRMED}”"

BOXES = {"earlier image": "Scan before ablation", "later image": "Scan after ablation"}
"""What a page calls the images that a sentence names."""

IMAGE = re.compile(r"\bthe (earlier image|later image) file\b", re.IGNORECASE)


def on_the_page(said: str) -> str:
    """Return a refusal of the command line in the words of the page."""
    return IMAGE.sub(_of_box, said.replace(CONFIRM, TICK))


def _of_box(found: re.Match[str]) -> str:
    return f"{found[0][0]}he file of “{BOXES[found[1].lower()]}”"
