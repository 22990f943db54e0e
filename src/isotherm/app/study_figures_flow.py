"""Flow diagram: boxes as tall as their words, exclusions to the side, arms beside each other, parts under them."""

# pyright: reportUnknownMemberType=false
# (matplotlib leaves the types of its **kwargs open)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from isotherm.app.figures import FAINT, INK, Drawing
from isotherm.app.study_figures import LINE_PT, TYPE_PT, WIDTH_PT, look, picture, wrapped

PAD_PT, GAP_PT, EDGE_PT = 6.0, 15.0, 2.0
MAIN_PT, SIDE_PT = 262.0, 218.0
BESIDE_PT = WIDTH_PT - 2.0 * EDGE_PT - MAIN_PT - SIDE_PT
"""Between the main column and what leaves it."""

ARM_GAP_PT, INDENT_PT, MOST_ARMS = 12.0, 14.0, 4
GOES_ON = ("kept",)
LEAVES = ("left", "other", "unexplained")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowBox:
    """One box as it is drawn: what it says, its count in words, and the counts of its sites."""

    key: str
    kind: str
    parent: str
    says: str
    count: str
    more: tuple[str, ...] = ()


@dataclass(slots=True)
class _Placed:
    """A box with its place; y grows downward, in points."""

    box: FlowBox
    x: float
    y: float
    width: float
    title: list[str] = field(default_factory=list[str])
    small: list[str] = field(default_factory=list[str])

    @property
    def height(self) -> float:
        return 2.0 * PAD_PT + LINE_PT * (len(self.title) + len(self.small))


@dataclass(slots=True)
class _Plan:
    """What is drawn: boxes, and lines as lists of points, each with an arrow at its end or without."""

    placed: list[_Placed] = field(default_factory=list[_Placed])
    lines: list[tuple[list[tuple[float, float]], bool]] = field(
        default_factory=list[tuple[list[tuple[float, float]], bool]]
    )

    def put(self, box: FlowBox, x: float, y: float, width: float) -> _Placed:
        inner = width - 2.0 * PAD_PT - 1.0
        title = wrapped(f"{box.says}: {box.count}" if box.count else box.says, inner, bold=True)
        small = [line for one in box.more for line in wrapped(one, inner)]
        one = _Placed(box, x, y, width, title, small)
        self.placed.append(one)
        return one


def flow_diagram(boxes: Sequence[FlowBox], *, arms: Mapping[str, int]) -> Drawing:
    """Draw a flow whose boxes add up; `arms` says which box is the arm of which number."""
    plan = _planned(boxes)
    height_pt = max(one.y + one.height for one in plan.placed) + 2.0 * EDGE_PT

    def onto(figure: Figure) -> None:
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set(xlim=(0.0, WIDTH_PT), ylim=(height_pt, 0.0))
        axes.set_axis_off()
        for points, arrow in plan.lines:
            _line(axes, points, arrow=arrow)
        for one in plan.placed:
            _box(axes, one, arms.get(one.box.key))

    words = "; ".join(f"{one.says}: {one.count}" for one in boxes)
    return picture(onto, height_pt=height_pt, description=f"Flow of patients. {words}.")


def _planned(boxes: Sequence[FlowBox]) -> _Plan:
    """Place the boxes: the main column with its exclusions, then the arms with their parts."""
    plan = _Plan()
    at, y = boxes[0], EDGE_PT
    while True:
        here = plan.put(at, EDGE_PT, y, MAIN_PT)
        children = [one for one in boxes if one.parent == at.key]
        bottom = here.y + here.height
        aside = [one for one in children if one.kind in LEAVES]
        on = [one for one in children if one.kind in GOES_ON]
        y = _aside(plan, aside, here, bottom) if aside else bottom + GAP_PT
        if len(on) == 1 and len(on) + len(aside) == len(children):
            plan.lines.append(([(EDGE_PT + MAIN_PT / 2.0, bottom), (EDGE_PT + MAIN_PT / 2.0, y)], True))
            at = on[0]
            continue
        columns = [one for one in children if one not in aside]
        if columns:
            _columns(plan, columns, boxes, EDGE_PT + MAIN_PT / 2.0, bottom, y)
        return plan


