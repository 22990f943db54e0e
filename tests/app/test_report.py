"""The report: one file that says the finding first, hides nothing, runs nothing foreign and asks nobody."""

# ruff: noqa: RUF001 (the report writes true minus and times signs)

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest

from isotherm.app import report
from isotherm.app.assessment import Assessment
from isotherm.app.provenance import result_hash
from isotherm.app.report import MOST_BYTES, report_html
from tests.app.made_up import HOSTILE, MADE, made_up_assessment

SECTIONS = ["findings", "planes", "viewer", "map", "histogram", "tables", "flags", "methods"]


class Page(HTMLParser):
    """What a browser would see: elements, and the words between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words_by_section: dict[str, str] = {}
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self._section = ""
        self._silent = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words_by_section[self._section] = self.words_by_section.get(self._section, "") + " "
        self.elements.append((tag, dict(attrs)))
        if tag == "section":
            self._section = str(dict(attrs).get("id"))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        self._silent += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self.words_by_section[self._section] += " "
        self._silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if self._silent:
            if self.scripts:
                self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
            return
        self.words_by_section[self._section] = self.words_by_section.get(self._section, "") + data

    def words(self, section: str) -> str:
        return " ".join(self.words_by_section[section].split()).replace("\u00a0", " ")


@cache
def html(**made_up: bool) -> str:
    return report_html(made_up_assessment(**made_up), MADE)


@cache
def page(**made_up: bool) -> Page:
    return Page(html(**made_up))


def changed(assessment: Assessment, number: int, **values: Any) -> Assessment:
    document = copy.deepcopy(dict(assessment.document))
    document["lesions"][number] |= values
    return replace(assessment, document=document)


@pytest.fixture
def no_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an installation whose viewer was never built."""
    original = report.static
    monkeypatch.setattr(report, "static", lambda name: "" if name.startswith("viewer/") else original(name))


def test_the_sections_come_in_their_order() -> None:
    sections = [str(attrs.get("id")) for tag, attrs in page().elements if tag == "section"]

    assert sections == SECTIONS


def test_the_finding_has_number_interval_place_and_caveat() -> None:
    said = page().words("findings")

    assert "Lesion 1 Minimal margin −0.6 mm 90 % interval −2.5 to 0.8 mm" in said
    assert "Thinnest point anterior-right R 78.7, A 4.5, S 48.5 mm All of the surface assessed." in said
    assert "A vessel limits the margin here." in said


def test_the_head_says_which_measurement_it_is_of_which_days_and_by_whom() -> None:
    said = page().words("")

    assert "Measurement 0123456789abcdef" in said
    assert f"Result margin.json, {result_hash(made_up_assessment().document)}" in said
    assert "Measured 2026-03-01 with isotherm 0.1.0, by A. Reader" in said
    assert "Scans before ablation not recorded, after ablation not recorded" in said
    assert "Outlines drawn by not recorded" in said
    assert "Accepted not recorded here: the registry has who accepted a margin" in said


def test_a_bounded_margin_is_at_most_its_number() -> None:
    said = page().words("findings")

    assert "at most 7.3 mm Interval not given" in said
    assert "Bounded: part of the surface could not be assessed" in said
    assert "The image ends 0.4 mm from the tumor" in said


def test_what_was_not_ablated_is_a_finding() -> None:
    said = page().words("findings")

    assert "Lesion 3 Minimal margin nothing ablated Interval not given Thinnest point none" in said
    assert "residual = whole tumor, 0.64 mL" in said


def test_no_verdict_is_given() -> None:
    verdicts = r"\b(sufficient|insufficient|adequate|inadequate|success\w*|fail\w*|good|poor|safe|unsafe|complete)\b"

    assert re.search(verdicts, page().words("findings"), re.IGNORECASE) is None


def test_simulated_data_are_called_simulated() -> None:
    assert "Simulated data. Simulated here: tumor, ablation." in page().words("")
    assert "<title>Ablation margin (simulated data)</title>" in html()
    assert "Simulated" not in page(simulated=False).words("")


def test_an_interval_that_is_not_calibrated_is_a_robustness_interval_everywhere() -> None:
    said = Page(html(calibrated=False))
    everything = " ".join(said.words(section) for section in SECTIONS)

    assert "90 % robustness interval −2.5 to 0.8 mm" in said.words("findings")
    assert "90 % interval" not in everything
    assert "not calibrated" in said.words("methods")
    assert "robustness" not in " ".join(page().words(section) for section in SECTIONS)


def test_reasons_stand_where_numbers_are_missing() -> None:
    assert "No map: The ablation mask is empty: nothing was ablated." in page().words("map")
    assert "No histogram: The ablation mask is empty" in page().words("histogram")
    assert "a The ablation mask is empty: nothing was ablated." in page().words("tables")


def test_flags_and_warnings_are_all_listed() -> None:
    said = page().words("flags")

    assert "check the registration" in said
    assert "cut by the field of view" in said
    assert "All lesions The slices of the ablation's image are 5.0 mm thick" in said


