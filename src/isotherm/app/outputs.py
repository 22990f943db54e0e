"""What a measurement leaves behind: margin.json, margins.csv, surfaces, masks, report; each complete or absent."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd

from isotherm.app.assessment import Assessment
from isotherm.app.places import new_folder, unusable
from isotherm.app.provenance import Provenance
from isotherm.app.report import report_html
from isotherm.errors import OutputError
from isotherm.exchange.atomic import leftovers, write_bytes, write_text
from isotherm.exchange.image_files import write_mask
from isotherm.exchange.mesh_files import write_surface
from isotherm.exchange.spreadsheet_text import guarded
from isotherm.imaging.volume import Grid, Mask

RESULT, TABLE, REPORT, PAPER = "margin.json", "margins.csv", "report.html", "report.pdf"

KINDS = ("margin.vtk", "residual.nii.gz", "uncovered.nii.gz")
"""How the names of a lesion's files end."""

TABLE_HEADS = ("lesion,status,", "case,patient,session,lesion,")
"""How the first line of margins.csv begins, of one case and of many."""

COLUMNS = (
    "lesion", "status", "minimal_margin_mm", "interval_low_mm", "interval_high_mm", "interval_calibrated",
    "minimal_margin_unrestricted_mm", "minimal_margin_qam_mm", "minimal_margin_lumen_neutral_mm",
    "p_below_0_mm", "p_at_most_3_mm", "p_below_5_mm", "p_below_10_mm",
    "p1_mm", "p2_mm", "p5_mm", "p25_mm", "p50_mm",
    "surface_fraction_below_0_mm", "surface_fraction_0_to_5_mm", "surface_fraction_5_to_10_mm",
    "surface_fraction_10_mm_or_more", "surface_fraction_at_most_3_mm",
    "residual_volume_ml", "tissue_at_risk_ml", "tumor_volume_ml", "ablation_volume_ml", "recist_mm",
    "depth_below_capsule_mm", "vessel_bridging", "assessable_fraction",
    "thinnest_l_mm", "thinnest_p_mm", "thinnest_s_mm", "thinnest_direction", "registration", "registration_error_mm",
    "minimal_margin_deformable_mm", "minimal_margin_rigid_mm", "reasons", "flags", "warnings",
)  # fmt: skip
"""Columns of margins.csv: one row per lesion."""


def json_text(document: Mapping[str, Any]) -> str:
    """Return the exact text of margin.json; a number that is not finite would be a bug and raises."""
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def write_results(folder: Path, assessment: Assessment, made: Provenance, *, pdf: bytes | None = None) -> Path:
    """Write everything of one case into a folder, which is made, or nothing; return the path of the report.

    `made` says how the measurement came about. `pdf` is the report on paper, where one was made.
    """
    with new_folder(str(folder)), all_or_nothing() as put:
        clear_results(folder)
        names = file_names([view.label for view in assessment.lesions])
        for name, view in zip(names, assessment.lesions, strict=True):
            margin, surface, residual, uncovered = view.margin, *(put(folder / f"{name}-{kind}") for kind in KINDS)
            if margin is not None:
                write_surface(
                    surface, margin.points_lps_mm, margin.triangles,
                    scalars={"margin_mm": margin.distances_mm, "margin_unrestricted_mm": margin.unrestricted_mm},
                )  # fmt: skip
            if view.residual is not None:
                write_mask(residual, _uncut(view.residual, view.ablation_grid))
            if view.uncovered is not None:
                write_mask(uncovered, _uncut(view.uncovered, view.ablation_grid))
        write_text(put(folder / TABLE), csv_text(assessment.document))
        report = put(folder / REPORT)
        write_text(report, report_html(assessment, made))
        if pdf is not None:
            write_bytes(put(folder / PAPER), pdf)
        # Last, since its presence says that the case is complete.
        write_text(put(folder / RESULT), json_text(assessment.document))
    return report


def _uncut(mask: Mask, grid: Grid) -> Mask:
    """Return a window of a grid on the whole grid, enlarged where the mask reaches beyond it: a zone may be cropped."""
    box = mask.box()
    if box is None:
        return mask.on(grid)
    start = [round(float(place)) for place in grid.to_kji([mask.grid.origin_lps_mm])[0]]
    low = [min(0, at + side.start) for at, side in zip(start, box, strict=True)]
    size = [max(n, at + side.stop) - first
            for n, at, side, first in zip(grid.shape_kji, start, box, low, strict=True)]  # fmt: skip
    return mask.on(grid.window((low[0], low[1], low[2]), (size[0], size[1], size[2])))


@contextmanager
def all_or_nothing() -> Generator[Callable[[Path], Path]]:
    """Give a function through which every file is named before it is written; an error takes all of them away."""
    named: list[Path] = []

    def put(path: Path) -> Path:
        named.append(path)
        return path

    try:
        yield put
    except BaseException:
        for path in named:
            with suppress(OSError):
                path.unlink()
        raise


