"""Settings and Facts: what a user can choose and tell, checked where it comes in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from isotherm.errors import BadSetting
from isotherm.printable import printable

FEWEST_SAMPLES = 100
"""Draws of which a chance is told; what none of so many does may still come once in a hundred."""

Frame = Literal["before", "after"]


def _within(option: str, value: float | None, low: float, high: float, unit: str) -> None:
    if value is not None and not low <= value <= high:
        shown = str(value)[:24] if isinstance(value, int) else f"{value:g}"
        most = str(high) if isinstance(high, int) else f"{high:g}"
        raise BadSetting(f"{option} {shown} came; give {low:g} to {most} {unit}".rstrip() + ".")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user can choose; every value is checked here.

    An outline error that was not given gives way to what the masks say of themselves.

    Raises
    ------
    BadSetting
    """

    organ_name: str = "liver"
    registration_error_mm: float | None = None
    outline_error_mm: float = 0.5
    target_margin_mm: float = 5.0
    capsule_tolerance_mm: float = 1.5
    samples: int = 1000
    seed: int = 0
    organ_frame: Frame = "before"
    outline_error_given: bool = False

    def __post_init__(self) -> None:
        _within("--registration-error-mm", self.registration_error_mm, 0.0, 20.0, "mm")
        _within("--outline-error-mm", self.outline_error_mm, 0.0, 5.0, "mm")
        _within("--target-margin-mm", self.target_margin_mm, 0.5, 20.0, "mm")
        _within("--capsule-tolerance-mm", self.capsule_tolerance_mm, 0.0, 3.0, "mm")
        _within("--samples", self.samples, FEWEST_SAMPLES, 100_000, "draws")
        _within("--seed", self.seed, 0, 2**63, "")
        if self.organ_name not in ("liver", "lung"):
            raise BadSetting(f"--organ-name {self.organ_name} came; give liver or lung.")
        if self.organ_frame not in ("before", "after"):
            raise BadSetting(f"--organ-frame {self.organ_frame} came; give before or after.")

    def as_drawn(self, outline_error_mm: float | None) -> Settings:
        """Return the settings with the outline error that the masks tell, where there is one and none was given."""
        if outline_error_mm is None or self.outline_error_given:
            return self
        return replace(self, outline_error_mm=outline_error_mm)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about the drawing and the examination; it travels with the result. Empty words are none."""

    drawn_boundary: str | None = None
    days_after_ablation: float | None = None
    modality: str | None = None
    reader: str | None = None

    def __post_init__(self) -> None:
        _within("--days-after-ablation", self.days_after_ablation, 0.0, 3650.0, "days")
        # They go into files, a page and a terminal: what none of these can show becomes a question mark.
        for name in ("drawn_boundary", "modality", "reader"):
            told: str | None = getattr(self, name)
            object.__setattr__(self, name, printable(told).strip() or None if told else None)


UNTOLD = Facts()
"""Nothing is known beside the images."""
