"""The tumor board's page on paper: one A4 sheet first, then the annex; the same words as the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from isotherm.app.board_page import BoardPage
from isotherm.app.criteria_words import ANSWER_WORDS, SIGNS
from isotherm.app.figures import Drawing
from isotherm.app.paper import typeset
from isotherm.app.report_words import ml, mm, percent

Part = Mapping[str, Any]


def board_on_paper(page: BoardPage, *, on: datetime, annex: bool = True) -> bytes:
    """Typeset a board as a PDF (PDF/A-2a and PDF/UA-1), without a file name or a path in it.

    Parameters
    ----------
    page : BoardPage
    on : datetime
        When it is made, with a time zone.
    annex : bool
        Whether more follows than the sheet.
    """
    drawings: dict[str, bytes] = {}
    parts = page.view["annex"]
    data: dict[str, Any] = {key: value for key, value in page.view.items() if key != "annex"} | {
        "figure": _put(page.figure, "zones", drawings),
        "figure_alt": page.figure.description if page.figure else "",
        "lesions": [_lesion(one, page, drawings, number) for number, one in enumerate(parts["margins"])],
        "with_annex": annex, "scans": parts["scans"], "course": parts["course"],
        "answers": [] if parts["criteria"] is None else [_answers(one) for one in parts["criteria"]["annex"]],
        "references": [*([] if parts["criteria"] is None else parts["criteria"]["sources"]),
                       *(one["source"] for one in parts["evidence"])],
        "questions": [] if parts["criteria"] is None else parts["criteria"]["gaps"],
    }  # fmt: skip
    return typeset("board.typ", data, drawings, on=on)


def _put(drawing: Drawing | None, name: str, drawings: dict[str, bytes]) -> str | None:
    if drawing is None:
        return None
    drawings[f"{name}.svg"] = drawing.svg
    return f"{name}.svg"


def _lesion(one: Part, page: BoardPage, drawings: dict[str, bytes], number: int) -> dict[str, Any]:
    planes = page.planes.get((one["session"], one["lesion"]))
    numbers = [
        ("Interval", one["interval"]), ("Chance of 5 mm or more", one["chance"]), ("Status", one["status"]),
        ("Measured", one["when"]),
        ("Thinnest toward", one["direction"]),
        ("Surface under 0 mm", "" if one["below_0"] is None else percent(one["below_0"])),
        ("Surface under 5 mm", "" if one["below_5"] is None else percent(one["below_5"])),
        ("Uncovered tumor", "" if one["residual_ml"] is None else ml(one["residual_ml"])),
        ("Tumor", "" if one["tumor_ml"] is None else ml(one["tumor_ml"])),
        ("Zone", "" if one["zone_ml"] is None else ml(one["zone_ml"])),
        ("Expected error of the registration", "" if one["error_mm"] is None else mm(one["error_mm"])),
    ]  # fmt: skip
    return {
        "name": f"Lesion {one['lesion']}, session {one['session'] or 'not noted'}: {one['margin']}",
        "numbers": [list(pair) for pair in numbers if pair[1]], "caveats": one["caveats"],
        "planes": _put(planes, f"planes-{number}", drawings), "planes_alt": planes.description if planes else "",
    }  # fmt: skip


def _answers(part: Part) -> dict[str, Any]:
    rows = [[SIGNS[one["finding"]["answer"]], f"{one['finding']['rule']['title']} "
             f"({ANSWER_WORDS[one['finding']['answer']]})", "; ".join(one["finding"]["reasons"]),
             f"{one['finding']['grade']['text']}; {one['force']} [{one['source']}]"]
            for one in part["findings"]]  # fmt: skip
    rows += [[SIGNS[one["answer"]], f"{one['title']} ({ANSWER_WORDS[one['answer']]})",
              "the source combines these itself", ""] for one in part["combined"]]  # fmt: skip
    return {"name": f"{part['guideline']['name']}, {part['guideline']['edition']}", "rows": rows,
            "note": part["guideline"]["note"]}  # fmt: skip
