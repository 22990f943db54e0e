"""The form of a fact: named in the words that pages use for it, with what may be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from isotherm.app.record_form import Blank, RecordForm
from isotherm.app.registry_tasks import UNKNOWN
from isotherm.clinical.kinds import FactKind
from isotherm.clinical.vocabulary import CASE_FACTS, LESION_FACTS
from isotherm.exchange.fact_values import fact_wanted
from isotherm.exchange.table_columns import date_in

WITHOUT_DAY = "without a day it counts only where nothing that has one is noted of the same fact"


def _in_order() -> Mapping[str, str]:
    told = [(f"lesion: {kind.label}" if kind.of == "lesion" else kind.label, kind.name)
            for kind in (*CASE_FACTS.values(), *LESION_FACTS.values())]  # fmt: skip
    return MappingProxyType({name: words for words, name in sorted(told, key=lambda one: one[0].casefold())})


FACT_WORDS = _in_order()
"""What every fact is called, by its name, in the order of the alphabet."""


def new_fact_form(form: RecordForm, name: str) -> RecordForm:
    """Return the form of a new fact: without its name, which is chosen before; a lesion is asked for where it has one.

    Parameters
    ----------
    form : RecordForm
    name : str
        Of the fact; of none that there is, the form stays as it is.
    """
    kind = CASE_FACTS.get(name) or LESION_FACTS.get(name)
    if kind is None:
        return form
    lesion = next(one for one in form.besides if one.name == "lesion_id")
    of_lesion = (_of_lesion(lesion),) if kind.of == "lesion" else ()
    value = next(one for one in form.asked if one.name == "value")
    besides = tuple(_besides(one) for one in form.besides if one is not lesion)
    return replace(form, asked=(*of_lesion, _value(value, kind)), besides=besides,
                   lacking="lesion" if of_lesion and not lesion.choices else form.lacking)  # fmt: skip


def kept_fact_form(form: RecordForm) -> RecordForm:
    """Return the form of a fact that is to be corrected: all of it, with what may be said of the fact that it names."""
    name = next(one.text for one in form.asked if one.name == "name")
    kind = CASE_FACTS.get(name) or LESION_FACTS[name]
    asked = (_value(one, kind) if one.name == "value" else replace(one, choices=tuple(FACT_WORDS.items()))
             for one in form.asked)  # fmt: skip
    return replace(form, asked=tuple(asked), besides=tuple(_besides(one) for one in form.besides))


def _of_lesion(blank: Blank) -> Blank:
    only = blank.choices[0][0] if len(blank.choices) == 1 else ""
    return replace(blank, needed=True, may_be_unknown=False, text=blank.text or only)


def _value(blank: Blank, kind: FactKind) -> Blank:
    choices = ("yes", "no") if kind.form == "yes or no" else kind.choices
    unknown = blank.text == UNKNOWN
    text = "" if unknown else blank.text
    is_day = kind.form == "date" and (not text or date_in(text) is not None)
    return replace(
        blank, label=kind.label, unit=kind.unit,
        note="; ".join(filter(None, ["" if choices else fact_wanted(kind), kind.note])),
        form="choice" if choices else "date" if is_day else "number" if kind.is_number else "text",
        choices=tuple((one, one) for one in choices), text=text, may_be_unknown=True, is_unknown=unknown,
        needed=bool(choices),  # of a number one may say instead that nobody can tell
    )  # fmt: skip


def _besides(blank: Blank) -> Blank:
    return replace(blank, note=WITHOUT_DAY) if blank.name == "noted_on" else blank
