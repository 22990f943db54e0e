"""What is measured of a course: the margins of each session, and each zone over time; scans are checked before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from isotherm.app.assess_pair import PairAssessment, assess_pair
from isotherm.app.assess_pair_outputs import Places, write_pair_assessment
from isotherm.app.dicom_results import lesion_uid
from isotherm.app.follow_up import Growth, laid_on, volume_on
from isotherm.app.outputs import safe_name
from isotherm.app.pair import Pair, PairRequest, read_pair
from isotherm.app.places import new_folder
from isotherm.app.provenance import Provenance
from isotherm.app.registering import Choice
from isotherm.app.settings import Facts, Settings
from isotherm.clinical.course import Course, DrawnScan, SessionPair, ZoneSeries, session_pairs, zone_series
from isotherm.errors import BadCourse, FitError, NoSuchLabel
from isotherm.exchange.dicom_files import is_dicom
from isotherm.exchange.dicom_series import choose_image, scan
from isotherm.exchange.origin import Origin, check_pair
from isotherm.exchange.segments import split_spec
from isotherm.exchange.voxel_source import ImageFile
from isotherm.imaging.zone_volume import ZoneVolume

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredSession:
    """A session's pair of scans and what was measured with it; `reason` says why nothing was, or is empty."""

    pair: SessionPair
    found: PairAssessment | None = None
    reason: str = ""

    @property
    def folder(self) -> str:
        """Name of the folder that holds its report, in that of the results."""
        return folder_of(self.pair)


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredZone:
    """A zone over time: its volume on each scan, and from the second on how it lies in the one before."""

    series: ZoneSeries
    volumes: tuple[ZoneVolume, ...]
    growth: tuple[Growth, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredCourse:
    """Everything that was measured of a course."""

    course: Course
    sessions: tuple[MeasuredSession, ...]
    zones: tuple[MeasuredZone, ...]
    origins: dict[str, Origin]


def folder_of(pair: SessionPair) -> str:
    """Return the name of the folder of a session's results."""
    return f"session-{safe_name(pair.session.id)}"


def origins_of(course: Course, *, confirmed: bool) -> dict[str, Origin]:
    """Return whom and when the DICOM scans are of, by the ids of the scans; only headers are read.

    Raises
    ------
    BadCourse
        A scan was taken on another day than the course says; every such scan is named.
    PairInDoubt
        The scans seem to be of several patients.
    InputError
    """
    found = {one.id: origin for one in course.timeline if (origin := _origin(one)) is not None}
    apart = [one.id for one in course.timeline if one.id in found and not _of_the_day(found[one.id], one)]
    if apart:
        raise BadCourse(*((
            f"scan.{name}", f"Scan {name} of course.toml: its DICOM files are of another day than `on` says; correct "
            "the day, or name the folder that is meant.") for name in apart))  # fmt: skip
    check_pair(list(found.values()), (), confirmed=confirmed, registered=True)
    return found


def _origin(one: DrawnScan) -> Origin | None:
    path, wanted = split_spec(one.image)
    return choose_image(scan(ImageFile(path, "image")), wanted).origin if is_dicom(path) else None


def _of_the_day(origin: Origin, one: DrawnScan) -> bool:
    """Return whether a scan is of the day told: of its study, or of the image where a study lasts past midnight."""
    days = {origin.day, None if origin.taken is None else origin.taken.date()} - {None}
    return not days or one.on in days


def measure_course(
    course: Course, settings: Settings, *, out: Path | None, confirmed: bool = False, reader: str | None = None,
    tracking: Mapping[str, str] | None = None, progress: Progress = lambda _: None,
) -> MeasuredCourse:  # fmt: skip
    """Measure the margins of every session and every zone over time; write the report of each session.

    Parameters
    ----------
    course : Course
    settings : Settings
    out : Path, optional
        Folder that gets a folder for each session.
    confirmed : bool
        A person has said that the scans are of one patient and in order.
    reader : str, optional
        Who drew the masks.
    tracking : mapping of str to str, optional
        What lesions are called in DICOM already, by their ids; others get a UID that follows from their key.
    progress : callable

    Raises
    ------
    InputError, OutputError
    """
    progress("reading")
    origins = origins_of(course, confirmed=confirmed)
    sessions: list[MeasuredSession] = []
    for pair in session_pairs(course):

        def tell(doing: str, pair: SessionPair = pair) -> None:
            progress(f"session {pair.session.id}: {doing}")

        sessions.append(_session(course, pair, settings, out=out, confirmed=confirmed, reader=reader, progress=tell,
                                 tracking=tracking or {}))  # fmt: skip
    return MeasuredCourse(course, tuple(sessions), _zones(course, settings, confirmed, progress), origins)


def _session(
    course: Course, pair: SessionPair, settings: Settings, *, out: Path | None, confirmed: bool, reader: str | None,
    tracking: Mapping[str, str], progress: Progress,
) -> MeasuredSession:  # fmt: skip
    if pair.before is None or pair.after is None or not pair.lesions:
        return MeasuredSession(pair, reason="no pair of scans with drawings tells it")
    request = _request(course, pair, confirmed=confirmed)
    assert request is not None  # of a pair that is whole
    days = (pair.after.on - pair.session.on).days
    facts = Facts(days_after_ablation=days, modality=pair.session.modality or None, reader=reader)
    progress("reading")
    uids = {one: tracking.get(one) or lesion_uid(course.patient_id, one) for one in pair.lesions}
    read = _labelled(read_pair(request), pair, uids)
    try:
        found = assess_pair(read, Choice(), settings, facts, progress=progress)
    except FitError as error:
        return MeasuredSession(pair, reason=f"the scans could not be laid on each other: {error}")
    if out is not None:
        home = out / folder_of(pair)
        places = Places.of(str(home), None, None, request.after)
        places.keep(request.files)
        with new_folder(str(home)):
            write_pair_assessment(places, request, read, found, Provenance.now(), progress=progress)
    return MeasuredSession(pair, found)


def _request(course: Course, pair: SessionPair, *, confirmed: bool) -> PairRequest | None:
    """Return the files of a pair; zones of lesions that this session did not treat are old scars."""
    before, after = pair.before, pair.after
    if before is None or after is None:
        return None
    zones = dict.fromkeys(after.zones[one] for one in pair.lesions)
    scars = dict.fromkeys(spec for one, spec in after.zones.items()
                          if one not in pair.session.lesions and spec not in zones
                          and _treated_before(course, one, pair))  # fmt: skip
    return PairRequest(
        before.image, after.image, tuple(before.tumors[one] for one in pair.lesions), tuple(zones),
        before.organ or None, after.organ or None, before.vessels, after.vessels, (), tuple(scars), confirmed,
        (*(("before",) if before.modality == "MRI" else ()), *(("after",) if after.modality == "MRI" else ())),
    )  # fmt: skip


def _treated_before(course: Course, lesion: str, pair: SessionPair) -> bool:
    return any(lesion in one.lesions and one.on <= pair.session.on for one in course.sessions)


def _labelled(read: Pair, pair: SessionPair, uids: Mapping[str, str]) -> Pair:
    """Return a pair whose lesions have their ids as labels: they stay the same ones on every scan.

    Raises
    ------
    NoSuchLabel
        A file of one lesion's tumor holds several.
    """
    if len(read.lesions) != len(pair.lesions):
        raise NoSuchLabel(
            f"Session {pair.session.id}: a file of one lesion's tumor holds several labels; name the one meant "
            "(FILE:LABEL) in course.toml."
        )
    return replace(read, lesions=tuple(replace(one, label=name, name=None, tracking_uid=uids[name])
                                       for name, one in zip(pair.lesions, read.lesions, strict=True)))  # fmt: skip


def _zones(course: Course, settings: Settings, confirmed: bool, progress: Progress) -> tuple[MeasuredZone, ...]:
    every = zone_series(course)
    steps: dict[tuple[str, str], list[str]] = {}
    for one in every:
        for earlier, later in zip(one.scans, one.scans[1:], strict=False):
            steps.setdefault((later.id, earlier.id), []).append(one.lesion)
    scans = {one.id: one for one in course.scans}
    laid: dict[tuple[str, str, str], Growth] = {}
    for (later, earlier), lesions in steps.items():

        def tell(doing: str, later: str = later, earlier: str = earlier) -> None:
            progress(f"scan {later} on {earlier}: {doing}")

        for one in laid_on(scans[later], scans[earlier], lesions, settings, confirmed=confirmed, progress=tell):
            laid[later, earlier, one.lesion] = one
    progress("measuring volumes")
    return tuple(_zone(one, laid, settings) for one in every)


def _zone(series: ZoneSeries, laid: dict[tuple[str, str, str], Growth], settings: Settings) -> MeasuredZone:
    pairs: Sequence[tuple[DrawnScan, DrawnScan]] = list(zip(series.scans[1:], series.scans, strict=False))
    return MeasuredZone(
        series, tuple(volume_on(one, series.lesion, settings) for one in series.scans),
        tuple(laid[later.id, earlier.id, series.lesion] for later, earlier in pairs),
    )  # fmt: skip
