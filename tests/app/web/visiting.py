"""A tab of a real browser on a served app: what it asked for elsewhere, what went wrong, how each page looks."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import BrowserContext, Error, Page, Request, Route

from isotherm import errors

ROOT = Path(__file__).resolve().parents[3]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
HTMX = ROOT / "src" / "isotherm" / "app" / "static" / "web" / "vendor" / "htmx.min.js"

PICTURES = os.environ.get("ISOTHERM_PICTURES", "")
"""A folder into which every page is drawn that is looked at; none where it is empty."""

TUTORIALS = os.environ.get("ISOTHERM_TUTORIALS", "")
"""A folder into which the screens are drawn that the tutorials show; none where it is empty."""

COLORS = 256
"""Of a picture of a tutorial: a third of the bytes, and none is off by more than an eye can tell."""

WIDTH, HEIGHT = 1366, 768

HIGHEST = 2000
"""Pixels of a picture: the rest of a longer page is cut off."""

HEADING_BELOW_PX = 20
"""Of every page: its heading does not jump when another one is opened."""

ERRORS = [name for name, one in vars(errors).items() if isinstance(one, type)]
"""Names of classes that no page shows."""

SHAPE = """() => {
    const seen = (one) => one.checkVisibility() && one.getBoundingClientRect().width > 1;
    const main = document.querySelector("main");
    const heading = document.querySelector("header .bar") && main.querySelector("h1"); // reports have no such bar
    return {
        ours: document.querySelector("header .bar") !== null,
        text: document.body.innerText,
        wide: document.documentElement.scrollWidth,
        heading: heading && heading.getBoundingClientRect().top - main.getBoundingClientRect().top,
        cut: [...(main ?? document.body).querySelectorAll("*")]
            .filter((one) => seen(one) && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1
                && getComputedStyle(one).overflowX === "hidden" && !one.closest("canvas, .stage"))
            .map((one) => one.outerHTML.slice(0, 120)),
        actions: [...(main?.querySelectorAll(".main:not(:disabled)") ?? [])].filter(seen)
            .map((one) => one.textContent.trim()),
    };
}"""


LOADED_ANEW = "context was destroyed"
"""What the browser says of a look at a page that went away meanwhile."""


def found_by_axe(page: Page) -> list[str]:
    """Return what axe finds wrong with a page as it is; it comes in by the debugger, which no policy stops."""
    page.evaluate(AXE.read_text(encoding="utf-8") + "\n0")
    # A frame is a document of its own: reports are held against axe where they are made.
    found: Any = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
    return [f"{one['id']}: {json.dumps([node['html'][:120] for node in one['nodes'][:3]])}"
            for one in found["violations"]]  # fmt: skip


class Visit:
    """A tab on a server, and what it asked for; whatever is asked of anybody else is stopped."""

    def __init__(self, context: BrowserContext, home: str, address: str) -> None:
        self.home = home
        self.left: list[str] = []
        self.errors: list[str] = []
        self.wrong: list[str] = []
        context.route("**/*", self._stop_or_let_pass)
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.goto(address)

    def _stop_or_let_pass(self, route: Route, request: Request) -> None:
        if request.url.startswith((f"{self.home}/", "data:", "blob:")):
            route.continue_()
        else:
            self.left.append(request.url)
            route.abort()

    def go(self, path: str) -> None:
        """Open a page of the app."""
        self.page.goto(self.home + path)

    def named(self, who: str, then: str = "/") -> None:
        """Say who works, and go on."""
        self.go(f"/who?next={then}")
        self.page.get_by_label("Name or code").fill(who)
        self.page.get_by_role("button", name="Go on").click()

    def refused(self) -> None:
        """Forget what the browser itself, and htmx, say of an answer that refuses something."""
        own = ("Failed to load resource", "Response Status Error Code", "htmx:afterRequest", "htmx:sendError")
        self.errors = [one for one in self.errors if not one.startswith(own)]

    def found_by_axe(self) -> list[str]:
        """Return what axe finds wrong with the page as it is."""
        return found_by_axe(self.page)

    def _found_in_a_report(self) -> list[str]:
        """Return what axe finds in a copy: in the sandbox of a report no script runs, axe neither."""
        copy = self.page.context.new_page()
        copy.set_content(self.page.content())
        found = found_by_axe(copy)
        copy.close()
        return found

    def looks_well(self, name: str) -> None:
        """Hold a page against what holds for all of them, note what does not, and draw it where that is wished.

        A page that waits for a job is loaded anew when the job is over: then it is looked at once more, as it is now.
        """
        try:
            self._held_against_all(name)
        except Error as error:
            if LOADED_ANEW not in str(error):
                raise
            self._held_against_all(name)

    def _held_against_all(self, name: str) -> None:
        self.page.wait_for_load_state("networkidle")
        shape: Any = self.page.evaluate(SHAPE)
        self.drawn(name)
        found = [f"cut off: {one}" for one in shape["cut"]]
        found += self.found_by_axe() if shape["ours"] else self._found_in_a_report()
        found += ["it scrolls sideways"] if shape["wide"] > WIDTH else []
        found += [f"it shows the name of a class: {one}" for one in ERRORS if one in shape["text"]]
        found += [] if shape["heading"] in (None, HEADING_BELOW_PX) else ["its heading stands elsewhere"]
        found += [f"next actions: {shape['actions']}"] if len(shape["actions"]) > 1 else []
        self.wrong += [f"{name}: {one}" for one in found]

    def drawn(self, name: str) -> None:
        """Draw a page into the folder of pictures, if one is named."""
        if PICTURES:
            high: Any = self.page.evaluate("document.documentElement.scrollHeight")
            clip: Any = {"x": 0, "y": 0, "width": WIDTH, "height": min(high, HIGHEST)}
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True, clip=clip, caret="initial")

    def shown(self, name: str, of: Page | None = None) -> None:
        """Draw what the screen shows for a tutorial, if a folder is named; of another page, such as a file's."""
        page = self.page if of is None else of
        page.wait_for_load_state("networkidle")
        if TUTORIALS:
            drawn = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
            few = drawn.convert("RGB").quantize(COLORS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            few.save(Path(TUTORIALS) / f"{name}.png", optimize=True)


def stroke(page: Page) -> None:
    """Draw over the axial plane with the mouse."""
    box = page.locator("#paint").bounding_box()
    assert box is not None
    x, y = box["x"] + 0.14 * box["width"], box["y"] + 0.5 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y, steps=5)
    page.mouse.up()


def drop(page: Page, onto: str, *files: Path) -> None:
    """Let go of files and folders of the disk over an element, as a hand with a mouse does."""
    box = page.locator(onto).bounding_box()
    assert box is not None
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + min(box["height"] / 2, 60)}
    held = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "data": held, **where})
    session.detach()
