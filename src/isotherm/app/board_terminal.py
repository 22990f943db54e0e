"""What `isotherm case` prints: margins first, then zones over time, the open question, and what to bear in mind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from isotherm.app.board_view import board_view
from isotherm.app.report_words import NO_BREAK
from isotherm.app.terminal import folded, table_lines
from isotherm.printable import printable

Part = Mapping[str, Any]


def board_text(document: Part, width: int | None = None) -> str:
    """Return a board as text, in lines of at most `width` columns where one is given."""
    view = board_view(document)
    about = [f"{one['label']}: {one['words']}" for one in view["about"]]
    under = (line for said in (view["under"], *about) for line in folded(_plain(said), width))
    head = [printable(view["title"]), *under, ""]
    rest = [
        *_margins(view, width),
        *_found(view, width),
        *_zones(view, width),
        *_question(view, width),
        *_notes(view, width),
    ]
    return "\n".join([*head, *rest, "", view["research"]])


def _margins(view: Part, width: int | None) -> Iterator[str]:
    if view["margins"]:
        rows = [("lesion", "margin", "interval", "registration, status")]
        rows += [tuple(_plain(one[key]) for key in ("lesion", "margin", "interval", "status"))
                 for one in view["margins"]]  # fmt: skip
        yield from table_lines(rows, width)
    else:
        yield f"{view['main']['big']}: {view['main']['when']}"
    for line in view["not_measured"]:
        yield from folded(f"not measured: {line}", width)


def _found(view: Part, width: int | None) -> Iterator[str]:
    if view["found"]:
        yield ""
    for one in view["found"]:
        says = f"{one['says']} {one['mark']}".rstrip() + one["times"]
        yield from folded(_plain(f"found {one['on']}: {one['what'].lower()}, {says}"), width)


def _zones(view: Part, width: int | None) -> Iterator[str]:
    if not view["zones"]:
        return
    yield ""
    for one in view["zones"]:
        growth = f", {one['growth']}" if one["growth"] else ""
        share = f", {one['share']} of the first" if one["n"] > 1 else ""
        yield from folded(_plain(f"zone of lesion {one['lesion']}, {one['months']} months: {one['volume']}{share}; "
                          f"{one['says']}{growth}"), width)  # fmt: skip
    if view["growth_says"]:
        yield from folded(view["growth_says"], width)


def _question(view: Part, width: int | None) -> Iterator[str]:
    yield ""
    if view["died"]:
        yield view["died"]
        return
    if view["question"] is None:
        yield "No question is open: no missing fact would change an answer."
        return
    yield f"OPEN QUESTION: {_plain(view['question']['big'])} {_plain(view['question']['why'])}"
    for line in view["question"]["outcomes"]:
        yield from folded(line, width)


def _notes(view: Part, width: int | None) -> Iterator[str]:
    for note in view["notes"]:
        yield from folded(f"note: {note}", width)


def _plain(text: str) -> str:
    """Return words that a terminal can show: it knows no blank that does not break."""
    return printable(text.replace(NO_BREAK, " "))
