"""The document of a study: the sections of its report as a paper's methods and results, for A4, in Word's own form."""

from __future__ import annotations

import io
import re
import struct
from typing import Any

from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Emu, Mm, Pt, RGBColor

from isotherm.app.figures import FAINT, INK, RULE
from isotherm.app.study_docx_bound import Numbers, element, empty_document, fit, packed
from isotherm.app.study_figures import width_of
from isotherm.app.study_report_headline import LIMITS, Headline
from isotherm.app.study_report_parts import (
    Block,
    Bound,
    Bullets,
    Heading,
    Paragraph,
    Picture,
    Runs,
    Section,
    Table,
    Words,
    prose,
)
from isotherm.app.study_report_words import Result

FONT = "Arial"
PAGE_MM, MARGIN_MM = (210.0, 297.0), 18.0
TEXT_WIDTH_MM = PAGE_MM[0] - 2.0 * MARGIN_MM
MOST_HEIGHT_MM = 215.0
"""Tallest figure: it stands on one page with its title and its caption."""

ORDER = ("methods", "results", "designs", "findings", "flow", "patients", "balance", "outcomes", "factors",
         "subgroups", "sensitivity", "missing", "checklists", "software")  # fmt: skip
"""Sections as a paper has them: methods and results in words, then what they rest on."""

SHORT_TABLE = 14
"""A table with no more rows than this stands on one page; a longer one breaks between rows, never after a head."""

PADDING_MM = 4.4
"""Room around the words of a cell."""

OF_DRAWN = 0.9
"""Width of this document's type beside that of figures, of which the widths are known."""

OTHER_LETTER = re.compile(r"[^\x20-\x7e\u00a0-\u04ff\u2010-\u2026\u2212]")
"""Beyond Latin, Greek and Cyrillic letters, and the signs of this report."""

LONGEST_WORD_MM, LONGEST_TEXT_MM = 60.0, 110.0
"""Beyond these, the words of a cell take no room from other columns."""


def docx_of(result: Result, headline: Headline, sections: tuple[Section, ...]) -> bytes:
    """Return the document as bytes, the same for the same result."""
    writer = _Writer()
    protocol = result["protocol"]
    writer.document.add_heading(fit(str(protocol["title"])), level=0)
    writer.plain(str(protocol["question"]), "Faint")
    writer.headline(headline)
    by_key = {section.key: section for section in sections}
    for key in ORDER:
        if key in by_key:
            writer.section(by_key[key])
    words = "Research use only. Not a medical device. This report states what was found and what is not known."
    data = f"Data: {protocol['license']}. " if protocol.get("license") else ""
    writer.plain(data + words, "Faint")
    return packed(writer.document, writer.numbers, title=str(protocol["title"]))


