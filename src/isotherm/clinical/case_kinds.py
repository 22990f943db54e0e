"""What can be known of one case: disease, patient, work-up, plan and therapy."""

from __future__ import annotations

from isotherm.clinical.kinds import FactKind


def _number(
    name: str, label: str, unit: str, low: float, high: float, *, note: str = "", imaging: bool = False
) -> FactKind:
    return FactKind(name=name, of="case", form="number", label=label, unit=unit, low=low, high=high, note=note,
                    imaging=imaging)  # fmt: skip


def _whole(
    name: str, label: str, low: int, high: int, *, unit: str = "", note: str = "", imaging: bool = False
) -> FactKind:
    return FactKind(name=name, of="case", form="whole", label=label, unit=unit, low=low, high=high, note=note,
                    imaging=imaging)  # fmt: skip


def _yes(name: str, label: str, *, judgment: bool = False, note: str = "", imaging: bool = False) -> FactKind:
    return FactKind(name=name, of="case", form="yes or no", label=label, judgment=judgment, note=note, imaging=imaging)


def _choice(name: str, label: str, *choices: str, note: str = "") -> FactKind:
    return FactKind(name=name, of="case", form="choice", label=label, choices=choices, note=note)


def _date(name: str, label: str, *, imaging: bool = False) -> FactKind:
    return FactKind(name=name, of="case", form="date", label=label, imaging=imaging)


DISEASE: tuple[FactKind, ...] = (
    _choice("organ", "organ that holds the metastases in question", "liver", "lung", "other"),
    _choice("primary", "primary tumor", "colorectal", "neuroendocrine", "breast", "GIST", "other"),
    _whole("n_lesions", "number of lesions in that organ", 0, 500, imaging=True),
    _number("largest_target_mm", "largest diameter of the lesions to be ablated", "mm", 0.1, 300.0, imaging=True),
    _number("largest_lesion_mm", "largest diameter of all lesions", "mm", 0.1, 300.0, imaging=True),
    _number("nearest_to_bile_duct_mm", "smallest distance of a lesion to be ablated to a main hepatic duct", "mm",
            0.0, 300.0, imaging=True),
    _number("nearest_to_bowel_mm", "smallest distance of a lesion to be ablated to stomach or bowel", "mm",
            0.0, 300.0, imaging=True),
    _number("nearest_to_vulnerable_mm", "smallest distance of a lesion to be ablated to a vulnerable structure", "mm",
            0.0, 300.0, imaging=True),
    _choice("distribution", "distribution in the liver", "unilobar", "bilobar"),
    _yes("limited_disease", "limited liver disease", judgment=True, note="the source prints no number"),
    _yes("small_volume", "small-volume disease", judgment=True, note="the source prints no number"),
    _yes("small_metastases", "small metastases", judgment=True, note="the source prints no size"),
    _yes("liver_predominant", "liver-predominant disease", judgment=True),
    _yes("oligometastatic", "oligometastatic disease", judgment=True),
    _choice("oligometastatic_kind", "kind of oligometastatic disease", "induced", "recurrent", "de novo"),
    _yes("extrahepatic_disease", "disease outside of the liver", imaging=True),
    _yes("extrahepatic_all_treatable", "all sites outside of the liver radically treated", judgment=True),
    _yes("other_than_lung", "disease outside of liver and lung", imaging=True),
    _whole("n_lung_metastases", "number of lung metastases", 0, 500, imaging=True),
    _number("largest_lung_metastasis_mm", "largest lung metastasis", "mm", 0.0, 300.0, imaging=True),
    _yes("extrapulmonary_metastases", "metastases outside of the lung", imaging=True),
    _yes("mediastinal_nodes", "mediastinal nodes involved", imaging=True),
    _yes("synchronous", "metastases found with the primary tumor"),
    _yes("primary_resected", "primary tumor resected"),
    _choice("primary_site", "site of the colorectal tumor", "cecum", "ascending colon", "transverse colon",
            "descending colon", "sigmoid colon", "rectosigmoid", "rectum"),
    _yes("recurrence_after_local_therapy", "recurrence after hepatectomy or ablation"),
    _number("disease_free_interval_months", "months from the primary's resection to metastases", "months", 0.0, 600.0),
    _choice("n_stage", "nodes of the primary tumor", "N0", "N1", "N2"),
    _choice("microsatellites", "microsatellite status", "MSS or pMMR", "MSI-H or dMMR"),
    _yes("pole_mutated", "POLE or POLD1 mutated"),
    _choice("net_site", "site of the neuroendocrine tumor", "gastrointestinal", "pancreas", "lung", "thymus"),
    _choice("net_grade", "grade of the neuroendocrine tumor", "G1", "G2", "G3"),
    _yes("well_differentiated", "well differentiated"),
    _number("ki67_percent", "Ki-67", "%", 0.0, 100.0),
    _yes("rapid_growth", "rapid growth", judgment=True),
    _yes("fdg_avid", "FDG-avid", imaging=True),
    _yes("sstr_positive", "somatostatin receptors on imaging", imaging=True),
    _yes("progression", "clinically significant progression", judgment=True),
    _yes("disease_progression", "progression, clinically significant or not"),
)  # fmt: skip

