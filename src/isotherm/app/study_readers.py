"""Reader studies: a table in; a report for the terminal, readers.json and readers.csv out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isotherm.app.outputs import json_text, table_text
from isotherm.app.places import keep_inputs, new_folder, usable_folder
from isotherm.app.software import versions
from isotherm.app.study_readers_text import readers_text
from isotherm.confidence import checked_level
from isotherm.effect import Effect
from isotherm.errors import BadSetting
from isotherm.exchange.atomic import write_text
from isotherm.exchange.tables_in import read_table
from isotherm.study.rank_sum import RankSum
from isotherm.study.readers import Agreement, Association, ReaderStudy, reader_study
from isotherm.study.readings import Feature, readings

RESULT, TABLE = "readers.json", "readers.csv"
SCHEMA = "isotherm.readers/1"

COLUMNS = ("feature", "reader", "about", "measure", "estimate", "low", "high", "level", "p", "n", "events", "clustered",
           "method", "why")  # fmt: skip
"""Of readers.csv, and keys of the records of readers.json."""

LIBRARIES = ("numpy", "scipy", "pandas")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a table.

    Parameters
    ----------
    outcome : str
    features : tuple of str
    tumor, reader, patient : str or None
    order : mapping
        Categories in their order, by column.
    level : float
    missing : tuple of str
        Codes for "not assessable" or "not known".
    """

    outcome: str
    features: tuple[str, ...]
    tumor: str | None = None
    reader: str | None = None
    patient: str | None = None
    order: Mapping[str, Sequence[str]] | None = None
    level: float = 0.95
    missing: tuple[str, ...] = ()


def orders(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the orders of "NAME=LOW<MIDDLE<HIGH" texts."""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, given, order = text.partition("=")
        categories = tuple(part.strip() for part in order.split("<"))
        if not given or len(categories) < 2 or not all(categories) or len(set(categories)) < len(categories):
            raise BadSetting("--order came in another form; write NAME=LOW<MIDDLE<HIGH, each category once.")
        found[name.strip()] = categories
    return found


def run_readers(table: str, question: Question, out: str | None = None) -> str:
    """Answer a question about a table, write the results where a folder is named, and return the report as text.

    Raises
    ------
    InputError, FitError, OutputError
    """
    checked_level(question.level)
    if out is not None:
        usable_folder(out)
        keep_inputs([Path(out) / RESULT, Path(out) / TABLE], [table])
    codes = [*question.missing, *(number for code in question.missing if (number := _number(code)) is not None)]
    frame = read_table(table, missing=codes)
    read = readings(
        frame, outcome=question.outcome, features=question.features, tumor=question.tumor, reader=question.reader,
        patient=question.patient, order=question.order,
    )  # fmt: skip
    study = reader_study(read, level=question.level)
    text = readers_text(study, question.outcome)
    if out is not None:
        with new_folder(out) as folder:
            records = list(records_of(study))
            rows = [[record[name] for name in COLUMNS] for record in records]
            write_text(folder / TABLE, table_text(COLUMNS, rows))
            write_text(folder / RESULT, json_text(_document(study, question, records)))
        text += f"\nResults: {folder}"
    return text


def _number(code: str) -> float | None:
    try:
        return float(code)
    except ValueError:
        return None


def _document(study: ReaderStudy, question: Question, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the content of readers.json."""
    of = study.readings
    return {
        "schema": SCHEMA,
        "software": versions(*LIBRARIES),
        "question": {
            "outcome": question.outcome, "features": list(question.features), "tumor": question.tumor,
            "reader": question.reader, "patient": question.patient, "level": question.level,
            "order": {name: list(order) for name, order in (question.order or {}).items()},
        },
        "data": {
            "tumors": len(of.event), "patients": of.patients, "with_outcome": int(of.event.sum()),
            "outcome_not_known": of.left_out, "readers": list(of.readers),
        },
        "results": list(records),
    }  # fmt: skip


def records_of(study: ReaderStudy) -> Iterable[dict[str, Any]]:
    """Yield a record for each number, in the order of the report."""
    features = {feature.name: feature for feature in study.readings.features}
    for one in study.associations:
        yield from _of_association(one, features[one.feature])
    for two in study.agreements:
        yield from _of_agreement(two)


def _of_association(one: Association, feature: Feature) -> Iterable[dict[str, Any]]:
    base = {"feature": one.feature, "reader": one.reader, "about": "outcome"}
    yield _record(base, measure="not assessable", estimate=one.not_assessable, n=one.n + one.not_assessable)
    if one.test is not None:
        name, _, _ = one.test.method.partition(";")
        yield _record(base, measure=name.split(",")[0], estimate=one.test.statistic, p=one.test.p_value, n=one.n,
                      method=one.test.method, clustered=False)  # fmt: skip
    if isinstance(one.test, RankSum):
        for which, value in (("with", one.test.median), ("without", one.test.reference_median)):
            yield _record(base, measure=f"median {which} the outcome", estimate=None if feature.is_text else value,
                          method=feature.shown(value) if feature.is_text else None)  # fmt: skip
    yield from _of_effects(base, one.effects, one.clustered, one.whys)


def _of_agreement(two: Agreement) -> Iterable[dict[str, Any]]:
    base = {"feature": two.feature, "reader": " v ".join(two.readers), "about": f"agreement on {two.about}"}
    yield from _of_effects(base, two.effects, two.clustered, two.whys)


def _of_effects(
    base: Mapping[str, Any], effects: Iterable[Effect], clustered: Iterable[Effect], whys: Iterable[str]
) -> Iterable[dict[str, Any]]:
    for is_clustered, group in ((False, effects), (True, clustered)):
        for effect in group:
            # A share is named after what it is a share of; other effects of one sign after what they measure.
            measure = effect.name if effect.measure == "risk" else effect.measure
            yield _record(
                base, measure=measure, estimate=effect.estimate, low=effect.low, high=effect.high, level=effect.level,
                p=effect.p_value, n=effect.n, events=effect.events, clustered=is_clustered, method=effect.method,
            )  # fmt: skip
    for why in whys:
        yield _record(base, measure="not estimated", why=why)


def _record(base: Mapping[str, Any], **parts: Any) -> dict[str, Any]:
    """Return a record with every key; an infinite limit is none."""
    record = dict.fromkeys(COLUMNS) | dict(base) | parts
    return {key: None if value in (float("inf"), float("-inf")) else value for key, value in record.items()}
