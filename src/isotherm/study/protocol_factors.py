"""Factors of an outcome in a protocol: which covariates are held, each alone and all together, against its hazard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isotherm.study.protocol_checks import Problem, filled, refuse, repeated, unless
from isotherm.study.protocol_timing import NAME

if TYPE_CHECKING:
    from isotherm.study.protocol import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Factors that may go with an outcome with times, of tumors or of patients.

    Parameters
    ----------
    name, label : str
        Short name, and what people call the analysis: "Factors of local tumor progression".
    outcome : str
        Name of the outcome.
    columns : tuple of str
        Columns of covariates of the protocol, whether adjusted for or only described; a covariate may differ between
        tumors of a patient where the outcome is one of tumors.
    arms : bool
        Whether the arms are a factor as well.
    """

    name: str
    label: str
    outcome: str
    columns: tuple[str, ...]
    arms: bool = False

    def __post_init__(self) -> None:
        refuse([
            *filled("An analysis of factors", name=self.name, label=self.label, outcome=self.outcome),
            unless(bool(NAME.fullmatch(self.name)) or not self.name.strip(), "name",
                   "Names of factors are letters, digits, blanks, - and _; rename it."),
            unless(bool(self.columns), "columns", "Factors need a column at least; name those of covariates."),
            unless(not repeated(self.columns), "columns", f"A factor is named twice: {repeated(self.columns)}."),
        ])  # fmt: skip


def factor_problems(protocol: Protocol) -> Iterator[Problem | None]:
    """Yield factors that are no covariates, of no outcome with times, or known only after the clock has started."""
    names = repeated(one.name for one in protocol.factors)
    yield unless(not names, "factors", f"Two entries of factors share a name: {names}.")
    covariates = {one.column: one for one in protocol.covariates}
    timed = {one.name: one for one in protocol.outcomes if one.kind == "time"}
    for at, one in enumerate(protocol.factors):
        outcome = timed.get(one.outcome)
        yield unless(outcome is not None, f"factors.{at}.outcome",
                     f"{one.outcome} is no outcome with times of the protocol; factors need one.")  # fmt: skip
        stray = ", ".join(name for name in one.columns if name not in covariates)
        yield unless(not stray, f"factors.{at}.columns",
                     f"{stray} is no covariate; declare it as [[covariate]], with use = \"describe\" where it is not "
                     "adjusted for.")  # fmt: skip
        known = {name: covariates[name].known for name in one.columns if name in covariates}
        late = ", ".join(name for name, when in known.items()
                         if when.when == "after time zero" or (when.day is not None and when.day > 0))  # fmt: skip
        yield unless(not late or outcome is None or outcome.start is not None, f"factors.{at}.columns",
                     f"{late} was known after time zero, from which {one.outcome} counts: who had the event before "
                     "cannot have it; leave it out.")  # fmt: skip
