"""Whom and when an image is of: what must agree between images that are measured together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from isotherm.errors import PairInDoubt

SLICE_MODALITIES = ("CT", "MR", "PT", "XA")
"""What a tumor and its ablation zone are seen on in slices."""

CONFIRM = "if so, add --confirm-pair (in a list of cases: confirm_pair, yes)"

ORDER_ASKED = "are both the right way around"
"""How a question about scans in the wrong order ends; a result keeps it among its warnings."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object comes from. What tells a person is compared and never shown; of days, those of scans are.

    Parameters
    ----------
    patient_id, patient_name : str
        "" where the file does not say.
    study_uid : str
    day : date or None
        Of the study, which a segmentation shares with the image it was drawn on.
    taken : datetime or None
        When the image was taken; None for what was drawn later.
    modality : str
    frame_uid : str
        Objects of one frame of reference share their coordinates.
    """

    patient_id: str = field(repr=False)
    patient_name: str = field(repr=False)
    study_uid: str
    day: date | None = field(repr=False)
    taken: datetime | None = field(repr=False)
    modality: str
    frame_uid: str


def check_pair(
    before: Sequence[Origin], after: Sequence[Origin], *, confirmed: bool = False, registered: bool = False
) -> tuple[str, ...]:
    """Ask whether what was drawn before and after ablation can belong together.

    Parameters
    ----------
    before, after : sequence of Origin
        Of the images and masks of each side; whatever did not come as DICOM has none.
    confirmed : bool
        A person has said that they belong together and are in order; the questions become warnings.
    registered : bool
        What was drawn before is carried onto the scan after: different frames of reference do no harm.

    Returns
    -------
    tuple of str
        Warnings, fit for a report.

    Raises
    ------
    PairInDoubt
        Two patients, or a scan after ablation that is older than the one before; asked as a question.
    """
    doubts = [doubt for doubt in (_patients([*before, *after]), _order(before, after)) if doubt]
    if doubts and not confirmed:
        raise PairInDoubt(doubts[0] + f"; {CONFIRM}.")
    warnings = [f"{doubt}; it was confirmed that they belong together and are in order." for doubt in doubts]
    strange = sorted({one.modality for one in [*before, *after] if one.taken and one.modality not in SLICE_MODALITIES})
    if strange:
        named = ", ".join(one for one in strange if one.isalnum() and len(one) <= 16) or "of no known name"
        warnings.append(f"Images of modality {named} came: are they slices through the lesion?")
    return (*warnings, *_frames(before, after, registered=registered))


def _patients(every: Sequence[Origin]) -> str:
    ids = {one.patient_id for one in every if one.patient_id}
    names = {one.patient_name for one in every if one.patient_name}
    if len(ids) > 1:
        return f"The DICOM objects carry {len(ids)} different patient IDs: are they of one patient"
    if not ids and len(names) > 1:
        return f"The DICOM objects carry {len(names)} different patient names: are they of one patient"
    return ""


def _order(before: Sequence[Origin], after: Sequence[Origin]) -> str:
    first, last = [one.day for one in before if one.day], [one.day for one in after if one.day]
    if first and last and min(last) < max(first):
        return (
            f"The study after ablation is {(max(first) - min(last)).days} days older than the one before: {ORDER_ASKED}"
        )
    started, ended = [one.taken for one in before if one.taken], [one.taken for one in after if one.taken]
    if started and ended and min(ended) < max(started):
        return f"The image after ablation was taken earlier than the one before: {ORDER_ASKED}"
    return ""


def _frames(before: Sequence[Origin], after: Sequence[Origin], *, registered: bool) -> tuple[str, ...]:
    one, other = {each.frame_uid for each in before} - {""}, {each.frame_uid for each in after} - {""}
    if one and other and not one & other and not registered:
        return (
            "Before and after have different frames of reference: their coordinates agree only if one was carried onto "
            "the other (registered) and written anew.",
        )
    if one & other:
        still = "they were registered all the same" if registered else "breathing still moves them"
        return (f"Before and after share a frame of reference, which is not a registration: {still}.",)
    return ()
