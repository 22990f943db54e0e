"""A folder of publications of one's own: every TOML file in it, or one sentence on why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from isotherm.errors import UnreadableFile
from isotherm.exchange.paper_files import read_papers
from isotherm.exchange.text_files import LARGEST_BYTES


def test_every_toml_file_is_read_and_nothing_else(tmp_path: Path) -> None:
    for name, text in (("b_2021.toml", "b"), ("a_2020.toml", "a"), ("notes.txt", "n")):
        (tmp_path / name).write_text(text)
    assert read_papers(tmp_path) == {"a_2020.toml": "a", "b_2021.toml": "b"}


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="holds no publication"):
        read_papers(tmp_path)
    with pytest.raises(UnreadableFile, match="cannot be read: no such file"):
        read_papers(tmp_path / "none")
    file = tmp_path / "a_2020.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UnreadableFile, match="is not UTF-8 text"):
        read_papers(tmp_path)
    file.write_bytes(b"#" * (LARGEST_BYTES + 1))
    with pytest.raises(UnreadableFile, match="longer than a publication can be"):
        read_papers(tmp_path)
    file.unlink()
    file.mkdir()
    with pytest.raises(UnreadableFile, match="cannot be read: is a directory"):
        read_papers(tmp_path)
