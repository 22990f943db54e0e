"""Who may be in two registries, or in one twice: found by keyed hashes, told, and never merged by a machine."""

from __future__ import annotations

from collections.abc import Sequence

from isotherm.app.outputs import frame_text
from isotherm.app.places import keep_inputs, usable_file
from isotherm.errors import BadSetting
from isotherm.exchange.atomic import write_text
from isotherm.exchange.deid_secret import read_or_make_key
from isotherm.exchange.overlap_hashes import LEVELS, Hashes, pairs, read_hashes
from isotherm.printable import printable
from isotherm.registry.frames import frames
from isotherm.registry.near_duplicates import near_duplicates as found_in
from isotherm.registry.store import open_store

DECIDE = "A person decides who is one; nothing was merged."

IN_WORDS = {
    "name_birth_sex": "in name, date of birth and sex", "name_birth": "in name and date of birth, not in sex",
    "initials_birth_sex": "in initials, date of birth and sex only",
}  # fmt: skip


def write_hashes(tables: Sequence[str], key: str | None, out: str) -> str:
    """Write the hashes of one table of identifiers; say what was done.

    Raises
    ------
    InputError, OutputError
    """
    if len(tables) != 1:
        raise BadSetting(f"{len(tables)} tables came; hashes are written of one table at a time.")
    if key is None:
        raise BadSetting("No --key came; name the file of the key that the sites share.")
    keep_inputs([usable_file(out)], [*tables, key])
    secret, new = read_or_make_key(key)
    hashes = read_hashes(tables[0], secret)
    write_text(out, frame_text(hashes.table))
    made = (
        f"A new key was made: {printable(key)}. Only sites that use this same file can find each other." if new else ""
    )
    return "\n".join(filter(None, (f"{len(hashes.table)} patients hashed: {printable(out)}", _gaps([hashes]), made,
                                   "The key stays with the sites: whoever has it can try names.")))  # fmt: skip


def compare(tables: Sequence[str], key: str | None, out: str | None) -> str:
    """Compare one table with itself, or two with each other; say how many pairs agree in what.

    Raises
    ------
    InputError, OutputError
    """
    if len(tables) not in (1, 2):
        raise BadSetting(f"{len(tables)} tables came; one is compared with itself, or two with each other.")
    if out is not None:
        keep_inputs([usable_file(out)], [*tables, *([] if key is None else [key])])
    secret = None if key is None else read_or_make_key(key)[0]
    hashes = [read_hashes(path, secret) for path in tables]
    found = pairs(hashes[0], hashes[1] if len(hashes) == 2 else None)
    if out is not None:
        write_text(out, frame_text(found))
    where = "within one table" if len(hashes) == 1 else "of the two tables"
    counts = [f"  {int((found['agree_in'] == level).sum())} agree {IN_WORDS[level]}" for level in LEVELS]
    return "\n".join(filter(None, (f"{len(found)} pairs of patients {where} may be one person:", *counts,
                                   _gaps(hashes), _listed(out, len(found)), DECIDE)))  # fmt: skip


def near_duplicates(address: str, tables: Sequence[str], out: str | None) -> str:
    """Look for near-duplicates in a registry; say how many there are.

    Raises
    ------
    InputError, NoAnswer, OutputError
    """
    if tables:
        raise BadSetting("With --registry no table of identifiers is read; compare tables in a call of their own.")
    if out is not None:
        keep_inputs([usable_file(out)], [address])
    with open_store(address) as store:
        found = found_in(frames((name, store.columns(name)) for name in _NEEDED))
    if out is not None:
        write_text(out, frame_text(found.assign(shared_ablated_on=found["shared_ablated_on"].dt.strftime("%Y-%m-%d"))))
    people, groups = found["patient_id"].nunique(), found["group"].nunique()
    return "\n".join(filter(None, (
        f"{people} patients in {groups} groups share date of birth, sex, primary tumor and a day of ablation.",
        _listed(out, people), DECIDE,
    )))  # fmt: skip


_NEEDED = ("patient", "primary", "session")


def _gaps(hashes: Sequence[Hashes]) -> str:
    count = sum(one.incomplete for one in hashes)
    return f"{count} rows lack a key, name, date of birth or sex and were compared with nobody." if count else ""


def _listed(out: str | None, count: int) -> str:
    if not count:
        return ""
    return f"Listed in {printable(out)}." if out is not None else "List them with --out FILE.csv."
