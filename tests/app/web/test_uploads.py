"""Uploads: streamed, limited, under numbers; names that lead elsewhere."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from isotherm.app.web.application import create_app
from isotherm.app.web.gate import TooLarge
from isotherm.app.web.serve_settings import ServeSettings
from isotherm.app.web.uploads import Limits, drop, file_name, files_of, keep
from isotherm.app.web.workspace import UNFINISHED, Workspace, workspace_at
from isotherm.errors import BadSetting
from tests.app.web.conftest import token_on

HOSTILE = ["../../evil.nii.gz", "/etc/passwd", "..\\..\\evil.zip", "a\x00b.nii", "CON", "x" * 5000, "", ".", "..",
           "<script>alert(1)</script>.dcm", "\u202ecod.exe", "=cmd|' /C calc'!A1"]  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_at(tmp_path / "workspace")


async def pieces(*some: bytes) -> AsyncIterator[bytes]:
    for one in some:
        yield one


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run it in a thread of its own: a browser that other tests have started keeps a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def kept(workspace: Workspace, *body: bytes, name: str = "ct.nii.gz", **others: Any) -> Any:
    return run(keep(pieces(*body), workspace, name=name, who="ada", **{"declared": None, **others}))


def everything(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "workspace.sqlite" not in path.name]


def test_a_file_is_kept_as_it_came_and_its_ending_tells_its_format(workspace: Workspace) -> None:
    one = kept(workspace, b"abc", b"def")

    assert one.path.read_bytes() == b"abcdef"
    assert one.path.name == "000001.nii.gz"
    assert files_of(workspace, one.id) == (one,)


def test_the_files_of_a_folder_belong_together(workspace: Workspace) -> None:
    first = kept(workspace, b"1", name="CT/IM1")
    second = kept(workspace, b"22", name="CT/IM2", into=first.id)

    assert [one.name for one in files_of(workspace, first.id)] == ["CT/IM1", "CT/IM2"]
    assert (second.number, second.path.name) == (2, "000002")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_never_a_path(workspace: Workspace, name: str) -> None:
    one = kept(workspace, b"x", name=name)

    assert one.path.parent == workspace.uploads / one.id
    assert len(everything(workspace.folder)) == 2  # it, and the secret
    assert one.name.isprintable()
    assert 0 < len(one.name) <= 200


@given(st.text(max_size=300))
def test_no_name_makes_anything_but_a_number_and_an_ending_of_ours(name: str) -> None:
    found = file_name(7, name)

    assert found.startswith("000007")
    assert os.path.basename(found) == found
    assert all(letter.isalnum() or letter == "." for letter in found)


@pytest.mark.parametrize("declared", [None, 5, 100])
def test_what_is_too_large_is_refused_whatever_was_declared_and_nothing_stays(
    workspace: Workspace, declared: int | None
) -> None:
    with pytest.raises(TooLarge):
        kept(workspace, b"x" * 60, b"x" * 60, declared=declared, limits=Limits(file_bytes=99))

    assert len(everything(workspace.folder)) == 1
    assert list(workspace.uploads.iterdir()) == []


def test_all_files_of_an_upload_together_have_a_limit_and_so_has_their_number(workspace: Workspace) -> None:
    first = kept(workspace, b"x" * 60)
    with pytest.raises(TooLarge):
        kept(workspace, b"x" * 60, into=first.id, limits=Limits(all_bytes=100))
    with pytest.raises(TooLarge):
        kept(workspace, b"x", into=first.id, limits=Limits(files=1))

    assert files_of(workspace, first.id) == (first,)


@pytest.mark.parametrize("into", ["0" * 16, "..", "../jobs", "a/b"])
def test_nothing_is_added_to_an_upload_that_is_none(workspace: Workspace, into: str) -> None:
    with pytest.raises(BadSetting):
        kept(workspace, b"x", into=into)

    assert list(workspace.uploads.iterdir()) == []


def test_a_browser_that_goes_away_in_the_middle_leaves_nothing(workspace: Workspace) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError

    with pytest.raises(Exception, match=r"cannot be written|^$"):
        run(keep(broken(), workspace, name="ct.nii", declared=None, who="ada"))

    assert list(workspace.uploads.iterdir()) == []


def test_an_upload_can_be_dropped(workspace: Workspace) -> None:
    one = kept(workspace, b"x")

    drop(workspace, one.id)

    assert files_of(workspace, one.id) == ()
    assert not one.path.exists()


def test_a_page_sends_a_file_with_the_token_as_a_header(client: TestClient, app: FastAPI) -> None:
    client.cookies.set("isotherm_who", "ada")
    token = token_on(client.get("/who").text)

    answer = client.post("/uploads?name=CT.zip", content=b"PK", headers={"x-csrf-token": token})

    assert answer.json()["bytes"] == 2
    assert files_of(app.state.web.workspace, answer.json()["id"])[0].path.read_bytes() == b"PK"


def test_a_form_cannot_upload(client: TestClient) -> None:
    token = token_on(client.get("/who").text)

    answer = client.post("/uploads?name=a", data={"csrf_token": token}, files={"file": b"x" * 3_000_000})

    assert answer.status_code == 403


def test_an_upload_asks_who_works_before_anything_is_kept(client: TestClient, app: FastAPI) -> None:
    token = token_on(client.get("/who").text)

    answer = client.post("/uploads?name=a", content=b"x", headers={"x-csrf-token": token})

    assert answer.status_code == 303
    assert list(app.state.web.workspace.uploads.iterdir()) == []


def test_the_room_of_a_workspace_holds_for_what_comes_without_its_length(settings: ServeSettings) -> None:
    app = create_app(replace(settings, room_gb=0.001))
    client = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False, cookies={"isotherm_who": "ada"})
    token = token_on(client.get("/who").text)

    def unannounced() -> Iterator[bytes]:
        yield from [b"x" * 100_000] * 4

    came = [client.post("/uploads?name=a.csv", content=unannounced(), headers={"x-csrf-token": token}).status_code
            for _ in range(4)]  # fmt: skip

    assert came == [200, 200, 507, 507]
    assert sum(path.stat().st_size for path in app.state.web.workspace.uploads.rglob("*.csv")) == 800_000
    assert list(app.state.web.workspace.uploads.rglob(f"{UNFINISHED}*")) == []


def test_what_a_killed_server_had_begun_to_write_is_gone_when_the_next_one_starts(settings: ServeSettings) -> None:
    workspace = workspace_at(settings.workspace)
    whole = kept(workspace, b"x")
    half, alone = workspace.uploads / whole.id / f"{UNFINISHED}1", workspace.uploads / ("0" * 16) / f"{UNFINISHED}2"
    for path in (half, alone):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")

    with TestClient(create_app(settings)):
        pass

    assert [path.exists() for path in (half, alone.parent, whole.path)] == [False, False, True]
