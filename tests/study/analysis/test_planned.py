"""What was planned, in words: strategies with their windows, and until when patients are followed."""

from __future__ import annotations

from dataclasses import replace

from isotherm.study.analysis.planned import add_protocol, arm_words
from isotherm.study.protocol_designs import ArmStrategy, Asked
from isotherm.study.protocol_parts import Arm, Arms
from isotherm.study.result import Results
from tests.study.protocols import protocol
from tests.study.registry import ARMS, CLONES, timing

WAITING = ArmStrategy(ablation=Asked(days=(0.0, 28.0)), systemic=Asked(days=(14.0, 28.0), after="ablation"))
ALONE = ArmStrategy(ablation=Asked(days=(0.0, 28.0)), systemic=Asked(days=None), dynamic=False)


def test_strategies_are_said_with_their_windows_and_what_releases_from_them() -> None:
    first, second = ARMS.arms
    arms = replace(ARMS, arms=(replace(first, strategy=WAITING), replace(second, strategy=ALONE)))
    results = Results()
    add_protocol(results, timing(arms=arms, designs=(replace(CLONES, truncate_weights=(0.05, 0.9)),)))
    said = results.records["protocol.strategies"].text or ""
    one, released, other = said.split("; ")
    assert one == ("Ablation first: ablation from day 0 to day 28 after time zero, "
                   "then systemic therapy from day 14 to day 28 after ablation")  # fmt: skip
    assert released == "progression, death or a contraindication before a treatment is due releases from it"
    assert other == "Delayed ablation: no systemic therapy, ablation from day 0 to day 28 after time zero"
    assert results.records["protocol.horizon"].text == "From decision on, up to day 365"
    assert "truncated at their quantiles 0.05 and 0.9, and no weights" in (
        results.records["protocol.methods"].text or ""
    )


def test_a_study_without_a_course_has_no_strategies() -> None:
    results = Results()
    add_protocol(results, protocol())
    assert "protocol.strategies" not in results.records


def test_arms_without_strategies_are_told_by_their_window_or_their_values() -> None:
    first, later, around = (Arm(name=name, label=name, window_days=days) for name, days in
                            (("a", (14.0, 28.0)), ("b", (-90.0, -60.0)), ("c", (-5.0, 5.0))))  # fmt: skip
    arms = Arms(start="ablated_on", end="systemic_on", arms=(first, later, around), reference="a")
    assert arm_words(arms, first) == "systemic_on 14 to 28 days after ablated_on"
    assert arm_words(arms, later) == "systemic_on 60 to 90 days before ablated_on"
    assert arm_words(arms, around) == "systemic_on from day -5 to day 5 of ablated_on"
    assert arm_words(protocol().arms, protocol().arms.arms[0]).startswith("drug is 1")
