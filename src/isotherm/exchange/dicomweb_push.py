"""Objects sent to a PACS (STOW-RS): what is there is not sent again, each answer is read, and all is read back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from isotherm.errors import BadAnswer, NoAnswer
from isotherm.exchange.dicomweb_find import objects_of
from isotherm.exchange.dicomweb_http import Answer, Connection
from isotherm.exchange.dicomweb_json import JSON, MOST_BYTES, objects_within, read_objects, text, whole
from isotherm.exchange.dicomweb_object import is_coerced
from isotherm.exchange.dicomweb_outgoing import Outgoing
from isotherm.exchange.dicomweb_readback import read_back

BATCH_OBJECTS, BATCH_BYTES = 50, 64 * 2**20
"""Of one request, unless a single object is larger."""

MOST_TURNED_DOWN = 3
"""Objects that may be turned down one after the other before it is taken to be for all of them."""

FAILED, STORED, SOP_UID, REASON = "00081198", "00081199", "00081155", "00081197"

DUPLICATE = 0x0111
"""The PACS holds an object of this UID already."""

REASONS = {
    0x0110: "it could not process it",
    0x0117: "it takes its UID for none",
    0x0122: "it stores no objects of this kind",
    0x0124: "we may not store here",
    0x0131: "it knows too little of the study",
    0xA700: "it has no room",
    0xA900: "the object does not fit its kind",
    0xC000: "it does not understand the object",
    0xC122: "it does not take this compression",
}
"""What the codes of PS3.18, annex I, say."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of objects that were to be sent, by SOP instance UID.

    Parameters
    ----------
    sent, known : tuple of str
        Those that the PACS holds since now, and held before.
    refused : mapping
        Why the PACS did not take an object, in words.
    differing : mapping
        Attributes, by name, in which the copy that the PACS holds is another one.
    coerced : mapping
        Attributes of patient and visit that the PACS brought in line with its own record.
    read_back : bool
        Whether the copies were compared.
    """

    sent: tuple[str, ...]
    known: tuple[str, ...]
    refused: Mapping[str, str]
    differing: Mapping[str, tuple[str, ...]]
    coerced: Mapping[str, tuple[str, ...]]
    read_back: bool

    @property
    def whole(self) -> bool:
        """Whether every object is in the PACS as it was sent."""
        return not self.refused and not self.differing


def push(connection: Connection, objects: Sequence[Outgoing], *, tell: Tell, compare: bool = True) -> Pushed:
    """Send objects that the PACS does not hold yet, and compare what it then holds with what was to be sent.

    A request to store is never sent twice blindly: after a break, the PACS is asked what it holds, and gets the rest.

    Raises
    ------
    NoAnswer
        The PACS broke off for good; what it holds it keeps, and the next call sends the rest.
    NotAdmitted, BadAnswer
    """
    work = _Work(connection, objects, tell)
    work.run()
    differing, coerced = work.compared() if compare else ({}, {})
    held = [one.uid for one in objects if one.uid not in work.refused]
    sent = tuple(uid for uid in held if uid not in work.known)
    known = tuple(uid for uid in held if uid in work.known)
    return Pushed(sent, known, work.refused, differing, coerced, compare)


Names = dict[str, tuple[str, ...]]
Problem = TypeVar("Problem", NoAnswer, BadAnswer)


@dataclass(slots=True)
class _Work:
    """Objects on their way into a PACS."""

    connection: Connection
    objects: Sequence[Outgoing]
    tell: Tell
    known: set[str] = field(default_factory=set[str])
    confirmed: set[str] = field(default_factory=set[str])
    refused: dict[str, str] = field(default_factory=dict[str, str])

    def run(self) -> None:
        """Send until the PACS holds, or has refused, every object."""
        self.known |= self._stored()
        left, problem = self._left(self.known), NoAnswer("The PACS did not store all that it was sent.")
        for wait_s in (0.0, *self.connection.server.waits_s):
            if not left:
                return
            self.connection.pause(max(wait_s, problem.after_s))
            try:
                self._send_all(left)
            except NoAnswer as error:
                problem = error
            except BadAnswer as error:
                raise self._broken(error, len(self._left(self._stored()))) from None
            left = self._left(self._stored())
        if left:
            raise self._broken(problem, len(left))

    def compared(self) -> tuple[Names, Names]:
        """Read back what is there; return attributes that differ, and those that a PACS keeps by its own record."""
        differing: Names = {}
        coerced: Names = {}
        held = [one for one in self.objects if one.uid not in self.refused]
        for number, one in enumerate(held, start=1):
            self.tell(f"reading back {number} of {len(held)} objects")
            try:
                names = read_back(self.connection, one)
            except NoAnswer as error:
                raise self._broken(error, 0) from None
            except BadAnswer:
                self.refused[one.uid] = "it gives back something else"
                continue
            if names is None:
                self.refused[one.uid] = "it does not give it back"
                continue
            bent = tuple(filter(is_coerced, names))
            differs = tuple(name for name in names if name not in bent)
            differing |= {one.uid: differs} if differs else {}
            coerced |= {one.uid: bent} if bent else {}
        return differing, coerced

    def _send_all(self, left: Sequence[Outgoing]) -> None:
        before = len(self.objects) - len(left)
        for batch in _batches(left):
            self.tell(f"{before} of {len(self.objects)} objects sent")
            try:
                self._send(batch)
            except BadAnswer:
                # It may be a single object that is not liked, or too many at a time.
                if len(batch) == 1:
                    raise
                self._send_one_by_one(batch)
            before += len(batch)

    def _send_one_by_one(self, batch: Sequence[Outgoing]) -> None:
        turned_down: list[str] = []
        for at, one in enumerate(batch, start=1):
            try:
                self._send([one])
            except BadAnswer:
                turned_down.append(one.uid)
                if len(turned_down) == at == min(len(batch), MOST_TURNED_DOWN):
                    raise  # it is not about these objects
        self.refused |= dict.fromkeys(turned_down, "it turned the request down")

    def _left(self, stored: set[str]) -> list[Outgoing]:
        done = stored | self.confirmed | self.refused.keys()
        return [one for one in self.objects if one.uid not in done]

    def _stored(self) -> set[str]:
        """Ask, patiently, which of the objects the PACS holds."""
        series = dict.fromkeys((one.study, one.series) for one in self.objects)
        try:
            held = {uid for place in series for uid in objects_of(self.connection, *place)}
        except NoAnswer as error:
            raise self._broken(error, len(self._left(self.known))) from None
        return held & {one.uid for one in self.objects}

    def _send(self, batch: Sequence[Outgoing]) -> None:
        boundary = secrets.token_hex(16)
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        headers = {"Content-Type": kind, "Content-Length": str(_length(batch, boundary))}
        path = "studies", batch[0].study
        with self.connection.opened(path, accept=JSON, body=_body(batch, boundary), headers=headers) as answer:
            self._read(answer, {one.uid for one in batch})

    def _read(self, answer: Answer, batch: set[str]) -> None:
        """Keep what the PACS says of each object; what it says nothing of is asked for later."""
        data = answer.read(MOST_BYTES)
        if answer.status == 413:
            raise BadAnswer(
                "The PACS takes no request of this size; ask its IT to allow 64 MB, or the size of one object."
            )
        if answer.status not in (200, 202, 409):
            raise BadAnswer(f"The PACS does not take objects at this address ({answer.status}); may its DICOMweb "
                            "service store?")  # fmt: skip
        # Some servers answer in XML whatever they are asked for; what is there is asked for anyway.
        for told in read_objects(data) if "json" in answer.content_type else []:
            self.confirmed |= {text(one, SOP_UID) for one in objects_within(told, STORED)} & batch
            for one in objects_within(told, FAILED):
                uid, code = text(one, SOP_UID), whole(one, REASON) or 0
                if uid in batch and code != DUPLICATE:
                    self.refused[uid] = REASONS.get(code, f"its reason has the code {code:04X}")
                elif uid in batch:
                    self.confirmed.add(uid)
        self.confirmed -= self.refused.keys()

    def _broken(self, problem: Problem, left: int) -> Problem:
        there = f"{len(self.objects) - left} of {len(self.objects)} objects are there"
        goes_on = "the same command, given again, sends only the others"
        return type(problem)(f"{str(problem).rstrip('.')}; {there}, and {goes_on}.")


def _batches(objects: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """Part objects into requests: of one study, and of a size that servers take."""
    batch: list[Outgoing] = []
    for one in objects:
        size = sum(other.size_bytes for other in batch) + one.size_bytes
        if batch and (one.study != batch[0].study or len(batch) == BATCH_OBJECTS or size > BATCH_BYTES):
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _head(boundary: str) -> bytes:
    return f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode("ascii")


def _tail(boundary: str) -> bytes:
    return f"--{boundary}--\r\n".encode("ascii")


def _body(batch: Iterable[Outgoing], boundary: str) -> Iterator[bytes]:
    for one in batch:
        yield _head(boundary)
        yield from one.chunks()
        yield b"\r\n"
    yield _tail(boundary)


def _length(batch: Sequence[Outgoing], boundary: str) -> int:
    around = len(_head(boundary)) + len(b"\r\n")
    return sum(one.size_bytes + around for one in batch) + len(_tail(boundary))
