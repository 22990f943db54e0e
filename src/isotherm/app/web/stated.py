"""Stated: a text that people edit in a browser, kept in a file; two who edit it at once overwrite nothing."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

from isotherm.exchange.atomic import write_text

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
    def text(self) -> str:
        """The text as it is now; empty where there is none."""
        return self.file.read_text(encoding="utf-8") if self.file.is_file() else ""

    @property
    def mark(self) -> str:
        """What stands for this text: who writes over it says which one was read."""
        return mark_of(self.text)

    def replace(self, text: str, *, read: str) -> bool:
        """Write a text over the one that was read; return False, and write nothing, where another is there by now."""
        with ONE:
            if self.mark not in (read, mark_of(text)):
                return False
            write_text(self.file, text)
        return True


def mark_of(text: str) -> str:
    """Return what stands for a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def text_in(field: str) -> str:
    """Return the text of a form's field as a file has it: browsers send lines that end in two signs."""
    return field.replace("\r\n", "\n").replace("\r", "\n")
