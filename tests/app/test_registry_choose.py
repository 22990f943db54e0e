"""What a form offers of a mapping: columns and values for what waits, fields for columns that nothing reads."""

from __future__ import annotations

import pytest

from isotherm.app.registry_choose import holes, offered, unread
from isotherm.app.registry_mapping_edit import remarks

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


def test_a_field_is_offered_once_and_none_of_which_a_row_makes_several() -> None:
    ward = {kind.name: {field.name for field in fields} for kind, fields in offered(TEXT, "ward.csv")}
    assert "sex" not in ward["patient"]
    assert "born_on" in ward["patient"]
    assert "modality" in ward["ablation"]
    repeated = TEXT.replace('key_is = "base"\n', 'key_is = "{n}"\nrepeat = [1, 2]\n')
    assert "scan" not in {kind.name for kind, _ in offered(repeated, "ward.csv")}


def repeating(turns: str) -> str:
    """Return a mapping in which each row makes several lesions, and the organ waits."""
    return (
        f'[[table]]\nkind = "patient"\nfile = "t.csv"\npatient = "id"\n[[table]]\nkind = "lesion"\nfile = "t.csv"\n'
        f'patient = "id"\nrepeat = {turns}\nkey_is = "{{n}}"\n[table.fields]\norgan = {{ constant = "..." }}\n'
    )


@pytest.mark.parametrize(
    ("turns", "names", "told"),
    [
        ("[1, 2]", ["id", "organ1", "organ2", "place1", "note"], ("organ{n}",)),
        ("[1.0, 2.0]", ["id", "organ1", "organ2"], ("organ{n}",)),
        ("[1, 2]", ["id", "t1_organ1", "t1_organ2", "t2_organ2"], ("t1_organ{n}", "t{n}_organ{n}", "t{n}_organ2")),
        ("[1, 10]", ["id", "organ1", "organ10"], ("organ{n}",)),
        ('["", "_2"]', ["id", "organ", "organ_2"], ("organ{n}",)),
        ('["a", "b"]', ["id", "organ_a"], ()),
    ],
)
def test_what_waits_for_each_of_several_records_of_a_row_can_be_columns_that_each_of_them_has(
    turns: str, names: list[str], told: tuple[str, ...]
) -> None:
    (organ,) = holes(repeating(turns), {"t.csv": names})
    assert organ.columns == told
    assert organ.constants == ("liver", "lung", "other")


def test_a_column_is_no_field_of_one_of_two_tables_of_a_kind_that_both_lack_it() -> None:
    second = '[[table]]\nkind = "scan"\nfile = "ward.csv"\npatient = "MRN"\nkey_is = "post"\n'
    told = {kind.name: {one.name for one in fields} for kind, fields in offered(TEXT + second, "ward.csv")}
    assert told["scan"] == {"scanned_on"}


def test_what_stands_within_a_text_of_several_lines_is_no_remark_of_a_draft() -> None:
    text = '[[table]]\nkind = "patient"\npatient = "id"\nfilled = """\\\n#   Hair"""\n#   Eyes\n'
    assert [one.column for one in remarks(text)] == ["Eyes"]


def test_a_remark_is_said_of_the_sheet_of_the_tables_above_it() -> None:
    said = "# Not read, may be sex of patient: 'x', {}\n"
    text = "".join(
        f'[[table]]\nkind = "{kind}"\nfile = "b\\"k.xlsx"\nsheet = "{sheet}"\npatient = "id"\n{said.format(sheet)}'
        for kind, sheet in (("patient", "A"), ("death", "B"))
    )
    columns = {f'b"k.xlsx [{sheet}]': ["x"] for sheet in "AB"}
    assert [(one.table[-2], one.near[-1]) for one in unread(text, columns)] == [("A", "A"), ("B", "B")]
