"""A simulated registry: draws, lives, tables, and then its gaps: lost values and patients entered twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from isotherm.columns import Int
from isotherm.errors import BadSetting
from isotherm.study.simulate.registry_draws import Draws, draw
from isotherm.study.simulate.registry_lives import Lives, intended_arms, live
from isotherm.study.simulate.registry_tables import ID_WIDTH, Tables, tables
from isotherm.study.simulate.scenario import Scenario

STREAMS = ("patients", "intentions", "harm", "missing", "duplicates")
"""What is drawn apart, so that a change of one leaves the others as they are."""

TRUTH_STREAM = len(STREAMS)


@dataclass(frozen=True, slots=True, eq=False)
class Registry:
    """A simulated registry, and what nobody could know of it.

    Parameters
    ----------
    scenario : Scenario
    seed : int
    draws : Draws
    arm : array of int, shape (n,)
        The arm that each patient was meant for.
    lives : Lives
    tables : Tables
        With gaps.
    twice : tuple of (id, id)
        Patients who were entered at two centers.
    """

    scenario: Scenario
    seed: int
    draws: Draws
    arm: Int
    lives: Lives
    tables: Tables
    twice: tuple[tuple[str, str], ...]


def simulate_registry(scenario: Scenario, *, seed: int) -> Registry:
    """Simulate a registry; the same scenario and seed give the same one.

    Raises
    ------
    BadSetting
        A negative seed.
    """
    streams = dict(zip(STREAMS, (stream(seed, k) for k in range(len(STREAMS))), strict=True))
    draws = draw(scenario, scenario.patients, streams["patients"])
    arm = intended_arms(scenario, draws, streams["intentions"])
    lives = live(scenario, draws, arm)
    whole = tables(scenario, draws, lives, streams["harm"])
    lost = _with_missing(scenario, whole, streams["missing"])
    again, twice = _with_duplicates(scenario, lost, streams["duplicates"])
    return Registry(scenario, seed, draws, arm, lives, again, twice)


def stream(seed: int, number: int, part: int = 0) -> np.random.Generator:
    """Return the generator of one stream of a seed."""
    if seed < 0:
        raise BadSetting(f"The seed {seed} came; a whole number from 0 on is wanted.")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number, part)))


def _with_missing(scenario: Scenario, whole: Tables, random: np.random.Generator) -> Tables:
    """Take values away at random; what is lost of a patient is lost in the rows of the tumors as well."""
    patients, tumors = whole.patients.copy(), whole.tumors.copy()
    place = tumors["patient"].map(pd.Series(np.arange(len(patients)), index=patients["patient"])).to_numpy()
    for name, share in scenario.gaps.missing:
        if name in patients:
            gone = random.random(len(patients)) < share
            patients[name] = _without(patients[name], gone)
            tumors[name] = _without(tumors[name], gone[place])
        else:
            tumors[name] = _without(tumors[name], random.random(len(tumors)) < share)
    return Tables(patients, tumors, whole.scans)


def _without(values: pd.Series, gone: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> pd.Series:
    whole = pd.api.types.is_integer_dtype(values.dtype)
    return (values.astype("Int64") if whole else values).mask(pd.Series(gone, index=values.index))


def _with_duplicates(
    scenario: Scenario, single: Tables, random: np.random.Generator
) -> tuple[Tables, tuple[tuple[str, str], ...]]:
    """Enter some patients again, with all that is theirs, under a new id at another center."""
    n = len(single.patients)
    again = np.sort(random.choice(n, round(scenario.gaps.duplicates * n), replace=False))
    if not len(again):
        return single, ()
    old = single.patients["patient"].iloc[again].tolist()
    new = {one: f"SYN-{n + 1 + k:0{ID_WIDTH}d}" for k, one in enumerate(old)}
    shift = dict(zip(old, random.integers(1, scenario.centers, len(old)).tolist(), strict=True))

    def entered(table: pd.DataFrame) -> pd.DataFrame:
        copy = table[table["patient"].isin(old)].copy()
        if "center" in copy:
            first = copy["center"].str.removeprefix("center ").astype(int) - 1
            other = (first + copy["patient"].map(shift)) % scenario.centers + 1
            copy["center"] = "center " + other.astype(str)
        copy["patient"] = copy["patient"].map(new)
        return pd.concat([table, copy], ignore_index=True)

    return Tables(entered(single.patients), entered(single.tumors), entered(single.scans)), tuple(new.items())
