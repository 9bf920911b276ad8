"""Answering a need, accepting an answer, and closing with an outcome."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from blueprints.accounts.models import Member
from blueprints.needs import service
from blueprints.needs.models import Need, NeedResponse, Outcome
from blueprints.needs.refusals import AlreadyAnswered
from core import registries
from core.access import Viewer
from core.clock import clock, now
from core.database import db, new_id
from core.errors import refusal_for
from core.operations import Act
from core.performing import perform
from tests.client import Browser
from tests.needs import POSTED, accept, answer, edited, forms, post_need
from tests.people import People

AUTHORS_PHONE, ANSWERERS_PHONE = "13912340001", "13912340002"


class Deal:
    """A need by one member, and another who answers."""

    def __init__(self, people: People) -> None:
        self.author_id, self.author = people.logged_in("赵发布", phone=AUTHORS_PHONE)
        self.other_id, self.other = people.logged_in("钱回应", phone=ANSWERERS_PHONE, company_name="天津钱记有限公司")
        self.need_id = post_need(self.author)
        self.url = f"/needs/{self.need_id}"

    def close(self, browser: Browser | None = None, **fields: str) -> Any:
        return (browser or self.author).post(f"{self.url}/outcome", {"result": "solved", **fields})


@pytest.fixture
def deal(people: People) -> Deal:
    return Deal(people)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Whom the features told what."""
    heard: list[tuple[Any, ...]] = []

    def send(members: Any, kind: str, *, url: str, subject: str, words: dict[str, str]) -> None:
        heard.extend((member, kind, url, subject, words["name"]) for member in members)

    monkeypatch.setattr(registries, "_tellers", [send])
    return heard


def test_members_answer_and_the_poster_is_told(deal: Deal, told: list[Any], people: People) -> None:
    assert f"{deal.url}/responses" in forms(deal.other.get(deal.url))
    response_id = answer(deal.other, deal.need_id)
    assert told == [(deal.author_id, "need.answered", deal.url, f"response:{response_id}", "钱回应")]
    _, third = people.logged_in()
    for browser in (deal.author, deal.other, third):
        page = browser.get(deal.url)
        assert page.state("response", response_id) == "offered"
        for words in ("钱回应", "天津钱记有限公司", "能供，月底前 6 吨。"):
            assert words in page
    assert "1 个回应" in third.get("/needs")


def test_nobody_answers_their_own_need(deal: Deal) -> None:
    assert f"{deal.url}/responses" not in forms(deal.author.get(deal.url))
    page = deal.author.post(f"{deal.url}/responses", {"body": "我自己"})
    assert page.status == 409
    assert "不用回应自己" in page


def test_an_answer_needs_words(deal: Deal) -> None:
    page = deal.other.post(f"{deal.url}/responses", {"body": " "})
    assert page.status == 422
    assert "请填写回应的话" in page


def test_a_member_has_one_open_answer_to_a_need(deal: Deal) -> None:
    response_id = answer(deal.other, deal.need_id)
    assert f"{deal.url}/responses" not in forms(deal.other.get(deal.url))
    page = deal.other.post(f"{deal.url}/responses", {"body": "另一个说法"})
    assert page.status == 409
    assert "已经回应过" in page
    same = deal.other.post(f"{deal.url}/responses", {"body": "能供，月底前 6 吨。"}, follow=True)
    assert "已经这样回应过" in same
    assert same.html.count('id="response-') == 1
    deal.other.post(f"{deal.url}/responses/{response_id}/withdraw")
    answer(deal.other, deal.need_id, "另一个说法")


def test_the_database_itself_holds_one_open_answer_per_member(app: Flask, deal: Deal) -> None:
    answer(deal.other, deal.need_id)
    with app.app_context():
        db.session.add(
            NeedResponse(need_id=uuid.UUID(deal.need_id), member_id=deal.other_id, body="二", created_at=now())
        )
        with pytest.raises(IntegrityError) as raised:
            db.session.flush()
        assert isinstance(refusal_for(raised.value), AlreadyAnswered)


