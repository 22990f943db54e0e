"""For whom rules are: conditions that several sources share."""

from __future__ import annotations

from isotherm.criteria.words import one_of

COLORECTAL_LIVER = one_of("organ", "liver") & one_of("primary", "colorectal")
COLORECTAL_LUNG = one_of("organ", "lung") & one_of("primary", "colorectal")
NEUROENDOCRINE_LIVER = one_of("organ", "liver") & one_of("primary", "neuroendocrine")
LIVER = one_of("organ", "liver")
