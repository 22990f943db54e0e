"""The sections of a study's report in their order: one content, printed as a page and as a document."""

from __future__ import annotations

from isotherm.app.study_report_drawn import Drawings
from isotherm.app.study_report_frame import Outcome, family, outcomes_of, warnings_of
from isotherm.app.study_report_parts import (
    Block,
    Bullets,
    Paragraph,
    Picture,
    Runs,
    Section,
    Table,
    Words,
    blocks,
    bound,
    say,
    table_of,
)
from isotherm.app.study_report_prose import (
    balance_words,
    estimate_words,
    joined,
    methods_text,
    results_text,
    who_came,
)
from isotherm.app.study_report_tables import checklist, missing_values, only_an_author, settings, table_one
from isotherm.app.study_report_words import Result

TITLES = {
    "answer": "Main estimate", "flow": "Flow of patients", "patients": "Patients", "balance": "Balance and overlap",
    "outcomes": "Outcomes", "subgroups": "Subgroups", "sensitivity": "Sensitivity analyses", "missing": "Missing data",
    "findings": "Design: findings and overrides", "methods": "Methods", "results": "Results in words",
    "checklists": "Checklists", "software": "Settings and software",
}  # fmt: skip
"""Titles of the sections by key, in the order of the page."""


def sections_of(result: Result, drawings: Drawings) -> tuple[Section, ...]:
    """Return the sections that have something to show, in the order of the page; the first screen is not among them."""
    made = {
        "flow": _flow(result, drawings),
        "patients": blocks(table_one(result)),
        "balance": _balance(result, drawings),
        "outcomes": _outcomes(result, drawings),
        "subgroups": _subgroups(result, drawings),
        "sensitivity": _sensitivity(result, drawings),
        "missing": _missing(result),
        "findings": _findings(result),
        "methods": methods_text(result),
        "results": results_text(result),
        "checklists": _checklists(result),
        "software": _software(result),
    }
    return tuple(Section(key, TITLES[key], found) for key, found in made.items() if found)


def _picture(drawings: Drawings, name: str, title: str, caption: str | Runs = ()) -> Picture | None:
    """Return a figure with its caption; None where there is nothing to draw."""
    if name not in drawings:
        return None
    return Picture(name, title, drawings[name], (Words(caption),) if isinstance(caption, str) else caption)


def _withheld(result: Result, prefix: str, title: str = "") -> Paragraph | None:
    """Say that a figure is withheld; None where there never was one."""
    if not any(name.startswith(prefix) for name in result["curves"]):
        return None
    return Paragraph((Words(f"{title}The figure is withheld, since it would show small counts."),))


def _flow(result: Result, drawings: Drawings) -> tuple[Block, ...]:
    words = ("Each box was counted by the condition that filtered it, and the boxes add up: within each box, patients, "
             "arms and places are the sums of its parts. Dashed: left out.")  # fmt: skip
    return blocks(Paragraph(who_came(result)), _picture(drawings, "flow", "Who came in, and who left", words))


def _balance(result: Result, drawings: Drawings) -> tuple[Block, ...]:
    love = say(result, "Difference of means of each covariate, divided by the denominator named under the axis, the "
                       "same before and after. The dashed line is a convention and no proof of balance: what was not "
                       "recorded cannot be balanced. Denominator: {balance.denominator}.")  # fmt: skip
    overlap = ("Where one arm has nobody, nothing can be compared. Bars: patients; outlines: the sums of their weights "
               "after adjustment (1 for each matched patient).")  # fmt: skip
    return blocks(
        Paragraph(balance_words(result)),
        _picture(drawings, "love", "Balance of covariates before and after adjustment", love),
        _picture(drawings, "overlap", "Overlap of propensities", overlap) or _withheld(result, "overlap."),
        table_of(result, "balance"),
        table_of(result, "propensity"),
    )


def _outcomes(result: Result, drawings: Drawings) -> tuple[Block, ...]:
    found = [block for outcome in outcomes_of(result) for block in _outcome(result, outcome, drawings)]
    tables = [table_of(result, name) for name in ("effects", "survival", "binary")]
    models = [table_of(result, f"models.{outcome.name}") for outcome in outcomes_of(result)]
    return blocks(found, *tables, *models)


