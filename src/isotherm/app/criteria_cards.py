"""CDS Hooks cards: one for each rule that was asked, as information with its source; none suggests anything to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from isotherm.app.criteria_words import ANSWER_WORDS, GAP_WORDS, RESEARCH, STATUS_WORDS, force_words
from isotherm.printable import printable

LONGEST_SUMMARY = 139
"""Characters: the summary of a card is shorter than 140."""

LONGEST_LABEL = 100

ADDRESSES = {
    "doi": "https://doi.org/", "pmid": "https://pubmed.ncbi.nlm.nih.gov/", "pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/",
    "trial": "https://clinicaltrials.gov/study/",
}  # fmt: skip
"""Where publications are found by their identifiers; nothing is fetched from there."""


def cards_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cards of a document; rules that do not apply to the case have none."""
    return {"cards": [card for one in document["guidelines"] for card in _cards(one, document)]}


def _cards(guideline: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for finding in guideline["findings"]:
        if finding["answer"] != "NOT_APPLICABLE":
            yield {
                "summary": _summary(guideline, finding), "indicator": "info",
                "detail": _detail(guideline, finding, document), "source": _source(guideline, finding),
            }  # fmt: skip


def _summary(guideline: Mapping[str, Any], finding: Mapping[str, Any]) -> str:
    start = f"{ANSWER_WORDS[finding['answer']].upper()}: {finding['rule']['title']} ({guideline['short']})"
    if finding["missing"] and finding["answer"] == "UNKNOWN":
        start += f"; missing: {', '.join(one['words'] for one in finding['missing'])}"
    elif finding["silences"] and finding["answer"] == "UNKNOWN":
        start += "; the source does not say"
    words = printable(start)
    return words if len(words) <= LONGEST_SUMMARY else words[: LONGEST_SUMMARY - 1].rstrip() + "…"


def _detail(guideline: Mapping[str, Any], finding: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Return the whole answer as Markdown: what the source says, what is known, and what is missing."""
    rule = finding["rule"]
    lines = [rule["says"], f"**{ANSWER_WORDS[finding['answer']]}**: {'; '.join(finding['reasons'])}"]
    lines += [f"missing: {one['words']} ({GAP_WORDS[one['gap']]})" for one in finding["missing"]]
    lines += [f"the source does not say: {why}" for why in finding["silences"]]
    lines += [
        f"{finding['grade']['text']}; {force_words(finding, document['as_of'])}",
        *filter(None, [STATUS_WORDS[rule["status"]], rule["note"]]),
    ]
    return "\n\n".join(_escaped(line) for line in [*lines, guideline["note"], RESEARCH])


def _escaped(text: str) -> str:
    """Return text in which a reader of Markdown finds no link and no element of HTML."""
    return printable(text).replace("<", "&lt;").replace("[", "\\[").replace("`", "'")


def _source(guideline: Mapping[str, Any], finding: Mapping[str, Any]) -> dict[str, Any]:
    source = finding["source"]
    label = f"{guideline['name']}, {guideline['edition']}"
    return {
        "label": label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip() + "…",
        **_url(source["identifiers"]),
        "topic": {"system": "urn:isotherm:criteria:topic", "code": finding["rule"]["topic"].replace(" ", "-"),
                  "display": finding["rule"]["topic"]},
    }  # fmt: skip


def _url(identifiers: Mapping[str, str]) -> dict[str, str]:
    for name, start in ADDRESSES.items():
        if name in identifiers and (name != "trial" or identifiers[name].startswith("NCT")):
            return {"url": start + quote(identifiers[name], safe="/")}
    return {}
