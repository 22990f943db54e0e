"""Arms of a publication by the names of a study's own: each has one of its own, and stands in an order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isotherm.app.evidence_beside_rows import arms_matched, arms_words
from isotherm.app.study_report_frame import Arm
from isotherm.evidence.library import read_library
from isotherm.evidence.paper import Arm as Published

PAPER = read_library().papers["li_2023"]
UPFRONT = Arm("upfront", "Ablation first", reference=True, number=1)
DELAYED = Arm("delayed", "Delayed ablation", reference=False, number=0)


def test_each_published_arm_has_the_studys_own_in_the_order_of_the_publication() -> None:
    own = (DELAYED, UPFRONT)
    assert arms_matched(own, PAPER, ("upfront", "delayed")) == (UPFRONT, DELAYED)
    assert arms_matched(own, PAPER, ("delayed", "upfront")) == (DELAYED, UPFRONT)
    assert arms_matched(own, PAPER, ("upfront", "")) == ()
    assert arms_words(PAPER, ("upfront", "delayed")) == (
        "ablation 2 to 4 weeks before systemic therapy starts v ablation 2 to 3 months after systemic therapy starts"
    )


@pytest.mark.parametrize(
    "second", [Arm("resection", "Resection", reference=True, number=1), Arm("x", "RFA", reference=True, number=1)]
)
def test_two_published_arms_are_never_one_arm_of_the_study_and_none_is_two(second: Arm) -> None:
    own = (Arm("ablation", "Microwave ablation", reference=False, number=0), second)
    arms = (Published(id="ablation", name="RFA"), Published(id="mwa", name="microwave ablation"))
    assert arms_matched(own, replace(PAPER, arms=arms), ("ablation", "mwa")) == ()
