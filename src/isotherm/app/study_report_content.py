"""The sections of a study's report in their order: one content, printed as a page and as a document."""

from __future__ import annotations

from dataclasses import replace

from isotherm.app.study_report_designs import became_words, competing, designs, measured
from isotherm.app.study_report_drawn import Drawings
from isotherm.app.study_report_factors import factors
from isotherm.app.study_report_frame import Outcome, is_adjusted, is_imputed, outcomes_of, warnings_of
from isotherm.app.study_report_grouped import sensitivity, subgroups, survival
from isotherm.app.study_report_parts import (
    Block,
    Bullets,
    Heading,
    Paragraph,
    Runs,
    Section,
    Table,
    Words,
    blocks,
    bound,
    first_data_set,
    pictures_of,
    say,
    table_of,
)
from isotherm.app.study_report_prose import (
    balance_words,
    estimate_words,
    methods_text,
    results_text,
    who_came,
)
from isotherm.app.study_report_tables import checklist, missing_values, only_an_author, settings, table_one
from isotherm.app.study_report_unadjusted import unadjusted_words
from isotherm.app.study_report_words import Result

TITLES = {
    "answer": "Main estimate", "designs": "Designs side by side",
    "findings": "Overrides and warnings", "flow": "Flow of patients", "patients": "Patients",
    "balance": "Balance and overlap", "outcomes": "Outcomes", "factors": "Factors", "subgroups": "Subgroups",
    "sensitivity": "Sensitivity analyses", "missing": "Missing data", "methods": "Methods",
    "results": "Results in words", "checklists": "Checklists", "software": "Settings and software",
}  # fmt: skip
"""Titles of the sections by key, in the order of the page."""


def sections_of(result: Result, drawings: Drawings) -> tuple[Section, ...]:
    """Return the sections that have something to show, in the order of the page; the first screen is not among them."""
    made = {
        "designs": designs(result, drawings),
        "findings": _findings(result),
        "flow": _flow(result, drawings),
        "patients": blocks(table_one(result)),
        "balance": _balance(result, drawings),
        "outcomes": _outcomes(result, drawings),
        "factors": factors(result, drawings),
        "subgroups": _subgroups(result, drawings),
        "sensitivity": _sensitivity(result, drawings),
        "missing": _missing(result),
        "methods": methods_text(result),
        "results": results_text(result),
        "checklists": _checklists(result),
        "software": _software(result),
    }
    return tuple(Section(key, TITLES[key], found) for key, found in made.items() if found)


def _of_the_first(result: Result) -> Runs:
    """Say behind a caption that what it shows was made from the first imputed data set."""
    return (Words(" "), *first_data_set(result)) if is_imputed(result) else ()


def _instead(result: Result, prefix: str, title: str) -> tuple[Block, ...]:
    """Say under its title that a figure is withheld; nothing where there never was one."""
    if not any(name.startswith(prefix) for name in result["curves"]):
        return ()
    return (Heading(title), Paragraph((Words("The figure is withheld, since it would show small counts."),)))


def _flow(result: Result, drawings: Drawings) -> tuple[Block, ...]:
    words = ("Each box was counted by the condition that filtered it, and the boxes add up: the numbers in a box are "
             "the sums of those in the boxes below and beside it. Dashed: left out.")  # fmt: skip
    made = _of_the_first(result) if any(key.startswith("matching.") for key in result["results"]) else ()
    caption = (Words(words), *((Words(" Matched or not:"), *made) if made else ()))
    return blocks(Paragraph(who_came(result)), pictures_of(drawings, "flow", "Who came in, and who left", caption))


def _balance(result: Result, drawings: Drawings) -> tuple[Block, ...]:
    love = say(result, "Differences between the means of the arms, divided by the same denominator before and after: "
                       "{balance.denominator}. The dashed line is a convention and no proof of balance: what was not "
                       "recorded cannot be balanced.")  # fmt: skip
    overlap = (Words("Where one arm has nobody, nothing can be compared. Bars: patients; outlines: the sums of their "
                     "weights after adjustment (1 for each matched patient)."), *_of_the_first(result))  # fmt: skip
    made = _of_the_first(result)
    return blocks(
        Paragraph(balance_words(result)),
        pictures_of(drawings, "love", "Balance of covariates before and after adjustment", (*love, *made)),
        pictures_of(drawings, "overlap", "Overlap of propensities", overlap)
        or _instead(result, "overlap.", "Overlap of propensities"),
        *(replace(table, remark=made) for name in ("balance", "propensity") if (table := table_of(result, name))),
    )


def _outcomes(result: Result, drawings: Drawings) -> tuple[Block, ...]:
    found = [block for outcome in outcomes_of(result) for block in _outcome(result, outcome, drawings)]
    binary = table_of(result, "binary")
    tables = [table_of(result, "effects"), survival(result),
              None if binary is None else replace(binary, remark=_of_the_first(result))]  # fmt: skip
    models = [table_of(result, f"models.{outcome.name}") for outcome in outcomes_of(result)]
    differ = Paragraph(unadjusted_words(result), "remark")
    return blocks(became_words(result), found, tables[0], differ, *tables[1:], *models, measured(result))


