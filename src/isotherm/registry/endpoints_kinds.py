"""What is measured of patients, sessions and tumors: each endpoint with its start, its event and what competes.

Units follow the SIO-DATECAN consensus: overall and disease-free survival are of patients only, results are reported
per patient and per tumor. What the consensus leaves open is marked as our choice, and stands in `Choices` where it can
be chosen otherwise.

References
----------
.. [1] Puijk RS et al. Consensus guidelines for the definition of time-to-event end points in image-guided tumor
       ablation: results of the SIO and DATECAN initiative. Radiology 2021, PMC8961014.
.. [2] Ahmed M et al. Image-guided tumor ablation: standardization of terminology and reporting criteria.
       Radiology 2014;273:241-260, doi 10.1148/radiol.14132958.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from isotherm.errors import BadSetting

Unit = Literal["patient", "session", "tumor"]

Anchor = Literal["decision", "ablation", "diagnosis", "metastases"]
"""Where time begins: first decision, first ablation, diagnosis of the primary tumor, first metastasis seen."""

Repeat = Literal["goes on", "censors", "counts"]
"""What a repeat ablation after the first course does to a tumor without progression: nothing; it ends its observation;
it counts as local tumor progression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What no consensus settles, chosen and stated.

    Parameters
    ----------
    anchor : {"decision", "ablation", "diagnosis", "metastases"}
        Start of the endpoints of patients that have none of their own.
    local_from : {"first", "last"}
        Whether endpoints of a tumor count from its first ablation, or from the last of its first course: those up to
        the first finding of complete ablation.
    repeat : {"goes on", "censors", "counts"}
    efficacy_days : float
        A finding later than this after an ablation no longer tells whether that was complete.
    complication_days : float
        A complication that names no session belongs to the last one within so many days before it.

    Raises
    ------
    BadSetting
    """

    anchor: Anchor = "decision"
    local_from: Literal["first", "last"] = "first"
    repeat: Repeat = "goes on"
    efficacy_days: float = 120.0
    complication_days: float = 30.0

    def __post_init__(self) -> None:
        for name, value, known in (
            ("anchor", self.anchor, get_args(Anchor)),
            ("local_from", self.local_from, ("first", "last")),
            ("repeat", self.repeat, get_args(Repeat)),
        ):
            if value not in known:
                raise BadSetting(f"{name} = '{value}' came; one of {', '.join(known)} is wanted.")
        for name, days in (("efficacy_days", self.efficacy_days), ("complication_days", self.complication_days)):
            if not (math.isfinite(days) and days > 0):
                raise BadSetting(f"{name} = {days:g} came; days above 0 are wanted.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint, in words.

    Parameters
    ----------
    name, label : str
        Start of its columns ("os"), and what people call it.
    unit : {"patient", "session", "tumor"}
    start, event, competing, censored : str
        From which day it counts, what the event is, what competes with it, when observation ends without. Of what has
        no time, `event` says what is asked, and the others are empty.
    source : str
        Where the definition comes from.
    ours : str
        What of it is our choice.
    """

    name: str
    label: str
    unit: Unit
    event: str
    start: str = ""
    competing: str = ""
    censored: str = ""
    source: str = "SIO-DATECAN 2021"
    ours: str = ""

    @property
    def is_timed(self) -> bool:
        """Whether it has a time; else it is yes or no, or a number of days."""
        return bool(self.start)


_LOOKED = "last follow-up that says whether there is new tumor"
_PROGRESSION = "new tumor in the organ or outside of it, progression beyond local therapy, local tumor progression"
_SEEN = "last finding of complete ablation"
_ABLATED = "first ablation of the tumor (or last of its first course)"
_AHMED = "Ahmed 2014"


