"""Image-guided thermal ablation of metastases: the ablation margin in millimeters, with its uncertainty; studies."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isotherm.study.frames import (
        as_frame,
        cox,
        kaplan_meier,
        logrank,
        match_on_propensity,
        weight_by_propensity,
    )

__version__ = "0.1.0"

__all__ = ["as_frame", "cox", "kaplan_meier", "logrank", "match_on_propensity", "weight_by_propensity"]


def __getattr__(name: str) -> Any:
    """Open the room of a public name when it is first asked for: importing isotherm itself costs nothing (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'isotherm' has no attribute '{name}'")
    return getattr(import_module("isotherm.study.frames"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
