"""Audits of studies whose table was sent: made in a process of their own; the last ones stay in memory."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isotherm.app.web.apart import USERS_ERROR, GivenUp, told_apart
from isotherm.app.web.last_opened import LastOpened
from isotherm.app.web.studies import PROTOCOL, Study
from isotherm.app.web.turns import Turns
from isotherm.errors import BadSetting
from isotherm.exchange.text_files import hash_of

PROGRAM = ("-m", "isotherm.app.web.audit_program")

MOST_S, MOST_AT_ONCE, MOST_KEPT = 300.0, 2, 16

AUDITING = Turns(MOST_AT_ONCE, "Other studies are being audited; try again in a minute.")

COMING = "This study is being audited; try again in a minute."

NOT_AUDITED = (
    "The table of this study could not be audited: reading it broke off, or took too long or too much memory; send a "
    "smaller one, or run isotherm study check on it."
)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is shown of an audit; what is said where there is none."""

    shown: dict[str, Any] | None
    said: str = ""


class Audits:
    """The audits that were made last: one is made again where the protocol or its table is another."""

    def __init__(self) -> None:
        self._last = LastOpened[_Kept](MOST_KEPT, AUDITING, coming=COMING)

    def of(self, study: Study, text: str, table: str) -> dict[str, Any]:
        """Return what a page shows of a study's audit, as `audit_shown` does.

        Parameters
        ----------
        study : Study
        text : str
            The protocol, which was looked through.
        table : str
            The name of the table, which lies beside it.

        Raises
        ------
        BadSetting
            It cannot be audited, which is kept: no second try takes as long.
        Busy
            It, or others, are being audited, or the server is being stopped.
        """
        told = (study.folder / table).stat()
        key = (str(study.folder), hash_of(text.encode()), told.st_size, told.st_mtime_ns)
        kept = self._last.of(key, lambda: _made(study.folder / PROTOCOL, text))
        if kept.shown is None:
            raise BadSetting(kept.said)
        return kept.shown


AUDITS = Audits()


def _made(file: Path, text: str) -> _Kept:
    try:
        code, out, error = told_apart((*PROGRAM, str(file), PROTOCOL), most_s=MOST_S, given=text.encode("utf-8"))
    except GivenUp:
        return _Kept(None, NOT_AUDITED)
    if code == 0:
        return _Kept(json.loads(out))
    said = error.decode("utf-8", "replace").strip()
    if code == USERS_ERROR:
        return _Kept(None, said)
    logging.getLogger("uvicorn.error").error("An audit broke off with %d\n%s", code, said)  # for the owner alone
    raise BadSetting(NOT_AUDITED)  # not kept: it may have been chance
