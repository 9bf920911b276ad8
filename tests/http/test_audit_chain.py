"""The audit trail is a chain: what was changed, removed, added or moved in it is found and named."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from app import create_app
from core import audit, audit_verify
from core.access import Viewer
from core.audit import AuditEntry, AuditMark, AuditValues, Signer
from core.clock import clock
from core.database import db, in_transaction, new_id, table_of
from core.settings import Settings
from tests.conftest import NOON, SECRET
from tests.people import People
from tests.retention import forget

pytestmark = pytest.mark.unhurried

ENTRIES, VALUES, MARKS = (table_of(model) for model in (AuditEntry, AuditValues, AuditMark))


def act(number: int, subject: object = "s", actor: Viewer | None = None) -> uuid.UUID:
    return in_transaction(
        lambda: audit.record(actor, "member.set_roles", "member", subject, after={"n": number}, reason=f"因为{number}")
    )


@pytest.fixture
def trail(app: Flask) -> Iterator[Flask]:
    """Six acts on the trail."""
    with app.app_context():
        for number in range(1, 7):
            act(number)
        yield app


def harm(statement: object) -> None:
    db.session.execute(statement)
    db.session.commit()


def faults() -> list[str]:
    db.session.expire_all()
    return audit_verify.verify().faults


def test_a_trail_that_nobody_touched_is_whole(trail: Flask) -> None:
    found = audit_verify.verify()
    assert (found.start, found.end, found.acts, found.emptied, found.faults) == (0, 6, 6, 0, [])


def test_every_column_of_a_row_is_held_by_its_hash(trail: Flask) -> None:
    other = {
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "actor_id": new_id(),
        "act": "member.suspend",
        "subject_kind": "event",
        "subject_id": "t",
        "digests": {},
        "previous": "f" * 64,
        "digest": "e" * 64,
        "id": new_id(),
    }
    assert set(other) == {column.name for column in ENTRIES.columns} - {"number"}
    for name, value in other.items():
        row = db.session.scalars(select(AuditEntry).where(AuditEntry.number == 3)).one()
        before = getattr(row, name)
        if name == "id":
            continue
        harm(update(ENTRIES).where(ENTRIES.c.number == 3).values({name: value}))
        assert any(fault.startswith("row 3 (") and "was changed" in fault for fault in faults()), name
        harm(update(ENTRIES).where(ENTRIES.c.number == 3).values({name: before}))
    assert faults() == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("reason", "别的理由", "row 2: its reason was changed"),
        ("after", {"n": 9}, "row 2: its after was changed"),
        ("reason", None, "row 2: its reason was changed"),
        ("before", {"n": 0}, "row 2: its before was added"),
        ("actor_name", "张三", "row 2: its actor_name was added"),
        ("salts", {}, "row 2: its after was added"),
    ],
)
def test_a_value_that_was_changed_is_named(trail: Flask, name: str, value: object, said: str) -> None:
    key = db.session.scalar(select(AuditEntry.id).where(AuditEntry.number == 2))
    harm(update(VALUES).where(VALUES.c.entry_id == key).values({name: value}))
    assert said in faults()


def test_values_that_are_gone_without_an_act_are_named(trail: Flask) -> None:
    keys = {row.number: row.id for row in db.session.scalars(select(AuditEntry)).unique()}
    harm(delete(VALUES).where(VALUES.c.entry_id == keys[2]))
    gone = {"reason": None, "after": None, "salts": {}}
    harm(update(VALUES).where(VALUES.c.entry_id == keys[3]).values(**gone))
    harm(update(VALUES).where(VALUES.c.entry_id == keys[4]).values(**gone, emptied_by=keys[5]))
    assert faults() == [
        "row 2: its values are missing",
        "row 3: its after is missing",
        "row 3: its reason is missing",
        "row 4: its values were emptied by no act that the trail knows",
    ]


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ((3,), "row 3 is missing"),
        ((2, 3, 4), "rows 2 to 4 are missing"),
        ((1,), "row 1 is missing"),
        ((6,), "row 6 is missing at the end"),
        ((5, 6), "rows 5 to 6 are missing at the end"),
        ((1, 2, 3, 4, 5, 6), "rows 1 to 6 are missing at the end"),
    ],
)
def test_a_row_that_is_missing_is_named(trail: Flask, gone: tuple[int, ...], said: str) -> None:
    harm(delete(VALUES).where(VALUES.c.entry_id.in_(select(ENTRIES.c.id).where(ENTRIES.c.number.in_(gone)))))
    harm(delete(ENTRIES).where(ENTRIES.c.number.in_(gone)))
    assert faults() == [said]


def test_rows_that_changed_places_are_named(trail: Flask) -> None:
    for old, new in ((2, 99), (4, 2), (99, 4)):
        harm(update(ENTRIES).where(ENTRIES.c.number == old).values(number=new))
    said = "\n".join(faults())
    assert "row 2 (" in said
    assert "row 4 (" in said


def test_a_row_between_two_is_found_even_with_a_right_hash_of_its_own(trail: Flask) -> None:
    last = db.session.scalars(select(AuditEntry).where(AuditEntry.number == 6)).unique().one()
    row, said = audit._linked(7, last.digest, audit.Act("member.suspend", "member", "x"))
    db.session.execute(ENTRIES.insert(), [row])
    db.session.execute(VALUES.insert(), [said])
    db.session.commit()
    assert faults() == ["rows after 6 were added without the chain's key"]
    harm(update(MARKS).where(MARKS.c.kind == "end").values(number=7, digest=row["digest"]))
    assert faults() == ["the mark of the chain's end was not signed by this installation's key"]


def test_without_its_marks_no_trail_is_whole(trail: Flask) -> None:
    harm(delete(MARKS))
    assert faults() == ["the mark of the chain's start is missing", "the mark of the chain's end is missing"]


def test_a_transaction_that_fails_leaves_nothing_and_a_savepoint_takes_its_own_back(trail: Flask) -> None:
    def work() -> None:
        audit.record(None, "member.suspend", "member", "kept")
        try:
            with db.session.begin_nested():
                audit.record(None, "member.suspend", "member", "taken back")
                raise KeyError
        except KeyError:
            pass

    def fail() -> None:
        work()
        raise LookupError

    with pytest.raises(LookupError):
        in_transaction(fail)
    in_transaction(work)
    assert db.session.scalars(select(AuditEntry.subject_id).where(AuditEntry.number > 6)).all() == ["kept"]
    assert faults() == []


def test_many_at_once_come_one_after_the_other(trail: Flask) -> None:
    def write(number: int) -> None:
        with trail.app_context():
            for _ in range(10):
                act(number)

    db.session.rollback()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    found = audit_verify.verify()
    assert (found.end, found.faults) == (86, [])


def test_retention_leaves_a_signed_mark_and_the_rest_is_whole(trail: Flask) -> None:
    clock.freeze(datetime(2028, 1, 1, tzinfo=UTC))
    act(7)
    db.session.rollback()
    clock.freeze(datetime(2029, 12, 1, tzinfo=UTC))
    assert forget(trail) == {"core.audit": 6}
    found = audit_verify.verify()
    assert (found.start, found.end, found.acts, found.faults) == (6, 7, 1, [])
    harm(update(MARKS).where(MARKS.c.kind == "start").values(number=5))
    assert "the mark of the chain's start was not signed by this installation's key" in faults()


def test_a_trail_that_was_forgotten_whole_goes_on_where_it_ended(trail: Flask) -> None:
    clock.freeze(datetime(2036, 1, 1, tzinfo=UTC))
    assert forget(trail) == {"core.audit": 6}
    act(7)
    found = audit_verify.verify()
    assert (found.start, found.end, found.acts, found.faults) == (6, 7, 1, [])


def test_erasure_empties_the_words_and_the_chain_still_holds(app: Flask, people: People) -> None:
    actor = Viewer(new_id(), new_id(), "张三", "member")
    member_id = new_id()
    with app.app_context():
        act(1, member_id, actor)
        in_transaction(lambda: audit_verify.empty_about("member", member_id))
        in_transaction(lambda: audit_verify.empty_actor(actor.id))
        assert in_transaction(lambda: audit_verify.empty_about("member", member_id)) == 0
        found = audit_verify.verify()
        assert (found.faults, found.emptied) == ([], 1)
        kept = db.session.execute(select(VALUES).where(VALUES.c.emptied_by.is_not(None))).one()
    assert "张三" not in str(kept)
    assert "因为1" not in str(kept)
    assert kept.salts == {}
    page = people.logged_in("管理员", "admin")[1].get("/admin/audit")
    assert "清空了操作记录里的文字" in page
    assert "张三" not in page


def test_the_command_names_the_faults_and_ends_with_one(trail: Flask) -> None:
    run = trail.test_cli_runner().invoke
    db.session.rollback()
    well = run(args=["audit", "verify"])
    assert (well.exit_code, "6 acts, 1 to 6" in well.output) == (0, True)
    assert "the audit trail is whole" in well.output
    harm(update(ENTRIES).where(ENTRIES.c.number == 3).values(act="member.erase"))
    ill = run(args=["audit", "verify"])
    assert ill.exit_code == 1
    assert "row 3 (member.erase" in ill.output
    assert "因为" not in ill.output
    assert run(args=["audit", "sign"]).exit_code == 1


def test_after_another_secret_the_marks_are_signed_anew_by_command(trail: Flask) -> None:
    run = trail.test_cli_runner().invoke
    db.session.rollback()
    trail.extensions["audit_signer"] = Signer("another secret of 32 characters, at least", "audit v1")
    try:
        assert "was not signed by this" in run(args=["audit", "verify"]).output
        assert run(args=["audit", "sign"]).exit_code == 0
        assert run(args=["audit", "verify"]).exit_code == 0
    finally:
        del trail.extensions["audit_signer"]


def test_the_journal_keeps_numbers_and_hashes_and_no_words(trail: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "huiyou.audit"):
        act(7)
    digest = db.session.scalar(select(AuditEntry.digest).where(AuditEntry.number == 7))
    assert caplog.messages == [f"act 7 member.set_roles {digest}"]


@pytest.fixture
def migrated(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    """An application whose tables were made by the migrations, triggers and all."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'migrated.db'}"
        if os.environ.get("TEST_DATABASE") == "postgresql":
            from tests.postgres import postgres

            url = stack.enter_context(postgres())
        app = create_app(
            Settings(database_url=url, secret_key=SECRET, testing=True, demo=False, frozen_at=NOON, instance=tmp_path)
        )
        with app.app_context():
            upgrade()
            yield app
            db.session.remove()
            db.engine.dispose()
        clock.freeze(NOON)


