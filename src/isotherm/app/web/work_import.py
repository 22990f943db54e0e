"""Work: files that came, read in a process of its own: a mapping drafted, every problem listed, imported if wished."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from isotherm.app.registry_draft import write_draft
from isotherm.app.registry_exchange_document import import_document
from isotherm.app.registry_exchange_tasks import Wish, import_records, read, write_problems
from isotherm.app.web.job import INTAKE, Came, Doing, Work
from isotherm.app.web.sent_archive import ENDING, lay_tables
from isotherm.errors import BadSetting, BadTable, UnreadableFile
from isotherm.exchange.atomic import write_text
from isotherm.exchange.record_mapping import RecordMapping
from isotherm.exchange.record_mapping_files import mapping_from

FOUND, PROBLEMS, USED = "import.json", "problems.csv", "mapping.toml"


def _run(asked: Mapping[str, Any], doing: Doing) -> Came:
    path = Path(asked["path"])
    if asked["form"] != "tables" or path.suffix.lower() != ENDING:
        return _imported(path, asked, doing)
    with TemporaryDirectory(dir=doing.folder.parent) as beside:
        doing.tell("opening the archive")
        folder = Path(beside) / path.stem
        lay_tables(path, folder)
        return _imported(folder, asked, doing)


def _imported(path: Path, asked: Mapping[str, Any], doing: Doing) -> Came:
    today = date.fromisoformat(asked["today"])
    text = asked["mapping"]
    if text is None and asked["form"] == "tables":
        doing.tell("looking what came")
        text = _drafted(path, Path(asked["draft"]), today)
    mapping = None
    if text is not None:
        # Here, on the text that is used: what a page has looked at may be another one by now.
        if strange := strange_file(mapping_from(text), [one.name for one in path.iterdir()] if path.is_dir() else
                                   [path.name]):  # fmt: skip
            raise BadSetting(strange)
        mapping = doing.folder / USED
        write_text(mapping, text)
    wish = Wish(path=str(path), form=asked["form"], mapping=None if mapping is None else str(mapping),
                dry_run=asked["dry_run"], partial=asked["partial"], update=asked["update"],
                seen=asked.get("seen", ""))  # fmt: skip
    found = import_records(doing.registry, wish, today=today, by=doing.who, why=asked["why"], progress=doing.tell)
    write_problems(found.checked, str(doing.folder / PROBLEMS))
    document = import_document(found)
    write_text(doing.folder / FOUND, json.dumps(document))
    return Came(said=_said(document), link=f"/exchange/{asked['sent']}")


def strange_file(mapping: RecordMapping, names: Sequence[str]) -> str:
    """Return what is wrong where a mapping names a file that did not come with it; else nothing."""
    if all(not one.file or one.file in names for one in mapping.tables):
        return ""
    return f"A table of the mapping names a file that did not come; it may name {', '.join(sorted(names))}."


def _drafted(path: Path, draft: Path, today: date) -> str | None:
    """Return the draft of a mapping; None where the tables are the registry's own."""
    try:
        read(Wish(path=str(path), form="tables"), today)
    except (UnreadableFile, BadTable):
        tables = _tables(path)
    else:
        return None
    if not draft.exists():
        write_draft(tables, str(draft), today=today)
    return draft.read_text(encoding="utf-8")


def _tables(path: Path) -> list[Path]:
    """Return the files of which a mapping is drafted together."""
    return sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]


def _said(document: Mapping[str, Any]) -> str:
    if document["done"]:
        return f"Imported: {document['new']:,} new records."
    problems = document["problems"]
    if problems:
        return f"{problems:,} {'problem' if problems == 1 else 'problems'}; nothing was written."
    return "Nothing was written; no problem was found." if document["dry_run"] else "The registry holds all of this."


RUNS = Work(_run, most_s=2 * 3600.0, most_mb=8000, lane=INTAKE)
