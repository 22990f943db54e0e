"""A list of cases on the workers of a Dask scheduler: the same orders, in processes of the same kind, elsewhere."""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import re
import secrets
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import distributed

from isotherm import __version__
from isotherm.app.batch_attempt import Order, Outcome
from isotherm.app.batch_process import Measurer
from isotherm.errors import BadSetting, NoAnswer
from isotherm.exchange.atomic import PREFIX, write_text
from isotherm.printable import printable

CONNECT_S = 30.0
"""A scheduler that has not answered after so long is not there."""

EMPTY_S = 60.0
"""A scheduler that has had no worker for so long gets none."""

TELL_S = 10.0
"""For this long a case that has ended is asked how: its worker may be gone by then."""

LOOK_S = 2.0

BROKEN_OFF = "The Dask scheduler has broken off; what was finished is kept, and the same command goes on."
NOBODY_LEFT = "The Dask scheduler has no worker left; what was finished is kept, and the same command goes on."

ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://[^\s/@]+:\d{1,5}", re.ASCII)

VERSION = "__import__('isotherm').__version__"
"""Evaluated at the other end, where isotherm may be missing; a function of ours would have to be there."""

_HERE = threading.local()


@dataclass(frozen=True, slots=True)
class OnDask:
    """Measures cases on the workers of a Dask scheduler, which must see the same folders under the same names.

    Parameters
    ----------
    address : str
        Of the scheduler, as in tcp://host:8786; with tls:// the certificates are those of Dask's own configuration.
    timeout_s : float, optional
        Of each case.

    Raises
    ------
    BadSetting
        The address is none.
    """

    address: str
    timeout_s: float | None = None

    def __post_init__(self) -> None:
        if not ADDRESS.fullmatch(self.address):
            raise BadSetting(
                f"--dask {printable(self.address)[:80]} came; give the address of a scheduler, as in tcp://host:8786."
            )

    def __call__(
        self, orders: Sequence[Order], *, folder: Path, alone: bool, progress: Callable[[str, str], None]
    ) -> Generator[tuple[Order, Outcome]]:
        """Measure cases; each comes back when it has ended. A case whose worker is lost goes to another one.

        Raises
        ------
        NoAnswer
            The scheduler is not there, has no worker, or broke off.
        BadSetting
            A worker has another version of isotherm, or does not see the folder of the results.
        """
        for name in ("distributed", "tornado", "asyncio", *logging.root.manager.loggerDict):
            # What these have to say is said here, in a sentence.
            if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
                logging.getLogger(name).setLevel(logging.CRITICAL)
        client = self._client()
        try:
            _check_workers(client, self.address)
            _check_folder(client, folder)
            yield from self._measured(client, orders, alone, progress)
        except (OSError, asyncio.CancelledError):
            raise NoAnswer(BROKEN_OFF) from None
        finally:
            client.close(timeout=CONNECT_S)

    def _client(self) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # other versions of libraries than here are no harm; ours is checked
                return distributed.Client(self.address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError):
            raise NoAnswer(
                f"No Dask scheduler answers at '{printable(self.address)[:80]}'; start one (dask scheduler), and give "
                "its address, as in tcp://host:8786."
            ) from None

    def _measured(
        self, client: Any, orders: Sequence[Order], alone: bool, progress: Callable[[str, str], None]
    ) -> Generator[tuple[Order, Outcome]]:
        ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        token, numbers, waiting = secrets.token_hex(4), count(), iter(orders)
        asked: dict[str, Order] = {}

        def ask(some: Iterable[Order]) -> None:
            for order in some:
                key = f"isotherm-{token}-{next(numbers)}"
                asked[key] = order
                client.submit(measured_there, order, self.timeout_s, key=key, pure=False).add_done_callback(ended.put)

        ask(islice(waiting, 1 if alone else len(orders)))
        while asked:
            future = _next(client, ended, progress)
            order = asked.pop(future.key)
            try:
                outcome = _outcome_of(future)
            except TimeoutError:  # the worker that holds it was lost; what it had written is found, not measured again
                ask([order])
                continue
            yield order, outcome
            progress(order.task.name, "done")
            if alone:
                ask(islice(waiting, 1))


