"""Write the report of a study: figures as SVG and PNG, the page, the document; each file whole or not at all."""

from __future__ import annotations

from pathlib import Path

from isotherm.app.places import unusable
from isotherm.app.study_docx import docx_of
from isotherm.app.study_page import page_of
from isotherm.app.study_report_content import sections_of
from isotherm.app.study_report_drawn import drawings_of
from isotherm.app.study_report_headline import headline_of
from isotherm.app.study_report_words import Result
from isotherm.exchange.atomic import write_bytes, write_text

FIGURES, PAGE, DOCUMENT = "figures", "report.html", "report.docx"


def write_study_report(folder: Path, result: Result) -> tuple[str, ...]:
    """Write figures, page and document of a result into a folder that exists; everything is made before any is written.

    Parameters
    ----------
    folder : Path
    result : mapping
        What result.json holds; see docs/study-result.md.

    Returns
    -------
    tuple of str
        The files, relative to the folder.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    drawings = drawings_of(result)
    headline, sections = headline_of(result), sections_of(result, drawings)
    page = page_of(result, headline, sections, drawings)
    files = {DOCUMENT: docx_of(result, headline, sections)}
    for name, drawing in drawings.items():
        if drawing.png:
            files[f"{FIGURES}/{name}.svg"], files[f"{FIGURES}/{name}.png"] = drawing.svg, drawing.png
    try:
        (folder / FIGURES).mkdir(exist_ok=True)
    except OSError as error:
        raise unusable(folder, error.strerror) from None
    for name, content in files.items():
        write_bytes(folder / name, content)
    write_text(folder / PAGE, page)
    return (*files, PAGE)
