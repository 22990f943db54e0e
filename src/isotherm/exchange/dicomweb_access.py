"""Who we are to a PACS: a token, or a user with a password, from the environment or the keyring; never shown."""

from __future__ import annotations

import base64
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from isotherm.errors import BadSetting

TOKEN, USER, PASSWORD = "ISOTHERM_PACS_TOKEN", "ISOTHERM_PACS_USER", "ISOTHERM_PACS_PASSWORD"
"""Variables of the environment; a command line is seen by every user of a machine, and stays in its history."""

SERVICE = "isotherm-pacs"
"""Under which name the system's keyring holds the password of a user."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a request says of us: the value of its Authorization header, "" for nothing."""

    authorization: str = field(default="", repr=False)


def read_access(environment: Mapping[str, str]) -> Access:
    """Return the token, or the user and the password, that the environment or the system's keyring holds.

    Raises
    ------
    BadSetting
        Both a token and a user came, a password is missing, or a character that no header can carry.
    """
    token, user = environment.get(TOKEN, ""), environment.get(USER, "")
    if token and user:
        raise BadSetting(f"{TOKEN} and {USER} are both set; keep the one that the PACS asks for and unset the other.")
    if token:
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise BadSetting(
                f"{TOKEN} holds characters that no token has; set it to the token alone, without a line end."
            )
        return Access(f"Bearer {token}")
    if not user:
        return Access()
    if ":" in user or not user.isprintable():
        raise BadSetting(f"{USER} holds a colon or a control character, which no user's name may have; correct it.")
    password = environment.get(PASSWORD) or _from_keyring(user)
    if not password:
        raise BadSetting(
            f"{USER} is set without a password; set {PASSWORD}, or store it with `keyring set {SERVICE} USER`."
        )
    return Access("Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii"))


def _from_keyring(user: str) -> str:
    try:
        keyring: Any = importlib.import_module("keyring")
    except ImportError:  # an extra, which most machines do without
        return ""
    try:
        return keyring.get_password(SERVICE, user) or ""
    except Exception:  # each system's keyring fails in ways of its own, and none is worth a stop: the variable remains
        return ""