def _aside(plan: _Plan, aside: Sequence[FlowBox], here: _Placed, bottom: float) -> float:
    """Put what leaves to the right, below the box it leaves; return where the next box begins."""
    spine, x = here.x + here.width / 2.0, EDGE_PT + MAIN_PT + BESIDE_PT
    y = bottom + GAP_PT * 0.6
    for box in aside:
        one = plan.put(box, x, y, SIDE_PT)
        middle = one.y + one.height / 2.0
        plan.lines.append(([(spine, middle), (x, middle)], True))
        plan.lines.append(([(spine, bottom), (spine, middle)], False))
        y = one.y + one.height + GAP_PT * 0.6
    return y


def _columns(plan: _Plan, arms: Sequence[FlowBox], boxes: Sequence[FlowBox], spine: float, bottom: float,
             y: float) -> None:  # fmt: skip
    """Put arms beside each other, at most four in a row, and the parts of each below it."""
    for start in range(0, len(arms), MOST_ARMS):
        row = arms[start : start + MOST_ARMS]
        width = (WIDTH_PT - 2.0 * EDGE_PT - ARM_GAP_PT * (len(row) - 1)) / len(row)
        bar, top = y, y + GAP_PT
        plan.lines.append(([(spine, bottom), (spine, bar)], False))
        lowest = top
        for k, arm in enumerate(row):
            one = plan.put(arm, EDGE_PT + k * (width + ARM_GAP_PT), top, width)
            middle = one.x + width / 2.0
            plan.lines.append(([(spine, bar), (middle, bar), (middle, top)], True))
            lowest = max(lowest, _parts(plan, boxes, one))
        bottom, y = bar, lowest + GAP_PT


def _parts(plan: _Plan, boxes: Sequence[FlowBox], parent: _Placed) -> float:
    """Put the parts of a box below it, indented, each with its own parts; return where they end."""
    end = parent.y + parent.height
    spine = parent.x + INDENT_PT / 2.0
    y = end + GAP_PT * 0.7
    for box in (one for one in boxes if one.parent == parent.box.key):
        one = plan.put(box, parent.x + INDENT_PT, y, parent.width - INDENT_PT)
        middle = one.y + one.height / 2.0
        plan.lines.append(([(spine, parent.y + parent.height), (spine, middle), (one.x, middle)], True))
        end = _parts(plan, boxes, one)
        y = end + GAP_PT * 0.7
    return end


def _line(axes: Axes, points: Sequence[tuple[float, float]], *, arrow: bool) -> None:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    axes.plot(xs, ys, color=FAINT, linewidth=0.8, solid_capstyle="butt", zorder=1)
    if arrow:
        axes.annotate("", xy=points[-1], xytext=points[-2], zorder=1,
                      arrowprops={"arrowstyle": "-|>,head_width=0.16,head_length=0.32", "color": FAINT,
                                  "linewidth": 0.8, "shrinkA": 0.0, "shrinkB": 0.0})  # fmt: skip


def _box(axes: Axes, one: _Placed, arm: int | None) -> None:
    """Draw a box with its words; what leaves is dashed, what nobody explains dotted, an arm has its color on top."""
    dashes: dict[str, str | tuple[int, tuple[float, ...]]] = {
        "left": (0, (4.0, 2.0)), "other": (0, (4.0, 2.0)), "unexplained": (0, (1.0, 1.5))}  # fmt: skip
    axes.add_patch(Rectangle((one.x, one.y), one.width, one.height, facecolor="#ffffff", edgecolor=INK, linewidth=0.8,
                             linestyle=dashes.get(one.box.kind, "solid"), zorder=2))  # fmt: skip
    if arm is not None:
        axes.add_patch(Rectangle((one.x, one.y), one.width, 3.0, facecolor=look(arm).color, linewidth=0.0, zorder=3))
    y = one.y + PAD_PT
    for k, line in enumerate([*one.title, *one.small]):
        bold = k < len(one.title)
        axes.text(one.x + PAD_PT, y + 0.5 * LINE_PT, line, va="center", fontsize=TYPE_PT, zorder=4,
                  fontweight="bold" if bold else "normal", color=INK)  # fmt: skip
        y += LINE_PT
