"""Every fact that rules may ask about, by its name: of a case, and of each lesion."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from isotherm.clinical.case_kinds import CASE_KINDS
from isotherm.clinical.kinds import FactKind
from isotherm.clinical.lesion_kinds import LESION_KINDS


def _by_name(kinds: tuple[FactKind, ...]) -> Mapping[str, FactKind]:
    found = {kind.name: kind for kind in kinds}
    if len(found) < len(kinds):
        raise ValueError("Two facts have one name.")
    return MappingProxyType(found)


CASE_FACTS = _by_name(CASE_KINDS)
LESION_FACTS = _by_name(LESION_KINDS)
if CASE_FACTS.keys() & LESION_FACTS.keys():
    raise ValueError("A fact is one of the case or one of the lesion, not both.")
