"""Publications behind what every report of a margin shows."""

from __future__ import annotations

SOURCES = (
    "Signed margin and its quantitative form: Sandu et al., Front Oncol 2021, doi 10.3389/fonc.2021.623098. isotherm "
    "differs at the capsule.",
    "3 mm and bridging vessels: 24-hour MRI after cryoablation of 54 liver tumors, AJR 2014;203:W181.",
    "5 and 10 mm: Chlorogiannis et al., Cancers 2023;15:5806 (meta-analysis, 21 studies); Wang et al., Cardiovasc "
    "Intervent Radiol 2013;36:166.",
    "Registration error where none is given, mean 1.62 mm: review of 29 studies, 2022, PMID 35246412.",
)
