"""How the server opens a browser: nobody else on the machine sees the key, and it stays nowhere."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request, expect

from isotherm.app.web.gate import launch_key
from isotherm.app.web.workspace import workspace_at
from tests.app.web.conftest import made_up_registry
from tests.app.web.serving import Serving, serving

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("opened")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Serving]:
    """A server that opens a browser, which is a program that writes down what it was told."""
    program = home / "browser"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {home}/told.tmp && mv {home}/told.tmp {home}/told\n')
    program.chmod(0o700)
    with serving(home / "workspace", made_up_registry(home / "made-up.registry"), browser=program) as running:
        yield running


@pytest.fixture(scope="module")
def told(server: Serving, home: Path) -> str:
    """What stands in the list of processes: all that the browser was started with."""
    until = time.monotonic() + PATIENCE_S
    while not (home / "told").exists():
        assert time.monotonic() < until, "no browser was opened"
        time.sleep(0.05)
    return (home / "told").read_text().strip()


def test_the_browser_is_started_with_a_file_that_nobody_else_can_read(server: Serving, told: str, home: Path) -> None:
    key = server.address.partition("?key=")[2]
    assert key == launch_key(workspace_at(home / "workspace").secret)
    assert told.startswith("file://")
    assert key not in told

    file = Path(told.removeprefix("file://"))
    assert key in file.read_text()
    assert [stat.S_IMODE(one.stat().st_mode) for one in (file, file.parent)] == [0o600, 0o700]


def test_the_file_leads_in_and_the_key_stays_nowhere(server: Serving, told: str, browser: Browser) -> None:
    key = server.address.partition("?key=")[2]
    context = browser.new_context()
    page = context.new_page()
    asked: list[Request] = []
    page.on("requestfinished", lambda one: asked.append(one))
    page.goto(told)
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()
    page.wait_for_load_state("networkidle")  # what the worklist itself asks for has come as well

    assert page.url.startswith(f"{server.home}/")
    came_from = [one.all_headers().get("referer", "") for one in asked if one.url.startswith(server.home)]
    assert f"{server.home}/worklist" in came_from, "this looks at nothing"
    before = context.new_cdp_session(page).send("Page.getNavigationHistory")["entries"]
    assert not [one for one in (page.url, page.evaluate("document.referrer"), *came_from) if key in one]
    assert not [one["url"] for one in before if key in one["url"]]
    context.close()


def test_forms_that_are_open_in_another_tab_are_taken_though_the_file_is_opened_again(
    server: Serving, told: str, browser: Browser
) -> None:
    context = browser.new_context()
    page, other = context.new_page(), context.new_page()
    page.goto(server.address)
    page.goto(f"{server.home}/who?next=/jobs")
    other.goto(told)
    expect(other.get_by_role("heading", name="Worklist")).to_be_visible()

    page.get_by_label("Name or code").fill("Ada")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    context.close()


def test_the_file_is_gone_when_the_server_has_stopped(server: Serving, told: str) -> None:
    server.stop()

    assert not Path(told.removeprefix("file://")).exists()
