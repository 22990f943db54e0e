"""The whole story in a real browser: an empty registry, a center, two scans, a margin, a cohort, a study, a report.

Each page on the way is held against what holds for all of them: axe, no sideways scroll, nothing cut off, one next
action, its heading where every other one has its own. ISOTHERM_PICTURES=FOLDER draws each, empty, at work and full.
"""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from docx import Document
from playwright.sync_api import Browser, Page, expect

from isotherm.app.accepting_places import places_of
from isotherm.app.registry_study_covariates import TIMING
from isotherm.app.registry_tasks import make
from isotherm.app.study_docx_bound import NAMESPACE
from isotherm.app.study_report_parts import bound, prose
from isotherm.app.study_simulate import MAPPING, TABLES, simulate_center
from tests.app.web.serving import serving
from tests.app.web.visiting import AXE, HEIGHT, HTMX, WIDTH, Visit, stroke

WHO, WHY = "A. Reader", "our center, first export"

PATIENTS = 120
"""Enough for both timings; a run over them takes seconds."""

REPLICATES = 40
"""Of the bootstrap, as somebody sets them who wants to see at once how a study looks."""

PATIENCE_MS = 180_000

MINUS = "\u2212"


@pytest.fixture
def registry(tmp_path: Path) -> str:
    """Address of a registry in which nobody is, nor ever lived."""
    address = str(tmp_path / "clinic.registry")
    make(address, simulated_by="a test")
    return address


@pytest.fixture
def center(tmp_path: Path) -> Path:
    """The tables of a simulated center, and the mapping that says what their columns mean."""
    folder = tmp_path / "center"
    folder.mkdir()
    simulate_center("ajr-2022", folder, seed=1, patients=PATIENTS)
    return folder


@pytest.fixture
def visit(browser: Browser, registry: str, tmp_path: Path) -> Iterator[Visit]:
    """A tab on a server over the empty registry, for somebody who has not said who works."""
    if not HTMX.is_file() or not AXE.is_file():
        pytest.skip("htmx or axe-core is missing: run `make viewer`")
    with serving(tmp_path / "workspace", registry) as server:
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, accept_downloads=True)
        yield Visit(context, server.home, server.address)
        context.close()


def test_from_an_empty_registry_to_the_report_of_a_study(
    visit: Visit, center: Path, registry: str, tmp_path: Path
) -> None:
    look_at_what_is_empty(visit)
    import_a_center(visit, center)
    margin = measure_and_correct(visit)
    accept(visit, a_tumor_of(center), registry, margin)
    draft_a_study(visit)
    run_and_take_away(visit, tmp_path)
    look_at_what_is_full(visit)
    assert (visit.left, visit.errors, visit.wrong) == ([], [], [])


def look_at_what_is_empty(visit: Visit) -> None:
    expect(visit.page.get_by_role("link", name="Import records")).to_be_visible()
    for name in ("worklist", "assess", "cohort", "study", "exchange", "jobs", "looked"):
        visit.go(f"/{name}")
        visit.looks_well(f"{name}-1-empty")
    visit.go("/evidence?q=nothing+of+this")
    visit.looks_well("evidence-1-empty")


def import_a_center(visit: Visit, center: Path) -> None:
    """Say who works; go where the empty worklist leads; look; import; see the patients."""
    page = visit.page
    visit.go("/worklist")
    page.get_by_role("link", name="Who is working?").click()
    visit.looks_well("who-1-empty")
    page.get_by_label("Name or code").fill(WHO)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Import records").click()
    page.get_by_label("Files").set_input_files([center / name for name in (*TABLES.values(), MAPPING)])
    page.get_by_role("button", name="Look into it").click()
    page.wait_for_url("**/exchange/*")
    visit.drawn("import-2-working")
    expect(page.get_by_text("No problem was found.")).to_be_visible(timeout=PATIENCE_MS)
    visit.looks_well("import-2-looked")
    page.get_by_label("Why, for the audit").fill(WHY)
    page.get_by_role("button", name=re.compile(r"Import [\d,]+ new records")).click()
    expect(page.get_by_text(re.compile(r"Imported: [\d,]+ new records"))).to_be_visible(timeout=PATIENCE_MS)
    visit.looks_well("import-3-full")
    page.get_by_role("link", name="To the worklist").click()
    everybody = len({row["patient"] for row in rows_of(center, "patients")})  # some are there twice
    expect(page.get_by_role("link", name=f"All {everybody}")).to_be_visible(timeout=PATIENCE_MS)
    visit.looks_well("worklist-3-full")


