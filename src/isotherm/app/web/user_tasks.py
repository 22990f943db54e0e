"""What `isotherm serve user` does: add, list and remove who may log in."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from isotherm.app.web.accounts import LONGEST, Accounts
from isotherm.app.web.workspace import workspace_at
from isotherm.errors import BadSetting

WANTED = "Write: isotherm serve user add NAME --role read|write|admin, or user remove NAME, or user list."


def manage(words: Sequence[str], *, role: str | None, workspace: Path) -> str:
    """Do what the words say; return what is to be told.

    Raises
    ------
    BadSetting
    """
    accounts = Accounts(workspace_at(workspace))
    match list(words):
        case ["add", name]:
            if role is None:
                raise BadSetting("Say with --role what the login may do: read, write or admin.")
            accounts.put(name, role, _password())
            return f"{name} may log in ({role}). A server that starts from now on asks everybody to.\n"
        case ["remove", name]:
            accounts.remove(name)
            return "Removed.\n"
        case ["list"]:
            return "".join(f"{one.name}  {one.role}\n" for one in accounts.all()) or "Nobody has a login.\n"
        case _:
            raise BadSetting(WANTED)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline(LONGEST + 2).rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise BadSetting("The two passwords differ; try again.")
    return password
