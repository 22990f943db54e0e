"""Which rules of pooling a recorded reason sets aside, and which reasons set nothing aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from isotherm.errors import CannotPool
from isotherm.override import Override


def set_aside(
    problems: Iterable[tuple[str, str]], despite: Mapping[str, str], rules: tuple[str, ...]
) -> tuple[Override, ...]:
    """Return the problems that a reason sets aside.

    Parameters
    ----------
    problems : pairs of text
        The rule and the sentence on what it found.
    despite : mapping from rule to reason
    rules : tuple of str
        The rules that can be set aside here.

    Raises
    ------
    CannotPool
        A problem without a reason, a reason without a problem or without words, or an unknown rule.
    """
    every = list(problems)
    if broken := [(rule, problem) for rule, problem in every if rule not in despite]:
        raise _refusal(broken)
    found = [Override(what=rule, problem=problem, reason=despite[rule].strip()) for rule, problem in every]
    used = {one.what for one in found}
    for rule, reason in despite.items():
        if rule not in rules:
            raise CannotPool(f'"{rule}" is no rule that can be set aside; these are: {", ".join(rules)}.')
        if not reason.strip():
            raise CannotPool(f'The rule "{rule}" came without a reason; say why it is set aside.')
        if rule not in used:
            raise CannotPool(f'The rule "{rule}" found nothing to set aside; leave the reason out.')
    return tuple(found)


def _refusal(broken: Sequence[tuple[str, str]]) -> CannotPool:
    """Return every reason at once, so that nobody hears of them one after the other."""
    rules = tuple(dict.fromkeys(rule for rule, _ in broken))
    named = " and ".join(f'"{rule}"' for rule in rules)
    which = f"rule {named} aside with a reason" if len(rules) == 1 else f"rules {named} aside, each with a reason"
    found = " ".join(problem for _, problem in broken)
    return CannotPool(f"{found} Leave a study out, or set the {which} (despite).", rules)
