"""A multipart answer, taken apart while it comes: what is in memory is never more than one chunk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message

from isotherm.errors import BadAnswer, NoAnswer

OBJECT = "application/dicom"

ACCEPT = f'multipart/related; type="{OBJECT}"; transfer-syntax=*'
"""What is asked for: objects as they are kept, not packed anew."""

HEAD_BYTES = 2**14
"""More than this before the first part, or in the head of a part, is no multipart answer."""

LONGEST_BOUNDARY = 200
"""The standard allows 70 characters; Orthanc sends 73."""

LINE, END = b"\r\n", b"--"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part of an answer: its type, the length that it claims, and its content, to be read before the next part."""

    content_type: str
    length: int | None
    chunks: Iterator[bytes]


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that a multipart answer names in its type.

    Raises
    ------
    BadAnswer
    """
    head = Message()
    head["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    found = head.get_boundary()
    if head.get_content_type() != "multipart/related" or not found:
        raise BadAnswer("The PACS did not answer with the objects asked for (multipart/related); is the address its "
                        "DICOMweb service?")  # fmt: skip
    if len(found) > LONGEST_BOUNDARY or not (found.isascii() and found.isprintable()):
        raise BadAnswer("The PACS parts its answer by a boundary that cannot be one; ask its IT.")
    return found.encode("ascii")


def parts_in(content_type: str, chunks: Iterator[bytes]) -> Iterator[Part]:
    """Give the objects of an answer; some servers send a single one as it is.

    Raises
    ------
    NoAnswer, BadAnswer
    """
    if content_type.partition(";")[0].strip().lower() == OBJECT:
        return iter([Part(OBJECT, None, chunks)])
    return parts_of(chunks, boundary_of(content_type))


def parts_of(chunks: Iterable[bytes], boundary: bytes) -> Iterator[Part]:
    """Give each part of an answer once it comes; what a reader leaves of one is passed over.

    Raises
    ------
    NoAnswer
        The answer ended before its closing boundary: the last part may be cut short.
    BadAnswer
        It does not keep to the form.
    """
    stream = _Stream(chunks)
    delimiter = LINE + END + boundary
    # The line end before the very first boundary may be missing.
    stream.push_back(LINE)
    _pass_over_preamble(stream, delimiter)
    while not stream.next_is(END):
        head = b"".join(stream.until(LINE + LINE, most_bytes=HEAD_BYTES))
        content_type, length = _read_head(head)
        content = stream.until(delimiter)
        yield Part(content_type, length, _counted(content, length))
        for _ in content:
            pass


def _pass_over_preamble(stream: _Stream, delimiter: bytes) -> None:
    try:
        for _ in stream.until(delimiter, most_bytes=HEAD_BYTES):
            pass
    except NoAnswer:
        if stream.may_become(delimiter):
            raise
        raise _formless() from None


def _read_head(head: bytes) -> tuple[str, int | None]:
    """Return type and length that the head of a part names; the head begins behind its boundary."""
    padding, line, rest = (head + LINE).partition(LINE)
    if not line or padding.strip(b" \t"):
        raise _formless()
    told: dict[str, str] = {}
    for one in rest.split(LINE):
        name, _, value = one.decode("latin-1").partition(":")
        told[name.strip().lower()] = value.strip()
    length = told.get("content-length", "")
    return told.get("content-type", ""), int(length) if length.isascii() and length.isdigit() and len(
        length
    ) < 19 else None


def _counted(chunks: Iterator[bytes], length: int | None) -> Iterator[bytes]:
    came = 0
    for chunk in chunks:
        came += len(chunk)
        yield chunk
    if length is not None and came != length:
        raise BadAnswer("The PACS sent a part of another length than it said; nothing of that part is kept.")


def _formless() -> BadAnswer:
    return BadAnswer("The PACS does not keep to the boundary that it named; nothing of that answer is kept.")


class _Stream:
    """Chunks read as one stream of bytes, in which a mark is searched."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._waiting = b""

    def push_back(self, data: bytes) -> None:
        """Put bytes in front of what is still to come."""
        self._waiting = data + self._waiting

    def until(self, mark: bytes, *, most_bytes: int | None = None) -> Iterator[bytes]:
        """Give what comes before a mark, and go on behind it."""
        given = 0
        while (at := self._waiting.find(mark)) < 0:
            safe = max(0, len(self._waiting) - len(mark) + 1)  # the mark may lie across two chunks
            ready, self._waiting = self._waiting[:safe], self._waiting[safe:]
            given += len(ready)
            if most_bytes is not None and given > most_bytes:
                raise _formless()
            if ready:
                yield ready
            self._more()
        ready, self._waiting = self._waiting[:at], self._waiting[at + len(mark) :]
        if ready:
            yield ready

    def next_is(self, mark: bytes) -> bool:
        """Say whether a mark comes next, and go behind it if it does."""
        while len(self._waiting) < len(mark):
            self._more()
        if found := self._waiting.startswith(mark):
            self._waiting = self._waiting[len(mark) :]
        return found

    def may_become(self, mark: bytes) -> bool:
        """Say whether what waits is how a mark begins."""
        return mark.startswith(self._waiting)

    def _more(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise NoAnswer("The PACS broke off in the middle of its answer; try again.")
        self._waiting += chunk
