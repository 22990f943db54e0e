"""The report of one assessment: a single HTML file that needs nothing else and asks nobody for anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from isotherm.app.assessment import Assessment, LesionView
from isotherm.app.document import ESTIMATED_REGISTRATION
from isotherm.app.figures import Drawing
from isotherm.app.figures_histogram import histogram, ruler
from isotherm.app.figures_map import margin_map
from isotherm.app.figures_slices import Place, gray_window, middle_lps_mm, slices
from isotherm.app.page import environment, policy, static
from isotherm.app.palette import CLASSES, NOT_ASSESSABLE
from isotherm.app.palette import NAME as PALETTE
from isotherm.app.provenance import Provenance, provenance_rows
from isotherm.app.registration_report import banner, registration_pages
from isotherm.app.report_tables import label_of, name_of, plain, tables
from isotherm.app.report_viewer import Layer, layers, spacing_that_fits, toward
from isotherm.app.report_words import (
    KEYS_OF_FILES,
    Record,
    bound_of,
    caveats,
    interval_name,
    interval_range,
    margin_words,
    mm,
    part,
    parts,
    place_lps,
    reason_for_null,
    status_words,
    texts,
)
from isotherm.app.sources import SOURCES

MOST_BYTES = 15_000_000
"""Largest report: it has to pass through mail."""

ROOM_FOR_WORDS = 100_000
"""Left for what the viewer's section says beside its images."""

FINE_PIXEL_MM, COARSE_PIXEL_MM, MANY_LESIONS = 0.3, 0.5, 6
"""Pixels of the planes, and the number of lesions from which on they are coarse, to stay below the largest report."""


@dataclass(frozen=True, slots=True)
class LesionPage:
    """What the template shows of one lesion."""

    number: int
    name: str
    margin: str
    interval_name: str
    interval: str | None
    direction: str | None
    thinnest: bool
    status: str
    caveats: list[str]
    why: str
    flags: list[str]
    can_go: str
    ruler: Drawing | None
    slices: Drawing
    window: str | None
    map: Drawing | None
    histogram: Drawing | None
    place: str


def report_html(assessment: Assessment, made: Provenance) -> str:
    """Return the report of an assessment as one HTML file of at most 15 MB; its head says how it came about.

    Images are cropped around the lesions; where there are many lesions they become coarser, and the viewer's are left
    out where even that would not fit. Nothing of it is fetched from anywhere, and no file name or path is in it.
    """
    document = assessment.document
    pages = lesion_pages(assessment)
    page = environment().get_template("report.html.jinja")
    shown: dict[str, Any] = {
        "pages": pages,
        "tables": tables(document),
        "made": provenance_rows(assessment, made),
        "warnings": texts(document, "warnings"),
        "simulated": simulated(document),
        "settings": _rows(part(document, "settings")),
        "software": [(str(key), plain(str(key), value)) for key, value in part(document, "software").items()],
        "inputs": [_rows(_input(one)) for one in parts(document, "inputs")],
        "interval": _interval_used(document),
        "organ": organ_name(document),
        "palette": PALETTE,
        "legend": [*((one.label, one.color) for one in CLASSES), ("not assessable", NOT_ASSESSABLE)],
        "sources": SOURCES,
        "style": Markup(static("report.css")),
        "switches": SWITCHES,
        "off_at_first": "before" if any(view.image for view in assessment.lesions) else "",
    }
    own = [Markup(static("blink.js"))] if assessment.registered else []
    shown |= {"blinker": own[0] if own else "", "banner": banner(document),
              "registrations": registration_pages(assessment, organ_name=organ_name(document))}  # fmt: skip
    niivue = static("viewer/niivue.umd.js")
    bare = page.render(**shown, viewer=None, policy=policy(*own))
    if not niivue:
        return bare
    scripts = [Markup(text.replace("</script", "<\\/script")) for text in (niivue, static("web/viewer.js"))]
    licenses = static("viewer/niivue.LICENSES.txt")
    room = MOST_BYTES - sum(len(one.encode()) for one in (bare, licenses, *scripts)) - ROOM_FOR_WORDS
    allowed = policy(*own, *scripts)
    while (scene := _scene(assessment, room)) is not None:
        whole = page.render(**shown, viewer=scene | {"scripts": scripts, "licenses": licenses}, policy=allowed)
        excess = len(whole.encode()) - MOST_BYTES
        if excess <= 0:
            return whole
        room -= excess + ROOM_FOR_WORDS
    return bare


SWITCHES = (
    ("after", "Image after"),
    ("before", "Image before"),
    ("tumor", "Tumor outline"),
    ("surface", "Tumor surface, 3-D"),
    ("ablation", "Ablation"),
    ("organ", "Organ"),
    ("vessels", "Vessels"),
)
"""Layers that can be switched in the viewer; at first all are on, but for an image before that would hide one after."""


def lesion_pages(assessment: Assessment) -> list[LesionPage]:
    """Return what is shown of each lesion."""
    document = assessment.document
    lesions = parts(document, "lesions")
    rulers = finding_rulers(lesions)
    pixel_mm = FINE_PIXEL_MM if len(lesions) < MANY_LESIONS else COARSE_PIXEL_MM
    organ = organ_name(document)
    shown = zip(lesions, assessment.lesions, rulers, strict=True)
    return [_page(number, lesion, view, drawn, pixel_mm, organ) for number, (lesion, view, drawn) in enumerate(shown)]


