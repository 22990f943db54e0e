"""Parts of a predicate: what `and` joins, as it is written; together they answer as the whole does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.errors import BadPredicate
from isotherm.study.predicate import Predicate

TABLE = pd.DataFrame({"age": [64.0, 17.0, None, 40.0], "site": ["A", "B", "B", None], "ok": [True, False, None, True]})
TABLE["ok"] = TABLE["ok"].astype("boolean")

CONDITIONS = st.sampled_from([
    "age >= 18", "age between 18 and 50", "age not between 1 and 20", "site in ('A', 'and')", "not ok", "ok",
    "(age > 20 or site == 'B')", "(age > 20 and ok)", "not (age > 20 and ok)", "site is not missing", "site == 'or'",
])  # fmt: skip


@given(st.lists(CONDITIONS, min_size=1, max_size=5))
def test_parts_are_what_was_joined_and_answer_together_as_the_whole(texts: list[str]) -> None:
    whole = Predicate("  AND ".join(texts))

    assert [part.text for part in whole.parts] == texts
    each = np.minimum.reduce([part.answers(TABLE) for part in whole.parts])
    assert each.tolist() == whole.answers(TABLE).tolist()


@given(st.lists(CONDITIONS, min_size=2, max_size=4))
def test_what_or_joins_is_one_part(texts: list[str]) -> None:
    text = " or ".join(texts)

    assert [part.text for part in Predicate(text).parts] == [text]


@pytest.mark.parametrize("text", ["", "age >", "age > 1 and", "and age > 1", "age > 1 age"])
def test_what_is_no_predicate_has_no_parts(text: str) -> None:
    with pytest.raises(BadPredicate):
        _ = Predicate(text).parts
