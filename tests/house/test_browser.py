"""The browser that other tests rely on: it draws in three dimensions, and nothing leaves it."""

from __future__ import annotations

from pathlib import Path

from tests.browser import Tab

PAGE = """<!doctype html><title>A page</title><button onclick="this.textContent = 'pressed'">press</button>
<canvas width="8" height="8"></canvas>
<script>
  const gl = document.querySelector('canvas').getContext('webgl2');
  gl.clearColor(1, 0, 0, 1);
  gl.clear(gl.COLOR_BUFFER_BIT);
  const pixel = new Uint8Array(4);
  gl.readPixels(4, 4, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
  document.title = Array.from(pixel).join();
</script>"""


def test_a_page_is_drawn_in_webgl_2_and_answers_a_click(tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    tab.page.goto((tmp_path / "page.html").as_uri())
    tab.page.get_by_role("button").click()

    assert tab.page.title() == "255,0,0,255"
    assert tab.page.get_by_role("button").text_content() == "pressed"
    assert not tab.left
    assert not tab.errors


def test_a_request_that_would_leave_is_stopped_and_recorded(tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        "<img src='https://example.org/a.png'><script>new WebSocket('wss://example.org/b');"
        "fetch('http://example.org/c').catch(() => { document.title = 'stopped'; });</script>",
        encoding="utf-8",
    )
    tab.page.goto((tmp_path / "page.html").as_uri())
    tab.page.wait_for_function("document.title === 'stopped'")

    assert sorted(tab.left) == ["http://example.org/c", "https://example.org/a.png", "wss://example.org/b"]
    assert tab.errors