def test_the_database_itself_refuses_to_change_or_remove_a_row(migrated: Flask) -> None:
    act(1)
    act(2)
    for statement in (update(ENTRIES).values(act="x"), delete(ENTRIES).where(ENTRIES.c.number == 2)):
        with pytest.raises(DBAPIError, match="append-only"):
            harm(statement)
        db.session.rollback()
    clock.freeze(datetime(2036, 1, 1, tzinfo=UTC))
    assert forget(migrated) == {"core.audit": 2}
    assert faults() == []


def test_acts_of_before_the_chain_are_linked_by_the_migration_and_come_back_from_it(migrated: Flask) -> None:
    act(1)
    act(2, actor=Viewer(new_id(), new_id(), "张三", "member"))
    rows = select(func.count()).select_from(AuditEntry)
    downgrade(revision="0004")
    said = db.session.execute(text("SELECT actor_name, reason FROM audit_entries ORDER BY id")).all()
    assert said == [("", "因为1"), ("张三", "因为2")]
    db.session.rollback()
    upgrade()
    assert (db.session.scalar(rows), faults()) == (2, [])
    act(3)
    assert (audit_verify.verify().end, faults()) == (3, [])


def test_a_command_puts_its_act_on_the_trail(app: Flask) -> None:
    result = app.test_cli_runner().invoke(
        args=["create-admin", "--name", "王五", "--phone", "13900000001"], input="long-enough-1\nlong-enough-1\n"
    )
    assert result.exit_code == 0, result.output
    with app.app_context():
        assert (audit_verify.verify().acts, faults()) == (1, [])
