"""The gates of a registration as a terminal shows them: verdict first, then every figure with its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isotherm.app.registration_words import METHODS, SUMMARIES, VERDICTS, amount, gate_name, limit_words
from isotherm.app.report_words import beside_interval, other_way
from isotherm.app.terminal import folded, table_lines
from isotherm.printable import printable

HEAD = ("gate", "figure", "warns above", "fails above", "verdict")


def registration_text(document: Mapping[str, Any], width: int | None = None) -> str:
    """Return a registration.json as text, in lines of at most `width` columns where one is given."""
    lines: list[str] = []
    for lesion in document["lesions"]:
        lines += [*_lesion(lesion, str(document["margin_definition"]), width), ""]
    lines += [line for warning in document["warnings"] for line in folded(f"note: {warning}", width)]
    return "\n".join([*lines, "Research use only. Not a medical device."])


def verdict_text(document: Mapping[str, Any], width: int | None = None) -> str:
    """Return for each lesion of a margin.json the verdict of its registration, and the gates that did not pass."""
    lines: list[str] = []
    for lesion in document["lesions"]:
        told = lesion["registration"]
        verdict = (
            "NOT TO BE USED, registration FAILED" if told["verdict"] == "fail" else f"registration {told['verdict']}"
        )
        not_passed = [_figure(gate) for gate in told["gates"] if gate["verdict"] in ("warn", "fail")]
        ways = [_way(lesion, way, told[f"minimal_margin_{way}_mm"]) for way in ("deformable", "rigid")
                if told[f"minimal_margin_{way}_mm"] is not None]  # fmt: skip
        not_passed += [str(told["doubt"])] if told["doubt"] else []
        said = [verdict + (f" ({'; '.join(not_passed)})" if not_passed else ""), *ways, _error(told)]
        lines += folded(f"{lesion['label']}: {', '.join(said)}", width)
    return "\n".join(lines)


def _way(lesion: Mapping[str, Any], way: str, value_mm: float) -> str:
    """Return the margin by one way of registering; by the one that was not measured with, beside the interval."""
    other = other_way(lesion)
    beside = beside_interval(lesion, value_mm) if other is not None and other[0] == way else ""
    return f"{way} {value_mm:.1f} mm{f' ({beside} of the interval)' if beside else ''}"


def _lesion(lesion: Mapping[str, Any], definition: str, width: int | None) -> list[str]:
    gates: Sequence[Mapping[str, Any]] = lesion["gates"]
    head = f"Lesion {printable(lesion['label'])}: {METHODS[lesion['method']]}"
    rows = [HEAD] + [
        (gate_name(gate["name"], gate["says"]), amount(gate["figure"], gate["unit"]),
         limit_words(gate["warn_above"], gate["unit"]), limit_words(gate["fail_above"], gate["unit"]),
         VERDICTS[gate["verdict"]] if gate["verdict"] else "not taken")
        for gate in gates
    ]  # fmt: skip
    notes = [f"{gate_name(gate['name'], gate['says'])}: {gate['reason']}" for gate in gates if gate["reason"]]
    if lesion["doubt"]:
        notes.append(f"in doubt: {lesion['doubt']}")
    if lesion["by_hand"]:
        notes.append(f"corrected by hand: {lesion['by_hand']}")
    notes += [f"the tumor was moved by {lesion['tumor_shift_mm']:.1f} mm, turned by "
              f"{lesion['tumor_turn_degrees']:.1f} degrees and bent by up to {lesion['tumor_bend_mm']:.1f} mm at one "
              "place (the gate: on average, free deformation)",
              _error(lesion), _margins(lesion, definition)]  # fmt: skip
    return [head, *table_lines(rows, width), *(line for note in notes for line in folded(note, width)),
            *folded(SUMMARIES[lesion["verdict"]], width)]  # fmt: skip


def _figure(gate: Mapping[str, Any]) -> str:
    """Return a gate with its figure, or with the reason why there is none."""
    told = gate["reason"] if gate["figure"] is None else amount(gate["figure"], gate["unit"])
    return f"{gate_name(gate['name'], gate['says'])}: {told}"


def _error(lesion: Mapping[str, Any]) -> str:
    if lesion["error_mm"] is None:
        return "the error of this registration was not estimated"
    return f"estimated registration error near the lesion: {lesion['error_mm']:.1f} mm on average"


def _margins(lesion: Mapping[str, Any], definition: str) -> str:
    if lesion["withheld"]:
        return lesion["withheld"]
    named = [(way, lesion[f"minimal_margin_{way}_mm"]) for way in ("deformable", "rigid")]
    told = [f"{way} {value:.1f} mm" for way, value in named if value is not None]
    return f"{definition} minimal margin: {', '.join(told)}" if told else "no ablation zone: no margin"
