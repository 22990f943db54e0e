"""Logins: what is refused without one, roles, guesses, how long one stays logged in; and who looked at whom."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from isotherm.app.web import accounts
from isotherm.app.web.accounts import Accounts
from isotherm.app.web.application import create_app
from isotherm.app.web.attempts import MOST_KEPT, MOST_OF_A_NAME, MOST_OF_AN_ADDRESS, WITHIN_S, Attempts
from isotherm.app.web.logins import IDLE_S, LONGEST_S
from isotherm.app.web.page_files import page_names, routers_of
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.workspace import workspace_at
from isotherm.errors import BadSetting
from tests.app.on_disk import Command
from tests.app.web.conftest import token_on

PASSWORD = "four words are enough"
OPEN = {"/login", "/favicon.ico"}


class Time:
    """Seconds that a test lets pass."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep passwords with as little work as Argon2 can do."""
    monkeypatch.setattr(accounts, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def guarded(settings: ServeSettings, time: Time) -> FastAPI:
    """An app with three logins."""
    kept = Accounts(workspace_at(settings.workspace))
    for name, role in (("rita", "read"), ("walt", "write"), ("ada", "admin")):
        kept.put(name, role, PASSWORD)
    app = create_app(replace(settings, login=True))
    app.state.logins._clock_s = time
    app.state.logins.attempts._clock_s = time
    return app


@pytest.fixture
def visitor(guarded: FastAPI) -> Iterator[TestClient]:
    with TestClient(guarded, base_url="http://127.0.0.1", follow_redirects=False) as found:
        yield found


def log_in(client: TestClient, name: str, password: str = PASSWORD, **others: str) -> int:
    token = token_on(client.get("/login").text)
    fields = {"csrf_token": token, "name": name, "password": password, **others}
    return client.post("/login", data=fields).status_code


def all_paths(method: str) -> list[str]:
    return [route.path for router in routers_of(page_names()) for route in router.routes
            if isinstance(route, APIRoute) and method in (route.methods or set())]  # fmt: skip


def test_nothing_is_shown_before_a_login(visitor: TestClient) -> None:
    for path in set(all_paths("GET")) - OPEN:
        answer = visitor.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/login?next="), path


def test_nothing_is_done_before_a_login(visitor: TestClient) -> None:
    token = token_on(visitor.get("/login").text)
    for path in set(all_paths("POST")) - OPEN:
        answer = visitor.post(path, headers={"x-csrf-token": token})
        assert answer.headers.get("location", "").startswith("/login"), path


def test_after_the_login_one_is_where_one_wanted_to_go_and_never_elsewhere(visitor: TestClient) -> None:
    for wanted, found in (("/jobs", "/jobs"), ("//evil.example", "/"), ("/\\evil.example", "/"),
                          ("https://evil.example", "/"), ("/a\r\nSet-Cookie: x=y", "/")):  # fmt: skip
        token = token_on(visitor.get("/login").text)
        answer = visitor.post("/login", data={"csrf_token": token, "name": "ada", "password": PASSWORD, "next": wanted})
        assert answer.headers["location"] == found


def test_the_cookie_of_a_login_is_not_for_scripts_and_its_token_is_not_in_the_workspace(
    visitor: TestClient, settings: ServeSettings
) -> None:
    log_in(visitor, "ada")
    token = next(value for name, value in visitor.cookies.items() if name.startswith("isotherm_login_"))

    files = b"".join(path.read_bytes() for path in settings.workspace.glob("workspace.sqlite*"))
    assert token.encode() not in files
    assert PASSWORD.encode() not in files


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong words altogether"), ("nobody", PASSWORD), ("", ""),
                                                ("ada' OR 1=1 --", PASSWORD), ("ada", "x" * 5000)])  # fmt: skip
def test_a_wrong_login_says_the_same_whatever_is_wrong(visitor: TestClient, name: str, password: str) -> None:
    token = token_on(visitor.get("/login").text)

    answer = visitor.post("/login", data={"csrf_token": token, "name": name, "password": password})

    assert answer.status_code == 403
    assert "Name and password do not fit" in answer.text


def test_a_name_that_was_tried_too_often_has_to_wait_even_with_its_password(visitor: TestClient, time: Time) -> None:
    for _ in range(MOST_OF_A_NAME):
        assert log_in(visitor, "ada", "wrong words altogether") == 403
    assert log_in(visitor, "ada") == 429
    assert log_in(visitor, "walt") == 303

    time.now += WITHIN_S + 1
    assert log_in(visitor, "ada") == 303


