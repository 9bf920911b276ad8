"""`flask rotate-keys`: identity numbers under a new key, findable all the while, whatever interrupts it."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts import identity
from blueprints.accounts.identity import keep_number, number_of, rotate
from blueprints.accounts.models import Member
from core import keys
from core.database import db
from tests.people import People

NUMBER, OTHER = "11010519491231002X", "120101199001011234"


@pytest.fixture
def three(app: Flask, people: People) -> list[uuid.UUID]:
    """Two members with one number and a third with another."""
    made = [people.member() for _ in range(3)]
    with app.app_context():
        for key, number in zip(made, (NUMBER, NUMBER, OTHER), strict=True):
            keep_number(db.session.get_one(Member, key), number)
        db.session.commit()
    return made


def numbers(app: Flask, members: list[uuid.UUID]) -> list[str | None]:
    with app.app_context():
        return [number_of(db.session.get_one(Member, key)) for key in members]


def same(app: Flask, members: list[uuid.UUID]) -> list[bool]:
    """Which of them share the first one's hash."""
    with app.app_context():
        digests = [db.session.get_one(Member, key).identity_digest for key in members]
        assert all(digests)
        return [digest == digests[0] for digest in digests]


def test_after_a_rotation_numbers_are_read_and_found_and_the_old_key_is_gone(
    app: Flask, three: list[uuid.UUID]
) -> None:
    with app.app_context():
        before = db.session.scalars(select(Member.identity_number).where(Member.identity_number.is_not(None))).all()
        assert rotate() == 3
        first = keys.ring().current
        after = db.session.scalars(select(Member.identity_number).where(Member.identity_number.is_not(None))).all()
        assert all(text.startswith(first.prefix) for text in after if text)
        assert not set(before) & set(after)
        assert rotate() == 3
        assert [row.state for row in db.session.scalars(select(keys.VaultKey))] == ["current"]
        assert keys.ring().current.id != first.id
        with pytest.raises(ValueError, match="gone"):
            keys.ring().open(after[0] or "", identity.identity_purpose(three[0]))
    assert numbers(app, three) == [NUMBER, NUMBER, OTHER]
    assert same(app, three) == [True, True, False]


def test_an_interrupted_rotation_is_readable_findable_and_taken_up_again(
    app: Flask, people: People, three: list[uuid.UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "AT_ONCE", 1)
    real, calls = identity._some, []

    def interrupted(most: int | None) -> int:
        calls.append(most)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(most)

    monkeypatch.setattr(identity, "_some", interrupted)
    with app.app_context(), pytest.raises(KeyboardInterrupt):
        rotate()
    monkeypatch.setattr(identity, "_some", real)
    assert numbers(app, three) == [NUMBER, NUMBER, OTHER]
    assert same(app, three) == [True, True, False]
    newcomer = people.member()
    with app.app_context():
        keep_number(db.session.get_one(Member, newcomer), NUMBER)
        db.session.commit()
    assert same(app, [*three, newcomer]) == [True, True, False, True]
    with app.app_context():
        assert len(db.session.scalars(select(keys.VaultKey)).all()) == 1
        assert rotate() == 4
    assert numbers(app, [*three, newcomer]) == [NUMBER, NUMBER, OTHER, NUMBER]
    assert same(app, [*three, newcomer]) == [True, True, False, True]


def test_the_command_says_how_many(app: Flask, three: list[uuid.UUID]) -> None:
    result = app.test_cli_runner().invoke(args=["rotate-keys"])
    assert result.exit_code == 0, result.output
    assert result.output == "identity numbers under a new key: 3\n"


def test_a_sealed_number_is_nobody_else_s(app: Flask, three: list[uuid.UUID]) -> None:
    with app.app_context():
        rotate()
        first, second = (db.session.get_one(Member, key) for key in three[:2])
        assert first.identity_number != second.identity_number
        second.identity_number = first.identity_number
        with pytest.raises(ValueError, match="purpose"):
            number_of(second)
        db.session.rollback()
