"""Columns of a cohort, and conditions on them, in the words of the registry's fields: labels with their units."""

from __future__ import annotations

import re
from types import MappingProxyType

from isotherm.app.report_words import MINUS
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.endpoints_kinds import ENDPOINTS

FIELDS = MappingProxyType({
    (f"lesion_{field.name}" if kind == "lesion" else field.name): (field.label, field.unit)
    for kind in ("lesion", "ablation", "session", "decision", "primary", "patient")
    for field in RECORD_KINDS[kind].fields if not field.name.endswith("_id") or kind == "patient"
})  # fmt: skip
"""Facts that are noted, by the names of their columns."""

DERIVED = MappingProxyType({
    "patient_id": ("patient", ""), "lesion_id": ("lesion", ""), "session_id": ("session", ""),
    "center_id": ("center", ""), "age_years": ("age", "years"), "n_lesions": ("number of tumors", ""),
    "largest_lesion_mm": ("largest tumor", "mm"), "tumor_burden_score": ("tumor burden score", ""),
    "diameter_mm": ("diameter", "mm"), "synchronous": ("synchronous metastases", ""), "n_stage": ("pN", ""),
    "disease_free_interval_months": ("disease-free interval", "months"), "fong_score": ("Fong score", ""),
    "timing": ("timing", ""), "decided_on": ("day of the decision", ""),
    "systemic_on": ("start of systemic therapy", ""), "ablated_on": ("first ablation", ""),
    "first_treatment_on": ("first treatment", ""), "timing_known_on": ("day on which the timing is known", ""),
    "progressed_on": ("day of progression", ""), "died_on": ("day of death", ""), "last_seen_on": ("last contact", ""),
    "ablated_lesions": ("ablated lesions", ""), "smallest_margin_mm": ("smallest margin", "mm"),
    "minimal_margin_mm": ("minimal margin", "mm"), "session_on": ("day of the session", ""),
    "lesion_ablated_on": ("first ablation of the tumor", ""),
    "last_lesion_ablated_on": ("day on which the last of the tumors was ablated", ""),
    "decision_to_ablation_days": ("decision to ablation", "days"),
    "systemic_to_ablation_days": ("systemic therapy to ablation", "days"),
    "baseline_scan_to_ablation_days": ("baseline scan to ablation", "days"),
})  # fmt: skip
"""What follows from records, and names that are shorter here than in the dictionary."""

PARTS = MappingProxyType({"event": "event", "days": "days", "free_on": "last day known free of it",
                          "found_on": "day on which it was found"})  # fmt: skip
"""What columns of an outcome hold, by the end of their names."""

RELATIONS = MappingProxyType({"-": MINUS, "<=": "at most", ">=": "at least", "==": "is", "!=": "is not", "<": "below",
                              ">": "above"})  # fmt: skip
TOKEN = re.compile(r"\d{4}-\d\d-\d\d|'[^']*'|\"[^\"]*\"|[A-Za-z_]\w*|<=|>=|==|!=|<|>|[^\s\w]|[\d.]+")
TRUTH = re.compile(r"(not )?([A-Za-z_]\w*)")
BEFORE_A_SIGN = frozenset({"", "(", ",", "in", "between", "and", "or", "not", *RELATIONS})
"""A minus behind these belongs to its number; any other takes one from the other."""


def column_words(name: str) -> str:
    """Return what a column is called, without its unit; of one that nobody named, its name with blanks."""
    if name in DERIVED or name in FIELDS:
        return (DERIVED.get(name) or FIELDS[name])[0]
    outcome, _, part = name.partition("_")
    label = next((one.label for one in ENDPOINTS if one.name == outcome), "")
    return f"{label}: {PARTS[part]}" if label and part in PARTS else name.replace("_", " ")


def column_unit(name: str) -> str:
    """Return the unit of a column; empty where it has none."""
    return (DERIVED.get(name) or FIELDS.get(name) or ("", ""))[1]


def condition_words(text: str) -> str:
    """Return a condition in words.

    Examples
    --------
    >>> condition_words("largest_lesion_mm <= 30")
    'largest tumor at most 30 mm'
    >>> condition_words("not extrahepatic_disease")
    'disease outside of the liver: no'
    """
    truth = TRUTH.fullmatch(text.strip())
    if truth:
        return f"{column_words(truth[2])}: {'no' if truth[1] else 'yes'}"
    said, unit, sign, before = list[str](), "", "", ""
    for token in TOKEN.findall(text):
        known = token in DERIVED or token in FIELDS or column_words(token) != token.replace("_", " ")
        unit = column_unit(token) if known else unit
        if token == "-" and before in BEFORE_A_SIGN:
            sign = MINUS
        elif token[0].isdigit():
            said.append(f"{sign}{token} {unit}".strip())
            sign = ""
        else:
            said.append(column_words(token) if known else RELATIONS.get(token, token.strip("'\"")))
        before = token
    return re.sub(r" ([,)])", r"\1", re.sub(r"([(]) ", r"\1", " ".join(said)))


def opposite_words(text: str) -> str:
    """Return what is true of those who do not meet a condition, in words."""
    truth = TRUTH.fullmatch(text.strip())
    if truth:
        return f"{column_words(truth[2])}: {'yes' if truth[1] else 'no'}"
    return f"Not: {condition_words(text)}"