class _Writer:
    """A document that is being written: its numbers, and how many tables and figures it has."""

    def __init__(self) -> None:
        self.document: Any = _styled(empty_document())
        self.numbers = Numbers()
        self.tables = self.figures = 0

    def plain(self, text: str, style: str) -> None:
        if text:
            self.document.add_paragraph(fit(text), style=style)

    def runs(self, paragraph: Any, runs: Runs, *, notes: dict[str, str] | None = None) -> None:
        """Add words and numbers to a paragraph; with `notes` (in a table) a missing number is short and has a note.

        A number looks as its paragraph does: programs forget the look of text that they take from elsewhere.
        """
        for one in runs:
            run = paragraph.add_run(fit(prose(one) if notes is None else one.text))
            if not isinstance(one, Bound):
                run.bold = one.strong or None
                continue
            self.numbers.control(one, run)
            if notes is not None and one.missing:
                paragraph.add_run(notes[one.missing]).font.superscript = True

    def headline(self, head: Headline) -> None:
        """Write the main estimate, the naive one under it, and the caveats."""
        self.plain(head.release, "Caveat")
        if head.estimate is None:
            self.plain(head.why, "Caveat")
        else:
            self.plain(f"{head.outcome}: {head.measure[:1].lower()}{head.measure[1:]} (main estimate)", "Faint")
            self.runs(self.document.add_paragraph(style="Estimate"), (head.estimate,))
            if head.interval is not None and head.level is not None:
                runs = (head.interval, Words(" ("), head.level, Words(" interval)"))
                self.runs(self.document.add_paragraph(style="Interval"), runs)
            if head.how:
                self.runs(self.document.add_paragraph(style="Faint"), head.how)
            if head.failed:
                self.runs(self.document.add_paragraph(style="Caveat"), head.failed)
            if head.horizon:
                self.runs(self.document.add_paragraph(style="Caveat"), head.horizon)
            self.runs(self.document.add_paragraph(), (*head.reading, *head.chance))
            self.runs(self.document.add_paragraph(style="Faint"), head.facts)
            if head.naive:
                paragraph = self.document.add_paragraph("Naive, without adjustment, not the estimate: ", style="Faint")
                self.runs(paragraph, head.naive)
        if head.arms is not None:
            self.table(head.arms)
        if head.caveats:
            self.document.add_heading(LIMITS, level=2)
        for k, caveat in enumerate(head.caveats):
            self.runs(self.document.add_paragraph(style="Caveat" if k else "First Caveat"), caveat)

    def section(self, section: Section) -> None:
        self.document.add_heading(section.title, level=1)
        for block in section.blocks:
            self.block(block)

    def block(self, block: Block) -> None:
        if isinstance(block, Heading):
            self.document.add_heading(fit(block.text), level=2)
        elif isinstance(block, Paragraph):
            self.runs(self.document.add_paragraph(style="Faint" if block.role == "remark" else "Normal"), block.runs)
        elif isinstance(block, Bullets):
            for item in block.items:
                self.runs(self.document.add_paragraph(style="List Bullet"), item)
        elif isinstance(block, Picture):
            self.picture(block)
        else:
            self.table(block)

    def picture(self, picture: Picture) -> None:
        """Add a figure with its alternative text, and its caption below."""
        self.figures += 1
        paragraph = self.document.add_paragraph(style="Figure")
        width, height = struct.unpack(">II", picture.drawing.png[16:24])  # the head of every PNG
        width_mm = min(TEXT_WIDTH_MM, MOST_HEIGHT_MM * width / height)
        shape = paragraph.add_run().add_picture(io.BytesIO(picture.drawing.png), width=Mm(width_mm))
        shape._inline.docPr.set("descr", fit(picture.drawing.description))
        shape._inline.docPr.set("name", fit(f"figure {picture.name}"))
        caption = self.document.add_paragraph(style="Caption")
        caption.add_run(fit(f"Figure {self.figures}. {picture.title}. ")).bold = True
        self.runs(caption, picture.caption)

    def table(self, table: Table) -> None:
        """Add a table with its caption above, a head that is repeated on every page, and its notes below."""
        self.tables += 1
        caption = self.document.add_paragraph(style="Caption")
        caption.add_run(fit(f"Table {self.tables}. {table.title}.")).bold = True
        caption.paragraph_format.keep_with_next = True
        made = self.document.add_table(rows=1 + len(table.rows), cols=len(table.columns))
        made.autofit = False
        notes = table.notes
        cells = made._cells  # one look at the grid: rows[i].cells takes time with the square of the table
        for k, column in enumerate(table.columns):
            paragraph = cells[k].paragraphs[0]
            paragraph.style = self.document.styles["Cell"]
            paragraph.add_run(fit(column)).font.color.rgb = _rgb(FAINT)
        for i, row in enumerate(table.rows, start=1):
            for k, runs in enumerate(row):
                paragraph = cells[i * len(table.columns) + k].paragraphs[0]
                paragraph.style = self.document.styles["Cell"]
                self.runs(paragraph, runs, notes=notes)
                for run in paragraph.runs if i - 1 in table.heads and not any(_is_strong(one) for one in runs) else ():
                    run.bold = True
        for i in table.heads:
            if not any(table.rows[i][1:]):
                made.rows[i + 1].cells[0].merge(made.rows[i + 1].cells[-1])
        _shape(made, _widths_mm(table))
        _keep_together(made, table)
        if table.remark:
            self.runs(self.document.add_paragraph(style="Note"), table.remark)
        words = "  ".join(f"{letter} {reason.rstrip('.')}." for reason, letter in notes.items())
        self.plain(words, "Note")
        self.document.add_paragraph(style="Cell")


def _is_strong(run: Words | Bound) -> bool:
    return isinstance(run, Words) and run.strong


