"""Whoever changes the name of who works comes back to the page that was left, and to no other server."""

from __future__ import annotations

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from tests.app.web.conftest import token_on


def link_of(html: str) -> str:
    found = re.search(r'<a href="(/who[^"]*)" title="[^"]*change who is working">', html)
    assert found is not None
    return unescape(found.group(1))


def changed(client: TestClient, link: str) -> str:
    """Follow the link, tell another name, and return where that leads."""
    html = client.get(link).text
    field = re.search(r'name="next" value="([^"]*)"', html)
    assert field is not None
    told = {"csrf_token": token_on(html), "name": "eve", "next": unescape(field.group(1))}
    return client.post("/who", data=told).headers["location"]


@pytest.mark.parametrize("path", ["/worklist?search=nobody", "/cohort", "/patients/P01?part=a%26b", "/jobs"])
def test_one_comes_back_to_the_page_that_was_left(ada: TestClient, path: str) -> None:
    assert changed(ada, link_of(ada.get(path).text)) == path


def test_on_the_page_of_the_name_itself_the_page_before_is_kept(ada: TestClient) -> None:
    assert changed(ada, link_of(ada.get("/who?next=%2Fjobs").text)) == "/jobs"


@pytest.mark.parametrize("path", ["//evil.example", "/%5Cevil.example", "https://evil.example"])
def test_nobody_is_led_to_another_server(ada: TestClient, path: str) -> None:
    assert changed(ada, link_of(ada.get(f"/who?next={path}").text)) == "/"


def test_from_an_answer_to_a_form_one_comes_back_to_the_page_of_the_form(ada: TestClient) -> None:
    sent = {"csrf_token": token_on(ada.get("/assess").text)}
    answer = ada.post("/assess", data=sent, headers={"referer": "http://127.0.0.1/assess?patient="})
    assert answer.status_code >= 400
    assert changed(ada, link_of(answer.text)) == "/assess?patient="
    answer = ada.post("/assess", data=sent, headers={"referer": "http://evil.example/assess"})
    assert changed(ada, link_of(answer.text)) == "/"
