"""Who looks at a decision again, and how much one may report."""

from __future__ import annotations

import uuid

import pytest

from blueprints.reports.rules import A_DAY, may_review, too_many

FIRST, SECOND, MEMBER = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()


@pytest.mark.parametrize(("admin", "may"), [(FIRST, False), (SECOND, True), (MEMBER, False)])
def test_who_decided_or_is_concerned_does_not_review(admin: uuid.UUID, may: bool) -> None:
    assert may_review(admin, decided_by=FIRST, whose=MEMBER) is may


def test_a_day_s_reports_are_counted() -> None:
    assert [too_many(number) for number in (A_DAY - 1, A_DAY)] == [False, True]
