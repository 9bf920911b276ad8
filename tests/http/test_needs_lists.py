"""The lists of needs, the ledger of what was solved, the sharing hour, and what phones keep."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from blueprints.accounts.models import Member
from blueprints.needs import offline, service
from blueprints.needs.models import Need, NeedResponse, Outcome
from core import text
from core.access import Viewer
from core.clock import clock, now
from core.database import db, new_id
from tests.client import Browser, Page
from tests.needs import POSTED, answer, post_need
from tests.people import People


def titles(page: Page) -> list[str]:
    return re.findall(r'<span class="row-title">([^<]*)</span>', page.html)


def many(app: Flask, author_id: uuid.UUID, count: int, **values: Any) -> None:
    """Needs, one a minute, the last one now; every other one with an answer of the author's (for counting)."""
    with app.app_context():
        for number in range(count):
            given = {
                "kind": "need",
                "title": f"第{number:05d}条",
                "body": "内容",
                "category": "sales",
                "trade": "machinery",
                "state": "open",
                "search_text": text.search_text(f"第{number:05d}条"),
                "created_at": now() - timedelta(minutes=count - number),
                **values,
            }
            need = Need(id=new_id(), author_id=author_id, **given)
            db.session.add(need)
            db.session.flush()
            if number % 2:
                db.session.add(NeedResponse(need_id=need.id, member_id=author_id, body="有", created_at=now()))
            if need.state == "solved":
                db.session.add(
                    Outcome(
                        need_id=need.id,
                        result="solved",
                        partner_id=author_id,
                        amount_cny=1000,
                        closed_at=given["created_at"],
                    )
                )
        db.session.commit()


def queries(app: Flask, browser: Browser, url: str) -> int:
    """How many statements one page takes that nobody has opened yet."""
    app.extensions["pages"].clear()
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT")):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        page = browser.get(url)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert page.status == 200, page
    return len(seen)


def test_the_list_is_narrowed_by_kind_category_trade_state_and_words(people: People) -> None:
    _, browser = people.logged_in()
    first = post_need(browser)
    post_need(
        browser, kind="offer", title="仓库两千平出租", body="北辰，带月台", category="premises", trade="logistics"
    )
    closed = post_need(browser, title="找会做退税的", body="出口", category="policy")
    browser.post(f"/needs/{closed}/outcome", {"result": "solved"})
    assert titles(browser.get("/needs")) == ["仓库两千平出租", POSTED["title"]]
    assert titles(browser.get("/needs?kind=offer")) == ["仓库两千平出租"]
    assert titles(browser.get("/needs?category=procurement")) == [POSTED["title"]]
    assert titles(browser.get("/needs?trade=logistics")) == ["仓库两千平出租"]
    assert titles(browser.get("/needs?state=solved")) == ["找会做退税的"]
    assert len(titles(browser.get("/needs?state=all"))) == 3
    assert titles(browser.get("/needs?q=月台 北辰")) == ["仓库两千平出租"]
    assert titles(browser.get("/needs?q=３０４")) == [POSTED["title"]]
    assert titles(browser.get("/needs?q=%25")) == []
    assert titles(browser.get("/needs?q=bxg")) == [POSTED["title"]]
    assert titles(browser.get("/needs?kind=junk&category=junk&trade=junk&state=junk&after=junk")) != []
    assert browser.get("/needs?state=withdrawn").state("need", first) is None


def test_what_i_posted_stands_in_a_list_of_its_own(people: People) -> None:
    _, mine = people.logged_in()
    _, other = people.logged_in()
    post_need(other)
    assert "您还没有发过" in mine.get("/needs?mine=1")
    need_id = post_need(mine, title="我的")
    mine.post(f"/needs/{need_id}/outcome", {"result": "withdrawn"})
    assert titles(mine.get("/needs?mine=1")) == ["我的"]


def test_pages_of_the_list_follow_each_other_without_gap_or_repeat(app: Flask, people: People) -> None:
    author_id, browser = people.logged_in()
    many(app, author_id, 45, created_at=now() - timedelta(days=1))
    first = browser.get("/needs")
    assert len(titles(first)) == 30
    assert "共 " not in first.text.replace("共享", "")
    after = re.search(r'rel="next" href="([^"]+)"', first.html)
    assert after
    second = browser.get(after[1].replace("&amp;", "&"))
    assert len(titles(second)) == 15
    assert sorted(titles(first) + titles(second)) == [f"第{n:05d}条" for n in range(45)]
    last = re.findall(r'id="need-([^"]+)"', second.html)[-1]
    assert "没有更多了" in browser.get(f"/needs?after={last}")


