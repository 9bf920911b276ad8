"""The rules of consultations."""

from __future__ import annotations

import itertools
import uuid
from datetime import date

import pytest

from blueprints.experts import rules
from blueprints.experts.rules import Figures

MEMBER, EXPERT, LEAD, STRANGER = (uuid.UUID(int=number) for number in range(1, 5))


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (date(2026, 11, 16), date(2026, 11, 18)),
        (date(2026, 11, 19), date(2026, 11, 23)),
        (date(2026, 11, 20), date(2026, 11, 24)),
        (date(2026, 11, 21), date(2026, 11, 24)),
        (date(2026, 11, 22), date(2026, 11, 24)),
    ],
)
def test_an_answer_is_due_two_working_days_after_the_day_of_the_request(asked: date, due: date) -> None:
    assert rules.answer_due(asked) == due


def test_an_answer_on_the_due_day_is_on_time_and_one_a_day_later_is_not() -> None:
    monday = date(2026, 11, 16)
    assert rules.is_on_time(monday, date(2026, 11, 18), date(2026, 11, 30)) is True
    assert rules.is_on_time(monday, date(2026, 11, 19), date(2026, 11, 30)) is False


def test_what_is_not_answered_yet_is_late_only_after_its_day() -> None:
    monday = date(2026, 11, 16)
    assert rules.is_on_time(monday, None, date(2026, 11, 18)) is None
    assert rules.is_on_time(monday, None, date(2026, 11, 19)) is False


def parts(person: uuid.UUID, *, is_admin: bool = False) -> frozenset[rules.Part]:
    return rules.parts_of(person, member=MEMBER, expert=EXPERT, lead=LEAD, is_admin=is_admin)


def test_each_part_may_do_exactly_its_steps() -> None:
    allowed = {
        (state, who): rules.allowed(state, parts(person))
        for state, (who, person) in itertools.product(
            rules.STATES, {"member": MEMBER, "expert": EXPERT, "lead": LEAD, "stranger": STRANGER}.items()
        )
    }
    assert {case: acts for case, acts in allowed.items() if acts} == {
        ("requested", "member"): ("withdraw",),
        ("requested", "lead"): ("assign", "decline"),
        ("assigned", "member"): ("withdraw",),
        ("assigned", "expert"): ("schedule", "decline"),
        ("assigned", "lead"): ("assign", "schedule"),
        ("scheduled", "member"): ("withdraw",),
        ("scheduled", "expert"): ("schedule", "decline", "complete"),
        ("scheduled", "lead"): ("assign", "schedule"),
        ("completed", "member"): ("rate",),
    }


def test_an_admin_may_assign_and_nothing_else() -> None:
    admin = parts(STRANGER, is_admin=True)
    assert {act for state in rules.STATES for act in rules.allowed(state, admin)} == {"assign"}


def test_an_admin_reads_no_content_unless_they_have_a_part() -> None:
    assert not rules.may_read(parts(STRANGER, is_admin=True))
    assert rules.may_read(parts(LEAD, is_admin=True))
    assert all(rules.may_read(parts(person)) for person in (MEMBER, EXPERT, LEAD))


def test_a_lead_who_is_the_expert_has_both_parts() -> None:
    both = rules.parts_of(LEAD, member=MEMBER, expert=LEAD, lead=LEAD)
    assert rules.allowed("scheduled", both) == ("assign", "schedule", "decline", "complete")


def test_a_group_without_a_lead_gives_nobody_the_lead_s_part() -> None:
    assert rules.parts_of(STRANGER, member=MEMBER, expert=None, lead=None) == frozenset()


def test_every_open_state_waits_for_one_part_and_the_ends_for_nobody() -> None:
    turns = {state: rules.waits_for(state) for state in rules.STATES}
    assert turns == {
        "requested": "lead",
        "assigned": "expert",
        "scheduled": "expert",
        "completed": "member",
        "declined": None,
        "withdrawn": None,
        "rated": None,
    }


def test_every_act_leads_to_the_state_of_its_name() -> None:
    assert {step.act: rules.made_by(step.act) for step in rules.STEPS} == {
        "assign": "assigned",
        "schedule": "scheduled",
        "decline": "declined",
        "complete": "completed",
        "withdraw": "withdrawn",
        "rate": "rated",
    }
    assert rules.is_anyones("rate", parts(MEMBER))
    assert not rules.is_anyones("rate", parts(EXPERT))


def test_figures_of_nothing_are_not_zero_percent() -> None:
    assert Figures().on_time_percent is None
    assert Figures().satisfaction is None


def test_a_share_is_rounded_down_so_that_one_late_answer_is_seen() -> None:
    assert Figures(owed=300, on_time=299).on_time_percent == 99
    assert Figures(ratings=4, stars=19).satisfaction == 4.75


def test_figures_of_groups_add_up() -> None:
    whole = rules.together([Figures("health", 3, 1, 1, 1, 2, 1, 1, 5), Figures("software", 1, 0, 0, 1, 1, 1, 1, 3)])
    assert whole == Figures("", 4, 1, 1, 2, 3, 2, 2, 8)
