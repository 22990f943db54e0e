"""Drafts over cohorts of a registry: each reads back as a protocol of what was asked, and can be audited."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bench.registry_data import made_up_records
from isotherm.app.registry_cohort import Asked, Found, asked_of, read_everybody
from isotherm.app.registry_study_covariates import TIMING
from isotherm.app.registry_study_draft import comparable, registry_draft, source
from isotherm.app.study_data import read_study
from isotherm.errors import BadSetting
from isotherm.exchange.protocol_files import protocol_from
from isotherm.registry.derive import Windows
from isotherm.registry.endpoints_kinds import ENDPOINTS, Anchor, Choices, Unit
from isotherm.registry.store import open_store
from isotherm.study.guard.audit import findings_of, possible_designs
from isotherm.study.protocol_designs import Landmark


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a registry with 200 made-up patients."""
    made = str(tmp_path_factory.mktemp("registry") / "made-up.registry")
    with open_store(made, create=True) as store:
        store.add(made_up_records(200, seed=3), by="test", why="made up")
    return made


@pytest.mark.parametrize("per", ["patient", "session", "tumor"])
def test_every_comparison_that_is_offered_is_a_protocol_over_the_same_rows(address: str, per: Unit) -> None:
    asked = Asked(per=per, where="n_lesions <= 4")
    found = read_everybody(address, Asked(per=per))

    assert comparable(found.cohort)
    for compare in comparable(found.cohort):
        protocol = protocol_from(registry_draft(address, asked, found, title="A title", compare=compare))
        assert asked_of(protocol.data.file, ".") == (address, asked)
        assert set(protocol.columns) <= set(found.cohort.table.columns)
        assert all(one.known.when == "before time zero" for one in protocol.covariates)
        later = {one.column for one in protocol.covariates} & found.cohort.later
        assert not later


@pytest.mark.parametrize("per", ["patient", "session", "tumor"])
def test_every_draft_can_be_audited(address: str, tmp_path: Path, per: Unit) -> None:
    found = read_everybody(address, Asked(per=per))
    for compare in comparable(found.cohort):
        text = registry_draft(address, Asked(per=per), found, title="x", compare=compare)
        (tmp_path / "study.toml").write_text(text.replace("outcomes_blinded = false", "outcomes_blinded = true"))

        data = read_study(str(tmp_path / "study.toml"))

        assert possible_designs(data.protocol), compare
        findings_of(data.cohort())


def test_what_differs_between_the_tumors_of_one_patient_makes_no_arms(address: str) -> None:
    found = read_everybody(address, Asked(per="tumor"))
    table = found.cohort.table
    assert "sex" in comparable(found.cohort)
    table.loc[table.groupby("patient_id").cumcount() == 0, "sex"] = "female"
    table.loc[table.groupby("patient_id").cumcount() == 1, "sex"] = "male"
    assert "sex" not in comparable(found.cohort)


def test_only_what_happened_is_an_outcome_of_sessions(address: str) -> None:
    asked = Asked(per="session")
    found = read_everybody(address, asked)
    everything = registry_draft(address, asked, found, title="x", compare="sex")
    assert 'name = "complication"' in everything  # nothing happened yet: the protocol waits for it
    assert 'name = "residual_tumor"' in everything
    found.cohort.table.loc[0, "complication"] = True
    text = registry_draft(address, asked, found, title="x", compare="sex")
    assert 'name = "complication"' in text
    assert 'name = "residual_tumor"' not in text


@pytest.mark.parametrize("anchor", ["decision", "ablation"])
def test_only_outcomes_that_count_from_time_zero_are_in_a_draft(address: str, anchor: Anchor) -> None:
    asked = Asked(choices=Choices(anchor=anchor))
    found = read_everybody(address, asked)

    protocol = protocol_from(registry_draft(address, asked, found, title="x", compare="sex"))

    starts = {one.name: one.start for one in ENDPOINTS if one.unit == "patient"}
    assert protocol.time_zero.column == {"decision": "decided_on", "ablation": "ablated_on"}[anchor]
    also = {"first ablation"} if anchor == "ablation" else set[str]()
    assert {starts[one.name] for one in protocol.outcomes} <= {"anchor"} | also
    begin = {"decision": "first decision of the tumor board", "ablation": "first ablation"}[anchor]
    assert all(one.definition.endswith(f", counted from the {begin}.") for one in protocol.outcomes)


@pytest.mark.parametrize("anchor", ["diagnosis", "metastases"])
def test_time_that_begins_on_a_day_that_no_column_has_is_refused(address: str, anchor: Anchor) -> None:
    asked = Asked(choices=Choices(anchor=anchor))
    with pytest.raises(BadSetting, match="decision or at the first ablation"):
        registry_draft(address, asked, read_everybody(address, asked), title="x", compare="sex")


