"""What the scripts of pages ask of a server that is busy: asked again by themselves, as it was, and by no stale one."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest
from playwright.sync_api import Request, Route

from tests.browser import Tab

STATIC = Path(str(resources.files("isotherm.app") / "static" / "web"))
BASE = "http://127.0.0.1"
BUSY = '<p class="failure"><b>Not now.</b> Other scans are being read; try again in a minute.</p>'
SECONDS = "0.01"

ASKS = """async (options) => {
  const { asked } = await import("/static/web/answer.js");
  return asked("/assess/1/margin/0", options).then((told) => told.margin, (error) => error.message.trim());
}"""

STOPS = """async () => {
  const { asked } = await import("/static/web/answer.js");
  const stroke = new AbortController();
  const answer = asked("/assess/1/margin/0", { method: "POST", body: "1", signal: stroke.signal });
  const came = () => performance.getEntriesByType("resource").some((one) => one.name.includes("margin"));
  while (!came()) await new Promise((done) => setTimeout(done, 10));
  stroke.abort(); // another stroke was painted
  return answer.catch((error) => error.name);
}"""


class Busy:
    """A server that is busy for some requests, with a page of a form that it kept."""

    def __init__(self, tab: Tab, times: int, *, retry_after: str = SECONDS) -> None:
        self.left, self.retry_after, self.came = times, retry_after, list[tuple[str, str | None, str | None]]()
        tab.page.route(f"{BASE}/**", self.answer)
        tab.page.goto(f"{BASE}/form")

    def answer(self, route: Route, request: Request) -> None:
        path = request.url.removeprefix(BASE)
        if path.startswith("/static/web/"):
            route.fulfill(path=STATIC / path.rpartition("/")[2], content_type="text/javascript")
        elif path == "/form":
            route.fulfill(body="<p>A page.</p>", content_type="text/html")
        else:
            self.came.append((request.method, request.post_data, request.headers.get("x-csrf-token")))
            self.left -= 1
            if self.left >= 0:
                headers = {"Retry-After": self.retry_after} if self.retry_after else {}
                route.fulfill(status=503, headers=headers, body=BUSY, content_type="text/html")
            else:
                route.fulfill(json={"margin": "4.0 mm"})


def test_a_stroke_and_a_pair_of_points_are_asked_again_as_they_were(tab: Tab) -> None:
    server = Busy(tab, 3)
    stroke = {"method": "POST", "body": '{"corrections": []}', "headers": {"X-CSRF-Token": "t"}}
    assert tab.page.evaluate(ASKS, stroke) == "4.0 mm"
    assert server.came == [("POST", '{"corrections": []}', "t")] * 4


@pytest.mark.parametrize(("times", "retry_after", "asked"), [(100, SECONDS, 21), (1, "", 1)])
def test_what_stays_busy_or_does_not_say_when_is_told(tab: Tab, times: int, retry_after: str, asked: int) -> None:
    server = Busy(tab, times, retry_after=retry_after)
    told = tab.page.evaluate(ASKS, {"method": "POST", "body": "{}"})
    assert told == "Not now. Other scans are being read; try again in a minute."
    assert len(server.came) == asked


def test_a_stroke_that_was_overtaken_is_not_asked_again(tab: Tab) -> None:
    server = Busy(tab, 100, retry_after="0.3")
    assert tab.page.evaluate(STOPS) == "AbortError"
    assert len(server.came) <= 1


def test_every_script_asks_in_this_way_where_others_may_be_at_it() -> None:
    """Whatever reads scans, measures, or lists files is asked for with `asked`, which alone reads its answers."""
    for script in STATIC.glob("*.js"):
        for path in re.findall(r"fetch\(([^,)]*)", script.read_text(encoding="utf-8")):
            assert script.name == "answer.js" or "strokes" in path or "kept" in path, f"{script.name}: {path}"
