"""FormNumbers: which forms were sent, and where each led; kept in the workspace, so that a restart forgets none."""

from __future__ import annotations

import secrets
import threading
from datetime import timedelta
from enum import Enum
from urllib.parse import quote

from isotherm.app.web.context_time import stamp
from isotherm.app.web.workspace import Workspace
from isotherm.registry.store import open_store

KEPT_FOR = timedelta(days=90)
"""A tab that is older than that is no form that somebody sends twice."""


class Begun(Enum):
    """What becomes of a form that has led nowhere yet: it is done now, or being done by somebody else."""

    NOW = "now"
    ELSEWHERE = "elsewhere"


class FormNumbers:
    """Which forms were sent to a server, and where each led."""

    def __init__(self, workspace: Workspace, registry: str) -> None:
        self._workspace, self._registry = workspace, registry
        self._under_way: set[str] = set()
        self._one = threading.Lock()

    def open(self) -> None:
        """Forget what nobody sends again."""
        with self._workspace.connected() as connection:
            connection.execute("DELETE FROM form WHERE at < ?", (stamp(ago=KEPT_FOR),))

    def begin(self, number: str) -> Begun | str:
        """Begin with a form; where it has been done, return where it led.

        Whoever is told NOW says `over` afterwards, whatever comes.
        """
        with self._one:
            if number in self._under_way:
                return Begun.ELSEWHERE
            self._under_way.add(number)
        try:
            led = self._noted(number)
        except BaseException:
            self.over(number)
            raise
        if led:
            self.over(number)
        return led or Begun.NOW

    def led(self, number: str, path: str) -> None:
        """Note where a form led that wrote something."""
        with self._workspace.connected() as connection:
            connection.execute("UPDATE form SET led = ? WHERE number = ?", (path, number))

    def refused(self, number: str) -> None:
        """Forget a form that wrote nothing: sent again, it may be right."""
        with self._workspace.connected() as connection:
            connection.execute("DELETE FROM form WHERE number = ?", (number,))

    def over(self, number: str) -> None:
        """Let the next one who sends this form begin."""
        with self._one:
            self._under_way.discard(number)

    def _noted(self, number: str) -> str:
        """Note that a form is begun; return where it led, if it did."""
        with self._workspace.connected() as connection:
            row = connection.execute("SELECT led FROM form WHERE number = ?", (number,)).fetchone()
            if row is None:
                connection.execute("INSERT INTO form (number, at) VALUES (?, ?)", (number, stamp()))
        if row is None or row["led"]:
            return "" if row is None else str(row["led"])
        # Begun, and how it ended was not noted: the server was killed, or failed. The registry knows.
        with open_store(self._registry) as store:
            entry = store.entry_of(number)
        if entry is None:
            return ""
        path = f"/patients/{quote(entry.patient_id)}/history"
        self.led(number, path)
        return path


def drawn() -> str:
    """Return the number of a new form."""
    return secrets.token_hex(16)
