"""The bundled study without its bootstrap: where kernels are not compiled, its 1000 replicates take minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isotherm.app.study_tasks import Document, run_study


def without_bootstrap(protocol: str, out: str, **how: Any) -> tuple[Document, Path]:
    """Run a copy of the protocol without its 1000 replicates, which take minutes where kernels are not compiled."""
    mine = Path(out).parent / "copy"
    mine.mkdir()
    source = Path(protocol)
    for name in (source.name, "crlm_tcia_clinical_n197.csv"):
        (mine / name).write_bytes((source.parent / name).read_bytes())
    text = (mine / source.name).read_text(encoding="utf-8").replace("bootstrap = 1000", "bootstrap = 0")
    (mine / source.name).write_text(text, encoding="utf-8")
    return run_study(str(mine / source.name), out, progress=how["progress"])
