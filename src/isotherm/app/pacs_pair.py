"""Two studies of a PACS, fetched into folders, so that what names their series names files: for `isotherm assess`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isotherm.app.pacs_tasks import PacsOptions, pull_study
from isotherm.errors import BadSetting
from isotherm.exchange.dicomweb_server import checked_uid

MARK = "pacs:"
"""What begins so is in the study of its own side, not in a file."""

SIDES = {"before": False, "tumor": False, "organ_before": False, "vessels_before": False,
         "after": True, "ablation": True, "organ_after": True, "vessels_after": True, "structure": True,
         "old_scar": True}  # fmt: skip
"""Whether what an option names belongs to the scan after."""

Named = str | Sequence[str] | None
"""What an option holds: one name, several, or none."""

BEFORE, AFTER = "pacs-before", "pacs-after"
"""Folders within the one of the results."""


@dataclass(frozen=True, slots=True)
class FetchedPair:
    """Where the study before and the study after lie; the same folder where both scans are of one study."""

    before: Path
    after: Path

    def named(self, spec: Named, *, after: bool) -> Named:
        """Return series or masks as they are named in files: `pacs:3`, `pacs:300:Tumor`; a file stays what it is."""
        if spec is None:
            return None
        if not isinstance(spec, str):
            return [str(self.named(one, after=after)) for one in spec]
        name, is_in, rest = _parted(spec)
        if not is_in:
            return spec
        folder = self.after if after else self.before
        return f"{name}{folder}:{rest}" if rest else f"{name}{folder}"


def names_in_files(
    pacs: PacsOptions,
    studies: Sequence[str],
    out: str | None,
    names: Mapping[str, Named],
    *,
    tell: Callable[[str], None],
) -> dict[str, Named]:
    """Return what was named with files in place of what is in a PACS, once its studies are here.

    Parameters
    ----------
    studies : sequence of str
        UIDs; none: nothing is fetched.
    names : mapping
        By the names in SIDES.

    Raises
    ------
    BadSetting
        Studies without a folder, or something in a PACS without a study.
    NoSuchStudy, NoAnswer, NotAdmitted, BadAnswer, OutputError
    """
    if not studies:
        if any(_named_in_pacs(spec) for spec in names.values()):
            raise BadSetting("pacs: came without a study; name its UID with --study, as `isotherm pacs find` shows it.")
        return dict(names)
    if out is None:
        raise BadSetting("--study came without --out; name the folder that the study is to be fetched into.")
    fetched = fetch_pair(pacs, studies, out, tell=tell)
    return {name: fetched.named(spec, after=SIDES[name]) for name, spec in names.items()}


def _named_in_pacs(spec: Named) -> bool:
    """Say whether any of what was named is in a PACS."""
    if spec is None or isinstance(spec, str):
        return _parted(spec or "")[1]
    return any(_parted(one)[1] for one in spec)


def _parted(spec: str) -> tuple[str, bool, str]:
    """Part `NAME=pacs:REST` (a structure), `pacs:REST`, or a file into name, whether it is in a PACS, and the rest."""
    name, equals, rest = spec.partition("=")
    if equals and rest.startswith(MARK):
        return name + equals, True, rest.removeprefix(MARK)
    return "", spec.startswith(MARK), spec.removeprefix(MARK)


def fetch_pair(pacs: PacsOptions, studies: Sequence[str], out: str, *, tell: Callable[[str], None]) -> FetchedPair:
    """Fetch the study that holds both scans, or the one before and the one after; what is there is not fetched again.

    Parameters
    ----------
    studies : sequence of str
        One study instance UID, or two: before, after.
    out : str
        Folder of the results, in which those of the studies are made.

    Raises
    ------
    BadSetting
        Neither one nor two studies.
    NoSuchStudy, NoAnswer, NotAdmitted, BadAnswer, OutputError
    """
    if len(studies) not in (1, 2):
        raise BadSetting(f"--study came {len(studies)} times; name the study before, and then the study after.")
    uids = [checked_uid(study, "study") for study in studies]
    if len(set(uids)) == 1:
        folder = pull_study(pacs, uids[0], str(Path(out, AFTER)), tell=tell).folder
        return FetchedPair(folder, folder)
    before, after = (pull_study(pacs, uid, str(Path(out, name)), tell=tell).folder
                     for uid, name in zip(uids, (BEFORE, AFTER), strict=True))  # fmt: skip
    return FetchedPair(before, after)
