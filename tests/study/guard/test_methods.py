"""A protocol that contradicts itself: a reason of another method, covariates that nothing adjusts for."""

from __future__ import annotations

import pytest

from isotherm.study.protocol_methods import Methods, Unadjusted, Weighting
from tests.study.guard.made import audit

DRAFTED = "Nothing is adjusted for in this draft."


def test_a_reason_of_another_method_is_found() -> None:
    found = audit(methods=Methods(adjustment=Weighting(), reason=DRAFTED))
    assert found["reason_contradicts"].level == "warn"
    assert audit(methods=Methods(adjustment=Weighting(), reason="Overlap weights keep everybody.")) == {}


@pytest.mark.parametrize("reason", ["", DRAFTED, "The abstract made no adjustment."])
def test_covariates_that_nothing_adjusts_for_are_found_and_a_true_reason_is_none(reason: str) -> None:
    found = audit(methods=Methods(adjustment=Unadjusted(), reason=reason))
    assert set(found) == {"covariates_unused"}
    assert found["covariates_unused"].level == "warn"
    assert found["covariates_unused"].says.startswith("2 covariates are to be adjusted for")