PATIENT: tuple[FactKind, ...] = (
    _number("age_years", "age", "years", 0.0, 120.0),
    _whole("ecog", "ECOG performance status", 0, 5),
    _whole("asa", "ASA class", 1, 6),
    _number("life_expectancy_weeks", "life expectancy", "weeks", 0.0, 5000.0, note="estimated"),
    _number("inr", "INR", "", 0.3, 20.0),
    _yes("anticoagulants", "takes anticoagulants"),
    _number("cea_ug_l", "CEA", "µg/L", 0.0, 1_000_000.0),
    _yes("cea_rising", "CEA rising in serial tests", judgment=True, note="the source prints no rise"),
    _yes("ascites", "ascites"),
    _yes("portal_hypertension", "portal hypertension"),
    _yes("pregnant", "pregnant"),
    _yes("uncontrolled_infection", "uncontrolled infection"),
    _yes("severe_contrast_allergy", "severe allergy to contrast agents"),
    _yes("prior_liver_resection", "liver metastases resected before"),
    _yes("prior_liver_ablation", "liver metastases ablated before"),
    _yes("prior_radioembolization", "liver metastases radioembolized before"),
    _yes("prior_pancreatoduodenectomy", "pancreatoduodenectomy before"),
    _yes("fit_for_surgery", "fit for liver surgery", judgment=True),
    _yes("fit_for_chemotherapy", "fit for chemotherapy", judgment=True),
    _yes("prefers_ablation", "prefers ablation"),
    _yes("seen_by_surgeon", "seen by a liver surgeon"),
    _yes("seen_by_interventional_oncologist", "seen by an interventional oncologist"),
    _yes("tumor_board", "discussed at a tumor board that an interventional oncologist attends"),
    _yes("multidisciplinary", "discussed in a multidisciplinary setting"),
)  # fmt: skip

