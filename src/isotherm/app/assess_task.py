"""assess_into: a pair of scans from its files to its results, with corrected masks where somebody corrected them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from isotherm.app.assess_pair import Judged, PairAssessment, assess_pair
from isotherm.app.assess_pair_outputs import Places, write_pair_assessment
from isotherm.app.choosing import ChoiceRequest
from isotherm.app.correcting import Correction, Signature, corrected_mask, corrected_pair, corrections_document
from isotherm.app.kept import keep
from isotherm.app.outputs import json_text
from isotherm.app.pacs_pair import Named, names_in_files
from isotherm.app.pacs_tasks import PacsOptions
from isotherm.app.pair import Pair, PairRequest, read_pair
from isotherm.app.places import new_folder
from isotherm.app.provenance import Provenance
from isotherm.app.settings import UNTOLD, Facts, Settings
from isotherm.errors import UnreadableFile
from isotherm.exchange.atomic import write_text
from isotherm.exchange.image_files import write_mask

CORRECTIONS = "corrections.json"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAsked:
    """What is to be measured and how, as it was typed."""

    request: PairRequest
    choice: ChoiceRequest = field(default_factory=ChoiceRequest)
    settings: Settings = field(default_factory=Settings)
    facts: Facts = UNTOLD
    simulated: tuple[str, ...] = ()
    """Roles of what never was of a patient."""
    studies: tuple[str, ...] = ()
    """Of a PACS: one study, or the one before and the one after, in which `pacs:...` of the request is."""

    def document(self) -> dict[str, Any]:
        """Return it as JSON can hold it; `from_document` gives it back."""
        return asdict(self)

    @classmethod
    def from_document(cls, told: Mapping[str, Any]) -> PairAsked:
        """Return what `document` told.

        Raises
        ------
        BadSetting
        UnreadableFile
            Another version of isotherm told it, in a form that this one does not know.
        """
        try:
            request = {name: _tuples(value) for name, value in told["request"].items()}
            return cls(request=PairRequest(**request), choice=ChoiceRequest(**told["choice"]),
                       settings=Settings(**told["settings"]), facts=Facts(**told["facts"]),
                       simulated=tuple(told.get("simulated", ())), studies=tuple(told.get("studies", ())))  # fmt: skip
        except (KeyError, TypeError, AttributeError):
            raise UnreadableFile("What was asked of this pair was noted by another version; measure it anew.") from None


def fetched(asked: PairAsked, folder: Path, *, pacs: PacsOptions, tell: Progress) -> PairAsked:
    """Return what is asked with files in place of what is in a PACS, once its studies are in a folder.

    Raises
    ------
    BadSetting, NoSuchStudy, NoAnswer, NotAdmitted, BadAnswer, OutputError
    """
    if not asked.studies:
        return asked
    one = asked.request
    names: dict[str, Named] = {"before": one.before, "after": one.after, "tumor": one.tumors, "ablation": one.ablations,
                               "organ_before": one.organ_before, "organ_after": one.organ_after}  # fmt: skip
    found = names_in_files(pacs, asked.studies, str(folder), names, tell=tell)
    request = replace(one, before=str(found["before"]), after=str(found["after"]), tumors=_several(found["tumor"]),
                      ablations=_several(found["ablation"]), organ_before=_single(found["organ_before"]),
                      organ_after=_single(found["organ_after"]))  # fmt: skip
    return replace(asked, request=request, studies=())


def _several(named: Named) -> tuple[str, ...]:
    return (named,) if isinstance(named, str) else tuple(named or ())


def _single(named: Named) -> str | None:
    return named if named is None or isinstance(named, str) else named[0]


def _tuples(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return value
    return tuple(_tuples(one) for one in cast("Sequence[Any]", value))


def assess_into(
    folder: Path, asked: PairAsked, corrections: Sequence[Correction] = (), signed: Signature | None = None, *,
    made: Provenance | None = None, keep_in: Path | None = None, progress: Progress = lambda _: None,
    judged: Judged = lambda _: None,
) -> PairAssessment:  # fmt: skip
    """Read, register and measure a pair, and write everything into a folder.

    Parameters
    ----------
    folder : Path
    asked : PairAsked
    corrections : sequence of Correction
        Painted onto the masks as they were read.
    signed : Signature, optional
        Who corrected and why: needed with corrections.
    made : Provenance, optional
        How the measurement came about; by default that it is made now, and who corrected.
    keep_in : Path, optional
        Where what a correction needs is kept; in the folder itself by default.
    progress : callable
        Told in words what is being done.
    judged : callable
        Told how the scans lie on each other, once that is known.

    Raises
    ------
    InputError, NotConverged, OutputError
    """
    places = Places.of(str(folder), None, None, asked.request.after)
    places.keep((*asked.request.files, *asked.choice.files))
    progress("reading")
    drawn = read_pair(asked.request, simulated=asked.simulated)
    pair = corrected_pair(drawn, corrections)
    found = assess_pair(pair, asked.choice.read(pair), asked.settings, asked.facts, progress=progress,
                        judged=judged)  # fmt: skip
    made = made or Provenance.now(corrected=signed)
    write_pair_assessment(places, asked.request, pair, found, made, progress=progress)
    keep(keep_in or folder, found.registered)
    if signed is not None:
        _write_corrections(folder, drawn, corrections, signed)
    return found


def _write_corrections(folder: Path, drawn: Pair, corrections: Sequence[Correction], signed: Signature) -> None:
    """Write the corrected masks, each on its own grid, and what was done to them."""
    with new_folder(str(folder)):
        for one in corrections:
            if one.strokes:
                write_mask(folder / f"corrected-{one.of}-{one.number + 1}.nii.gz", corrected_mask(drawn, one),
                           simulated=any(given.simulated for given in drawn.inputs))  # fmt: skip
        write_text(folder / CORRECTIONS, json_text(corrections_document(drawn, corrections, signed)))
