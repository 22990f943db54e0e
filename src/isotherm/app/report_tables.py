"""The report's tables: rows of words made from the document, and a note for each number that is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from isotherm.app.report_words import (
    MINUS,
    Record,
    chance,
    decimal,
    interval_name,
    interval_range,
    margin_mm,
    margin_words,
    ml,
    mm,
    part,
    parts,
    percent,
    place_lps,
    reason_for_null,
    without_paths,
)

TIMES = " \u00d7 "
UNITS = {"_mm2": "mm²", "_mm": "mm", "_cm": "cm", "_ml": "mL"}

DEFINITIONS = "Defined under Methods. The organ-restricted margin is the finding."


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; a missing number carries the letter of the note that says why."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A number that is missing for a reason of its own."""

    why: str


@dataclass(slots=True)
class Table:
    """A table; every row starts with what it is about.

    Parameters
    ----------
    title, remark : str
        What the table holds, with its unit; and what has to be known to read it.
    columns : tuple of str
    rows : list of tuple of Cell
    notes : dict
        Letter of each note by its text.
    """

    title: str
    columns: tuple[str, ...]
    remark: str = ""
    rows: list[tuple[Cell, ...]] = field(default_factory=list[tuple[Cell, ...]])
    notes: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, about: str, cells: Iterable[str | Missing | None], *, why: str) -> None:
        """Add a row; `why` is the note of those cells that are None."""
        made: list[Cell] = [Cell(about)]
        for text in cells:
            if isinstance(text, str):
                made.append(Cell(text))
            else:
                reason = why if text is None else text.why
                made.append(Cell("not given", self.notes.setdefault(reason, _letter(len(self.notes)))))
        self.rows.append(tuple(made))


def _letter(number: int) -> str:
    return chr(ord("a") + number) if number < 26 else f"n{number}"


def _number(value: float | None, write: Callable[[float], str]) -> str | None:
    return None if value is None else write(float(value))


def _from(record: Record | None, keys: Sequence[str], write: Callable[[float], str]) -> list[str | None]:
    return [None if record is None else _number(record.get(key), write) for key in keys]


def name_of(lesion: Record) -> str:
    """Return what a lesion is called in the report: its label, and the name of its segment if that says more."""
    label, name = str(lesion["label"]), without_paths(str(lesion.get("name") or ""))
    return f"Lesion {label}" if name in ("", label) else f"Lesion {label} ({name})"


def tables(document: Record) -> list[Table]:
    """Return all tables that the document has something for, in reading order."""
    lesions = parts(document, "lesions")
    made = [
        _definitions(lesions), _probabilities(lesions), _percentiles(lesions), _shares(lesions), _capsule(lesions),
        _shells(lesions), _volumes(lesions), _regions(lesions), _vessels(lesions), _structures(lesions),
        _tumors(lesions), _zones(lesions), _burden(part(document, "tumor_burden_score")),
    ]  # fmt: skip
    return [table for table in made if table.rows]


def _definitions(lesions: list[Record]) -> Table:
    table = Table("Minimal margin by definition", ("", "Organ-restricted", "Unrestricted", "QAM-compatible",
                  "Lumen-neutral", "Interval"), DEFINITIONS)  # fmt: skip
    for lesion in lesions:
        margin, ends = lesion.get("minimal_margin_mm"), interval_range(lesion)
        cells = [
            None if margin is None else margin_words(lesion),
            _number(lesion.get("minimal_margin_unrestricted_mm"), mm),
            _number(lesion.get("minimal_margin_qam_mm"), mm) or Missing(reason_for_null(lesion, "QAM")),
            _number(lesion.get("minimal_margin_lumen_neutral_mm"), margin_mm)
            or Missing(reason_for_null(lesion, "lumen")),
            None if ends is None else f"{interval_name(part(lesion, 'interval_mm'))} {ends}",
        ]
        table.add(name_of(lesion), cells, why=reason_for_null(lesion))
    return table


def _probabilities(lesions: list[Record]) -> Table:
    keys = ("below_0_mm", "at_most_3_mm", "below_5_mm", "below_10_mm")
    note = "Of one distribution with the interval, for the errors under Methods. No probability of recurrence."
    table = Table("Confidence that the true minimal margin is …",
                  ("", "below 0 mm", "at most 3 mm", "below 5 mm", "below 10 mm"), note)  # fmt: skip
    for lesion in lesions:
        table.add(name_of(lesion), _from(lesion.get("probability"), keys, chance), why=reason_for_null(lesion))
    return table


