"""Which labels of a mask file are meant: `FILE`, `FILE:3`, `FILE:1,2`, `FILE:portal vein`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from isotherm.errors import BadVoxels, NoSuchLabel
from isotherm.exchange.image_endings import IMAGES
from isotherm.exchange.voxel_source import ImageFile, Segment
from isotherm.imaging.volume import Role

SEVERAL: tuple[Role, ...] = ("tumor", "vessel")
"""What several labels stay apart for: each is a lesion, or a vessel, of its own. For the others they are united."""

MOST_LABELS = 20
"""More labels than this, without names and without a choice, are taken for organs, or for shares from 0 to 255."""

IMAGE_ENDING = re.compile(rf"({'|'.join(map(re.escape, (*IMAGES, '.dcm', '.zip')))})(?=:)", re.IGNORECASE)


def split_spec(spec: str) -> tuple[str, str | None]:
    """Split `FILE[:LABEL]` into the file and the label.

    A file of exactly this name comes first; then the longest part before a colon that is there. So a drive letter,
    and colons in names of files and of segments, do no harm.
    """
    colons = [at for at, c in enumerate(spec) if c == ":"]
    if not os.path.exists(spec):
        for at in reversed(colons):
            if os.path.exists(spec[:at]):
                return spec[:at], spec[at + 1 :]
        # Nothing is there: cut behind the ending of an image file, for the message alone.
        missing = IMAGE_ENDING.search(spec)
        if missing:
            return spec[: missing.end()], spec[missing.end() + 1 :]
    return spec, None


def choose(wanted: str | None, segments: Sequence[Segment], *, of: Role, file: ImageFile) -> tuple[Segment, ...]:
    """Return the segments that are meant, in their order; without a choice all of them, where that is safe.

    Parameters
    ----------
    wanted : str or None
        What stands behind the colon: a name, an ID or a value, or several with commas.
    segments : sequence of Segment
        What the file holds: what its header names, and the values of its voxels.
    of : str
        What the file is given as.
    file : ImageFile
        For messages.

    Raises
    ------
    NoSuchLabel
        The choice fits none or several, or a choice is needed: segments of different names (a liver beside a tumor)
        are never taken together unasked, and an organ is never put together from several labels unasked.
    BadVoxels
        So many labels that this is hardly a mask.
    """
    if wanted is not None:
        exact = _fitting(wanted, segments)
        if exact:
            return (_only(exact, wanted, segments, file),)
        parts = [part.strip() for part in wanted.split(",")]
        return tuple(dict.fromkeys(_only(_fitting(part, segments), part, segments, file) for part in parts))
    if len(segments) > 1:
        _refuse_unsafe(segments, of, file)
    return tuple(segments)


def _refuse_unsafe(segments: Sequence[Segment], of: Role, file: ImageFile) -> None:
    names = [segment.name for segment in segments if segment.name]
    if names and not _numbered_alike(segment.label for segment in segments):
        raise NoSuchLabel(f"{file.start} holds several segments ({_list(segments)}); name the one meant: FILE:NAME.")
    if not names and len(segments) > MOST_LABELS:
        raise BadVoxels(
            f"{file.start} holds {len(segments)} labels, as a map of organs does; name the one meant (FILE:LABEL) or "
            "several with commas (FILE:1,2), or give shares from 0 to 1."
        )
    if of in ("organ", "structure"):
        raise NoSuchLabel(
            f"{file.start} holds several labels ({_list(segments)}); name the one meant (FILE:LABEL), or several with "
            "commas (FILE:1,2)."
        )


def _numbered_alike(names: Iterable[str]) -> bool:
    """Say whether names differ by a number at their end only: "tumor 1", "tumor 2"."""
    return len({re.sub(r"[\W_]*\d*$", "", name).casefold() for name in names}) == 1


def _fitting(wanted: str, segments: Sequence[Segment]) -> list[Segment]:
    fitting = [s for s in segments if wanted in (s.name, s.id, str(s.value))]
    return fitting or [s for s in segments if s.name and s.name.casefold() == wanted.casefold()]


def _only(fitting: Sequence[Segment], wanted: str, segments: Sequence[Segment], file: ImageFile) -> Segment:
    if len(fitting) == 1:
        return fitting[0]
    if wanted == "0":
        raise NoSuchLabel(f"0 is the background of {file}, no label; there are: {_list(segments)}.")
    if not fitting:
        raise NoSuchLabel(f"{file.start} has no label '{_short(wanted)}'; there are: {_list(segments)}.")
    raise NoSuchLabel(
        f"'{_short(wanted)}' fits several labels of {file} ({_list(fitting)}); choose by a name of its own."
    )


def _list(segments: Sequence[Segment], most: int = 20) -> str:
    said = [f"{_short(s.name)} [{s.value}]" if s.name else str(s.value) for s in segments]
    more = f" and {len(said) - most} more" if len(said) > most else ""
    return (", ".join(said[:most]) or "none") + more


def _short(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:60])
