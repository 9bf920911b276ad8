"""Passwords that whoever guesses tries first: refused where one is chosen (ASVS 5.0, 6.2.4 and 6.2.11)."""

from __future__ import annotations

import functools
import itertools
import re

LEAST = 8
_PLACE = re.compile(r"(huiyou|会友)+\d*")


def is_common(password: str) -> bool:
    """Whether it leaked so often that it is in every list, or is a run of neighbours, or the place's name with figures.

    Of a password shorter than `LEAST`, which none may be, it says nothing.
    """
    folded = password.casefold()
    steps = {ord(right) - ord(left) for left, right in itertools.pairwise(folded)}
    is_run = len(steps) == 1 and steps <= {-1, 0, 1}
    return is_run or len(set(folded)) <= len("ab") or bool(_PLACE.fullmatch(folded)) or folded in _leaked()


@functools.cache
def _leaked() -> frozenset[str]:
    """The 11,000 most frequent ones that are long enough; read when the first password is chosen."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= LEAST)
