"""Balance before and after, as records, and the counts that its numbers rest on."""

from __future__ import annotations

from isotherm.columns import Float
from isotherm.study.analysis.compare import Comparison, arms_of
from isotherm.study.balance import DENOMINATORS, Difference
from isotherm.study.design_matrix import DesignMatrix
from isotherm.study.result import Cell, Results, cell

BALANCED_BELOW = 0.1
"""Standardized differences below this are commonly taken for balance (Austin, Stat Med 2009;28:3083-3107)."""

DECIMALS = 12
"""Of standardized differences: exact balance leaves a trace of rounding, which differs between machines."""


def add_balance(results: Results, comparison: Comparison) -> None:
    """Add the balance of every covariate, before and after; of several data sets, the first's, and the worst of all."""
    table = comparison.first.balance(comparison.plan.denominator)
    design = comparison.first.design
    assert table is not None
    assert design is not None
    words = DENOMINATORS[table.denominator]
    results.text("balance.denominator", "Standardized differences are divided by", words)
    rows: list[list[Cell]] = []
    behind = _balance_counts(results, comparison)
    for k, row in enumerate(table.rows, start=1):
        label = comparison.units.column_label(row.name)
        for when, part in (("before", row.before), ("after", row.after)):
            _difference(results, f"balance.{k}.{when}", label, part, words, behind.get(row.name, []))
        rows.append([label, *(cell(f"balance.{k}.{when}.{part}") for when in ("before", "after")
                                 for part in ("treated", "control", "smd"))])  # fmt: skip
    for when in ("before", "after"):
        worst = max((_size(row.before if when == "before" else row.after) for row in table.rows), default=0.0)
        if when == "after":
            worst = max([worst, *(worst_difference(comparison, k) for k in range(1, len(comparison.adjusted)))])
        results.number(
            f"balance.worst.{when}",
            "number",
            round(worst, DECIMALS),
            f"Largest standardized difference {when} adjustment",
            why="infinite: a covariate does not vary, and the arms differ in it",
        )
        if when == "after" and worst >= BALANCED_BELOW:
            results.finding(
                "finding.imbalance",
                "warning",
                f"After adjustment a standardized difference of {worst:.2f} "
                f"remains, where less than {BALANCED_BELOW:g} is commonly taken for balance.",
            )
    for name, place in zip(arms_of(comparison), (0, 1), strict=True):
        for when, sizes in (("before", table.size_before), ("after", table.size_after)):
            whole = float(sizes[place]).is_integer()
            behind = [key for key in (f"propensity.{name}.n", f"matching.{name}.matched") if key in results.counts]
            results.number(
                f"balance.{name}.ess_{when}",
                "number",
                sizes[place],
                f"{name}: effective sample size {when}",
                arm=name,
                rests_on=behind if whole else [],
            )
    heads = [f"{what}, {when}" for when in ("before", "after") for what in ("treated", "reference", "SMD")]
    results.table(
        "balance",
        f"Means of covariates, and their standardized difference (SMD) divided by {words}{comparison.of_first}",
        ["", *heads],
        rows,
    )
    results.curves["balance"] = {
        "threshold": BALANCED_BELOW,
        "rows": [
            {
                "label": comparison.units.column_label(row.name),
                "before": f"balance.{k}.before.smd",
                "after": f"balance.{k}.after.smd",
            }
            for k, row in enumerate(table.rows, start=1)
        ],
    }


def worst_difference(comparison: Comparison, data_set: int = 0) -> float:
    """Return the largest standardized difference that remains after adjustment; 0 without adjustment."""
    table = comparison.adjusted[data_set].balance(comparison.plan.denominator)
    return 0.0 if table is None else round(_size(table.worst.after), DECIMALS)


def _size(difference: Difference) -> float:
    return abs(difference.smd)


def _difference(results: Results, key: str, name: str, part: Difference, words: str, behind: list[str]) -> None:
    results.number(
        f"{key}.smd",
        "number",
        round(part.smd, DECIMALS),
        f"{name}: standardized difference",
        rests_on=behind,
        method=f"divided by {words}",
        why="infinite: it does not vary, and the arms differ",
    )
    numbers = {"treated": part.mean_treated, "control": part.mean_control, "variance_ratio": part.variance_ratio,
               "ks": part.ks}  # fmt: skip
    for what, value in numbers.items():
        results.number(f"{key}.{what}", "number", value, f"{name}: {what.replace('_', ' ')}", rests_on=behind,
                       why="not defined for a yes/no, or where nothing varies")  # fmt: skip


def _balance_counts(results: Results, comparison: Comparison) -> dict[str, list[str]]:
    """Count, without printing, how many in each arm have each yes/no and level, before and after.

    Returns the counts that every row of balance rests on: those of all levels of its covariate, since one follows from
    the others.
    """
    made, design = comparison.first.made, comparison.first.design
    assert made is not None
    assert design is not None
    names, values = design.by_level()
    behind: dict[str, list[str]] = {}
    for term in design.terms:
        own = [name for name in names if name in (term.name, *_level_names(term.name, term.levels))]
        keys = table_one_counts(results, design, own[0]) if term.kind != "number" else []
        for name in own if term.kind != "number" else ():
            x: Float = values[:, names.index(name)]
            for arm_name, arm in zip(arms_of(comparison), (True, False), strict=True):
                for when, kept in (
                    ("before", made.treated == arm),
                    ("after", (made.treated == arm) & (made.weight > 0.0)),
                ):
                    for answer in (1.0, 0.0):
                        keys.append(f"counted.{name}.{when}.{arm_name}.{answer:g}")
                        results.unprinted(keys[-1], int((x[kept] == answer).sum()))
        behind |= dict.fromkeys(own, keys)
    return behind


def table_one_counts(results: Results, design: DesignMatrix, name: str) -> list[str]:
    """Return the counts of Table 1 that a column of a design matrix rests on."""
    column = next(
        (term.name for term in design.terms if name in (term.name, *_level_names(term.name, term.levels))), None
    )
    if column is None:
        return []
    return [key for key, count in results.counts.items()
            if count.printed and key.startswith(f"table_one.{column}.") and key.endswith(".count")]  # fmt: skip


def _level_names(name: str, levels: tuple[str, ...]) -> list[str]:
    return [f"{name}={level}" for level in levels]
