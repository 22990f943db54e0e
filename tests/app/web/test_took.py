"""How long a measurement takes, in words: so far, and usually."""

from __future__ import annotations

from isotherm.app.web.assess_words import took_words
from isotherm.app.web.job import Job


def job(start: str, end: str = "", *, work: str = "assess") -> Job:
    return Job(id="0" * 16, work=work, title="Pair", who="A", state="done" if end else "running",
               asked_at=start, started_at=start, ended_at=end)  # fmt: skip


def at(minute: int, second: int) -> str:
    return f"2026-03-01T12:{minute:02d}:{second:02d}.000000Z"


def test_the_usual_time_is_the_middle_of_the_latest_measurements() -> None:
    done = [
        job(at(0, 0), at(1, 0)),
        job(at(2, 0), at(2, 50)),
        job(at(3, 0), at(9, 0)),
        job(at(0, 0), at(0, 1), work="import"),
    ]
    assert took_words(job(at(10, 0)), done, at(10, 12)) == "12\u00a0s so far; usually about 60\u00a0s"
    assert took_words(job(at(10, 0)), done[2:], at(12, 30)) == "2\u00a0min so far; usually about 6\u00a0min"


def test_without_earlier_measurements_only_the_time_so_far_is_told() -> None:
    assert took_words(job(at(10, 0)), [], at(10, 12)) == "12\u00a0s so far"


def test_nothing_is_told_before_a_measurement_begins_or_when_it_is_over() -> None:
    assert took_words(job(""), [], at(10, 12)) == ""
    assert took_words(job(at(10, 0), at(11, 0)), [], at(12, 0)) == ""
