"""What was opened last: opened once, kept, and there for whoever looks at it while others are being opened."""

from __future__ import annotations

import threading

import pytest

from isotherm.app.web import turns
from isotherm.app.web.last_opened import LastOpened
from isotherm.app.web.turns import Busy, Turns


@pytest.fixture
def last(monkeypatch: pytest.MonkeyPatch) -> LastOpened[str]:
    monkeypatch.setattr(turns, "WAITS_S", 0.05)
    return LastOpened[str](2, Turns(1, "Others are being opened."))


def opened(last: LastOpened[str], key: str, runs: list[str]) -> str:
    def makes() -> str:
        runs.append(key)
        return f"{key} is open"

    return last.of(key, makes)


def test_a_thing_is_opened_once_and_again_only_when_others_have_taken_its_place(last: LastOpened[str]) -> None:
    runs: list[str] = []
    assert [opened(last, key, runs) for key in "abab"] == ["a is open", "b is open"] * 2
    opened(last, "c", runs)  # a was looked at before b
    opened(last, "b", runs)
    opened(last, "a", runs)
    assert runs == ["a", "b", "c", "a"]


def test_while_one_is_being_opened_another_one_waits_a_little_and_what_is_open_is_there(last: LastOpened[str]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert go_on.wait(30)
        return "b is open"

    opened(last, "a", [])
    first = threading.Thread(target=last.of, args=("b", slow))
    first.start()
    assert begun.wait(30)
    assert opened(last, "a", []) == "a is open"
    for key in "bc":
        with pytest.raises(Busy, match=r"Others are being opened\."):
            opened(last, key, [])
    go_on.set()
    first.join(30)
    assert opened(last, "b", []) == "b is open"


def test_what_cannot_be_opened_gives_its_turn_back_and_is_not_kept(last: LastOpened[str]) -> None:
    def broken() -> str:
        raise ValueError("not where it was")

    with pytest.raises(ValueError, match="not where it was"):
        last.of("a", broken)
    assert opened(last, "a", []) == "a is open"
