"""Course: what was done to one patient and imaged of it, day by day: sessions, systemic lines, scans with drawings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session of ablation.

    Parameters
    ----------
    id : str
    on : date
    lesions : tuple of str
        Ids of the lesions that were treated.
    approach, modality : str
        Empty where nobody has noted it; one modality for all lesions of a session.
    """

    id: str
    on: date
    lesions: tuple[str, ...]
    approach: str = ""
    modality: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemicLine:
    """One line of systemic therapy; without an end it goes on, or nobody has noted it."""

    started_on: date
    regimen: str = ""
    stopped_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnScan:
    """One scan, with where its image and what is drawn on it lie.

    Parameters
    ----------
    id : str
    on : date
    image : str
        FILE, or FOLDER:SERIES of DICOM.
    tumors, zones : mapping of str to str
        FILE[:LABEL] by the id of the lesion.
    organ : str
        Empty where it was not drawn.
    vessels : tuple of str
    modality : str
        "CT", "MRI", ...; empty where it is not told: DICOM says it itself.
    """

    id: str
    on: date
    image: str
    tumors: Mapping[str, str] = field(default_factory=_nothing)
    zones: Mapping[str, str] = field(default_factory=_nothing)
    organ: str = ""
    vessels: tuple[str, ...] = ()
    modality: str = ""

    def __post_init__(self) -> None:
        for name in ("tumors", "zones"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def drawn(self) -> frozenset[str]:
        """Every lesion that something is drawn of."""
        return frozenset({*self.tumors, *self.zones})


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The course of one patient.

    Parameters
    ----------
    patient_id : str
    sessions, systemic, scans : tuple
        In any order; `timeline` and `treatments` sort them.

    Raises
    ------
    ValueError
        Two sessions or two scans of one id.
    """

    patient_id: str
    sessions: tuple[Session, ...] = ()
    systemic: tuple[SystemicLine, ...] = ()
    scans: tuple[DrawnScan, ...] = ()

    def __post_init__(self) -> None:
        for what, several in (("sessions", self.sessions), ("scans", self.scans)):
            if len({one.id for one in several}) < len(several):
                raise ValueError(f"two {what} have one id; each needs its own")

    @property
    def timeline(self) -> tuple[DrawnScan, ...]:
        """The scans by their days; those of one day in the order in which they were noted."""
        return tuple(sorted(self.scans, key=lambda one: one.on))

    @property
    def treatments(self) -> tuple[Session, ...]:
        """The sessions by their days."""
        return tuple(sorted(self.sessions, key=lambda one: one.on))


@dataclass(frozen=True, slots=True)
class SessionPair:
    """The scans whose difference tells a session's margin: the last one with tumors, the first one with zones.

    Parameters
    ----------
    session : Session
    before, after : DrawnScan or None
        None where there is none.
    lesions : tuple of str
        Those that have a tumor before and a zone after.
    left_out : tuple of (lesion, why)
        Those of the session that have not.
    """

    session: Session
    before: DrawnScan | None
    after: DrawnScan | None
    lesions: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


def session_pairs(course: Course) -> tuple[SessionPair, ...]:
    """Return the pair of scans of each session, in the order of their days.

    A scan of the session's own day counts as one before by its tumors, and as one after by its zones.
    """
    return tuple(_pair(course, session) for session in course.treatments)


def _pair(course: Course, session: Session) -> SessionPair:
    mine = set(session.lesions)
    earlier = [one for one in course.timeline if one.on <= session.on and mine & one.tumors.keys()]
    before = earlier[-1] if earlier else None
    following = _treated_again(course, session, mine)
    later = [one for one in course.timeline if one.on >= session.on and mine & one.zones.keys() and one is not before
             and (following is None or one.on < following)]  # fmt: skip
    after = later[0] if later else None
    left_out: list[tuple[str, str]] = []
    for lesion in session.lesions:
        if before is None or lesion not in before.tumors:
            left_out.append((lesion, "no tumor is drawn on the last scan before the session"))
        elif after is None or lesion not in after.zones:
            left_out.append((lesion, "no zone is drawn on the first scan after the session"))
    without = {lesion for lesion, _ in left_out}
    return SessionPair(session, before, after, tuple(one for one in session.lesions if one not in without),
                       tuple(left_out))  # fmt: skip


def _treated_again(course: Course, session: Session, lesions: set[str]) -> date | None:
    """Return the day on which one of some lesions was treated anew: scans from then on show another zone."""
    days = [one.on for one in course.treatments if one.on > session.on and lesions & set(one.lesions)]
    return min(days, default=None)


@dataclass(frozen=True, slots=True)
class ZoneSeries:
    """The scans on which one zone is drawn, from the first after its session until the lesion was treated anew."""

    lesion: str
    session: Session
    scans: tuple[DrawnScan, ...]


def zone_series(course: Course) -> tuple[ZoneSeries, ...]:
    """Return every zone that is drawn at least once, by session and lesion."""
    found: list[ZoneSeries] = []
    for session in course.treatments:
        for lesion in session.lesions:
            end = _treated_again(course, session, {lesion})
            scans = tuple(one for one in course.timeline if one.on >= session.on and lesion in one.zones
                          and (end is None or one.on < end))  # fmt: skip
            if scans:
                found.append(ZoneSeries(lesion, session, scans))
    return tuple(found)
