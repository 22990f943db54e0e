"""Accounts: who may log in and as what; passwords are kept so that nobody can read them back (Argon2id)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from isotherm.app.web.admission import ROLES, Role
from isotherm.app.web.context_time import stamp
from isotherm.app.web.workspace import Workspace
from isotherm.errors import BadSetting

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,79}")

SHORTEST, LONGEST = 15, 1000
"""Of a password, in letters: NIST SP 800-63B-4, section 3.1.1.2, asks for 15 where nothing else is asked for. Longer
ones than the second would only make the server work."""

HASHER = PasswordHasher()

NOBODYS = "$argon2id$v=19$m={},t={},p={}${}${}".format(
    HASHER.memory_cost, HASHER.time_cost, HASHER.parallelism, "A" * 22, "A" * 43
)
"""Looked at where there is no such name, so that it takes as long as where there is one. It is laid out as the hasher
lays out its own, with 16 and 32 bytes of nothing: a server that starts need not work for it."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who may log in, and as what."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who may log in to the server of a workspace."""

    workspace: Workspace

    def put(self, name: str, role: str, password: str) -> None:
        """Add an account, or give one another role and password; who is logged in as it is logged out.

        Raises
        ------
        BadSetting
        """
        if not NAME.fullmatch(name):
            raise BadSetting("A login's name has up to 80 letters A-Z, a-z, digits and . _ @ -; give another one.")
        if role not in ROLES:
            raise BadSetting(f"--role is one of {', '.join(ROLES)}.")
        if not SHORTEST <= len(password) <= LONGEST:
            raise BadSetting(f"A password has {SHORTEST} letters or more, up to {LONGEST}; a few words will do.")
        if name.casefold() in password.casefold():
            raise BadSetting("The password holds the name; choose another one.")
        with self.workspace.connected() as connection:
            connection.execute("DELETE FROM login WHERE name = ?", (name,))
            connection.execute(
                "INSERT INTO account VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET role = excluded.role, "
                "password = excluded.password", (name, role, HASHER.hash(password), stamp()),
            )  # fmt: skip

    def remove(self, name: str) -> None:
        """Take an account away; who is logged in as it is logged out.

        Raises
        ------
        BadSetting
            There is none.
        """
        with self.workspace.connected() as connection:
            connection.execute("DELETE FROM login WHERE name = ?", (name,))
            if connection.execute("DELETE FROM account WHERE name = ?", (name,)).rowcount == 0:
                raise BadSetting("There is no such login; isotherm serve user list shows them.")

    def all(self) -> Sequence[Account]:
        """Return who may log in."""
        with self.workspace.connected() as connection:
            rows = connection.execute("SELECT name, role FROM account ORDER BY name").fetchall()
        return [Account(row["name"], row["role"]) for row in rows]

    def checked(self, name: str, password: str) -> Account | None:
        """Return the account of a name and its password; None where they do not fit, in the same time."""
        with self.workspace.connected() as connection:
            row = connection.execute("SELECT name, role, password FROM account WHERE name = ?", (name,)).fetchone()
        fits = _fits(NOBODYS if row is None else row["password"], password[: LONGEST + 1])
        return Account(row["name"], row["role"]) if row is not None and fits else None


def _fits(kept: str, password: str) -> bool:
    try:
        return HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
