"""`isotherm study multiverse`: every analysis of a declared grid, with the protocol that gives each of them again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits  # pyright: ignore[reportMissingTypeStubs]

from isotherm.app.outputs import table_text
from isotherm.app.places import keep_inputs, new_folder, usable_folder
from isotherm.app.software import versions
from isotherm.app.study_data import read_study
from isotherm.app.study_figures_multiverse import SpecPoint, specification_curve
from isotherm.app.study_tasks import LIBRARIES
from isotherm.effect import RATIOS
from isotherm.exchange.atomic import write_bytes, write_text
from isotherm.exchange.protocol_text import protocol_text
from isotherm.study.document import document_text
from isotherm.study.multiverse import Point, Spread, multiverse, spread_of
from isotherm.study.protocol import Protocol
from isotherm.study.result import rounded

SCHEMA = "isotherm.study-multiverse/1"
RESULT, TABLE, FIGURE, PROTOCOLS = "multiverse.json", "multiverse.csv", "multiverse", "specifications"
CHOICES = ("design", "caliper", "ratio", "order", "weights")


def run_multiverse(
    protocol: str, out: str, *, workers: int = 1, progress: Callable[[str], None] = lambda _: None
) -> tuple[dict[str, Any], Path]:
    """Carry out the grid of a protocol; write numbers, figure, and one protocol for each point.

    Returns
    -------
    dict, Path
        The content of multiverse.json, and the folder.

    Raises
    ------
    InputError, FitError, OutputError
    """
    usable_folder(out)
    data = read_study(protocol)
    study = data.protocol
    written = [Path(out) / name for name in (RESULT, TABLE, f"{FIGURE}.svg", f"{FIGURE}.png")]
    keep_inputs(written, data.inputs)
    with threadpool_limits(1, "blas"):
        points = multiverse(study, data.table, chosen=data.chosen, workers=workers, progress=progress)
    document = _document(study, points, spread_of(points))
    with new_folder(out) as folder:
        (folder / PROTOCOLS).mkdir(exist_ok=True)
        for number, one in enumerate(points, start=1):
            write_text(folder / PROTOCOLS / f"{number:03d}.toml", protocol_text(one.protocol))
        head = ["number", *CHOICES, "estimate", "low", "high", "worst_smd", "barred", "main", "protocol", "id", "why"]
        write_text(folder / TABLE, table_text(head, [_row(one) for one in document["points"]]))
        _draw(folder, study, points)
        write_text(folder / RESULT, document_text(document))
    return document, folder


def _document(study: Protocol, points: Sequence[Point], spread: Spread) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "software": versions(*LIBRARIES),
        "protocol": {"title": study.title, "hash": study.hash, "primary": study.primary.name},
        "measure": next((one.effect.measure for one in points if one.effect is not None), None),
        "level": study.methods.estimation.level,
        "spread": {part: rounded(getattr(spread, part)) for part in Spread.__dataclass_fields__},
        "points": [_point(number, one) for number, one in enumerate(points, start=1)],
    }  # fmt: skip


def _point(number: int, one: Point) -> dict[str, Any]:
    effect = one.effect
    low, high = (None, None) if effect is None else (_finite(effect.low), _finite(effect.high))
    return {
        "number": number, "choices": one.choices, "estimate": None if effect is None else rounded(effect.estimate),
        "low": low, "high": high, "worst_smd": rounded(one.worst_smd), "barred": one.barred, "main": one.main,
        "why": one.why, "hash": one.protocol.hash, "file": f"{PROTOCOLS}/{number:03d}.toml", "id": one.result_id,
    }  # fmt: skip


def _finite(value: float) -> float | None:
    return rounded(value) if abs(value) < float("inf") else None


def _row(one: dict[str, Any]) -> list[object]:
    return [one["number"], *(one["choices"].get(name, "") for name in CHOICES), one["estimate"], one["low"],
            one["high"], one["worst_smd"], one["barred"], one["main"], one["hash"], one["id"], one["why"]]  # fmt: skip


def _draw(folder: Path, study: Protocol, points: Sequence[Point]) -> None:
    """Draw the points that have an estimate; none has: no figure."""
    shown = [SpecPoint(number=number, estimate=one.effect.estimate, low=one.effect.low, high=one.effect.high,
                       choices=tuple(one.choices.items()), main=one.main, barred=one.barred)
             for number, one in enumerate(points, start=1) if one.effect is not None]  # fmt: skip
    if not shown:
        return
    measure = next(one.effect.measure for one in points if one.effect is not None)
    drawing = specification_curve(
        shown, measure=f"{study.primary.label}: {measure}" if not study.designs else measure, ratio=measure in RATIOS,
        level=f"{100.0 * study.methods.estimation.level:g} %",
    )  # fmt: skip
    write_bytes(folder / f"{FIGURE}.svg", drawing.svg)
    write_bytes(folder / f"{FIGURE}.png", drawing.png)


def multiverse_text(document: dict[str, Any]) -> str:
    """Return what a terminal shows: how many analyses, their median and range, and how many exclude no difference."""
    found, lines = document["spread"], [document["protocol"]["title"], f"protocol {document['protocol']['hash'][:12]}"]
    what = "analysis" if found["n"] == 1 else "analyses"
    lines += ["", f"{found['n']} {what}, {found['failed']} without an estimate, {found['barred']} barred as an answer"]
    if found["median"] is not None:
        lines.append(f"{document['measure']}: median {found['median']:.3g}, from {found['low']:.3g} to "
                     f"{found['high']:.3g}; {100.0 * found['below']:.0f} % below no difference, "
                     f"{100.0 * found['excluding']:.0f} % with an interval that leaves it out")  # fmt: skip
    lines.append("All were declared before they were seen; the best of them has no p value of its own.")
    return "\n".join(lines)
