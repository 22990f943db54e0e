"""Lets the process of a job find the works that only tests know."""

from pathlib import Path

from isotherm.app import web

web.__path__.append(str(Path(__file__).parent))
