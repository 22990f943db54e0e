// The page of a patient: the scans of a measured pair, to look at.

import { Look } from "./look.js";

const section = document.getElementById("viewer");
new Look(section).open(section.dataset.job, section.dataset.lesion);
