"""One attempt at one case of a list, and how it ended; however a case fails, no error leaves from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from isotherm import __version__
from isotherm.app.batch_task import Task, fingerprint, finished, measure
from isotherm.app.outputs import RESULT, clear_results
from isotherm.app.places import NO_ROOM
from isotherm.errors import IsothermError, OutputError

OTHER_VERSION = "isotherm {} came to measure what isotherm {} asked for; install the same version everywhere."

OTHER_FILES = (
    "Its files are not those that the list was read with: they have changed since, or the machine that measures does "
    "not see the same folder; run the list again."
)

NO_MEMORY = "There is not enough memory for these images; crop them around the lesions, or give fewer --jobs."

Ending = Literal["measured", "refused", "late", "died", "no_room"]


@dataclass(frozen=True, slots=True)
class Order:
    """A case to be measured.

    Parameters
    ----------
    task : Task
    home : str
        The folder of its results.
    key : str
        Its fingerprint, as whoever gives the order sees its files.
    version : str
        Of isotherm, which gives the order.
    """

    task: Task
    home: str
    key: str
    version: str = __version__


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended.

    Parameters
    ----------
    ending : {"measured", "refused", "late", "died", "no_room"}
    why : str
        One sentence; "" for what was measured.
    document : mapping, optional
        The content of margin.json of what was measured.
    """

    ending: Ending
    why: str = ""
    document: Mapping[str, Any] | None = None


def attempt(order: Order, *, progress: Callable[[str], None]) -> Outcome:
    """Measure one case in this process."""
    try:
        if order.version != __version__:
            return Outcome("refused", OTHER_VERSION.format(__version__, order.version))
        if fingerprint(order.task) != order.key:
            return Outcome("refused", OTHER_FILES)
        if (document := finished(Path(order.home), order.key)) is not None:
            return Outcome("measured", document=document)  # by a worker that was lost before it could say so
        return Outcome("measured", document=measure(order.task, Path(order.home), order.key, progress=progress))
    except IsothermError as error:
        full = isinstance(error.__cause__, OSError) and error.__cause__.errno in NO_ROOM
        return Outcome("no_room" if full else "refused", str(error))
    except MemoryError:
        return Outcome("refused", NO_MEMORY)
    except Exception as error:  # one bad case never stops the rest; its kind is told
        why = f"An unforeseen {type(error).__name__} came; run this case alone with `{order.task.command}`."
        return Outcome("refused", why)


def clear_away(order: Order) -> None:
    """Take away what a process has left that was ended while it wrote: without margin.json it is no result."""
    home = Path(order.home)
    with suppress(OSError, OutputError):
        if not (home / RESULT).exists():
            clear_results(home)
        home.rmdir()  # refuses, as it should, where something is left
