"""How isotherm starts a program of its own: the interpreter that runs it, blind to the folder in which somebody stands.

Without -P Python looks for every module in that folder first: a file there would be run in place of a library.
"""

from __future__ import annotations

import sys

PYTHON = (sys.executable, "-P")
"""What a command begins with; `-m` and the module follow."""
