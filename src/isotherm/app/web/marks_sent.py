"""Landmark files that were sent: those of the scan after first, then those of the scan before; or one CSV of pairs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from isotherm.app.by_hand import Use
from isotherm.app.web.uploads import Uploaded, files_of
from isotherm.app.web.workspace import Workspace
from isotherm.errors import BadLandmarks, BadSetting, UnreadableFile
from isotherm.exchange.landmark_files import TO_LPS, Frame, read_landmarks
from isotherm.imaging.landmarks import Landmarks
from isotherm.printable import printable

USES: dict[str, Use] = {"check": "check", "mend": "mend", "landmarks": "landmarks"}

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class MarksSent:
    """Files of landmarks.

    Parameters
    ----------
    files : tuple of Uploaded
        One CSV of pairs; or the points on the scan after, and those on the scan before.
    frame : {"LPS", "RAS"} or None
        Where the files do not say it.
    """

    files: tuple[Uploaded, ...]
    frame: Frame | None

    @classmethod
    def of_form(cls, workspace: Workspace, form: Mapping[str, str]) -> MarksSent | None:
        """Return what a form names under `landmarks` and `landmarks_frame`; None where it names nothing.

        Raises
        ------
        BadSetting
        """
        called, frame = form.get("landmarks", ""), form.get("landmarks_frame", "")
        if not called:
            return None
        files = files_of(workspace, called)
        if len(files) not in (1, 2):
            raise BadSetting("No landmark file has come, or more than two have; choose them and send them again.")
        if frame and frame not in TO_LPS:
            raise BadSetting("Landmarks of a frame that is not known came; choose LPS or RAS.")
        return cls(files, cast("Frame", frame) if frame else None)

    @property
    def paths(self) -> tuple[str, str | None]:
        """The file of pairs, or of the scan after; that of the scan before."""
        return str(self.files[0].path), str(self.files[1].path) if len(self.files) == 2 else None

    def read(self) -> Landmarks:
        """Read them as the command line does.

        Raises
        ------
        BadLandmarks, UnreadableFile
            In the words of the command line, with the name that the sender knows.
        """
        try:
            return read_landmarks(*self.paths, frame=self.frame)
        except (BadLandmarks, UnreadableFile) as error:
            raise type(error)(self._named(str(error))) from None

    def _named(self, said: str) -> str:
        sides = ("",) if len(self.files) == 1 else (" of the scan after", " of the scan before")
        for one, side in zip(self.files, sides, strict=True):
            name = printable(re.split(r"[/\\]", one.name)[-1])[-LONGEST_NAME:]
            said = said.replace(f"'{one.path.name}'", f"'{name}'{side}")
        return said
