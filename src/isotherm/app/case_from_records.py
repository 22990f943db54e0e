"""The records of one patient → the case that guidelines are asked about.

Pure: each fact has the day and the origin of the record that it comes from; docs/board.md has the same as a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from isotherm.app.decided_size import contradicted_sizes, measured_anew, sizes_apart
from isotherm.app.facts_of_records import FactsRead, read_facts
from isotherm.app.facts_told import DECISION, PRIMARY, READING
from isotherm.app.margins_of_records import of_margin
from isotherm.app.overruling import GROUND, Noted, Seen, outnumbered, overruled_by_findings, targets
from isotherm.app.recorded import Recorded, day_in
from isotherm.clinical.case import Case, Lesion
from isotherm.clinical.fact import Fact, Origin
from isotherm.clinical.record import Record
from isotherm.clinical.vocabulary import LESION_FACTS
from isotherm.errors import BadCase

DAYS_PER_YEAR = 365.25


def case_from_records(records: Iterable[Record], *, patient_id: str, on: date, facts: FactsRead | None = None) -> Case:
    """Return the case of a patient on a day; later facts are kept and not used.

    What was noted once holds until a record says otherwise: what a follow-up finds overrules it from its own day on.
    A largest diameter that the lesions' own sizes contradict decides nothing. Facts that cannot be read are left out.

    Parameters
    ----------
    records : iterable of Record
        Of one patient.
    patient_id : str
    on : date
    facts : FactsRead, optional
        Of these records, where they have been read already.

    Raises
    ------
    BadCase
        The records contradict each other.
    """
    kept = Recorded.of(records)
    every = tuple(kept.every())
    read = read_facts(every) if facts is None else facts
    by_lesion: dict[str, dict[str, tuple[Fact, ...]]] = {"": {}}
    lesions = [one.id for one in kept.all("lesion") if (day_in(one, "found_on") or on) <= on]
    noted = (*_of_patient(kept, on), *_of_lesions(kept), *read.noted())
    noted = (*noted, *contradicted_sizes(tuple(sizes_apart(every, read))), *measured_anew(every, read, on))
    noted = (*noted, *overruled_by_findings(noted, _seen(kept)), *_targets(kept, noted))
    counted = tuple(fact for lesion, name, fact in noted if (lesion, name) == ("", "n_lesions"))
    for lesion, name, fact in (*noted, *outnumbered(counted, len(lesions), on)):
        own = by_lesion.setdefault(lesion, {})
        if fact not in own.get(name, ()):
            own[name] = (*own.get(name, ()), fact)
    try:
        return Case(on=on, id=patient_id, facts=by_lesion[""],
                    lesions=tuple(Lesion(one, by_lesion.get(one, {})) for one in lesions))  # fmt: skip
    except ValueError as error:
        raise BadCase(("", f"The records contradict each other: {error}.")) from None


def _of_patient(kept: Recorded, on: date) -> Iterator[Noted]:
    for one in kept.all("patient"):
        born = one.get("born_on")
        if isinstance(born, date) and born <= on:
            yield "", "age_years", Fact(value=round((on - born).days / DAYS_PER_YEAR, 1), on=on, origin="derived")
        if one.get("sex") == "male":
            yield "", "pregnant", Fact(value=False, origin="derived")
    for one in kept.all("primary"):
        yield from (("", name, fact) for name, fact in _fields(one, PRIMARY, None, "typed"))
        resected = one.get("resected_on")
        if isinstance(resected, date):
            yield "", "primary_resected", Fact(value=True, on=resected)
    for one in kept.all("decision"):
        day = one.get("decided_on")
        yield from (("", name, fact) for name, fact in _fields(one, DECISION, day, "typed"))
    organs = {one.get("organ") for one in kept.all("lesion")}
    if len(organs) == 1 and not any(one.get("organ") for one in kept.all("decision")):
        yield from (("", "organ", Fact(value=value)) for value in organs if value is not None)
    yield from _of_therapy(kept)


def _of_therapy(kept: Recorded) -> Iterator[Noted]:
    """Yield what follows from lines of systemic therapy and from sessions, each known from its own day."""
    started = sorted(value for one in kept.all("systemic") if isinstance(value := one.get("started_on"), date))
    if started:
        yield "", "chemotherapy_before", Fact(value=True, on=started[0])
        yield "", "systemic_start", Fact(value=started[0], on=started[0])
    for one in kept.all("systemic"):
        stopped = one.get("stopped_on")
        if isinstance(stopped, date):
            yield "", "last_chemotherapy", Fact(value=stopped, on=stopped)
    ablated = sorted(value for one in kept.all("session") if isinstance(value := one.get("ablated_on"), date))
    if ablated:
        yield "", "ablation_date", Fact(value=ablated[0], on=ablated[0])


def _of_lesions(kept: Recorded) -> Iterator[Noted]:
    for one in kept.all("lesion"):
        yield from ((one.id, name, fact) for name, fact in _fields(one, ("peridiaphragmatic",), None, "typed"))
    for one in kept.all("reading"):
        day = kept.day_of("scan", one.get("scan_id"), "scanned_on")
        yield from ((str(one.get("lesion_id")), name, fact) for name, fact in _fields(one, READING, day, "image"))
    for one in kept.all("ablation"):
        day = kept.day_of("session", one.get("session_id"), "ablated_on")
        modality = one.get("modality")
        if modality in LESION_FACTS["ablation_modality"].choices:
            yield str(one.get("lesion_id")), "ablation_modality", Fact(value=modality, on=day)
    for one in kept.all("margin"):
        yield from ((str(one.get("lesion_id")), name, fact) for name, fact in of_margin(kept, one))


def _seen(kept: Recorded) -> Iterator[Seen]:
    """Yield what was found on the days of follow-ups."""
    progressed = {str(one.get("follow_up_id")) for one in kept.all("finding")
                  if one.get("state") == "local tumor progression"}  # fmt: skip
    for one in kept.all("follow_up"):
        day, fields = day_in(one, "seen_on"), tuple(name for name in GROUND if one.get(name) is True)
        if day is not None and (fields or one.id in progressed):
            yield Seen(day, fields, one.id in progressed)


def _targets(kept: Recorded, noted: Iterable[Noted]) -> Iterator[Noted]:
    """Yield which lesions were to be ablated, as their ablations tell; what was noted of that very day stands."""
    done = [(str(one.get("lesion_id")), day) for one in kept.all("ablation")
            if (day := kept.day_of("session", one.get("session_id"), "ablated_on")) is not None]  # fmt: skip
    decided = [day for one in kept.all("decision") if (day := day_in(one, "decided_on")) is not None]
    told = {(lesion, fact.day) for lesion, name, fact in noted if name == "target"}
    again = {(lesion, day) for lesion, day in done}
    for lesion, name, fact in targets(done, decided):
        ablated_anew = fact.value is None and (lesion, fact.day) in again
        if (lesion, fact.day) not in told and not ablated_anew:
            yield lesion, name, fact


def _fields(one: Record, names: Iterable[str], day: Any, origin: Origin) -> Iterator[tuple[str, Fact]]:
    """Yield fields as facts; what somebody was asked and could not tell is not assessable."""
    on = day if isinstance(day, date) else None
    for name in names:
        value = one.get(name)
        if value is not None:
            yield name, Fact(value=value, on=on, origin=origin)
        elif name in one.unknown:
            yield name, Fact(value=None, on=on, origin=origin)