def _page(number: int, lesion: Record, view: LesionView, on_scale: Drawing | None, pixel_mm: float,
          organ: str) -> LesionPage:  # fmt: skip
    words, measured = margin_words(lesion), view.margin
    short = words.replace("at most ", "≤\u00a0").replace("at least ", "≥\u00a0")
    interval = part(lesion, "interval_mm")
    thinnest = lesion.get("thinnest_point_lps_mm")
    place = _place(lesion, view)
    drawn = measured is not None and thinnest is not None and bool(measured.assessable.any())
    shown = view.image or view.image_before
    return LesionPage(
        number=number,
        name=name_of(lesion),
        margin=words,
        interval_name=interval_name(interval) if interval else "Interval",
        interval=interval_range(lesion),
        direction=lesion.get("thinnest_direction"),
        thinnest=thinnest is not None,
        status=status_words(lesion),
        caveats=caveats(lesion),
        why=next(iter(texts(lesion, "reasons")), reason_for_null(lesion)),
        flags=texts(lesion, "flags"),
        can_go="Go to the thinnest point" if thinnest is not None else "Go to the tumor's middle",
        ruler=on_scale,
        slices=slices(view, place, number=short if thinnest is not None else None, organ_name=organ, pixel_mm=pixel_mm),
        window=None if shown is None or shown.unit != "HU" else "{:.0f} to {:.0f} HU".format(
            *gray_window(shown, organ)).replace("-", "\u2212"),
        map=margin_map(measured, place, number=short) if measured is not None and drawn else None,
        histogram=histogram(measured) if measured is not None and drawn else None,
        place=place_lps(place),
    )  # fmt: skip


def _place(lesion: Record, view: LesionView) -> Place:
    """Return the thinnest point, or the tumor's middle where there is none."""
    point = lesion.get("thinnest_point_lps_mm")
    return middle_lps_mm(view) if point is None else (float(point[0]), float(point[1]), float(point[2]))


def finding_rulers(lesions: list[Record]) -> list[Drawing | None]:
    """Return each finding with its interval on one scale that all of them share; None where there is no margin."""
    scale = _scale(lesions)
    return [_ruler(lesion, scale) for lesion in lesions]


def _ruler(lesion: Record, scale: tuple[float, float]) -> Drawing | None:
    margin, interval = lesion.get("minimal_margin_mm"), part(lesion, "interval_mm")
    if margin is None:
        return None
    low, high = interval.get("low"), interval.get("high")
    ends = None if low is None or high is None else (float(low), float(high))
    return ruler(margin_mm=margin, bound=bound_of(lesion), range_mm=scale, interval_mm=ends)


def _scale(lesions: list[Record]) -> tuple[float, float]:
    """Return the range in mm that all findings fit into."""
    values = [lesion.get("minimal_margin_mm") for lesion in lesions]
    for lesion in lesions:
        interval = part(lesion, "interval_mm")
        values += [interval.get("low"), interval.get("high")]
    known = [float(value) for value in values if value is not None]
    return min([-2.0, *(value - 1.0 for value in known)]), max([12.0, *(value + 1.0 for value in known)])


def _scene(assessment: Assessment, room: int) -> dict[str, Any] | None:
    """Return what viewer.js reads, and the layers' contents; None where no useful size fits into `room` bytes."""
    spacing = spacing_that_fits(assessment.lesions, room)
    if spacing is None:
        return None
    organ = organ_name(assessment.document)
    contents: dict[str, str] = {}
    lesions: list[dict[str, Any]] = []
    for lesion, view in zip(parts(assessment.document, "lesions"), assessment.lesions, strict=True):
        made: list[dict[str, Any]] = []
        for layer in layers(view, spacing_mm=spacing, organ_name=organ):
            name = f"layer-{len(contents)}"
            contents[name] = layer.content
            made.append(described(layer) | {"id": name})
        place = _place(lesion, view)
        left, posterior, superior = place
        lesions.append({"start_ras": [-left, -posterior, superior], "look_from": toward(view, place), "layers": made})
    return {"scene": {"lesions": lesions}, "contents": contents, "spacing_mm": spacing}


def described(layer: Layer) -> dict[str, Any]:
    """Return what viewer.js reads of a layer, without its content."""
    names = ("key", "switch", "kind", "colors", "opacity", "points", "window")
    return {name: getattr(layer, name) for name in names}


def organ_name(document: Record) -> str:
    """Return the name of the organ, or ""."""
    return str(part(document, "settings").get("organ_name") or "")


def simulated(document: Record) -> list[str]:
    """Return which inputs are simulated, by their roles."""
    roles = [str(one.get("role", "input")) for one in parts(document, "inputs") if one.get("simulated")]
    return list(dict.fromkeys(roles))


def _interval_used(document: Record) -> dict[str, Any] | None:
    """Return the interval's name, whether all are calibrated, and for which registration error they hold."""
    given = [one for one in (part(lesion, "interval_mm") for lesion in parts(document, "lesions")) if one]
    if not given:
        return None
    calibrated = all(bool(one.get("calibrated")) for one in given)
    settings = part(document, "settings")
    error, source = settings.get("registration_error_mm"), str(settings.get("registration_error_source", ""))
    return {
        "name": interval_name({"level": given[0]["level"], "calibrated": calibrated}),
        "calibrated": calibrated,
        "registration": None if error is None else f"mean {mm(error)}, {_where_from(source)}",
    }


def _where_from(source: str) -> str:
    if source == "given":
        return "given"
    return "estimated by the registration" if source.startswith(ESTIMATED_REGISTRATION) else "assumed"


def _input(one: Record) -> Record:
    """Return an input whose volume is told apart from that of a result, which lies within the smooth surface."""
    return {"volume_of_its_voxels_ml" if key == "volume_ml" else key: value for key, value in one.items()}


def _rows(record: Record) -> list[tuple[str, str]]:
    """Return a record as labels and words, without anything that names a file."""
    return [(label_of(str(key)), plain(str(key), value)) for key, value in record.items()
            if str(key).lower() not in KEYS_OF_FILES]  # fmt: skip