def _early_deaths(unit: Unit, what: str) -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint(name=f"died_{days}d", label=f"Death within {days} days", unit=unit,
                 event=f"death of any cause within {days} days of the {what}",
                 ours="not known where the patient was not seen that long")
        for days in (30, 90)
    )  # fmt: skip


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(name="os", label="Overall survival", unit="patient", start="anchor", event="death of any cause",
             censored="last contact", ours="last contact: the last day of a record that has the patient in it"),
    Endpoint(name="pfs", label="Progression-free survival", unit="patient", start="anchor",
             event=f"{_PROGRESSION}, or death", censored=_LOOKED,
             ours="residual tumor is no progression; a lesion first seen after the first ablation is new tumor"),
    Endpoint(name="efs", label="Event-free survival", unit="patient", start="anchor",
             event=f"residual tumor, {_PROGRESSION}, or death", censored=_LOOKED, source="our definition",
             ours="as progression-free survival, and residual tumor counts"),
    Endpoint(name="dfs", label="Disease-free survival", unit="patient", start="day on which the patient was free of "
             "disease", event=f"{_PROGRESSION}, or death", censored=_LOOKED,
             ours="free of disease: every lesion seen by the first ablation found completely ablated or resected, "
             "primary tumor resected, no disease elsewhere at the decision or until the ablation, no progression after "
             "that"),
    Endpoint(name="dpfs", label="Distant progression-free survival", unit="patient", start="anchor",
             event="new tumor in the organ or outside of it, or death", censored=_LOOKED, source="COLLISION"),
    Endpoint(name="ttp", label="Time to progression", unit="patient", start="anchor", event=_PROGRESSION,
             competing="death", censored=_LOOKED, source="COLLISION"),
    Endpoint(name="ttup", label="Time to untreatable progression", unit="patient", start="anchor",
             event="progression that local therapy cannot treat", competing="death", censored=_LOOKED, source="CIEMAR",
             ours="untreatable is what the follow-up says; there is no agreed definition"),
    Endpoint(name="ltp", label="Local tumor progression", unit="patient", start="first ablation",
             event="first local tumor progression of any tumor", competing="death",
             censored="the earliest among its tumors of the last finding of complete ablation",
             ours="tumors that were never free locally do not count, resected ones to their resection"),
    Endpoint(name="ltp", label="Local tumor progression", unit="tumor", start=_ABLATED,
             event="tumor at the edge of the zone after a finding of complete ablation",
             competing="death, resection of the tumor", censored=_SEEN, source=f"SIO-DATECAN 2021; {_AHMED}",
             ours="residual tumor after a finding of complete ablation is progression; progression that is noted "
             "without such a finding counts; a tumor with residual and no complete ablation is not at risk"),
    Endpoint(name="ltpfs", label="Local tumor progression-free survival", unit="tumor", start=_ABLATED,
             event="local tumor progression, or death", censored=f"{_SEEN}, or resection"),
    Endpoint(name="local_failure", label="Failure of local control, repeat treatment included", unit="tumor",
             start=_ABLATED, event="residual tumor or progression that no later finding of complete ablation or "
             "resection follows", competing="death", censored=f"{_SEEN}, or resection", source="COLLISION",
             ours="the day of the first finding of tumor that nothing rescued"),
    Endpoint(name="technical_success", label="Technical success", unit="tumor", source=_AHMED,
             event="treated as planned, and covered when the session ended: the first session of the tumor"),
    Endpoint(name="residual_tumor", label="Residual tumor", unit="tumor", source=_AHMED,
             event="tumor in the first finding after the first ablation"),
    Endpoint(name="primary_efficacy", label="Primary technique efficacy", unit="tumor", source=_AHMED,
             event="completely ablated in the first finding after the first ablation",
             ours="within 120 days of it, and before a repeat ablation"),
    Endpoint(name="assisted_efficacy", label="Assisted technique efficacy", unit="tumor", source=_AHMED,
             event="completely ablated after the first ablation or after repeats, before any progression",
             ours="within 120 days of the ablation before it"),
    Endpoint(name="technical_success", label="Technical success", unit="session", source=_AHMED,
             event="every tumor of the session treated as planned and covered"),
    Endpoint(name="residual_tumor", label="Residual tumor", unit="session", source=_AHMED,
             event="residual tumor in the first finding of any tumor of the session"),
    Endpoint(name="efficacy", label="Technique efficacy of the session", unit="session", source=_AHMED,
             event="every tumor of the session completely ablated in its first finding",
             ours="within 120 days, and before a repeat ablation"),
    Endpoint(name="complication", label="Complication", unit="session",
             event="a complication of the session is noted", source="CIRSE, CTCAE, SIR: no consensus",
             ours="one without a session belongs to the last one within 30 days; none is known only where the patient "
             "was seen after those days"),
    *_early_deaths("session", "session"),
    *_early_deaths("patient", "first ablation"),
    Endpoint(name="stay_days", label="Length of stay", unit="session", event="days from the session to discharge"),
)  # fmt: skip

TIMED: Mapping[Unit, tuple[str, ...]] = MappingProxyType({
    unit: tuple(one.name for one in ENDPOINTS if one.unit == unit and one.is_timed) for unit in get_args(Unit)
})  # fmt: skip
"""Names of the endpoints with a time, by unit."""
