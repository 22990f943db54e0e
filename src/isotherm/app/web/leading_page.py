"""A page that leads on by itself: what it asks for comes from the place where the page lies, without its address."""

from __future__ import annotations

from html import escape


def leading_page(to: str) -> str:
    """Return the page that leads to an address at once; that address is not told where the browser comes from."""
    there = escape(to)
    head = ('<title>isotherm</title><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0; url={there}">')  # fmt: skip
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body><a href="{there}">Go on</a></body></html>\n'
