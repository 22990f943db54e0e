"""Assessment: everything one measurement of margins has to show, the numbers and what they were measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isotherm.app.reading import UNDATED, ScanDays
from isotherm.app.registering import Registered
from isotherm.imaging.margin import Margin
from isotherm.imaging.surface import Surface
from isotherm.imaging.volume import Grid, Mask, Volume


@dataclass(frozen=True, slots=True, eq=False)
class LesionView:
    """What can be seen of one lesion, all of it in LPS mm; masks and images are cropped around the lesion.

    Parameters
    ----------
    label : str
        The lesion's label, as in the document.
    tumor, ablation : Mask
        Each on its own grid; an empty `ablation` is a result (nothing was ablated).
    ablation_grid : Grid
        The whole grid of the ablation's file, of which `residual` and `uncovered` are windows.
    tumor_surface : Surface
    ablation_surface : Surface or None
        None where nothing was ablated.
    margin : Margin or None
        None where nothing was ablated.
    organ, vessels : Mask or None
    residual, uncovered : Mask or None
        Untreated tumor, and untreated tissue within the margin aimed at (None where nothing was ablated).
    image, image_before : Volume or None
        After and before ablation, each on its own grid, which may be oblique.
    """

    label: str
    tumor: Mask
    ablation: Mask
    ablation_grid: Grid
    tumor_surface: Surface
    ablation_surface: Surface | None = None
    margin: Margin | None = None
    organ: Mask | None = None
    vessels: Mask | None = None
    residual: Mask | None = None
    uncovered: Mask | None = None
    image: Volume | None = None
    image_before: Volume | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """One run: `document`, which is written out as margin.json, and a view of each lesion in the document's order.

    `registered` says how each lesion was carried onto the scan after; empty where masks came in one frame. `days` are
    those of the scans, which the document does not tell.

    Raises
    ------
    ValueError
        The views are not those of the document's lesions.
    """

    document: Mapping[str, Any]
    lesions: tuple[LesionView, ...]
    registered: tuple[Registered, ...] = ()
    days: ScanDays = UNDATED

    def __post_init__(self) -> None:
        numbered = [str(lesion["label"]) for lesion in self.document["lesions"]]
        viewed = [view.label for view in self.lesions]
        if numbered != viewed or len(self.registered) not in (0, len(viewed)):
            raise ValueError(f"Views of {len(viewed)} lesions came for a document of {len(numbered)}, or out of order.")
