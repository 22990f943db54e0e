"""NCCN, colon cancer: imaging, liver ablation and the page on resectable synchronous metastases; no edition printed."""

from __future__ import annotations

from functools import partial

from isotherm.criteria.guidelines._deck import slide
from isotherm.criteria.guidelines._populations import COLORECTAL_LIVER
from isotherm.criteria.rule import Combination, Grade, Guideline, Rule, Since
from isotherm.criteria.words import no, number, on_condition, one_of, silent, yes

_cite = partial(slide, "NCCN Guidelines, Colon Cancer (edition not printed)")
_IMAGING = _cite("NCCN Guidelines Colon Cancer: Principles of Imaging")
_ABLATION = _cite("NCCN Guidelines Colon Cancer: Principles of Liver Tumor Ablation")
_PAGE = _cite("Resectable synchronous liver and/or lung metastases only, pMMR/MSS")

_SELECTED = "the patient is selected for it; by what is not printed"
_LIVER_OR_LUNG = one_of("primary", "colorectal") & one_of("organ", "liver", "lung") & yes("resectable")
_SYNCHRONOUS = yes("synchronous") & one_of("microsatellites", "MSS or pMMR") & no("other_than_lung")
_RESECTABLE_SYNCHRONOUS = _LIVER_OR_LUNG & _SYNCHRONOUS
_SYNCHRONOUS_WORDS = (
    "resectable synchronous colorectal metastases of liver, lung or both and nowhere else, mismatch repair proficient"
)

_rule = partial(
    Rule,
    kind="recommendation",
    unit="patient",
    population="colorectal liver metastases",
    applies=COLORECTAL_LIVER,
    grade=Grade(scheme="NCCN category"),
    direction="for",
    status="document",
    since=Since(""),
)
_of_page = partial(
    _rule,
    topic="order with systemic therapy",
    population=_SYNCHRONOUS_WORDS,
    applies=_RESECTABLE_SYNCHRONOUS,
    source=_PAGE,
)

