"""Effects: valid from birth."""

from __future__ import annotations

from typing import Any

import pytest

from isotherm.effect import Effect


def ratio(**changes: Any) -> Effect:
    return Effect(**({"measure": "hazard ratio", "estimate": 0.7, "low": 0.5, "high": 0.9} | changes))


@pytest.mark.parametrize(
    "changes",
    [{"estimate": float("nan")}, {"low": 0.8}, {"high": 0.6}, {"level": 95.0}, {"p_value": 1.2}, {"low": -0.1}],
)
def test_an_impossible_effect_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        ratio(**changes)


def test_the_null_of_a_ratio_is_one_and_of_a_difference_zero() -> None:
    assert ratio().null == 1.0
    assert not ratio().holds_null
    assert Effect(measure="risk difference", estimate=0.1, low=-0.1, high=0.3).holds_null
