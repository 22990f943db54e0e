"""What may be pooled: one question, one unit, one scale, and no patient twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from isotherm.errors import CannotPool
from isotherm.evidence.set_aside import set_aside
from isotherm.evidence.study_effect import StudyEffect, plain
from isotherm.override import Override

ALIKE: dict[str, tuple[str, Callable[[StudyEffect], str]]] = {
    "measure": ("measures", lambda study: study.measure),
    "endpoint": ("endpoints", lambda study: study.endpoint),
    "unit": ("units", lambda study: study.per),
    "horizon": ("horizons", lambda study: "none" if study.at_days is None else f"{study.at_days:g} days"),
    "organ": ("organs", lambda study: study.organ or "not said"),
    "slope": ("steps of a slope", lambda study: study.slope_unit or "none"),
    "comparison": (
        "comparisons",
        lambda study: f"{study.compared}{f' v {study.reference}' if study.reference else ''}",
    ),
}
"""In what studies must be alike, how that is called, and where it stands."""

RULES = (*ALIKE, "overlap")
"""Rules that a recorded reason can set aside."""


def checked(studies: Sequence[StudyEffect], despite: Mapping[str, str]) -> tuple[Override, ...]:
    """Return which rules were set aside, or refuse studies that must not be pooled.

    Parameters
    ----------
    studies : sequence of StudyEffect
    despite : mapping from rule to reason

    Raises
    ------
    CannotPool
        Fewer than two studies, two of one name, a ratio beside a difference, opposite directions; and, unless a reason
        is given, another measure, endpoint, unit, horizon, organ, step or comparison, or patients in common.
    """
    if len(studies) < 2:
        raise CannotPool(f"{len(studies)} {'study' if len(studies) == 1 else 'studies'} came; pooling needs two.")
    names = [plain(study.name) for study in studies]
    twice = next((study.name for study in studies if names.count(plain(study.name)) > 1), None)
    if twice is not None:
        raise CannotPool(f"Two studies have the name {twice}; if they are not one study, name them apart.")
    _refuse_scales(studies)
    _refuse_directions(studies)
    own = tuple(dict.fromkeys(one for study in studies for one in study.overrides))
    return own + set_aside(_problems(studies), despite, RULES)


def _refuse_scales(studies: Sequence[StudyEffect]) -> None:
    if len({study.is_logarithm for study in studies}) > 1:
        measures = ", ".join(sorted({study.measure for study in studies}))
        raise CannotPool(f"Some studies have the logarithm of a ratio and some a difference ({measures}); choose one.")


def _refuse_directions(studies: Sequence[StudyEffect]) -> None:
    first: dict[tuple[str, str], StudyEffect] = {}
    for study in studies:
        ends = plain(study.compared), plain(study.reference)
        other = first.get((ends[1], ends[0]))
        if other is not None:
            raise CannotPool(
                f"{other.name} compares {other.compared_with}, {study.name} the other way round; "
                "pool its effect turned (StudyEffect.turned)."
            )
        first.setdefault(ends, study)


def _problems(studies: Sequence[StudyEffect]) -> Iterator[tuple[str, str]]:
    for rule, (called, of) in ALIKE.items():
        kinds = {plain(of(study)): of(study) for study in studies}
        if len(kinds) > 1:
            yield rule, f"The studies differ in their {rule}: {len(kinds)} {called} ({', '.join(kinds.values())})."
    pairs = [(a.name, b.name) for a, b in combinations(studies, 2) if _overlap(a, b)]
    if pairs:
        yield overlap_problem(pairs)


def overlap_problem(pairs: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Return the rule that studies with patients in common break, and the sentence that names them."""
    return "overlap", f"There is an overlap of patients: {', '.join(f'{a} and {b}' for a, b in pairs)}."


def _overlap(a: StudyEffect, b: StudyEffect) -> bool:
    """Say whether two studies share patients: by what either says, by a cohort, or by their publication."""
    said = a.name in b.overlaps_with or b.name in a.overlaps_with
    return said or bool(a.cohorts & b.cohorts) or bool(_identifiers(a) & _identifiers(b))


def _identifiers(study: StudyEffect) -> set[tuple[str, str]]:
    return set() if study.source is None else set(study.source.identifiers().items())
