"""Work of the tests: counts as work_counts.py does, in a lane of its own."""

from __future__ import annotations

from dataclasses import replace

from isotherm.app.web.job import work_called

RUNS = replace(work_called("counts"), lane="elsewhere")
