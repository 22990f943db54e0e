"""Published relations of margin and size with recurrence, and a patient beside them: page, figures, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from isotherm.app.evidence_patient import Patient
from isotherm.app.evidence_relations_drawn import (
    ABOUT,
    NO_PROBABILITY,
    PUBLISHED_ONLY,
    Panel,
    facts_of,
    figures_of,
    number_words,
    panels_of,
)
from isotherm.app.evidence_words import source_words
from isotherm.app.figures import Drawing
from isotherm.app.page import environment, policy, static
from isotherm.app.report_words import NO_BREAK
from isotherm.app.terminal import folded
from isotherm.evidence.library import Library
from isotherm.evidence.relations import About
from isotherm.printable import printable

PAGE = "margin-evidence.html"
FOOT = f"{PUBLISHED_ONLY} Printed by others, as they printed it; research use only."


@dataclass(frozen=True, slots=True)
class Relations:
    """The panels of margin and of size, and their figures by name."""

    panels: Mapping[About, tuple[Panel, ...]]
    drawings: Mapping[About, Mapping[str, Drawing]]
    patient: Patient | None


def laid_beside(library: Library, patient: Patient | None, *, draw: bool) -> Relations:
    """Lay a patient, if one came, beside the published relations; draw them if wanted."""
    panels: dict[About, tuple[Panel, ...]] = {about: panels_of(library, about, patient) for about in ABOUT}
    drawings: dict[About, dict[str, Drawing]] = {about: figures_of(panels[about]) for about in ABOUT if draw}
    return Relations(panels, drawings, patient)


def page_of(found: Relations) -> str:
    """Return the page, which needs nothing else; all text is escaped."""
    rows = [
        {"paper": panel.relation.paper.short, "numbers": [*map(number_words, panel.relation.records)],
         "how": "; ".join(fact for fact in facts_of(panel.relation) if not fact.startswith("Source: ")),
         "sources": [*dict.fromkeys(source_words(one, panel.relation.paper) for one in panel.relation.records)]}
        for panels in found.panels.values() for panel in panels
    ]  # fmt: skip
    return environment().get_template("evidence.html.jinja").render(
        policy=policy(), style=Markup(static("report.css") + static("evidence.css")), rows=rows,
        sections=[(about, tuple(drawings.values())) for about, drawings in found.drawings.items()],
        patient=patient_lines(found.patient), no_probability=NO_PROBABILITY, published_only=PUBLISHED_ONLY,
        simulated=found.patient is not None and found.patient.simulated,
    )  # fmt: skip


def patient_lines(patient: Patient | None) -> list[str]:
    """Return what is known of the patient, a line for each part."""
    if patient is None:
        return []
    how, told = patient.how, "not told"
    day = told if how.days_after is None else f"{how.days_after:g}"
    lines = [f"Organ: {how.organ or told}; ablation: {how.modality or told}"]
    if patient.margins:
        lines.append(f"Margin: method {how.method or told}, imaging {how.imaging or told}, day {day}")
    lines += [f"Minimal margin of {mark}" for mark in patient.margins]
    return lines + [f"Largest diameter of {mark}" for mark in patient.sizes]


def relations_text(found: Relations, width: int | None) -> str:
    """Return the panels as a terminal shows them, each with what became of the patient in it."""
    lines = [line for said in patient_lines(found.patient) for line in _plain(said, width)]
    for about, panels in found.panels.items():
        lines += ["", f"{about.capitalize()} and recurrence as published"]
        lines += [line for panel in panels for line in _panel_lines(panel, width)]
    said = [] if found.patient is None else [NO_PROBABILITY]
    return "\n".join([*lines, "", *said, FOOT]) + "\n"


def _panel_lines(panel: Panel, width: int | None) -> Sequence[str]:
    relation = panel.relation
    said = [*map(number_words, relation.records), "; ".join(facts_of(relation))]
    said += [f"> {panel.says}"] if panel.says else []
    head = printable(f"{relation.paper.short}: {relation.kind}")
    return [head, *(line for one in said for line in _plain(one, width))]


def _plain(said: str, width: int | None) -> list[str]:
    """Return a remark in lines; a terminal knows no blank that does not break."""
    return folded(said.replace(NO_BREAK, " "), width)