def test_an_answer_sent_twice_is_one_and_under_the_same_op_id_never_another(deal: Deal) -> None:
    op_id = str(uuid.uuid4())
    for _ in range(2):
        page = deal.other.post(f"{deal.url}/responses", {"body": "有货", "op_id": op_id})
        assert (page.status, page.location) == (303, deal.url)
    assert deal.author.get(deal.url).html.count('id="response-') == 1
    assert deal.other.post(f"{deal.url}/responses", {"body": "没货", "op_id": op_id}).status == 409


def test_an_id_of_an_answer_that_is_taken_is_refused(deal: Deal, people: People) -> None:
    given = answer(deal.other, deal.need_id)
    _, third = people.logged_in()
    assert third.post(f"{deal.url}/responses", {"body": "有", "id": given}).status == 409


def test_accepting_shows_both_phones_to_each_other_and_to_nobody_else(
    app: Flask, deal: Deal, told: list[Any], people: People
) -> None:
    response_id = answer(deal.other, deal.need_id)
    third_id, third = people.logged_in()
    for browser in (deal.author, deal.other, third):
        assert "tel:" not in browser.get(deal.url).html
    page = accept(deal.author, deal.need_id, response_id)
    assert (page.status, page.location) == (303, deal.url)
    assert f"tel:{ANSWERERS_PHONE}" in deal.author.get(deal.url).html
    assert f"tel:{AUTHORS_PHONE}" in deal.other.get(deal.url).html
    page = third.get(deal.url)
    assert page.state("response", response_id) == "accepted"
    assert ANSWERERS_PHONE not in page.html
    assert AUTHORS_PHONE not in page.html
    assert told[-1] == (deal.other_id, "need.accepted", deal.url, f"response:{response_id}:accepted", "赵发布")
    with app.app_context():
        assert service.shares_phone(deal.author_id, deal.other_id)
        assert service.shares_phone(deal.other_id, deal.author_id)
        assert not service.shares_phone(third_id, deal.other_id)
    assert service.shares_phone in registries.phone_shown_to


def test_accepting_twice_changes_nothing(deal: Deal, told: list[Any]) -> None:
    response_id = answer(deal.other, deal.need_id)
    accept(deal.author, deal.need_id, response_id)
    page = accept(deal.author, deal.need_id, response_id)
    assert page.status == 303
    assert "已经接受过" in deal.author.get(deal.url)
    assert [kind for _, kind, *_ in told].count("need.accepted") == 1


def test_only_the_poster_accepts(deal: Deal, people: People) -> None:
    response_id = answer(deal.other, deal.need_id)
    _, third = people.logged_in("管理员", "admin")
    for browser in (deal.other, third):
        page = accept(browser, deal.need_id, response_id)
        assert page.status == 403
        assert "tel:" not in page.html


def test_a_member_who_is_suspended_is_neither_accepted_nor_answered(app: Flask, deal: Deal, people: People) -> None:
    response_id = answer(deal.other, deal.need_id)
    _, third = people.logged_in()
    with app.app_context():
        db.session.get_one(Member, deal.other_id).status = "suspended"
        db.session.commit()
    page = accept(deal.author, deal.need_id, response_id)
    assert page.status == 409
    assert "联系不上" in page
    with app.app_context():
        db.session.get_one(Member, deal.author_id).status = "suspended"
        db.session.commit()
    assert third.post(f"{deal.url}/responses", {"body": "有"}).status == 409


def test_an_answer_is_taken_back_by_who_gave_it_until_it_is_accepted(deal: Deal, people: People) -> None:
    response_id = answer(deal.other, deal.need_id)
    take_back = f"{deal.url}/responses/{response_id}/withdraw"
    assert take_back in forms(deal.other.get(deal.url))
    assert take_back not in forms(deal.author.get(deal.url))
    assert deal.author.post(take_back).status == 403
    assert deal.other.post(take_back).status == 303
    assert deal.other.get(deal.url).state("response", response_id) == "withdrawn"
    assert deal.author.get(deal.url).state("response", response_id) is None
    assert "已经撤回了" in deal.other.post(take_back, follow=True)
    page = accept(deal.author, deal.need_id, response_id)
    assert page.status == 409
    assert "撤回了这条回应" in page
    second = answer(deal.other, deal.need_id)
    accept(deal.author, deal.need_id, second)
    page = deal.other.post(f"{deal.url}/responses/{second}/withdraw")
    assert page.status == 409
    assert "不能再撤回" in page


