"""The commands `isotherm registry cohort` and `overlap`: parse, call one task, print; heavy imports wait."""

from __future__ import annotations

import argparse
from typing import Any

from isotherm.app.registry_commands import EXIT_CODES, REGISTRY_HELP


def add_cohort(within: Any) -> None:
    """Add `cohort` and `overlap` to the commands of `isotherm registry`."""
    one: argparse.ArgumentParser = within.add_parser(
        "cohort", help="a table with baseline, scores, margins and endpoints: a row per patient, session or tumor",
        epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    one.add_argument("registry", metavar="REGISTRY", help=REGISTRY_HELP)
    one.add_argument("--per", metavar="UNIT", default="patient", help="patient (default), session or tumor")
    one.add_argument("--out", metavar="FILE.csv", required=True, help="the table; isotherm study init reads it")
    one.add_argument("--where", metavar="CONDITION", default="",
                     help="only rows that meet it, as in \"age_years >= 18 and organ == 'liver'\"; rows of which it is "
                     "unknown are left out, and counted")  # fmt: skip
    one.add_argument("--choose", metavar="KEY=VALUE", action="append", default=[],
                     help="what no consensus settles: anchor, local_from, repeat, efficacy_days, complication_days, "
                     "upfront=14..28, delayed=60..90, synchronous; repeat")  # fmt: skip
    one.add_argument("--problems", metavar="FILE.csv",
                     help="every date and reference that cannot be, by patient and field")  # fmt: skip
    one.set_defaults(run=_cohort)
    two: argparse.ArgumentParser = within.add_parser(
        "overlap", help="who may be in two tables of identifiers, or in one twice, compared by keyed hashes",
        epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    two.add_argument("tables", metavar="TABLE", nargs="*",
                     help="one or two CSV files: identifiers that a site holds, or hashes from --hashes")  # fmt: skip
    two.add_argument("--key", metavar="KEYFILE", help="the key that the sites share; made where none is")
    two.add_argument("--hashes", metavar="FILE.csv", help="write the hashes of one table of identifiers, and stop: "
                     "what a coordinator without the key compares")  # fmt: skip
    two.add_argument("--registry", metavar="REGISTRY", help="look for near-duplicates in a registry: same date of "
                     "birth, sex, primary tumor and day of an ablation")  # fmt: skip
    two.add_argument("--out", metavar="FILE.csv", help="the pairs; a person decides who is one")
    two.set_defaults(run=_overlap)


def _cohort(options: argparse.Namespace) -> int:
    from isotherm.app.registry_cohort import settings_of, write_cohort

    print(write_cohort(options.registry, options.per, options.out, where=options.where,
                       settings=settings_of(options.choose), problems=options.problems))  # fmt: skip
    return 0


def _overlap(options: argparse.Namespace) -> int:
    from isotherm.app.registry_overlap import compare, near_duplicates, write_hashes

    if options.hashes:
        print(write_hashes(options.tables, options.key, options.hashes))
    elif options.registry:
        print(near_duplicates(options.registry, options.tables, options.out))
    else:
        print(compare(options.tables, options.key, options.out))
    return 0
