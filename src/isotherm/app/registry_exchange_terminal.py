"""What a terminal shows of an import: what is new, what differs, every kind of problem with its rows."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence

from isotherm.app.registry_exchange_document import in_vain_text
from isotherm.app.registry_exchange_tasks import Imported
from isotherm.app.registry_import_plan import Change
from isotherm.app.terminal import NARROW, folded, table_lines
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.exchange.record_passed import CELLS
from isotherm.exchange.record_problems import LONGEST_NAME, groups
from isotherm.printable import printable

SHOWN_ROWS, SHOWN_GROUPS, SHOWN_CHANGES = 8, 20, 10


def import_text(found: Imported, width: int | None) -> str:
    """Return an import, or its dry run, as text in lines of at most `width` columns where one is given."""
    parts = [
        _read(found),
        _records(found, width),
        _in_vain(found, width),
        _passed(found, width),
        _problems(found, width),
        _unusual(found, width),
        _changes(found, width),
        _verdict(found, width),
    ]
    return "\n\n".join(part for part in parts if part)


def counts_text(counts: Mapping[str, int]) -> str:
    """Return how many records of each kind there are, in one line."""
    told = [f"{name.replace('_', ' ')} {n:,}" for name, n in counts.items() if n]
    return ", ".join(told) if told else "no record"


def _read(found: Imported) -> str:
    rows = found.checked.rows
    told = ", ".join(f"{printable(name)} ({_some(n, 'row')})" for name, n in rows.items())
    again = found.checked.repeated
    more = f"\n{_some(again, 'row')} said again, or added to, what another row says." if again else ""
    return f"Read: {told or 'nothing'}.{more}"


def _records(found: Imported, width: int | None) -> str:
    new = Counter(one.kind.name for one in found.plan.new)
    changed = Counter(one.noted.record.kind.name for one in found.plan.changes)
    good = Counter(one.record.kind.name for one in found.checked.good)
    left = Counter(one.record.kind.name for one in found.checked.left_out)
    head = ("record", "new", "already there", "differs", "left out")
    rows = [head] + [
        (name.replace("_", " "), *(f"{n:,}".rjust(len(title)) for n, title in zip(
            (new[name], good[name] - new[name] - changed[name], changed[name], left[name]), head[1:], strict=True)))
        for name in RECORD_KINDS if good[name] or left[name]
    ]  # fmt: skip
    return "\n".join(table_lines(rows, width)) if len(rows) > 1 else ""


def _in_vain(found: Imported, width: int | None) -> str:
    """Return of which rows the mapping states something, and that they make no record."""
    told = [in_vain_text(one) for one in found.checked.passed if one.in_vain]
    return "\n".join(line for one in told for line in _broken(one, width))


def _passed(found: Imported, width: int | None) -> str:
    """Return what was not read, or made no record; columns that are passed over for one reason stand together."""
    columns: dict[tuple[str, str], list[str]] = {}
    others: list[str] = []
    for one in (each for each in found.checked.passed if not each.in_vain):
        name = printable(one.column[:LONGEST_NAME])
        if one.column and one.of == CELLS:
            columns.setdefault((one.table, one.why), []).append(f"{name} {one.count:,}" if one.count else "")
        else:
            column = f", column '{name}'" if name else ""
            others.append(f"{printable(one.table)}{column}: {one.how_much}, {one.why}")
    told = [
        f"{printable(table)}, {why}, columns with their filled cells: {_named(names)}"
        for (table, why), names in columns.items()
    ]
    lines = [line for one in (*told, *others) for line in folded(one, width)]
    return "\n".join(["Passed over:", *lines]) if lines else ""


def _named(columns: Sequence[str]) -> str:
    """Return columns in one line; those in which nothing stands, which have no name here, are counted."""
    filled = [one for one in columns if one]
    empty = len(columns) - len(filled)
    return ", ".join([*filled, *([_some(empty, "empty column")] if empty else [])])


def _problems(found: Imported, width: int | None) -> str:
    problems = found.checked.problems
    if not problems:
        return ""
    every = groups(problems)
    patients = found.checked.left_out_patients
    lines = [f"{_some(len(problems), 'problem')}, of {_some(patients, 'patient')}:"]
    for one in every[:SHOWN_GROUPS]:
        column = f", column '{printable(one.column[:LONGEST_NAME])}'" if one.column else ""
        lines += folded(f"{printable(one.table)}{column}: {one.says}", width)
        lines += folded(f"  {_rows(one.rows)}", width)
    if len(every) > SHOWN_GROUPS:
        lines.append(f"  and {len(every) - SHOWN_GROUPS} more kinds of problem.")
    return "\n".join(lines)


def _rows(rows: Sequence[int]) -> str:
    shown = ", ".join(str(row) for row in rows[:SHOWN_ROWS])
    more = f", and {len(rows) - SHOWN_ROWS} more" if len(rows) > SHOWN_ROWS else ""
    return f"{'row' if len(rows) == 1 else 'rows'} {shown}{more}"


def _unusual(found: Imported, width: int | None) -> str:
    """Return what is possible and very unusual, column by column."""
    odd = found.checked.unusual
    lines = list[str]()
    for one in odd[:SHOWN_GROUPS]:
        lines += folded(f"{printable(one.table)}, column '{printable(one.column[:LONGEST_NAME])}': {one.says}", width)
        lines += folded(f"  {_rows(one.rows)}", width)
    if len(odd) > SHOWN_GROUPS:
        lines.append(f"  and {len(odd) - SHOWN_GROUPS} more.")
    return "\n".join(["Unusual, and no reason to refuse; look whether it is right:", *lines]) if lines else ""


def _changes(found: Imported, width: int | None) -> str:
    changes = found.plan.changes
    if not changes:
        return ""
    differ = "differs" if len(changes) == 1 else "differ"
    lines = [f"{_some(len(changes), 'record')} that {differ} from what the registry has:"]
    for one in changes[:SHOWN_CHANGES]:
        lines += folded(_change(one), width)
    if len(changes) > SHOWN_CHANGES:
        lines.append(f"  and {len(changes) - SHOWN_CHANGES} more.")
    return "\n".join(lines)


def _change(one: Change) -> str:
    noted = one.noted
    return f"{noted.table}, row {noted.row}: {noted.record.kind.name.replace('_', ' ')}, {', '.join(one.fields)}"


def _verdict(found: Imported, width: int | None) -> str:
    wish, checked, plan = found.wish, found.checked, found.plan
    lines: list[str] = []
    if found.is_held_up:
        lines.append("Nothing is imported while there are problems. Mend them, or import whole patients without any: "
                     "--partial.")  # fmt: skip
    elif checked.problems:
        lines.append(
            f"Left out: {_some(checked.left_out_patients, 'patient')} with everything of theirs "
            f"({_some(len(checked.left_out), 'record')} that could be read); a patient comes whole or not at all."
        )
    if checked.nobodys:
        lines.append(f"In {_some(checked.nobodys, 'row')} it cannot be told whose they are: some patients may be "
                     "incomplete.")  # fmt: skip
    if plan.changes and not wish.update:
        lines.append("What differs stays as the registry has it, unless --update is given.")
    lines.append(_done(found))
    return "\n".join(line for one in lines for line in _broken(one, width))


def _done(found: Imported) -> str:
    changed = len(found.plan.changes) if found.wish.update else 0
    new = len(found.plan.new)
    if found.done:
        return f"Imported: {_some(new, 'record')} added, {changed:,} changed.{_misfits(found.misfits or 0)}"
    if found.is_held_up or found.wish.dry_run:
        would = "" if found.is_held_up else f" It would add {_some(new, 'record')} and change {changed:,}."
        return f"{'Dry run: nothing' if found.wish.dry_run else 'Nothing'} was written.{would}"
    return "Nothing to add: the registry holds all of this already."


def _misfits(n: int) -> str:
    if not n:
        return ""
    fit = f"{_some(n, 'record')} of the registry {'does' if n == 1 else 'do'} not fit the others of the same patient"
    return f" {fit}; isotherm registry cohort --problems FILE.csv says which."


def _broken(line: str, width: int | None) -> Sequence[str]:
    return [line] if width is None else textwrap.wrap(line, max(width, NARROW))


def _some(n: int, what: str) -> str:
    """Return a count with its noun."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"