def test_methods_name_settings_software_sources_and_limits() -> None:
    said = page().words("methods")

    for expected in ("Registration error 1.62 mm", "PMID 35246412", "isotherm 0.1.0", "AJR 2014;203:W181", "Seed 0",
                     "Research use only. Not a medical device.", "Shape 100 × 110 × 110"):  # fmt: skip
        assert expected in said


def test_the_report_needs_nothing_from_outside() -> None:
    for tag, attrs in page().elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form"}
        for name in ("src", "srcset", "href", "data", "action", "poster"):
            value = attrs.get(name)
            assert value is None or value.startswith(("data:image/svg+xml;base64,", "#"))
    assert "@import" not in html()
    assert re.search(r"url\(", html().split("<script")[0]) is None


def test_only_our_own_scripts_may_run_and_nothing_may_be_connected_to() -> None:
    (policy,) = [str(attrs["content"]) for tag, attrs in page().elements
                 if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"]  # fmt: skip
    programs = [text for attrs, text in page().scripts if "type" not in attrs]
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in programs]

    assert len(digests) == 2
    allowed = " ".join(f"'sha256-{one}'" for one in digests)
    assert f"script-src {allowed};" in policy
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert "unsafe-eval" not in policy


def test_hostile_names_are_words() -> None:
    scripts = [text for attrs, text in page().scripts if "type" not in attrs]

    assert f"Lesion {HOSTILE}" in page().words("findings")
    assert "portal <b>branch</b> 6" in page().words("tables")
    assert len(scripts) == 2
    assert HOSTILE not in html()


def test_no_path_or_file_name_of_the_machine_is_in_it() -> None:
    for secret in ("mallory", "P4711", "tumor.nii", "zone.nii", "C:\\"):
        assert secret not in html().replace("\\\\", "\\")


def test_it_can_be_mailed() -> None:
    assert len(html().encode()) <= MOST_BYTES


def test_many_lesions_still_fit_into_one_file() -> None:
    few = made_up_assessment()
    views = tuple(replace(few.lesions[n % 2], label=str(n)) for n in range(12))
    lesions = [dict(few.document["lesions"][n % 2]) | {"label": str(n)} for n in range(12)]
    many = Assessment(dict(few.document) | {"lesions": lesions}, views)

    written = report_html(many, MADE)

    assert len(written.encode()) <= MOST_BYTES
    assert written.count('data-go-to="') == 12


def test_the_same_assessment_gives_the_same_bytes() -> None:
    assert html() == report_html(made_up_assessment(), MADE)


@pytest.mark.usefixtures("no_viewer")
def test_without_a_built_viewer_everything_else_is_there() -> None:
    bare = Page(report_html(made_up_assessment(), MADE))

    assert [str(attrs.get("id")) for tag, attrs in bare.elements if tag == "section"] == SECTIONS
    assert "There is no viewer in this copy" in bare.words("viewer")
    assert bare.scripts == []


@pytest.mark.usefixtures("no_viewer")
def test_the_volume_of_an_input_is_told_apart_from_that_of_a_result() -> None:
    few = made_up_assessment(images=False)
    inputs = [dict(few.document["inputs"][0]) | {"volume_ml": 6.334}]
    said = Page(report_html(replace(few, document=dict(few.document) | {"inputs": inputs}), MADE)).words("methods")

    assert "Volume of its voxels 6.334 mL" in said


@pytest.mark.usefixtures("no_viewer")
def test_without_images_the_masks_are_drawn() -> None:
    assert "Masks only, no image given" in report_html(made_up_assessment(images=False), MADE)


@pytest.mark.usefixtures("no_viewer")
def test_a_lesion_that_is_not_assessable_has_its_reason_instead_of_a_number() -> None:
    few = made_up_assessment()
    nothing = dict.fromkeys(["minimal_margin_mm", "interval_mm", "thinnest_point_lps_mm", "thinnest_direction"])
    blind = changed(few, 0, **nothing, status="not_assessable", reasons=["The tumor is smaller than a voxel."])
    said = Page(report_html(blind, MADE))

    assert "Minimal margin not assessable" in said.words("findings")
    assert "The tumor is smaller than a voxel." in said.words("findings")
    assert "No map: The tumor is smaller than a voxel." in said.words("map")


@pytest.mark.usefixtures("no_viewer")
def test_the_smallest_document_has_a_report() -> None:
    few = made_up_assessment()
    smallest = {"lesions": [{"label": "3", "status": "not_ablated", "reasons": []}]}

    assert "nothing ablated" in Page(report_html(Assessment(smallest, few.lesions[2:]), MADE)).words("findings")


def test_views_must_be_those_of_the_document() -> None:
    few = made_up_assessment()

    with pytest.raises(ValueError, match="out of order"):
        Assessment(few.document, few.lesions[::-1])


def test_what_the_viewer_reads_is_json_that_cannot_end_its_element() -> None:
    (scene,) = [text for attrs, text in page().scripts if attrs.get("id") == "viewer-data"]

    lesions = json.loads(scene)["lesions"]

    assert "<" not in scene
    assert [len(lesion["start_ras"]) for lesion in lesions] == [3, 3, 3]
    thinnest = made_up_assessment().document["lesions"][0]["thinnest_point_lps_mm"]
    assert lesions[0]["start_ras"] == [-thinnest[0], -thinnest[1], thinnest[2]]
