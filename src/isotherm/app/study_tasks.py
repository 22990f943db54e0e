"""Run a study: protocol and table in; result.json, tables, matched data and report out, all of it or nothing."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from secrets import token_hex
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits  # pyright: ignore[reportMissingTypeStubs]

from isotherm.app.outputs import frame_text, table_text
from isotherm.app.places import keep_inputs, new_folder, unusable, usable_folder
from isotherm.app.software import versions
from isotherm.app.study_data import read_study
from isotherm.app.study_report import write_study_report
from isotherm.app.study_report_release import is_withheld, release_words
from isotherm.exchange.atomic import write_text
from isotherm.exchange.text_files import hash_of
from isotherm.study.analysis.run import analyze
from isotherm.study.disclosure import CUT, release
from isotherm.study.document import document_of, document_text, table_rows

RESULT = "result.json"
ADJUSTED = "adjusted.csv"
REPORTS = ("report.html", "report.docx")
FOLDERS = {"tables": (".csv",), "figures": (".svg", ".png")}
"""Folders of the results, and how the names of our files in them end."""

LIBRARIES = ("numpy", "scipy", "pandas", "numba")

ESTIMATED = ("weight", "distance")
"""Columns of the adjusted data that came out of a fit: more digits than six tell nothing."""

Document = dict[str, Any]
Progress = Callable[[str], None]


def run_study(
    protocol: str, out: str, *, released: bool = False, workers: int = 1, progress: Progress = lambda _: None
) -> tuple[Document, Path]:
    """Run a protocol and write everything that comes out of it.

    Parameters
    ----------
    protocol : str
        Path of the study.toml; its table is found from its own folder.
    out : str
        Folder for the results; what an earlier run left in it is replaced.
    released : bool
        Withhold small counts everywhere, and write no data of patients.
    workers : int
        Threads; no byte of the result depends on it.
    progress : callable
        Told in words what is being done.

    Returns
    -------
    Document, Path
        The content of result.json, and the folder.

    Raises
    ------
    InputError, FitError, OutputError
    """
    progress("reading")
    usable_folder(out)
    data = read_study(protocol)
    keep_inputs(_ours(Path(out)), data.inputs)
    # Many small matrix products: threads that wait for each other make them slower, and change the last digits.
    with threadpool_limits(1, "blas"):
        result = analyze(data.protocol, data.table, chosen=data.chosen, workers=workers, progress=progress)
        result.results.text("protocol.file_hash", "SHA-256 of the protocol's file, as sha256sum gives it",
                            hash_of(Path(protocol).read_bytes()))  # fmt: skip
        if data.registry is not None:
            result.results.text("data.registry", "Registry", data.registry_words)
        kept = release(result) if released else result
    document = document_of(kept, versions(*LIBRARIES))
    if data.registry is not None:
        document["data"]["registry"] = data.provenance(released=released)
    progress("writing the report")
    with new_folder(out) as folder, _replacing_all(folder) as made:
        _write(made, document, kept.adjusted)
    return document, folder


def run_study_demo(out: str, progress: Progress) -> tuple[Document, Path]:
    """Run the protocol of the bundled real cohort: chemotherapy before resection of liver metastases, or none."""
    with resources.as_file(resources.files("isotherm.app") / "data" / "crlm") as data:
        return run_study(str(data / "crlm_study.toml"), out, workers=os.cpu_count() or 1, progress=progress)


def _write(folder: Path, document: Document, adjusted: pd.DataFrame | None) -> None:
    """Write everything into a folder that nobody looks into yet."""
    (folder / "tables").mkdir()
    for name in document["tables"]:
        head, *rows = table_rows(document, name)
        write_text(folder / "tables" / f"{name}.csv", table_text([str(cell) for cell in head], rows))
    if adjusted is not None:
        write_text(folder / ADJUSTED, frame_text(_for_people(adjusted)))
    write_study_report(folder, document)
    write_text(folder / RESULT, document_text(document))


def _for_people(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with days without hours, whole numbers without tenths, and six digits of what was estimated."""
    columns = {name: [_readable(one, brief=name in ESTIMATED) for one in frame[name].tolist()]
               for name in map(str, frame.columns)}  # fmt: skip
    return pd.DataFrame(columns, dtype=object)


def _readable(value: object, *, brief: bool) -> object:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat() if value == value.normalize() else value.isoformat()
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() else float(f"{value:.6g}") if brief else value
    return value


def headline(document: Mapping[str, Any], *, brief: bool = False) -> str:
    """Return what a terminal shows: the main estimate, the naive one after it, and what to read beside them.

    `brief` keeps the first caveat of them, and leaves out the findings.
    """
    results, head = document["results"], document["protocol"]
    lines = [head["title"], f"protocol {head['hash'][:12]}", *([said] if (said := release_words(document)) else []), ""]
    for key in ("headline.effect", "headline.naive"):
        lines += [_line(results[key])] if key in results else []
    if results.get("headline.target", {}).get("text"):
        lines.append(f"whose effect: {results['headline.target']['text']}")
    lines += [] if brief else [f"{_mark(one)}: {one['says']}" for one in document["findings"]]
    lines += [f"caveat: {caveat}" for caveat in document["caveats"][: 1 if brief else None]]
    return "\n".join(lines)


def _mark(finding: Mapping[str, Any]) -> str:
    return "stop" if finding["level"] == "stop" else str(finding["kind"])


def _line(record: Mapping[str, Any]) -> str:
    if is_withheld(record["why"]):
        return f"{record['label']}: {CUT}"
    if record["value"] is None:
        return f"{record['label']}: none, since {record['why']}"
    low, high = ("no limit" if record[part] is None else f"{record[part]:.3g}" for part in ("low", "high"))
    p = "" if record["p"] is None else f", p = {record['p']:.2g}"
    return f"{record['label']}: {record['value']:.3g} ({100 * record['level']:g} % interval {low} to {high}{p})"


def _ours(folder: Path) -> list[Path]:
    """Return every file in a folder that a run would write over or take away."""
    inside = [path for name, ends in FOLDERS.items() for end in ends for path in (folder / name).glob(f"*{end}")]
    return [folder / name for name in (RESULT, ADJUSTED, *REPORTS)] + inside


@contextmanager
def _replacing_all(folder: Path) -> Generator[Path]:
    """Give a new folder to write to; its files take the place of those of an earlier run when all are complete."""
    made = folder / f".isotherm-{token_hex(8)}"
    try:
        made.mkdir()
        yield made
        (folder / RESULT).unlink(missing_ok=True)  # first: without it, the rest counts as incomplete
        for path in _ours(folder):
            path.unlink(missing_ok=True)
        for path in sorted(made.rglob("*"), key=lambda path: path.name == RESULT):
            place = folder / path.relative_to(made)
            if path.is_dir():
                place.mkdir(exist_ok=True)
            else:
                path.replace(place)
    except OSError as error:
        raise unusable(folder, error.strerror) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
