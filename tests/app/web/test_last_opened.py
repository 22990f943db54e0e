"""What was opened last: opened once, kept, and there for whoever looks at it while others are being opened."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from isotherm.app.web import turns
from isotherm.app.web.last_opened import LastOpened
from isotherm.app.web.turns import Busy, Turns


@pytest.fixture
def last(monkeypatch: pytest.MonkeyPatch) -> LastOpened[str]:
    monkeypatch.setattr(turns, "WAITS_S", 0.05)
    return LastOpened[str](2, Turns(1, "Others are being opened."), coming="It is being opened.")


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
    for key, said in (("b", r"It is being opened\."), ("c", r"Others are being opened\.")):
        with pytest.raises(Busy, match=said):
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


def asked_at_once(last: LastOpened[str], number: int, opens: Callable[[], str]) -> list[object]:
    """Ask for one thing by several requests, which all wait before it is opened; return what each was told."""
    asking, told = threading.Barrier(number), list[object]()

    def slow() -> str:
        while waiting(last) < number - 1:
            time.sleep(0.005)
        return opens()

    def ask() -> None:
        asking.wait(30)
        try:
            told.append(last.of("a", slow))
        except Exception as error:
            told.append(error)

    people = [threading.Thread(target=ask) for _ in range(number)]
    for one in people:
        one.start()
    for one in people:
        one.join(30)
    return told


def waiting(last: LastOpened[Any]) -> int:
    """Return how many wait for what another one opens."""
    return sum(len(coming._condition._waiters) for coming in last._coming.values())  # type: ignore[attr-defined]


def test_many_who_ask_for_one_thing_at_once_take_one_turn_and_it_is_opened_once(
    last: LastOpened[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAITS_S", 30.0)
    runs: list[str] = []

    def makes() -> str:
        runs.append("a")
        return "a is open"

    assert asked_at_once(last, 5, makes) == ["a is open"] * 5
    assert runs == ["a"]


def test_what_goes_wrong_is_told_to_all_that_wait_and_tried_anew_by_the_next(
    last: LastOpened[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "WAITS_S", 30.0)

    def broken() -> str:
        raise TimeoutError("nothing was read")

    assert [str(one) for one in asked_at_once(last, 4, broken)] == ["nothing was read"] * 4
    assert opened(last, "a", []) == "a is open"


def test_of_two_turns_one_is_left_for_others_while_many_ask_for_one_thing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAITS_S", 0.05)
    last = LastOpened[str](2, Turns(2, "Others are being opened."), coming="It is being opened.")
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert go_on.wait(30)
        return "a is open"

    first = threading.Thread(target=last.of, args=("a", slow))
    first.start()
    assert begun.wait(30)
    for _ in range(3):
        with pytest.raises(Busy, match=r"It is being opened\."):
            opened(last, "a", [])
    assert opened(last, "b", []) == "b is open"
    go_on.set()
    first.join(30)
