"""Zones over time: volume with its interval over the months since ablation, and where growth is suspected."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from isotherm.app.figures import FAINT, INK, RULE, Drawing, draw

WIDTH_IN, HEIGHT_IN = 3.9, 1.75

LINES = ((INK, "-", "o"), ("#7a8791", "--", "s"), (INK, ":", "^"), ("#7a8791", "-.", "D"), (INK, (0, (6, 2)), "v"))
"""Color, dashes and marker in turn: told apart in gray; each line has its lesion's name at its end."""

MANY = ("#9aa4ac", "-", "")
"""Of many zones, those that are not striking: thin and without a name, which the table beside it gives."""

ROOM = 0.12
"""Of the axis, for the names at the ends of the lines."""


def follow_up_figure(zones: Sequence[Mapping[str, Any]]) -> Drawing | None:
    """Draw the volumes of zones with at least two scans; None where there is none."""
    shown = [one for one in zones if len(one["scans"]) > 1]
    if not shown:
        return None

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((0.105, 0.235, 0.88, 0.70))
        few = len(shown) <= len(LINES)
        for number, zone in enumerate(shown):
            _line(axes, zone, *(LINES[number] if few else LINES[0] if _striking(zone) else MANY))
        months = max(scan["months"] for zone in shown for scan in zone["scans"])
        top = max(scan["high_ml"] or scan["volume_ml"] for zone in shown for scan in zone["scans"])
        axes.set(xlim=(-0.02 * months - 0.1, max(months, 0.5) * (1.0 + ROOM)), ylim=(0.0, 1.12 * max(top, 0.1)))
        axes.set_xlabel("months since ablation", labelpad=1.5)
        axes.set_ylabel("zone, mL", labelpad=2.0)
        axes.tick_params(length=2.5, width=0.6, pad=2.0, color=FAINT)
        axes.grid(axis="y", color=RULE, linewidth=0.5)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        _names(axes, shown if few else [one for one in shown if _striking(one)])

    said = "; ".join(f"lesion {zone['lesion']}: " + ", ".join(f"{scan['volume_ml']:.1f} mL at {scan['months']:.1f} "
                     "months" for scan in zone["scans"]) for zone in shown)  # fmt: skip
    return draw(onto, width_in=WIDTH_IN, height_in=HEIGHT_IN, description=f"Volume of the ablation zone: {said}.")


def _striking(zone: Mapping[str, Any]) -> bool:
    """Return whether the last scan of a zone asks for a look."""
    growth = zone["scans"][-1]["growth"]
    return growth is not None and growth["says"] != "not seen"


def _line(axes: Axes, zone: Mapping[str, Any], color: str, dashes: Any, marker: str) -> None:
    months = [scan["months"] for scan in zone["scans"]]
    volumes = [scan["volume_ml"] for scan in zone["scans"]]
    axes.plot(months, volumes, color=color, linestyle=dashes, linewidth=1.2 if marker else 0.7, marker=marker or None,
              markersize=4.0, markerfacecolor="white", markeredgewidth=1.0)  # fmt: skip
    for scan in zone["scans"]:
        if scan["low_ml"] is not None and marker:
            axes.plot([scan["months"]] * 2, [scan["low_ml"], scan["high_ml"]], color=color, linewidth=0.9)
        if scan["growth"] is not None and scan["growth"]["says"] == "suspected":
            axes.plot(scan["months"], scan["volume_ml"], marker="*", markersize=11, color=INK, zorder=5)


def _names(axes: Axes, zones: Sequence[Mapping[str, Any]]) -> None:
    """Write each lesion's name at the end of its line, from below to above without two on one place."""
    low, high = axes.get_ylim()
    least = (high - low) * 0.085
    at = low - least
    for zone in sorted(zones, key=lambda one: one["scans"][-1]["volume_ml"]):
        last = zone["scans"][-1]
        at = max(at + least, last["volume_ml"])
        axes.annotate(str(zone["lesion"])[:8], (last["months"], at), xytext=(6.0, 0.0), textcoords="offset points",
                      va="center", fontsize=8.0, fontweight="bold")  # fmt: skip
