"""The secret of a site: one key gives each patient one offset in days and one pseudonym, and each UID one new UID.

Images and rows of tables are shifted by the same number of days, so that every interval between them stays as it was.
Whoever has the key can find a person by trying names: it stays with the site.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from isotherm.errors import BadSetting, OutputError, UnreadableFile

KEY_BYTES = 32

EARLIEST_DAYS, LATEST_DAYS = 3650, 365
"""Dates are shifted into the past, by between one year and ten."""

UID_ROOT = "2.25."
"""Root of UIDs that are made of a number of 128 bits (PS3.5, annex B.2)."""


@dataclass(frozen=True, slots=True)
class Secret:
    """The key, and what follows from it.

    Raises
    ------
    BadSetting
        The key is too short to be a secret.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) < KEY_BYTES:
            raise BadSetting(f"A key of {len(self.key)} bytes came; {KEY_BYTES} are wanted: let isotherm make one.")

    def offset_days(self, patient_id: str) -> int:
        """Return how many days a patient's dates are moved; negative, toward the past."""
        number = int.from_bytes(self._digest("offset", _normal(patient_id))[:8], "big")
        return -(LATEST_DAYS + number % (EARLIEST_DAYS - LATEST_DAYS + 1))

    def shifted(self, day: date, patient_id: str) -> date:
        """Return a patient's day, moved.

        Raises
        ------
        OverflowError
            A day of the first ten years of our calendar.
        """
        return day + timedelta(days=self.offset_days(patient_id))

    def pseudonym(self, patient_id: str) -> str:
        """Return what a patient is called from now on."""
        return "P" + base64.b32encode(self._digest("patient", _normal(patient_id))[:10]).decode()

    def uid(self, uid: str) -> str:
        """Return the new UID for an old one."""
        return UID_ROOT + str(int.from_bytes(self._digest("uid", uid.strip())[:16], "big"))

    def keyed(self, purpose: str, text: str) -> str:
        """Return 32 hexadecimal characters that stand for a text: alike for one key, and nothing without it."""
        return self._digest(purpose, text)[:16].hex()

    def _digest(self, purpose: str, text: str) -> bytes:
        return hmac.new(self.key, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()


def _normal(patient_id: str) -> str:
    """Return an ID as it is compared: a table and an image may write it with other blanks, and in other case."""
    return "".join(patient_id.split()).casefold()


def read_or_make_key(path: str | os.PathLike[str]) -> tuple[Secret, bool]:
    """Read the key of a site, or make a new one where none is; say whether it is new.

    Raises
    ------
    UnreadableFile, OutputError, BadSetting
    """
    file = Path(path)
    try:
        if file.exists():
            return Secret(bytes.fromhex(file.read_text(encoding="ascii").strip())), False
    except (OSError, ValueError) as error:
        raise UnreadableFile(
            f"The key file '{file.name}' cannot be read as a key; name the file that isotherm made, or a new one."
        ) from error
    key = secrets.token_bytes(KEY_BYTES)
    try:
        # For its owner only, and never over a file that is there.
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(key.hex() + "\n")
    except OSError as error:
        raise OutputError(f"The key file '{file.name}' cannot be written; name one in a folder of yours.") from error
    return Secret(key), True