def measure_and_correct(visit: Visit) -> str:
    """Measure the demo's pair, take something off the zone with the mouse, measure in full; return that margin."""
    page = visit.page
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.get_by_role("button", name="Try the demo pair").click()
    page.wait_for_selector(".stage-now", timeout=PATIENCE_MS)
    visit.looks_well("pair-2-working")
    page.wait_for_selector("#viewer[data-measured=yes]", timeout=PATIENCE_MS)
    visit.looks_well("pair-3-full")
    measured = told(page, "[data-lesion] [data-margin]", "[data-lesion] [data-interval]")

    page.locator("#brush").click()
    page.locator("[data-does=erase]").click()
    stroke(page)
    page.wait_for_selector("#viewer[data-measured=no]")
    page.wait_for_selector("#viewer[data-measured=yes]", timeout=PATIENCE_MS)
    quick = told(page, "#quick-margin", "#quick-interval")
    assert quick != measured
    visit.looks_well("pair-4-corrected")

    page.get_by_label("Why corrected?").fill("the zone ends at the vessel")
    page.get_by_role("button", name="Measure in full").click()
    page.wait_for_selector(".stages")
    page.wait_for_selector("#viewer[data-measured=yes]", timeout=PATIENCE_MS)
    expect(page.get_by_text(f"Corrected by {WHO}")).to_be_visible()
    visit.looks_well("pair-5-in-full")
    return told(page, "[data-lesion] [data-margin]", "[data-lesion] [data-interval]")[0]


def told(page: Page, margin: str, interval: str) -> tuple[str, str]:
    """Return a margin and its interval as they stand on the page; never the one without the other."""
    found = page.locator(margin).inner_text(), page.locator(interval).inner_text()
    assert re.fullmatch(rf"{MINUS}?\d+\.\d\u00a0mm", found[0]), found
    assert re.fullmatch(rf"[{MINUS}\d.]+ to [{MINUS}\d.]+\u00a0mm", found[1]), found
    return found


def a_tumor_of(center: Path) -> tuple[str, str]:
    """Return the keys of a patient and a tumor of the demo's size that was ablated, with a margin."""
    return next((row["patient"], row["tumor"]) for row in rows_of(center, "tumors")
                if row["margin_mm"] and 1.3 <= float(row["size_cm"]) <= 1.8)  # fmt: skip


def rows_of(center: Path, table: str) -> list[dict[str, str]]:
    with (center / TABLES[table]).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def accept(visit: Visit, tumor: tuple[str, str], registry: str, margin: str) -> None:
    """Accept the margin for a tumor of the center; read it on the patient's page, and on the board's sheet."""
    page, (patient, lesion) = visit.page, tumor
    page.get_by_role("link", name="Accept into the registry").click()
    visit.looks_well("accept-1-patient")
    page.get_by_label("Patient").fill(patient)
    page.get_by_role("button", name="Choose the patient").click()
    page.get_by_label("Lesion of the registry").select_option(lesion)
    page.get_by_label("Ablation", exact=True).select_option(lesion)
    page.get_by_label("Scan after ablation").select_option("after")
    page.get_by_label("Scan before ablation").select_option("before")
    page.get_by_label("Why it is accepted").fill("looked at both scans")
    visit.looks_well("accept-2-working")
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_role("heading", name="The margin is in the registry")).to_be_visible()
    visit.looks_well("accept-3-full")
    kept = places_of(registry, patient).margins[lesion].record
    assert f"{kept.get('minimal_margin_mm'):.1f}\u00a0mm".replace("-", MINUS) == margin
    assert kept.get("reader") == WHO

    page.get_by_role("link", name="To the patient").click()
    expect(page.get_by_role("heading", name="What is missing, and what it would change")).to_be_visible()
    own = page.locator("#margins tr", has=page.get_by_role("rowheader", name=lesion, exact=True))
    expect(own).to_contain_text(margin)
    visit.looks_well("patient-3-full")
    page.get_by_role("link", name="Tumor board sheet", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("Tumor board"))).to_be_visible()
    expect(page.locator("body")).to_contain_text(margin)
    visit.looks_well("board-3-full")
    page.go_back()


