"""The guard: what the design itself does to a comparison, found before any estimate and printed with its counts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from isotherm.study.people import arm_codes, dates
from isotherm.study.protocol import Protocol
from isotherm.study.records import Finding


def design_findings(protocol: Protocol, table: pd.DataFrame) -> Iterator[Finding]:
    """Yield what a reader has to know about the design: arms that are decided after time zero, late exposure.

    An arm that is defined by a date after time zero can only be reached by those who live until then: their time before
    it is free of events by construction (immortal time), and those who do not live until then are in no arm.
    """
    if protocol.arms.column is None:
        yield from _arms_by_dates(protocol, table)
    exposure = protocol.exposure
    if exposure.when == "after time zero" or (exposure.day is not None and exposure.day > 0):
        yield Finding(
            "exposure_after_time_zero",
            "Exposure began after time zero: nobody was treated in between, and only who lived until then could be "
            "(immortal time).",
            len(table),
        )
    if exposure.column is not None and protocol.time_zero.column is not None:
        late = dates(table, exposure.column) > dates(table, protocol.time_zero.column)
        if late.any():
            yield Finding(
                "exposure_after_time_zero",
                f"Exposure began after time zero in {int(late.sum())} of {len(late)} rows; only those who lived until "
                "then could be treated (immortal time).",
                int(late.sum()),
            )


def _arms_by_dates(protocol: Protocol, table: pd.DataFrame) -> Iterator[Finding]:
    start, end = (dates(table, name) for name in protocol.arms.columns)
    zero = protocol.time_zero.column
    if zero is None:
        yield Finding(
            "arm_dates_unchecked",
            "Arms are defined by the days between two dates, and time zero has no date: nobody can check whether arms "
            "were decided after it.",
            len(table),
        )
        return
    decided = np.maximum(start, end)
    late = decided > dates(table, zero)
    codes = arm_codes(protocol.arms, table)
    for place, arm in enumerate(protocol.arms.arms):
        count, size = int((late & (codes == place)).sum()), int((codes == place).sum())
        if count:
            yield Finding(
                f"arm_after_time_zero.{arm.name}",
                f'Arm "{arm.label}" was decided after time zero in {count} of {size} rows: only those who lived until '
                "then could be in it (immortal time). Compare from a landmark at which every arm is known.",
                count,
            )
