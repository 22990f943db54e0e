"""A ZIP archive of tables, as an export of records is one: its tables, laid into a folder by the process of the job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from isotherm.app.web.sent_files import MOST_BYTES, MOST_FILES, harmless
from isotherm.errors import UnreadableFile
from isotherm.exchange.cells_in import FORMS
from isotherm.exchange.dicom_place import Place, is_archive, places_in
from isotherm.exchange.voxel_source import ImageFile

ENDING = ".zip"

UNPACK = "unzip it, and choose its tables all at once"


def lay_tables(archive: Path, into: Path) -> None:
    """Write the tables of an archive into a new folder, under harmless names, once all of them are allowed.

    Raises
    ------
    UnreadableFile
        It is damaged, has a password, unpacks to more than is read, or holds something that is no table.
    """
    if not is_archive(str(archive)):
        raise UnreadableFile(f"'{archive.name}' is no ZIP archive, is damaged, or holds nothing; export it once more.")
    members = [one for one in places_in(ImageFile(str(archive), "records")) if not one.is_of_the_system]
    names = [harmless(one.file.name) for one in members]
    _refuse_unfit(archive.name, members, names)
    into.mkdir()
    for name, one in zip(names, members, strict=True):
        with one.opened() as stream:
            (into / name).write_bytes(stream.read())


def _refuse_unfit(archive: str, members: Sequence[Place], names: Sequence[str]) -> None:
    strange = next((name for name in names if FORMS.get(Path(name).suffix.lower()) not in ("csv", "parquet")), None)
    if strange is not None:
        raise UnreadableFile(
            f"'{archive}' holds '{strange}', and tables in a ZIP archive are CSV or Parquet; {UNPACK}."
        )
    if not members or len(members) > MOST_FILES:
        raise UnreadableFile(f"'{archive}' holds {len(members)} tables, and 1 to {MOST_FILES} are read; {UNPACK}.")
    if len({name.casefold() for name in names}) < len(names):
        raise UnreadableFile(f"'{archive}' holds two tables of the same name; {UNPACK}, with one of them renamed.")
    size = sum(one.size_bytes for one in members)
    if size > MOST_BYTES:
        raise UnreadableFile(f"'{archive}' unpacks to {size / 1e6:,.0f} MB, and {MOST_BYTES // 1_000_000} MB are read "
                             "here; use isotherm registry import on the command line.")  # fmt: skip
