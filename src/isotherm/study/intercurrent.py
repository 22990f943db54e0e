"""Intercurrent events: what an outcome becomes where another treatment came first, as the protocol handles it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from isotherm.columns import Float, refuse
from isotherm.study.people import days_between
from isotherm.study.protocol import Protocol
from isotherm.study.protocol_designs import Intercurrent
from isotherm.study.protocol_parts import Outcome


def days_to(protocol: Protocol, one: Intercurrent, outcome: Outcome, table: pd.DataFrame) -> Float:
    """Return the days from the outcome's clock to an intercurrent event, shape (n,); NaN where it did not happen.

    Raises
    ------
    BadColumn
        It does not lie after the start of the clock.
    """
    zero = outcome.start or protocol.time_zero.column
    assert zero is not None  # checked by the protocol
    days = days_between(table, zero, one.date)
    refuse(f"Column '{one.date}'", days <= 0.0, "not after the outcome's clock starts",
           "leave it empty there: what came before is a covariate")  # fmt: skip
    return days


def handled(
    protocol: Protocol, outcome: Outcome, table: pd.DataFrame, days: Float, event: Float
) -> tuple[Float, Float]:
    """Return the days and events, shape (n,), that an outcome has under the protocol's rules.

    A treatment policy changes nothing. Otherwise observation ends on the day of the intercurrent event if that comes
    first, with the event (composite) or without (hypothetical: as if it had been prevented; those who go on are taken
    to stand for those who do not).

    References
    ----------
    .. [1] ICH E9(R1), Addendum on estimands and sensitivity analysis in clinical trials, 2019.
    """
    for one in protocol.intercurrent:
        if outcome.name in one.outcomes and one.handled != "treatment policy":
            at = days_to(protocol, one, outcome, table)
            first = at < days
            event = np.where(first & ~np.isnan(event), 1.0 if one.handled == "composite" else 0.0, event)
            days = np.where(first, at, days)
    return days, event


def came_first(protocol: Protocol, one: Intercurrent, outcome: Outcome, table: pd.DataFrame, days: Float) -> Float:
    """Return 1 where an intercurrent event came before an outcome's event or end, else 0, shape (n,)."""
    return (days_to(protocol, one, outcome, table) < days).astype(np.float64)
