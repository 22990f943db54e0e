"""Who we are, and whom we trust: secrets from the environment or the keyring, certificates always checked."""

from __future__ import annotations

import shutil
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from isotherm.errors import BadSetting, NoAnswer, NotAdmitted
from isotherm.exchange.dicomweb_access import PASSWORD, TOKEN, USER, Access, read_access
from isotherm.exchange.dicomweb_find import Wanted, find_studies
from isotherm.exchange.dicomweb_http import Connection
from isotherm.exchange.dicomweb_server import Server, is_uid
from tests.exchange import orthanc as made
from tests.exchange.faulty import Proxy
from tests.exchange.orthanc import ACCESS, Orthanc


def test_a_token() -> None:
    assert read_access({TOKEN: "abc.def"}) == Access("Bearer abc.def")


def test_a_user_and_a_password() -> None:
    assert read_access({USER: made.USER, PASSWORD: made.PASSWORD}) == Access(ACCESS)
    assert read_access({USER: "j\u00f6rg", PASSWORD: "p:\u00e9"}) == Access("Basic asO2cmc6cDrDqQ==")


def test_nobody() -> None:
    assert read_access({}) == Access("")
    assert read_access({PASSWORD: "x"}) == Access("")


def test_a_password_from_the_keyring_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = types.ModuleType("keyring")
    keyring.get_password = lambda service, user: f"{service} of {user}"  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert read_access({USER: "me"}) == read_access({USER: "me", PASSWORD: "isotherm-pacs of me"})

    def locked(_service: str, _user: str) -> str:
        raise RuntimeError("locked")

    keyring.get_password = locked  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(BadSetting, match="without a password"):
        read_access({USER: "me"})
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(BadSetting, match="keyring set isotherm-pacs USER"):
        read_access({USER: "me"})


@pytest.mark.parametrize("given", [
    {TOKEN: "SECRET", USER: "me"}, {TOKEN: "SECRET\n"}, {TOKEN: "SEC RET"}, {TOKEN: "SECRET\u00e9"},
    {USER: "SECRET:me", PASSWORD: "x"}, {USER: "SECRET\r\nX: y", PASSWORD: "x"},
])  # fmt: skip
def test_what_no_header_can_carry_is_refused_without_showing_it(given: dict[str, str]) -> None:
    with pytest.raises(BadSetting) as caught:
        read_access(given)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("said", ["1.2.840.10008", "0", "2.25.0000", "1" * 64])
def test_what_a_uid_is(said: str) -> None:
    assert is_uid(said)


@pytest.mark.parametrize("said", ["", ".", "1.", ".1", "1..2", "1" * 65, "1.2\n", "1/2", "1.2 ", "\u0661", "a"])
def test_what_is_no_uid(said: str) -> None:
    assert not is_uid(said)


def made_certificate(folder: Path, name: str, alt: str) -> Path:
    """A certificate that signs itself, with its key in the same file."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName={alt}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / f"{name}.pem").write_bytes(key.read_bytes() + certificate.read_bytes())
    return folder / f"{name}.pem"


@pytest.fixture
def encrypted(orthanc: Orthanc, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address of an Orthanc behind TLS, and the certificate there. (Debian's Orthanc 1.10.1 ends at its own TLS.)"""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing: run `make services`")
    with Proxy(
        orthanc.port, lambda _number: None, certificate=made_certificate(tmp_path, "here", "IP:127.0.0.1")
    ) as proxy:
        yield proxy.url, tmp_path / "here.crt"


def ask(url: str, ca_file: Path | None) -> None:
    server = Server(url, None if ca_file is None else str(ca_file), waits_s=())
    find_studies(Connection(server, Access(ACCESS)), Wanted(), most=1)


def test_an_authority_that_was_named_is_trusted(encrypted: tuple[str, Path]) -> None:
    url, certificate = encrypted
    ask(url, certificate)


def test_an_authority_that_nobody_knows_is_not_and_nothing_is_sent(encrypted: tuple[str, Path]) -> None:
    url, _ = encrypted
    with pytest.raises(NotAdmitted, match=r"signed by no authority known here; nothing was sent.*--ca FILE") as caught:
        ask(url, None)
    assert "SECRET" not in str(caught.value)


def test_another_authority_is_not_enough(encrypted: tuple[str, Path], tmp_path: Path) -> None:
    url, _ = encrypted
    made_certificate(tmp_path, "other", "IP:127.0.0.1")
    with pytest.raises(NotAdmitted, match="signed by no authority"):
        ask(url, tmp_path / "other.crt")


def test_a_certificate_of_another_name_is_refused(encrypted: tuple[str, Path]) -> None:
    url, certificate = encrypted
    with pytest.raises(NotAdmitted, match="is of another name than the address"):
        ask(url.replace("127.0.0.1", "localhost"), certificate)


def test_https_where_nothing_is_encrypted(orthanc: Orthanc) -> None:
    with pytest.raises(NoAnswer, match="no common encryption"):
        ask(orthanc.url.replace("http:", "https:"), None)


def test_http_where_all_is_encrypted(encrypted: tuple[str, Path]) -> None:
    url, _ = encrypted
    with pytest.raises(NoAnswer, match="broke off"):
        ask(url.replace("https:", "http:"), None)


def test_a_file_of_authorities_that_holds_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for path, said in ((tmp_path / "ca.pem", "holds no certificate"), (tmp_path / "none.pem", "is not there")):
        with pytest.raises(BadSetting, match=said):
            Server("https://pacs.example/dicom-web", str(path))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"])
def test_without_encryption_only_this_machine_is_spoken_to(host: str) -> None:
    assert Server(f"http://{host}:8042/dicom-web").url
    with pytest.raises(BadSetting, match="everybody on the way"):
        Server("http://10.0.0.7:8042/dicom-web")
    assert Server("http://10.0.0.7:8042/dicom-web", plain_http=True).name == "10.0.0.7:8042"
