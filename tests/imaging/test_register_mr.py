"""MR: brightness is evened out, edges do not ask which side is bright, and simulated MR is carried onto CT."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from isotherm.errors import BadSetting, NotConverged
from isotherm.imaging.geometry import Float
from isotherm.imaging.register import Registration, register, way_back
from isotherm.imaging.register_gates import LIMITS, Quality
from isotherm.imaging.register_masks import Scan
from isotherm.imaging.register_mr import alike, edged, evened, metric_for, modality_gate
from isotherm.imaging.register_tumor import points_in
from isotherm.imaging.volume import Grid, Mask, Volume
from tests.imaging.test_register import points_near, scan, warp

GRID = Grid((30, 34, 36), (2.0, 1.5, 1.5))


def shading(grid: Grid) -> Float:
    """Brightness that falls by half from one side to the other."""
    kji = np.indices(grid.shape_kji).reshape(3, -1).T / np.array(grid.shape_kji)
    return np.exp(-0.7 * kji[:, 2] + 0.3 * kji[:, 1]).reshape(grid.shape_kji)


def as_mr(ct: Scan) -> Scan:
    """Turn the contrast round, not linearly, and add shading and noise, as an MR may have it."""
    hu = ct.image.voxels.astype(float)
    signal = np.interp(hu, [-200.0, -80.0, 20.0, 90.0, 150.0, 250.0], [10.0, 30.0, 420.0, 260.0, 90.0, 40.0])
    noise = np.random.default_rng(8).normal(scale=6.0, size=hu.shape)
    image = np.abs(signal * shading(ct.image.grid) + noise)
    return Scan(Volume(image.astype(np.float32), ct.image.grid, "signal"), ct.organ, ct.lesion)


def blobs(*, sign: float = 1.0, unit: str = "signal", shade: bool = False) -> Scan:
    kji = np.indices(GRID.shape_kji).reshape(3, -1).T
    waves = np.sin(kji[:, 0] / 2.0) * np.sin(kji[:, 1] / 3.0) * np.sin(kji[:, 2] / 2.5)
    image = 200.0 + sign * 60.0 * waves.reshape(GRID.shape_kji)
    return Scan(Volume((image * (shading(GRID) if shade else 1.0)).astype(np.float32), GRID, unit))


@cache
def found() -> Registration:
    return register(scan(after=False), as_mr(scan(after=True)))


def test_values_are_compared_between_ct_and_edges_as_soon_as_one_scan_is_none() -> None:
    ct, mr = blobs(unit="HU"), blobs()
    assert metric_for(ct, ct) == "values"
    assert {metric_for(ct, mr), metric_for(mr, ct), metric_for(mr, mr)} == {"edges"}
    with pytest.raises(BadSetting, match="'values' or by 'edges'"):
        alike(ct, mr, "colors")  # pyright: ignore[reportArgumentType]


def test_ct_is_not_touched() -> None:
    ct = blobs(unit="HU", shade=True)
    assert evened(ct) is ct
    assert alike(ct, ct, "values") == (ct, ct)
    assert modality_gate(ct, ct).verdict == "pass"


def test_brightness_is_evened_out_and_the_contrast_stays() -> None:
    image = evened(blobs(shade=True)).image.voxels[5:-5, 5:-5, 5:-5]
    plain = evened(blobs()).image.voxels[5:-5, 5:-5, 5:-5]

    assert image.mean() == pytest.approx(100.0, abs=3.0)
    halves = image[:, :, :12].mean() / image[:, :, -12:].mean()
    assert halves == pytest.approx(1.0, abs=0.15)  # 1.5 with the shading
    assert np.corrcoef(image.ravel(), plain.ravel())[0, 1] > 0.85


def test_edges_do_not_ask_which_side_is_bright() -> None:
    one, other = edged(blobs()).image.voxels, edged(blobs(sign=-1.0)).image.voxels
    assert one == pytest.approx(other, abs=0.1)
    assert 0.0 <= one.min() < 10.0 < 60.0 < one.max() <= 100.0


def test_a_scan_without_signal_or_without_an_edge_is_refused() -> None:
    dark = Scan(Volume(np.zeros(GRID.shape_kji, dtype=np.float32), GRID, "signal"))
    with pytest.raises(NotConverged, match="without signal"):
        evened(dark)
    with pytest.raises(NotConverged, match="without a single edge"):
        edged(dark)
    speck = np.zeros(GRID.shape_kji, dtype=bool)
    speck[0, 0, 0] = True
    small = Scan(blobs().image, Mask(speck, GRID, "organ"))
    with pytest.raises(NotConverged, match="Too little of the organ"):
        evened(small)


def test_a_simulated_mr_is_carried_onto_ct_near_the_lesion_and_in_the_tumor() -> None:
    way = found()
    here = warp().back(points_in(scan(after=False).lesion))  # pyright: ignore[reportArgumentType]
    near = [float(np.linalg.norm(one.points(points_near()) - warp().points(points_near()), axis=1).mean())
            for one in (way.organ, way.deformable)]  # fmt: skip
    tumor = float(np.linalg.norm(way.deformable.points(here) - warp().points(here), axis=1).mean())

    assert way.metric == "edges"
    assert near[1] < 1.5
    assert near[1] < 0.6 * near[0]
    assert tumor < 2.0


def test_the_way_back_compares_what_the_way_there_compared() -> None:
    back = way_back(scan(after=False), as_mr(scan(after=True)), found())
    there = found().free.points(points_near())
    assert float(np.linalg.norm(back.points(there) - points_near(), axis=1).mean()) < 1.5


def test_mr_is_warned_of_and_ct_beside_mr_is_withheld() -> None:
    ct, mr = blobs(unit="HU"), blobs()
    gates = [modality_gate(ct, ct), modality_gate(mr, mr), modality_gate(ct, mr), modality_gate(mr, ct)]
    limit = LIMITS["modality"]

    assert [gate.verdict for gate in gates] == ["pass", "warn", "fail", "fail"]
    assert [gate.verdict for gate in gates] == [
        "fail" if (gate.figure or 0.0) > limit.fail else "warn" if (gate.figure or 0.0) > limit.warn else "pass"
        for gate in gates
    ]
    assert all("simulated contrast" in gate.reason for gate in gates[1:])
    assert Quality((gates[2],)).withheld
