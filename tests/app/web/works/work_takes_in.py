"""Work of the tests: counts as work_counts.py does, in the lane of imports."""

from __future__ import annotations

from dataclasses import replace

from isotherm.app.web.job import INTAKE, work_called

RUNS = replace(work_called("counts"), lane=INTAKE)