def clear_results(folder: Path) -> None:
    """Take away what an earlier run wrote: a surface of a lesion that is no longer measured would be believed.

    Raises
    ------
    OutputError
    """
    try:
        # margin.json comes first: without it, the rest counts as incomplete.
        for path in [*results_in(folder), *leftovers(folder)]:
            path.unlink()
    except OSError as error:
        raise unusable(folder, error.strerror) from None


def results_in(folder: Path) -> list[Path]:
    """Return the files of a folder that a new result would overwrite or take away."""
    patterns = (RESULT, TABLE, REPORT, PAPER, *(f"lesion-*-{kind}" for kind in KINDS))
    return [path for pattern in patterns for path in folder.glob(pattern)]


def keep_tables(folder: Path, heads: Mapping[str, Sequence[str]]) -> None:
    """Refuse a folder that holds, under a name that a table of results gets, a table that is none.

    Parameters
    ----------
    folder : Path
        Need not be there.
    heads : mapping of str to sequence of str
        How the first line of each table may begin.

    Raises
    ------
    OutputError
    """
    for name, starts in heads.items():
        try:
            with (folder / name).open("rb") as file:
                first = file.readline(1000).decode("utf-8", errors="replace")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise unusable(folder, error.strerror) from None
        if first.strip() and not first.startswith(tuple(starts)):
            raise OutputError(
                f"'{name}' in the output folder is not a table of isotherm and would be overwritten; name another "
                "folder."
            )


def file_names(labels: Sequence[str]) -> list[str]:
    """Return the start of the file names of each lesion; labels that look alike as file names are told apart."""
    names = [f"lesion-{safe_name(label)}" for label in labels]
    folded = [name.casefold() for name in names]
    return [
        name if folded.count(alike) == 1 else f"{name}-{number}"
        for number, (name, alike) in enumerate(zip(names, folded, strict=True), start=1)
    ]


def csv_text(document: Mapping[str, Any]) -> str:
    """Return the table of one case: a row per lesion."""
    return table_text(COLUMNS, rows_of(document))


def rows_of(document: Mapping[str, Any]) -> list[list[Any]]:
    """Return the cells of `COLUMNS` for each lesion of a document."""
    return [[*_row(lesion), " ".join(document["warnings"])] for lesion in document["lesions"]]


def table_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as the text of a CSV file, safe to open in a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_cell(name) for name in head])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def frame_text(frame: pd.DataFrame) -> str:
    """Return a table of patients as the text of a CSV file, safe to open in a spreadsheet."""
    rows = ([None if pd.isna(value) else value for value in row] for row in frame.itertuples(index=False, name=None))
    return table_text([str(name) for name in frame.columns], rows)


def _row(lesion: Mapping[str, Any]) -> list[Any]:
    interval: Mapping[str, Any] = lesion["interval_mm"] or {}
    chance: Mapping[str, Any] = lesion["probability"] or {}
    percentiles, share = lesion["percentiles_mm"], lesion["surface_fraction"]
    registration: Mapping[str, Any] = lesion.get("registration") or {}
    place = lesion["thinnest_point_lps_mm"] or (None, None, None)
    return [
        lesion["label"], lesion["status"], lesion["minimal_margin_mm"], interval.get("low"), interval.get("high"),
        interval.get("calibrated"), lesion["minimal_margin_unrestricted_mm"], lesion["minimal_margin_qam_mm"],
        lesion["minimal_margin_lumen_neutral_mm"],
        *(chance.get(key) for key in ("below_0_mm", "at_most_3_mm", "below_5_mm", "below_10_mm")),
        *(percentiles[key] for key in ("p1", "p2", "p5", "p25", "p50")),
        *(share[key] for key in ("below_0_mm", "0_to_5_mm", "5_to_10_mm", "10_mm_or_more", "at_most_3_mm")),
        lesion["residual_volume_ml"], lesion["tissue_at_risk_ml"], lesion["tumor_volume_ml"],
        lesion["ablation_volume_ml"], lesion["tumor"]["recist_mm"], lesion["tumor"]["depth_below_capsule_mm"],
        any(vessel["bridging"] for vessel in lesion["vessels"]) if lesion["vessels"] else None,
        lesion["assessable_fraction"], *place, lesion["thinnest_direction"],
        *(registration.get(key) for key in ("verdict", "error_mm", "minimal_margin_deformable_mm",
                                            "minimal_margin_rigid_mm")),
        "; ".join(lesion["reasons"]), "; ".join(lesion["flags"]),
    ]  # fmt: skip


def _cell(value: object) -> object:
    """Return a value for a table: nothing for null, and text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        # A carriage return would go out without quotes, and cut the row.
        return guarded(value.replace("\r\n", "\n").replace("\r", "\n"))
    return value


def safe_name(label: str) -> str:
    """Return a label as part of a file name: letters, digits, dots and dashes."""
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in label).strip(".-")
    # File systems count bytes, of which a letter may have four.
    return kept[:60].encode()[:180].decode(errors="ignore") or "lesion"
