"""Import/Export: a dry run first, what was seen is what is imported, nothing of a file does anything on a page."""

from __future__ import annotations

import errno
import html as entities
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from isotherm.app.study_simulate import MAPPING, PROTOCOL, TABLES, simulate_center
from isotherm.app.web import sent_archive, sent_files, uploads
from isotherm.app.web.application import create_app
from isotherm.app.web.failures import FULL
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.registry.store import open_store
from tests.app.web.conftest import NOW, hidden, made_up_registry, token_on, upload
from tests.app.web.inline import found_in, jobs_inline, settled, write
from tests.app.web.story import story

OURS = "patient_id,birth_date,sex\nQ1,1950-02-03,female\nQ2,1961-05-06,male\n"
THEIRS = "MRN;Date of birth;Sex\nQ1;03.02.1950;female\nQ2;31.02.1961;male\n"


@pytest.fixture(autouse=True)
def _named(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs_inline(monkeypatch)
    assert write(client, "/who", name="ada").status_code == 303


def send(client: TestClient, *files: tuple[str, str | bytes], **fields: str) -> str:
    """Send files; return the page that shows them, once the look is over."""
    answer = write(client, "/exchange", upload=upload(client, *files), **fields)
    assert answer.status_code == 303, answer.text
    return settled(client, answer.headers["location"])


def zipped(members: dict[str, str]) -> bytes:
    """Return an archive of texts by their names."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


def where(html: str) -> str:
    return found_in(html, r'action="(/exchange/[0-9a-f]{16})/')


def field(html: str, name: str) -> str:
    return found_in(html, rf'name="{name}" value="([^"]*)"')


def patients(registry: str) -> set[str]:
    with open_store(registry) as store:
        return {one.patient_id for one in store.records()}


def test_without_a_file_the_page_says_the_next_step(client: TestClient) -> None:
    assert "No file has come yet. Choose one above" in client.get("/exchange").text


@pytest.mark.parametrize("path", ["/exchange", "/study"])
def test_files_cannot_be_sent_before_the_script_that_sends_them_is_there(client: TestClient, path: str) -> None:
    form = found_in(client.get(path).text, r"<form[^>]*data-upload[^>]*>(.*?)</form>")

    assert re.findall(r"<button[^>]*>", form) == re.findall(r"<button[^>]* disabled>", form) != []


def test_a_look_writes_nothing_and_the_import_writes_what_was_seen_with_who_and_why(
    client: TestClient, registry: str
) -> None:
    html = send(client, ("patient.csv", OURS))
    assert "No problem was found" in html
    assert not {"Q1", "Q2"} & patients(registry)

    write(client, f"{where(html)}/import", looked=field(html, "looked"), why="from the clinic")
    html = settled(client, where(html))

    assert "Imported: 2 new records" in html
    assert {"Q1", "Q2"} <= patients(registry)
    with open_store(registry) as store:
        last = store.history(patient_id="Q1", kind_name=None, record_id=None, last=1)[-1]
    assert (last.who, last.why) == ("ada", "from the clinic")


def test_every_problem_is_listed_by_column_and_row_and_no_value_is(client: TestClient, registry: str) -> None:
    html = send(client, ("patient.csv", OURS.replace("1961-05-06", "secret-day")))

    assert "1 problem" in html
    assert re.search(r"birth_date</th>.*?<td>3</td>", html, re.DOTALL)
    assert "secret-day" not in html
    assert "secret-day" not in client.get(f"/jobs/{field(html, 'looked')}/out/problems.csv").text
    write(client, f"{where(html)}/import", looked=field(html, "looked"), why="a try")  # without saying: whole patients
    assert "Q1" not in patients(registry) | set(settled(client, where(html)))


def test_patients_without_problems_can_be_imported_when_that_is_said(client: TestClient, registry: str) -> None:
    html = send(client, ("patient.csv", OURS.replace("1961-05-06", "x")))

    write(client, f"{where(html)}/import", looked=field(html, "looked"), why="those that are whole", partial="true")
    html = settled(client, where(html))

    assert "Left out: 1 patient" in html
    assert {"Q1", "Q2"} & patients(registry) == {"Q1"}


def steps(html: str) -> tuple[str, list[str]]:
    """Return the step that a page is at, and those that are over."""
    every = re.findall(r'<li((?: aria-current="step")?)((?: class="past")?)>([^<]*)', html)
    return next(name for at, _, name in every if at), [name for _, over, name in every if over]


def next_ones(html: str) -> list[str]:
    return re.findall(r'class="(?:button )?main"[^>]*>([^<]*)', found_in(html, r"(?s)<main(.*)</main>"))


def test_an_import_that_is_over_says_so_and_has_one_next_action(client: TestClient) -> None:
    html = send(client, ("patient.csv", OURS))
    assert steps(html) == ("Import", ["Read", "Mend what is wrong"])
    assert next_ones(html) == ["Import 2 new records"]

    write(client, f"{where(html)}/import", looked=field(html, "looked"), why="once")
    html = settled(client, where(html))
    assert steps(html) == ("Done", ["Read", "Mend what is wrong", "Import", "Done"])
    assert next_ones(html) == ["To the worklist"]

    again = send(client, ("patient.csv", OURS))
    assert "<b>Nothing to import:</b> the registry holds all of this already" in again
    assert steps(again)[0] == "Done"
    assert next_ones(again) == ["To the worklist"]
    assert "No problem was found" not in again


def test_what_is_told_otherwise_and_not_asked_to_be_changed_is_over_too(client: TestClient) -> None:
    html = send(client, ("patient.csv", OURS))
    write(client, f"{where(html)}/import", looked=field(html, "looked"), why="once")
    settled(client, where(html))
    html = send(client, ("patient.csv", OURS.replace("06,male", "06,female")))
    assert steps(html)[0] == "Import"
    write(client, f"{where(html)}/import", looked=field(html, "looked"), why="without a change")
    html = settled(client, where(html))
    assert "nothing is new, and 1 record of which the file tells something else stays as the registry has it" in html
    assert steps(html)[0] == "Done"


def test_what_somebody_changed_since_the_look_is_not_written_over_and_can_be_looked_at_again(
    client: TestClient, registry: str
) -> None:
    html = send(client, ("patient.csv", OURS))
    write(client, f"{where(html)}/import", looked=field(html, "looked"), why="once")
    settled(client, where(html))
    html = send(client, ("patient.csv", OURS.replace("06,male", "06,female")))
    with open_store(registry) as store:
        (kept,) = store.patient("Q2")
        store.revise("patient", "Q2", "", {"born_on": date(1961, 5, 8)}, revision=kept.revision, by="Bo", why="chart")

    write(client, f"{where(html)}/import", looked=field(html, "looked"), why="a correction", update="true")
    html = settled(client, where(html))

    assert "Somebody else has changed records since the look" in html
    assert "Mend the mapping" not in html
    assert next_ones(html) == ["Look again"]
    with open_store(registry) as store:
        assert store.patient("Q2")[0].record.get("sex") == "male"


def test_a_zero_of_records_left_out_beside_patients_who_are_is_explained(client: TestClient) -> None:
    html = send(client, ("patient.csv", OURS.replace("1961-05-06", "x")))
    assert "left out, readable</th>" in html
    assert "Of the 1 patient left out, only rows that could be read count as records here" in html
    assert "only rows that could be read" not in send(client, ("patient.csv", OURS))


def test_a_table_of_others_gets_a_draft_which_is_mended_in_the_browser(client: TestClient, registry: str) -> None:
    html = send(client, ("clinic.csv", THEIRS))
    assert "What the columns mean" in html
    assert "born_on" in html
    text = found_in(html, r"<textarea[^>]*>\n(.*?)</textarea>")
    text = text.replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'")

    answer = write(client, f"{where(html)}/mapping", text=text + "\n# seen", read=field(html, "read"))

    assert answer.status_code == 303
    html = settled(client, where(html))
    assert "# seen" in html
    assert re.search(r"Date of birth</th>.*?<td>3</td>", html, re.DOTALL)  # there is no 31st of February


def test_a_mapping_with_a_mistake_is_kept_and_says_the_line(client: TestClient) -> None:
    html = send(client, ("clinic.csv", THEIRS))

    answer = write(client, f"{where(html)}/mapping", text='[[table]]\nkind = "lesoin"\n', read=field(html, "read"))

    assert answer.status_code == 400
    assert "mapping.toml, line 2" in answer.text
    assert "lesoin" in client.get(where(html)).text


def center(folder: Path) -> list[tuple[str, str]]:
    """Return the files of a simulated center: three tables, and the mapping that says what their columns mean."""
    folder.mkdir()
    simulate_center("ajr-2022", folder, seed=1, patients=12)
    return [(name, (folder / name).read_text()) for name in (*TABLES.values(), MAPPING)]


@pytest.fixture
def marked(tmp_path: Path) -> str:
    """Address of a registry in which nobody ever lived."""
    return made_up_registry(tmp_path / "marked.registry", simulated_by="test")


@pytest.fixture
def nobodys(settings: ServeSettings, marked: str, tmp_path: Path) -> Iterator[TestClient]:
    """A browser on a server of that registry."""
    app = create_app(replace(settings, registry=marked, workspace=tmp_path / "nobodys"), clock=lambda: NOW)
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as client:
        assert write(client, "/who", name="ada").status_code == 303
        yield client


def test_tables_that_come_with_their_mapping_are_looked_into_at_once(
    nobodys: TestClient, marked: str, tmp_path: Path
) -> None:
    html = send(nobodys, *center(tmp_path / "center"))
    assert "No problem was found" in html
    assert "kind = &#34;lesion&#34;" in html

    write(nobodys, f"{where(html)}/import", looked=field(html, "looked"), why="a center of ours")

    assert "Imported:" in settled(nobodys, where(html))
    assert len({one for one in patients(marked) if one.startswith("SYN-")}) == 12


def test_tables_of_a_simulated_center_go_into_no_registry_of_patients(
    client: TestClient, registry: str, tmp_path: Path
) -> None:
    before = patients(registry)
    html = send(client, *center(tmp_path / "center"))
    assert "it was simulated and is of no patient, and goes into no registry of patients" in html
    assert 'name="looked"' not in html
    assert patients(registry) == before


def test_a_protocol_that_lies_beside_the_mapping_is_put_aside_and_said(nobodys: TestClient, tmp_path: Path) -> None:
    files = center(tmp_path / "center")
    html = send(nobodys, *files, (PROTOCOL, (tmp_path / "center" / PROTOCOL).read_text()))
    assert "No problem was found." in html
    assert f"Not used: {PROTOCOL}" in html


def test_two_files_that_both_can_be_read_as_a_mapping_are_named(client: TestClient, tmp_path: Path) -> None:
    mapping = center(tmp_path / "center")[-1][1]
    answer = write(client, "/exchange", upload=upload(client, ("a.csv", "1"), ("x.toml", mapping), ("y.toml", mapping)))
    assert answer.status_code == 400
    assert "x.toml, y.toml came, and 2 of them can be read as a mapping" in answer.text


def test_whoever_was_refused_is_led_back_to_the_form(client: TestClient) -> None:
    fields = {**hidden(client), "upload": upload(client, ("mapping.toml", "x = 1"))}
    answer = client.post("/exchange", data=fields, headers={"Referer": f"{client.base_url}/exchange"})
    assert answer.status_code == 400
    assert '<a class="button main" href="/exchange">Back to the page before</a>' in answer.text


@pytest.mark.parametrize("path", ["/exchange", "/study", "/assess"])
def test_the_name_is_asked_for_before_files_are_chosen(client: TestClient, path: str) -> None:
    named = client.get(path).text
    client.cookies.delete("isotherm_who")
    nameless = client.get(path).text
    assert "before you choose files" not in named
    assert "<fieldset disabled>" not in named
    assert "before you choose files" in nameless
    assert re.search(r'<fieldset( class="bare")? disabled>(?s:.*)type="file"', nameless)


def test_of_tables_that_came_together_one_mapping_is_drafted_and_a_word_in_place_of_the_dots_is_enough(
    nobodys: TestClient, tmp_path: Path
) -> None:
    html = send(nobodys, *center(tmp_path / "center")[:3])
    assert "No problem was found" in html
    assert "Not read yet: primary, lesion, reading, margin, ablation." in html
    text = entities.unescape(found_in(html, r'<textarea id="text"[^>]*>\n(.*?)</textarea>'))

    filled = text.replace('organ = { constant = "..." }', 'organ = { constant = "liver" }')
    write(nobodys, f"{where(html)}/mapping", text=filled, read=field(html, "read"))

    html = settled(nobodys, where(html))
    assert "Not read yet: primary, reading, margin." in html
    assert re.search(r'<th scope="row">lesion</th><td class="number">[1-9]', html)


def test_whoever_imports_too_early_finds_the_mapping_on_every_page_that_speaks_of_it(
    nobodys: TestClient, tmp_path: Path
) -> None:
    tables = center(tmp_path / "center")[:3]
    html = send(nobodys, *tables)
    assert "5 kinds are not read yet: primary, lesion, reading, margin, ablation." in html
    assert next_ones(html) == ["Save and look again"]

    write(nobodys, f"{where(html)}/import", looked=field(html, "looked"), why="too early")
    done, again = settled(nobodys, where(html)), send(nobodys, *tables)

    assert "Imported:" in done
    assert "Nothing to import of what is read so far:" in again
    assert (steps(done)[0], steps(again)[0]) == ("Done", "Mend what is wrong")
    assert (next_ones(done), next_ones(again)) == (["To the worklist"], ["Save and look again"])
    for page in (done, again):
        assert "the mapping below" in page
        assert all(one in page for one in ('<textarea id="text"', "Save and look again", "Download the mapping"))

    bad = write(nobodys, f"{where(done)}/mapping", text="[[table]", read=field(done, "read"))
    assert bad.status_code == 400
    assert steps(bad.text)[0] == "Mend what is wrong"
    late = write(nobodys, f"{where(done)}/mapping", text="# of another tab", read=field(done, "read"))
    assert late.status_code == 409
    for page in (bad.text, late.text):
        assert '<textarea id="text"' in page


LATE = {
    "patient.csv": "patient_id\nQ1\n",
    "lesion.csv": "patient_id,lesion_id,organ\nQ1,1,liver\n",
    "scan.csv": "patient_id,scan_id,scanned_on\nQ1,a,2024-01-05\nQ1,b,2024-03-01\n",
    "session.csv": "patient_id,session_id,ablated_on\nQ1,s,2024-02-01\n",
    "ablation.csv": "patient_id,ablation_id,session_id,lesion_id\nQ1,x,s,1\n",
    "margin.csv": "patient_id,margin_id,lesion_id,scan_id,before_scan_id,status\nQ1,m,1,a,b,measured\n",
}
"""A margin of two scans in the wrong order: one record, of which three things cannot be."""


def test_records_that_do_not_fit_each_other_are_counted_when_they_are_imported(
    client: TestClient, registry: str
) -> None:
    html = send(client, *LATE.items())
    assert "No problem was found.</b> Nothing was written so far" in html
    assert "Whether records fit each other is told after the import." in html

    write(client, f"{where(html)}/import", looked=field(html, "looked"), why="scans in the wrong order")
    html = settled(client, where(html))

    assert "<b>1 record of the registry does not fit the others of the same patient.</b>" in html
    assert "/cohort#odd" in html
    cohort = client.get("/cohort").text
    assert "<summary>1 record does not fit the others of the same patient</summary>" in cohort
    assert 'id="odd"' in cohort
    assert "A record may stand in several lines." in cohort


def test_of_an_import_after_which_all_records_fit_that_is_told(client: TestClient) -> None:
    html = send(client, ("patient.csv", OURS))
    write(client, f"{where(html)}/import", looked=field(html, "looked"), why="fine")
    assert "all fit.</p>" in settled(client, where(html))


def test_where_the_folder_of_a_patient_goes_is_told_beside_the_files(client: TestClient) -> None:
    assert (
        "(case.toml) is read on the command line: <code>isotherm case FOLDER --registry" in client.get("/exchange").text
    )


def test_a_mapping_that_came_along_with_a_mistake_is_told_and_mended_in_the_browser(
    nobodys: TestClient, tmp_path: Path
) -> None:
    *tables, (name, text) = center(tmp_path / "center")
    answer = write(nobodys, "/exchange", upload=upload(nobodys, *tables, (name, text.replace('"lesion"', '"lesoin"'))))
    assert answer.status_code == 400
    assert "lesoin" in nobodys.get(where(answer.text)).text
    assert "The mapping is kept, and cannot be used yet." in nobodys.get(where(answer.text)).text

    write(nobodys, f"{where(answer.text)}/mapping", text=text, read=field(answer.text, "read"))

    assert "No problem was found" in settled(nobodys, where(answer.text))


def test_beside_a_mapping_that_cannot_be_used_no_earlier_look_is_offered_for_import(
    nobodys: TestClient, tmp_path: Path
) -> None:
    html = send(nobodys, *center(tmp_path / "center"))
    assert "No problem was found" in html
    lines = field(html, "read")

    text = entities.unescape(found_in(html, r'<textarea id="text"[^>]*>\n(.*?)</textarea>'))
    answer = write(nobodys, f"{where(html)}/mapping", text=text.replace("kind", "kin", 1), read=lines)

    assert answer.status_code == 400
    assert "No problem was found" not in answer.text
    assert 'name="looked"' not in answer.text


@pytest.mark.parametrize("files", [
    (("mapping.toml", "x = 1"),), (("a.csv", "1"), ("x.toml", ""), ("y.toml", "")),
    (("a.csv", "1"), ("x.toml", b"\xff")), (("a.json", "{}"), ("x.toml", "")),
])  # fmt: skip
def test_a_mapping_alone_two_of_them_or_no_text_are_refused(
    client: TestClient, files: tuple[tuple[str, str | bytes], ...]
) -> None:
    assert write(client, "/exchange", upload=upload(client, *files)).status_code == 400


@pytest.mark.parametrize("files", [("case.toml", "course.toml", "F1.nii.gz"), ("P17/case.toml", "lesion.csv")])
def test_the_folder_of_a_patient_is_told_from_tables_with_what_reads_it(
    client: TestClient, files: tuple[str, ...]
) -> None:
    answer = write(client, "/exchange", upload=upload(client, *((name, 'id = "P17"') for name in files)))
    assert answer.status_code == 400
    assert "case.toml" in answer.text
    assert "`isotherm case FOLDER --registry REGISTRY` reads it" in entities.unescape(answer.text)


def test_a_kept_mapping_that_names_other_files_is_not_looked_at_either(client: TestClient) -> None:
    html = send(client, ("clinic.csv", THEIRS))
    text = '[[table]]\nkind = "patient"\nfile = "../state.json"\npatient = "MRN"\n[table.fields]\nsex = "Sex"\n'
    write(client, f"{where(html)}/mapping", text=text, read=field(html, "read"))
    before = len(client.get("/jobs").text)

    answer = write(client, f"{where(html)}/look")

    assert answer.status_code == 400
    assert "file that did not come" in answer.text
    assert len(client.get("/jobs").text) == before


def test_a_look_that_runs_again_reads_no_file_that_a_refused_mapping_names(client: TestClient, tmp_path: Path) -> None:
    other = tmp_path / "payroll.csv"
    other.write_text("MRN;Sex\nALICE;female\n")
    html = send(client, ("clinic.csv", THEIRS))
    of = f'kind = "patient"\nfile = "{other}"\nseparator = ";"\npatient = "MRN"'
    text = f'[[table]]\n{of}\n[table.fields]\nsex = "Sex"\n'
    assert write(client, f"{where(html)}/mapping", text=text, read=field(html, "read")).status_code == 400

    job = f"/jobs/{field(html, 'looked')}"
    write(client, f"{job}/again")

    assert "file that did not come" in settled(client, job)


def test_of_two_tabs_the_second_overwrites_nothing_and_loses_nothing(client: TestClient) -> None:
    html = send(client, ("clinic.csv", THEIRS))
    first, second = ("# of the first\n" + 'x = "', "# of the second\n")
    write(client, f"{where(html)}/mapping", text=first, read=field(html, "read"))

    answer = write(client, f"{where(html)}/mapping", text=second, read=field(html, "read"))

    assert answer.status_code == 409
    assert "Somebody saved another mapping" in answer.text
    assert "of the first" in answer.text
    assert "of the second" in answer.text
    assert "of the first" in client.get(where(html)).text


@pytest.mark.parametrize("file", ["../../../../etc/passwd.csv", "/etc/passwd", "../state.json"])
def test_a_mapping_reads_no_file_but_those_that_came(client: TestClient, file: str) -> None:
    html = send(client, ("clinic.csv", THEIRS))
    text = f'[[table]]\nkind = "patient"\nfile = "{file}"\npatient = "MRN"\n[table.fields]\nsex = "Sex"\n'

    answer = write(client, f"{where(html)}/mapping", text=text, read=field(html, "read"))

    assert answer.status_code == 400
    assert "file that did not come" in answer.text


def test_names_of_columns_and_files_and_cells_do_nothing_on_a_page(client: TestClient) -> None:
    bad = "<script>alert(1)</script>"
    html = send(client, (f"{bad}.csv", f"MRN;{bad};Sex;Date of birth\nQ1;{bad};{bad};{bad}\n"))

    for text in (html, client.get("/exchange").text, client.get("/jobs").text):
        assert bad not in text
        assert "<script>alert" not in text


@pytest.mark.parametrize(("name", "content"), [
    ("x.exe", b"MZ\x00\x00"), ("x.csv", b"\x00\xff\x00\xff"), ("x.xlsx", b"no book"), ("x.parquet", b"PAR1none"),
    ("x.json", b"{"), ("x.json", b"[1, 2]"), ("x.csv", b""), ("noending", b"a,b\n1,2\n"),
])  # fmt: skip
def test_files_that_are_none_of_ours_are_refused_in_a_sentence(client: TestClient, name: str, content: bytes) -> None:
    html = send(client, (name, content))

    assert "failed.</b>" in html
    assert "unforeseen" not in html
    assert "Look again" in html


def test_more_than_an_import_takes_is_refused_in_words(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent_files, "MOST_BYTES", 1000)

    answer = write(client, "/exchange", upload=upload(client, ("patient.csv", "x" * 1001)))

    assert answer.status_code == 413
    assert "command line" in answer.text


@pytest.mark.parametrize("files", [
    (), (("a.csv", "1"), ("A.CSV", "2")), tuple((f"{k}.csv", "1") for k in range(41)),
    (("a.json", "1"), ("b.csv", "2")),
])  # fmt: skip
def test_none_too_many_or_two_of_one_name_are_refused(client: TestClient, files: tuple[tuple[str, str], ...]) -> None:
    assert write(client, "/exchange", upload=upload(client, *files)).status_code == 400


@pytest.mark.parametrize(("name", "plain"), [
    ("../../x.csv", "x.csv"), ("..\\..\\x.csv", "x.csv"), (".csv", "csv"), ("a\x00b.csv", "a_b.csv"), ("/", "file"),
    ("x" * 300 + ".xlsx", "x" * 69 + ".xlsx"), ("-rf.csv", "-rf.csv"), ("a\nb.csv", "a_b.csv"),
])  # fmt: skip
def test_names_are_made_harmless_and_keep_their_ending(name: str, plain: str) -> None:
    assert sent_files.harmless(name) == plain


def test_what_was_looked_at_before_is_not_imported_after_a_new_look(client: TestClient, registry: str) -> None:
    html = send(client, ("patient.csv", OURS))
    write(client, f"{where(html)}/look")
    settled(client, where(html))

    answer = write(client, f"{where(html)}/import", looked=field(html, "looked"), why="old")

    assert answer.status_code == 400
    assert "Q1" not in patients(registry)


def test_an_import_sent_twice_adds_once(client: TestClient, registry: str) -> None:
    html = send(client, ("patient.csv", OURS))
    answers = [write(client, f"{where(html)}/import", looked=field(html, "looked"), why="twice") for _ in range(2)]

    assert [one.status_code for one in answers] == [303, 400]


def test_a_file_can_be_taken_away_and_records_stay(client: TestClient, app: FastAPI) -> None:
    html = send(client, ("patient.csv", OURS))
    write(client, f"{where(html)}/remove")

    assert client.get(where(html)).status_code == 404
    assert not list(app.state.web.workspace.folder.rglob("patient.csv"))


@pytest.mark.parametrize(("form", "ending"), [
    ("csv", ".zip"), ("excel", ".xlsx"), ("parquet", ".zip"), ("redcap", ".csv"), ("fhir", ".json"),
    ("dictionary", ".zip"),
])  # fmt: skip
def test_records_go_out_in_every_form(client: TestClient, form: str, ending: str) -> None:
    path = write(client, f"/exchange/export/{form}").headers["location"]
    html = settled(client, path)
    link = found_in(html, r'href="(/jobs/[0-9a-f]+/out/[^"]+)"')

    assert link.endswith(ending)
    assert f'<a class="button main" href="{link}" download>Download {link.rsplit("/", 1)[1]}</a>' in html
    answer = client.get(link)
    assert answer.status_code == 200
    if ending == ".zip":
        assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None


def test_no_other_form_goes_out(client: TestClient) -> None:
    assert write(client, "/exchange/export/..%2Fx").status_code in (400, 404)
    assert write(client, "/exchange/export/pickle").status_code == 400


def test_what_goes_out_comes_in_again_without_a_change(client: TestClient, registry: str) -> None:
    path = write(client, "/exchange/export/redcap").headers["location"]
    link = found_in(settled(client, path), r'href="(/jobs/[0-9a-f]+/out/[^"]+)"')

    html = send(client, ("again.csv", client.get(link).content), redcap="true")

    assert "Nothing to import:</b> the registry holds all of this already" in html


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_archive_of_tables_that_goes_out_comes_in_as_it_is(client: TestClient, app: FastAPI, form: str) -> None:
    link = found_in(settled(client, write(client, f"/exchange/export/{form}").headers["location"]),
                    r'href="(/jobs/[0-9a-f]+/out/[^"]+)"')  # fmt: skip

    html = send(client, (f"records-{form}.zip", client.get(link).content))

    assert "Nothing to import:</b> the registry holds all of this already" in html
    assert f"records-{form}.zip" in html
    assert not list(app.state.web.workspace.folder.rglob(f"patient.{form}"))


def test_what_is_new_in_an_archive_is_imported(client: TestClient, registry: str) -> None:
    html = send(client, ("records-csv.zip", zipped({"records/patient.csv": OURS.replace("birth_date", "born_on"),
                                                    "__MACOSX/._patient.csv": "x"})))  # fmt: skip
    assert not {"Q1", "Q2"} & patients(registry)

    write(client, f"{where(html)}/import", looked=field(html, "looked"), why="from the clinic")

    assert "Imported: 2 new records" in settled(client, where(html))
    assert {"Q1", "Q2"} <= patients(registry)


@pytest.mark.parametrize(("members", "said"), [
    ({"patient.csv": OURS, "photo.png": "x"}, "holds 'photo.png', and tables in a ZIP archive are CSV or Parquet;"),
    ({"inner.zip": "PK"}, "holds 'inner.zip', and tables in a ZIP archive"),
    ({}, "is no ZIP archive, is damaged, or holds nothing; export it once more"),
    ({".DS_Store": "x"}, "holds 0 tables, and 1 to 40 are read; unzip"),
    ({f"{k}.csv": "x" for k in range(41)}, "holds 41 tables, and 1 to 40 are read; unzip"),
    ({"../../../patient.csv": OURS, "clinic.csv": THEIRS}, "What the columns mean"),
    ({"a/patient.csv": OURS, "b/Patient.csv": OURS}, "holds two tables of the same name; unzip"),
    ])  # fmt: skip
def test_an_archive_of_something_else_is_refused_with_what_to_do(
    client: TestClient, app: FastAPI, members: dict[str, str], said: str
) -> None:
    html = send(client, ("records-csv.zip", zipped(members)))

    assert said in entities.unescape(html)
    assert not list(app.state.web.workspace.folder.parent.rglob("patient.csv"))


def test_an_archive_that_is_none_or_unpacks_to_too_much_is_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "cut short or damaged" in send(client, ("records-csv.zip", b"PK\x03\x04 and no more"))
    monkeypatch.setattr(sent_archive, "MOST_BYTES", 100)
    html = send(client, ("records-csv.zip", zipped({"patient.csv": OURS + " " * 100})))
    assert "use isotherm registry import on the command line" in html


def test_the_address_of_a_refused_mapping_loaded_again_leads_to_the_page_that_has_the_form(client: TestClient) -> None:
    html = send(client, ("clinic.csv", THEIRS))
    assert write(client, f"{where(html)}/mapping", text="[[tabel]]", read=field(html, "read")).status_code == 400

    answer = client.get(f"{where(html)}/mapping", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, where(html))
    assert "cannot be used yet" in client.get(where(html)).text


def test_what_of_a_file_was_not_read_is_told_before_and_after_an_import(client: TestClient, registry: str) -> None:
    table = "MRN,Sex,Hair,center,extra_organ\nQ1,female,gray,St. Mary's,lung\nQ2,male,,St. Mary's,bone\n"
    html = send(client, ("clinic.csv", table))
    assert "Near a field, and not read: extra_organ, center." in html
    passed = re.findall(r"<tr data-row><th scope=\"row\">(\w+)</th><td class=\"number\">([^<]+)</td>", html)
    assert passed == [("Hair", "1 filled cell"), ("center", "2 filled cells"), ("extra_organ", "2 filled cells")]
    assert "gray" not in html

    write(client, f"{where(html)}/import", looked=field(html, "looked"), why="from the clinic")

    done = settled(client, where(html))
    assert "Imported: 2 new records" in done
    assert "not in the mapping" in done


def test_what_columns_mean_is_chosen_from_lists_and_stands_in_the_mapping(client: TestClient) -> None:
    html = send(client, ("clinic.csv", "MRN,Sex,Hair,extra_organ\nQ1,female,gray,lung\nQ2,male,,liver\n"))
    near = found_in(html, r'(?s)<label for="(column-0)">extra_organ</label>')
    option = found_in(html, rf'(?s)<select id="{near}".*?value="([^"]*)">lesion: organ<')
    fields = {"read": field(html, "read"), "looked": field(html, "looked")}

    answer = write(client, f"{where(html)}/choose", column=option, **fields)

    assert answer.status_code == 303, answer.text
    html = settled(client, where(html))
    assert "Near a field" not in html
    assert "organ = &#34;extra_organ&#34;" in html
    assert re.search(r'<th scope="row">lesion</th><td class="number">2</td>', html)
    late = write(client, f"{where(html)}/choose", column=option, **fields)
    assert late.status_code == 409
    assert "Choose again." in late.text


def test_what_is_needed_and_told_by_no_column_is_chosen_as_one_value_for_all_or_as_a_column(
    nobodys: TestClient, tmp_path: Path
) -> None:
    html = send(nobodys, *center(tmp_path / "center")[:3])
    fields = {"read": field(html, "read"), "looked": field(html, "looked")}
    every = [found_in(html, r'value="([^"]*)">colorectal in every row<'),
             found_in(html, r'value="([^"]*)">liver in every row<')]  # fmt: skip

    answer = write(nobodys, f"{where(html)}/choose", hole=every, **fields)

    assert answer.status_code == 303, answer.text
    assert "Not read yet: reading, margin." in settled(nobodys, where(html))


@pytest.mark.parametrize(
    "value", ["", "0", "99.lesion.organ", "-1.lesion.organ", "0.lesion.gone", "0.patient.sex", "x.y.z"]
)
def test_a_choice_that_is_not_on_offer_is_refused_and_changes_nothing(client: TestClient, value: str) -> None:
    html = send(client, ("clinic.csv", "MRN,Sex,Hair\nQ1,female,gray\n"))
    answer = write(
        client, f"{where(html)}/choose", column=value, read=field(html, "read"), looked=field(html, "looked")
    )
    assert answer.status_code == 400
    assert "<b>Not saved.</b>" in answer.text
    assert field(client.get(where(html)).text, "read") == field(html, "read")


@pytest.mark.parametrize("text", ["[[table]", '[[table]]\nkind = "lesion"\npatient = "MRN"\nkey = "k"\n'
                                  'fields = { segmnt = { constant = "..." } }\n'])  # fmt: skip
def test_a_choice_beside_a_mapping_that_cannot_be_used_says_what_is_wrong_with_it(
    client: TestClient, text: str
) -> None:
    html = send(client, ("clinic.csv", "MRN,Sex,Hair\nQ1,female,gray\n"))
    write(client, f"{where(html)}/mapping", text=text, read=field(html, "read"))
    shown = client.get(where(html))
    answer = write(client, f"{where(html)}/choose", column="0.lesion.place", read=field(shown.text, "read"),
                   looked=field(html, "looked"))  # fmt: skip
    assert (shown.status_code, answer.status_code) == (200, 400)
    assert "cannot be used yet" in answer.text


def test_a_tumor_is_not_made_of_each_row_of_a_patient_with_several(client: TestClient) -> None:
    html = send(client, ("clinic.csv", "MRN,Sex,extra_organ\nQ1,female,lung\nQ1,female,lung\n"))
    option = found_in(html, r'value="([^"]*)">lesion: organ<')
    answer = write(
        client, f"{where(html)}/choose", column=option, read=field(html, "read"), looked=field(html, "looked")
    )
    assert answer.status_code == 400
    assert "Several rows of clinic.csv may be of one patient" in answer.text


def test_every_field_that_a_mapping_can_name_is_listed_with_its_unit(client: TestClient) -> None:
    html = send(client, ("clinic.csv", "MRN,Sex\nQ1,female\n"))
    listed = re.findall(r'<tr><th scope="row">(\w+)</th><td>(\w+)</td>', html)
    assert listed == [(kind.name, one.name) for kind in RECORD_KINDS.values() for one in kind.fields]
    assert "<td>power</td><td>W</td><td>a number from 0 to 1000 W</td>" in html


def test_rows_that_make_no_record_of_what_a_mapping_states_are_told_in_the_open(client: TestClient) -> None:
    mapping = ('[[table]]\nkind = "patient"\npatient = "MRN"\n[[table]]\nkind = "systemic"\npatient = "MRN"\n'
               'key_is = "1"\nfields = { started_on = "Start", regimen = { constant = "FOLFOX" } }\n')  # fmt: skip
    html = send(client, ("clinic.csv", "MRN,Start\nQ1,2024-01-02\nQ2,\n"), ("mapping.toml", mapping))
    told = re.sub(r"(?s)<details.*?</details>", "", html)
    assert ("1 row of clinic.csv makes no systemic: nothing of one stands there but regimen, which the mapping states "
            "for every row.") in told  # fmt: skip


def test_an_upload_that_is_not_there_is_said(client: TestClient, tmp_path: Path) -> None:
    for path in ("/exchange/0123456789abcdef", "/exchange/..%2f..%2fx", "/exchange/x"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/exchange", "/study"])
def test_what_a_script_sends_onto_a_full_disk_is_refused_in_the_words_of_every_page(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(uploads, "_write", full)
    headers = {"X-CSRF-Token": token_on(client.get(path).text), "HX-Request": "true"}
    answer = client.post("/uploads?name=a.csv", content=b"x", headers=headers)
    assert answer.status_code == 507
    assert FULL in answer.text


def test_what_cannot_be_sent_for_want_of_room_is_marked_as_a_failure_and_a_second_try_begins_anew(
    settings: ServeSettings, browser: Browser, chromium: Path, tmp_path: Path
) -> None:
    (tmp_path / "patient.csv").write_text(OURS)
    with story(replace(settings, room_gb=1e-8), browser, chromium, who="ada") as told:
        told.go("/exchange")
        told.page.get_by_label("Files").set_input_files(tmp_path / "patient.csv")
        for _ in range(2):
            told.page.get_by_role("button", name="Look into it").click()
            alert = told.page.locator("[data-told].failure")
            expect(alert).to_contain_text("No room")
            expect(alert).to_have_attribute("role", "alert")
        assert told.left == []


def test_unusual_values_are_told_before_the_import_and_keep_nothing_out(client: TestClient, registry: str) -> None:
    sizes = "".join(f"Q{n},1,2024-02-0{n},{size},{cea}\n" for n, size, cea in ((1, 260, 3), (2, 31, 11400), (3, 12, 4)))
    html = send(client, ("decision.csv", f"patient_id,decision_id,decided_on,largest_lesion_mm,cea_ug_l\n{sizes}"),
                ("patient.csv", "patient_id\nQ1\nQ2\nQ3\n"))  # fmt: skip
    told = entities.unescape(html)
    assert "No problem was found." in told
    assert "Unusual values in 2 columns." in told
    rows = re.findall(
        r'<tr data-row><th scope="row">(\w+)</th><td>([^<]*)</td><td class="number">1</td><td>(\d)</td>', told
    )
    assert [(column, row) for column, _, row in rows] == [("cea_ug_l", "3"), ("largest_lesion_mm", "2")]
    assert "may be ten times too large, with the decimal sign lost" in rows[1][1]
    assert not re.search(r"11,?400|260", f"{rows}")
    answer = write(client, f"{where(html)}/import", looked=field(html, "looked"), why="x")
    assert "Imported: 6 new records" in settled(client, answer.headers["location"])
    assert patients(registry) >= {"Q1", "Q2", "Q3"}
