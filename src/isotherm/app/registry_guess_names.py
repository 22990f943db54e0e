"""Which field of which kind of record a column's name sounds like: words in, a field and what is left open out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from isotherm.app.study_guess import words_of
from isotherm.clinical.kinds import TO_UNIT
from isotherm.clinical.record import Field, RecordKind
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.exchange.record_mapping import PLACE
from isotherm.exchange.record_source import NO, YES

ENOUGH = 0.5
"""The share of a column's words that a field has to know, for the column to be near it."""

ROWS = frozenset({"patient", "pat", "lesion", "tumor", "tumour"})
"""Words that say what a row is of, and change the meaning of no other one; any other word may, as in extra_organ."""

TUMOR = frozenset({"tumor", "tumour", "lesion", "nodule"})

ALSO = {
    "sex": "gender geschlecht sexe", "born_on": "birth dob birthday birthdate geburtsdatum", "bmi_kg_m2": "bmi",
    "diameter_mm": "size diameter largest durchmesser groesse größe", "place": "segment lobe location lokalisation",
    "ablated_on": "ablation date treatment op datum", "died_on": "death died dod deceased verstorben",
    "modality": "modality technique device type", "minimal_margin_mm": "margin mam", "primary": "primary",
    "diagnosed_on": "diagnosis diagnosed dx", "regimen": "regimen chemo chemotherapy", "ecog": "ecog performance",
    "seen_on": "last followup contact visit", "scanned_on": "scan ct mri imaging", "cea_ug_l": "cea",
    "center_id": "center centre site", "ras": "ras kras", "braf": "braf", "organ": "organ",
    "n_lesions": "tumors tumours lesions", "note": "note remark comment bemerkung",
}  # fmt: skip
"""Words that hospitals use for a field, beside those of its name and its label."""

OF_A_PERSON = frozenset({"patient", "follow_up", "death"})
"""Kinds that tell nothing of one tumor: a column that names one is of something else."""

ONCE_A_ROW = frozenset({"patient", "primary", "decision", "death"})
"""Kinds of which a row tells one: what a row has several times is of something else."""

OPPOSITE = {"male": "female", "female": "male"}
"""What a column of one says no to; whoever is neither cannot be told from it."""

DAY_WORDS = frozenset({"date", "day", "datum", "on"})
VAGUE = frozenset({"status", "state", "name", "value", "result"})
"""Words that name a field only together with its kind."""

DULL = frozenset({"of", "the", "a", "in", "to", "and", "is", "n"})


def words_in(name: str) -> set[str]:
    """Return the words of a column's name that say something, without numbers."""
    return {word.casefold() for word in words_of(name.replace(PLACE, " ")) if not word.isdigit()} - DULL


@dataclass(frozen=True, slots=True)
class Near:
    """A field that a column's name is near, and the words of the name that neither field nor row explains."""

    kind: RecordKind
    field: Field
    strange: frozenset[str]


def best_field(stem: str, taken: Mapping[str, Mapping[str, str]]) -> Near | None:
    """Return the free field that knows all of a column's words, else most of them; the first of equals."""
    words = words_in(stem) - set(_spelled(unit_in(stem)).split())
    counters = words_in(" ".join(re.findall(rf"([^\W\d_]+)[\W_]*{re.escape(PLACE)}", stem)))
    best, reached = None, (False, ENOUGH)
    for kind in RECORD_KINDS.values():
        for field in kind.fields:
            if field.refers or field.name in taken.get(kind.name, {}) or not words:
                continue
            if (PLACE in stem and kind.name in ONCE_A_ROW) or (kind.name in OF_A_PERSON and words & TUMOR):
                continue
            own, label = _own_words(kind, field), words_in(field.label)
            known = own | label | (DAY_WORDS if field.form == "date" else frozenset[str]())
            shared = words & known
            vague = DAY_WORDS | ROWS | (frozenset[str]() if set(kind.name.split("_")) <= words else VAGUE)
            if not ((shared & own) - vague or (label <= words and label - vague)):  # a piece of a label names nothing
                continue
            score = len(shared) / len(words)
            score += 0.1 * (kind.name in words)
            strange = words - known - ROWS - counters - set(kind.name.split("_"))
            rank = (not strange and score > 0.0, score)
            if score >= ENOUGH and (rank > reached or (rank == reached and best is None)):
                best, reached = Near(kind, field, frozenset(strange)), rank
    return best


def _own_words(kind: RecordKind, field: Field) -> set[str]:
    """Return the words that name a field by themselves; the day without which a kind is none has the kind's name."""
    of_kind = set(kind.name.split("_")) if field.form == "date" and field.needed else set[str]()
    return words_in(field.name) | set(ALSO.get(field.name, "").split()) | of_kind


def flag_field(stem: str, told: Iterable[str]) -> tuple[RecordKind, Field, dict[str, str]] | None:
    """Return the field of which a column says yes or no to one choice, as `male` and `ras_mutated` do."""
    words = words_in(stem)
    texts = {one.strip() for one in told}
    if not words or not texts or not {one.casefold() for one in texts} <= YES | NO:
        return None
    for kind in RECORD_KINDS.values():
        for field in kind.fields:
            for choice, other in _opposites(field):
                rest = words - words_in(choice)
                named = rest <= _own_words(kind, field) and (rest or choice in OPPOSITE)
                if named and words_in(choice) <= words:
                    return kind, field, {one: choice if one.casefold() in YES else other for one in sorted(texts)}
    return None


def _opposites(field: Field) -> list[tuple[str, str]]:
    if len(field.choices) == 2:
        return [(field.choices[0], field.choices[1]), (field.choices[1], field.choices[0])]
    return [(one, OPPOSITE[one]) for one in field.choices if one in OPPOSITE]


def unit_in(name: str) -> str:
    """Return the unit that stands in a column's name, as in CEA_ng_ml; empty if none does."""
    spelled = f" {_spelled(name)} "
    return next((unit for unit, _ in TO_UNIT if f" {_spelled(unit)} " in spelled), "")


def _spelled(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", name.replace(PLACE, " ").casefold()))
