"""Words under a rule: signed with a real name, read by members, taken back, reported and hidden."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts.models import Rule, RuleComment
from blueprints.me.erasure import erase
from blueprints.reports.models import Report
from core.clock import clock, now
from core.database import db, in_transaction, new_id
from tests.client import Browser
from tests.people import People
from tests.phones import Phone

URL = "/rules/community-rules"


@pytest.fixture(autouse=True)
def _rule(app: Flask) -> None:
    with app.app_context():
        body = "# 群规\n\n报了名就来。\n"
        db.session.add(Rule(slug="community-rules", version=3, title="群规", body=body, published_at=now()))
        db.session.commit()


def say(browser: Browser, words: str = "三个月太长。") -> None:
    assert browser.post(f"{URL}/comments", {"body": words}).location == f"{URL}#comments"


def comment_id(app: Flask) -> uuid.UUID:
    with app.app_context():
        return db.session.scalars(select(RuleComment.id).order_by(RuleComment.id.desc())).first() or uuid.UUID(int=0)


def test_members_read_what_a_member_says_under_their_real_name(people: People) -> None:
    say(people.logged_in("崔广田", company_name="天津广田机床有限公司")[1])
    page = people.logged_in()[1].get(URL)
    for words in ("崔广田", "天津广田机床有限公司", "三个月太长。", "第 3 版"):
        assert words in page


def test_a_visitor_and_an_applicant_read_the_rule_without_names(app: Flask, people: People) -> None:
    say(people.logged_in("崔广田")[1])
    for browser in (Browser(app), people.logged_in(status="applicant")[1]):
        page = browser.get(URL)
        assert "报了名就来" in page
        assert "崔广田" not in page
        assert "三个月太长" not in page


def test_admins_are_told_once_who_said_something(people: People) -> None:
    _, admin = people.logged_in("管理员", "admin")
    say(people.logged_in("崔广田")[1])
    assert "崔广田 对《群规》说了一句" in admin.get("/notices")


def test_one_s_own_words_are_taken_back_and_nobody_else_s(app: Flask, people: People) -> None:
    _, author = people.logged_in("崔广田")
    _, other = people.logged_in()
    say(author)
    url = f"{URL}/comments/{comment_id(app)}/withdraw"
    assert url not in other.get(URL).html
    assert other.post(url).status == 404
    assert "三个月太长" in other.get(URL)
    assert author.post(url).location == f"{URL}#comments"
    assert "三个月太长" not in author.get(URL)


def test_nothing_said_is_no_words(people: People) -> None:
    _, browser = people.logged_in()
    again = browser.post(f"{URL}/comments", {"body": " "})
    assert again.status == 422
    assert "请填写您的话" in again


def test_five_in_a_day_are_enough(people: People) -> None:
    _, browser = people.logged_in()
    for number in range(5):
        say(browser, f"第{number}句")
    again = browser.post(f"{URL}/comments", {"body": "再说一句"})
    assert again.status == 429
    assert "您今天说得很多了" in again
    clock.advance(days=1, minutes=1)
    say(browser, "再说一句")


def test_it_is_said_without_signal_once(people: People) -> None:
    member_id, browser = people.logged_in()
    phone = Phone(browser, member_id)
    op = phone.op("rule.comment", "community-rules", fields={"body": "路上写的。", "id": str(new_id())})
    for _ in range(2):
        assert phone.send(op)["ops"][0]["outcome"] == "accepted"
    assert browser.get(URL).text.count("路上写的。") == 1


def test_another_s_id_is_refused_without_saying_whose(app: Flask, people: People) -> None:
    say(people.logged_in()[1])
    member_id, browser = people.logged_in()
    phone = Phone(browser, member_id)
    fields = {"body": "我的话。", "id": str(comment_id(app))}
    assert phone.send(phone.op("rule.comment", "community-rules", fields=fields))["ops"][0]["outcome"] == "refused"


def test_what_is_reported_is_hidden_with_its_reason_and_shown_again(app: Flask, people: People) -> None:
    _, author = people.logged_in("崔广田")
    _, reader = people.logged_in()
    _, admin = people.logged_in("管理员", "admin")
    say(author, "某某是骗子。")
    fields = {"kind": "rule_comment", "subject_id": str(comment_id(app)), "reason": "insult"}
    assert f"kind=rule_comment&amp;id={comment_id(app)}" in reader.get(URL).html
    assert reader.post("/reports", fields).location == f"{URL}#comments"
    with app.app_context():
        report = db.session.scalars(select(Report.id)).one()
    admin.post(f"/admin/reports/{report}/uphold", {"reason": "第七条"})
    assert "某某是骗子" not in reader.get(URL)
    own = author.get(URL)
    assert "某某是骗子" in own
    assert "理由：第七条" in own
    assert "隐藏了对规则说的话" in admin.get("/admin/audit")
    admin.post(f"/admin/reports/{report}/restore", {"reason": "改好了"})
    assert "某某是骗子" in reader.get(URL)


def test_the_words_of_who_left_stay_without_a_name(app: Flask, people: People) -> None:
    member_id, author = people.logged_in("崔广田")
    say(author, "我崔广田说一句：三个月太长。")
    _, reader = people.logged_in()
    assert "崔广田" in reader.get(URL)
    with app.app_context():
        in_transaction(lambda: erase(member_id))
    page = reader.get(URL)
    assert "崔广田" not in page
    assert "说一句：三个月太长。" in page


def test_the_phone_has_the_words_and_hears_of_new_ones(people: People) -> None:
    member_id, browser = people.logged_in()
    phone = Phone(browser, member_id)
    lines = phone.sync([])
    say(people.logged_in("崔广田")[1])
    changed = {
        line["url"]: line for line in phone.sync([line["etag"] for line in lines if "etag" in line]) if "url" in line
    }
    assert "三个月太长" in changed[URL]["html"]
    assert "/rules" not in changed
