"""What a person has made on a measured pair and not used yet: kept in the folder of the job, each person's own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class KeptOfPerson:
    """What one person has made on one measured pair.

    Parameters
    ----------
    folder : Path
        Of the job.
    who : str
    """

    kind: ClassVar[str]

    folder: Path
    who: str

    @property
    def file(self) -> Path:
        """Where it lies; no name is a path."""
        return self.folder / f"{self.kind}-{hashlib.sha256(self.who.encode()).hexdigest()[:16]}.json"

    def forget(self) -> None:
        """Let go of it: it was used."""
        self.file.unlink(missing_ok=True)
