"""What a release has withheld and rounded in the numbers of a study: said once, at the head of its report."""

from __future__ import annotations

from isotherm.app.study_report_words import Result, is_ten
from isotherm.study.disclosure import CUT, WITHHELD


def is_withheld(why: str) -> bool:
    """Whether a reason for a missing number is that a release withholds it."""
    return why == WITHHELD


def release_words(result: Result) -> str:
    """Say what was withheld and what was rounded to what; empty where nothing was."""
    settings = result["settings"]
    if not settings.get("release"):
        return ""
    most = int(settings["smallest_cell"]) - 1
    tens = any(is_ten(record) for record in result["results"].values())
    return (
        f"Made for release: counts from 1 to {most}, and whatever one could be worked out from, are withheld. They are "
        f"there; this report does not tell them: {CUT} in a sentence, a dash in a table. "
        + ("A count that reads “30 to 39” is one of these ten numbers. " if tens else "")
        + "Within findings other counts read “some”. Numbers that are no counts are rounded to 3 digits."
    )
