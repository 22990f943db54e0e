"""Kept: what is needed of a measured pair to measure it anew after strokes, in memory and in a folder.

The folder `kept` beside the results holds each lesion's transforms and gates, not the images: these are read again from
where they lay. A transform keeps its numbers, and its estimated error stands in kept.json, since no file of ITK has it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from isotherm.app.assess_pair import PairAssessment, settings_of
from isotherm.app.carried import carried_case
from isotherm.app.case import Case, Lesion
from isotherm.app.pair import Pair
from isotherm.app.places import new_folder
from isotherm.app.registering import Registered
from isotherm.app.settings import Facts, Settings
from isotherm.errors import BadSetting, NotConverged, UnreadableFile
from isotherm.exchange.atomic import write_text
from isotherm.exchange.transform_files import read_transform, write_transform
from isotherm.imaging.register_gates import Gate, Quality
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.transform import Transform

FOLDER, STATE = "kept", "kept.json"

AGAIN = "measure the pair again"


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A measured pair: as it was read, how its lesions lie on the scan after, and the case that was measured."""

    pair: Pair
    settings: Settings
    registered: tuple[Registered, ...]
    case: Case

    @classmethod
    def of(cls, pair: Pair, settings: Settings, found: PairAssessment) -> Kept:
        """Keep what was just measured."""
        return cls(pair, settings_of(pair, settings), found.registered, found.case)


def keep(folder: Path, registered: Sequence[Registered]) -> None:
    """Write what of a registration is not in the results into the folder `kept`.

    Raises
    ------
    OutputError
    """
    with new_folder(str(folder / FOLDER)) as home:
        told: list[Mapping[str, Any]] = []
        for number, one in enumerate(registered):
            write_transform(one.used, home / f"{number}-used.h5")
            write_transform(one.rigid, home / f"{number}-rigid.h5")
            told.append({
                "label": one.lesion.label, "method": one.method, "by_hand": one.by_hand, "doubt": one.doubt,
                "used_error_mm": one.used.error_mm, "rigid_error_mm": one.rigid.error_mm,
                "used_is_rigid": one.used is one.rigid, "gates": [asdict(gate) for gate in one.quality.gates],
            })  # fmt: skip
        write_text(home / STATE, json.dumps({"lesions": told}))


def kept_in(folder: Path, pair: Pair, settings: Settings, facts: Facts) -> Kept:
    """Return what was kept of a pair that was measured; `pair` is read from the same files as then.

    Raises
    ------
    UnreadableFile
        Nothing was kept, or it is not of this pair.
    """
    home = folder / FOLDER
    try:
        told: list[Mapping[str, Any]] = json.loads((home / STATE).read_text(encoding="utf-8"))["lesions"]
        if [one["label"] for one in told] != [lesion.label for lesion in pair.lesions]:
            raise UnreadableFile(f"What was kept of the registration is of other lesions; {AGAIN}.")
        registered = tuple(_registered(home, number, one, lesion)
                           for number, (one, lesion) in enumerate(zip(told, pair.lesions, strict=True)))  # fmt: skip
    except (OSError, KeyError, TypeError, ValueError, BadSetting) as error:
        raise UnreadableFile(f"Nothing was kept of the registration, or it cannot be read; {AGAIN}.") from error
    return Kept(pair, settings_of(pair, settings), registered, carried_case(pair, registered, facts))


def _registered(home: Path, number: int, told: Mapping[str, Any], lesion: Lesion) -> Registered:
    rigid = read_transform(home / f"{number}-rigid.h5").with_error(told["rigid_error_mm"])
    used = rigid
    if not told["used_is_rigid"]:
        used = read_transform(home / f"{number}-used.h5").with_error(told["used_error_mm"])
    quality = Quality(tuple(Gate(**gate) for gate in told["gates"]))
    return Registered(lesion, told["method"], used, rigid, None if used.is_rigid else used, quality,
                      outline_on(used, rigid, lesion), told["by_hand"], told["doubt"])  # fmt: skip


def outline_on(used: Transform, rigid: Transform, lesion: Lesion) -> Region:
    """Return a tumor's outline on the scan after; its rigid place where the deformation cannot be followed."""
    tumor = Region.of_field(field_of(lesion.mask.cropped()))
    try:
        return used.region(tumor)
    except NotConverged:
        return rigid.region(tumor)