def measured_there(order: Order, timeout_s: float | None) -> Outcome:
    """Measure one case in a process of its own beside this thread of a worker, which starts it with its first case."""
    if not hasattr(_HERE, "measurer"):
        _HERE.measurer = Measurer()
    measurer: Measurer = _HERE.measurer
    return measurer.measure(order, timeout_s=timeout_s, progress=lambda _: None)


def sees(path: str, token: str) -> bool:
    """Say whether a file is seen here, with what was written into it elsewhere, in a folder that can be written to."""
    try:
        return Path(path).read_text(encoding="utf-8") == token and os.access(Path(path).parent, os.W_OK)
    except OSError:
        return False


def _next(client: Any, ended: queue.SimpleQueue[Any], progress: Callable[[str, str], None]) -> Any:
    """Return the next case that has ended; give up where nobody is there to measure one.

    Raises
    ------
    NoAnswer
    """
    there_s = time.monotonic()
    while True:
        with suppress(queue.Empty):
            return ended.get(timeout=LOOK_S)
        answers = client.status == "running"
        if answers and client.nthreads():
            there_s = time.monotonic()
            continue
        progress("Dask", "waiting for a worker" if answers else "waiting for the scheduler")
        if time.monotonic() - there_s > (EMPTY_S if answers else CONNECT_S):
            raise NoAnswer(NOBODY_LEFT if answers else BROKEN_OFF)


def _outcome_of(future: Any) -> Outcome:
    """Return how a case ended, or what kept it from being measured.

    Raises
    ------
    NoAnswer
        The scheduler has forgotten it.
    TimeoutError
        It has ended, and nobody tells how.
    """
    if future.status == "finished":
        return future.result(timeout=TELL_S)
    if future.status != "error":
        raise NoAnswer(BROKEN_OFF)
    error = future.exception()
    if isinstance(error, distributed.KilledWorker):
        return Outcome("died", "The workers of Dask that measured it were ended one after the other")
    return Outcome("refused", f"Its worker of Dask failed with an unforeseen {type(error).__name__}.")


def _check_workers(client: Any, address: str) -> None:
    """Wait for a worker, and refuse any that is not of this version.

    Raises
    ------
    NoAnswer, BadSetting
    """
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError:
        raise NoAnswer(
            f"The Dask scheduler has no worker; start some: dask worker {printable(address)[:80]}."
        ) from None
    found: dict[str, Any] = client.run(eval, VERSION, on_error="return")
    try:
        found["the scheduler"] = client.run_on_scheduler(eval, VERSION)
    except Exception as error:  # whatever keeps it from being imported there
        found["the scheduler"] = error
    for where, version in found.items():
        if version == __version__:
            continue
        says = "cannot import isotherm" if isinstance(version, Exception) else f"has isotherm {printable(str(version))}"
        who = where if where == "the scheduler" else f"the worker at {printable(where)}"
        raise BadSetting(
            f"Of the Dask cluster, {who} {says[:60]} and isotherm {__version__} came; install this version there."
        )


def _check_folder(client: Any, folder: Path) -> None:
    """Refuse workers that do not see the folder of the results as it is seen here.

    Raises
    ------
    BadSetting
    """
    token, probe = secrets.token_hex(16), Path(os.path.abspath(folder)) / f"{PREFIX}{secrets.token_hex(8)}"
    write_text(probe, token)
    try:
        found: Mapping[str, bool] = client.run(sees, str(probe), token)
    finally:
        probe.unlink(missing_ok=True)
    if blind := [where for where, seen in found.items() if not seen]:
        raise BadSetting(
            f"The Dask worker at {printable(blind[0])} does not see the output folder as it is here, or may not write "
            "there; files and results must lie in a folder that is shared by all machines, under one name."
        )