PLAN: tuple[FactKind, ...] = (
    _yes("resectable", "resectable", judgment=True),
    _choice("resectability_judged_by", "who judged resectability",
            "liver surgeon", "tumor board", "radiologist", "oncologist"),
    _yes("resection_needs_pve_or_stages", "resection would need portal vein embolization or stages"),
    _yes("reserve_too_small", "not resectable since too little liver would remain"),
    _number("flr_percent", "future liver remnant", "%", 0.0, 100.0, imaging=True),
    _whole("hepatic_veins_kept", "hepatic veins that resection preserves", 0, 3),
    _yes("inflow_kept", "portal and arterial inflow to the remnant preserved"),
    _yes("r0_expected", "complete resection expected", judgment=True),
    _number("surgery_morbidity_percent", "estimated major morbidity of surgery", "%", 0.0, 100.0),
    _number("surgery_mortality_percent", "estimated mortality of surgery", "%", 0.0, 100.0),
    _whole("resection_segments", "segments in one resection", 0, 8),
    _yes("all_ablatable", "all disease in question ablatable", judgment=True),
    _yes("all_ablatable_with_margins", "all visible disease ablatable with margins", judgment=True),
    _yes("targets_ablatable_with_margins", "lesions to be ablated can be ablated with margins", judgment=True),
    _yes("all_sites_treatable", "every original site can be ablated or resected", judgment=True),
    _yes("all_metastases_treatable", "every metastasis can be ablated, resected or irradiated", judgment=True),
    _yes("ducts_or_structures_in_the_way", "central ducts or unprotectable structures forbid heat and cold",
         judgment=True),
    _yes("for_debulking", "ablation for debulking only"),
    _yes("local_therapy_planned", "local therapy of the metastases planned"),
    _yes("image_guided_therapy_considered", "ablation or radioembolization of the liver considered"),
    _whole("n_in_one_procedure", "lesions to be ablated or resected in one procedure", 0, 500),
    _choice("planned_modality", "modality planned", "RFA", "MWA", "cryoablation", "IRE"),
    _choice("approach", "approach planned", "percutaneous", "laparoscopic", "open"),
    _yes("with_resection", "ablation is part of a resection"),
    _yes("displacement_planned", "displacement of vulnerable structures planned"),
    _yes("biliary_cooling_planned", "cooling of the bile ducts during ablation planned"),
    _number("planned_margin_mm", "margin that is planned all around", "mm", 0.0, 50.0),
    _number("planned_parenchyma_percent", "share of liver to be destroyed in one session", "%", 0.0, 100.0),
    _yes("general_anesthesia", "general anesthesia available"),
    _yes("experienced_operator", "experienced operator", judgment=True),
    _yes("tumor_well_defined", "tumor well defined for the ablation", judgment=True),
    _yes("zone_assessed_during", "zone assessed during the procedure"),
    _yes("experienced_in_hai", "center experienced in hepatic artery infusion", judgment=True),
    _number("surveillance_interval_weeks", "weeks between examinations of follow-up", "weeks", 0.0, 1000.0),
)  # fmt: skip

WORK_UP: tuple[FactKind, ...] = (
    _date("ct_date", "CT of the liver", imaging=True),
    _yes("ct_done", "CT of the liver done"),
    _date("mri_date", "MRI of the liver", imaging=True),
    _yes("mri_done", "MRI of the liver done"),
    _choice("mri_agent", "contrast agent of that MRI", "hepatobiliary", "extracellular", "none"),
    _date("pet_date", "FDG-PET/CT", imaging=True),
    _yes("pet_done", "FDG-PET/CT done"),
    _yes("complete_imaging_history", "complete imaging history available"),
)  # fmt: skip

THERAPY: tuple[FactKind, ...] = (
    _yes("chemotherapy_before", "systemic therapy before this decision"),
    _date("last_chemotherapy", "last systemic therapy"),
    _date("systemic_start", "start of systemic therapy"),
    _date("ablation_date", "first ablation"),
    _yes("systemic_therapy_planned", "systemic therapy with local therapy"),
    _yes("systemic_therapy_synchronous", "systemic therapy at the time of ablation", judgment=True,
         note="neither before nor after it; the source prints no window"),
    _yes("neoadjuvant", "systemic therapy before the metastases are resected or ablated, given or planned"),
    _number("neoadjuvant_months", "length of that systemic therapy", "months", 0.0, 120.0),
    _choice("neoadjuvant_regimen", "regimen of that systemic therapy", "FOLFOX", "CAPEOX", "FOLFIRI", "FOLFIRINOX",
            "other"),
    _number("perioperative_months", "systemic therapy before and after resection or ablation, in sum", "months", 0.0,
            120.0),
)  # fmt: skip

DERIVED: tuple[FactKind, ...] = (
    _number("tumor_burden_score", "tumor burden score", "", 0.0, 600.0),
    _whole("fong_score", "clinical risk score of Fong", 0, 5, unit="points"),
    _number("weeks_since_chemotherapy", "weeks since the last systemic therapy", "weeks", 0.0, 5000.0),
    _number("weeks_ablation_to_systemic", "weeks from ablation to systemic therapy", "weeks", -5000.0, 5000.0),
    _number("months_systemic_to_ablation", "months from systemic therapy to ablation", "months", -1200.0, 1200.0),
)  # fmt: skip
"""What is computed where it is not given."""

CASE_KINDS = (*DISEASE, *PATIENT, *PLAN, *WORK_UP, *THERAPY, *DERIVED)
