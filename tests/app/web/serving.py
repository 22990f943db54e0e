"""A server of its own, as `isotherm serve` starts it, for tests with a real browser or a real signal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

AS_USERS_DO = {"NUMBA_DISABLE_JIT": "0"}
"""Tests run kernels as plain Python, so that coverage sees them; a server that somebody starts compiles them."""

PROGRAM = ("-c", "import sys; from isotherm.app.cli import main; sys.exit(main())", "serve")


class Serving:
    """A running server: its first address, and its process; `browser` is a program that it opens, if one is named."""

    def __init__(self, *arguments: str, browser: Path | None = None) -> None:
        opens = ["--no-browser"] if browser is None else []
        self.process = subprocess.Popen(
            [sys.executable, *PROGRAM, *arguments, *opens], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env=os.environ | AS_USERS_DO | {"BROWSER": f"{browser} %s"},
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"https?://\S+", line)
        if found is None:
            self.stop()
        assert found is not None, "it did not start"
        self.address = found.group(0)

    @property
    def home(self) -> str:
        """The address without the key, and without a slash at its end."""
        return self.address.partition("/?")[0]

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@contextmanager
def serving(workspace: Path, *arguments: str, browser: Path | None = None) -> Generator[Serving]:
    """Serve for as long as the block lasts."""
    running = Serving("--workspace", str(workspace), *arguments, browser=browser)
    try:
        yield running
    finally:
        running.stop()
