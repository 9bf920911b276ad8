"""Facts of one guest come to one state, in whatever order they arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.door import rules
from blueprints.door.rules import Fact, Settled, settle

pytestmark = pytest.mark.thorough

START = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
verdicts = st.sampled_from(sorted(rules.TONES))
says = st.sampled_from(sorted(set(rules.TONES) - {"already_in"}))
facts = st.builds(
    Fact,
    key=st.uuids().map(str),
    at=st.integers(0, 8).map(lambda minutes: START + timedelta(minutes=minutes)),
    says=says,
    told=st.none() | verdicts,
    device=st.none() | st.sampled_from("abc"),
    undone=st.booleans(),
)
many = st.lists(facts, max_size=9, unique_by=lambda fact: fact.key)


@given(many, st.randoms())
def test_the_order_of_arrival_changes_nothing(known: list[Fact], random: Random) -> None:
    shuffled = list(known)
    random.shuffle(shuffled)
    before = dict(zip([fact.key for fact in known], settle(known), strict=True))
    assert dict(zip([fact.key for fact in shuffled], settle(shuffled), strict=True)) == before


@given(many)
def test_there_is_one_admission_if_anybody_was_let_in_and_it_is_the_earliest(known: list[Fact]) -> None:
    inside = [fact for fact, now in zip(known, settle(known), strict=True) if now.inside]
    entering = [fact for fact in known if fact.enters]
    assert inside == ([min(entering, key=lambda fact: fact.order)] if entering else [])


@given(many)
def test_every_other_phone_that_let_the_guest_in_is_flagged_once(known: list[Fact]) -> None:
    entering = sorted((fact for fact in known if fact.enters), key=lambda fact: fact.order)
    flagged = {fact.key for fact, now in zip(known, settle(known), strict=True) if now.flag == "twice"}
    first_of_device: dict[str | None, str] = {}
    for fact in entering:
        first_of_device.setdefault(fact.device or fact.key, fact.key)
    assert flagged == set(first_of_device.values()) - {fact.key for fact in entering[:1]}


@given(many)
def test_nobody_is_inside_by_what_refused_or_was_undone(known: list[Fact]) -> None:
    for fact, now in zip(known, settle(known), strict=True):
        if now.inside:
            assert fact.says in rules.LETS_IN
            assert fact.told is None or fact.told in rules.LETS_IN
            assert not fact.undone
        if fact.undone:
            assert now.flag is None


def test_a_fact_alone_is_what_it_says() -> None:
    for verdict in sorted(set(rules.TONES) - {"already_in"}):
        alone = Fact("a", START, verdict, verdict)
        assert settle([alone]) == [Settled(verdict, inside=verdict in rules.LETS_IN)]
