"""Where a board goes: board.html, board.pdf and board.json, all of them or none, and never over what came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from isotherm.app.board_page import board_html, board_page
from isotherm.app.board_paper import board_on_paper
from isotherm.app.board_tasks import Boarded
from isotherm.app.outputs import all_or_nothing, json_text
from isotherm.app.places import keep_inputs, new_folder, usable_file, usable_folder
from isotherm.errors import OutputError
from isotherm.exchange.atomic import write_bytes, write_text

PAGE, PAPER, RESULT = "board.html", "board.pdf", "board.json"


@dataclass(frozen=True, slots=True)
class BoardPlaces:
    """Where results go; None where they are not wanted; whether the paper has an annex."""

    out: Path | None
    json: Path | None
    annex: bool = True


def check_places(out: str | None, json: str | None, folder: Path | None, *, annex: bool = True) -> BoardPlaces:
    """Check what was named, before anything is computed.

    Raises
    ------
    OutputError
        A place cannot be written to, or is the folder of the case itself.
    """
    home = None if out is None else usable_folder(out)
    file = None if json in (None, "-") else usable_file(str(json))
    if home is not None and folder is not None and home.resolve() == folder.resolve():
        raise OutputError("The folder of the case came for the results, too; name another one with --out.")
    if file is not None and folder is not None:
        keep_inputs([file], [str(folder / name) for name in ("case.toml", "case.json", "course.toml")])
    return BoardPlaces(home, file, annex)


def write_board(places: BoardPlaces, boarded: Boarded) -> list[str]:
    """Write what is wanted; return what is to be told of it.

    Raises
    ------
    OutputError
    """
    if places.json is not None:
        write_text(places.json, json_text(boarded.document))
    if places.out is None:
        return []
    page = board_page(boarded)
    pdf = board_on_paper(page, on=datetime.now(UTC).astimezone(), annex=places.annex)
    with new_folder(str(places.out)), all_or_nothing() as put:
        (places.out / RESULT).unlink(missing_ok=True)  # its presence says that the rest belongs to it
        write_text(put(places.out / PAGE), board_html(page))
        write_bytes(put(places.out / PAPER), pdf)
        write_text(put(places.out / RESULT), json_text(boarded.document))
    return [f"Page: {places.out / PAGE}", f"Paper: {places.out / PAPER}"]