def test_the_ledger_counts_and_sums_what_was_solved(app: Flask, people: People) -> None:
    _, author = people.logged_in("赵发布")
    partner_id = people.member("钱合作")
    for title, category, amount in (("一", "sales", "10万"), ("二", "sales", "20万"), ("三", "legal", "")):
        need_id = post_need(author, title=title, category=category)
        fields = {"result": "solved", "amount": amount, "partner": str(partner_id), "summary": f"{title}办成"}
        author.post(f"/needs/{need_id}/outcome", fields)
    withdrawn = post_need(author, title="四")
    author.post(f"/needs/{withdrawn}/outcome", {"result": "withdrawn"})
    many(app, partner_id, 2, state="solved", created_at=clock.now() - timedelta(days=40))
    many(app, partner_id, 1, state="solved", created_at=clock.now() - timedelta(days=400))
    page = author.get("/needs/solved")
    assert "本月 30 万元 3" in page
    assert "今年 30.2 万元 5" in page
    assert "一共 30.3 万元 6" in page
    assert "赵发布 ↔ 钱合作" in page
    assert "二办成" in page
    assert titles(author.get("/needs/solved?category=legal")) == ["三"]
    with app.app_context():
        assert service.solved_figures() == service.Figures(6, 303_000)
        assert service.solved_figures(clock.now() - timedelta(days=1)).count == 3
        by_month = service.solved_by_month(3)
        assert [(month.isoformat(), figures.count) for month, figures in by_month] == [
            ("2026-09-01", 0),
            ("2026-10-01", 2),
            ("2026-11-01", 3),
        ]


def test_the_ledger_goes_on_page_by_page(app: Flask, people: People) -> None:
    author_id, browser = people.logged_in()
    assert "还没有办成的" in browser.get("/needs/solved")
    many(app, author_id, 31, state="solved")
    first = browser.get("/needs/solved")
    after = re.search(r'rel="next" href="([^"]+)"', first.html)
    assert after
    second = browser.get(after[1])
    assert titles(second) == ["第00000条"]
    assert "没有更多了" in browser.get(f"/needs/solved?after={re.findall('id=.need-([^ ]+). ', second.html)[0]}")


@pytest.mark.thorough
@pytest.mark.parametrize("url", ["/needs", "/needs?mine=1&q=a", "/needs/solved", "/needs/sharing", "/needs/new"])
def test_a_page_takes_as_many_queries_for_ten_rows_as_for_thousands(app: Flask, people: People, url: str) -> None:
    author_id, browser = people.logged_in()
    for state in ("open", "solved"):
        many(app, author_id, 5, state=state)
    browser.get(url)
    few = queries(app, browser, url)
    for state in ("open", "solved"):
        many(app, author_id, 400, state=state)
    assert queries(app, browser, url) == few <= 8


@pytest.mark.thorough
def test_a_needs_page_takes_as_many_queries_for_one_answer_as_for_many(app: Flask, people: People) -> None:
    _, author = people.logged_in()
    _, other = people.logged_in()
    need_id = post_need(author)
    answer(other, need_id)
    author.get("/")
    author.get(f"/needs/{need_id}")
    few = queries(app, author, f"/needs/{need_id}")
    with app.app_context():
        for number in range(40):
            member_id = people.member()
            db.session.add(
                NeedResponse(need_id=uuid.UUID(need_id), member_id=member_id, body=str(number), created_at=now())
            )
        db.session.commit()
    assert queries(app, author, f"/needs/{need_id}") == few <= 8
    author.post(f"/needs/{need_id}/outcome", {"result": "solved", "partner": str(people.member())})
    assert queries(app, author, f"/needs/{need_id}") <= 8


def test_the_sharing_hour_opens_at_1118_and_closes_at_1200(people: People) -> None:
    _, browser = people.logged_in()
    clock.advance(hours=1, minutes=17, seconds=59)
    page = browser.get("/needs/sharing")
    assert "现在不在共享时段" in page
    assert "还有 1 分钟" in page
    assert "/needs" not in re.findall(r'action="([^"]+)"', page.html)
    clock.advance(seconds=1)
    page = browser.get("/needs/sharing")
    assert "正在进行， 12:00 结束， 还有 42 分钟" in page
    assert "共享时段正在进行" in browser.get("/needs")
    assert 'action="/needs"' in page.html
    clock.advance(minutes=42)
    page = browser.get("/needs/sharing")
    assert "现在不在共享时段" in page
    assert "11月22日 周日 11:18 ， 还有 23 小时 18 分钟" in page
    assert "共享时段正在进行" not in browser.get("/needs")