GUIDELINE = Guideline(
    id="nccn-colon",
    name="NCCN colon cancer",
    edition="no edition printed",
    short="NCCN colon",
    note="Paraphrased from slides that print no version of the guideline; newer ones exist or may exist. Where no "
    "category is printed, none is assumed. Of the page on resectable synchronous metastases the regimens after "
    "resection are left out (FOLFOX and CAPEOX preferred, capecitabine, 5-FU with leucovorin), and so is radiotherapy. "
    "The page on resectable metachronous metastases with deficient mismatch repair or POLE/POLD1 is a title only.",
    rules=(
        _rule(
            id="nccn-colon.mri",
            title="liver MRI before local therapy",
            says="Once surgery or a liver-directed therapy is considered, MRI of the liver with an extracellular or a "
            "hepatobiliary agent is the preferred way, over CT, to count and map the metastases.",
            topic="imaging",
            population="colorectal liver metastases, local therapy considered",
            applies=COLORECTAL_LIVER & yes("local_therapy_planned"),
            holds=yes("mri_done") & one_of("mri_agent", "hepatobiliary", "extracellular"),
            source=_IMAGING,
        ),
        _rule(
            id="nccn-colon.pet",
            title="FDG-PET/CT before ablation",
            says="FDG-PET/CT from the base of the skull to mid-thigh is an option in some of the patients for whom "
            "ablation or radioembolization of the liver is considered.",
            topic="imaging",
            holds=on_condition(yes("image_guided_therapy_considered"), _SELECTED),
            source=_IMAGING,
        ),
        _rule(
            id="nccn-colon.pet-follow-up",
            title="FDG-PET/CT afterwards",
            says="FDG-PET/CT is an option to judge response and recurrence in the liver after ablation or "
            "radioembolization, and where CEA rises in serial tests.",
            topic="surveillance",
            holds=yes("prior_liver_ablation") | yes("prior_radioembolization") | yes("cea_rising"),
            source=_IMAGING,
            note="A rising CEA is named for surveillance only, response for monitoring and surveillance alike.",
        ),
        _rule(
            id="nccn-colon.size",
            title="small metastases",
            says="Thermal ablation, alone or with surgery, is an option for small metastases.",
            topic="size",
            holds=on_condition(yes("small_metastases"), _SELECTED),
            source=_ABLATION,
            note="No size is printed: somebody has to judge what is small.",
        ),
        _rule(
            id="nccn-colon.margin",
            title="with margins",
            says="What is ablated has to be ablatable with margins.",
            topic="margin",
            holds=yes("targets_ablatable_with_margins"),
            source=_ABLATION,
            note="No width of the margin is printed.",
        ),
        _rule(
            id="nccn-colon.sites",
            title="all original sites",
            says="Every original site of disease can be ablated or resected.",
            topic="number",
            holds=yes("all_sites_treatable"),
            source=_ABLATION,
            note="No number of metastases is printed, inside or outside of the liver.",
        ),
        _rule(
            id="nccn-colon.fitness",
            title="fit for surgery or not",
            says="Ablation of a small tumor, whole and with margins, is an option for surgical candidates and for "
            "patients who are medically unfit for surgery.",
            topic="fitness",
            holds=on_condition(
                ((yes("resectable") & yes("fit_for_surgery")) | no("fit_for_surgery"))
                & yes("small_metastases")
                & yes("targets_ablatable_with_margins"),
                _SELECTED,
            ),
            source=_ABLATION,
            note="Read as two groups: resectable in a fit patient, and an unfit patient. A fit patient whose disease "
            "is not resectable is in neither.",
        ),
        _rule(
            id="nccn-colon.recurrence",
            title="recurrence",
            says="What has come back after liver resection or ablation may be ablated, provided that margins are "
            "feasible around everything that imaging shows.",
            topic="local progression",
            population="colorectal liver metastases that recurred after hepatectomy or ablation",
            applies=COLORECTAL_LIVER & yes("recurrence_after_local_therapy"),
            holds=on_condition(yes("all_ablatable_with_margins"), _SELECTED),
            source=_ABLATION,
        ),
        _rule(
            id="nccn-colon.ire",
            title="electroporation",
            says="Irreversible electroporation is an option where neither resection nor ablation with margins would be "
            "safe: central ducts, or neighbors for which there is no protection, are too near.",
            topic="bile duct",
            holds=no("resectable") & yes("ducts_or_structures_in_the_way"),
            source=_ABLATION,
            note="No distance is printed. That resection is unsafe is read off the judgment that the disease is not "
            "resectable.",
        ),
        _rule(
            id="nccn-colon.resection-preferred",
            title="resection preferred",
            says="Resection is preferred to thermal ablation and stereotactic radiotherapy; these may be considered "
            "for oligometastases of liver or lung.",
            topic="resectable disease",
            population="resectable colorectal metastases of liver or lung",
            applies=_LIVER_OR_LUNG
            & (
                _SYNCHRONOUS
                | silent(
                    "this footnote is shown on the page on synchronous metastases, mismatch repair proficient, of "
                    "liver and lung only; other pages are not shown"
                )
            ),
            holds=on_condition(yes("oligometastatic"), "it is considered although resection is preferred"),
            source=_PAGE,
        ),
        _of_page(
            id="nccn-colon.neoadjuvant-months",
            title="2 to 3 months before",
            says="Systemic therapy before the metastases are resected or ablated lasts 2 to 3 months; to resect or "
            "ablate without it is an equal option.",
            population=f"{_SYNCHRONOUS_WORDS}, systemic therapy before local therapy",
            applies=_RESECTABLE_SYNCHRONOUS & yes("neoadjuvant"),
            holds=number("neoadjuvant_months").between(2.0, 3.0),
        ),
        _of_page(
            id="nccn-colon.neoadjuvant-preferred",
            title="FOLFOX or CAPEOX",
            says="FOLFOX and CAPEOX are the preferred regimens before the metastases are resected or ablated.",
            population=f"{_SYNCHRONOUS_WORDS}, systemic therapy before local therapy",
            applies=_RESECTABLE_SYNCHRONOUS & yes("neoadjuvant"),
            holds=one_of("neoadjuvant_regimen", "FOLFOX", "CAPEOX"),
        ),
        _of_page(
            id="nccn-colon.neoadjuvant-irinotecan",
            title="FOLFIRI or FOLFIRINOX",
            says="FOLFIRI and FOLFIRINOX are options before the metastases are resected or ablated.",
            population=f"{_SYNCHRONOUS_WORDS}, systemic therapy before local therapy",
            applies=_RESECTABLE_SYNCHRONOUS & yes("neoadjuvant"),
            holds=one_of("neoadjuvant_regimen", "FOLFIRI", "FOLFIRINOX"),
            grade=Grade(scheme="NCCN category", native="2B"),
        ),
        _of_page(
            id="nccn-colon.perioperative-months",
            title="up to 6 months in sum",
            says="Systemic therapy before and after resection lasts up to 6 months in sum.",
            holds=number("perioperative_months") <= 6.0,
        ),
        _of_page(
            id="nccn-colon.hai",
            title="hepatic artery infusion",
            says="Hepatic artery infusion, with or without systemic 5-FU and leucovorin, is a further option in "
            "centers with surgical and oncologic experience of it.",
            applies=_RESECTABLE_SYNCHRONOUS & one_of("organ", "liver"),
            holds=yes("experienced_in_hai"),
            grade=Grade(scheme="NCCN category", native="2B"),
            note="A footnote to the removal of the primary tumor on this page.",
        ),
    ),
    combinations=(
        Combination(
            id="nccn-colon.ablation",
            title="thermal ablation, alone or with surgery",
            of=("nccn-colon.size", "nccn-colon.margin", "nccn-colon.sites"),
            source=_ABLATION,
        ),
    ),
)
