"""What stands beside a margin of its registration: the verdict, how it was done, and what did not pass, in one line."""

from __future__ import annotations

from typing import Any

from isotherm.app.registration_report import facts_of_registration
from isotherm.app.registration_words import GATES, MEANINGS, SUMMARIES, registration_line


def gate(name: str, verdict: str | None, figure: float | None, unit: str = "mm") -> dict[str, Any]:
    return {"name": name, "says": "in other words", "unit": unit, "figure": figure, "verdict": verdict,
            "reason": None if figure is not None else "not told"}  # fmt: skip


def told(verdict: str, *gates: dict[str, Any], method: str = "rigid", **more: object) -> dict[str, Any]:
    return {"verdict": verdict, "method": method, "doubt": None, "gates": list(gates), **more}


def test_one_that_passed_says_how_it_was_done_in_the_words_of_the_report() -> None:
    line = registration_line(told("pass", gate("tumor_bend", "pass", 0.1), gate("landmarks", None, None),
                                  method="deformable"))  # fmt: skip
    assert line == "The registration passed its gates · deformable, the tumor's volume kept"
    assert SUMMARIES["pass"].startswith("The registration passed its gates.")


def test_gates_that_did_not_pass_are_named_with_their_figures_the_worst_first_and_few() -> None:
    warned, failed = gate("tumor_volume", "warn", 0.12, "share"), gate("expected_error", "fail", 4.0)
    assert registration_line(told("fail", warned, failed)) == (
        "The registration failed its gates · rigid near the lesion · Estimated error in the tumor: 4.00 mm · "
        "Tumor volume, change: 12 %")  # fmt: skip
    many = told("warn", *(gate("tumor_bend", "warn", float(n)) for n in range(4)))
    assert registration_line(many).endswith("Tumor, bent on average by: 1.00 mm · and 2 more")
    assert registration_line(told("warn", gate("unheard_of", "warn", None))).endswith("in other words: not told")


def test_the_greatest_bend_of_a_tumor_is_not_taken_for_the_figure_of_the_gate_which_is_a_mean() -> None:
    one = told("pass", gate("tumor_bend", "pass", 0.2), tumor_shift_mm=8.8, tumor_turn_degrees=5.1, tumor_bend_mm=0.4,
               error_mm=None)  # fmt: skip
    motion = dict(facts_of_registration(one, {"registration_error_mm": 1.6}))["The tumor was"]
    assert motion.endswith("bent by up to 0.4\u00a0mm at one place (the gate: on average, free deformation)")
    assert GATES["tumor_bend"] == "Tumor, bent on average by"
    assert "on average" in MEANINGS["tumor_bend"]


def test_a_doubt_without_a_gate_is_told() -> None:
    assert registration_line(told("warn", doubt="nothing compared the two scans: give the organ")).endswith(
        "rigid near the lesion · nothing compared the two scans")  # fmt: skip


def test_of_a_record_no_more_is_told_than_it_keeps() -> None:
    kept = {"verdict": "warn", "error_mm": 1.0, "method": "given"}
    assert registration_line(kept) == "The registration is in doubt · a transform that was given, or of landmarks"
    assert registration_line(kept | {"method": "none"}) == "The registration is in doubt"
    assert registration_line(kept | {"verdict": None}) == registration_line({}) == ""
