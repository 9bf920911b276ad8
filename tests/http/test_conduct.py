"""What is done about a member's conduct: a word in private, a pause of posting, and a second look by somebody else."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.me.erasure import erase
from blueprints.reports.models import Hiding, Report, Review, Sanction
from core.audit import AuditEntry
from core.clock import clock
from core.database import db, in_transaction
from tests.client import Browser, Page
from tests.people import PASSWORD, People
from tests.phones import Phone

NEED = {"kind": "need", "title": "求购边角料", "body": "六吨。", "category": "procurement"}


@dataclass
class Office:
    """A member, the admin who decides, and another who may look again."""

    app: Flask
    people: People
    member_id: uuid.UUID
    member: Browser
    first: Browser
    second: Browser

    def act(self, name: str, reason: str = "第三条。", by: Browser | None = None) -> Page:
        return (by or self.first).post(f"/admin/conduct/{self.member_id}/{name}", {"reason": reason})

    def review(self, verdict: str, by: Browser, answer: str = "看过了。") -> Page:
        with self.app.app_context():
            key = db.session.scalars(select(Review.id).order_by(Review.id.desc())).first()
        return by.post(f"/admin/conduct/{self.member_id}/reviews/{key}/{verdict}", {"reason": answer})

    def ask(self, kind: str, words: str = "不是那样的。") -> Page:
        model = Hiding if kind == "hiding" else Sanction
        with self.app.app_context():
            key = db.session.scalars(select(model.id).order_by(model.id.desc())).first()
        return self.member.post("/me/conduct/review", {"kind": kind, "subject_id": str(key), "words": words})

    def hide_a_need(self) -> str:
        url = self.member.post("/needs", NEED).location
        fields = {"kind": "need", "subject_id": url.rpartition("/")[2], "reason": "unlicensed"}
        self.people.logged_in()[1].post("/reports", fields)
        with self.app.app_context():
            report = db.session.scalars(select(Report.id).order_by(Report.id.desc())).first()
        self.first.post(f"/admin/reports/{report}/uphold", {"reason": "第六条。"})
        return url


@pytest.fixture
def office(app: Flask, people: People) -> Office:
    member_id, member = people.logged_in("崔广田")
    first, second = (people.logged_in(name, "admin")[1] for name in ("甲管理员", "乙管理员"))
    return Office(app, people, member_id, member, first, second)


def test_a_word_in_private_is_read_by_the_member_alone(office: Office) -> None:
    assert office.act("warn", "第八条：别转外面。").location == f"/admin/conduct/{office.member_id}"
    assert "管理员提醒您：第八条：别转外面。" in office.member.get("/notices")
    assert "第八条：别转外面。" in office.member.get("/me/conduct")
    stranger = office.people.logged_in()[1]
    assert "第八条" not in stranger.get(f"/members/{office.member_id}")
    assert office.member.post("/needs", NEED).status == 303


def test_a_pause_lasts_seven_days_and_says_its_reason(office: Office) -> None:
    office.act("pause")
    refused = office.member.post("/needs", NEED)
    assert refused.status == 409
    assert "您的发布暂停到11月28日 周六 10:00，理由：第三条。" in refused
    clock.advance(days=6, hours=23)
    assert office.member.post("/needs", NEED).status == 409
    clock.advance(hours=2)
    assert office.member.post("/needs", NEED).status == 303


def test_a_paused_member_reads_so_before_they_write_a_need(office: Office) -> None:
    assert "发布暂停到" not in office.member.get("/needs/new")
    before = office.member.get("/needs/new", Fragment="main").headers["ETag"]
    office.act("pause")
    paused = office.member.get("/needs/new", Fragment="main")
    assert "您的发布暂停到11月28日 周六 10:00，理由：第三条。" in paused
    assert 'href="/me/conduct"' in paused.html
    assert paused.headers["ETag"] != before
    office.act("resume", "说清楚了")
    assert "发布暂停到" not in office.member.get("/needs/new")


def test_a_pause_is_of_all_that_is_posted_and_of_nothing_else(office: Office) -> None:
    other = office.people.logged_in("田小妹")[1].post("/needs", NEED).location
    mine = office.member.post("/needs", {**NEED, "title": "另一条", "body": "七吨。"}).location
    office.act("pause")
    assert office.member.post(f"{other}/responses", {"body": "我有。"}).status == 409
    assert office.member.post("/deeds", {"doer": "老宋", "body": "推车。"}).status == 409
    closed = office.member.post(f"{mine}/outcome", {"result": "withdrawn"})
    assert closed.status == 303
    assert office.member.post("/me/profile", {"introduction": "照常"}).status == 303


def test_what_waited_in_the_outbox_is_refused_with_the_reason(office: Office) -> None:
    phone = Phone(office.member, office.member_id)
    op = phone.op("need.create", fields=NEED)
    office.act("pause")
    told = phone.send(op)["ops"][0]
    assert told["outcome"] == "refused"
    assert "您的发布暂停到" in told["message"]


def test_a_pause_is_ended_early_and_told(office: Office) -> None:
    office.act("pause")
    assert "提前恢复发布" in office.first.get(f"/admin/conduct/{office.member_id}")
    office.act("resume", "说清楚了")
    assert office.member.post("/needs", NEED).status == 303
    assert "您又可以发布了：说清楚了" in office.member.get("/notices")


def test_a_second_pause_at_once_changes_nothing(office: Office) -> None:
    office.act("pause")
    assert "已经暂停着了" in office.act("pause").text or office.act("pause").status == 303
    with office.app.app_context():
        assert len(db.session.scalars(select(Sanction.id)).all()) == 1


def test_every_act_stands_on_the_trail_with_its_reason(office: Office) -> None:
    for name in ("warn", "pause", "resume"):
        office.act(name)
    with office.app.app_context():
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.number)).unique()
        assert [(row.act, row.reason) for row in rows] == [
            (f"conduct.{name}", "第三条。") for name in ("warn", "pause", "resume")
        ]
    assert "暂停了发布" in office.first.get("/admin/audit")


def test_an_admin_s_own_conduct_is_another_admin_s_business(people: People) -> None:
    member_id, browser = people.logged_in("甲管理员", "admin")
    assert browser.post(f"/admin/conduct/{member_id}/warn", {"reason": "。"}).status == 409


def test_a_review_is_asked_for_once_and_told_to_who_had_no_part(office: Office) -> None:
    office.act("pause")
    assert office.ask("pause").location == "/me/conduct"
    assert "崔广田 要求复核一次处理" in office.second.get("/notices")
    assert "要求复核" not in office.first.get("/notices")
    office.ask("pause", "再来一次")
    page = office.member.get("/me/conduct")
    assert "等另一位管理员复核" in page
    assert "再来一次" not in page
    assert "崔广田" in office.second.get("/admin/reports")


def test_who_decided_does_not_review(office: Office) -> None:
    office.act("pause")
    office.ask("pause")
    assert "请另一位来办" in office.first.get(f"/admin/conduct/{office.member_id}")
    refused = office.review("lift", office.first)
    assert refused.status == 409
    assert office.member.post("/needs", NEED).status == 409


def test_another_admin_upholds_a_decision_and_says_why(office: Office) -> None:
    office.act("pause")
    office.ask("pause")
    office.review("keep", office.second, "记录在，维持。")
    assert office.member.post("/needs", NEED).status == 409
    page = office.member.get("/me/conduct")
    assert "复核：维持" in page
    assert "记录在，维持。" in page
    assert "您要求的复核办完了：记录在，维持。" in office.member.get("/notices")


def test_a_pause_taken_back_ends_at_once(office: Office) -> None:
    office.act("pause")
    office.ask("pause")
    office.review("lift", office.second, "误会。")
    assert office.member.post("/needs", NEED).status == 303
    assert "复核：撤销" in office.member.get("/me/conduct")
    office.review("keep", office.second)
    assert "复核：撤销" in office.member.get("/me/conduct")


def test_what_was_hidden_is_shown_again_by_a_review(office: Office) -> None:
    url = office.hide_a_need()
    assert "要求复核" in office.member.get(url)
    reader = office.people.logged_in()[1]
    assert reader.get(url).status == 404
    office.ask("hiding")
    office.review("lift", office.second, "许可证号补上了。")
    assert reader.get(url).status == 200
    assert "恢复了，大家又看得到：许可证号补上了。" in office.member.get("/notices")


def test_nobody_has_another_s_decision_reviewed(office: Office) -> None:
    office.act("pause")
    with office.app.app_context():
        key = db.session.scalars(select(Sanction.id)).one()
    stranger = office.people.logged_in()[1]
    asked = stranger.post("/me/conduct/review", {"kind": "pause", "subject_id": str(key), "words": "好奇"})
    assert asked.status == 404


def test_a_review_without_words_is_shown_again(office: Office) -> None:
    office.act("warn")
    again = office.ask("warning", " ")
    assert again.status == 422
    assert "请填写您的理由" in again


def test_the_phone_has_the_decisions_and_asks_from_there(office: Office) -> None:
    phone = Phone(office.member, office.member_id)
    lines = phone.sync([])
    office.act("warn")
    have = [line["etag"] for line in lines if "etag" in line]
    changed = {line["url"] for line in phone.sync(have) if "url" in line}
    assert "/me/conduct" in changed
    with office.app.app_context():
        key = str(db.session.scalars(select(Sanction.id)).one())
    fields = {"kind": "warning", "subject_id": key, "words": "路上写的。"}
    assert phone.send(phone.op("review.ask", fields=fields))["ops"][0]["outcome"] == "accepted"
    assert "路上写的。" in office.second.get(f"/admin/conduct/{office.member_id}")


def test_of_who_left_nothing_of_this_is_kept(office: Office) -> None:
    office.act("warn")
    office.ask("warning")
    with office.app.app_context():
        in_transaction(lambda: erase(office.member_id))
        assert db.session.scalars(select(Sanction.id)).all() == []
        assert db.session.scalars(select(Review.id)).all() == []


def test_decisions_are_forgotten_after_three_years(office: Office) -> None:
    from core.retention import forget_what_is_due

    office.act("warn")
    office.ask("warning")
    office.review("keep", office.second)
    clock.advance(days=3 * 365 + 2)
    with office.app.app_context():
        forget_what_is_due()
        assert db.session.scalars(select(Sanction.id)).all() == []
        assert db.session.scalars(select(Review.id)).all() == []


def appealed(office: Office, words: str = "我去开会了。", password: str = PASSWORD) -> Page:
    fields = {"phone": office.people.phone_of(office.member_id), "password": password, "words": words}
    return Browser(office.app).post("/login/review", fields, follow=True)


def suspended(office: Office) -> None:
    office.first.post(f"/admin/members/{office.member_id}/suspend", {"reason": "三次爽约。"})


def test_who_is_suspended_is_shown_the_way_to_a_review(office: Office) -> None:
    suspended(office)
    fields = {"phone": office.people.phone_of(office.member_id), "password": PASSWORD}
    refused = Browser(office.app).post("/login", fields)
    assert "这个账号已停用：三次爽约" in refused
    assert 'href="/login/review"' in refused.html
    assert 'href="/login/review"' not in Browser(office.app).get("/login").html


def test_a_suspension_is_reviewed_by_another_admin_and_taken_back(office: Office) -> None:
    suspended(office)
    assert "收到了" in appealed(office)
    assert "崔广田 要求复核一次处理" in office.second.get("/notices")
    page = office.second.get(f"/admin/conduct/{office.member_id}")
    assert "停用账号" in page
    assert "三次爽约。" in page
    assert "我去开会了。" in page
    assert office.review("lift", office.first).status == 409
    office.review("lift", office.second, "确有公事。")
    fields = {"phone": office.people.phone_of(office.member_id), "password": PASSWORD}
    assert Browser(office.app).post("/login", fields).status == 303
    again = office.people.browser(office.member_id)
    assert "您要求的复核办完了：确有公事。" in again.get("/notices")
    assert "复核：撤销" in again.get("/me/conduct")


def test_a_suspension_that_is_upheld_stays(office: Office) -> None:
    suspended(office)
    appealed(office)
    office.review("keep", office.second, "记录在。")
    fields = {"phone": office.people.phone_of(office.member_id), "password": PASSWORD}
    assert "这个账号已停用" in Browser(office.app).post("/login", fields)
    assert "只有一次" in appealed(office, "再看一遍")


def test_a_second_suspension_may_be_reviewed_again(office: Office) -> None:
    suspended(office)
    appealed(office)
    office.review("lift", office.second)
    suspended(office)
    assert "收到了" in appealed(office, "又怎么了")
    with office.app.app_context():
        assert len(db.session.scalars(select(Review.id)).all()) == 2


def test_a_wrong_password_asks_for_no_review(office: Office) -> None:
    suspended(office)
    refused = appealed(office, password="not-the-password")
    assert refused.status == 422
    assert "手机号或密码不对" in refused
    with office.app.app_context():
        assert db.session.scalars(select(Review.id)).all() == []


def test_an_account_that_is_open_has_nothing_to_appeal_against(office: Office) -> None:
    refused = appealed(office)
    assert refused.status == 409
    assert "请直接登录" in refused


def test_guessing_at_the_review_is_counted_as_at_log_in(office: Office) -> None:
    suspended(office)
    answers = [appealed(office, password=f"wrong-{number}").status for number in range(12)]
    assert answers[0] == 422
    assert answers[-1] == 429
