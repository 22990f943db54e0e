"""The command `isotherm serve`: parse, call one task, print. Heavy imports wait until it is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from isotherm.app.registry_commands import REGISTRY_HELP
from isotherm.errors import BadSetting

EXIT_CODES = """exit codes:
  0  the server was stopped
  1  something unforeseen; please report it
  2  the registry, the workspace or the address cannot be used; the message says what to do
  4  the database is not there, is busy or broke off; try again later"""

WORKSPACE = "isotherm-workspace"

Print = Callable[[str], None]


def add_serve(commands: Any, say: Print) -> None:
    """Add `serve` to the commands of argparse; `say` prints."""
    one: argparse.ArgumentParser = commands.add_parser(
        "serve", help="the local app in a browser: worklist, patients, assessment, studies", epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    one.add_argument("what", metavar="REGISTRY", nargs="*",
                     help=f"{REGISTRY_HELP}; without it, simulated patients to try everything on. Or: user add NAME, "
                     "user remove NAME, user list, for logins")  # fmt: skip
    one.add_argument("--role", metavar="ROLE", help="(user add) read, write or admin")
    one.add_argument("--workspace", metavar="DIR", default=WORKSPACE,
                     help="folder for jobs, uploads and accounts (default: %(default)s)")  # fmt: skip
    one.add_argument("--demo", action="store_true", help="the simulated patients, and say so")
    one.add_argument("--host", metavar="ADDRESS", default="127.0.0.1",
                     help="address to listen at (default: %(default)s, this machine only)")  # fmt: skip
    one.add_argument("--port", type=int, metavar="N", default=0, help="default: a free one")
    one.add_argument("--jobs", type=int, metavar="N", default=1, help="jobs at once (default: %(default)s)")
    one.add_argument("--room-gb", type=float, metavar="GB", default=100.0,
                     help="how much the workspace may hold of uploads and results (default: %(default)g)")  # fmt: skip
    one.add_argument("--no-browser", action="store_true", help="open no browser, only print the address")
    one.add_argument("--name", metavar="NAME", action="append", default=[],
                     help="a name under which browsers ask for this server; may be repeated")  # fmt: skip
    one.add_argument("--tls-cert", metavar="FILE", help="certificate, where the server itself speaks TLS")
    one.add_argument("--tls-key", metavar="FILE", help="its key")
    one.add_argument("--behind-proxy", action="store_true", help="a reverse proxy in front speaks TLS")
    one.set_defaults(run=partial(_serve, say=say))


def _serve(options: argparse.Namespace, say: Print) -> int:
    what: list[str] = options.what
    if what[:1] == ["user"]:
        from isotherm.app.web.user_tasks import manage

        say(manage(what[1:], role=options.role, workspace=Path(options.workspace)))
        return 0
    from isotherm.app.web.serve_options import served

    if len(what) > 1 or options.role is not None:
        raise BadSetting("One registry is served, and --role belongs to user add; see isotherm serve --help.")

    def tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    served(what[0] if what else None, Path(options.workspace), today=datetime.now().astimezone().date(),
           demo=options.demo, host=options.host, port=options.port, names=options.name,
           tls_cert=options.tls_cert, tls_key=options.tls_key, behind_proxy=options.behind_proxy,
           browser=not options.no_browser, jobs=options.jobs, room_gb=options.room_gb,
           say=lambda address: say(f"isotherm is at {address}\nStop it with Ctrl-C.\n"),
           progress=tell)  # fmt: skip
    return 0
