"""The form of Assess: uploads and labels → a pair, with the questions that the command line asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from fastapi import Request

from isotherm.app.assess_task import PairAsked
from isotherm.app.choosing import ChoiceRequest
from isotherm.app.pacs_pair import MARK
from isotherm.app.pair import PairRequest
from isotherm.app.settings import Settings
from isotherm.app.web.marks_sent import USES, MarksSent
from isotherm.app.web.place_of import one_of, place_of
from isotherm.app.web.uploads import files_of
from isotherm.app.web.work_pull import study_of
from isotherm.app.web.workspace import Workspace
from isotherm.errors import BadSetting
from isotherm.exchange.dicomweb_server import checked_uid
from isotherm.printable import printable

SCANS = (("before", "Scan before ablation"), ("after", "Scan after ablation"))
MASKS = (("tumor", "Tumor, drawn before"), ("ablation", "Ablation zone, drawn after"),
         ("organ_before", "Organ, drawn before"), ("organ_after", "Organ, drawn after"))  # fmt: skip
"""What is asked for; organs may be left out."""

NEEDED = ("before", "after", "tumor", "ablation")

NAMES = dict((*SCANS, *MASKS))

LONGEST_LABEL = 200


def pair_of_form(workspace: Workspace, form: Mapping[str, str]) -> tuple[PairAsked, str]:
    """Return what a form asks to be measured, and what people may call it.

    Parameters
    ----------
    workspace : Workspace
    form : mapping
        Under `before`, `after`, `tumor`, ...: numbers of uploads, or what studies that were fetched are called; series
        and labels under `before_label`, ...; `study_before` and `study_after` of a PACS; `mr_before`, `mr_after`,
        `confirmed`, `organ_name`, `method`, `title`; `landmarks`, `landmarks_frame`, `landmarks_use`.

    Raises
    ------
    BadSetting
        A file is missing.
    BadLandmarks, UnreadableFile
        Landmark files came that cannot be used.
    """
    studies = tuple(uid for name in ("study_before", "study_after") if (uid := form.get(name, "").strip()))
    specs = {name: spec for name in NAMES if (spec := _spec(workspace, form, name, in_pacs=bool(studies))) is not None}
    missing = [NAMES[name] for name in NEEDED if name not in specs]
    if missing:
        raise BadSetting(
            f"Not everything has come: {', '.join(missing).lower()}; choose the files and send them again."
        )
    method = form.get("method") or "deformable"
    if method not in ("deformable", "rigid"):
        raise BadSetting("A way of registering came that is not known; choose deformable or rigid.")
    request = PairRequest(
        specs["before"], specs["after"], (specs["tumor"],), (specs["ablation"],), specs.get("organ_before"),
        specs.get("organ_after"), pair_confirmed=form.get("confirmed") == "yes",
        mr=tuple(side for side in ("before", "after") if form.get(f"mr_{side}") == "yes"),
    )  # fmt: skip
    title = printable(form.get("title", "")).strip()[:80] or "Pair of scans"
    choice = _choice(workspace, form, method=None if method == "deformable" else "rigid")
    asked = PairAsked(request=request, choice=choice, settings=Settings(organ_name=form.get("organ_name") or "liver"),
                      studies=tuple(checked_uid(uid, "study") for uid in studies))  # fmt: skip
    return asked, title


async def texts_of(request: Request) -> dict[str, str]:
    """Return the texts of the form."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def _choice(workspace: Workspace, form: Mapping[str, str], *, method: Literal["rigid"] | None) -> ChoiceRequest:
    """Return how to register; landmark files are read once here, so that what is wrong with them is said at once."""
    sent = MarksSent.of_form(workspace, form)
    if sent is None:
        return ChoiceRequest(method)
    use = form.get("landmarks_use") or "check"
    if use not in USES:
        raise BadSetting("Landmarks were to be used in a way that is not known; choose one of the list.")
    sent.read()
    after, before = sent.paths
    return ChoiceRequest("landmarks" if use == "landmarks" else method, landmarks=after, landmarks_before=before,
                         landmarks_frame=sent.frame, mend=use == "mend")  # fmt: skip


def _spec(workspace: Workspace, form: Mapping[str, str], name: str, *, in_pacs: bool) -> str | None:
    """Return what was uploaded under a name as FILE or FILE:LABEL, or its place in a PACS; None without either."""
    came = form.get(name, "")
    files = files_of(workspace, came)
    label = printable(form.get(f"{name}_label", "")).strip()[:LONGEST_LABEL]
    if (study := study_of(workspace, came)) is not None:
        return f"{study}:{label}" if label else str(study)
    if not files:
        return f"{MARK}{label}" if in_pacs and (label or name in dict(SCANS)) else None
    files, label = one_of(files, label)
    place = place_of(files)
    return f"{place}:{label}" if label else str(place)