def draft_a_study(visit: Visit) -> None:
    """Narrow the cohort by keyboard, draft a study of the timing, make it a quick one in its text."""
    page = visit.page
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/cohort")
    page.wait_for_load_state("networkidle")  # a choice that is made before htmx is there waits for the button
    page.get_by_label("Column").select_option("n_lesions")
    page.get_by_label("Relation").select_option("at most")
    page.get_by_label("Value").fill("4")
    visit.looks_well("cohort-2-working")
    page.keyboard.press("Enter")
    expect(page.get_by_label("The same as text")).to_have_value("n_lesions <= 4")
    expect(page.get_by_role("img", name=re.compile("Flow of patients"))).to_be_visible()
    visit.looks_well("cohort-3-full")

    page.get_by_label("Title").fill("Upfront or delayed")
    page.get_by_label("Compare by").select_option(TIMING)
    page.get_by_role("button", name="Draft the protocol").click()
    expect(page.get_by_role("heading", name="Who stays, and who leaves")).to_be_visible(timeout=PATIENCE_MS)
    visit.looks_well("protocol-2-form")
    page.get_by_label("question").fill("Who lives longer, after upfront or after delayed ablation?")
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.get_by_role("link", name="as text (the same file)").click()
    text = page.get_by_label("The protocol as text")
    expect(text).to_have_value(re.compile("Who lives longer"))
    text.fill(text.input_value().replace("replicates = 200", f"replicates = {REPLICATES}"))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Who stays, and who leaves")).to_be_visible(timeout=PATIENCE_MS)
    expect(text).to_have_value(re.compile(rf"replicates = {REPLICATES}\b"))
    visit.looks_well("protocol-3-text")


def run_and_take_away(visit: Visit, folder: Path) -> None:
    """Run the study, look at its designs side by side, take the Word document and the numbers away."""
    page = visit.page
    page.get_by_role("button", name="Run the study").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    visit.drawn("run-2-working")
    expect(page.get_by_role("link", name="Download the report (DOCX)")).to_be_visible(timeout=PATIENCE_MS)
    report = page.frame_locator("iframe")
    expect(report.get_by_role("heading", name="Upfront or delayed")).to_be_visible()
    visit.looks_well("run-3-full")
    page.get_by_role("link", name="Designs side by side").click()
    expect(report.get_by_role("heading", name="Designs side by side", exact=True)).to_be_in_viewport()
    expect(page.locator("iframe")).to_be_in_viewport(ratio=0.9)
    visit.drawn("run-4-designs")

    taken = {name: took(page, label, folder) for name, label in
             (("docx", "Download the report (DOCX)"), ("html", "Download the report (HTML)"),
              ("json", "All numbers (JSON)"))}  # fmt: skip
    result = json.loads(taken["json"].read_text(encoding="utf-8"))
    assert result["results"]["headline.effect"]["value"] is not None
    numbers = numbers_in(taken["docx"])
    words = "".join(one.text for one in Document(str(taken["docx"])).element.body.iter() if one.text)
    for field in ("estimate", "interval"):
        told = prose(bound(result, "headline.effect", field))
        assert numbers["headline.effect", field] == told
        assert told in words
        assert told in unescape(taken["html"].read_text(encoding="utf-8"))


def took(page: Page, label: str, folder: Path) -> Path:
    """Return what a link gives, kept in a folder."""
    with page.expect_download() as given:
        page.get_by_role("link", name=label).click()
    file = folder / given.value.suggested_filename
    given.value.save_as(file)
    return file


def numbers_in(document: Path) -> dict[tuple[str, str], str]:
    """Return the numbers of a Word document by the record and the field that they are bound to."""
    with zipfile.ZipFile(document) as package:
        root: Any = ElementTree.fromstring(package.read("customXml/item2.xml"))
    return {(one.attrib["id"], one.attrib["field"]): one.text or "" for one in root.iter(f"{{{NAMESPACE}}}number")}


def look_at_what_is_full(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("link", name="Beside published results").click()
    visit.looks_well("beside-3-full")
    for name in ("assess", "study", "evidence", "exchange", "jobs", "looked"):
        visit.go(f"/{name}")
        visit.looks_well(f"{name}-3-full")
    visit.go("/cohort?per=tumor&where=minimal_margin_mm<5")
    visit.looks_well("cohort-4-tumors")
