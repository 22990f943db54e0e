"""An object that a PACS holds, compared with the one that was sent."""

from __future__ import annotations

from isotherm.errors import BadAnswer
from isotherm.exchange.dicomweb_http import Connection
from isotherm.exchange.dicomweb_multipart import ACCEPT, parts_in
from isotherm.exchange.dicomweb_object import differences
from isotherm.exchange.dicomweb_outgoing import Outgoing


def read_back(connection: Connection, sent: Outgoing) -> tuple[str, ...] | None:
    """Return the attributes, by name, in which the copy of a PACS differs; None where it gives no copy.

    Raises
    ------
    NoAnswer, NotAdmitted, BadAnswer
    """
    path = "studies", sent.study, "series", sent.series, "instances", sent.uid
    data = connection.patiently(lambda: _fetched(connection, path, most_bytes=2 * sent.size_bytes + 2**20))
    return None if data is None else differences(sent.whole(), data)


def _fetched(connection: Connection, path: tuple[str, ...], *, most_bytes: int) -> bytes | None:
    with connection.opened(path, accept=ACCEPT) as answer:
        if answer.status in (204, 404, 410):
            return None
        if answer.status not in (200, 206):
            raise BadAnswer(f"The PACS does not give back what it was sent ({answer.status}).")
        copies: list[bytes] = []
        for part in parts_in(answer.content_type, answer.chunks):
            copy = bytearray()
            for chunk in part.chunks:
                copy += chunk
                if len(copy) > most_bytes:
                    raise BadAnswer("The PACS gives back far more than it was sent.")
            copies.append(bytes(copy))
            if len(copies) > 1:
                raise BadAnswer("The PACS gives back more than one object of one UID.")
    return copies[0] if copies else None
