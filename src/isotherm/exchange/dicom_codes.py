"""Coded words of the results in DICOM: the standard's own where it has one, else ours, declared as a private scheme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset

SCHEME, SCHEME_VERSION = "99ISOTHERM", "1"
"""Designators that begin with 99 are private (PS3.16, section 8.2)."""

SCHEME_NAME = "isotherm codes for the margin of thermal ablation"


@dataclass(frozen=True, slots=True)
class Word:
    """One coded word.

    Parameters
    ----------
    value, meaning : str
        As they are written into objects; a value has at most 16 letters.
    scheme : str
        "99ISOTHERM" for our own, else that of the standard ("SCT", "DCM", "UCUM").
    says : str
        What it means, for the table in docs/dicom.md; "" for words of the standard.
    """

    value: str
    meaning: str
    scheme: str = SCHEME
    says: str = ""

    @property
    def concept(self) -> CodedConcept:
        """The word as DICOM writes it."""
        version = SCHEME_VERSION if self.scheme == SCHEME else None
        return CodedConcept(self.value, self.scheme, self.meaning, version)


MILLIMETER = Word("mm", "mm", "UCUM")
MILLILITER = Word("ml", "ml", "UCUM")
SHARE = Word("1", "no units", "UCUM")

ABNORMAL = Word("49755003", "Morphologically Abnormal Structure", "SCT")
TUMOR = Word("108369006", "Neoplasm", "SCT")
VOLUME = Word("118565006", "Volume", "SCT")
CT_PROCEDURE = Word("77477000", "CT", "SCT")
MR_PROCEDURE = Word("113091000", "MRI", "SCT")

ZONE = Word("ABLZONE", "Ablation zone", says="tissue that imaging shows as destroyed")
RESIDUAL = Word("RESTUMOR", "Residual tumor", says="tumor outside of the ablation zone")
UNCOVERED = Word("UNDERCOV", "Under-covered region", says="untreated tissue within the margin aimed at")
THINNEST = Word("THINPOINT", "Thinnest point of the margin", says="where the margin is smallest")

MAM = Word("MAM", "Minimal ablation margin", says="smallest signed distance over the tumor's surface")
MAM_AT_MOST = Word("MAMATMOST", "Upper bound of the minimal ablation margin", says="an image ends too near for more")
MAM_AT_LEAST = Word("MAMATLEAST", "Lower bound of the minimal ablation margin", says="nothing is searched beyond it")
LOW = Word("MAMLOW", "Lower end of the interval of the minimal ablation margin", says="see docs/uncertainty.md")
HIGH = Word("MAMHIGH", "Upper end of the interval of the minimal ablation margin", says="see docs/uncertainty.md")
P5 = Word("MARGINP5", "5th percentile of the margin", says="by area of the tumor's surface")
P50 = Word("MARGINP50", "Median of the margin", says="by area of the tumor's surface")
BELOW_0 = Word("BELOW0", "Share of the tumor surface outside of the zone", says="area with a margin below 0 mm")
CHANCE_BELOW_0 = Word("PBELOW0", "Probability of a margin below 0 mm", says="under the stated errors")
CHANCE_BELOW_5 = Word("PBELOW5", "Probability of a margin below 5 mm", says="under the stated errors")
ZONE_VOLUME = Word("ZONEVOL", "Volume of the ablation zone", says="of the parts that are the lesion's own")
RESIDUAL_VOLUME = Word("RESVOL", "Volume of the residual tumor", says="tumor outside of the zone")
AT_RISK_VOLUME = Word("RISKVOL", "Volume of the tissue at risk", says="within 5 mm of the tumor, or in it, untreated")

ORGAN_RESTRICTED = Word("ORGANREST", "Organ-restricted margin", says="to the nearest untreated organ tissue")
UNRESTRICTED = Word("UNREST", "Unrestricted margin", says="to the zone's own surface")
QAM_COMPATIBLE = Word("QAMCOMP", "QAM-compatible margin", says="as in Sandu 2021, doi 10.3389/fonc.2021.623098")

STATUS = Word("MARGINSTAT", "Status of the margin", says="what can be said of the lesion")
STATUSES = {
    "measured": Word("MEASURED", "Measured", says="the margin is known"),
    "bounded": Word("BOUNDED", "Bounded", says="the margin is at most the number given"),
    "not_ablated": Word("NOTABLATED", "Not ablated", says="no zone, or one that misses the lesion"),
    "not_assessable": Word("NOTASSESS", "Not assessable", says="nothing can be said"),
}

OWN: tuple[Word, ...] = (
    ZONE, RESIDUAL, UNCOVERED, THINNEST, MAM, MAM_AT_MOST, MAM_AT_LEAST, LOW, HIGH, P5, P50, BELOW_0, CHANCE_BELOW_0,
    CHANCE_BELOW_5, ZONE_VOLUME, RESIDUAL_VOLUME, AT_RISK_VOLUME, ORGAN_RESTRICTED, UNRESTRICTED, QAM_COMPATIBLE,
    STATUS, *STATUSES.values(),
)  # fmt: skip
"""All words of the private scheme."""


def declare_scheme(dataset: Any) -> None:
    """Say in an object where the private scheme comes from (PS3.3, Coding Scheme Identification Sequence)."""
    scheme = Dataset()
    scheme.CodingSchemeDesignator, scheme.CodingSchemeVersion = SCHEME, SCHEME_VERSION
    scheme.CodingSchemeName, scheme.CodingSchemeResponsibleOrganization = SCHEME_NAME, "isotherm"
    dataset.CodingSchemeIdentificationSequence = [scheme]
