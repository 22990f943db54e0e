"""The program that audits a study whose table was sent: its text comes in, and what its page shows goes out."""

from __future__ import annotations

import json
import sys
from typing import Any

from isotherm.app.study_check import check_study
from isotherm.app.study_data import StudyData, study_of
from isotherm.app.study_flow import flow_drawing
from isotherm.app.web.apart import USERS_ERROR
from isotherm.app.web.memory import limit_memory
from isotherm.errors import InputError
from isotherm.exchange.protocol_files import protocol_from
from isotherm.study.analysis.planned import arm_words

MOST_MB = 8000
"""As much as the job that drafts a protocol from the same table."""


def audit_shown(data: StudyData) -> dict[str, Any]:
    """Return what a page shows of an audit, as JSON can hold it.

    Raises
    ------
    InputError
    """
    found = data.cohort()
    document, rows = check_study(data, found)
    flow = flow_drawing(found)
    arms = [(arm.label, arm.name == found.protocol.arms.reference, arm_words(found.protocol, arm))
            for arm in found.protocol.arms.arms]  # fmt: skip
    return {"audit": document, "rows": rows, "flow": {"uri": flow.uri, "description": flow.description}, "arms": arms,
            "time_zero": found.protocol.time_zero.says}  # fmt: skip


def main(file: str, name: str) -> int:
    """Audit; return the exit code. `file` is where the text lies, or lay: by now it may be another one."""
    limit_memory(MOST_MB)
    text = sys.stdin.buffer.read().decode("utf-8")
    try:
        shown = audit_shown(study_of(protocol_from(text, name=name), file))
    except InputError as error:
        print(error, file=sys.stderr)
        return USERS_ERROR
    print(json.dumps(shown))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
