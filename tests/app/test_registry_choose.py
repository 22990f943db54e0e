"""Choices of a form, written into the text of a mapping: comments, order and all other values stay as they are."""

from __future__ import annotations

import pytest

from isotherm.app.registry_choose import Fill, ReadAs, holes, offered, unread, with_choices
from isotherm.errors import BadSetting
from isotherm.exchange.record_mapping_files import mapping_from

TEXT = """\
# what we know
dates = "DD.MM.YYYY"

[[table]]
kind = "patient"
file = "ward.csv"
patient = "MRN"
[table.fields]
sex = "Sex"  # as told

# next to it
[[table]]
kind = "lesion"
file = "sizes.csv"
patient = "MRN"
key = "tumor"
[table.fields]
organ = { constant = "..." }  # needed, in place of the dots: one of liver, lung, other

[[table]]
kind = "scan"
file = "ward.csv"
patient = "MRN"
key_is = "base"
fields = { scanned_on = { column = "CT", dates = "MM/DD/YYYY" } }

[[table]]
kind = "reading"
file = "sizes.csv"
patient = "MRN"
key = "tumor"
[table.fields]
diameter_mm = "mm"
lesion_id = "tumor"
scan_id = { constant = "..." }  # needed, in place of the dots: the key of a scan
# Not read, may be place of lesion: 'extra_place', what "extra" in its name means is not known
# Columns of ward.csv that sound like nothing we keep:
#   Hair
"""
COLUMNS = {"ward.csv": ["MRN", "Sex", "CT", "born", "BMI", "Hair"],
           "sizes.csv": ["MRN", "tumor", "mm", "extra_place", "ct_after", "size_cm"]}  # fmt: skip


def test_what_waits_is_told_with_the_columns_and_values_that_can_fill_it() -> None:
    organ, scan = holes(TEXT, COLUMNS)
    assert (organ.at, organ.field.name, organ.constants) == (1, "organ", ("liver", "lung", "other"))
    assert organ.columns == ("tumor", "mm", "extra_place", "ct_after", "size_cm")
    assert (scan.at, scan.field.name, scan.constants) == (3, "scan_id", ("base",))


def test_columns_that_nothing_names_are_told_and_those_near_a_field_first() -> None:
    found = unread(TEXT, COLUMNS)
    assert [(one.table, one.column) for one in found] == [
        ("sizes.csv", "extra_place"), ("ward.csv", "born"), ("ward.csv", "BMI"), ("ward.csv", "Hair"),
        ("sizes.csv", "ct_after"), ("sizes.csv", "size_cm"),
    ]  # fmt: skip
    assert found[0].near == 'may be place of lesion: what "extra" in its name means is not known'


def test_what_a_draft_says_of_a_column_is_said_of_that_of_its_own_table() -> None:
    said = "# Not read, may be sex of patient: 'Hair', nobody knows\n#   Hair\n"
    text = (
        f'[[table]]\nkind = "patient"\nfile = "a.csv"\npatient = "id"\n{said}'
        f'[[table]]\nkind = "death"\nfile = "b.csv"\npatient = "id"\nfields = {{ died_on = "d" }}\n{said}'
    )
    columns = {"b.csv": ["id", "d", "Hair"], "c.csv": ["Hair"]}
    assert [one.near for one in unread(text, columns)] == ["may be sex of patient: nobody knows", ""]
    told = with_choices(text, [], [ReadAs(table="b.csv", column="Hair", kind="death", field="cause")])
    assert said in told.partition('"death"')[0]
    assert said not in told.partition('"death"')[2]


def test_a_field_is_offered_once_and_none_of_which_a_row_makes_several() -> None:
    ward = {kind.name: {field.name for field in fields} for kind, fields in offered(TEXT, "ward.csv")}
    assert "sex" not in ward["patient"]
    assert "born_on" in ward["patient"]
    assert "modality" in ward["ablation"]
    repeated = TEXT.replace('key_is = "base"\n', 'key_is = "{n}"\nrepeat = [1, 2]\n')
    assert "scan" not in {kind.name for kind, _ in offered(repeated, "ward.csv")}


def test_choices_become_lines_and_everything_else_stays() -> None:
    told = with_choices(
        TEXT,
        [Fill(at=1, field="organ", constant="liver"), Fill(at=3, field="scan_id", column="ct_after")],
        [ReadAs(table="ward.csv", column="born", kind="patient", field="born_on"),
         ReadAs(table="ward.csv", column="Hair", kind="scan", field="phase"),
         ReadAs(table="sizes.csv", column="extra_place", kind="lesion", field="place")],
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
    ])  # fmt: skip
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
        with_choices(TEXT, [], twice)


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
            told = with_choices(text, fill, read)
        except BadSetting as refused:
            assert "write it into the text" in str(refused)  # noqa: PT017
        else:
            assert mapping_from(told).waiting == () if fill else mapping_from(told).waiting != ()
