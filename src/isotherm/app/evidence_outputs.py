"""Files of a command of `isotherm evidence`: all of them are made before the first one is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from isotherm.app.figures import Drawing
from isotherm.app.places import keep_inputs, new_folder, usable_folder
from isotherm.exchange.atomic import write_bytes


def check_folder(out: str | None, names: Iterable[str], inputs: Iterable[str] = ()) -> None:
    """Say before anything is computed that a folder can be used, and that nothing that came in is overwritten.

    Raises
    ------
    OutputError
    """
    if out is not None:
        folder = usable_folder(out)
        keep_inputs((folder / name for name in names), inputs)


def write_files(out: str, files: Mapping[str, bytes], ours: Iterable[str]) -> Path:
    """Write files into a folder, each whole, and take away those of an earlier run that this one does not make.

    Parameters
    ----------
    out : str
    files : mapping from name to content
        The last one says that all are there.
    ours : iterable of str
        Every name that the command may write.

    Raises
    ------
    OutputError
    """
    with new_folder(out) as folder:
        for name in ours:
            if name not in files:
                (folder / name).unlink(missing_ok=True)
        for name, content in files.items():
            write_bytes(folder / name, content)
    return folder


def stale_figures(out: str, starts: tuple[str, ...]) -> list[str]:
    """Return the names of figures in a folder that an earlier run may have left."""
    folder = Path(out)
    ends = (".svg", ".png")
    return [file.name for file in folder.iterdir() if file.name.startswith(starts) and file.suffix in ends] if (
        folder.is_dir()) else []  # fmt: skip


def figure_files(drawings: Mapping[str, Drawing]) -> dict[str, bytes]:
    """Return each drawing as SVG and as PNG, by file name."""
    return {f"{name}.{ending}": content for name, drawing in drawings.items()
            for ending, content in (("svg", drawing.svg), ("png", drawing.png))}  # fmt: skip


def figure_names(names: Iterable[str]) -> list[str]:
    """Return the file names of drawings."""
    return [f"{name}.{ending}" for name in names for ending in ("svg", "png")]
