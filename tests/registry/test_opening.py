"""What is opened as a registry: what is none, is damaged, cannot be written or is made twice is refused."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from isotherm.clinical.record import Record
from isotherm.errors import (
    BadSetting,
    DamagedRegistry,
    IsothermError,
    NoAnswer,
    NoRegistry,
    NotAdmitted,
    OutputError,
    StoreError,
)  # fmt: skip
from isotherm.registry.address import address_of
from isotherm.registry.backup import restore
from isotherm.registry.store import open_store
from tests.registry.made_up import WHO, patient, record
from tests.registry.postgresql import PostgreSQL

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "There is no registry 'x.registry'; make one with isotherm registry init"),
        (b"", "'x.registry' is empty"),
        (b"patient_id,organ\nP1,liver\n", "'x.registry' is no registry: it is no file of SQLite"),
        (b"SQLite format 3\x00", "is damaged and cannot be read"),
        (b"SQLite format 3\x00" + bytes(200), "is damaged and cannot be read"),
        ("folder", "'x.registry' cannot be opened: is a directory"),
        ("other", "'?x.registry'? is no registry: it is a database of something else"),
    ],
)  # fmt: skip
def test_what_is_no_registry_is_not_opened(tmp_path: Path, content: bytes | str | None, why: str) -> None:
    path = tmp_path / "x.registry"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "folder":
        path.mkdir()
    elif content == "other":
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE audit (entry)")
    with pytest.raises(StoreError, match=why):
        open_store(str(path))
    assert path.exists() == (content is not None)


@pytest.mark.parametrize("content", [b"patient_id\n", b"SQLite format 3\x00" + bytes(200), "folder", "other"])
def test_nothing_that_is_there_becomes_a_registry(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "x.registry"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "folder":
        path.mkdir()
    else:
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE notes (one)")
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(OutputError, match="is there already"):
        open_store(str(path), create=True)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_an_empty_file_becomes_a_registry_and_a_registry_stays_what_it_is(new_address: str) -> None:
    if "://" not in new_address:
        Path(new_address).touch()
    open_store(new_address, create=True).close()
    with pytest.raises(OutputError, match="is there already"):
        open_store(new_address, create=True)
    with open_store(new_address) as store:
        assert store.add(patient(), **WHO) == 6
    with pytest.raises(OutputError, match="its folder does not exist"):
        open_store("/nowhere/at/all.registry", create=True)


def _make(address: str, told: multiprocessing.Queue[str]) -> None:
    try:
        open_store(address, create=True).close()
    except IsothermError as error:
        told.put(type(error).__name__)
    else:
        told.put("made")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_registry_what_lies_beside_it_and_its_backup_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    def modes() -> dict[str, int]:
        return {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()}

    before = os.umask(0o022)
    try:
        with open_store(str(tmp_path / "x.registry"), create=True) as store:
            store.add(patient(), **WHO)
            assert modes() == dict.fromkeys(("x.registry", "x.registry-wal", "x.registry-shm"), 0o600)
            store.backup(tmp_path / "b.registry")
        assert modes()["b.registry"] == 0o600
        restore(tmp_path / "b.registry", str(tmp_path / "r.registry"))
        assert modes()["r.registry"] == 0o600
    finally:
        os.umask(before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_mode_that_somebody_chose_stays(tmp_path: Path) -> None:
    (tmp_path / "x.registry").touch()
    (tmp_path / "x.registry").chmod(0o640)
    with open_store(str(tmp_path / "x.registry"), create=True):
        pass
    assert stat.S_IMODE((tmp_path / "x.registry").stat().st_mode) == 0o640


def test_of_several_who_make_one_at_once_one_does(new_address: str) -> None:
    spawning = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[str] = spawning.Queue()
    processes = [spawning.Process(target=_make, args=(new_address, told)) for _ in range(3)]
    for one in processes:
        one.start()
    assert sorted(told.get(timeout=120) for _ in processes) == ["OutputError", "OutputError", "made"]
    for one in processes:
        one.join()
    with open_store(new_address) as store:
        assert not store.verify().problems


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "No registry is named"),
        ("a\x00b", "No registry is named"),
        ("mysql://somebody@host/x", "A registry lies in a file, or in PostgreSQL"),
        ("sqlite:///x.registry", "A registry lies in a file, or in PostgreSQL"),
        ("https://host/x", "A registry lies in a file, or in PostgreSQL"),
        ("postgresql://host:port/x", "The URL of the registry cannot be read"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused(address: str, why: str) -> None:
    with pytest.raises(BadSetting, match=why):
        open_store(address)


def test_a_name_that_means_something_to_sqlite_is_a_file_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (":memory:", "file:x?mode=memory", "a b'ü.registry"):
        open_store(name, create=True).close()
        assert (tmp_path / name).is_file()


def test_what_is_shown_of_an_address_holds_no_password() -> None:
    shown = address_of("postgresql://ada:SECRET@host:5433/x?password=SECRET2&sslmode=require").shown
    assert shown == "postgresql://ada@host:5433/x"


def test_without_psycopg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(BadSetting, match=r"pip install 'isotherm\[postgresql\]'"):
        open_store("postgresql://ada@host/x")


def test_postgresql_that_does_not_let_us_in_says_so(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
    database = postgresql.empty_database()
    for password in ("wrong", ""):
        with pytest.raises(NotAdmitted, match=r"does not let us into postgresql://keeper@127\.0\.0\.1") as refused:
            open_store(postgresql.url(database, password=password))
        assert "wrong" not in str(refused.value)
    monkeypatch.setenv("PGPASSWORD", "pass-SECRET-7")
    open_store(postgresql.url(database, password=""), create=True).close()
    with pytest.raises(NoRegistry, match="There is no database postgresql://keeper"):
        open_store(postgresql.url("nowhere"))
    with pytest.raises(NoAnswer, match="PostgreSQL does not answer"):
        open_store("postgresql://keeper@127.0.0.1:1/x")


def test_in_postgresql_an_owner_needs_no_more_rights_and_a_reader_cannot_write(postgresql: PostgreSQL) -> None:
    name = postgresql.empty_database()
    for role in ("owner_1", "reader_1"):
        postgresql.ask("postgres", f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    postgresql.ask("postgres", f'ALTER DATABASE "{name}" OWNER TO owner_1')
    address = f"postgresql://{{}}:x@127.0.0.1:{postgresql.port}/{name}"
    with open_store(address.format("owner_1"), create=True) as store:
        store.add(patient(), **WHO)
        assert not store.verify().problems
    postgresql.ask(name, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader_1")
    with open_store(address.format("reader_1")) as store:
        assert len(store.patient("P1")) == 6
        assert not store.verify().problems
        with pytest.raises(NotAdmitted, match="and the rights"):
            store.add(patient("P2"), **WHO)


def test_postgresql_that_breaks_off_is_said_and_nothing_is_half_saved(own_server: PostgreSQL) -> None:
    name = own_server.empty_database()
    with open_store(own_server.url(name), create=True) as store:
        store.add(patient(), **WHO)

        def breaking() -> Iterator[Record]:
            yield record("patient", of="P2")
            own_server.stop()
            yield record("patient", of="P3")

        with pytest.raises(NoAnswer, match=r"broke off; what was not confirmed was not saved"):
            store.add(breaking(), **WHO)
        with pytest.raises(NoAnswer):
            store.patient("P1")
        own_server.start()
        assert [one.patient_id for one in store.records("patient")] == ["P1"]
        assert not store.verify().problems


def damaged(path: Path, *, seed: int) -> None:
    """Flip bytes in the middle of a file, beyond its first page."""
    content, draw = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(40):
        content[draw.randrange(4096, len(content))] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("seed", range(8))
def test_bytes_that_were_flipped_are_found(tmp_path: Path, made_file: Path, seed: int) -> None:
    path = Path(shutil.copy(made_file, tmp_path / "x.registry"))
    with open_store(str(path)) as store:
        store.add((one for n in range(40) for one in patient(f"P{n}", lesions=2)), **WHO)
    damaged(path, seed=seed)
    try:
        with open_store(str(path)) as store:
            problems = store.verify().problems
    except (DamagedRegistry, NoRegistry, StoreError) as error:
        problems = (str(error),)
    assert problems
    assert not any("P1" in one for one in problems)


def test_a_full_disk_is_said_and_nothing_is_half_saved(tmp_path: Path, made_file: Path) -> None:
    path = shutil.copy(made_file, tmp_path / "x.registry")
    program = (
        "import resource, signal, sys\n"
        "from isotherm.errors import IsothermError\n"
        "from isotherm.registry.store import open_store\n"
        "from tests.registry.made_up import WHO, patient\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
        "with open_store(sys.argv[1]) as store:\n"
        "    store.add(patient(), **WHO)\n"
        "    try:\n"
        "        store.add((one for n in range(2, 2000) for one in patient(f'P{n}')), **WHO)\n"
        "    except IsothermError as error:\n"
        "        print(type(error).__name__, error)\n"
    )
    ran = _carried_out(program, path)
    assert ran.startswith("OutputError 'x.registry' cannot be written: the disk is full"), ran
    with open_store(str(path)) as store:
        assert [one.patient_id for one in store.records("patient")] == ["P1"]
        assert not store.verify().problems


@pytest.fixture
def for_all() -> Iterator[Path]:
    """A folder that everybody can reach: those of the tests only their owner can."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
        Path(name).chmod(0o755)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_file_or_a_folder_that_cannot_be_written_is_said(for_all: Path, made_file: Path, what: str) -> None:
    folder = for_all
    path = Path(shutil.copy(made_file, folder / "x.registry"))
    path.chmod(0o444 if what == "file" else 0o666)
    folder.chmod(0o777 if what == "file" else 0o555)
    program = (
        "import os, sys\n"
        "from isotherm.errors import IsothermError\n"
        "from isotherm.registry.store import open_store\n"
        "from tests.registry.made_up import WHO, patient\n"
        "os.chdir(sys.argv[1])\n"
        "if os.geteuid() == 0:\n"
        "    os.setuid(65534)\n"
        "try:\n"
        "    with open_store('x.registry') as store:\n"
        "        store.add(patient(), **WHO)\n"
        "except IsothermError as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    ran = _carried_out(program, folder)
    assert ran.startswith("OutputError 'x.registry' cannot be written: file and folder must be writable"), ran


def _carried_out(program: str, *arguments: object) -> str:
    """Carry out a program in a process of its own; return what it prints."""
    return subprocess.run([sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True,
                          check=True, timeout=120, cwd=ROOT).stdout  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
def test_to_open_it_once_more_lets_go_of_no_lock_of_those_who_have_it_open(tmp_path: Path) -> None:
    address = str(tmp_path / "shared.registry")
    writes = ("import sys; from isotherm.registry.store import open_store; from tests.registry.made_up import patient; "
              "s = open_store(sys.argv[1]); s.add(patient('B1'), by='b', why='b'); s.close()")  # fmt: skip
    with open_store(address, create=True) as held:
        held.identity()
        open_store(address).close()

        subprocess.run([sys.executable, "-c", writes, address], check=True, cwd=ROOT)

        # The last one who closes a registry clears its log away; this one was not the last.
        assert (tmp_path / "shared.registry-wal").exists()
        assert held.patient("B1")