def test_an_address_that_tries_many_names_has_to_wait(time: Time) -> None:
    attempts = Attempts(time)
    for number in range(MOST_OF_AN_ADDRESS):
        assert not attempts.must_wait(f"name{number}", "10.0.0.1")
        attempts.failed(f"name{number}", "10.0.0.1")

    attempts.succeeded("name3")
    assert attempts.must_wait("fresh", "10.0.0.1")
    assert not attempts.must_wait("fresh", "10.0.0.2")


def test_behind_a_proxy_no_browser_can_make_up_where_it_comes_from(settings: ServeSettings) -> None:
    app = create_app(replace(settings, login=True, behind_proxy=True))
    for lines in (("1.1.1.1, 9.9.9.9",), ("1.1.1.1", "9.9.9.9"), ("9.9.9.9",)):
        request = Request({"type": "http", "app": app, "client": ("127.0.0.1", 1),
                           "headers": [(b"x-forwarded-for", one.encode()) for one in lines]})  # fmt: skip
        assert app.state.logins.address(request) == "9.9.9.9"


def test_made_up_names_do_not_fill_the_memory_and_do_not_wash_an_address_clean(time: Time) -> None:
    attempts = Attempts(time)
    for number in range(2 * MOST_KEPT):
        attempts.failed(f"name{number}", "10.0.0.1")

    assert len(attempts._failed) <= MOST_KEPT + 2
    assert attempts.must_wait("fresh", "10.0.0.1")


def test_one_is_logged_out_after_half_an_hour_of_nothing_and_after_a_long_day(visitor: TestClient, time: Time) -> None:
    log_in(visitor, "ada")
    time.now += IDLE_S - 60
    assert visitor.get("/worklist").status_code == 200
    time.now += IDLE_S + 60
    assert visitor.get("/worklist").status_code == 303

    log_in(visitor, "ada")
    for _ in range(int(LONGEST_S / (IDLE_S - 60)) + 1):
        time.now += IDLE_S - 60
        visitor.get("/worklist")
    assert visitor.get("/worklist").status_code == 303


def test_who_logs_out_is_out(visitor: TestClient) -> None:
    log_in(visitor, "ada")
    kept = dict(visitor.cookies)
    visitor.post("/logout", data={"csrf_token": token_on(visitor.get("/worklist").text)})
    visitor.cookies.update(kept)

    assert visitor.get("/worklist").status_code == 303


def test_a_login_ends_the_one_that_was_in_the_browser_before(visitor: TestClient) -> None:
    log_in(visitor, "walt")
    walts = dict(visitor.cookies)
    log_in(visitor, "ada")
    adas = dict(visitor.cookies)
    visitor.post("/logout", data={"csrf_token": token_on(visitor.get("/worklist").text)})

    for kept in (walts, adas):
        visitor.cookies.clear()
        visitor.cookies.update(kept)
        assert visitor.get("/worklist").status_code == 303


def test_every_login_and_logout_draws_a_session_of_its_own_and_old_forms_are_refused(visitor: TestClient) -> None:
    tokens = [token_on(visitor.get("/login").text)]
    for name in ("walt", "ada"):
        log_in(visitor, name)
        tokens.append(token_on(visitor.get("/worklist").text))
    visitor.post("/logout", data={"csrf_token": tokens[-1]})
    tokens.append(token_on(visitor.get("/login").text))
    assert len(set(tokens)) == 4

    log_in(visitor, "ada")
    for token in tokens:
        assert visitor.post("/study/example", headers={"x-csrf-token": token}).status_code == 403


def test_who_only_reads_can_write_nothing(visitor: TestClient) -> None:
    log_in(visitor, "rita")
    token = token_on(visitor.get("/worklist").text)

    for path in set(all_paths("POST")) - {"/login", "/logout"}:
        assert visitor.post(path, headers={"x-csrf-token": token}).status_code == 403, path
    assert visitor.get("/looked").status_code == 403


def test_a_login_that_is_removed_or_changed_is_out_at_once(visitor: TestClient, settings: ServeSettings) -> None:
    kept = Accounts(workspace_at(settings.workspace))
    log_in(visitor, "walt")
    kept.put("walt", "read", PASSWORD)
    assert visitor.get("/worklist").status_code == 303

    log_in(visitor, "walt")
    kept.remove("walt")
    assert visitor.get("/worklist").status_code == 303