def _percentiles(lesions: list[Record]) -> Table:
    keys = ("p1", "p2", "p5", "p25", "p50")
    table = Table("Percentiles of the margin over the surface", ("", "1st", "2nd", "5th", "25th", "50th"),
                  "By area: on 5 % of the tumor's surface the margin is below the 5th percentile.")  # fmt: skip
    for lesion in lesions:
        table.add(name_of(lesion), _from(lesion.get("percentiles_mm"), keys, margin_mm), why=reason_for_null(lesion))
    return table


def _shares(lesions: list[Record]) -> Table:
    keys = ("below_0_mm", "0_to_5_mm", "5_to_10_mm", "10_mm_or_more", "at_most_3_mm")
    table = Table("Share of the tumor's surface with a margin …",
                  ("", "below 0 mm", "0 to < 5 mm", "5 to < 10 mm", "10 mm or more", "at most 3 mm", "assessable"),
                  "The first four add up to the assessable surface; at most 3 mm overlaps with them.")  # fmt: skip
    for lesion in lesions:
        cells = _from(lesion.get("surface_fraction"), keys, percent)
        table.add(name_of(lesion), [*cells, _number(lesion.get("assessable_fraction"), percent)],
                  why=reason_for_null(lesion))  # fmt: skip
    return table


def _capsule(lesions: list[Record]) -> Table:
    given = [part(lesion, "capsule") for lesion in lesions]
    tolerances = sorted({key for one in given for key in part(one, "minimal_margin_by_tolerance_mm")}, key=float)
    columns = (*(f"tolerance {key} mm" for key in tolerances), "surface limited by the capsule",
               "surface cut by the capsule", "tumor outside the organ", "sliver at the capsule")  # fmt: skip
    table = Table("Minimal margin and the capsule", ("", *columns),
                  "How the minimal margin depends on the tolerance at the capsule; see Methods.")  # fmt: skip
    for lesion in lesions:
        capsule = part(lesion, "capsule")
        if not capsule:
            continue
        shares = _from(capsule, ("limited_fraction", "clipped_fraction", "tumor_outside_organ_fraction"), percent)
        margins = _from(capsule.get("minimal_margin_by_tolerance_mm"), tolerances, margin_mm)
        table.add(name_of(lesion), [*margins, *shares, _sliver(part(capsule, "sliver"))], why=reason_for_null(lesion))
    return table


def _sliver(sliver: Record) -> str:
    if not sliver:
        return "none"
    said = [f"{key.removesuffix('_mm').replace('_', ' ')} {_plain(value, key)}" for key, value in sliver.items()]
    return "; ".join(said)


def _shells(lesions: list[Record]) -> Table:
    keys = sorted({key for lesion in lesions for key in part(lesion, "shell_coverage")}, key=float)
    table = Table("Share of the shell around the tumor that was ablated, by its thickness",
                  ("", *(f"{key} mm" for key in keys)))  # fmt: skip
    for lesion in lesions if keys else []:
        table.add(name_of(lesion), _from(lesion.get("shell_coverage"), keys, percent), why=reason_for_null(lesion))
    return table


def _volumes(lesions: list[Record]) -> Table:
    table = Table("Volumes", ("", "Tumor", "Ablation", "Residual tumor", "Tissue at risk"),
                  "Tissue at risk: within 5 mm of the tumor and not ablated.")  # fmt: skip
    for lesion in lesions:
        keys = ("tumor_volume_ml", "ablation_volume_ml", "residual_volume_ml", "tissue_at_risk_ml")
        table.add(name_of(lesion), _from(lesion, keys, ml), why=reason_for_null(lesion))
    return table


def _regions(lesions: list[Record]) -> Table:
    table = Table("Regions of the surface below the target margin",
                  ("", "Area", "Minimal margin", "Residual", "Looks toward", "Center"))  # fmt: skip
    for lesion in lesions:
        for region in parts(lesion, "regions_below_target"):
            center = region.get("center_lps_mm")
            table.add(name_of(lesion), [_number(region.get("area_mm2"), _mm2),
                      _number(region.get("minimal_margin_mm"), mm), _number(region.get("volume_ml"), ml),
                      _text(region.get("outward_direction")),
                      place_lps(center) if center else None], why=reason_for_null(lesion))  # fmt: skip
    return table


