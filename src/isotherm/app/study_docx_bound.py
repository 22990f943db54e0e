"""Numbers of a document that stay bound to their results: content controls over one XML part, and fixed bytes.

Each number stands in a content control whose text Word takes from a part of the package (customXml/item2.xml). That
part says for each number the id and the field of its record in result.json: the document can be checked against it.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from xml.sax.saxutils import escape as escaped
from xml.sax.saxutils import quoteattr

from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement  # pyright: ignore[reportUnknownVariableType]
from docx.oxml.ns import qn

from isotherm.app.study_report_parts import Bound

NOT_FOR_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML file can hold, and what a table may hold all the same: a vertical tab, half a letter."""

NAMESPACE = "https://isotherm.invalid/study/1"
"""Names the part; nothing is ever fetched from it."""

STORE = "{6F2D3A54-0C1B-4E7A-9B52-1507E2A80001}"
"""Name of the part within the document."""

EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 (a document's times have no zone)
ZIPPED = (1980, 1, 1, 0, 0, 0)
"""When the document was made is not in it: the same result gives the same bytes."""


PROPERTIES = "application/vnd.openxmlformats-officedocument.customXmlProperties+xml"


@dataclass(slots=True)
class Numbers:
    """The numbers of one document, in the order of the text."""

    found: list[Bound] = field(default_factory=list[Bound])

    def control(self, number: Bound, run: Any) -> None:
        """Put a run of a paragraph, which shows a number, into a content control bound to its place in the part."""
        self.found.append(Bound(number.id, number.field, run.text, number.missing))
        key = f"n{len(self.found)}"
        control, properties, content = element("w:sdt"), element("w:sdtPr"), element("w:sdtContent")
        for name, attributes in (
            ("w:tag", {"val": key}),
            ("w:id", {"val": str(len(self.found))}),
            ("w:dataBinding", {
                "prefixMappings": f"xmlns:s='{NAMESPACE}'",
                "xpath": f"/s:numbers[1]/s:number[{len(self.found)}]",
                "storeItemID": STORE,
            }),
            ("w:text", {}),
        ):  # fmt: skip
            properties.append(element(name, **attributes))
        inner = run._r
        inner.getparent().replace(inner, control)
        content.append(inner)
        control.append(properties)
        control.append(content)

    def xml(self) -> bytes:
        """Return the part: one element per number, with the id and the field of its record."""
        lines = [f"<number key={quoteattr(f'n{k}')} id={quoteattr(fit(one.id))} field={quoteattr(one.field)}>"
                 f"{escaped(one.text)}</number>" for k, one in enumerate(self.found, start=1)]  # fmt: skip
        return ("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
                f"<numbers xmlns=\"{NAMESPACE}\">{''.join(lines)}</numbers>").encode()  # fmt: skip


def packed(document: Any, numbers: Numbers, *, title: str) -> bytes:
    """Return the bytes of a document with its numbers: no author, no clock, nothing of the machine."""
    package = document.part.package
    properties = (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        f'<ds:datastoreItem ds:itemID="{STORE}" xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml">'
        f'<ds:schemaRefs><ds:schemaRef ds:uri="{NAMESPACE}"/></ds:schemaRefs></ds:datastoreItem>'
    )
    item = Part(PackURI("/customXml/item2.xml"), "application/xml", numbers.xml(), package)
    described = Part(PackURI("/customXml/itemProps2.xml"),
                     PROPERTIES, properties.encode(), package)  # fmt: skip
    item.relate_to(described, RELATIONSHIP_TYPE.CUSTOM_XML_PROPS)
    document.part.relate_to(item, RELATIONSHIP_TYPE.CUSTOM_XML)
    core = document.core_properties
    core.author = core.last_modified_by = core.comments = core.keywords = ""
    core.title, core.language, core.revision = fit(title)[:255], "en-US", 1
    core.created = core.modified = EPOCH
    written = io.BytesIO()
    document.save(written)
    return _same_bytes(written.getvalue())


def element(name: str, **attributes: str) -> Any:
    """Return an element of the document's own language, with attributes of that language."""
    made = cast("Any", OxmlElement(name))
    for attribute, value in attributes.items():
        made.set(qn(f"w:{attribute}"), value)
    return made


def fit(text: str) -> str:
    """Return a text without what no document can hold; a sign of replacement stands where it was."""
    return NOT_FOR_XML.sub("\ufffd", text)


def _same_bytes(package: bytes) -> bytes:
    """Write a package anew with one fixed time for each of its parts."""
    anew = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(anew, "w") as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, ZIPPED)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(name))
    return anew.getvalue()


def empty_document() -> Any:
    """Return a document without content."""
    return Document()
