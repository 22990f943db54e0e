"""An import, or its dry run, as plain numbers and words: what pages show of it; no value of a patient."""

from __future__ import annotations

from collections import Counter
from typing import Any

from isotherm.app.registry_exchange_tasks import Imported
from isotherm.clinical.record_kinds import RECORD_KINDS
from isotherm.exchange.record_passed import PassedOver
from isotherm.exchange.record_problems import LONGEST_NAME, groups
from isotherm.printable import printable

SCHEMA = "isotherm.import/1"
SHOWN_GROUPS, SHOWN_ROWS, SHOWN_CHANGES, SHOWN_PASSED, SHOWN_COLUMNS = 200, 60, 100, 200, 1000


def import_document(found: Imported) -> dict[str, Any]:
    """Return what was found and what was done; lists are cut where they get too long for a page, with their length."""
    checked, plan, wish = found.checked, found.plan, found.wish
    every = groups(checked.problems)
    return {
        "schema": SCHEMA, "dry_run": wish.dry_run, "partial": wish.partial, "update": wish.update, "done": found.done,
        "is_held_up": found.is_held_up, "misfits": found.misfits,
        "tables": [{"name": printable(name), "rows": rows} for name, rows in checked.rows.items()],
        "repeated": checked.repeated, "records": _records(found), "new": len(plan.new), "same": plan.same,
        "good_patients": len({one.record.patient_id for one in checked.good}),
        "left_out_patients": checked.left_out_patients, "nobodys": checked.nobodys, "problems": len(checked.problems),
        "kinds_of_problem": len(every),
        "groups": [
            {"table": printable(one.table), "column": printable(one.column[:LONGEST_NAME]), "says": one.says,
             "rows": list(one.rows[:SHOWN_ROWS]), "count": len(one.rows)}
            for one in every[:SHOWN_GROUPS]
        ],
        "passed": [
            {"table": printable(one.table), "column": printable(one.column[:LONGEST_NAME]), "how_much": one.how_much,
             "why": one.why}
            for one in checked.passed[:SHOWN_PASSED]
        ],
        "unusual": [
            {"table": printable(one.table), "column": printable(one.column[:LONGEST_NAME]), "says": one.says,
             "rows": list(one.rows[:SHOWN_ROWS]), "count": len(one.rows)}
            for one in checked.unusual[:SHOWN_GROUPS]
        ],
        "in_vain": [in_vain_text(one) for one in checked.passed if one.in_vain],
        "passed_over": len(checked.passed),
        "columns": [[name, list(columns[:SHOWN_COLUMNS])] for name, columns in checked.columns.items()],
        "one_each": [name for name, holds in checked.one_each.items() if holds],
        "changes": len(plan.changes), "mark": plan.mark,
        "changed": [
            {"table": printable(one.noted.table), "row": one.noted.row, "kind": one.noted.record.kind.name,
             "fields": list(one.fields)}
            for one in plan.changes[:SHOWN_CHANGES]
        ],
    }  # fmt: skip


def in_vain_text(one: PassedOver) -> str:
    """Return in a sentence that rows make no record of which a mapping states something."""
    make = "makes" if one.count == 1 else "make"
    return f"{one.how_much} of {printable(one.table)} {make} {one.why}."


def _records(found: Imported) -> list[dict[str, Any]]:
    new = Counter(one.kind.name for one in found.plan.new)
    changed = Counter(one.noted.record.kind.name for one in found.plan.changes)
    good = Counter(one.record.kind.name for one in found.checked.good)
    left = Counter(one.record.kind.name for one in found.checked.left_out)
    return [
        {"kind": name, "new": new[name], "same": good[name] - new[name] - changed[name], "changed": changed[name],
         "left_out": left[name]}
        for name in RECORD_KINDS if good[name] or left[name]
    ]  # fmt: skip
