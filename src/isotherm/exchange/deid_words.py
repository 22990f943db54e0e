"""Which free text goes out: of descriptions the words that say nothing of a person, of devices and methods all."""

from __future__ import annotations

import re
from collections.abc import Iterable

WORDS = frozenset(
    """
    3d abdomen ablation after arterial artery axial background before bile bone bridging cava contrast coronal
    covered ct ctv delayed duct early enhanced femoral gallbladder gtv head hepatic images iv kernel kidney late
    left lesion liver lobe lower lung lungs margin measurements metastases metastasis middle mr mri needle nodule
    non organ organs pancreas phase plain plan pleura point portal post pre probe ptv recon reconstruction region
    residual right sagittal scar segment segments sharp soft spleen standard stomach structure surface t1 t2 thick
    thin thinnest thorax tissue tumor tumors tumour tumours uncovered under unenhanced upper vein vena venous
    vessel vessels with without zone zones
    """.split()
)
"""Words of images and segments. A name of a person may be among any others."""

NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,2})?(?:mm)?")
"""Numbers of a lesion, a segment or a slice; longer ones could be of a patient or a day."""

TECHNICAL = frozenset(
    """
    AcquisitionMode AlgorithmName AlgorithmSource AlgorithmVersion ApplicationName ApplicationVersion
    AttenuationCorrectionMethod CodeMeaning CodeValue CodingSchemeDesignator CodingSchemeVersion CollimatorGridName
    ContrastBolusRoute ConvolutionKernel DetectorLinesOfResponseUsed DigitalImageFormatAcquired
    DimensionDescriptionLabel FilterType FrameLabel HistogramExplanation ImageFilter ImagedNucleus LUTExplanation
    LUTLabel LongCodeValue Manufacturer ManufacturerModelName ModalityLUTType MultiCoilConfiguration
    MultiCoilElementName OutputPower PVCRejection PixelSpacingCalibrationDescription PixelValueMappingExplanation
    PositionReferenceIndicator PulseSequenceName Radiopharmaceutical RadiopharmaceuticalRoute
    ReceiveCoilManufacturerName ReceiveCoilName ReconstructionMethod RescaleType RespiratorySignalSourceID
    ScatterCorrectionMethod SegmentAlgorithmName SequenceName SoftwareVersions StackID TransmitCoilManufacturerName
    TransmitCoilName TypeOfFilters URNCodeValue WindowCenterWidthExplanation
    """.split()
)
"""Attributes of free form that describe a device, a method or a code; others that the standard's table leaves go."""

PUBLIC_SCHEMES = frozenset(
    "BI DCM FMA I10 I9C IBSI IETF4646 ISO3166_1 ISO639_1 ITIS_TSN LN MA NCIt NEU PUBCHEM_CID RADLEX RFC5646 SCT SNM3 "
    "SRT UCUM UMLS 99ISOTHERM".split()
)
"""Schemes whose codes somebody else has given their meaning; in one of a site's own the meaning is free text."""

FORMS = {
    "AS": r"\d{3}[DWMY]",
    "CS": r"[A-Za-z0-9_ ./-]{0,32}",  # wider than the standard: scanners write "Axial"
    "DA": r"\d{8}",
    "DS": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?",
    "DT": r"\d{8}(\d{2}){0,3}(\.\d{1,6})?([+-]\d{4})?",
    "IS": r"[+-]?\d+",
    "TM": r"\d{2}(:?\d{2}){0,2}(\.\d{1,6})?",
}
"""How a value of a type is written; whatever else stands in its place is text (PS3.5, section 6.2)."""


def has_form(vr: str, values: Iterable[object]) -> bool:
    """Say whether all values are written as their type asks for; empty ones are."""
    form = FORMS.get(vr)
    return form is None or all(re.fullmatch(form, said) for one in values if (said := str(one or "").strip(" \0")))


def cleaned(text: str) -> str:
    """Return a description without the words that could tell a person; "" where none is left but numbers."""
    parts = re.findall(r"[A-Za-z0-9.]+", text)
    kept = [part for part in parts if part.casefold() in WORDS or NUMBER.fullmatch(part.casefold())]
    return " ".join(kept) if any(part.casefold() in WORDS for part in kept) else ""
