"""A file is there whole, or as it was before."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from isotherm.errors import OutputError
from isotherm.exchange.atomic import replacing, write_bytes, write_text


def test_text_is_written_as_given(tmp_path: Path) -> None:
    write_text(tmp_path / "x.json", "5 µm\r\n")
    assert (tmp_path / "x.json").read_bytes() == b"5 \xc2\xb5m\r\n"


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    write_bytes(tmp_path / "x", b"old, and longer")
    write_bytes(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["x"]


def test_the_temporary_name_has_the_wanted_ending_and_lies_in_the_same_folder(tmp_path: Path) -> None:
    with replacing(tmp_path / "mask.nii.gz", suffix=".nii.gz") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name.endswith(".nii.gz")
        temporary.write_bytes(b"x")
        assert not (tmp_path / "mask.nii.gz").exists()
    assert os.listdir(tmp_path) == ["mask.nii.gz"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_halfway_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    write_bytes(tmp_path / "x", b"old")

    def fail() -> None:
        with replacing(tmp_path / "x") as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert (tmp_path / "x").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


def test_others_may_read_what_was_written_as_far_as_the_user_lets_them(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_bytes(tmp_path / "x", b"")
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.parametrize("path", ["nowhere/x", "file/x"])
def test_a_folder_that_is_not_there_is_told_without_its_path(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        OutputError, match=r"^'x' cannot be written: its folder does not exist; make the folder first\.$"
    ):
        write_bytes(tmp_path / path, b"")


def test_a_full_or_forbidden_disk_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"^'x' cannot be written: no space left on device; check"):
        with replacing(tmp_path / "x"):
            raise OSError(28, "No space left on device")


@pytest.mark.parametrize("target", [os.devnull, "."])
def test_a_device_or_a_folder_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="folder or a device"):
        write_bytes(target, b"")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
