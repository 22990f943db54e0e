"""Stated: a text that people edit in a browser, kept in a file; two who edit it at once overwrite nothing."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from isotherm.exchange.atomic import write_text
from isotherm.exchange.text_files import hash_of

ONE = threading.Lock()
"""One text at a time is compared and written: one server has a workspace to itself."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A text in a file, which may not be there yet.

    Parameters
    ----------
    file : Path
    """

    file: Path

    @property
    def content(self) -> bytes:
        """What the file holds now; empty where there is none."""
        return self.file.read_bytes() if self.file.is_file() else b""

    @property
    def text(self) -> str:
        """The text as it is now, its lines as a page has them; empty where there is none."""
        return self.read()[0]

    @property
    def mark(self) -> str:
        """What stands for this content, and a run records: who writes over it says which one was read."""
        return self.read()[1]

    def read(self) -> tuple[str, str]:
        """Return the text and its mark, both of one content."""
        content = self.content
        return text_in(content.decode("utf-8")), hash_of(content)

    def replace(self, text: str, *, read: str) -> bool:
        """Write a text over the one that was read; return False, and write nothing, where another is there by now."""
        with ONE:
            if self.mark not in (read, hash_of(text.encode())):
                return False
            write_text(self.file, text)
        return True


def text_in(field: str) -> str:
    """Return a text with lines that end in one sign: browsers send two, and so do some editors."""
    return field.replace("\r\n", "\n").replace("\r", "\n")