def _timed(found: Found) -> Found:
    table = found.cohort.table
    table.loc[: len(table) // 2, "timing"] = "upfront"
    table.loc[len(table) // 2 :, "timing"] = "delayed"
    return found


def test_timing_is_compared_by_the_course_of_patients_and_by_the_windows_that_were_chosen(address: str) -> None:
    asked = Asked(windows=Windows(upfront=(10.0, 20.0), delayed=(50.0, 70.0)))
    found = _timed(read_everybody(address, Asked()))
    assert comparable(found.cohort)[0] == TIMING

    protocol = protocol_from(registry_draft(address, asked, found, title="x", compare=TIMING))

    assert protocol.course is not None
    assert [arm.window_days for arm in protocol.arms.arms] == [(10.0, 20.0), (-70.0, -50.0)]
    assert type(protocol.designs[0]).__name__ == "CloneCensorWeight"
    assert protocol.data.file.endswith("#patient upfront=10..20 delayed=50..70")
    primary = next(one for one in protocol.outcomes if one.primary)
    assert protocol.course.endpoints[0] == primary.label.casefold()  # the headline is about the primary outcome


def test_what_does_not_occur_cannot_be_compared(address: str) -> None:
    found = read_everybody(address, Asked())

    for compare in ("nothing", "os_event", "patient_id", "timing", "smallest_margin_mm"):
        with pytest.raises(BadSetting):
            registry_draft(address, Asked(), found, title="x", compare=compare)


def test_choices_stand_in_the_name_of_the_data_and_read_back() -> None:
    asked = Asked(per="tumor", where="diameter_mm < 30", choices=Choices(anchor="ablation", repeat="goes on",
                  local_from="last", efficacy_days=90.0))  # fmt: skip

    assert asked_of(source("x.registry", asked), "/folder") == ("/folder/x.registry", asked)
    with pytest.raises(BadSetting):
        source("a#b.registry", asked)


def test_what_is_measured_after_the_ablation_is_nothing_to_compare_by(address: str) -> None:
    found = read_everybody(address, Asked(per="tumor"))

    assert not {"vessel_bridging", "margin_status", "technical_success", "residual_tumor"} & set(
        comparable(found.cohort)
    )


def test_what_was_decided_only_describes_where_treatments_are_compared(address: str) -> None:
    found = _timed(read_everybody(address, Asked()))
    found.cohort.table["strategy"] = ["other", "ablation first", "systemic therapy first", "ablation first"] * 50

    protocol = protocol_from(registry_draft(address, Asked(), found, title="x", compare=TIMING))
    by_sex = protocol_from(registry_draft(address, Asked(), found, title="x", compare="sex"))

    assert {one.column: one.use for one in protocol.covariates}["strategy"] == "describe"
    assert {one.column: one.use for one in by_sex.covariates}["strategy"] == "adjust"


def test_a_fact_that_tells_the_arm_in_the_records_only_describes(address: str) -> None:
    found = _timed(read_everybody(address, Asked()))
    table = found.cohort.table
    table["ecog"] = (table["timing"] == "upfront") * 1.0
    table["extrahepatic_disease"] = (table["timing"] == "upfront").astype("boolean")

    text = registry_draft(address, Asked(), found, title="x", compare=TIMING)

    use = {one.column: one.use for one in protocol_from(text).covariates}
    assert (use["ecog"], use["extrahepatic_disease"], use["sex"]) == ("describe", "describe", "adjust")
    assert text.count("it tells the arm, so that nobody is alike in it and in another arm") == 2


def _died(found: Found, *, progressed: int) -> Found:
    """Let every third patient die 400 days after the decision, and some of them progress before that."""
    table = found.cohort.table
    dead = table.index % 3 == 0
    table["died_on"] = (table["decided_on"] + pd.Timedelta(days=400)).where(dead)
    for name in ("os", "pfs", "efs", "dpfs"):
        table[f"{name}_event"], table[f"{name}_days"] = dead.astype("int64"), 400.0
    table.loc[table.index[dead][:progressed], ["pfs_days", "efs_days"]] = 100.0
    return found


def test_what_counts_progression_is_no_outcome_where_none_is_recorded_and_the_draft_says_why(address: str) -> None:
    found = _died(_timed(read_everybody(address, Asked())), progressed=0)

    text = registry_draft(address, Asked(), found, title="x", compare=TIMING)

    protocol = protocol_from(text)
    assert [one.name for one in protocol.outcomes] == ["os"]
    assert protocol.course is not None
    assert protocol.course.endpoints == ("overall survival",)
    assert [one.among for one in protocol.designs if isinstance(one, Landmark)] == ["living"]
    assert "# Left out: Progression-free survival, Event-free survival, Distant progression-free survival.\n" in text
    assert "would be\n# overall survival under another name" in text


def test_one_progression_is_enough_for_what_counts_it(address: str) -> None:
    found = _died(_timed(read_everybody(address, Asked())), progressed=1)

    text = registry_draft(address, Asked(), found, title="x", compare=TIMING)

    protocol = protocol_from(text)
    assert [one.name for one in protocol.outcomes] == ["os", "pfs", "efs"]
    assert protocol.course is not None
    assert protocol.course.endpoints == ("overall survival", "progression-free survival")
    assert [one.among for one in protocol.designs if isinstance(one, Landmark)] == ["progression-free"]
    assert "# Left out: Distant progression-free survival.\n" in text
