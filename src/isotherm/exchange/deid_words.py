"""Descriptions with only those words left that say nothing of a person."""

from __future__ import annotations

import re

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


def cleaned(text: str) -> str:
    """Return a description without the words that could tell a person; "" where none is left but numbers."""
    parts = re.findall(r"[A-Za-z0-9.]+", text)
    kept = [part for part in parts if part.casefold() in WORDS or NUMBER.fullmatch(part.casefold())]
    return " ".join(kept) if any(part.casefold() in WORDS for part in kept) else ""
