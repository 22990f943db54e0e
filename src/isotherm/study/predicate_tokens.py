"""The words of a predicate: numbers, texts, dates, column names, signs and keywords, each with its place."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from isotherm.errors import BadPredicate

MOST_CHARACTERS = 2000
"""A predicate longer than this is not one sentence of a protocol any more."""

KEYWORDS = ("and", "or", "not", "in", "between", "is", "missing", "true", "false")

_INSTEAD = {"=": "==", "<>": "!=", "&": "and", "&&": "and", "|": "or", "||": "or", "!": "not"}
"""Signs of other languages, and what is written here."""

Kind = Literal["number", "text", "date", "column", "sign", "keyword", "end"]

_TOKEN = re.compile(
    r"""(?P<date>\d{4}-\d{2}-\d{2}(?![\w-]))
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<column>`[^`]+`|[^\W\d]\w*)
      | (?P<sign><>|<=|>=|==|!=|<|>|\(|\)|,|\+|-)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a predicate.

    Parameters
    ----------
    kind : str
        What it is; "end" stands behind the last word.
    value : float, date or str
        What it says: a number, a date, the characters of a text, or the name of a column without its backticks.
    at : int
        Its first character, counted from 1.
    """

    kind: Kind
    value: float | date | str
    at: int


def words(text: str) -> list[Token]:
    """Split a predicate into its words.

    Raises
    ------
    BadPredicate
        A character, number or date that cannot stand in a predicate, with its position.
    """
    if len(text) > MOST_CHARACTERS:
        raise BadPredicate(
            f"A predicate of {len(text)} characters came; at most {MOST_CHARACTERS} are read: split it into steps."
        )
    found: list[Token] = []
    at = len(text) - len(text.lstrip())
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.group() == "<>":
            raise refusal(text, at + 1, _stranger(text, at))
        found.append(_token(text, match))
        at = match.end() + len(text[match.end() :]) - len(text[match.end() :].lstrip())
    return [*found, Token("end", "the end", len(text) + 1)]


def refusal(text: str, at: int, problem: str) -> BadPredicate:
    """Return the error for a problem at a position (from 1) of a predicate."""
    shown = text if len(text) <= 120 else f"{text[:117]}..."
    return BadPredicate(f'In the predicate "{" ".join(shown.split())}", at character {at}: {problem}')


def _token(text: str, match: re.Match[str]) -> Token:
    word, at = match.group(), match.start() + 1
    if match.lastgroup == "number":
        if not math.isfinite(float(word)):
            raise refusal(text, at, "this number is too large.")
        return Token("number", float(word), at)
    if match.lastgroup == "date":
        try:
            return Token("date", date.fromisoformat(word), at)
        except ValueError:
            raise refusal(text, at, f"{word} is no day of the calendar; write YYYY-MM-DD.") from None
    if match.lastgroup == "text":
        return Token("text", word[1:-1], at)
    if match.lastgroup == "column":
        quoted = word.startswith("`")
        if not quoted and word.lower() in KEYWORDS:
            return Token("keyword", word.lower(), at)
        return Token("column", word.strip("`"), at)
    return Token("sign", word, at)


def _stranger(text: str, at: int) -> str:
    """Say what is wrong with a character that starts no word."""
    sign = re.match(r"<>|&&?|\|\|?|[=!]", text[at:])
    if sign is not None:
        return f'"{sign.group()}" came; write "{_INSTEAD[sign.group()]}".'
    if text[at] in "'\"`":
        return f"a quotation mark {text[at]} is opened and never closed."
    if text[at].isdigit() or text[at] == ".":
        return "no number can be read here; write it as 12 or 0.5, a date as 2014-01-31, a column as `its name`."
    return (
        f"\"{text[at]}\" cannot stand in a predicate; allowed are columns, numbers, 'texts', dates (YYYY-MM-DD), "
        "comparisons, and, or, not, in, between, is missing."
    )
