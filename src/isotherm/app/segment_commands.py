"""The command `isotherm segment`: parse, call one task, print; heavy imports wait."""

from __future__ import annotations

import argparse
import json
import re
from typing import Any

EXIT_CODES = """exit codes:
  0  done
  2  what came in cannot be used, or the outline leaks; the message says where to and what to do"""


def add_segment(commands: Any) -> None:
    """Add `segment` to the commands of argparse."""
    one: argparse.ArgumentParser = commands.add_parser(
        "segment", help="outline a tumor or an ablation zone from a click and a line, or by another program",
        epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    # Places begin with a minus as often as not: without this argparse takes "-12.5,40,103" for an option.
    one._negative_number_matcher = re.compile(r"-[\d.][\d.,:eE+-]*")  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    one.add_argument("image", metavar="IMAGE", help="NIfTI, NRRD, MHA or a DICOM folder (FOLDER:SERIES picks one)")
    shown = one.add_argument_group("what is shown")
    shown.add_argument("--seed", metavar="X,Y,Z", help="a place near the middle of the lesion")
    shown.add_argument("--line", metavar="X1,Y1,Z1:X2,Y2,Z2", action="append", default=[],
                       help="across the longest diameter; may be repeated")  # fmt: skip
    shown.add_argument("--frame", choices=("lps", "ras", "ijk"), default="lps",
                       help="what the numbers are: mm, or voxels from 0 (default: %(default)s)")  # fmt: skip
    shown.add_argument("--what", choices=("tumor", "zone"), default="tumor", help="default: %(default)s")
    shown.add_argument("--organ", metavar="FILE[:LABEL]", help="organ mask: the lesion ends at its edge")
    other = one.add_argument_group("by another program, in place of a seed")
    other.add_argument("--segmenter", metavar="COMMAND", help='as in "program -i {image} -o {out}"; totalsegmentator '
                       "calls TotalSegmentator where it is installed")  # fmt: skip
    other.add_argument("--label", metavar="LABEL", help="the label of its mask that is meant")
    other.add_argument("--segmenter-timeout-s", type=float, metavar="S", help="it is ended then (default: 3600)")
    one.add_argument("--out", metavar="FILE", help="mask (.nii.gz, .nii, .nrrd), with a .json beside it")
    one.add_argument(
        "--dicom", metavar="FILE", help="the outline as a fractional SEG beside IMAGE, a DICOM folder (.dcm)"
    )
    one.add_argument("--probability", metavar="FILE", help="probability of each voxel to lie inside, for the eye")
    one.add_argument("--json", action="store_true", help="print the figures as JSON")
    one.add_argument("--quiet", action="store_true", help="no progress")
    one.set_defaults(run=_segment)


def _segment(options: argparse.Namespace) -> int:
    from isotherm.app.progress import Progress
    from isotherm.app.segment_task import Shown, segment, segment_by_program
    from isotherm.exchange.segmenter import TIMEOUT_S, Segmenter

    _refuse_a_mixture(options)
    with Progress(quiet=options.quiet) as progress:
        progress("outlining")
        if options.segmenter is None:
            shown = Shown(str(options.seed), tuple(options.line), options.frame)
            found = segment(options.image, shown, what=options.what, organ=options.organ, out=options.out,
                            probability=options.probability, dicom=options.dicom)  # fmt: skip
        else:
            seconds = TIMEOUT_S if options.segmenter_timeout_s is None else options.segmenter_timeout_s
            found = segment_by_program(
                options.image, Segmenter(options.segmenter, seconds), label=options.label,
                of="tumor" if options.what == "tumor" else "ablation", out=options.out,
            )  # fmt: skip
    print(
        json.dumps(found.told, indent=2)
        if options.json
        else _text(found.told, [one for one in (options.out, options.dicom) if one is not None])
    )
    return 0


def _refuse_a_mixture(options: argparse.Namespace) -> None:
    """Refuse options that would be ignored."""
    from isotherm.errors import BadSetting

    for_hand = options.seed is not None or options.line or options.organ is not None or options.probability is not None
    for_hand = for_hand or options.dicom is not None
    if (options.segmenter is None) == (options.seed is None) or (options.segmenter is not None and for_hand):
        raise BadSetting("Give --seed with what belongs to it, or --segmenter alone; see `isotherm segment --help`.")
    if options.segmenter is None and (options.label is not None or options.segmenter_timeout_s is not None):
        raise BadSetting("--label and --segmenter-timeout-s belong to --segmenter; leave them out.")


def _text(told: dict[str, Any], written: list[str]) -> str:
    lines = [f"{told['what']}: {told['volume_ml']:.2f} mL"]
    if told["outline_error_mm"] is not None:
        lines.append(f"outline: +- {told['outline_error_mm']:.2f} mm (estimated standard deviation)")
        if not told["lines"]:
            lines.append("one seed alone: a --line across the longest diameter guards against leaks and makes it surer")
    lines.append(f"written: {', '.join(written)}" if written else "nothing was written; give --out FILE for the mask")
    return "\n".join([*lines, "Look at the outline on every slice before you measure with it."])
