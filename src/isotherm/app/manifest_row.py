"""One row of a list of cases → what is to be measured: masks in one frame, or the scans before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from isotherm.app.batch_task import PairTask, Task
from isotherm.app.case import Request
from isotherm.app.choosing import ChoiceRequest
from isotherm.app.pair import PairRequest
from isotherm.app.reading import Side
from isotherm.app.settings import Facts, Settings
from isotherm.errors import BadManifest
from isotherm.imaging.shrinkage import Shrinkage
from isotherm.printable import printable

WHO = ("case", "patient", "session", "lesion")
OF_BOTH = ("tumor", "ablation", "structure", "old_scar", "confirm_pair", "registration_error_mm")
OF_MASKS = ("organ", "vessels", "image", "image_before")
OF_SCANS = (
    "before", "after", "organ_before", "organ_after", "vessels_before", "vessels_after", "mr", "method", "transform",
    "transform_inverse", "landmarks", "landmarks_before", "landmarks_frame", "mend", "nudge", "zone_shrinkage",
)  # fmt: skip
FACTS = ("drawn_boundary", "days_after_ablation", "modality", "reader")
COLUMNS = (*WHO, *OF_BOTH, *OF_MASKS, *OF_SCANS, *FACTS)
NEEDED = ("case", "tumor", "ablation")

SEPARATOR = ";"
"""Between several files, or names, in one cell."""

WORDS: dict[str, tuple[str, ...]] = {
    "mr": ("before", "after", "both"),
    "method": ("deformable", "rigid", "landmarks"),
    "landmarks_frame": ("LPS", "RAS"),
}
"""Columns that hold one of a few words."""


def task_of(cells: Mapping[str, str], home: Path, settings: Settings, facts: Facts) -> Task:
    """Return what a row asks for.

    Parameters
    ----------
    cells : mapping
        The cells that are filled in, by the names of `COLUMNS`.
    home : Path
        Where relative paths begin.
    settings, facts
        Of every case, where its row says nothing else.

    Raises
    ------
    InputError
    """
    row = _Row(cells, home)
    scans = row.is_of_scans()
    if error := cells.get("registration_error_mm"):
        settings = replace(settings, registration_error_mm=_number(error, "registration_error_mm"))
    told: dict[str, Any] = {key: cells[key] for key in FACTS if key in cells}
    if "days_after_ablation" in told:
        told["days_after_ablation"] = _number(told["days_after_ablation"], "days_after_ablation")
    name = printable(cells["case"])
    if len(set(lesions := tuple(printable(one) for one in row.several("lesion")))) < len(lesions):
        raise BadManifest("the column lesion names one lesion twice; give each a name of its own.")
    return Task(
        name, printable(cells.get("patient", name)), printable(cells.get("session", "")),
        lesions, row.pair() if scans else row.masks(), settings,
        replace(facts, **told),
    )  # fmt: skip


class _Row:
    """The cells of one row, read as what they have to be."""

    def __init__(self, cells: Mapping[str, str], home: Path) -> None:
        self._cells = cells
        self._home = home

    def is_of_scans(self) -> bool:
        """Say which kind of row it is, and refuse what belongs to the other."""
        scans = "before" in self._cells or "after" in self._cells
        if scans and (missing := [name for name in ("before", "after") if name not in self._cells]):
            raise BadManifest(f"the column {missing[0]} is empty; a pair of scans is named by before and after.")
        wrong, right = (OF_MASKS, OF_SCANS) if scans else (OF_SCANS, OF_MASKS)
        if stray := [name for name in wrong if name in self._cells]:
            kind, other = ("names two scans", "masks in one frame") if scans else ("names no scans", "pairs of scans")
            raise BadManifest(
                f"the column {stray[0]} is for {other}, and this row {kind} in before and after; leave it empty (such "
                f"a row has {', '.join(right)})."
            )
        return scans

    def masks(self) -> Request:
        return Request(self.paths("tumor"), self.paths("ablation"), self.path("organ"), self.paths("vessels"),
                       self.structures(), self.paths("old_scar"), self.path("image"), self.path("image_before"),
                       self.yes("confirm_pair"))  # fmt: skip

    def pair(self) -> PairTask:
        mr = self._word("mr")
        sides: tuple[Side, ...] = ("before", "after") if mr == "both" else (cast("Side", mr),) if mr else ()
        request = PairRequest(
            str(self.path("before")), str(self.path("after")), self.paths("tumor"), self.paths("ablation"),
            self.path("organ_before"), self.path("organ_after"), self.paths("vessels_before"),
            self.paths("vessels_after"), self.structures(), self.paths("old_scar"), self.yes("confirm_pair"), sides,
        )  # fmt: skip
        choice = ChoiceRequest(
            cast("Any", self._word("method")), self.path("transform"), self.yes("transform_inverse"),
            self.path("landmarks"), self.path("landmarks_before"), cast("Any", self._word("landmarks_frame")),
            self.yes("mend"), self._cells.get("nudge"),
        )  # fmt: skip
        share = self._cells.get("zone_shrinkage")
        return PairTask(request, choice, None if share is None else Shrinkage(_number(share, "zone_shrinkage")))

    def several(self, column: str) -> list[str]:
        return [one for part in self._cells.get(column, "").split(SEPARATOR) if (one := part.strip())]

    def paths(self, column: str) -> tuple[str, ...]:
        return tuple(self._at(spec) for spec in self.several(column))

    def path(self, column: str) -> str | None:
        found = self.paths(column)
        if len(found) > 1:
            raise BadManifest(f"the column {column} holds {len(found)} files; one is wanted.")
        return found[0] if found else None

    def structures(self) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        for spec in self.several("structure"):
            label, _, file = (part.strip() for part in spec.partition("="))
            if not (label and file):
                raise BadManifest(f"the column structure holds {_short(spec)!r}; NAME=FILE is wanted.")
            found.append((printable(label), self._at(file)))
        return tuple(found)

    def yes(self, column: str) -> bool:
        text = self._cells.get(column, "no")
        if text.casefold() not in ("yes", "no"):
            raise BadManifest(f"the column {column} holds {_short(text)!r}; yes or no is wanted.")
        return text.casefold() == "yes"

    def _word(self, column: str) -> str | None:
        text = self._cells.get(column)
        found = None if text is None else next((w for w in WORDS[column] if w.casefold() == text.casefold()), "")
        if found == "":
            raise BadManifest(f"the column {column} holds {_short(str(text))!r}; give {', '.join(WORDS[column])}.")
        return found

    def _at(self, spec: str) -> str:
        return spec if Path(spec).is_absolute() else str(self._home / spec)


def _number(text: str, column: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadManifest(f"the column {column} holds {_short(text)!r}; a number is wanted, as in 1.5.") from None


def _short(text: str) -> str:
    """Return the end of a cell for a message: a path's folders say who the patient is more often than its name."""
    return printable(text.strip().replace("\\", "/").rsplit("/", 1)[-1][:60])
