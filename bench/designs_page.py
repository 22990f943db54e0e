"""The long run in a table: bias of each design against its own target, coverage of its interval; and as a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import fill
from typing import Any

from bench.designs_cohorts import WORLDS, Cell
from bench.designs_long import Plan, run

PAGE = Path("docs/study-designs-measured.md")

BIAS, COVERAGE, BOOTSTRAP_COVERAGE = 0.03, (0.93, 0.97), (0.91, 0.99)
"""Limits: of the mean log hazard ratio of a right design, and of its coverage."""

Z = 1.959964
"""Of a 95 % interval."""

LEAST_WRONG = 0.03
"""A wrong design is shown wrong where it is off by more than this."""

WRONG: dict[str, tuple[tuple[str, str], ...]] = {
    "no effect": (
        ("OS", "naive, clock at systemic start"), ("PFS", "naive, clock at systemic start"),
        ("OS", "naive, clock at ablation"), ("PFS", "naive, clock at ablation"),
        ("OS", "landmark 3 months, living"), ("OS", "time-dependent Cox model"),
        ("OS", "same, unweighted"), ("OS", "same, static strategies, weighted"),
    ),
}  # fmt: skip
"""What must be seen to be wrong where ablation does nothing."""


def is_right(cell: Cell) -> bool:
    """Say whether a design should find its target: it deals with those who progressed and with what decides."""
    return cell.design in ("clone, censor, weight", "landmark 3 months, progression-free") or (
        cell.design == "time-dependent Cox model" and cell.endpoint == "PFS"
    )


@dataclass(frozen=True, slots=True)
class Line:
    """What all cohorts gave in one cell."""

    cell: Cell
    target: float | None
    mean: float
    sd: float
    n: int
    failed: int
    covered: float | None
    bootstrapped: bool
    interval_sd: float | None
    """Mean over the cohorts of the standard error that their intervals stand for."""

    @property
    def bias(self) -> float | None:
        """Mean minus target."""
        return None if self.target is None else self.mean - self.target

    @property
    def error(self) -> float:
        """Monte Carlo error of the mean."""
        return self.sd / math.sqrt(self.n)

    @property
    def verdict(self) -> str:
        """Return "right", "wrong" or "" as it should be, MISSED where it should be otherwise."""
        if self.bias is None or self.cell.measure != "log hazard ratio":
            return "" if not self.bootstrapped or self._covers else "MISSED"
        if is_right(self.cell):
            return "right" if self._close and self._covers else "MISSED"
        if (self.cell.endpoint, self.cell.design) in WRONG.get(self.cell.world, ()):
            return "wrong" if abs(self.bias) > LEAST_WRONG else "MISSED"
        return "wrong" if abs(self.bias) > LEAST_WRONG else "by luck"

    @property
    def _close(self) -> bool:
        # The bias is judged on the thousand cohorts; the few that are bootstrapped have a larger Monte Carlo error.
        return self.bootstrapped or self.bias is None or abs(self.bias) < BIAS

    @property
    def _covers(self) -> bool:
        low, high = BOOTSTRAP_COVERAGE if self.bootstrapped else COVERAGE
        return self.covered is None or low <= self.covered <= high


def lines(records: Sequence[dict[str, Any]]) -> list[Line]:
    """Sum up the records of a run."""
    aims: dict[str, float] = {}
    values: dict[tuple[bool, str], list[Any]] = {}
    for record in records:
        part = record["part"]
        for key, value in record.items():
            if key == "part":
                continue
            if part == "targets":
                aims[key] = value
            else:
                values.setdefault((part == "bootstrap", key), []).append(value)
    return [_line(key, found, aims.get(key), bootstrapped=boot) for (boot, key), found in values.items()]


def _line(key: str, found: list[Any], target: float | None, *, bootstrapped: bool) -> Line:
    worked = [one for one in found if not isinstance(one, str)]
    estimates = [one[0] for one in worked]
    mean = math.fsum(estimates) / len(estimates)
    sd = math.sqrt(math.fsum((e - mean) ** 2 for e in estimates) / max(1, len(estimates) - 1))
    with_interval = [one for one in worked if one[1] is not None]
    widths = [(one[2] - one[1]) / (2.0 * Z) for one in with_interval]
    held = [one[1] <= target <= one[2] for one in with_interval] if target is not None else []
    return Line(Cell(*key.split("|")), target, mean, sd, len(worked), len(found) - len(worked),
                sum(held) / len(held) if held else None, bootstrapped,
                math.fsum(widths) / len(widths) if widths else None)  # fmt: skip


def page(all_lines: Sequence[Line], plan: Plan) -> str:
    """Return the page of the run."""
    parts = [*_head(plan), *_worlds(all_lines), *_bootstrap(all_lines, plan)]
    missed = sum(line.verdict == "MISSED" for line in all_lines)
    parts += ["## Limits", f"""
        A design that is called right: bias of the mean log hazard ratio below {BIAS:g}, coverage of its 95 % interval
        from {COVERAGE[0]:.0%} to {COVERAGE[1]:.0%} ({BOOTSTRAP_COVERAGE[0]:.0%} to {BOOTSTRAP_COVERAGE[1]:.0%} for the
        bootstrap). Shown wrong: off by more than {LEAST_WRONG:g}. {missed} of {len(all_lines)} lines miss what is
        expected of them."""]  # fmt: skip
    return (
        "\n\n".join(
            part if part[0] in "#|-" else fill(" ".join(part.split()), 120, break_on_hyphens=False) for part in parts
        )
        + "\n"
    )


WORDS = {
    "no effect": "Ablation does nothing, and chance alone decides who is treated when. What is off 0 is bias.",
    "a true effect": "Ablation halves the hazards of progression and of death before it, from its day on.",
    "no effect, confounded": "Ablation does nothing. Burden makes upfront ablation rarer and every hazard higher.",
    "an effect, burden and declines decide": """Ablation lowers the hazards; burden decides as above, and a decline of
        performance, seen when it happens, raises the hazards and stops most ablations that are still due.""",
    "an effect in low burden only": """Ablation lowers the hazards in patients of low burden and does nothing in those
        of high burden; burden decides and raises the hazards. This is what modification by a tumor burden score would
        be.""",
}


def _head(plan: Plan) -> Iterator[str]:
    yield "# Designs for timing questions, measured"
    yield f"""Made by `python -m bench --only designs-long`; do not edit. All patients are simulated: nothing here was
        seen in a patient. {plan.cohorts} cohorts of {plan.patients} patients in each world, seed {plan.seed}; follow-up
        of 36 to 84 months, frailty of variance 1. Delayed (months 2 to 3) against upfront ablation (month 0 to 1)."""
    yield f"""Each design is held against **its own target**, computed from strategies that {plan.following:,} patients
        follow, with the same censoring and the same days within windows:"""
    yield "\n".join((
        "- naive and clone-censor-weight: the strategies, if all followed each of them;",
        "- landmark: the strategies from month 3 on, among those who reach it under each (given burden);",
        "- time-dependent Cox model, progression-free survival: the same model where chance alone decides on ablation;",
        "  for overall survival it has a target only where ablation does nothing.",
    ))  # fmt: skip
    yield """Numbers are log hazard ratios: mean over the cohorts, its target, bias with its Monte Carlo error, standard
        deviation between cohorts, and how often the 95 % interval of a design holds its target (clones have one in the
        bootstrap below). *By luck*: wrong in general, and near its target in this world."""


def _worlds(all_lines: Sequence[Line]) -> Iterator[str]:
    for world in WORLDS:
        own = [line for line in all_lines if line.cell.world == world and not line.bootstrapped]
        yield f"## {world.capitalize()}"
        yield WORDS[world]
        for group in dict.fromkeys(line.cell.group for line in own):
            yield _table([line for line in own if line.cell.group == group], group)


def _bootstrap(all_lines: Sequence[Line], plan: Plan) -> Iterator[str]:
    own = [line for line in all_lines if line.bootstrapped]
    if own:
        cohorts = own[0].n + own[0].failed
        yield "## The bootstrap of clone-censor-weight"
        planned = Plan().bootstrapped
        of = f" (of the {planned} that are planned)" if cohorts < planned else ""
        yield f"""{cohorts} cohorts{of} of the world "{own[0].cell.world}", {plan.replicates} replicates each:
            patients are drawn, cloned, censored and weighted anew; normal intervals."""
        yield _table(own, "all")
        more = {line.cell: line for line in all_lines if not line.bootstrapped and line.sd > 0.0}
        shares = [f"{line.cell.endpoint} {line.cell.measure} {line.interval_sd / line.sd:.2f}"
                  + (f" and {line.interval_sd / more[line.cell].sd:.2f}" if line.cell in more else "")
                  for line in own if line.interval_sd is not None and line.sd > 0.0]  # fmt: skip
        if not shares:
            return
        chance = 100.0 * math.sqrt(0.95 * 0.05 / cohorts)
        yield f"""Standard error of the bootstrap (mean over the cohorts) over the standard deviation between these
            cohorts, and between all {plan.cohorts} of the same world above: {", ".join(shares)}. Below 1, intervals are
            too short. By chance alone a coverage of 95 % in so many cohorts comes out {chance:.1f} points off, and a
            ratio {_off(cohorts)} and {_off(plan.cohorts)} (one standard error each)."""
        yield """How short they are in truth takes more cohorts than a bootstrap of this size can be done on:
            [study-designs.md](study-designs.md#are-the-intervals-of-clones-wide-enough) has the standard error of the
            bootstrap, of a jackknife, and a wider quantile, each held against thousands of cohorts of three sizes."""


def _off(cohorts: int) -> str:
    """Return how far a standard deviation between so many cohorts is off by chance."""
    return f"{1.0 / math.sqrt(2.0 * max(1, cohorts - 1)):.2f}"


def _table(own: Sequence[Line], group: str) -> str:
    title = "design" if group == "all" else f"design (patients of {group})"
    ordered = sorted(own, key=lambda line: line.cell.measure != "log hazard ratio")
    head = [f"| {title} | | mean | target | bias (error) | sd | coverage | |", "|---|---|---|---|---|---|---|---|"]
    return "\n".join([*head, *map(_row, ordered)])


def _row(line: Line) -> str:
    cell, form = line.cell, ".1f" if line.cell.measure == "RMST difference" else ".3f"
    unit = ", days" if cell.measure == "RMST difference" else ""
    name = cell.design if cell.measure == "log hazard ratio" else f"{cell.design}: {cell.measure}{unit}"
    target, bias = "-", "-"
    if line.target is not None and line.bias is not None:
        target, bias = f"{_zero(line.target):+{form}}", f"{line.bias:+{form}} ({line.error:{form}})"
    covered = "" if line.covered is None else f"{100 * line.covered:.1f} %"
    failed = f"; {line.failed} failed" if line.failed else ""
    cells = (name, cell.endpoint, f"{line.mean:+{form}}", target, bias, f"{line.sd:{form}}", covered)
    return f"| {' | '.join(cells)} | {line.verdict}{failed} |"


def _zero(value: float) -> float:
    """Return 0 for what is 0 but for rounding."""
    return 0.0 if abs(value) < 1e-9 else value


def print_designs_long(plan: Plan, *, jobs: int) -> bool:
    """Do the run, print its page, and write it where the run is whole; return whether all limits are kept."""
    found = lines(run(plan, jobs=jobs))
    words = page(found, plan)
    print(words)
    if replace(plan, bootstrapped=0) == Plan(bootstrapped=0):
        PAGE.write_text(words, encoding="utf-8")
    return not any(line.verdict == "MISSED" for line in found)
