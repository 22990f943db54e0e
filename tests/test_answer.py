"""What answers say together: AND is the smallest, OR the largest, and what was not asked stands aside."""

from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isotherm.answer import Answer, all_of, any_of

ORDER = [Answer.NOT_MET, Answer.UNKNOWN, Answer.MET_WITH_CONDITION, Answer.MET]
ANSWERS = st.sampled_from(Answer)
ASKED = st.sampled_from(ORDER)


def test_answers_are_ordered_from_not_met_to_met() -> None:
    assert sorted(reversed(ORDER)) == ORDER
    assert Answer.NOT_MET < Answer.UNKNOWN < Answer.MET_WITH_CONDITION < Answer.MET
    assert Answer.MET >= Answer.MET


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt])
def test_not_applicable_has_no_place_in_the_order(compare: object) -> None:
    with pytest.raises(TypeError, match="outside of the order"):
        compare(Answer.NOT_APPLICABLE, Answer.MET)  # type: ignore[operator]
    with pytest.raises(TypeError, match="outside of the order"):
        compare(Answer.MET, Answer.NOT_APPLICABLE)  # type: ignore[operator]


@pytest.mark.parametrize("answer", list(Answer))
def test_an_answer_is_never_true_or_false(answer: Answer) -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(answer)


@given(ASKED, ASKED)
def test_and_is_the_smaller_and_or_the_larger(one: Answer, other: Answer) -> None:
    assert one & other is min(one, other)
    assert one | other is max(one, other)


@given(ANSWERS, ANSWERS, ANSWERS)
def test_and_and_or_do_not_depend_on_order_or_grouping(a: Answer, b: Answer, c: Answer) -> None:
    assert a & b is b & a
    assert a | b is b | a
    assert (a & b) & c is a & (b & c) is all_of([a, b, c])
    assert (a | b) | c is a | (b | c) is any_of([a, b, c])


@given(ASKED)
def test_what_was_not_asked_leaves_the_other_answer(answer: Answer) -> None:
    assert Answer.NOT_APPLICABLE & answer is answer
    assert answer | Answer.NOT_APPLICABLE is answer


@pytest.mark.parametrize("decide", [all_of, any_of])
def test_nothing_asked_is_not_applicable(decide: object) -> None:
    assert decide([]) is Answer.NOT_APPLICABLE  # type: ignore[operator]
    assert decide([Answer.NOT_APPLICABLE] * 2) is Answer.NOT_APPLICABLE  # type: ignore[operator]


@pytest.mark.parametrize(
    ("answer", "opposite"),
    [(Answer.MET, Answer.NOT_MET), (Answer.NOT_MET, Answer.MET), (Answer.UNKNOWN, Answer.UNKNOWN),
     (Answer.MET_WITH_CONDITION, Answer.UNKNOWN), (Answer.NOT_APPLICABLE, Answer.NOT_APPLICABLE)],
)  # fmt: skip
def test_the_opposite_of_an_answer(answer: Answer, opposite: Answer) -> None:
    assert ~answer is opposite


@given(st.lists(ASKED, min_size=1), st.data())
def test_a_new_fact_settles_unknown_and_turns_no_met_into_not_met(answers: list[Answer], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(answers) - 1))
    later = [*answers]
    later[at] = data.draw(ASKED) if answers[at] is Answer.UNKNOWN else answers[at]
    for decide in (all_of, any_of):
        if decide(answers) is Answer.MET:
            assert decide(later) is Answer.MET
        if decide(answers) is Answer.NOT_MET:
            assert decide(later) is Answer.NOT_MET


@pytest.mark.parametrize("combine", [operator.and_, operator.or_, operator.lt])
def test_an_answer_is_not_mixed_with_other_things(combine: object) -> None:
    with pytest.raises(TypeError):
        combine(Answer.MET, True)  # type: ignore[operator]
