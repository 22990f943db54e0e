"""From a pair of scans to its margins: registered, carried, measured; both ways of registering are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from threadpoolctl import threadpool_limits  # pyright: ignore[reportMissingTypeStubs]

from isotherm.app.assess import minimal_margin_mm
from isotherm.app.assessment import Assessment
from isotherm.app.carried import carried_case
from isotherm.app.case import Case, Lesion
from isotherm.app.pair import Pair
from isotherm.app.registering import Choice, Registered, register_pair
from isotherm.app.registration_document import Margins, number, told
from isotherm.app.scene import Surroundings
from isotherm.app.settings import Facts, Settings
from isotherm.app.tasks import assess_margin
from isotherm.errors import NotConverged
from isotherm.imaging.shrinkage import Shrinkage, undone
from isotherm.imaging.surface import Region, field_of
from isotherm.imaging.transform import Transform

Progress = Callable[[str], None]
Judged = Callable[[tuple[Registered, ...]], None]


@dataclass(frozen=True, slots=True, eq=False)
class PairAssessment:
    """What was registered, the case in the frame of the scan after, and what was measured in it."""

    registered: tuple[Registered, ...]
    case: Case
    assessment: Assessment

    @property
    def withheld(self) -> bool:
        """Whether the margin of at least one lesion is withheld."""
        return any(lesion.withheld for lesion in self.case.lesions)


def assess_pair(
    pair: Pair, choice: Choice, settings: Settings, facts: Facts, *, shrinkage: Shrinkage | None = None,
    progress: Progress = lambda _: None, judged: Judged = lambda _: None,
) -> PairAssessment:  # fmt: skip
    """Register a pair of scans, carry what was drawn before onto the scan after, and measure the margins.

    `judged` is told how the lesions lie as soon as their gates are known, long before the margins are. With
    `shrinkage`, the margin to zones as large as they are said to have been stands beside the one that was seen.

    Raises
    ------
    InputError, NotConverged
    """
    registered = register_pair(pair, choice, progress=progress)
    judged(registered)
    progress("carrying the tumor")
    case = carried_case(pair, registered, facts)
    settings = settings_of(pair, settings)
    measured = assess_margin(case, settings, progress=progress)
    progress("measuring the margin of the other registration")
    around = Surroundings.of(case)
    lesions = [
        document | {"registration": told(one, _margins_mm(case, lesion, one, around, settings))}
        for document, lesion, one in zip(measured.document["lesions"], case.lesions, registered, strict=True)
    ]
    if shrinkage is not None:
        progress("undoing the shrinkage of the zone")
        lesions = [lesion | {"zone_shrinkage": one} for lesion, one in
                   zip(lesions, _as_it_was(case, shrinkage, settings), strict=True)]  # fmt: skip
    document = {**measured.document, "lesions": lesions}
    return PairAssessment(registered, case, Assessment(document, measured.lesions, registered, case.days))


def settings_of(pair: Pair, settings: Settings) -> Settings:
    """Return the settings that a pair is measured with: the organ moves with the scan that it was drawn on."""
    return replace(settings, organ_frame="before" if pair.organ_after is None else "after")


def _as_it_was(case: Case, shrinkage: Shrinkage, settings: Settings) -> list[dict[str, Any]]:
    """Return the margin of each lesion to zones whose shrinkage was undone: an assumption, and told as one."""
    made = [undone(zone, shrinkage) for zone in case.ablations]
    larger = replace(case, ablations=tuple(one.zone for one in made), inputs=())
    around = Surroundings.of(larger)
    with threadpool_limits(1, "blas"):
        margins = [None if lesion.withheld else minimal_margin_mm(larger, lesion, around, settings)
                   for lesion in larger.lesions]  # fmt: skip
    says = " ".join(dict.fromkeys(one.says for one in made))
    return [{"lost_share": shrinkage.lost_share, "minimal_margin_mm": number(margin), "says": says}
            for margin in margins]  # fmt: skip


def _margins_mm(case: Case, lesion: Lesion, one: Registered, around: Surroundings, settings: Settings) -> Margins:
    """Return the organ-restricted minimal margin by the deformable and by the rigid transform."""
    tumor = Region.of_field(field_of(one.lesion.mask.cropped()))

    def margin(way: Transform | None) -> float | None:
        if way is None or lesion.withheld:
            return None
        try:
            outline = one.outline if way is one.used else way.region(tumor)
        except NotConverged:
            return None
        with threadpool_limits(1, "blas"):
            return minimal_margin_mm(case, replace(lesion, outline=outline), around, settings)

    return {"deformable": margin(one.deformable), "rigid": margin(one.rigid)}
