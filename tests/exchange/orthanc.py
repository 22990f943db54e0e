"""A real PACS for the tests: Orthanc on a free port of this machine, with its own settings and storage."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import urllib3

ROOT = Path(__file__).resolve().parents[2]

USER, PASSWORD = "reader", "pass-SECRET"

ACCESS = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
"""The same as a request says it."""

STARTS_WITHIN_S = 60.0


def find_orthanc() -> tuple[str, str] | None:
    """Return the paths of Orthanc and of its DICOMweb plugin, None where they are missing."""
    found = subprocess.run([ROOT / "scripts" / "find-orthanc"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        return None
    program, plugin = found.stdout.split("\n")[:2]
    return program, plugin


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Orthanc:
    """An Orthanc that is started, killed and started again on the same storage; it is ended by its process id."""

    def __init__(self, program: str, plugin: str, folder: Path, **settings: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._program, self._folder, self.port = program, folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        told: dict[str, Any] = {
            "Name": "isotherm tests", "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"),
            "Plugins": [plugin], "HttpPort": self.port, "RemoteAccessAllowed": False, "DicomServerEnabled": False,
            "AuthenticationEnabled": True, "RegisteredUsers": {USER: PASSWORD}, "SaveJobs": False,
            "DicomWeb": {"Enable": True},
        }  # fmt: skip
        (folder / "orthanc.json").write_text(json.dumps(told | settings))

    @property
    def url(self) -> str:
        """Base of the DICOMweb service."""
        return f"http://127.0.0.1:{self.port}/dicom-web"

    def start(self) -> Orthanc:
        """Start it, and wait until it answers; one that runs is killed first."""
        self.kill()
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, str(self._folder / "orthanc.json")], stdout=log, stderr=log
            )
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1.0):
                return self
            time.sleep(0.02)
        raise AssertionError((self._folder / "log").read_text()[-2000:])

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def runs(self) -> bool:
        """Whether it has been started and not killed since."""
        return self._process is not None

    def rest(self, method: str, path: str, body: bytes | None = None) -> Any:
        """Ask Orthanc itself, without DICOMweb."""
        return json.loads(self.raw(path, method=method, body=body))

    def raw(self, path: str, *, method: str = "GET", body: bytes | None = None) -> bytes:
        """Ask for bytes."""
        headers = urllib3.make_headers(basic_auth=f"{USER}:{PASSWORD}")
        with urllib3.PoolManager() as pool:
            answer = pool.request(method, f"http://127.0.0.1:{self.port}{path}", body=body, headers=headers)
        assert answer.status == 200, answer.status
        return answer.data

    def hold(self, *folders: Path) -> None:
        """Let it hold every file of some folders."""
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    self.rest("POST", "/instances", path.read_bytes())

    def count(self) -> int:
        """Return how many objects it holds."""
        return int(self.rest("GET", "/statistics")["CountInstances"])

    def empty(self) -> None:
        """Take everything out of it."""
        for one in self.rest("GET", "/patients"):
            self.rest("DELETE", f"/patients/{one}")
