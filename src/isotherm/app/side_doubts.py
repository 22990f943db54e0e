"""Sides: whether what was measured looks as if the scans before and after were swapped, or were one image.

Pure. Told, never refused for good: somebody who has looked may say why the scans are right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from isotherm.app.pair import TWO_ASKED
from isotherm.exchange.origin import ORDER_ASKED


def side_doubt(lesion: Mapping[str, Any], warnings: Sequence[str]) -> str:
    """Return what looks as it does of swapped scans, or of one image given twice; "" where nothing does.

    Parameters
    ----------
    lesion : mapping
        One of a result.
    warnings : sequence of str
        Of the whole result.
    """
    return " and ".join([*_of_images(warnings), *_of_volumes(lesion)])


def _of_images(warnings: Sequence[str]) -> Iterator[str]:
    """Yield what was asked of the images before they were measured, and confirmed by a tick that says no reason."""
    for one in warnings:
        said, _, asked = one.partition(": ")
        if asked.startswith((ORDER_ASKED, TWO_ASKED)):
            words = said.partition(" (")[0]
            yield words[:1].lower() + words[1:]


def _of_volumes(lesion: Mapping[str, Any]) -> Iterator[str]:
    tumor, zone, outside = (lesion.get(key) for key in ("tumor_volume_ml", "ablation_volume_ml", "residual_volume_ml"))
    if lesion["status"] not in ("measured", "bounded") or tumor is None:
        return
    if zone is not None and zone < tumor:
        yield "the ablation zone is smaller than the tumor"
    if outside is not None and 2.0 * outside > tumor:
        yield "most of the tumor lies outside of the ablation zone"
