"""Multipart answers: the same parts however the bytes arrive, and nothing of what is cut short or formless."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadAnswer, IsothermError, NoAnswer
from isotherm.exchange.dicomweb_multipart import boundary_of, parts_of

BOUNDARY = b"here-8c1f"


def multipart(*contents: bytes, preamble: bytes = b"", length: bool = True) -> bytes:
    """Put contents together as a server does."""
    made = preamble
    for one in contents:
        made += b"--" + BOUNDARY + b"\r\nContent-Type: application/dicom\r\n"
        made += (b"Content-Length: %d\r\n" % len(one) if length else b"") + b"\r\n" + one + b"\r\n"
    return made + b"--" + BOUNDARY + b"--\r\n"


def chunked(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def read(data: bytes, size: int = 7) -> list[bytes]:
    return [b"".join(part.chunks) for part in parts_of(chunked(data, size), BOUNDARY)]


# What a boundary looks like, nearly, is in the contents, too.
CONTENTS = st.lists(
    st.lists(st.sampled_from([b"\r\n", b"--", b"here-8c1", b"f", b"\0", b"x", b"\r"]), max_size=8)
    .map(b"".join)
    .filter(lambda one: b"\r\n--" + BOUNDARY not in b"\r\n" + one + b"\r\n"),
    max_size=4,
)


@given(CONTENTS, st.integers(1, 80), st.booleans(), st.sampled_from([b"", b"\r\n", b"said before\r\n"]))
def test_parts_are_the_same_however_the_bytes_arrive(
    contents: list[bytes], size: int, length: bool, preamble: bytes
) -> None:
    if contents:
        assert read(multipart(*contents, preamble=preamble, length=length), size) == contents


@given(st.integers(0, 10**6), st.integers(1, 80))
def test_whatever_is_cut_off_is_noticed(at: int, size: int) -> None:
    whole = multipart(b"first", b"second")
    last = whole.rindex(b"--") + 2  # behind it there is nothing to lose
    with pytest.raises(IsothermError):
        read(whole[: at % last], size)


def test_what_was_whole_before_the_cut_has_come() -> None:
    whole = multipart(b"first", b"second")
    parts = parts_of(chunked(whole[: whole.index(b"second") + 3], 5), BOUNDARY)
    assert b"".join(next(parts).chunks) == b"first"
    cut = next(parts)
    with pytest.raises(NoAnswer, match="broke off"):
        b"".join(cut.chunks)


def test_a_part_that_is_left_unread_is_passed_over() -> None:
    parts = parts_of(chunked(multipart(b"first" * 100, b"second"), 11), BOUNDARY)
    next(parts)
    assert b"".join(next(parts).chunks) == b"second"


def test_no_part_at_all() -> None:
    assert read(b"--" + BOUNDARY + b"--") == []


def test_no_more_than_a_chunk_is_kept_in_memory() -> None:
    def endless() -> Iterator[bytes]:
        yield b"--" + BOUNDARY + b"\r\n\r\n"
        while True:
            yield b"x" * 1000

    part = next(parts_of(endless(), BOUNDARY))
    assert max(len(chunk) for chunk, _ in zip(part.chunks, range(10_000), strict=False)) <= 1000 + len(BOUNDARY) + 4


@pytest.mark.parametrize(
    "data",
    [
        b"--another\r\n\r\ncontent\r\n--another--",
        b"x" * 100_000,
        b"--" + BOUNDARY + b"and more\r\n\r\ncontent",
        b"--" + BOUNDARY + b"\r\nContent-Type: " + b"x" * 100_000,
        b"--" + BOUNDARY + b"\r\nContent-Length: 3\r\n\r\nlonger\r\n--" + BOUNDARY + b"--",
    ],
    ids=["another boundary", "no boundary", "text behind the boundary", "endless head", "another length"],
)
def test_what_has_no_form_is_refused(data: bytes) -> None:
    with pytest.raises(BadAnswer):
        read(data)


def test_a_length_that_is_no_number_does_not_matter() -> None:
    head = b"--" + BOUNDARY + b"\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"
    assert read(head + b"content\r\n--" + BOUNDARY + b"--") == [b"content"]


@pytest.mark.parametrize(("said", "boundary"), [
    ('multipart/related; type="application/dicom"; boundary=abc', b"abc"),
    ('multipart/related; boundary="a b:c"; type="application/dicom"', b"a b:c"),
    ("Multipart/Related;boundary=abc", b"abc"),
])  # fmt: skip
def test_the_boundary_is_named_in_the_type(said: str, boundary: bytes) -> None:
    assert boundary_of(said) == boundary


@pytest.mark.parametrize("said", [
    "", "text/html", "multipart/related", "multipart/mixed; boundary=abc", f"multipart/related; boundary={'x' * 300}",
    'multipart/related; boundary="\u00e9"',
])  # fmt: skip
def test_a_type_without_a_good_boundary_is_refused(said: str) -> None:
    with pytest.raises(BadAnswer):
        boundary_of(said)
