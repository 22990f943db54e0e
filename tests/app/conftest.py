"""What the tests of the app may ask for: the command line, and one small case on disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.app.on_disk import Command, small_case
from tests.app.registered_once import registered_once, shared_folder
from tests.app.scans_on_disk import Folders, write_folders


@pytest.fixture
def isotherm(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line, in this process."""
    return Command(capsys)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Arguments that name tumor, zone and organ of a case whose minimal margin is 3 mm; not to be changed."""
    return small_case(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="session")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Two DICOM folders, before and after a simulated ablation of the bundled CT; not to be changed."""
    return write_folders(tmp_path_factory.mktemp("scans"))


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The same two scans are registered once in this run, whatever file asks."""
    with registered_once(shared_folder(tmp_path_factory)):
        yield