def test_what_came_in_since_1118_comes_live_once_and_newest_first(people: People) -> None:
    _, browser = people.logged_in()
    post_need(browser, title="早来的")
    clock.advance(hours=1, minutes=20)

    def since(after: str = "") -> Page:
        return browser.get(f"/needs/sharing/since?after={after}", HX_Request="true", HX_Request_Type="partial")

    assert browser.get("/needs/sharing/since").location == "/needs/sharing"
    assert titles(browser.get("/needs/sharing")) == []
    assert browser.client.get("/needs/sharing/since", headers={"HX-Request": "true"}).status_code == 204
    first = post_need(browser, title="时段里的一")
    clock.advance(minutes=1)
    second = post_need(browser, title="时段里的二")
    assert titles(browser.get("/needs/sharing")) == ["时段里的二", "时段里的一"]

    def live(after: str) -> Page:
        response = browser.client.get(f"/needs/sharing/since?after={after}", headers={"HX-Request": "true"})
        return Page(response)

    page = live(first)
    assert titles(page) == ["时段里的二"]
    assert f"/needs/sharing/since?after={second}" in page.html
    assert live(second).status == 204
    clock.advance(hours=1)
    over = live(second)
    assert over.status == 200
    assert "现在不在共享时段" in over
    post_need(browser, title="晚来的")
    assert titles(browser.get("/needs/sharing")) == ["时段里的二", "时段里的一"]


def test_other_features_read_the_newest_mine_and_the_hours_posts(app: Flask, people: People) -> None:
    author_id, browser = people.logged_in()
    other_id, other = people.logged_in()
    expired = post_need(browser, title="过期", expires_on="2026-11-21")
    clock.advance(days=1, hours=1, minutes=30)
    post_need(browser, title="时段里的")
    post_need(other, title="别人的", kind="offer")
    with app.app_context():
        assert [need.title for need in service.newest(10)] == ["别人的", "时段里的"]
        assert [need.title for need in service.newest(1)] == ["别人的"]
        assert [need.title for need in service.mine(author_id)] == ["时段里的", "过期"]
        assert [need.title for need in service.sharing_hour_posts()] == ["别人的", "时段里的"]
        assert service.sharing_hour().is_on
        assert service.state_of(db.session.get_one(Need, uuid.UUID(expired))) == "expired"
        assert [need.title for need in service.mine(other_id)] == ["别人的"]


def test_a_phone_keeps_the_lists_the_form_open_needs_and_all_of_ones_own(app: Flask, people: People) -> None:
    author_id, browser = people.logged_in()
    _, other = people.logged_in()
    mine = [post_need(browser, title=str(number)) for number in range(2)]
    browser.post(f"/needs/{mine[0]}/outcome", {"result": "withdrawn"})
    theirs = post_need(other)
    closed = post_need(other, title="关")
    other.post(f"/needs/{closed}/outcome", {"result": "solved"})
    kept: dict[str, Any] = {}
    with app.test_request_context():
        viewer = Viewer(id=author_id, session_id=new_id(), real_name="", status="member")
        kept = {kept.url: kept for kept in offline.pages(viewer)}
        assert not list(offline.pages(Viewer(id=author_id, session_id=new_id(), real_name="", status="applicant")))
    own = {f"/needs/{mine[0]}", f"/needs/{mine[1]}", f"/needs/{mine[1]}/edit"}
    assert set(kept) == {"/needs", "/needs/solved", "/needs/new", f"/needs/{theirs}", *own}
    assert all(browser.get(url).status == 200 for url in kept)


def test_the_etag_of_a_kept_page_is_known_without_rendering_it(app: Flask, people: People) -> None:
    from flask_login import login_user

    from core.database import stamps_of
    from core.pages import etag_of

    author_id, browser = people.logged_in()
    _, other = people.logged_in()
    need_id = post_need(browser)
    answer(other, need_id)
    with app.test_request_context(headers={"Accept-Language": "zh"}):
        person = db.session.get_one(Member, author_id)
        viewer = Viewer(id=author_id, session_id=new_id(), real_name=person.real_name, status="member")
        login_user(viewer)
        expected = {
            page.url: etag_of(
                page.url, stamps_of(("chamber", *page.topics)).items(), page.states, dated=page.dated, alike=page.alike
            )
            for page in offline.pages(viewer)
        }
    assert len(expected) == 5
    for url, etag in expected.items():
        answered = browser.get(url, Fragment="main", Accept_Language="zh")
        assert answered.headers["ETag"] == f'"{etag}"', url


def test_a_page_that_changed_has_another_etag_and_one_that_did_not_the_same(people: People) -> None:
    _, author = people.logged_in()
    _, other = people.logged_in()
    need_id = post_need(author)

    def etags() -> tuple[str, ...]:
        return tuple(other.get(url).headers["ETag"] for url in ("/needs", f"/needs/{need_id}", "/needs/solved"))

    before = etags()
    assert etags() == before
    answer(other, need_id)
    assert "已回应" in other.get("/needs")
    after = etags()
    assert all(one != two for one, two in zip(before, after, strict=True))