def _vessels(lesions: list[Record]) -> Table:
    table = Table("Vessels near the tumor, by branch",
                  ("", "Branch", "Diameter", "Distance", "Contact", "Inside ablation", "Bridges the margin",
                   "Limits the margin"),
                  "A bridging branch touches the tumor, runs in the ablation and leaves it; see Methods.")  # fmt: skip
    for lesion in lesions:
        for vessel in parts(lesion, "vessels"):
            point = vessel.get("bridging_point_lps_mm")
            bridging = _yes(vessel.get("bridging"))
            table.add(name_of(lesion), [_text(vessel.get("name")), _number(vessel.get("diameter_mm"), mm),
                      _number(vessel.get("distance_mm"), mm), _number(vessel.get("contact_area_mm2"), _mm2),
                      _number(vessel.get("length_inside_ablation_mm"), mm),
                      f"{bridging}, at {place_lps(point)}" if bridging == "yes" and point else bridging,
                      _yes(vessel.get("limits_margin"))], why=reason_for_null(lesion))  # fmt: skip
    return table


def _structures(lesions: list[Record]) -> Table:
    table = Table("Structures", ("", "Structure", "From the tumor", "From the ablation"))
    for lesion in lesions:
        for name, distance in part(lesion, "structures_mm").items():
            table.add(name_of(lesion), [str(name), *_from(distance, ("from_tumor_mm", "from_ablation_mm"), mm)],
                      why=reason_for_null(lesion))  # fmt: skip
    return table


def _tumors(lesions: list[Record]) -> Table:
    table = Table("Tumor", ("", "Longest axial diameter", "Axes", "Volume", "Sphericity", "Depth below the capsule",
                  "Superficial"), "Superficial: the center is at most 3 cm below the organ's surface.")  # fmt: skip
    for lesion in lesions:
        tumor = part(lesion, "tumor")
        if tumor:
            table.add(name_of(lesion), [_number(tumor.get("recist_mm"), mm), _axes(tumor.get("axes_mm")),
                      _number(tumor.get("volume_ml"), ml), _number(tumor.get("sphericity"), _two),
                      _number(tumor.get("depth_below_capsule_mm"), mm), _yes(tumor.get("superficial"))],
                      why=reason_for_null(lesion, "depth", "organ"))  # fmt: skip
    return table


def _zones(lesions: list[Record]) -> Table:
    table = Table("Ablation", ("", "Axes", "Volume", "Sphericity", "Components"))
    for lesion in lesions:
        zone = part(lesion, "ablation")
        if zone:
            table.add(name_of(lesion), [_axes(zone.get("axes_mm")), _number(zone.get("volume_ml"), ml),
                      _number(zone.get("sphericity"), _two), _number(zone.get("components"), lambda n: f"{n:.0f}")],
                      why=reason_for_null(lesion))  # fmt: skip
    return table


def _burden(score: Record) -> Table:
    table = Table("Tumor burden score, over all lesions", ("", ""))
    for key, value in score.items():
        if value == "":
            continue
        table.add(label_of(key), [None if value is None else _plain(value, key)], why="The result does not state why.")
    return table


def label_of(key: str) -> str:
    """Return a key of the document as words: "outline_error_mm" is "Outline error"."""
    words = key
    for unit in ("_lps_mm", "_kji_mm", "_mm2", "_mm", "_cm", "_ml", "_kji"):
        words = words.removesuffix(unit)
    return words.replace("_", " ")[:1].upper() + words.replace("_", " ")[1:]


def _plain(value: object, key: str) -> str:
    """Return any value of the document as words, with the unit that its key names."""
    unit = next((name for end, name in UNITS.items() if key.endswith(end)), "")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        entries = cast("Mapping[object, object]", value).items()
        return "; ".join(f"{one} {_plain(each, str(one))}" for one, each in entries)
    if isinstance(value, list | tuple):
        text = TIMES.join(_plain(one, "") for one in cast("Sequence[object]", value))
    elif isinstance(value, float):
        text = f"{value:.4g}".replace("-", MINUS)
    else:
        text = without_paths(str(value))
    return f"{text}\u00a0{unit}" if unit else text


def plain(key: str, value: Any) -> str:
    """Return a setting or a description of an input as words; null is "not given"."""
    return "not given" if value is None else _plain(value, key)


def _axes(axes: Sequence[float] | None) -> str | None:
    return None if not axes else TIMES.join(decimal(float(one)) for one in axes) + "\u00a0mm"


def _mm2(value: float) -> str:
    return f"{decimal(value, 0)}\u00a0mm²"


def _two(value: float) -> str:
    return decimal(value, 2)


def _yes(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def _text(value: object) -> str | None:
    return None if value is None else without_paths(str(value))
