"""Further analyses as records: subgroups, sensitivity analyses, one site left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from isotherm.errors import BadSetting, FitError, InputError
from isotherm.study.analysis.adjust import Plan
from isotherm.study.analysis.balanced import worst_difference
from isotherm.study.analysis.compare import Comparison, arms_of, compare
from isotherm.study.analysis.effects import PAIRS, kind_of, label_of, pairs_behind
from isotherm.study.analysis.estimate import Sample, whole_pairs
from isotherm.study.analysis.units import Units
from isotherm.study.protocol_methods import Estimation
from isotherm.study.protocol_parts import Subgroup
from isotherm.study.result import Cell, Results, cell
from isotherm.study.subgroups import subgroups


def add_subgroups(results: Results, comparison: Comparison, estimation: Estimation) -> None:
    """Add the effect within each level of each subgroup and the test of its interaction, for outcomes in time."""
    declared = comparison.units.cohort.protocol.subgroups
    rows: list[list[Cell]] = []
    for name, endpoint in comparison.units.endpoints.items():
        groups: list[dict[str, Any]] = []
        for subgroup in declared if endpoint.days is not None else ():
            groups.append(_subgroup(results, comparison, subgroup, name, estimation, rows))
        if groups:
            results.curves[f"forest.{name}"] = {"overall": f"effect.{name}.adjusted", "groups": groups}
    if rows:
        results.table("subgroups",
                      f"Effects within subgroups, with the test whether they differ{comparison.of_first}",
                      ["", "Patients", "Events", "Hazard ratio", "p of interaction"], rows)  # fmt: skip


def _subgroup(
    results: Results,
    comparison: Comparison,
    subgroup: Subgroup,
    name: str,
    estimation: Estimation,
    rows: list[list[Cell]],
) -> dict[str, Any]:
    """Add one subgroup of one outcome; return what the forest draws."""
    sample = comparison.sample(name)
    level = level_of(comparison.units, subgroup)[sample.unit]
    labels = [part.label for part in subgroup.levels]
    interaction = f"subgroup.{subgroup.name}.interaction.{name}"
    inside, effects = level >= 0, {}
    codes = np.array([f"{k:04d}" for k in level[inside]])
    try:
        found = subgroups(
            sample.take(inside).times(), sample.treated[inside].astype(np.int64), {subgroup.label: codes},
            ties=estimation.ties, level=estimation.level,
        )[0]  # fmt: skip
        effects = {int(one.label): one for one in found.levels}
        results.number(interaction, "p", found.p_interaction, f"{subgroup.label}: interaction", p=found.p_interaction,
                       why=found.method, method=found.method, outcome=name)  # fmt: skip
    except (FitError, InputError) as error:
        results.number(interaction, "p", None, f"{subgroup.label}: interaction", why=str(error), outcome=name)
    rows.append([f"{subgroup.label} ({sample.endpoint.outcome.label})", "", "", "", cell(interaction, "p")])
    drawn: list[dict[str, str]] = []
    every: list[str] = []
    for k, label in enumerate(labels):
        key = f"subgroup.{subgroup.name}.{k + 1}.{name}"
        behind = _level_counts(results, comparison, sample.take(level == k), key, label, name)
        every += behind
        effect = effects[k].effect if k in effects else None
        words = f"{subgroup.label}: {label}"
        if effect is None:
            why = effects[k].reason if k in effects else "nobody is in this level, or the outcome cannot be analyzed"
            results.number(key, "ratio", None, words, why=why, outcome=name)
        else:
            results.effect(key, effect, label=words, outcome=name, rests_on=behind)
        drawn.append({"label": label, "id": key, "n": f"{key}.n", "events": f"{key}.events"})
        rows.append([label, cell(f"{key}.n"), cell(f"{key}.events"), cell(key), ""])
    results.rests_on[interaction] = tuple(every)
    _levels_add_up(results, comparison, sample, level, subgroup, name)
    return {"label": subgroup.label, "interaction": interaction, "levels": drawn}


def level_of(units: Units, subgroup: Subgroup) -> npt.NDArray[np.int64]:
    """Return which level each unit is in, -1 for none.

    Raises
    ------
    BadSetting
        A unit is in two levels.
    """
    level = np.full(len(units), -1, dtype=np.int64)
    for k, part in enumerate(subgroup.levels):
        met = units.meeting(part.where)
        if (level[met] >= 0).any():
            raise BadSetting(f"{int((level[met] >= 0).sum())} patients are in two levels of subgroup "
                             f"{subgroup.name}; make its conditions exclude each other.")  # fmt: skip
        level[met] = k
    return level


def _level_counts(
    results: Results, comparison: Comparison, sample: Sample, key: str, label: str, name: str
) -> list[str]:
    """Count a level, per arm without printing; return what its effect rests on."""
    results.count(f"{key}.n", len(sample), f"{label}: patients", worth=2, outcome=name)
    results.count(f"{key}.events", int(sample.event.sum()), f"{label}: events", worth=2, outcome=name)
    behind: list[str] = []
    for part, kept in (("events", sample.event), ("without", ~sample.event)):
        parts: list[str] = []
        for arm, value in zip(arms_of(comparison), (True, False), strict=True):
            parts.append(f"{key}.{part}.{arm}")
            results.unprinted(parts[-1], int((kept & (sample.treated == value)).sum()))
        behind += parts
        if part == "events":
            results.total(f"{key}.events", parts)
    results.total(f"{key}.n", behind)
    return [*behind, f"{key}.n", f"{key}.events"]


def _levels_add_up(
    results: Results,
    comparison: Comparison,
    sample: Sample,
    level: npt.NDArray[np.int64],
    subgroup: Subgroup,
    name: str,
) -> None:
    """Say that levels and those in none are all who are compared."""
    keys = [f"subgroup.{subgroup.name}.{k}.{name}" for k in range(1, len(subgroup.levels) + 1)]
    kind = "adjusted." if comparison.first.made is not None else ""
    rest = sample.take(level < 0)
    for part, count in (("n", len(rest)), ("events", int(rest.event.sum()))):
        none = f"subgroup.{subgroup.name}.none.{name}.{part}"
        whole = f"subgroup.{subgroup.name}.whole.{name}.{part}"
        results.unprinted(none, count)
        results.unprinted(whole, len(sample) if part == "n" else int(sample.event.sum()))
        results.total(whole, [none, *(f"{key}.{part}" for key in keys)])
        results.total(whole, [f"events.{name}.{kind}{arm}.{part}" for arm in arms_of(comparison)])
    # Whoever sees that nobody is in no level knows that nobody there had the event.
    none = f"subgroup.{subgroup.name}.none.{name}"
    results.unprinted(f"{none}.without", int((~rest.event).sum()))
    results.total(f"{none}.n", [f"{none}.events", f"{none}.without"])


def add_sensitivity(
    results: Results, comparison: Comparison, estimation: Estimation, progress: Callable[[str], None]
) -> None:
    """Add every declared sensitivity analysis: the main estimates again with something changed."""
    rows: list[list[Cell]] = []
    units, main = comparison.units, comparison.plan
    declared = units.cohort.protocol.sensitivity
    for place, analysis in enumerate(declared, start=1):
        progress(f"sensitivity analysis {place} of {len(declared)}: {analysis.name}")
        kept = np.ones(len(units), dtype=np.bool_) if analysis.where is None else units.meeting(analysis.where)
        key, plan = f"sensitivity.{analysis.name}", main.varied(analysis)
        _again(results, units, kept, plan, key, analysis.says, estimation, rows)
        if analysis.leave_one_site_out and units.site is not None:
            for k, site in enumerate(sorted(set(units.site.tolist())), start=1):
                _again(
                    results,
                    units,
                    kept & (units.site != site),
                    plan,
                    f"{key}.site_{k}",
                    f"{analysis.says}: without {site}",
                    estimation,
                    rows,
                )
    if rows:
        results.table("sensitivity", "Sensitivity analyses", ["", "Outcome", "Estimate", "p"], rows)


def _again(
    results: Results,
    units: Units,
    kept: npt.NDArray[np.bool_],
    plan: Plan,
    key: str,
    says: str,
    estimation: Estimation,
    rows: list[list[Cell]],
) -> None:
    """Add the main estimates in some units under another plan."""
    results.count(f"{key}.n", int(kept.sum()), f"{says}: patients", worth=3)
    results.unprinted(f"{key}.not_in_it", int((~kept).sum()))
    results.total("table_one.size.all.patients", [f"{key}.n", f"{key}.not_in_it"])
    try:
        found = compare(units.take(kept), plan)
    except (FitError, InputError) as error:
        for name in units.endpoints:
            results.number(f"{key}.{name}", kind_of(units, name), None, says, why=str(error), outcome=name)
        rows += [[says, units.endpoints[name].outcome.label, cell(f"{key}.{name}"), ""] for name in units.endpoints]
        return
    results.text(f"{key}.target", f"{says}: whose effect", found.first.target)
    worst, why = worst_difference(found), "infinite: a covariate does not vary, and the arms differ in it"
    if found.first.made is None:
        worst, why = None, "nothing is adjusted for in it"
    results.number(f"{key}.worst_smd", "number", worst, f"{says}: largest standardized difference", why=why)
    for name in units.endpoints:
        behind = _unprinted_arms(results, found, f"{key}.{name}", name)
        results.attempt(f"{key}.{name}", kind_of(units, name), label_of(found, name, f" ({says})"),
                        lambda name=name: found.effect(name, estimation)[0], outcome=name, rests_on=behind)  # fmt: skip
        rows.append([says, units.endpoints[name].outcome.label, cell(f"{key}.{name}"), cell(f"{key}.{name}", "p")])


def _unprinted_arms(results: Results, found: Comparison, key: str, name: str) -> list[str]:
    """Count events and others of each arm, without printing them: an estimate from few of them is withheld."""
    sample, keys = found.sample(name), list[str]()
    for arm, value in zip(arms_of(found), (True, False), strict=True):
        mine = sample.arm(value)
        for part, count in (("events", int(mine.event.sum())), ("without", int((~mine.event).sum()))):
            keys.append(f"{key}.counted.{arm}.{part}")
            results.unprinted(keys[-1], count)
    if pairs_behind(found, name):
        for part, count in zip(PAIRS, _pairs(sample), strict=True):
            keys.append(f"{key}.counted.pairs.{part}")
            results.unprinted(keys[-1], count)
    return keys


def _pairs(sample: Sample) -> tuple[int, int, int, int]:
    """Count pairs by who had the event; none where no pair is whole."""
    try:
        pairs = whole_pairs(sample)
    except (FitError, InputError):
        return 0, 0, 0, 0
    return pairs.both, pairs.first_only, pairs.second_only, pairs.neither


def add_sites(
    results: Results, comparison: Comparison, estimation: Estimation, progress: Callable[[str], None]
) -> None:
    """Add the main estimates without each site in turn."""
    units = comparison.units
    if units.site is None:
        return
    sites = sorted(set(units.site.tolist()))
    for k, site in enumerate(sites, start=1):
        progress(f"without site {k} of {len(sites)}")
        kept = units.site != site
        try:
            found = compare(units.take(kept), comparison.plan)
        except (FitError, InputError) as error:
            for name in units.endpoints:
                results.number(f"leave_one_site_out.{k}.{name}", kind_of(units, name), None, f"Without {site}",
                               why=str(error), outcome=name)  # fmt: skip
            continue
        for name in units.endpoints:
            key = f"leave_one_site_out.{k}.{name}"
            behind = _unprinted_arms(results, found, key, name)
            results.attempt(key, kind_of(units, name), label_of(found, name, f", without {site}"),
                            lambda name=name, found=found: found.effect(name, estimation)[0], outcome=name,
                            rests_on=behind)  # fmt: skip
