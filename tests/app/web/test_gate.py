"""The gate: for whom the server answers, what every answer forbids, and that a write comes from a page of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from isotherm.app.web.application import create_app
from isotherm.app.web.csrf import SAFE
from isotherm.app.web.gate import MOST_FORM_BYTES, launch_key
from isotherm.app.web.page_files import page_names, routers_of
from isotherm.app.web.serve_settings import ServeSettings
from tests.app.web.conftest import token_on

OURS = "http://127.0.0.1"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::2]", "10.0.0.1"])
def test_a_name_that_somebody_else_may_own_is_not_answered(client: TestClient, host: str) -> None:
    answer = client.get("/worklist", headers={"host": host})

    assert answer.status_code == 421
    assert "csrf" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:9", "[::1]:8000"])
def test_names_of_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/worklist", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/worklist", "/nothing", "/who", "/static/web/app.css"])
def test_every_answer_forbids_frames_sniffing_and_whatever_comes_from_elsewhere(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


def test_pages_are_never_kept_by_a_browser_and_static_files_are_asked_for_again(client: TestClient) -> None:
    assert client.get("/worklist").headers["cache-control"] == "no-store"
    assert client.get("/static/web/app.css").headers["cache-control"] == "no-cache"


def test_no_page_holds_a_script_or_a_style_of_its_own(client: TestClient) -> None:
    text = client.get("/worklist").text

    assert "<style" not in text
    assert " style=" not in text
    assert "onclick" not in text
    assert all(" src=" in part.partition(">")[0] for part in text.split("<script")[1:])


def writes() -> list[tuple[str, str]]:
    return [(method, route.path) for router in routers_of(page_names()) for route in router.routes
            if isinstance(route, APIRoute) for method in sorted((route.methods or set()) - SAFE)]  # fmt: skip


def test_no_write_of_any_page_is_done_without_the_token(client: TestClient) -> None:
    client.get("/who")

    found = writes()
    assert found
    for method, path in found:
        assert client.request(method, path, headers={"origin": OURS}).status_code == 403, path


@pytest.mark.parametrize("headers", [
    {"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": OURS}, {"origin": "http://127.0.0.1:81"},
])  # fmt: skip
def test_the_token_is_no_use_to_a_page_of_somebody_else(client: TestClient, headers: dict[str, str]) -> None:
    token = token_on(client.get("/who").text)

    answer = client.post("/who", data={"csrf_token": token, "name": "ada"}, headers=headers)

    assert answer.status_code == 403
    assert "isotherm_who" not in client.cookies


def test_the_token_of_another_browser_is_refused(client: TestClient, app: FastAPI) -> None:
    token = token_on(TestClient(app, base_url=OURS).get("/who").text)
    client.get("/who")

    assert client.post("/who", data={"csrf_token": token, "name": "ada"}).status_code == 403


def test_the_session_cookie_is_for_this_site_and_not_for_scripts(client: TestClient) -> None:
    cookie = client.get("/worklist").headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_a_session_that_a_stranger_chose_is_replaced(client: TestClient, app: FastAPI) -> None:
    name = client.get("/who").headers["set-cookie"].partition("=")[0]
    for chosen in ("", "short", "x" * 5000, "a" * 43 + "<script>"):
        stranger = TestClient(app, base_url=OURS, cookies={name: chosen})
        assert name in stranger.get("/who").headers["set-cookie"]


@pytest.mark.parametrize("declared", [True, False])
def test_a_form_that_is_too_large_is_refused_whatever_was_declared(client: TestClient, declared: bool) -> None:
    token = token_on(client.get("/who").text)
    body = f"csrf_token={token}&name=".encode() + b"a" * MOST_FORM_BYTES

    answer = client.post("/who", content=body if declared else iter([body[:1000], body[1000:]]),
                         headers={"content-type": "application/x-www-form-urlencoded"})  # fmt: skip

    assert answer.status_code == 413
    assert "To the worklist" in answer.text
    assert "isotherm_who" not in client.cookies


@pytest.fixture
def keyed(settings: ServeSettings) -> Iterator[tuple[TestClient, str]]:
    """A browser on a server with a key, and the key."""
    app = create_app(replace(settings, keyed=True))
    with TestClient(app, base_url=OURS, follow_redirects=False) as client:
        yield client, launch_key(app.state.web.workspace.secret)


TYPED = {"sec-fetch-site": "none"}
"""What a browser says of an address that somebody typed, or that it was started with."""


def test_with_a_key_only_who_has_the_first_address_is_let_in(keyed: tuple[TestClient, str]) -> None:
    client, key = keyed
    for path in ("/worklist", "/worklist?key=wrong", f"/worklist?key={key[:-1]}", "/worklist?key=%ff"):
        assert client.get(path).status_code == 403, path
    assert client.post(f"/who?key={key}").status_code == 403
    first = client.get(f"/worklist?page=2&key={key}", headers=TYPED)
    assert (first.status_code, first.headers["location"]) == (303, "/worklist?page=2")
    assert client.get("/worklist").status_code == 200


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {}])
def test_whoever_comes_from_a_file_is_led_on_by_a_page_of_ours_so_that_the_cookie_is_sent(
    keyed: tuple[TestClient, str], headers: dict[str, str]
) -> None:
    client, key = keyed
    first = client.get(f"/worklist?page=2&key={key}", headers=headers)

    assert first.status_code == 200
    assert 'content="0; url=/worklist?page=2"' in first.text
    assert '<meta name="referrer" content="no-referrer">' in first.text
    assert key not in first.text
    assert "SameSite=Strict" in first.headers["set-cookie"]
    assert client.get("/worklist").status_code == 200


def test_the_key_does_not_stay_in_the_address_of_one_who_is_inside(keyed: tuple[TestClient, str]) -> None:
    client, key = keyed
    for _ in range(2):
        assert client.get(f"/worklist?key={key}", headers=TYPED).headers["location"] == "/worklist"


def test_whoever_comes_from_elsewhere_takes_no_session_from_the_forms_of_other_tabs(
    keyed: tuple[TestClient, str],
) -> None:
    client, key = keyed
    client.get(f"/?key={key}")
    token = token_on(client.get("/who").text)
    kept = dict(client.cookies)
    for path in ("/worklist", f"/?key={key}"):
        client.cookies.clear()  # a browser sends none that are Strict
        told = client.get(path, headers={"sec-fetch-site": "cross-site"}).headers.get_list("set-cookie")
        assert not [one for one in told if "session" in one], path

    client.cookies.update(kept)
    assert client.post("/who", data={"csrf_token": token, "name": "ada"}).status_code == 303


@pytest.mark.parametrize("headers", [TYPED, {}])
@pytest.mark.parametrize(("path", "found"), [
    ("//evil.example", "/evil.example"), ("/%2f%2fevil.example", "/evil.example"),
    ("/%5cevil.example", "/evil.example"), ("/%09/evil.example", "/%09/evil.example"),
    ("/a%22%3e%3cscript%3e", "/a%22%3E%3Cscript%3E"),
    ("/%0d%0aSet-Cookie:x=y", "/%0D%0ASet-Cookie%3Ax%3Dy"),
])  # fmt: skip
def test_the_key_of_an_address_leads_nowhere_else(
    keyed: tuple[TestClient, str], path: str, found: str, headers: dict[str, str]
) -> None:
    client, key = keyed
    answer = client.get(f"{OURS}{path}?key={key}", headers=headers)

    led = re.findall(r'content="0; url=([^"]*)"', answer.text) or [answer.headers["location"]]
    assert led == [found]
    assert "<script>" not in answer.text


def test_what_is_unforeseen_is_a_sentence_with_all_headers_and_without_a_value(app: FastAPI) -> None:
    @app.get("/breaks")
    def breaks() -> None:
        raise RuntimeError("a secret value of a patient")

    client = TestClient(app, base_url=OURS, raise_server_exceptions=False)
    answer = client.get("/breaks")

    assert answer.status_code == 500
    assert "Something unforeseen happened" in answer.text
    assert "secret" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("before", "back"), [
    ("http://127.0.0.1/patients/P1?saved=1", 'href="/patients/P1?saved=1">Back to the page before'),
    ("http://127.0.0.1//evil.example/", 'href="/evil.example/">Back'), ("http://127.0.0.1/no/page", None),
    ("http://evil.example/", None), ("http://[", None), ('http://127.0.0.1/"><script>', 'href="/&#34;&gt;&lt;script'),
])  # fmt: skip
def test_what_went_wrong_leads_back_to_our_own_page_only(client: TestClient, before: str, back: str | None) -> None:
    text = client.get("/no/page", headers={"referer": before}).text

    assert ("Back to the page before" in text) == (back is not None)
    assert back is None or back in text
    assert "<script>" not in text