def test_an_answer_is_looked_for_under_its_own_need(deal: Deal) -> None:
    response_id = answer(deal.other, deal.need_id)
    another = post_need(deal.author, title="另一条")
    assert accept(deal.author, another, response_id).status == 404
    assert accept(deal.author, deal.need_id, str(uuid.uuid4())).status == 404


def test_past_its_last_day_a_need_takes_no_answer_but_what_came_may_be_accepted(deal: Deal) -> None:
    deal.author.post(deal.url, edited(expires_on="2026-11-22"))
    response_id = answer(deal.other, deal.need_id)
    clock.advance(days=1)
    assert deal.other.get(deal.url).state("need", deal.need_id) == "open"
    clock.advance(hours=14)
    page = deal.other.get(deal.url)
    assert page.state("need", deal.need_id) == "expired"
    assert f"{deal.url}/responses" not in forms(page)
    deal.other.post(f"{deal.url}/responses/{response_id}/withdraw")
    refused = deal.other.post(f"{deal.url}/responses", {"body": "还要吗"})
    assert refused.status == 409
    assert "过了有效期" in refused
    assert deal.other.get("/needs").state("need", deal.need_id) is None
    assert deal.other.get("/needs?state=expired").state("need", deal.need_id) == "expired"
    assert deal.close().status == 303


def test_a_need_is_closed_with_what_came_of_it(app: Flask, deal: Deal, told: list[Any]) -> None:
    response_id = answer(deal.other, deal.need_id)
    accept(deal.author, deal.need_id, response_id)
    assert f"{deal.url}/outcome" in forms(deal.author.get(deal.url))
    assert 'value="钱回应"' in deal.author.get(deal.url).html
    page = deal.close(partner="钱回应", amount="36万", summary="<b>两车</b>送完")
    assert (page.status, page.location) == (303, deal.url)
    assert told[-1] == (deal.other_id, "need.closed", deal.url, f"need:{deal.need_id}:closed", "赵发布")
    shown = deal.other.get(deal.url)
    assert shown.state("need", deal.need_id) == "solved"
    for words in ("已解决", "钱回应", "36 万元", "<b>两车</b>送完"):
        assert words in shown
    with app.app_context():
        outcome = db.session.get_one(Outcome, uuid.UUID(deal.need_id))
        assert (outcome.partner_id, outcome.partner_name, outcome.amount_cny) == (deal.other_id, "", 360_000)


def test_a_need_withdrawn_has_neither_partner_nor_amount(deal: Deal, told: list[Any]) -> None:
    assert deal.close(result="withdrawn", partner="钱回应", amount="5", summary="自己解决了").status == 303
    page = deal.author.get(deal.url)
    assert page.state("need", deal.need_id) == "withdrawn"
    assert "自己解决了" in page
    assert "合作方" not in page
    assert told == []


def test_a_closed_need_promises_no_more_answers(people: People) -> None:
    _, owner = people.logged_in("赵发布")
    url = f"/needs/{post_need(owner)}"
    assert "有人回应时会通知您" in owner.get(url)
    assert owner.post(f"{url}/outcome", {"result": "withdrawn"}).status == 303
    page = owner.get(url)
    assert "有人回应时会通知您" not in page
    assert "没有人回应过" in page


def test_once_closed_nothing_about_it_changes(deal: Deal) -> None:
    response_id = answer(deal.other, deal.need_id)
    deal.close()
    assert accept(deal.author, deal.need_id, response_id).status == 409
    assert deal.other.post(f"{deal.url}/responses", {"body": "还有"}).status == 409
    assert deal.close(result="withdrawn").status == 409
    assert "已经结束了" in deal.author.post(f"{deal.url}/outcome", {"result": "solved"}, follow=True)
    shown = forms(deal.author.get(deal.url))
    assert not {url for url in shown if url.startswith("/needs")}


