"""By hand: what a person does to a registration: points that pair both scans, a nudge; with who did it and why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np

from isotherm.app.assess_task import PairAsked
from isotherm.app.choosing import ChoiceRequest, nudge_of
from isotherm.app.correcting import Signature
from isotherm.app.outputs import json_text
from isotherm.app.registering import STILL, Three
from isotherm.errors import BadLandmarks, BadSetting
from isotherm.exchange.atomic import write_text
from isotherm.exchange.landmark_files_out import write_landmarks
from isotherm.imaging.landmarks import Landmarks
from isotherm.imaging.register_by_hand import nudged
from isotherm.imaging.transform import Transform

Use = Literal["mend", "landmarks", "check"]
"""What landmarks are for: they mend the registration, are all that it is made of, or only judge it."""

LANDMARKS, BY_HAND = "landmarks.csv", "by-hand.json"
"""Files of the results."""

SCHEMA = "isotherm.by-hand/1"

MOST_PAIRS = 200

NAME_LETTERS = 64

NAME = re.compile(rf"\w[\w .()-]{{0,{NAME_LETTERS - 1}}}")
"""Of a pair: nothing that a spreadsheet would take for a formula, and no comment."""

UNKNOWN = "Landmarks of an unknown form came; reload the page and set them anew."


@dataclass(frozen=True, slots=True, eq=False)
class ByHand:
    """What a person does to a registration.

    Parameters
    ----------
    landmarks : Landmarks or None
    use : {"mend", "landmarks", "check"}
    nudge : str
        Three mm, or three mm and three degrees, with commas, as on the command line; "" for none.
    signed : Signature

    Raises
    ------
    BadSetting
        Nothing is done at all, or the nudge is none.
    """

    landmarks: Landmarks | None
    use: Use
    nudge: str
    signed: Signature

    def __post_init__(self) -> None:
        if self.use not in get_args(Use):
            raise BadSetting("Landmarks were to be used in a way that is not known; choose one of the list.")
        shift, turn = self.moved
        nudged(Transform(), np.zeros(3), shift_lps_mm=shift, turn_lps_degrees=turn)
        if self.landmarks is None and (self.moved == (STILL, STILL) or self.use == "landmarks"):
            raise BadSetting("No landmark was set and nothing was moved; do one of the two first.")

    @property
    def moved(self) -> tuple[Three, Three]:
        """The shift in mm and the turn in degrees: left, posterior, superior."""
        return nudge_of(self.nudge or None)

    def document(self) -> dict[str, Any]:
        """Return it as JSON can hold it; `from_document` gives it back."""
        return {"landmarks": pairs_document(self.landmarks), "use": self.use, "nudge": self.nudge,
                "signed": self.signed.document()}  # fmt: skip

    @classmethod
    def from_document(cls, told: Mapping[str, Any]) -> ByHand:
        """Return what `document` told.

        Raises
        ------
        BadLandmarks, BadSetting
        """
        return cls(landmarks_of(told["landmarks"]), told["use"], told["nudge"],
                   Signature.from_document(told["signed"]))  # fmt: skip

    def put_into(self, folder: Path, asked: PairAsked) -> PairAsked:
        """Write the landmarks and who did what into a folder of results; return what is asked with them.

        What was done by hand before is replaced, never added to.

        Raises
        ------
        BadSetting, OutputError
        """
        if self.landmarks is not None:
            write_landmarks(folder / LANDMARKS, self.landmarks)
        told = {"schema": SCHEMA, **self.signed.document(), "use": self.use if self.landmarks else None,
                "landmarks": len(self.landmarks or ()), "nudge_lps_mm_degrees": self.nudge or None}  # fmt: skip
        write_text(folder / BY_HAND, json_text(told))
        return replace(asked, choice=self._chosen(asked.choice, str(folder / LANDMARKS)))

    def _chosen(self, base: ChoiceRequest, file: str) -> ChoiceRequest:
        nudge = self.nudge if self.moved != (STILL, STILL) else None
        base = replace(base, landmarks=None, landmarks_before=None, landmarks_frame=None, mend=False, nudge=nudge)
        if base.method == "landmarks":
            base = replace(base, method=None)
        if self.landmarks is None:
            return base
        if self.use == "landmarks":
            return ChoiceRequest("landmarks", landmarks=file, nudge=nudge)
        return replace(base, landmarks=file, mend=self.use == "mend")


def pairs_document(landmarks: Landmarks | None) -> list[dict[str, Any]]:
    """Return pairs as a page has them: [{"name", "after", "before"}, ...], LPS mm."""
    if landmarks is None:
        return []
    rows = zip(landmarks.names, landmarks.after_lps_mm.tolist(), landmarks.before_lps_mm.tolist(), strict=True)
    return [{"name": name, "after": after, "before": before} for name, after, before in rows]


def renamed(landmarks: Landmarks) -> Landmarks:
    """Return landmarks of a file under names that `landmarks_of` takes: other signs become _, equal names a number."""
    names: list[str] = []
    for number, name in enumerate(landmarks.names, start=1):
        plain = re.sub(r"[^\w .()-]", "_", name).lstrip(" .()-")[:NAME_LETTERS] or str(number)
        names.append(plain if plain not in names else f"{plain[: NAME_LETTERS - 5]} ({number})")
    return Landmarks(landmarks.after_lps_mm, landmarks.before_lps_mm, tuple(names))


def landmarks_of(told: object) -> Landmarks | None:
    """Read what `pairs_document` tells; None for no pair.

    Raises
    ------
    BadLandmarks
    """
    if not isinstance(told, list):
        raise BadLandmarks(UNKNOWN)
    if (count := len(cast("list[Any]", told))) > MOST_PAIRS:
        raise BadLandmarks(f"{count} landmarks came; give {MOST_PAIRS} at most.")
    pairs = [_pair(one) for one in cast("list[Any]", told)]
    if not pairs:
        return None
    return Landmarks(np.array([after for _, after, _ in pairs]), np.array([before for _, _, before in pairs]),
                     tuple(name for name, _, _ in pairs))  # fmt: skip


def _pair(told: Any) -> tuple[str, list[float], list[float]]:
    known: Mapping[str, Any] = cast("Mapping[str, Any]", told) if isinstance(told, Mapping) else {}
    name = known.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BadLandmarks("A landmark without a usable name came; give letters, digits and spaces.")
    return name, _place(known.get("after")), _place(known.get("before"))


def _place(told: object) -> list[float]:
    numbers = cast("Sequence[Any]", told) if isinstance(told, list) else ()
    if len(numbers) != 3 or not all(isinstance(mm, int | float) and not isinstance(mm, bool) for mm in numbers):
        raise BadLandmarks(UNKNOWN)
    try:
        return [float(mm) for mm in numbers]
    except OverflowError:
        raise BadLandmarks(UNKNOWN) from None
