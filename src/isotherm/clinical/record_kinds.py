"""Every kind of record that a registry of ablations keeps, field by field: tables, forms and dictionaries follow it.

The fields are those of field practice (CIEMAR, COLLISION, the published cohorts); nobody has published one set.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from isotherm.clinical.kinds import FactKind
from isotherm.clinical.record import Field, FilledBy, RecordKind
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS


def _of(fact: FactKind, *, by: FilledBy = "person", name: str = "", needed: bool = False) -> Field:
    """Return the field that holds what a fact of the criteria asks about."""
    return Field(name=name or fact.name, form=fact.form, label=fact.label, unit=fact.unit, choices=fact.choices,
                 low=fact.low, high=fact.high, note=fact.note, by=by, needed=needed)  # fmt: skip


def _number(name: str, label: str, unit: str, low: float, high: float, *, by: FilledBy = "person",
            note: str = "") -> Field:  # fmt: skip
    return Field(name=name, form="number", label=label, unit=unit, low=low, high=high, by=by, note=note)


def _whole(name: str, label: str, low: int, high: int, *, unit: str = "", by: FilledBy = "person") -> Field:
    return Field(name=name, form="whole", label=label, unit=unit, low=low, high=high, by=by)


def _yes(name: str, label: str, *, by: FilledBy = "person", note: str = "") -> Field:
    return Field(name=name, form="yes or no", label=label, by=by, note=note)


def _choice(name: str, label: str, *choices: str, by: FilledBy = "person", needed: bool = False,
            note: str = "") -> Field:  # fmt: skip
    return Field(name=name, form="choice", label=label, choices=choices, by=by, needed=needed, note=note)


def _day(name: str, label: str, *, by: FilledBy = "person", needed: bool = False, note: str = "") -> Field:
    return Field(name=name, form="date", label=label, by=by, needed=needed, note=note)


def _text(name: str, label: str, *, by: FilledBy = "person", needed: bool = False, note: str = "") -> Field:
    return Field(name=name, form="text", label=label, by=by, needed=needed, note=note)


def _key(name: str, label: str, *, refers: str = "", by: FilledBy = "person", needed: bool = False) -> Field:
    return Field(name=name, form="key", label=label, refers=refers, by=by, needed=needed)


LIVER = ("I", "II", "III", "IV", "IVa", "IVb", "V", "VI", "VII", "VIII")
LUNG = ("right upper lobe", "middle lobe", "right lower lobe", "left upper lobe", "lingula", "left lower lobe")
DUCT, BOWEL, VESSEL, CAPSULE = (
    LESION_FACTS[name] for name in ("to_bile_duct_mm", "to_bowel_mm", "to_vessel_mm", "to_capsule_mm")
)

PATIENT = RecordKind(name="patient", label="Patient", several=False, of_everybody=True, fields=(
    _key("center_id", "center that treats the patient"),
    _choice("sex", "sex", "female", "male", "other", by="question"),
    _day("born_on", "date of birth", by="question", note="the first of the month or year where no more is kept"),
    _number("bmi_kg_m2", "body mass index", "kg/m²", 8.0, 120.0),
    _yes("diabetes", "diabetes"),
    _yes("steatosis", "steatosis of the liver"),
    _choice("cirrhosis", "cirrhosis of the liver", "none", "Child-Pugh A", "Child-Pugh B", "Child-Pugh C"),
    _day("consented_on", "consent to the registry"),
))  # fmt: skip

PRIMARY = RecordKind(name="primary", label="Primary tumor", of_everybody=True, fields=(
    _of(CASE_FACTS["primary"], by="question", needed=True),
    _of(CASE_FACTS["primary_site"]),
    _of(CASE_FACTS["net_site"]),
    _day("diagnosed_on", "diagnosis of the primary tumor", by="question"),
    _day("resected_on", "resection of the primary tumor", by="question"),
    _choice("t_stage", "pT", "T0", "Tis", "T1", "T2", "T3", "T4"),
    _of(CASE_FACTS["n_stage"], by="question"),
    _choice("ras", "RAS", "wild type", "mutated"),
    _choice("braf", "BRAF", "wild type", "V600E", "other mutation"),
    _of(CASE_FACTS["microsatellites"]),
    _of(CASE_FACTS["net_grade"]),
    _of(CASE_FACTS["ki67_percent"]),
))  # fmt: skip

DECISION = RecordKind(name="decision", label="Decision on treatment", fields=(
    _day("decided_on", "day of the decision", by="question", needed=True, note="as of the tumor board; comparisons of "
         "timing need it"),
    _choice("strategy", "what was decided", "ablation first", "systemic therapy first", "both at one time",
            "ablation alone", "systemic therapy alone", "resection", "other", by="question"),
    _yes("tumor_board", "discussed at a tumor board"),
    _of(CASE_FACTS["organ"]),
    _of(CASE_FACTS["ecog"], by="question"),
    _of(CASE_FACTS["asa"]),
    _of(CASE_FACTS["cea_ug_l"], by="question"),
    _of(CASE_FACTS["n_lesions"]),
    _of(CASE_FACTS["largest_lesion_mm"]),
    _of(CASE_FACTS["distribution"]),
    _of(CASE_FACTS["synchronous"]),
    _of(CASE_FACTS["extrahepatic_disease"], by="question"),
    _of(CASE_FACTS["extrahepatic_all_treatable"]),
    _of(CASE_FACTS["mediastinal_nodes"]),
    _of(CASE_FACTS["resectable"]),
))  # fmt: skip

LESION = RecordKind(name="lesion", label="Lesion", fields=(
    _choice("organ", "organ", "liver", "lung", "other", by="question", needed=True),
    _choice("place", "segment of the liver or lobe of the lung", *LIVER, *LUNG, by="question"),
    _day("found_on", "day on which it was first seen"),
    _yes("perihilar", "next to the hilum"),
    _yes("peridiaphragmatic", "next to the diaphragm"),
    _key("tracking_uid", "tracking unique identifier in DICOM", by="image"),
    _text("note", "note"),
))  # fmt: skip

SCAN = RecordKind(name="scan", label="Scan", fields=(
    _day("scanned_on", "day of the scan", by="image", needed=True),
    _choice("modality", "modality", "CT", "MRI", "PET/CT", "ultrasound", by="image"),
    _choice("purpose", "purpose", "baseline", "planning", "during ablation", "after ablation", "follow-up"),
    _choice("agent", "contrast agent", "none", "iodinated", "extracellular", "hepatobiliary", "FDG", "microbubbles"),
    _text("phase", "phase of contrast"),
    _number("slice_thickness_mm", "slice thickness", "mm", 0.05, 50.0, by="image"),
    _key("study_uid", "study instance UID", by="image"),
    _key("series_uid", "series instance UID", by="image"),
))  # fmt: skip

READING = RecordKind(name="reading", label="Lesion on a scan", fields=(
    _key("lesion_id", "lesion", refers="lesion", by="image", needed=True),
    _key("scan_id", "scan", refers="scan", by="image", needed=True),
    _of(LESION_FACTS["diameter_mm"], by="image"),
    _number("second_diameter_mm", "second diameter", "mm", 0.1, 300.0, by="image"),
    _number("third_diameter_mm", "third diameter", "mm", 0.1, 300.0, by="image"),
    _number("volume_ml", "volume of the tumor", "ml", 0.0, 10_000.0, by="image"),
    _number("zone_volume_ml", "volume of the ablation zone", "ml", 0.0, 10_000.0, by="image"),
    *(_of(kind, by="image") for kind in (VESSEL, DUCT, BOWEL, CAPSULE)),
    _yes("enhancement", "enhancement within the ablated tumor"),
    _text("reader", "who read it"),
))  # fmt: skip

SESSION = RecordKind(name="session", label="Ablation session", fields=(
    _day("ablated_on", "day of the session", by="question", needed=True),
    _choice("approach", "approach", "percutaneous", "laparoscopic", "open", by="question"),
    _choice("guidance", "guidance", "ultrasound", "CT", "MRI", "ultrasound and CT", "fusion"),
    _choice("anesthesia", "anesthesia", "general", "sedation", "local"),
    _choice("intent", "intent", "curative", "debulking", "bridge to another treatment"),
    _yes("with_resection", "with a resection in the same session"),
    _day("discharged_on", "day of discharge"),
    _text("operator", "operator", note="a code, no name"),
))  # fmt: skip

ABLATION = RecordKind(name="ablation", label="Ablation of one lesion", fields=(
    _key("session_id", "session", refers="session", needed=True),
    _key("lesion_id", "lesion", refers="lesion", needed=True),
    _choice("modality", "modality", "RFA", "MWA", "cryoablation", "IRE", "other", by="question"),
    _text("device", "device"),
    _whole("applicators", "applicators", 1, 20),
    _whole("applications", "applications", 1, 50),
    _number("power_w", "power", "W", 0.0, 1000.0),
    _number("minutes", "time of all applications", "min", 0.0, 600.0),
    _yes("hydrodissection", "hydro- or pneumodissection"),
    _yes("biliary_cooling", "cooling of the bile ducts"),
    _yes("technically_successful", "treated as planned, and covered when the session ended"),
))  # fmt: skip

MARGIN = RecordKind(name="margin", label="Margin of one lesion on one scan", fields=(
    _key("lesion_id", "lesion", refers="lesion", by="image", needed=True),
    _key("ablation_id", "ablation", refers="ablation", by="image"),
    _key("scan_id", "scan after ablation", refers="scan", by="image", needed=True),
    _key("before_scan_id", "scan before ablation", refers="scan", by="image"),
    _choice("status", "status", "measured", "bounded", "not_ablated", "not_assessable", "withheld", by="image",
            needed=True),
    _number("minimal_margin_mm", "minimal ablation margin", "mm", -100.0, 100.0, by="image",
            note="negative where tumor lies outside of the ablation zone"),
    _number("low_mm", "lower limit of its interval", "mm", -150.0, 150.0, by="image"),
    _number("high_mm", "upper limit of its interval", "mm", -150.0, 150.0, by="image"),
    _number("level_percent", "level of that interval", "%", 50.0, 99.99, by="image"),
    _yes("calibrated", "how often such an interval holds the truth was checked", by="image"),
    _number("at_least_5_percent", "chance of a margin of at least 5 mm", "%", 0.0, 100.0, by="image"),
    _text("thinnest_direction", "direction in which it is thinnest", by="image"),
    _number("under_0_percent", "surface with a margin under 0 mm", "%", 0.0, 100.0, by="image"),
    _number("under_5_percent", "surface with a margin under 5 mm", "%", 0.0, 100.0, by="image"),
    _number("under_10_percent", "surface with a margin under 10 mm", "%", 0.0, 100.0, by="image"),
    _number("uncovered_ml", "tumor outside of the zone", "ml", 0.0, 10_000.0, by="image"),
    _number("zone_volume_ml", "volume of the ablation zone", "ml", 0.0, 10_000.0, by="image"),
    _yes("vessel_bridging", "a vessel bridges the margin", by="image"),
    _choice("registration", "registration", "none", "rigid", "deformable", "given", by="image"),
    _number("registration_error_mm", "estimated error of the registration", "mm", 0.0, 100.0, by="image"),
    _choice("gates", "gates of the registration", "pass", "warn", "fail", by="image"),
    _text("software", "software and version", by="image"),
    _text("settings", "settings, as a hash", by="image"),
    _text("result", "file of the result, and its hash", by="image"),
    _text("correction", "what of its outlines was corrected by hand", by="image"),
    _text("reader", "who accepted it", by="signature"),
))  # fmt: skip

SYSTEMIC = RecordKind(name="systemic", label="Systemic therapy", fields=(
    _text("regimen", "regimen", by="question"),
    _whole("line", "line", 1, 20),
    _choice("targeted_agent", "targeted agent", "none", "bevacizumab", "cetuximab", "panitumumab", "other"),
    _day("started_on", "start", by="question", needed=True),
    _day("stopped_on", "end", by="question"),
    _whole("cycles", "cycles", 0, 200),
    _choice("response", "best response", "complete response", "partial response", "stable disease",
            "progressive disease", "not evaluable", note="RECIST 1.1"),
))  # fmt: skip

FOLLOW_UP = RecordKind(name="follow_up", label="Follow-up", fields=(
    _day("seen_on", "day of the contact", by="question", needed=True),
    _key("scan_id", "scan", refers="scan"),
    _yes("new_in_organ", "new tumor elsewhere in the organ", by="question"),
    _yes("new_elsewhere", "new tumor outside of the organ"),
    _yes("untreatable", "progression that local therapy cannot treat"),
    _number("quality_of_life", "score of quality of life", "", -1000.0, 1000.0),
    _text("quality_of_life_instrument", "instrument of that score, with its version"),
))  # fmt: skip

FINDING = RecordKind(name="finding", label="Lesion at a follow-up", fields=(
    _key("follow_up_id", "follow-up", refers="follow_up", needed=True),
    _key("lesion_id", "lesion", refers="lesion", needed=True),
    _choice("state", "state", "completely ablated", "residual tumor", "local tumor progression", "resected",
            "not assessable", by="question", needed=True),
))  # fmt: skip

COMPLICATION = RecordKind(name="complication", label="Complication", fields=(
    _text("description", "what happened", by="question", needed=True),
    _day("began_on", "beginning"),
    _key("session_id", "session", refers="session"),
    _whole("ctcae_grade", "CTCAE grade", 1, 5),
    _choice("ctcae_version", "version of CTCAE", "4.03", "5.0", "6.0"),
    _choice("cirse_grade", "CIRSE grade", "1", "1a", "1b", "2", "3", "3a", "3b", "4", "5", "6", by="question"),
    _choice("cirse_version", "version of CIRSE", "2017", "2026"),
    _choice("sir_grade", "SIR class", "A", "B", "C", "D", "E", "F"),
    _day("resolved_on", "end"),
))  # fmt: skip

DEATH = RecordKind(name="death", label="Death", several=False, fields=(
    _day("died_on", "day of death", by="question", needed=True),
    _choice("cause", "cause", "tumor", "treatment", "other"),
))  # fmt: skip

FACT = RecordKind(name="fact", label="Fact that criteria ask about", fields=(
    _choice("name", "fact", *CASE_FACTS, *LESION_FACTS, needed=True),
    _key("lesion_id", "lesion", refers="lesion"),
    _text("value", "value, as a case file has it", needed=True),
    _day("noted_on", "day that it describes"),
    _choice("origin", "origin", "image", "lab", "typed"),
))  # fmt: skip

RECORD_KINDS: Mapping[str, RecordKind] = MappingProxyType({kind.name: kind for kind in (
    PATIENT, PRIMARY, DECISION, LESION, SCAN, READING, SESSION, ABLATION, MARGIN, SYSTEMIC, FOLLOW_UP, FINDING,
    COMPLICATION, DEATH, FACT,
)})  # fmt: skip
"""In an order in which no record points to one of a later kind."""
