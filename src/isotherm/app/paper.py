"""The report on paper: a PDF of a few A4 pages, the finding first, with its fonts in it and nothing fetched."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import resources
from typing import Any

import typst

from isotherm.app.assessment import Assessment
from isotherm.app.figures import Drawing, font_folder
from isotherm.app.provenance import Provenance, provenance_rows
from isotherm.app.registration_report import RegistrationPage, banner, registration_pages
from isotherm.app.report import LesionPage, lesion_pages, organ_name, simulated
from isotherm.app.report_tables import Table, tables
from isotherm.app.report_words import Record, mm, part
from isotherm.app.sources import SOURCES

STANDARDS: list[Any] = ["a-2a", "ua-1"]
"""For archives (fonts and colors inside) and for readers of screens (order and descriptions inside)."""

TABLES = ("Minimal margin by definition", "Confidence that the true minimal margin is …",
          "Share of the tumor's surface with a margin …", "Volumes")  # fmt: skip
"""Tables that a page has room for; report.html and margin.json hold all of them."""

ABOUT = (
    "Margin: distance from the tumor's surface to the nearest tissue that was not ablated; below 0 mm, tumor outside "
    "of the ablation zone. The interval holds for errors of registration, of both outlines and of the voxels. "
    "Everything else, with the interactive viewer, is in report.html; all numbers are in margin.json."
)


@dataclass(frozen=True, slots=True)
class Paper:
    """The report on paper, and when it was made."""

    pdf: bytes
    on: datetime


def report_on_paper(assessment: Assessment, made: Provenance) -> Paper:
    """Typeset the report of an assessment as a PDF (PDF/A-2a and PDF/UA-1), without a file name or a path in it.

    Parameters
    ----------
    assessment : Assessment
    made : Provenance
    """
    drawings: dict[str, bytes] = {}
    data = _data(assessment, drawings, made)
    return Paper(typeset("margin.typ", data, drawings, on=made.on), made.on)


def typeset(template: str, data: Mapping[str, Any], drawings: Mapping[str, bytes], *, on: datetime) -> bytes:
    """Typeset a template of the package with its data and drawings; nothing else is read, and nothing is fetched."""
    source = resources.files("isotherm.app").joinpath("templates").joinpath(template).read_bytes()
    files: Any = {"main.typ": source, "data.json": json.dumps(data, allow_nan=False).encode(), **drawings}
    made: Any = typst.compile(
        files,
        format="pdf",
        font_paths=[font_folder()],
        ignore_system_fonts=True,
        pdf_standards=STANDARDS,
        timestamp=on.replace(microsecond=0),
    )
    return bytes(made)


def _data(assessment: Assessment, drawings: dict[str, bytes], made: Provenance) -> dict[str, Any]:
    document = assessment.document
    organ = organ_name(document)
    pages = lesion_pages(assessment)
    roles = simulated(document)
    return {
        "title": "Ablation margin" + (" (simulated data)" if roles else ""),
        "subtitle": f"{len(pages)} lesion{'' if len(pages) == 1 else 's'} · {organ}",
        "made": f"Made by isotherm {part(document, 'software').get('isotherm', '')} on {made.on:%Y-%m-%d}",
        "head": provenance_rows(assessment, made),
        "simulated": f"Simulated here: {', '.join(roles)}. No such treatment took place." if roles else "",
        "banner": banner(document),
        "about": ABOUT,
        "lesions": [_lesion(page, drawings) for page in pages],
        "tables": [_table(one) for one in tables(document) if one.title in TABLES],
        "registrations": [_registration(one, drawings) for one in registration_pages(assessment, organ_name=organ)],
        "settings": _settings(part(document, "settings")),
        "software": "Software: "
        + ", ".join(f"{name} {version}" for name, version in part(document, "software").items()),
        "sources": list(SOURCES),
    }


def _put(drawing: Drawing | None, name: str, drawings: dict[str, bytes]) -> str | None:
    if drawing is None:
        return None
    drawings[f"{name}.svg"] = drawing.svg
    return f"{name}.svg"


def _lesion(page: LesionPage, drawings: dict[str, bytes]) -> dict[str, Any]:
    return {
        "name": page.name,
        "margin": page.margin,
        "interval_name": page.interval_name,
        "interval": page.interval or "not given",
        "direction": (page.direction or "") if page.thinnest else "none",
        "place": page.place if page.thinnest else "",
        "status": page.status,
        "caveats": page.caveats,
        "ruler": _put(page.ruler, f"ruler-{page.number}", drawings),
        "ruler_alt": page.ruler.description if page.ruler else "",
        "slices": _put(page.slices, f"slices-{page.number}", drawings),
        "slices_alt": page.slices.description,
        "slices_says": f"Through {page.place}. Radiological convention: the patient's right is on the left of the "
                       "axial and coronal planes, anterior on the left of the sagittal one."
                       + (f" Gray values {page.window}." if page.window else ""),
    }  # fmt: skip


def _table(table: Table) -> dict[str, Any]:
    notes = " ".join(f"({letter}) {text}" for text, letter in table.notes.items())
    rows = [[f"{cell.text} ({cell.note})" if cell.note else cell.text for cell in row] for row in table.rows]
    return {
        "title": table.title,
        "columns": list(table.columns),
        "rows": rows,
        "remark": f"{table.remark} {notes}".strip(),
    }


def _registration(page: RegistrationPage, drawings: dict[str, bytes]) -> dict[str, Any]:
    pictures = [
        (page.checkerboard, "checkerboard", "Checkerboard: squares of 10 mm of the scan before and of the scan after "
         "in turn. Edges and vessels should run on across the squares; inside the zone they cannot."),
        (page.deformation, "deformation", "What the deformation adds to the rigid motion near the lesion. Arrows lead "
         "from where the rigid motion puts tissue to where the deformation puts it."),
    ]  # fmt: skip
    return {
        "name": page.name,
        "verdict": page.verdict,
        "said": page.verdict.upper() if page.verdict == "fail" else page.verdict,
        "summary": page.summary,
        "facts": page.facts,
        "gates": [asdict(gate) for gate in page.gates],
        "pictures": [
            {"file": _put(drawing, f"{name}-{page.number}", drawings), "alt": drawing.description, "says": says}
            for drawing, name, says in pictures if drawing is not None
        ],
    }  # fmt: skip


def _settings(settings: Record) -> str:
    words: Sequence[str] = (
        f"registration error {mm(settings['registration_error_mm'])} ({settings['registration_error_source']})",
        f"outline error {mm(settings['outline_error_mm'])}",
        f"margin aimed at {mm(settings['target_margin_mm'])}",
        f"capsule tolerance {mm(settings['capsule_tolerance_mm'])}",
        f"organ drawn on the scan {settings['organ_frame']}" if settings["organ_given"] else "no organ was given",
        f"{settings['samples']} draws, seed {settings['seed']}",
    )
    return f"Settings: {'; '.join(words)}."
