"""How a pair is to be registered, as it was typed: on the command line, or in a row of a list of cases."""

from __future__ import annotations

from dataclasses import dataclass

from isotherm.app.pair import Pair
from isotherm.app.registering import STILL, Choice, Method, Three
from isotherm.errors import BadSetting
from isotherm.exchange.dicom_files import is_dicom
from isotherm.exchange.landmark_files import Frame, read_landmarks
from isotherm.exchange.transform_files import read_transform
from isotherm.imaging.landmark_checks import refuse_outside
from isotherm.imaging.landmarks import Landmarks
from isotherm.printable import printable


@dataclass(frozen=True, slots=True)
class ChoiceRequest:
    """Which way of registering, and which files of a person's own work on it.

    Parameters
    ----------
    method : {"deformable", "rigid", "landmarks"}, optional
        None for the usual one.
    transform, landmarks, landmarks_before : str, optional
        Files.
    transform_inverse : bool
        Whether the transform carries a point of the scan before to the one after.
    landmarks_frame : {"LPS", "RAS"}, optional
        Where the files do not say it.
    mend : bool
    nudge : str, optional
        Three mm, or three mm and three degrees, with commas.

    Raises
    ------
    BadSetting
    """

    method: Method | None = None
    transform: str | None = None
    transform_inverse: bool = False
    landmarks: str | None = None
    landmarks_before: str | None = None
    landmarks_frame: Frame | None = None
    mend: bool = False
    nudge: str | None = None

    def __post_init__(self) -> None:
        if self.transform is None and self.transform_inverse:
            raise BadSetting("--transform-inverse came without --transform; name the file.")
        if self.landmarks is None and not (self.landmarks_before is None and self.landmarks_frame is None):
            raise BadSetting("Options of landmarks came without --landmarks; name the file.")
        nudge_of(self.nudge)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that was named."""
        return tuple(file for file in (self.transform, self.landmarks, self.landmarks_before) if file is not None)

    def marks(self) -> Landmarks | None:
        """Read the landmarks; None where none were named.

        Raises
        ------
        BadLandmarks, UnreadableFile
        """
        if self.landmarks is None:
            return None
        return read_landmarks(self.landmarks, self.landmarks_before, frame=self.landmarks_frame)

    def read(self, pair: Pair) -> Choice:
        """Read the files; the frames of reference of the pair say which way a DICOM registration goes.

        Raises
        ------
        InputError
        """
        given = None
        if self.transform is not None:
            known = is_dicom(self.transform) and not self.transform_inverse
            given = read_transform(self.transform, inverse=self.transform_inverse,
                                   frames=pair.frame_uids if known else None)  # fmt: skip
        if (marks := self.marks()) is not None:
            refuse_outside(marks, after=pair.after.grid, before=pair.before.grid)
        shift, turn = nudge_of(self.nudge)
        method: Method = self.method or ("deformable" if given is None else "given")
        return Choice(method, given, marks, self.mend, shift, turn)


def nudge_of(text: str | None) -> tuple[Three, Three]:
    """Read three mm, and three degrees where they came as well.

    Raises
    ------
    BadSetting
    """
    if text is None:
        return STILL, STILL
    try:
        numbers = [float(cell) for cell in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (3, 6):
        raise BadSetting(
            f"--nudge {printable(text)[:40]} came; give three mm, or three mm and three degrees, with commas: "
            "--nudge=0,0,-3."
        )
    a, b, c, *turn = numbers
    d, e, f = turn or (0.0, 0.0, 0.0)
    return (a, b, c), (d, e, f)