def _outcome(result: Result, outcome: Outcome, drawings: Drawings) -> tuple[Block, ...]:
    runs = estimate_words(result, outcome.name)
    warned = [
        Paragraph((Words("Mind: ", strong=True), bound(result, key))) for key in warnings_of(result, outcome.name)
    ]
    title = outcome.label + (" (primary outcome)" if outcome.primary else "")
    pictures = pictures_of(drawings, f"curves_{outcome.name}", title, _curves_caption(result, outcome))
    return blocks(
        pictures or _instead(result, f"survival.{outcome.name}.", title) or (Heading(title) if runs else None),
        Paragraph(runs),
        warned,
        competing(result, outcome, drawings),
    )


def _curves_caption(result: Result, outcome: Outcome) -> Runs:
    """Say what the curves count, how they were adjusted, and of which data set they are."""
    defined = f"Counted: {outcome.definition.rstrip('. ')}. " if outcome.definition else ""
    if not is_adjusted(result):
        return (Words(f"{defined}Not adjusted."),)
    how = str(result["settings"].get("adjustment") or "")
    words = (f"{defined}Adjusted: {how}. Adjusted numbers at risk are sums of weights. Naive: the arms as they are, "
             "without adjustment.")  # fmt: skip
    return (Words(words), *_of_the_first(result))


def _subgroups(result: Result, drawings: Drawings) -> tuple[Block, ...]:
    caption = ("Whether an effect differs between subgroups is the question of the test of interaction, not of "
               "intervals side by side; one in twenty such tests is below 0.05 by chance alone.")  # fmt: skip
    runs = (Words(caption), *_of_the_first(result))
    pictures = [page for one in outcomes_of(result) for page in
                pictures_of(drawings, f"forest_{one.name}", f"{one.label} within subgroups", runs)]  # fmt: skip
    found = blocks(*pictures, subgroups(result))
    return (*became_words(result), *found) if found else ()


def _sensitivity(result: Result, drawings: Drawings) -> tuple[Block, ...]:
    caption = (Words("Other routes may estimate the effect in other patients; the table says in whom."),)
    pictures = [page for one in outcomes_of(result)
                for page in pictures_of(drawings, f"sensitivity_{one.name}",
                                        f"{one.label}: the estimate by other routes", caption)]  # fmt: skip
    found = blocks(*pictures, sensitivity(result))
    return (*became_words(result), *found) if found else ()


def _missing(result: Result) -> tuple[Block, ...]:
    start = "How missing covariates were handled: "
    imputed = say(result, f"{start}{{imputation.method}}. ")
    plain = (Words(f"{start}{result['settings'].get('missing') or 'not stated'}."),)
    return blocks(Paragraph(imputed or plain), missing_values(result))


def _findings(result: Result) -> tuple[Block, ...]:
    kinds = {"override": "Rules of design that were set aside, with the reason",
             "finding": "Findings about records and design", "warning": "Warnings from the analysis"}  # fmt: skip
    whole: list[Block] = []
    for kind, title in kinds.items():
        items = [(bound(result, str(one["key"])),) for one in result["findings"]
                 if one["kind"] == kind and one["key"] in result["results"]]  # fmt: skip
        whole += [Heading(title), Bullets(tuple(items))] if items else []
    nothing = Paragraph((Words("Nothing was found that speaks against the design, and no rule of it was set aside."),))
    return blocks(whole or nothing)


def _checklists(result: Result) -> tuple[Block, ...]:
    note = ("Items are in our own words; for theirs see von Elm et al., PLoS Med 2007;4:e296, and Benchimol et al., "
            "PLoS Med 2015;12:e1001885; and, where a target trial is emulated, Cashin et al., JAMA "
            "2025;334:1084-1093.")  # fmt: skip
    return blocks(
        Paragraph((Words(note),), "remark"), only_an_author(result), checklist(result, "STROBE", TITLES),
        checklist(result, "RECORD", TITLES), checklist(result, "TARGET", TITLES),
    )  # fmt: skip


def _software(result: Result) -> tuple[Block, ...]:
    versions = ((Words(str(name)),) for name in result["software"])
    rows = tuple(
        (name, (Words(str(version)),)) for name, version in zip(versions, result["software"].values(), strict=True)
    )
    protocol = result["protocol"]
    license_words = f" License of the data: {protocol['license']}." if protocol.get("license") else ""
    return blocks(
        Paragraph((*say(result, "SHA-256 of the protocol's file: {protocol.file_hash}. "),
                   *say(result, "SHA-256 of what it says, however it is laid out: {protocol.hash}. "),
                   Words(f"Seed: {protocol['seed']}.{license_words}"))),
        settings(result), Table("Software", ("Program", "Version"), rows),
        Paragraph((Words("The same protocol, table and seed give the same numbers. Each number here carries the id of "
                         "its record in result.json."),), "remark"),
    )  # fmt: skip
