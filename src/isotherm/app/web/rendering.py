"""Pages and parts of pages out of templates, and documents of other tasks in a frame where they can do nothing."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from isotherm.app.web.admission import page_of, person_of
from isotherm.app.web.context import Web, web_of
from isotherm.app.web.csrf import token_of

DOCUMENT_POLICY = ("sandbox allow-popups{scripts}; default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; "
                   "script-src {allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")  # fmt: skip

TWICE = "twice"
"""In the address of a page that a form leads to that had been sent before."""


def page(request: Request, template: str, *, status: int = 200, **content: Any) -> HTMLResponse:
    """Return a page, or a part of one, made of a template in templates/web.

    Parameters
    ----------
    request : Request
    template : str
        "worklist.html.jinja"; it extends "web/base.html.jinja" where it is a whole page.
    status : int
    **content
        What the template shows; everything is escaped.
    """
    web = web_of(request)
    text = web.templates.get_template(f"web/{template}").render(**shared(request, web), **content)
    return HTMLResponse(text, status_code=status)


def shared(request: Request, web: Web) -> dict[str, Any]:
    """Return what every template finds."""
    path = request.url.path
    here = next((one.path for one in web.nav if path == one.path or path.startswith(f"{one.path}/")), "")
    person = person_of(request)
    return {
        "nav": web.nav, "here": here, "page_left": page_of(request), "simulated": web.simulated, "person": person,
        "may_write": person.role != "read" or not web.settings.login, "may_clear": person.role == "admin",
        "nameless": not person.name and not web.settings.login, "login": web.settings.login,
        "twice": TWICE in request.query_params, "csrf": token_of(web.workspace.secret, request.state.session),
    }  # fmt: skip


def go(request: Request, path: str) -> Response:
    """Send the browser to a page of ours after a write, whether a form or htmx has asked."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


def document(html: str, *, scripts: bool = False) -> HTMLResponse:
    """Return a page that a task of the command line has made, under its own policy and without our cookies.

    Parameters
    ----------
    html : str
        With its style, and perhaps its scripts, inside.
    scripts : bool
        Whether the page's own policy names scripts that may run; without, none does.
    """
    policy = DOCUMENT_POLICY.format(scripts=" allow-scripts" if scripts else "",
                                    allowed="'unsafe-inline'" if scripts else "'none'")  # fmt: skip
    return HTMLResponse(html, headers={"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"})
