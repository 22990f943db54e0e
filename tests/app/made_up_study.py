"""Results of studies for the tests of their report: the real cohort, made-up ones, released, blinded, hostile."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from isotherm.exchange.protocol_files import read_protocol
from isotherm.exchange.tables_in import read_records
from isotherm.study.analysis.run import analyze
from isotherm.study.disclosure import release
from isotherm.study.document import document_of, document_text
from isotherm.study.known import Known
from isotherm.study.protocol_factors import Factors
from isotherm.study.protocol_methods import Coarsened, Methods, MissingData, Unadjusted
from isotherm.study.protocol_parts import Covariate, Data
from isotherm.study.result import StudyResult
from tests.study.cohorts import ELDERLY, PAIRS, WEIGHTS, people, run
from tests.study.four_arms import four
from tests.study.four_arms import people as four_people
from tests.study.protocols import BEFORE
from tests.study.registry import BURDEN, COMPLICATION, EVERY, LTP, REPEAT, VOLUME, registry, timing

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(2)> {headline.effect} {x} $a_b$ & \"'\x0b"
"""A name that somebody may give to an arm: markup, templates, formulas, a control character."""

SITES = Data(file="cohort.csv", patient="id", site="site")

MARGIN = Covariate(column="margin", label="Margin", unit="mm", kind="number", use="describe",
                   known=Known(column="treated_on"))  # fmt: skip
PLACE = Covariate(column="place", label="Place", kind="category", known=BEFORE, use="describe", reference="center",
                  levels=(("d", "dome"), ("c", "center"), ("h", "hilum")))  # fmt: skip
SAME = Covariate(column="same", label="Same in all", kind="yes/no", known=BEFORE, use="describe")
FACTORS = Factors(name="ltp", label="Factors of local progression", outcome="ltp", columns=("margin", "place", "same"))
NO_FACTOR = Factors(name="none", label="Nothing to find", outcome="os", columns=("same",))

CHANGES: dict[str, dict[str, Any]] = {
    "weights": {"methods": replace(WEIGHTS, bootstrap=22), "sensitivity": (ELDERLY,)},
    "pairs": {"methods": PAIRS, "data": SITES},
    "imputed": {"methods": replace(PAIRS, missing=MissingData(method="multiple imputation", imputations=2))},
    "coarsened": {"methods": Methods(adjustment=Coarsened())},
    "unadjusted": {"methods": Methods(adjustment=Unadjusted())},
    "blinded": {"outcomes_blinded": True},
}


def result_of(name: str) -> dict[str, Any]:
    """Return what result.json would hold: "real", "hostile", a key of `CHANGES`, or one of these with "released"."""
    return copy.deepcopy(_made(name))


@cache
def _made(name: str) -> dict[str, Any]:
    if name == "hostile":
        return _hostile(result_of("pairs"))
    plain = name.removesuffix(" released")
    found = _real() if plain == "real" else _of_timing(plain) if plain in TIMING else _changed(plain)
    return json.loads(document_text(document_of(release(found) if plain != name else found, {"isotherm": "0"})))


def _changed(plain: str) -> StudyResult:
    return run(people(120, gaps=0 if plain == "pairs" else 6), **CHANGES[plain])


TIMING = ("designs", "several")
"""Studies of timing: designs side by side with tumors in patients, and four arms."""


@cache
def _of_timing(plain: str) -> StudyResult:
    if plain == "several":
        return analyze(four(), four_people())
    study = timing(
        outcomes=(timing().outcomes[0], LTP, COMPLICATION), data=Data(file="r", patient="id", tumor="lesion"),
        intercurrent=(REPEAT,), serial=(VOLUME,), designs=EVERY, caveats=("Made up.",), factors=(FACTORS, NO_FACTOR),
        covariates=(BURDEN, MARGIN, PLACE, SAME),
    )  # fmt: skip
    return analyze(study, _places(registry(120, tumors=2)))


def _places(table: pd.DataFrame) -> pd.DataFrame:
    """Return tumors with a margin and a place, and a fact that is the same in all."""
    random = np.random.default_rng(5)
    place = random.choice(np.array(["d", "c", "h"]), len(table), p=[0.3, 0.6, 0.1])
    return table.assign(margin=random.uniform(0.0, 12.0, len(table)).round(1), place=place, same=1.0)


@cache
def _real() -> StudyResult:
    with resources.as_file(resources.files("isotherm.app") / "data" / "crlm") as folder:
        protocol = read_protocol(folder / "crlm_study.toml")
        few = replace(protocol, methods=replace(protocol.methods, bootstrap=20))
        return analyze(few, read_records(few, folder))


def _hostile(result: dict[str, Any]) -> dict[str, Any]:
    """Put a hostile name wherever a protocol or a table may have given one."""
    text = json.dumps(result)
    for word in ("Drug", "No drug", "Overall survival", "Made up.", "18 years or older", "Age"):
        text = text.replace(json.dumps(word)[1:-1], json.dumps(f"{word} {HOSTILE}")[1:-1])
    found: dict[str, Any] = json.loads(text)
    found["data"]["sites"] = [HOSTILE, "B"]
    for box in found["flow"]["boxes"]:
        for one in box["sites"]:
            one["site"] = HOSTILE if one["site"] == "A" else one["site"]
    return found
