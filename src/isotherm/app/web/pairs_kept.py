"""Landmarks and a nudge that somebody has set and not registered with: kept in the folder of the job, each person's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from isotherm.app.by_hand import landmarks_of, pairs_document
from isotherm.app.choosing import nudge_of
from isotherm.app.web.kept_of_person import KeptOfPerson
from isotherm.errors import BadLandmarks, BadSetting
from isotherm.exchange.atomic import write_text

LONGEST_NUDGE = 200


@dataclass(frozen=True, slots=True)
class KeptPairs(KeptOfPerson):
    """What one person has set on one measured pair."""

    kind: ClassVar[str] = "pairs"

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
