"""The navigation: which pages stand in it, in which order. Known before the pages themselves are there."""

from __future__ import annotations

from isotherm.app.web.context import Nav

NAVIGATION = (
    Nav(label="Worklist", path="/worklist", letter="w"),
    Nav(label="Assess", path="/assess", letter="a"),
    Nav(label="Cohort", path="/cohort", letter="c"),
    Nav(label="Study", path="/study", letter="s"),
    Nav(label="Evidence", path="/evidence", letter="e"),
    Nav(label="Import/Export", path="/exchange", letter="i"),
    Nav(label="Jobs", path="/jobs", letter="j"),
)
