"""What every page shares: its templates, its static files, and a policy under which nothing is ever fetched."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape


def policy(*scripts: str) -> str:
    """Return a page's security policy: only these scripts run, and nothing is ever connected to."""
    digests = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts]
    allowed = " ".join(f"'sha256-{one}'" for one in digests) or "'none'"
    return (f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
            "connect-src 'none'; base-uri 'none'; form-action 'none'")  # fmt: skip


def environment() -> Environment:
    """Return the templates: everything is escaped, and a name that does not exist is an error."""
    found = Environment(loader=PackageLoader("isotherm.app", "templates"), autoescape=True, undefined=StrictUndefined,
                        trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    found.filters.update(json=_json, linked=linked)  # pyright: ignore[reportUnknownMemberType]
    return found


DOI = re.compile(r"\bdoi (10\.\d{4,9}/\S+?)(?=[;.,)]*(?:\s|$))")


def linked(reference: str) -> Markup:
    """Return a reference with its DOIs as links, which are opened by the reader alone; on paper they are text."""
    parts = DOI.split(reference)
    links = (Markup('<a href="https://doi.org/{}" rel="noreferrer noopener">doi {}</a>').format(quote(one), one)
             if place % 2 else escape(one) for place, one in enumerate(parts))  # fmt: skip
    return Markup("").join(links)


def static(name: str) -> str:
    """Return a file of the package, or nothing where it was not built."""
    file = resources.files("isotherm.app").joinpath("static").joinpath(name)
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _json(value: Any) -> Markup:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
