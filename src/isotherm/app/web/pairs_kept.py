"""Landmarks and a nudge that somebody has set and not registered with: kept in the folder of the job, each person's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isotherm.app.by_hand import landmarks_of, pairs_document
from isotherm.app.choosing import nudge_of
from isotherm.errors import BadLandmarks, BadSetting
from isotherm.exchange.atomic import write_text

LONGEST_NUDGE = 200


@dataclass(frozen=True, slots=True)
class KeptPairs:
    """What one person has set on one measured pair.

    Parameters
    ----------
    folder : Path
        Of the job.
    who : str
    """

    folder: Path
    who: str

    @property
    def file(self) -> Path:
        """Where it lies; no name is a path."""
        return self.folder / f"pairs-{hashlib.sha256(self.who.encode()).hexdigest()[:16]}.json"

    def read(self) -> Mapping[str, Any] | None:
        """Return it: {"pairs": [...], "nudge": "0,0,0,0,0,0"}; None where there is nothing."""
        try:
            told: Mapping[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
            landmarks_of(told["pairs"])
            nudge_of(told["nudge"])
        except (OSError, ValueError, KeyError, TypeError, BadLandmarks, BadSetting):
            return None
        return told

    def keep(self, told: Mapping[str, Any]) -> None:
        """Keep what a page tells, in place of what was kept before.

        Raises
        ------
        BadLandmarks, BadSetting
        """
        nudge = told.get("nudge")
        if not isinstance(nudge, str) or len(nudge) > LONGEST_NUDGE:
            raise BadSetting("A nudge of an unknown form came; reload the page and set it anew.")
        nudge_of(nudge)
        write_text(self.file, json.dumps({"pairs": pairs_document(landmarks_of(told.get("pairs"))), "nudge": nudge}))

    def forget(self) -> None:
        """Let go of it: it was registered with."""
        self.file.unlink(missing_ok=True)
