"""Choices of a form, written into the text of a mapping: all else stays; what would have to be guessed is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from isotherm.app.registry_choose import holes, unread
from isotherm.app.registry_chosen import Fill, ReadAs, with_choices
from isotherm.app.registry_mapping_edit import tables_in
from isotherm.errors import BadSetting
from isotherm.exchange.record_mapping_files import mapping_from
from isotherm.exchange.record_mapping_in import read_mapped
from tests.app.test_registry_choose import COLUMNS, TEXT, repeating

PATIENT = '[[table]]\nkind = "patient"\nfile = "t.csv"\npatient = "id"\n'
ORGAN = ReadAs(table="t.csv", column="organ", kind="lesion", field="organ")


def lesions(tmp_path: Path, table: str, mapping: str) -> list[tuple[str, str, object]]:
    """Return the lesions of a table."""
    (tmp_path / "t.csv").write_text(table, encoding="utf-8")
    intake = read_mapped(tmp_path, mapping_from(mapping), today=date(2026, 11, 26))
    return [(one.record.patient_id, one.record.id, one.record.get("organ")) for one in intake.noted
            if one.record.kind.name == "lesion"]  # fmt: skip


def test_choices_become_lines_and_everything_else_stays() -> None:
    told = with_choices(
        TEXT,
        [Fill(at=1, field="organ", constant="liver"), Fill(at=3, field="scan_id", column="ct_after")],
        [ReadAs(table="ward.csv", column="born", kind="patient", field="born_on"),
         ReadAs(table="ward.csv", column="Hair", kind="scan", field="phase"),
         ReadAs(table="sizes.csv", column="extra_place", kind="lesion", field="place")],
        one_each=(),
    )  # fmt: skip
    lines = {
        'organ = { constant = "..." }  # needed, in place of the dots: one of liver, lung, other':
            'organ = { constant = "liver" }\nplace = "extra_place"',
        'scan_id = { constant = "..." }  # needed, in place of the dots: the key of a scan': 'scan_id = "ct_after"',
        'sex = "Sex"  # as told':
            'sex = "Sex"  # as told\nborn_on = { column = "born", dates = "MM/DD/YYYY" }',
        "fields = { scanned_on": 'fields = { phase = "Hair", scanned_on',
        '# Not read, may be place of lesion: \'extra_place\', what "extra" in its name means is not known\n': "",
        "#   Hair\n": "",
    }  # fmt: skip
    wanted = TEXT
    for old, new in lines.items():
        wanted = wanted.replace(old, new)
    assert told.splitlines() == wanted.splitlines()
    assert mapping_from(told).waiting == ()
    assert unread(told, COLUMNS)[0].column == "BMI"


def test_a_kind_that_the_table_does_not_tell_yet_gets_a_table_as_a_draft_has_it() -> None:
    told = with_choices(TEXT, [], [
        ReadAs(table="sizes.csv", column="size_cm", kind="margin", field="minimal_margin_mm"),
        ReadAs(table="ward.csv", column="BMI", kind="primary", field="ras"),
    ], one_each=())  # fmt: skip
    assert told.startswith(TEXT.rstrip())
    assert told.removeprefix(TEXT.rstrip()) == (
        '\n\n[[table]]\nkind = "margin"\nfile = "sizes.csv"\npatient = "MRN"\nkey = "tumor"\nfilled = "size_cm"\n'
        '[table.fields]\nminimal_margin_mm = { column = "size_cm", unit = "cm" }\nlesion_id = "tumor"\n'
        'status = { constant = "measured" }\n'
        'scan_id = { constant = "..." }  # needed, in place of the dots: the key of a scan: a [[table]] of that kind '
        'gives it (key_is), or a column (key)\n'
        '\n[[table]]\nkind = "primary"\nfile = "ward.csv"\npatient = "MRN"\nkey_is = "1"\n[table.fields]\nras = "BMI"\n'
        'primary = { constant = "..." }  # needed, in place of the dots: one of colorectal, neuroendocrine, breast, '
        'GIST, other\n'
    )  # fmt: skip


def test_a_field_that_two_columns_are_chosen_for_is_refused() -> None:
    twice = [ReadAs(table="ward.csv", column=name, kind="patient", field="bmi_kg_m2") for name in ("BMI", "Hair")]
    with pytest.raises(BadSetting, match="body mass index of a patient is told in the mapping already"):
        with_choices(TEXT, [], twice, one_each=())


@pytest.mark.parametrize(
    "fields",
    ['[table.fields.organ]\nconstant = "..."\n', 'fields.organ.constant = "..."\n',
     'fields.organ = { constant = "..." }\n'],
)  # fmt: skip
def test_a_text_that_is_written_otherwise_is_filled_in_rightly_or_refused(fields: str) -> None:
    text = '[[table]]\nkind = "patient"\npatient = "MRN"\n[[table]]\nkind = "lesion"\npatient = "MRN"\nkey = "k"\n'
    text += fields
    for fill, read in (([Fill(at=1, field="organ", constant="liver")], []),
                       ([], [ReadAs(table="t.csv", column="x", kind="lesion", field="note")])):  # fmt: skip
        try:
            told = with_choices(text, fill, read, one_each=())
        except BadSetting as refused:
            assert "write it into the text" in str(refused)  # noqa: PT017
        else:
            assert mapping_from(told).waiting == () if fill else mapping_from(told).waiting != ()


def test_a_column_that_is_chosen_leaves_what_is_said_of_its_namesake_in_another_table_or_sheet() -> None:
    said = "# Not read, may be sex of patient: 'Hair', nobody knows\n#   Hair\n"
    for of, (first, second) in (('file = "{}.csv"', ("a.csv", "b.csv")),
                                ('file = "t.xlsx"\nsheet = "{}"', ("t.xlsx [a]", "t.xlsx [b]"))):  # fmt: skip
        text = (
            f'[[table]]\nkind = "patient"\n{of.format("a")}\npatient = "id"\n{said}'
            f'[[table]]\nkind = "death"\n{of.format("b")}\npatient = "id"\nfields = {{ died_on = "d" }}\n{said}'
        )
        told = with_choices(text, [], [ReadAs(table=second, column="Hair", kind="death", field="cause")], one_each=())
        assert said in told.partition('"death"')[0]
        assert said not in told.partition('"death"')[2]
        assert [one.near for one in unread(told, {first: ["Hair"]})] == ["may be sex of patient: nobody knows"]


def test_each_record_of_a_row_gets_its_own_column(tmp_path: Path) -> None:
    text = repeating("[1, 2]")
    (organ,) = holes(text, {"t.csv": ["id", "organ1", "organ2"]})
    told = with_choices(text, [Fill(at=organ.at, field="organ", column=organ.columns[0])], [], one_each=())
    assert lesions(tmp_path, "id,organ1,organ2\nq,liver,lung\n", told) == [("q", "1", "liver"), ("q", "2", "lung")]


def test_a_new_table_takes_the_rows_that_the_others_of_its_file_take(tmp_path: Path) -> None:
    text = PATIENT + 'where = { "the visit" = ["baseline", 0] }\n'
    told = with_choices(text, [], [ORGAN], one_each=("t.csv",))
    rows = "id,the visit,organ\nq,baseline,liver\nq,month 3,liver\nq,month 6,liver\nr,baseline,lung\n"
    assert lesions(tmp_path, rows, told) == [("q", "1", "liver"), ("r", "1", "lung")]
    other = '[[table]]\nkind = "death"\nfile = "t.csv"\npatient = "id"\nfields = { died_on = "d" }\n'
    with pytest.raises(BadSetting, match=r"different rows .* write it into the text"):
        with_choices(text + other, [], [ORGAN], one_each=("t.csv",))


def test_that_each_row_tells_another_tumor_is_not_guessed() -> None:
    with pytest.raises(BadSetting, match=r"Several rows of t\.csv may be of one patient"):
        with_choices(PATIENT, [], [ORGAN], one_each=())
    elsewhere = '[[table]]\nkind = "lesion"\nfile = "u.csv"\npatient = "id"\nkey = "k"\nfields = { organ = "o" }\n'
    with pytest.raises(BadSetting, match="which of these a row of this one tells of is not known"):
        with_choices(PATIENT + elsewhere, [], [ORGAN], one_each=("t.csv",))
    primary = ReadAs(table="t.csv", column="ras", kind="primary", field="ras")
    assert mapping_from(with_choices(PATIENT, [], [primary], one_each=())).waiting != ()
    with pytest.raises(BadSetting, match="makes each primary"):
        with_choices(PATIENT + elsewhere.replace('"lesion"', '"primary"').replace("organ", "primary"), [], [primary],
                     one_each=())  # fmt: skip


def test_a_tumor_of_which_the_chosen_column_says_nothing_was_not_ablated(tmp_path: Path) -> None:
    text = (
        '[[table]]\nkind = "lesion"\nfile = "t.csv"\npatient = "id"\nkey = "tumor"\nfilled = "organ"\n'
        'fields = { organ = "organ" }\n[[table]]\nkind = "session"\nfile = "t.csv"\npatient = "id"\nkey_is = "s"\n'
        'fields = { ablated_on = "day" }\n'
    )
    told = with_choices(text, [], [ReadAs(table="t.csv", column="W", kind="ablation", field="power_w")],
                        one_each=("t.csv",))  # fmt: skip
    assert tables_in(told)[2]["filled"] == "W"
    at = len(tables_in(told)) - 1
    told = with_choices(told, [Fill(at=at, field="session_id", constant="s")], [], one_each=())
    (tmp_path / "t.csv").write_text("id,tumor,organ,day,W\nq,1,liver,2024-01-02,60\nr,1,liver,2024-01-02,\n")
    intake = read_mapped(tmp_path, mapping_from(told), today=date(2026, 11, 26))
    assert [one.record.patient_id for one in intake.noted if one.record.kind.name == "ablation"] == ["q"]


def test_where_the_tables_stand_in_a_list_a_form_refuses_what_it_cannot_write() -> None:
    text = 'table = [ { kind = "patient", file = "t.csv", patient = "id" } ]\n'
    reads = [ReadAs(table="t.csv", column="sex", kind="patient", field="sex"), ORGAN,
             ReadAs(table="t.csv", column="ras", kind="primary", field="ras")]  # fmt: skip
    for some in ([reads[0]], [reads[1]], [reads[1], reads[2]]):
        with pytest.raises(BadSetting, match="write it into the text"):
            with_choices(text, [], some, one_each=("t.csv",))
    waits = (
        'table = [{ kind = "patient", patient = "id" }, { kind = "lesion", patient = "id", key = "k", fields = '
        '{ organ = { constant = "..." } } }]\n'
    )
    with pytest.raises(BadSetting, match="write it into the text"):
        with_choices(waits, [Fill(at=1, field="organ", constant="liver")], [], one_each=())


@pytest.mark.parametrize("text", ["[[table]", "", '[[table]]\nkind = "patient"\n'])
def test_what_is_no_mapping_is_refused_before_anything_is_written(text: str) -> None:
    with pytest.raises(BadSetting, match="makes no mapping"):
        with_choices(text, [], [ORGAN], one_each=())


@pytest.mark.parametrize(
    "name",
    ['a"b', "a'b", "a\\b", "a\\", "a\nb", "a\tb", "a.b", "[a]", "[[table]]", "#a", "a # b", "a}", "{ a = 1 }", '"""',
     "\x7f", "\u2028#   b", "a', may be", "\U0001f600", "...", "x = 1", "\'\'\'", ".".join("a" * 70), "a{n}"],
)  # fmt: skip
def test_a_column_of_any_name_is_written_as_it_is_or_refused(name: str) -> None:
    text = TEXT + f"# Not read, may be sex of patient: '{name!a}', nobody knows\n"
    choices = (
        ([Fill(at=1, field="organ", column=name)], []), ([Fill(at=3, field="scan_id", column=name)], []),
        ([], [ReadAs(table="ward.csv", column=name, kind="patient", field="born_on")]),
        ([], [ReadAs(table="ward.csv", column=name, kind="scan", field="phase")]),
        ([], [ReadAs(table="ward.csv", column=name, kind="death", field="cause")]),
    )  # fmt: skip
    for fills, reads in choices:
        field = (fills or reads)[0].field
        try:
            told = tables_in(with_choices(text, fills, reads, one_each=()))
        except BadSetting:
            assert name in (".".join("a" * 70), "a{n}")
            continue
        sources = [one["fields"][field] for one in told if field in one.get("fields", {})]
        assert name in [one if isinstance(one, str) else one.get("column") for one in sources]
