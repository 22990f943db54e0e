"""Options of a measurement that several commands share, and what becomes of them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from isotherm.errors import BadSetting

if TYPE_CHECKING:
    from isotherm.app.settings import Facts, Settings


def number(text: str) -> float:
    """Read a number of the command line."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} came; a number is wanted, as in 1.5") from None


def whole_number(text: str) -> int:
    """Read a whole number of the command line."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} came; a whole number is wanted, as in 1000") from None


def add_choices(parser: argparse.ArgumentParser, *, organ_frame: bool = True) -> None:
    """Add the settings and facts of a measurement; `organ_frame` where the organ's image has to be told."""
    group = parser.add_argument_group("settings")
    group.add_argument("--organ-name", choices=("liver", "lung"), default="liver")
    parser.set_defaults(organ_frame="before")
    if organ_frame:
        group.add_argument("--organ-frame", choices=("before", "after"), default="before",
                           help="the image the organ was drawn on (default: %(default)s)")  # fmt: skip
    group.add_argument("--registration-error-mm", type=number, metavar="X",
                       help="mean registration error; if absent, the published mean is assumed and named")  # fmt: skip
    group.add_argument("--outline-error-mm", type=number, metavar="X",
                       help="sd of the outlines (default: what masks of `isotherm segment` say, else 0.5)")  # fmt: skip
    group.add_argument("--target-margin-mm", type=number, default=5.0, metavar="X", help="default: %(default)s")
    group.add_argument("--capsule-tolerance-mm", type=number, default=1.5, metavar="X", help="default: %(default)s")
    group.add_argument("--samples", type=whole_number, default=1000, metavar="N", help="draws (default: %(default)s)")
    group.add_argument("--seed", type=whole_number, default=0, metavar="N", help="default: %(default)s")
    facts = parser.add_argument_group("facts that travel with the result")
    facts.add_argument("--drawn-boundary", metavar="TEXT", help="which boundary of the zone was drawn")
    facts.add_argument("--days-after-ablation", type=number, metavar="N", help="when the zone was imaged")
    facts.add_argument("--modality", metavar="TEXT", help="how the tumor was ablated: RFA, MWA, cryoablation, ...")
    facts.add_argument("--reader", metavar="TEXT", help="who drew the masks")
    parser.add_argument("--out", metavar="DIR", help="folder for the report, tables, surfaces and masks")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings that were chosen, checked."""
    from isotherm.app.settings import Settings

    given = options.outline_error_mm is not None
    return Settings(options.organ_name, options.registration_error_mm, options.outline_error_mm if given else 0.5,
                    options.target_margin_mm, options.capsule_tolerance_mm, options.samples, options.seed,
                    options.organ_frame, outline_error_given=given)  # fmt: skip


def facts_of(options: argparse.Namespace) -> Facts:
    """Return the facts that were told."""
    from isotherm.app.settings import Facts

    return Facts(options.drawn_boundary, options.days_after_ablation, options.modality, options.reader)


def structures_of(specs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return name and file of each NAME=FILE.

    Raises
    ------
    BadSetting
    """
    from isotherm.printable import printable

    structures: list[tuple[str, str]] = []
    for spec in specs:
        name, found, path = spec.partition("=")
        if not (found and name and path):
            raise BadSetting(
                f"--structure {spec.rsplit('/', 1)[-1]} came; write NAME=FILE, as in bile-duct=duct.nii.gz."
            )
        structures.append((printable(name), path))
    return tuple(structures)
