"""The file that a browser is opened with: the key stands in it, and not in a list of processes that all may read."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress

from isotherm.app.web.leading_page import leading_page
from isotherm.app.web.workspace import Workspace
from isotherm.errors import OutputError

NAME = "open.html"


@contextmanager
def opening_file(workspace: Workspace, address: str) -> Generator[str]:
    """Give the address of a file that leads to another one; only the owner of the workspace can read it.

    It lies beside the secret that the key is made from, for as long as the block lasts. One that a killed server has
    left behind is replaced.

    Parameters
    ----------
    workspace : Workspace
    address : str
        Where it leads, with the key.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    file = workspace.folder / NAME
    try:
        file.unlink(missing_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(leading_page(address))
    except OSError as error:
        why = (error.strerror or "the system refused").lower()
        raise OutputError(f"'{NAME}' cannot be written into the workspace: {why}; make room in it, or start with "
                          "--no-browser.") from None  # fmt: skip
    try:
        yield file.as_uri()
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)
