"""Factors of outcomes as the guard sees them: events for each of them, and factors that were known only later."""

from __future__ import annotations

from collections.abc import Iterator

from isotherm.errors import InputError
from isotherm.study.factor_terms import FactorRows, factor_rows
from isotherm.study.finding import Finding, Tally
from isotherm.study.guard.outcomes import PER_VARIABLE
from isotherm.study.guard.patients import Patients
from isotherm.study.protocol_factors import Factors


def factor_findings(patients: Patients) -> Iterator[Finding]:
    """Yield what the factors of an outcome cannot carry; nothing while outcomes are blinded."""
    if patients.protocol.outcomes_blinded:
        return
    for factors in patients.protocol.factors:
        try:
            rows = factor_rows(patients.cohort, factors)
        except InputError:
            continue  # a finding of its own: the outcome is not usable
        yield from _events_per_factor(factors, rows)
        yield from _late(factors, rows)


def _events_per_factor(factors: Factors, rows: FactorRows) -> Iterator[Finding]:
    variables, events = sum(len(term.names) for term in rows.terms), int((rows.code == 1).sum())
    if events < PER_VARIABLE * variables:
        yield Finding(
            f"events_per_factor.{factors.name}",
            f"{factors.label}: {events} events for {variables} variables in those in whom all factors are known, "
            f"{events / variables:.1f} per variable; below {PER_VARIABLE} the model of all factors strays, mostly away "
            "from a hazard ratio of 1.",
            events, "warn", "Name fewer factors, chosen by what is known of them and not by p values.", (),
            (Tally(what=factors.label, value=events, unit="events"),
             Tally(what=factors.label, value=events / variables, unit="per variable")),
        )  # fmt: skip


def _late(factors: Factors, rows: FactorRows) -> Iterator[Finding]:
    for column, label, count in rows.late:
        if count:
            whole = int(rows.complete.sum())
            yield Finding(
                f"factor_known_late.{factors.name}.{column}",
                f"{label} was known after the clock of {rows.outcome.label} had started in {count} of {whole} rows: "
                "whoever has it had no event until then, which favors whatever it says of them.",
                count, "warn", "Take the factor as it was known when the clock starts.", (),
                (Tally(what="known after the clock had started", value=count, unit="rows", of=whole),),
            )  # fmt: skip
