"""Landmark files as people have them: one CSV of pairs, and lists of points as 3D Slicer writes them."""

from __future__ import annotations

import json

POINTS = {"a": (2.0, 0.0, 120.0), "b": (22.0, 0.0, 120.0), "c": (-18.0, 8.0, 120.0), "d": (2.0, 22.0, 128.0),
          "e": (2.0, -23.0, 110.0), "f": (10.0, 4.0, 140.0)}  # fmt: skip
"""Around the tumor of the small pair, on the scan after."""


def csv_of(*rows: str, frame: str = "# frame: LPS") -> str:
    return "\n".join([frame, "name,after_x,after_y,after_z,before_x,before_y,before_z", *rows]) + "\n"


def markups(points: dict[str, tuple[float, float, float]], frame: str | None = "LPS") -> str:
    """A list of points as 3D Slicer writes it."""
    listed = [{"label": label, "position": place, "positionStatus": "defined"} for label, place in points.items()]
    return json.dumps({"markups": [{"type": "Fiducial", "coordinateUnits": "mm", "controlPoints": listed}
                                   | ({} if frame is None else {"coordinateSystem": frame})]})  # fmt: skip