def _outcome(result: Result, outcome: Outcome, drawings: Drawings) -> tuple[Block, ...]:
    runs = estimate_words(result, outcome.name)
    warned = [
        Paragraph((Words("Mind: ", strong=True), bound(result, key))) for key in warnings_of(result, outcome.name)
    ]
    caption = ("Bold: adjusted; dotted: as observed. Numbers at risk belong to the times above them; adjusted ones are "
               "sums of weights.")  # fmt: skip
    title = outcome.label + (" (primary)" if outcome.primary else "")
    defined = f"{outcome.definition} {caption}".strip()
    return blocks(
        _picture(drawings, f"curves_{outcome.name}", title, defined)
        or _withheld(result, f"survival.{outcome.name}.", f"{title}: "),
        Paragraph(runs),
        warned,
    )


def _subgroups(result: Result, drawings: Drawings) -> tuple[Block, ...]:
    caption = ("Whether an effect differs between subgroups is the question of the test of interaction, not of "
               "intervals side by side; one in twenty such tests is below 0.05 by chance alone.")  # fmt: skip
    pictures = [_picture(drawings, f"forest_{one.name}", f"{one.label} within subgroups", caption)
                for one in outcomes_of(result)]  # fmt: skip
    return blocks(*pictures, table_of(result, "subgroups"))


def _sensitivity(result: Result, drawings: Drawings) -> tuple[Block, ...]:
    pictures = [_picture(drawings, f"sensitivity_{one.name}", f"{one.label}: the estimate by other routes",
                         "Routes may estimate the effect in other patients; the table says in whom.")
                for one in outcomes_of(result)]  # fmt: skip
    return blocks(*pictures, table_of(result, "sensitivity"))


def _missing(result: Result) -> tuple[Block, ...]:
    return blocks(
        Paragraph(joined(say(result, "How they were treated: {imputation.method}. "),
                         () if "imputation.method" in result["results"] else
                         (Words(f"How they were treated: {result['settings'].get('missing') or 'not stated'}."),))),
        missing_values(result),
    )  # fmt: skip


def _findings(result: Result) -> tuple[Block, ...]:
    kinds = {"override": "Overrides", "finding": "Findings", "warning": "Warnings"}
    whole: list[Block] = []
    for kind, title in kinds.items():
        rows = [((Words(title.removesuffix("s")),), (bound(result, str(one["key"])),)) for one in result["findings"]
                if one["kind"] == kind and one["key"] in result["results"]]  # fmt: skip
        whole += [Table(title, ("Kind", "What it says"), tuple(rows))] if rows else []
    caveats = [(bound(result, key),) for key, _ in family(result, "caveat")]
    note = Paragraph((Words("What the data cannot show, as declared in the protocol:"),))
    return blocks(whole or Paragraph((Words("The guard found nothing, and no rule of design was set aside."),)),
                  *([note, Bullets(tuple(caveats))] if caveats else []))  # fmt: skip


def _checklists(result: Result) -> tuple[Block, ...]:
    note = ("Items are in our own words; for theirs see von Elm et al., PLoS Med 2007;4:e296, and Benchimol et al., "
            "PLoS Med 2015;12:e1001885.")  # fmt: skip
    return blocks(
        Paragraph((Words(note),), "remark"), only_an_author(result), checklist(result, "STROBE", TITLES),
        checklist(result, "RECORD", TITLES),
    )  # fmt: skip


def _software(result: Result) -> tuple[Block, ...]:
    versions = ((Words(str(name)),) for name in result["software"])
    rows = tuple(
        (name, (Words(str(version)),)) for name, version in zip(versions, result["software"].values(), strict=True)
    )
    protocol = result["protocol"]
    license_words = f" License of the data: {protocol['license']}." if protocol.get("license") else ""
    return blocks(
        Paragraph((*say(result, "SHA-256 of the protocol: {protocol.hash}. "),
                   Words(f"Seed: {protocol['seed']}.{license_words}"))),
        settings(result), Table("Software", ("Program", "Version"), rows),
        Paragraph((Words("The same protocol, table and seed give the same numbers. Each number here has the id of its "
                         "record in result.json."),), "remark"),
    )  # fmt: skip
