"""Find, pull and push: the tasks of `isotherm pacs`, and of every command that takes a study from a PACS."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from isotherm.app.places import new_folder
from isotherm.errors import BadSetting
from isotherm.exchange.dicomweb_access import read_access
from isotherm.exchange.dicomweb_find import Series, Study, Wanted, find_studies, series_of
from isotherm.exchange.dicomweb_http import Connection
from isotherm.exchange.dicomweb_outgoing import Outgoing, outgoing_in
from isotherm.exchange.dicomweb_pull import Pulled, expected_of, fetch
from isotherm.exchange.dicomweb_push import Pushed, push
from isotherm.exchange.dicomweb_server import TIMEOUT_S, Server, checked_uid

URL, CA = "ISOTHERM_PACS_URL", "ISOTHERM_PACS_CA"
"""Variables of the environment that stand in for --pacs and --ca."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PacsOptions:
    """A PACS as a user names it; what is absent comes from the environment."""

    url: str | None = None
    ca_file: str | None = None
    timeout_s: float = TIMEOUT_S
    plain_http: bool = False


def connect(pacs: PacsOptions, environment: Mapping[str, str] = os.environ) -> Connection:
    """Return a connection, which asks nothing yet.

    Raises
    ------
    BadSetting
    """
    url = pacs.url or environment.get(URL, "")
    if not url:
        raise BadSetting(f"No PACS came; name its address with --pacs https://HOST/dicom-web, or set {URL}.")
    ca_file = pacs.ca_file or (environment.get(CA) if url.startswith("https:") else None) or None
    return Connection(Server(url, ca_file, pacs.timeout_s, pacs.plain_http), read_access(environment))


def find(pacs: PacsOptions, wanted: Wanted, *, most: int) -> tuple[list[Study], bool]:
    """Return the studies that fit, the newest first, and whether there may be more.

    Raises
    ------
    BadSetting, NoAnswer, NotAdmitted, BadAnswer
    """
    if most < 1:
        raise BadSetting("--most has to be 1 or more; give the number of studies to list.")
    if wanted.first_day and wanted.last_day and wanted.first_day > wanted.last_day:
        raise BadSetting("The first day is after the last; give --days FIRST..LAST in their order.")
    return find_studies(connect(pacs), wanted, most=most)


def find_series(pacs: PacsOptions, study: str) -> list[Series]:
    """Return the series of a study.

    Raises
    ------
    BadSetting, NoSuchStudy, NoAnswer, NotAdmitted, BadAnswer
    """
    return series_of(connect(pacs), checked_uid(study, "study"))


def pull_study(
    pacs: PacsOptions, study: str, out: str, *, series: Sequence[str] = (), tell: Tell = lambda _doing: None
) -> Pulled:
    """Fetch a study, or some of its series, into a folder; what is there already is not fetched again.

    Parameters
    ----------
    series : sequence of str
        UIDs or numbers of series; all if empty.
    tell : callable
        Is told what is being done.

    Returns
    -------
    Pulled
        Its `folder` holds one folder for each series, to be given wherever isotherm takes DICOM.

    Raises
    ------
    BadSetting, NoSuchStudy, NoAnswer, NotAdmitted, BadAnswer, OutputError
    """
    connection = connect(pacs)
    checked_uid(study, "study")
    with new_folder(out) as folder:
        tell("asking the PACS")
        expected = expected_of(connection, study, series)
        return fetch(connection, study, expected, folder, tell=tell)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, what became of it, and how many files were passed over since they are not DICOM."""

    objects: tuple[Outgoing, ...]
    pushed: Pushed
    not_dicom: int


def push_files(
    pacs: PacsOptions, paths: Sequence[str], *, compare: bool = True, tell: Tell = lambda _doing: None
) -> Sent:
    """Send DICOM files, folders and archives; what the PACS holds already is not sent again, and all is read back.

    Raises
    ------
    UnreadableFile, BadSetting
        What came cannot be sent; nothing of it was.
    NoAnswer, NotAdmitted, BadAnswer
    """
    connection = connect(pacs)
    tell("reading")
    objects, not_dicom = outgoing_in(paths)
    return Sent(tuple(objects), push(connection, objects, tell=tell, compare=compare), not_dicom)