def _widths_mm(table: Table) -> list[float]:
    """Return widths that hold the longest word of each column; what is left goes to those with more to say."""
    words: list[float] = []
    wants: list[float] = []
    for k, column in enumerate(table.columns):
        texts = [column, *("".join(run.text for run in row[k]) for row in table.rows if any(row[1:]))]
        words.append(min(max(_width_mm(word) for text in texts for word in text.split(" ")), LONGEST_WORD_MM))
        longest = min(max(_width_mm(text) for text in texts), LONGEST_TEXT_MM)
        wants.append(max(longest - words[-1], 0.0) + 1.0)
    room = TEXT_WIDTH_MM - sum(words)
    if room < 0.0:
        return [TEXT_WIDTH_MM * one / sum(words) for one in words]
    return [word + room * one / sum(wants) for word, one in zip(words, wants, strict=True)]


def _width_mm(text: str) -> float:
    """Return the width of a cell that holds a text on one line; letters of other scripts count as wide ones."""
    return PADDING_MM + OF_DRAWN * width_of(OTHER_LETTER.sub("W", text)) / 72.0 * 25.4


def _shape(made: Any, widths_mm: list[float]) -> None:
    """Set widths, thin lines between rows, a repeated head, and rows that stay whole."""
    for k, column in enumerate(made.columns):
        column.width = Mm(widths_mm[k])
    for i, row in enumerate(made.rows):
        properties = row._tr.get_or_add_trPr()
        properties.append(element("w:cantSplit"))
        if i == 0:
            properties.append(element("w:tblHeader"))
        for k, cell in enumerate(row._tr.tc_lst):
            cell.width = Emu(Mm(widths_mm[k]))
    borders = element("w:tblBorders")
    for side in ("top", "bottom", "insideH"):
        borders.append(element(f"w:{side}", val="single", sz="4", space="0", color=RULE.removeprefix("#")))
    after = (made._tbl.tblPr.find(qn(f"w:{name}")) for name in ("tblLayout", "tblLook"))  # the order that Word asks for
    next(one for one in after if one is not None).addprevious(borders)


def _keep_together(made: Any, table: Table) -> None:
    """Keep a short table on one page; in a longer one, heads with the row below them."""
    last = len(table.rows)
    for i, row in enumerate(made._tbl.tr_lst):
        if i < last and (last <= SHORT_TABLE or i <= 1 or i - 1 in table.heads or i == last - 1):
            for paragraph in row.iter(qn("w:p")):
                paragraph.get_or_add_pPr().get_or_add_keepNext()


def _styled(document: Any) -> Any:
    """Set page, type and ink of the house."""
    page = document.sections[0]
    page.page_width, page.page_height = Mm(PAGE_MM[0]), Mm(PAGE_MM[1])
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(MARGIN_MM)
    styles = document.styles
    for name, size in (("Normal", 10.0), ("Title", 18.0), ("Heading 1", 14.0), ("Heading 2", 11.0), ("Caption", 8.5),
                       ("List Bullet", 10.0)):  # fmt: skip
        _typed(styles[name], size, bold=name.startswith(("Title", "Heading")))
    for name, size in (
        ("Faint", 8.5),
        ("Note", 8.0),
        ("Estimate", 26.0),
        ("Interval", 13.0),
        ("First Caveat", 10.0),
        ("Caveat", 9.5),
        ("Cell", 8.0),
        ("Figure", 10.0),
    ):
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles["Normal"]
        _typed(style, size, bold=name in ("Estimate", "Interval", "First Caveat"))
    styles["Faint"].font.color.rgb = styles["Note"].font.color.rgb = _rgb(FAINT)
    styles["Note"].paragraph_format.space_before = Pt(3)
    styles["Figure"].paragraph_format.keep_with_next = True
    styles["Figure"].paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    for name in ("First Caveat", "Caveat"):
        styles[name].paragraph_format.left_indent = Mm(5)
    styles["Cell"].paragraph_format.space_after = Pt(1)
    styles["Cell"].paragraph_format.space_before = Pt(1)
    return document


def _typed(style: Any, size: float, *, bold: bool) -> None:
    style.font.name, style.font.size, style.font.bold, style.font.italic = FONT, Pt(size), bold, False
    style.font.color.rgb = _rgb(INK)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{name}"), FONT)
    for name in ("asciiTheme", "hAnsiTheme", "cstheme", "eastAsiaTheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)
    if style.name == "Title":
        for line in style.element.findall(f".//{qn('w:pBdr')}"):
            line.getparent().remove(line)
    style.paragraph_format.space_after = Pt(4)


def _rgb(color: str) -> RGBColor:
    return RGBColor.from_string(color.removeprefix("#").upper())
