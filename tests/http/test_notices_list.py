"""What a member is told, on screen and by SMS."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask_babel import lazy_gettext as _l
from sqlalchemy import event, func, select

from blueprints.accounts.models import Member
from blueprints.notices import sender
from blueprints.notices.models import Notice, SmsMessage
from core import registries, sms
from core.clock import clock
from core.database import db, in_transaction
from core.registries import notice_kind, tell
from tests.people import People


@pytest.fixture(autouse=True)
def kinds() -> Iterator[None]:
    notice_kind("test.calm", _l("已登录 %(title)s"))
    notice_kind("test.urgent", _l("%(title)s 取消了"), urgent=True)
    yield
    for name in ("test.calm", "test.urgent"):
        registries.notice_kinds.pop(name)


@pytest.fixture
def told(app: Flask) -> Callable[..., None]:
    def tell_now(*members: uuid.UUID, kind: str = "test.calm", subject: str = "event:1", title: str = "茶会") -> None:
        with app.app_context():
            in_transaction(lambda: tell(members, kind, url="/rules", subject=subject, title=title))

    return tell_now


@pytest.fixture
def outbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """A gateway that keeps what it is given."""
    sent: list[tuple[str, str]] = []
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], sms="kept"))
    monkeypatch.setitem(sms.gateways, "kept", lambda phone, text: sent.append((phone, text)))
    return sent


def test_a_member_reads_what_they_were_told_newest_first(people: People, told: Callable[..., None]) -> None:
    member_id, phone = people.logged_in("张三")
    told(member_id, subject="1", title="第一")
    told(member_id, subject="2", title="第二")
    page = phone.get("/notices")
    assert page.text.index("已登录 第二") < page.text.index("已登录 第一")
    assert "未读" in page
    assert 'aria-label="通知，2 条未读"' in page.html


def test_the_same_person_is_told_once_of_one_cause(app: Flask, people: People, told: Callable[..., None]) -> None:
    one, two = people.member(), people.member()
    told(one)
    told(one, two, one)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Notice)) == 2


def test_a_whole_chamber_is_told_in_few_statements(app: Flask, people: People) -> None:
    members = [people.member() for _ in range(12)]
    statements: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
        in_transaction(lambda: tell(members, "test.calm", url="/", subject="x", title="茶会"))
    inserts = [statement for statement in statements if statement.startswith("INSERT INTO notices")]
    assert len(inserts) == 1
    assert len(statements) <= 4


def test_reading_a_list_marks_nothing_as_read(people: People, told: Callable[..., None]) -> None:
    member_id, phone = people.logged_in()
    told(member_id)
    phone.get("/notices")
    assert phone.get("/notices").state("notice", _ids(phone.get("/notices").html)[0]) == "unread"


def test_opening_a_notice_marks_it_read_and_goes_there(people: People, told: Callable[..., None]) -> None:
    member_id, phone = people.logged_in()
    told(member_id)
    notice_id = _ids(phone.get("/notices").html)[0]
    opened = phone.post(f"/notices/{notice_id}/read")
    assert (opened.status, opened.location) == (303, "/rules")
    assert phone.get("/notices").state("notice", notice_id) == "read"


def test_all_that_was_seen_is_marked_as_read_and_what_came_later_is_not(
    people: People, told: Callable[..., None]
) -> None:
    member_id, phone = people.logged_in()
    told(member_id, subject="1")
    seen = phone.get("/notices")
    told(member_id, subject="2")
    assert phone.post("/notices/read", {"until": seen.value("until")}).location == "/notices"
    states = [phone.get("/notices").state("notice", key) for key in _ids(phone.get("/notices").html)]
    assert states == ["unread", "read"]
    phone.post("/notices/read")
    assert "未读" not in phone.get("/notices")


def test_another_person_s_notice_does_not_exist_for_me(people: People, told: Callable[..., None]) -> None:
    member_id, phone = people.logged_in()
    told(member_id)
    _, stranger = people.logged_in()
    notice_id = _ids(phone.get("/notices").html)[0]
    assert stranger.post(f"/notices/{notice_id}/read").status == 404
    assert phone.get("/notices").state("notice", notice_id) == "unread"


def test_long_lists_go_on_by_keyset(people: People, told: Callable[..., None]) -> None:
    member_id, phone = people.logged_in()
    for number in range(32):
        told(member_id, subject=str(number), title=f"第{number}号")
    first = phone.get("/notices")
    next_url = re.search(r'rel="next" href="([^"]+)"', first.html)
    assert next_url
    second = phone.get(next_url[1])
    assert len(_ids(first.html)) == 30
    assert len(_ids(second.html)) == 2
    assert "第1号" in second


def test_an_empty_list_says_what_will_stand_there(people: People) -> None:
    _, phone = people.logged_in()
    assert "还没有通知" in phone.get("/notices")


def test_an_applicant_reads_notices_too(people: People, told: Callable[..., None]) -> None:
    member_id, phone = people.logged_in(status="applicant")
    told(member_id)
    assert "已登录 茶会" in phone.get("/notices")


def test_the_sentence_is_in_the_reader_s_language(people: People, told: Callable[..., None]) -> None:
    member_id, phone = people.logged_in(language="en")
    told(member_id)
    assert "Unread" in phone.get("/notices")


def test_an_urgent_notice_waits_for_the_gateway_and_goes_once(
    app: Flask, people: People, told: Callable[..., None], outbox: list[tuple[str, str]]
) -> None:
    member_id = people.member("张三", phone="13800000001")
    told(member_id, kind="test.urgent")
    told(member_id, kind="test.urgent")
    with app.app_context():
        assert sender.deliver_due() == 1
        assert sender.deliver_due() == 0
    assert outbox == [("13800000001", "【会友】茶会 取消了")]


def test_a_calm_notice_makes_no_message(
    app: Flask, people: People, told: Callable[..., None], outbox: list[tuple[str, str]]
) -> None:
    told(people.member())
    with app.app_context():
        assert sender.deliver_due() == 0


def test_without_a_gateway_nothing_waits(app: Flask, people: People, told: Callable[..., None]) -> None:
    told(people.member(), kind="test.urgent")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SmsMessage)) == 0


def test_a_message_that_failed_is_tried_again_later_and_given_up_at_last(
    app: Flask,
    people: People,
    told: Callable[..., None],
    outbox: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries = []

    def broken(phone: str, text: str) -> None:
        tries.append(clock.now())
        raise OSError(phone)

    monkeypatch.setitem(sms.gateways, "kept", broken)
    told(people.member(phone="13800000001"), kind="test.urgent")
    with app.app_context():
        assert sender.deliver_due() == 0
        sender.deliver_due()
        assert len(tries) == 1
        for _ in range(8):
            clock.advance(hours=13)
            sender.deliver_due()
        assert len(tries) == 6
        assert db.session.scalar(select(func.count()).select_from(SmsMessage)) == 0
    assert "13800000001" not in caplog.text
    assert "茶会" not in caplog.text


def test_of_two_processes_one_sends_a_message(
    app: Flask, people: People, told: Callable[..., None], outbox: list[tuple[str, str]]
) -> None:
    told(people.member(), kind="test.urgent")
    with app.app_context():
        row = db.session.scalars(select(SmsMessage)).one()
        key, tries, due_at = row.id, row.tries, row.next_try_at
        db.session.rollback()
        assert [sender._claim(key, tries, due_at) for _ in range(2)] == [True, False]


def test_who_was_suspended_meanwhile_gets_no_message(
    app: Flask, people: People, told: Callable[..., None], outbox: list[tuple[str, str]]
) -> None:
    member_id = people.member()
    told(member_id, kind="test.urgent")
    with app.app_context():
        db.session.get_one(Member, member_id).status = "suspended"
        db.session.commit()
        assert sender.deliver_due() == 0
        assert db.session.scalar(select(func.count()).select_from(SmsMessage)) == 0
    assert outbox == []


def test_the_command_sends_what_waits(
    app: Flask, people: People, told: Callable[..., None], outbox: list[tuple[str, str]]
) -> None:
    told(people.member(), people.member(), kind="test.urgent")
    result = app.test_cli_runner().invoke(args=["send-messages"])
    assert result.output == "2 sent\n"


def test_the_command_says_when_there_is_no_gateway(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["send-messages"])
    assert result.exit_code == 1


def test_the_thread_of_a_process_sends_what_waits(
    app: Flask,
    people: People,
    told: Callable[..., None],
    outbox: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(people.member(), kind="test.urgent")
    background = sender.Sender(app)

    class Stop(Exception):
        pass

    def stop(_: float) -> None:
        raise Stop

    monkeypatch.setattr(background._wake, "wait", stop)
    with pytest.raises(Stop):
        background._run()
    assert len(outbox) == 1


def test_the_thread_starts_once_and_is_woken_by_the_commit(
    app: Flask,
    people: People,
    told: Callable[..., None],
    outbox: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    background = sender.Sender(app)
    ran: list[str] = []
    monkeypatch.setattr(background, "_run", lambda: ran.append("began"))
    background.start()
    background.start()
    monkeypatch.setitem(app.extensions, "sms_sender", background)
    told(people.member())
    assert not background._wake.is_set()
    told(people.member(), kind="test.urgent", subject="event:2")
    assert background._wake.is_set()
    assert ran == ["began"]


def test_messages_wait_where_the_gateway_is_unknown(
    app: Flask,
    people: People,
    told: Callable[..., None],
    outbox: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(people.member(), kind="test.urgent")
    monkeypatch.delitem(sms.gateways, "kept")
    with app.app_context():
        assert sender.deliver_due() == 0
        assert db.session.scalar(select(func.count()).select_from(SmsMessage)) == 1


def test_a_process_with_a_gateway_has_its_sender(app: Flask) -> None:
    settings = app.extensions["settings"]
    for sms_name, has in (("console", True), ("none", False)):
        other = Flask("other")
        other.extensions["settings"] = replace(settings, sms=sms_name, testing=False, frozen_at=None)
        sender.init_app(other)
        assert ("sms_sender" in other.extensions) is has


def _ids(html: str) -> list[str]:
    return re.findall(r'<li id="notice-([0-9a-f-]+)"', html)