def test_a_forged_login_is_none(visitor: TestClient, guarded: FastAPI) -> None:
    for forged in ("", "x", "' OR 1=1 --", "a" * 43):
        visitor.cookies.set(guarded.state.logins.cookie, forged)
        assert visitor.get("/worklist").status_code == 303


def test_without_logins_there_is_no_page_for_them(client: TestClient) -> None:
    assert client.get("/login").status_code == 404


@pytest.mark.parametrize(("name", "role", "password"), [
    ("ada", "root", PASSWORD), ("ada", "read", "short"), ("", "read", PASSWORD), ("a b", "read", PASSWORD),
    ("ada", "read", "x" * 2000), ("ada", "read", "adaadaadaadaadaada"), ("../x", "read", PASSWORD),
])  # fmt: skip
def test_a_login_that_makes_no_sense_is_refused(tmp_path: Path, name: str, role: str, password: str) -> None:
    kept = Accounts(workspace_at(tmp_path / "w"))

    with pytest.raises(BadSetting):
        kept.put(name, role, password)

    assert list(kept.all()) == []


@pytest.mark.parametrize("others", [
    {"host": "0.0.0.0"}, {"host": "192.168.1.5", "tls": True}, {"host": "0.0.0.0", "login": True},
    {"host": "::", "login": True}, {"behind_proxy": True}, {"host": "example.org", "behind_proxy": True},
])  # fmt: skip
def test_an_address_that_others_reach_needs_a_login_and_tls(settings: ServeSettings, others: dict[str, object]) -> None:
    with pytest.raises(BadSetting):
        replace(settings, **others)


def test_with_both_it_is_served(settings: ServeSettings) -> None:
    assert replace(
        settings, host="0.0.0.0", login=True, tls=True, names=frozenset({"io.example.org"})
    ).allowed_names == {"io.example.org"}
    assert replace(settings, login=True, behind_proxy=True).encrypted


def test_cookies_of_an_encrypted_server_are_sent_over_tls_only(settings: ServeSettings) -> None:
    app = create_app(replace(settings, login=True, tls=True))
    client = TestClient(app, base_url="https://127.0.0.1", follow_redirects=False)

    answers = [client.get("/login")]
    Accounts(workspace_at(settings.workspace)).put("ada", "admin", PASSWORD)
    token = token_on(client.get("/login").text)
    answers.append(client.post("/login", data={"csrf_token": token, "name": "ada", "password": PASSWORD}))
    cookies = [one for answer in answers for one in answer.headers.get_list("set-cookie")]

    assert len(answers[-1].headers.get_list("set-cookie")) == 2
    assert all("; Secure" in one and "; HttpOnly" in one and "; Path=/" in one for one in cookies)


def test_what_was_looked_at_cannot_be_changed_or_deleted(settings: ServeSettings, tmp_path: Path) -> None:
    workspace = workspace_at(settings.workspace)
    with workspace.connected() as connection:
        connection.execute("INSERT INTO looked (at, who, patient, what) VALUES ('now', 'ada', 'P1', 'page')")

    for told in ("UPDATE looked SET who = 'eve'", "DELETE FROM looked"):
        with pytest.raises(sqlite3.IntegrityError), workspace.connected() as connection:
            connection.execute(told)


def test_logins_are_added_listed_and_removed_on_the_command_line(
    isotherm: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ("--workspace", str(tmp_path / "w"))
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    assert isotherm("serve", "user", "add", "ada", "--role", "admin", *place).code == 0
    assert "ada  admin" in isotherm("serve", "user", "list", *place).out
    assert isotherm("serve", "user", "remove", "ada", *place).code == 0
    assert isotherm("serve", "user", "remove", "ada", *place).code == 2
    assert isotherm("serve", "user", "sing", *place).code == 2


@pytest.mark.parametrize(("name", "is_led"), [("rita", False), ("walt", False), ("ada", True)])
def test_only_administrators_are_led_from_what_was_done_to_who_looked(
    visitor: TestClient, name: str, is_led: bool
) -> None:
    log_in(visitor, name)

    for path in ("/patients/P01/history", "/history"):
        answer = visitor.get(path)
        assert answer.status_code == 200
        assert ('href="/looked' in answer.text) == is_led