def test_only_the_author_closes(deal: Deal) -> None:
    page = deal.close(deal.other)
    assert page.status == 403
    assert deal.author.get(deal.url).state("need", deal.need_id) == "open"


def test_an_outcome_needs_a_result_and_a_real_amount(deal: Deal) -> None:
    page = deal.author.post(f"{deal.url}/outcome", {"amount": "很多", "partner": "某人"})
    assert page.status == 422
    assert "请选择结果" in page
    assert 'value="某人"' in page.html


@pytest.mark.parametrize(
    ("by", "member", "name"),
    [("id", True, ""), ("name", True, ""), ("stranger", False, "天津某厂老王"), ("namesakes", False, "孙同名")],
)
def test_the_partner_is_a_member_by_id_or_only_name_or_just_a_name(
    app: Flask, deal: Deal, people: People, by: str, member: bool, name: str
) -> None:
    known = people.member("周合作")
    people.member("孙同名")
    people.member("孙同名")
    given = {"id": str(known), "name": "周合作", "stranger": "天津某厂老王", "namesakes": "孙同名"}[by]
    assert deal.close(partner=given).status == 303
    with app.app_context():
        outcome = db.session.get_one(Outcome, uuid.UUID(deal.need_id))
        assert (outcome.partner_id, outcome.partner_name) == (known if member else None, name)


def test_of_namesakes_the_one_who_answered_is_meant(app: Flask, deal: Deal, people: People) -> None:
    people.member("钱回应")
    answer(deal.other, deal.need_id)
    deal.close(partner="钱回应")
    with app.app_context():
        assert db.session.get_one(Outcome, uuid.UUID(deal.need_id)).partner_id == deal.other_id


def test_the_partner_is_neither_unknown_nor_oneself(deal: Deal) -> None:
    assert deal.close(partner=str(uuid.uuid4())).status == 409
    page = deal.close(partner="赵发布", summary="白写了吗")
    assert page.status == 409
    assert "不能是您自己" in page
    assert "白写了吗" in page


def test_who_waits_for_an_answer_is_known(app: Flask, deal: Deal, people: People) -> None:
    response_id = answer(deal.other, deal.need_id)
    _, third = people.logged_in()
    answer(third, deal.need_id, "我也有")
    with app.app_context():
        (waiting,) = service.waiting_answers(deal.author_id)
        assert (waiting.title, waiting.open_responses) == (POSTED["title"], 2)
        assert not service.waiting_answers(deal.other_id)
    accept(deal.author, deal.need_id, response_id)
    with app.app_context():
        assert [need.open_responses for need in service.waiting_answers(deal.author_id)] == [1]
    deal.close()
    with app.app_context():
        assert not service.waiting_answers(deal.author_id)


def test_an_answer_or_a_deal_makes_no_edit_stale(app: Flask, deal: Deal) -> None:
    accept(deal.author, deal.need_id, answer(deal.other, deal.need_id))
    with app.app_context():
        assert db.session.get_one(Need, uuid.UUID(deal.need_id)).version == 1


def test_answering_in_place_brings_the_page_again(deal: Deal) -> None:
    browser = deal.other
    page = browser.get(deal.url, HX_Request="true", HX_Request_Type="partial")
    assert page.html.startswith("<main")
    assert 'hx-post="/needs/' in page.html


def test_a_phone_may_name_an_answer_that_never_was(app: Flask, deal: Deal) -> None:
    member = Viewer(id=deal.author_id, session_id=new_id(), real_name="赵发布", status="member")
    with app.test_request_context():
        act = Act(owner=str(deal.author_id), op_id=str(new_id()), actor=member, target=str(new_id()))
        outcome = perform("need.accept_response", act, {})
    assert (outcome.outcome, outcome.status) == ("refused", 404)
