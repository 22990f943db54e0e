"""What every test may ask for: a real browser, and a CI in which nothing is skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, expect, sync_playwright

# Before anything imports numba: kernels run as plain Python here, so that coverage sees their branches. A test in a
# process of its own compares them with the compiled ones; NUMBA_DISABLE_JIT=0 runs every test compiled.
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")

from tests.browser import CHROMIUM_FLAGS, Tab, open_tab
from tests.exchange.orthanc import Orthanc, find_orthanc
from tests.longest import longest_first

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
ROOT = Path(__file__).resolve().parent.parent

# Shared machines are slow now and then: no test fails for its time. In CI the examples are the same in every run.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "here")
expect.set_options(timeout=30_000.0)  # a page's first answer imports what it needs, beside other tests


def pytest_xdist_auto_num_workers() -> int:
    """One process more than processors, since tests with a browser wait much; four at the most, for their memory."""
    return min((os.cpu_count() or 1) + 1, 4)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the files, begin with the longest."""
    if hasattr(config, "workerinput"):
        longest_first(items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, fail a run in which anything was skipped."""
    if IN_CI and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, object, object]:
    """Say loudly, under everything else, that something was skipped."""
    result = yield
    if skipped := _skipped(config):
        verdict = "CI lets none pass" if IN_CI else "`make services` installs what they need"
        terminalreporter.write_sep("!", f"{skipped} skipped: {verdict}", red=IN_CI, yellow=not IN_CI, bold=True)
    return result


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", [])) if reporter else 0


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Path of a Chromium that works here; a test that asks for it is skipped where there is none."""
    found = subprocess.run([ROOT / "scripts" / "find-chromium"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip("Chromium is missing: run `make services`")
    return Path(found.stdout.strip())


SINCE_THEN = "not a recognized standard attribute - (0x0008,0x001c)"
"""What a dciodvfy of 2022 says of Synthetic Data, which came into the standard's dictionary (PS3.6) later."""


@pytest.fixture(scope="session")
def dciodvfy() -> Callable[[Path], list[str]]:
    """What the validator of dicom3tools finds wrong with a DICOM object: a list of errors, without its warnings."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is missing: run `make services`")

    def errors(path: Path) -> list[str]:
        ran = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)
        said = (ran.stdout + ran.stderr).splitlines()
        wrong = [line for line in said if line.startswith(("Error", " Abort"))]
        return [line for line in wrong if SINCE_THEN not in line] or ([] if wrong or ran.returncode == 0 else said)

    return errors


@pytest.fixture(scope="session")
def poppler() -> Callable[..., str]:
    """What a program of poppler-utils (its name, then its words) says of a PDF."""
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is missing: run `make services`")

    def told(program: str, *words: str | Path) -> str:
        return subprocess.run([program, *words], capture_output=True, check=True).stdout.decode()

    return told


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """A real PACS on this machine, empty at first; a test that asks for it is skipped where Orthanc is missing."""
    found = find_orthanc()
    if found is None:
        pytest.skip("Orthanc or its DICOMweb plugin is missing: run `make services`")
    running = Orthanc(*found, tmp_path_factory.mktemp("orthanc"))
    try:
        yield running.start()
    finally:
        running.kill()


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    """A headless Chromium for the whole run, with WebGL 2 in software and without a network."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    """A new page that keeps a record of every request that would leave and of every error."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    yield open_tab(context)
    context.close()
