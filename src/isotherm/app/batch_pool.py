"""A list of cases on this machine: several processes side by side."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from isotherm.app.batch_attempt import Order, Outcome, clear_away
from isotherm.app.batch_process import Measurer


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class OnThisMachine:
    """Measures cases in processes of this machine.

    Parameters
    ----------
    jobs : int, optional
        How many side by side; as many as there are cores unless given.
    timeout_s : float, optional
        Of each case.
    """

    jobs: int | None = None
    timeout_s: float | None = None

    def __call__(
        self, orders: Sequence[Order], *, folder: Path, alone: bool, progress: Callable[[str, str], None]
    ) -> Generator[tuple[Order, Outcome]]:
        """Measure cases, one at a time if `alone`; each comes back when it has ended."""
        count = min(1 if alone else self.jobs or cores(), len(orders))
        measurers = [Measurer() for _ in range(count)]
        here, free = threading.local(), iter(measurers)

        def start() -> None:
            here.measurer = next(free)

        def measure(order: Order) -> Outcome:
            measurer: Measurer = here.measurer
            return measurer.measure(order, timeout_s=self.timeout_s, progress=partial(progress, order.task.name))

        pool = ThreadPoolExecutor(count, initializer=start)
        asked: dict[Future[Outcome], Order] = {}
        try:
            asked |= {pool.submit(measure, order): order for order in orders}
            for future in as_completed(asked):
                yield asked.pop(future), future.result()
        finally:
            # Whoever stops looking stops the measuring.
            for measurer in measurers:
                measurer.end()
            pool.shutdown(cancel_futures=True)
            for measurer in measurers:
                measurer.close()
            for order in asked.values():
                clear_away(order)
