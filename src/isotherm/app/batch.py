"""Many cases from one list: side by side, resumable, and one bad case never stops the rest."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from isotherm.app.batch_attempt import Order, Outcome, clear_away
from isotherm.app.batch_summary import Summary
from isotherm.app.batch_tables import CASES, CASES_HEAD, HOMES, Told, told_of
from isotherm.app.batch_task import FINGERPRINT, Task, fingerprint, finished
from isotherm.app.manifest import read_manifest
from isotherm.app.outputs import TABLE, TABLE_HEADS, keep_tables, safe_name
from isotherm.app.places import keep_inputs, new_folder
from isotherm.app.settings import Facts, Settings
from isotherm.errors import OutputError
from isotherm.exchange.atomic import leftovers
from isotherm.exchange.folder_lock import one_at_a_time

Progress = Callable[[str, str], None]
"""Told the name of a case, and in words what is being done."""


class Way(Protocol):
    """Where and how cases are measured."""

    def __call__(self, orders: Sequence[Order], *, folder: Path, alone: bool, progress: Progress) -> Measured:
        """Measure cases whose results go into `folder`, one at a time if `alone`; each comes back when it has ended."""
        ...


Measured = Generator[tuple[Order, Outcome]]


def run_batch(
    manifest: str, out: str, settings: Settings, facts: Facts, *, way: Way, progress: Callable[[str], None]
) -> Summary:
    """Measure every case of a list, but for those that an earlier run has measured from the same files.

    Raises
    ------
    BadManifest
        The list cannot be used at all.
    OutputError
        The folder cannot be written to, another run is writing there, or the list lies where its results would go.
    NoAnswer
        Where cases are measured elsewhere, and nobody is there.
    """
    progress("reading the list")
    tasks = read_manifest(manifest, settings, facts)
    keep_inputs([Path(out) / TABLE, Path(out) / CASES], [manifest])
    keep_tables(Path(out), {TABLE: TABLE_HEADS, CASES: [CASES_HEAD]})
    with new_folder(out) as folder, one_at_a_time(folder):
        for path in leftovers(folder):
            path.unlink(missing_ok=True)
        summary = Summary(folder, tasks)
        orders = _open(tasks, summary)
        try:
            _measure(orders, summary, way, progress)
        except BaseException:
            _look_again(orders, summary)
            raise
        finally:
            # A run that is stopped leaves whole tables of what it has done, and none of what another has done.
            if summary.known or (folder / CASES).exists():
                summary.write()
    return summary


def _open(tasks: Sequence[Task], summary: Summary) -> list[Order]:
    """Keep what an earlier run has finished, and return the orders for the rest."""
    orders: list[Order] = []
    folder = Path(os.path.abspath(summary.folder))
    for task in tasks:
        home, key = folder / HOMES / safe_name(task.name), fingerprint(task)
        if (told := _kept(task, home, key)) is not None:
            summary.keep(task.name, told)
        else:
            orders.append(Order(task, str(home), key))
    return orders


def _look_again(orders: Sequence[Order], summary: Summary) -> None:
    """Keep what was finished by somebody who could not say so any more."""
    for order in orders:
        home = Path(order.home)
        if not summary.knows(order.task.name) and (told := _kept(order.task, home, order.key)) is not None:
            summary.keep(order.task.name, told)


def _kept(task: Task, home: Path, key: str) -> Told | None:
    """Return what an earlier run has found of the same case, or None where there is nothing, or only a damaged one."""
    if (document := finished(home, key)) is None:
        return None
    try:
        return told_of(task, document)
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration):
        (home / FINGERPRINT).unlink()
        return None


def _measure(orders: Sequence[Order], summary: Summary, way: Way, progress: Callable[[str], None]) -> None:
    def tell(name: str, doing: str) -> None:
        progress(f"{summary.ahead()}: {name}: {doing}")

    died: list[Order] = []
    for alone in (False, True):
        asked, died = (died if alone else orders), []
        if not asked:
            return
        with closing(way(asked, folder=summary.folder, alone=alone, progress=tell)) as ended:
            for order, outcome in ended:
                if outcome.ending in ("late", "died"):
                    clear_away(order)
                if outcome.ending == "no_room":
                    raise OutputError(outcome.why)  # all other cases would be measured for nothing
                if outcome.ending == "died" and not alone:
                    # Perhaps it was only ended for the memory that others took: once more, with the machine for itself.
                    died.append(order)
                else:
                    summary.add(order.task.name, _twice(order, outcome) if outcome.ending == "died" else outcome)


def _twice(order: Order, outcome: Outcome) -> Outcome:
    return replace(outcome, why=f"{outcome.why}; it was tried twice: run it alone with `{order.task.command}`.")
