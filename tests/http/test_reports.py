"""Reports of members; hiding with a reason and showing again; the rules of posting."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.reports.models import Report
from core.audit import AuditEntry
from core.database import db, new_id
from tests.client import Browser
from tests.people import People

pytestmark = pytest.mark.unhurried

WORDS = {"title": "融资渠道", "body": "先交保证金，后放款。", "category": "financing", "kind": "offer"}


class Town:
    """An author with a post, a reporter and an admin."""

    def __init__(self, app: Flask, people: People) -> None:
        self.app, self.people = app, people
        self.author_id, self.author = people.logged_in("牛中介")
        self.reporter_id, self.reporter = people.logged_in("崔广田")
        _, self.office = people.logged_in("殷管理", "admin")
        self.need = self.author.post("/needs", WORDS).location.rsplit("/", 1)[-1]
        self.url = f"/needs/{self.need}"

    def report(self, by: Browser | None = None, **fields: str) -> str:
        given = {"kind": "need", "subject_id": self.need, "reason": "fraud", "words": "要先交钱", **fields}
        answer = (by or self.reporter).post("/reports", given)
        assert answer.status == 303, answer
        with self.app.app_context():
            return str(db.session.scalars(select(Report.id).order_by(Report.id.desc())).first())

    def decide(self, report: str, verdict: str, reason: str = "第四条：先收钱的资金渠道。") -> int:
        return self.office.post(f"/admin/reports/{report}/{verdict}", {"reason": reason}).status


@pytest.fixture
def town(app: Flask, people: People) -> Town:
    return Town(app, people)


def test_a_report_reaches_the_admins_and_names_nobody_to_the_author(town: Town) -> None:
    assert f"/reports/new?kind=need&amp;id={town.need}" in town.reporter.get(town.url).html
    assert "/reports/new" not in town.author.get(town.url).html
    assert "融资渠道" in town.reporter.get(f"/reports/new?kind=need&id={town.need}")
    report = town.report()
    assert "有会员举报：“融资渠道”" in town.office.get("/notices")
    assert "1 件待办" in town.office.get("/admin")
    assert "先收钱的" in town.office.get("/admin/reports")
    page = town.office.get(f"/admin/reports/{report}")
    assert "崔广田" in page
    assert "要先交钱" in page
    assert "举报" not in town.author.get("/notices")
    assert town.reporter.get("/admin/reports").status == 403


def test_what_is_hidden_is_gone_for_others_and_says_why_to_its_author(town: Town) -> None:
    report = town.report()
    assert town.decide(report, "uphold", "") == 422
    assert town.decide(report, "uphold") == 303
    assert town.reporter.get(town.url).status == 404
    assert "融资渠道" not in town.reporter.get("/needs")
    page = town.author.get(town.url)
    assert "这条已被管理员隐藏" in page
    assert "第四条：先收钱的资金渠道。" in page
    assert "您的“融资渠道”被隐藏了" in town.author.get("/notices")
    assert "第四条：先收钱的资金渠道。" in town.reporter.get("/notices")
    with town.app.app_context():
        acts = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "need.hide")).unique().all()
        assert [act.reason for act in acts] == ["第四条：先收钱的资金渠道。"]
    assert "隐藏了帖子" in town.office.get("/admin/audit")


def test_what_was_hidden_is_shown_again_with_a_reason(town: Town) -> None:
    report = town.report()
    town.decide(report, "uphold")
    assert town.decide(report, "restore", "改好了。") == 303
    assert town.reporter.get(town.url).status == 200
    assert "改好了。" in town.author.get("/notices")
    assert "这条已被管理员隐藏" not in town.author.get(town.url)
    assert "恢复了帖子" in town.office.get("/admin/audit")
    assert town.decide(report, "uphold", "又犯。") == 303
    assert "又犯。" in town.author.get(town.url)


def test_who_reported_is_answered_when_nothing_is_wrong(town: Town) -> None:
    report = town.report()
    assert town.decide(report, "dismiss", "有牌照，没有问题。") == 303
    assert "有牌照，没有问题。" in town.reporter.get("/notices")
    assert town.reporter.get(town.url).status == 200
    assert town.office.get(f"/admin/reports/{report}").state("report", report) == "dismissed"
    assert "还没有通知" in town.author.get("/notices")


def test_one_decision_answers_all_who_reported_the_same(town: Town, people: People) -> None:
    _, third = people.logged_in("苗德顺")
    first = town.report()
    second = town.report(third, reason="unverified")
    town.decide(first, "uphold")
    assert town.office.get(f"/admin/reports/{second}").state("report", second) == "upheld"
    assert "第四条" in third.get("/notices")


def test_an_answer_is_hidden_from_all_but_its_author_and_the_admins(town: Town) -> None:
    response = str(new_id())
    town.reporter.post(f"{town.url}/responses", {"body": "骗子，大家小心。", "id": response})
    report = town.report(town.author, kind="response", subject_id=response, reason="insult")
    assert town.decide(report, "uphold", "第七条。") == 303
    assert "骗子" not in town.author.get(town.url)
    assert "第七条。" in town.reporter.get(town.url)
    assert town.author.post(f"{town.url}/responses/{response}/accept").status == 404
    town.decide(report, "restore", "误会。")
    assert "骗子" in town.author.get(town.url)


def test_a_member_is_reported_and_dealt_with_on_their_page(town: Town) -> None:
    report = town.report(kind="member", subject_id=str(town.author_id))
    assert f"/admin/members/{town.author_id}" in town.office.get(f"/admin/reports/{report}").html
    assert town.decide(report, "uphold") == 409


def test_nobody_reports_themselves_twice_the_same_or_what_is_not_there(town: Town) -> None:
    fields = {"kind": "need", "subject_id": town.need, "reason": "fraud"}
    assert town.author.post("/reports", fields).status == 409
    town.report()
    assert town.reporter.post("/reports", fields).status == 303
    with town.app.app_context():
        assert len(db.session.scalars(select(Report)).all()) == 1
    assert town.reporter.post("/reports", {**fields, "subject_id": str(uuid.uuid4())}).status == 404
    assert town.reporter.post("/reports", {**fields, "kind": "briefing"}).status == 404
    assert town.reporter.post("/reports", {**fields, "reason": ""}).status in (404, 422)


def test_reports_are_not_a_weapon(town: Town) -> None:
    for number in range(20):
        need = town.author.post("/needs", {**WORDS, "title": f"渠道{number}"}).location.rsplit("/", 1)[-1]
        town.report(subject_id=need)
    answer = town.reporter.post("/reports", {"kind": "need", "subject_id": town.need, "reason": "fraud"})
    assert answer.status == 429


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("http://a.cn http://b.cn http://c.cn http://d.cn", "网址太多了"),
        ("扫码 https://t.cn/x", "短网址"),
        ("证件 11010519491231002X", "身份证号"),
        ("打到 4111 1111 1111 1111", "银行卡号"),
    ],
)
def test_a_post_against_the_rules_is_refused_with_its_reason(town: Town, body: str, said: str) -> None:
    page = town.author.post("/needs", {**WORDS, "title": "新的", "body": body})
    assert page.status == 409
    assert said in page
    assert town.reporter.post(f"{town.url}/responses", {"body": body}).status == 409


def test_the_same_answer_under_one_need_after_the_other_is_stopped(town: Town) -> None:
    body = {"body": "本公司承接一切业务，请联系我。"}
    urls = []
    for number in range(6):
        need = town.author.post("/needs", {**WORDS, "title": f"活{number}"}).location
        urls.append(town.reporter.post(f"{need}/responses", body).status)
    assert urls == [303] * 5 + [429]
