"""Published effects in a forest, each as printed and none pooled: ratios in one figure, differences in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isotherm.app.evidence_figures_forest import EffectRow, EffectWords, evidence_forest
from isotherm.app.evidence_pool_words import in_common_words, printed_words, sides_of
from isotherm.app.evidence_words import context_words, flag_words, source_words, status_words, value_words
from isotherm.app.figures import Drawing
from isotherm.app.report_words import NO_BREAK
from isotherm.app.terminal import folded
from isotherm.errors import BadSetting
from isotherm.evidence.library import Library
from isotherm.evidence.named_apart import names_apart
from isotherm.evidence.published_effect import sharing_patients
from isotherm.evidence.result import PublishedResult
from isotherm.printable import printable

NOT_POOLED = "Each as it was printed. Nothing is pooled, and whether they answer one question is not looked at."
ENDS = "Without a line: no interval is printed. An arrow: the interval goes on beyond the axis."
LABEL_PT = 204.0


@dataclass(frozen=True, slots=True)
class Apart:
    """Published effects that were asked for.

    Parameters
    ----------
    library : Library
    ratios, differences, others : tuple of PublishedResult
        `others` are no effects: a rate, a cut-off, a number without an estimate. They are not drawn.
    """

    library: Library
    ratios: tuple[PublishedResult, ...]
    differences: tuple[PublishedResult, ...]
    others: tuple[PublishedResult, ...]

    @property
    def records(self) -> tuple[PublishedResult, ...]:
        """All of them."""
        return self.ratios + self.differences + self.others


def apart(library: Library, ids: Sequence[str]) -> Apart:
    """Take published results to be looked at side by side.

    Raises
    ------
    BadSetting
        A result that is not there, none, or one twice.
    """
    records = [library.result(name) for name in ids]
    if not records:
        raise BadSetting("No result was named; name those that are to be drawn.")
    if len(set(ids)) < len(ids):
        raise BadSetting("One result came twice; name each once.")
    ratios = tuple(one for one in records if one.is_ratio and one.estimate is not None)
    differences = tuple(one for one in records if one.measure == "difference" and one.estimate is not None)
    others = tuple(one for one in records if one not in ratios and one not in differences)
    return Apart(library, ratios, differences, others)


def apart_figures(found: Apart) -> dict[str, Drawing]:
    """Draw the effects, ratios and differences apart; a kind of which none came is left out."""
    kinds = {"forest-ratios": found.ratios, "forest-differences": found.differences}
    return {name: _forest(found.library, records, ratio=name == "forest-ratios")
            for name, records in kinds.items() if records}  # fmt: skip


def apart_text(found: Apart, width: int | None) -> str:
    """Return the same as text."""
    lines: list[str] = []
    names = names_apart(found.library.papers, found.records)
    for record in found.records:
        lines.append(printable(f"{names[record.id]}: {value_words(record)}".replace(NO_BREAK, " ")))
        lines += [line for one in _remarks(found.library, record) for line in folded(one, width)]
    lines += [line for one in (NOT_POOLED, *left_out(found), *_shared(found.library, found.records))
              for line in folded(one, width)]  # fmt: skip
    return "\n".join(lines) + "\n"


def left_out(found: Apart) -> list[str]:
    """Return what is not drawn, and why."""
    return [f"Not drawn: {value_words(one) or one.label} of {found.library.papers[one.paper].short} is no ratio and no "
            "difference." for one in found.others]  # fmt: skip


def _forest(library: Library, records: Sequence[PublishedResult], *, ratio: bool) -> Drawing:
    measures = " and ".join(dict.fromkeys(one.measure for one in records))
    lower, higher = sides_of(records)
    words = EffectWords(
        axis=f"{measures}, {'log scale (a ratio: no unit)' if ratio else 'unit of the difference'}",
        column="estimate (interval)", ratio=ratio, wide=True, label_pt=LABEL_PT,
        lower_means=lower, higher_means=higher,
        notes=(NOT_POOLED, *_shared(library, records), ENDS),
    )  # fmt: skip
    names = names_apart(library.papers, records)
    rows = [_row(library, one, names[one.id]) for one in records]
    return evidence_forest(rows, words, description=f"Forest of {len(rows)} published effects, none pooled: "
                           + "; ".join(f"{row.label} {row.printed}" for row in rows) + ".")  # fmt: skip


def _row(library: Library, record: PublishedResult, name: str) -> EffectRow:
    has_interval = record.has_interval and record.low is not None and record.high is not None
    return EffectRow(
        label=name, remarks=tuple(_remarks(library, record)),
        estimate=None if record.estimate is None else float(record.estimate),
        low=float(record.low) if has_interval and record.low is not None else None,
        high=float(record.high) if has_interval and record.high is not None else None,
        printed=printed_words(record) if has_interval else str(record.estimate),
    )  # fmt: skip


def _remarks(library: Library, record: PublishedResult) -> Iterator[str]:
    yield context_words(record, library.papers[record.paper])
    yield from [status_words(record)] if record.status != "published" else []
    yield from flag_words(record)
    yield f"Source: {source_words(record, library.papers[record.paper])}"


def _shared(library: Library, records: Sequence[PublishedResult]) -> tuple[str, ...]:
    names = names_apart(library.papers, records)
    named = {one.id: (library.papers[one.paper].short, names[one.id]) for one in records}
    return in_common_words((named[a.id], named[b.id]) for a, b in sharing_patients(library, records))
