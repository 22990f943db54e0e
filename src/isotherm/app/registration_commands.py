"""The commands `isotherm register` and `isotherm assess`: parse, call one task, print; heavy imports wait."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isotherm.app.margin_options import add_choices, facts_of, number, settings_of, structures_of
from isotherm.app.pacs_commands import add_server, server_of

if TYPE_CHECKING:
    from isotherm.app.choosing import ChoiceRequest
    from isotherm.app.pair import PairRequest
    from isotherm.app.reading import Side

EXIT_CODES = """exit codes:
  0    done; every registration passed its gates, or was warned of, which the result says
  1    the scans could not be registered: they do not meet, or too little of them looks alike
  2    what came in, or the place to write to, cannot be used; the message says what to do
  3    a registration failed its gates: its margin is withheld, and nothing of it is to be used"""

NOT_TO_BE_USED = 3

MR_SIDES: dict[str | None, tuple[Side, ...]] = {
    None: (),
    "before": ("before",),
    "after": ("after",),
    "both": ("before", "after"),
}
"""Which scans are MR, by what --mr says."""

Print = Callable[[str], None]


def add_registration(commands: Any, out: Print) -> None:
    """Add both commands to those of argparse; `out` prints."""
    _add_register(commands, out)
    _add_assess(commands, out)


def _add_register(commands: Any, out: Print) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "register", help="carry the scan before ablation onto the scan after it, and judge how", epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    files = parser.add_argument_group("files (DICOM folders, FOLDER:SERIES picks one; NIfTI, NRRD, MHA)")
    files.add_argument("--before", metavar="FILE", required=True, help="scan before ablation; it is carried")
    files.add_argument("--after", metavar="FILE", required=True, help="scan after ablation; it stays")
    files.add_argument("--before-tumor", dest="tumor", metavar="FILE[:LABEL]", action="append", default=[],
                       help="tumor on the scan before; repeat for several lesions")  # fmt: skip
    files.add_argument("--after-ablation", dest="ablation", metavar="FILE[:LABEL]", action="append", default=[],
                       help="ablation zone on the scan after; it never pulls at the tumor")  # fmt: skip
    files.add_argument("--before-organ", dest="organ_before", metavar="FILE[:LABEL]", help="organ on the scan before")
    files.add_argument("--after-organ", dest="organ_after", metavar="FILE[:LABEL]", help="organ on the scan after")
    _add_ways(parser, files)
    parser.add_argument("--organ-name", choices=("liver", "lung"), default="liver", help="for gray values of pictures")
    parser.add_argument("--out", metavar="DIR", help="folder for transform, gates and pictures")
    parser.add_argument("--json", metavar="FILE", help="write registration.json to FILE, or to standard output with -")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=partial(_register, out=out))


def _add_assess(commands: Any, out: Print) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "assess", help="from the scans before and after ablation to the report: registration and margin",
        epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("before", metavar="BEFORE", help="scan before ablation: a DICOM folder, FOLDER:SERIES, a file, "
                        "or with --study pacs:SERIES")  # fmt: skip
    parser.add_argument("after", metavar="AFTER", help="scan after ablation")
    files = parser.add_argument_group("masks (as in `isotherm margin`), each on the scan it was drawn on")
    files.add_argument("--tumor", metavar="FILE[:LABEL]", action="append", required=True,
                       help="tumor on the scan before; repeat for several lesions")  # fmt: skip
    files.add_argument("--ablation", metavar="FILE[:LABEL]", action="append", required=True,
                       help="ablation zone on the scan after; repeated zones are united")  # fmt: skip
    files.add_argument(
        "--organ-before", metavar="FILE[:LABEL]", help="organ on the scan before: guides the registration"
    )
    files.add_argument("--organ-after", metavar="FILE[:LABEL]",
                       help="organ on the scan after: it bounds the margin; else the one before does")  # fmt: skip
    files.add_argument("--vessels-before", metavar="FILE[:LABEL]", action="append", default=[], help="vessels, carried")
    files.add_argument(
        "--vessels-after", metavar="FILE[:LABEL]", action="append", default=[], help="vessels, as they lie"
    )
    files.add_argument("--structure", metavar="NAME=FILE", action="append", default=[],
                       help="on the scan after: report distances from lesion and zone; may be repeated")  # fmt: skip
    files.add_argument("--old-scar", metavar="FILE[:LABEL]", action="append", default=[],
                       help="zone of an earlier ablation on the scan after, not to be counted")  # fmt: skip
    _add_ways(parser, files)
    add_choices(parser, organ_frame=False)
    parser.add_argument("--zone-shrinkage", type=number, metavar="SHARE", help="tell, too, the margin if the zone had "
                        "lost this share of its volume (0.2); an assumption, never the finding")  # fmt: skip
    parser.add_argument("--json", metavar="FILE", help="write margin.json to FILE, or to standard output with -")
    parser.add_argument("--dicom", metavar="DIR", help="folder for the results in DICOM (default, where "
                        "AFTER is DICOM: dicom in --out)")  # fmt: skip
    _add_pacs(parser)
    parser.set_defaults(run=partial(_assess, out=out))


def _add_pacs(parser: argparse.ArgumentParser) -> None:
    group = add_server(parser)
    group.add_argument("--study", metavar="UID", action="append", default=[], help="fetch this study into --out; "
                       "twice: the one before and the one after. pacs:SERIES and pacs:SERIES:LABEL are then in it, for "
                       "what belongs to the scan before in the first, else in the second")  # fmt: skip
    group.add_argument("--push", action="store_true", help="send the results in DICOM to the PACS, and read them back")


def _add_ways(parser: argparse.ArgumentParser, files: Any) -> None:
    files.add_argument("--confirm-pair", action="store_true",
                       help="the DICOM objects are of one patient and in order, whatever they say")  # fmt: skip
    files.add_argument("--mr", choices=("before", "after", "both"), help="this scan is MR, where its file does "
                       "not say so (DICOM does); MR is not validated, and CT beside MR is withheld")  # fmt: skip
    ways = parser.add_argument_group("registration")
    ways.add_argument("--method", choices=("deformable", "rigid", "landmarks"),
                      help="what the margin is measured with; deformable and rigid are both told; landmarks: of them "
                      "alone (default: deformable)")  # fmt: skip
    ways.add_argument("--transform", metavar="FILE", help="use and judge this transform, after to before, and register "
                      "nothing (.tfm, .txt, .h5; displacements as .nii.gz, .nrrd, .mha; DICOM)")  # fmt: skip
    ways.add_argument("--transform-inverse", action="store_true", help="it carries a point before to the one after")
    ways.add_argument("--landmarks", metavar="FILE", help="the same places on both scans, a gate of their own (CSV of "
                      "pairs; with --landmarks-before those on the scan after: .mrk.json, .fcsv, .pts)")  # fmt: skip
    ways.add_argument("--landmarks-before", metavar="FILE", help="those on the scan before")
    ways.add_argument("--mend", action="store_true", help="correct the registration by the landmarks; each is then "
                      "judged by the others")  # fmt: skip
    ways.add_argument("--nudge", metavar="L,P,S[,L,P,S]", help="move the tumor on the scan after by mm to left, "
                      "posterior, superior, and turn it by degrees about these axes: --nudge=0,0,-3")  # fmt: skip
    ways.add_argument("--landmarks-frame", choices=("LPS", "RAS"), help="where the files do not say it")


def _pair_request(options: argparse.Namespace, before: str, after: str) -> PairRequest:
    from isotherm.app.pair import PairRequest

    told = vars(options)
    return PairRequest(
        before, after, tuple(options.tumor), tuple(options.ablation), options.organ_before, options.organ_after,
        tuple(told.get("vessels_before", ())), tuple(told.get("vessels_after", ())),
        structures_of(told.get("structure", ())), tuple(told.get("old_scar", ())), options.confirm_pair,
        MR_SIDES[options.mr],
    )  # fmt: skip


def _choice(options: argparse.Namespace) -> ChoiceRequest:
    from isotherm.app.choosing import ChoiceRequest

    return ChoiceRequest(options.method, options.transform, options.transform_inverse, options.landmarks,
                         options.landmarks_before, options.landmarks_frame, options.mend, options.nudge)  # fmt: skip


def _register(options: argparse.Namespace, out: Print) -> int:
    from isotherm.app.outputs import json_text
    from isotherm.app.pair import read_pair
    from isotherm.app.places import keep_inputs, new_folder, usable_file
    from isotherm.app.progress import Progress
    from isotherm.app.registering import register_pair
    from isotherm.app.registration_document import registration_document
    from isotherm.app.registration_outputs import (
        registration_in,
        write_registration,
        write_registration_objects,
    )
    from isotherm.app.registration_terminal import registration_text
    from isotherm.app.terminal import terminal_columns
    from isotherm.exchange.atomic import write_text

    request, asked = _pair_request(options, options.before, options.after), _choice(options)
    files = (*request.files, *asked.files)  # none of them is written over
    if options.json not in (None, "-"):
        keep_inputs([usable_file(options.json)], files)
    if options.out:
        keep_inputs(registration_in(Path(options.out)), files)
    folder: AbstractContextManager[Path | None] = nullcontext() if options.out is None else new_folder(options.out)
    with folder as home, Progress(quiet=options.quiet) as progress:
        progress("reading")
        pair = read_pair(request)
        registered = register_pair(pair, asked.read(pair), progress=progress)
        document = registration_document(pair, registered)
        if home is not None:
            progress("writing")
            write_registration(home, pair, registered, document, pictures_of=options.organ_name)
            write_registration_objects(home, request, registered)
    if options.json not in (None, "-"):
        write_text(options.json, json_text(document))
    out(json_text(document) if options.json == "-" else registration_text(document, terminal_columns()) + "\n")
    return NOT_TO_BE_USED if document["verdict"] == "fail" else 0


def _fetched(options: argparse.Namespace) -> argparse.Namespace:
    """Return the options with files in place of what they name in a PACS, once its studies are here."""
    from isotherm.app.pacs_pair import SIDES, names_in_files
    from isotherm.app.progress import Progress

    with Progress(quiet=options.quiet) as progress:
        names = names_in_files(
            server_of(options), options.study, options.out, {name: getattr(options, name) for name in SIDES},
            tell=progress,
        )  # fmt: skip
    return argparse.Namespace(**(vars(options) | names))


def _sent(options: argparse.Namespace, folder: Path | None) -> tuple[list[str], bool]:
    """Send the results in DICOM where that was asked for; return what is to be told, and whether all is there."""
    from isotherm.app.pacs_show import pushed_text
    from isotherm.app.pacs_tasks import push_files
    from isotherm.app.progress import Progress

    if not options.push:
        return [], True
    if folder is None or not any(folder.glob("*.dcm")):
        return ["PACS: nothing was sent, since there are no results in DICOM"], False
    with Progress(quiet=options.quiet) as progress:
        sent = push_files(server_of(options), [str(folder)], tell=progress)
    return [f"PACS: {pushed_text(sent)}"], sent.pushed.whole


def _assess(options: argparse.Namespace, out: Print) -> int:
    from isotherm.app.assess_pair import assess_pair
    from isotherm.app.assess_pair_outputs import Places, write_pair_assessment
    from isotherm.app.outputs import json_text
    from isotherm.app.pair import read_pair
    from isotherm.app.places import new_folder
    from isotherm.app.progress import Progress
    from isotherm.app.provenance import Provenance
    from isotherm.app.registration_terminal import verdict_text
    from isotherm.app.terminal import margin_table, terminal_columns
    from isotherm.exchange.atomic import write_text
    from isotherm.imaging.shrinkage import Shrinkage

    options = _fetched(options)
    request, asked = _pair_request(options, options.before, options.after), _choice(options)
    settings, facts = settings_of(options), facts_of(options)
    shrinkage = None if options.zone_shrinkage is None else Shrinkage(options.zone_shrinkage)
    places = Places.of(options.out, options.dicom, options.json, request.after)
    places.keep((*request.files, *asked.files))
    folder: AbstractContextManager[Path | None] = nullcontext() if options.out is None else new_folder(options.out)
    with folder, Progress(quiet=options.quiet) as progress:
        progress("reading")
        pair = read_pair(request)
        found = assess_pair(pair, asked.read(pair), settings, facts, shrinkage=shrinkage, progress=progress)
        written = write_pair_assessment(places, request, pair, found, Provenance.now(), progress=progress)
    document, width = found.assessment.document, terminal_columns()
    if options.json not in (None, "-"):
        write_text(options.json, json_text(document))
    sent, arrived = _sent(options, places.dicom)
    told = "\n".join([verdict_text(document, width), margin_table(document, width), *written, *sent])
    out(json_text(document) if options.json == "-" else told + "\n")
    return NOT_TO_BE_USED if found.withheld or not arrived else 0
