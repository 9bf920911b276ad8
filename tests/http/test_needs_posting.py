"""Posting, editing and reading needs and offers."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask

from blueprints.needs.models import Need
from core.clock import clock
from core.database import db
from tests.client import Browser
from tests.needs import POSTED, edited, forms, post_need
from tests.people import People

NAUGHTY = (
    "<script>alert(1)</script>",
    "{{7*7}}",
    "'; DROP TABLE needs;--",
    "\u202eright to left",
    '"><img src=x onerror=alert(1)>',
    "👩‍👩‍👧‍👦 表情 ﷽",
    "%(title)s %s {0}",
    "../../etc/passwd",
)


def test_a_need_stands_on_its_page_and_in_the_list(people: People) -> None:
    _, author = people.logged_in("单长河", company_name="天津长河钢材有限公司")
    need_id = post_need(author, amount="800万", expires_on="2026-11-30")
    _, reader = people.logged_in("李四")
    page = reader.get(f"/needs/{need_id}")
    assert page.state("need", need_id) == "open"
    for words in (POSTED["title"], POSTED["body"], "单长河", "天津长河钢材有限公司", "800 万元", "采购", "机械制造"):
        assert words in page, words
    listed = reader.get("/needs")
    assert listed.state("need", need_id) == "open"
    assert POSTED["title"] in listed
    assert "共 1 条" in listed


def test_the_trade_is_the_authors_unless_another_is_given(app: Flask, people: People) -> None:
    _, author = people.logged_in(trade="finance")
    own, other = post_need(author), post_need(author, title="另一条", trade="health")
    with app.app_context():
        assert db.session.get_one(Need, uuid.UUID(own)).trade == "finance"
        assert db.session.get_one(Need, uuid.UUID(other)).trade == "health"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("kind", "wish", "请从给出的选项里选"),
        ("title", "", "请填写标题"),
        ("title", "长" * 81, "最多 80 个字"),
        ("body", " ", "请填写内容"),
        ("body", "长" * 5001, "最多 5000 个字"),
        ("category", "", "请选择类别"),
        ("trade", "piracy", "请从给出的选项里选"),
        ("amount", "-1", "请填写金额"),
        ("amount", "2万亿", "一万亿"),
        ("expires_on", "2026-11-20", "已经过去"),
        ("expires_on", "2026-02-30", "没有这样的日期"),
        ("id", "1", "编号不对"),
        ("title", "a\x00b", "无法保存的字符"),
    ],
)
def test_a_need_that_is_not_valid_comes_back_with_what_to_mend(
    people: People, field: str, value: str, words: str
) -> None:
    _, author = people.logged_in()
    page = author.post("/needs", {**POSTED, field: value})
    assert page.status == 422
    assert words in page
    assert "还有地方要改" in page
    if field != "title":
        assert page.value("title") == POSTED["title"]
    assert "没有找到" in author.get("/needs")


@pytest.mark.parametrize("words", NAUGHTY)
def test_what_people_type_is_shown_as_typed_and_never_as_markup(people: People, words: str) -> None:
    _, author = people.logged_in()
    need_id = post_need(author, title=words, body=f"{words}\n{words}")
    for url in (f"/needs/{need_id}", "/needs", f"/needs/{need_id}/edit", "/needs?mine=1"):
        page = author.get(url)
        assert page.status == 200
        assert " ".join(words.split()) in page.text or words in page.html.replace("&#39;", "'")
        assert "<script>alert" not in page.html
        assert "<img src=x" not in page.html


def test_the_id_that_the_phone_made_is_kept_and_a_taken_one_is_refused(people: People) -> None:
    _, author = people.logged_in()
    given = str(uuid.uuid4())
    assert post_need(author, id=given) == given
    _, other = people.logged_in()
    page = other.post("/needs", {**POSTED, "id": given})
    assert page.status == 409
    assert "编号已被使用" in page
    assert page.value("id") == ""


def test_a_double_tap_is_one_need(people: People) -> None:
    _, author = people.logged_in()
    op_id = str(uuid.uuid4())
    first = author.post("/needs", {**POSTED, "op_id": op_id})
    second = author.post("/needs", {**POSTED, "op_id": op_id})
    assert first.status == second.status == 303
    assert first.location == second.location
    assert author.get("/needs").html.count('id="need-') == 1


def test_the_same_op_id_with_other_words_is_refused(people: People) -> None:
    _, author = people.logged_in()
    op_id = str(uuid.uuid4())
    author.post("/needs", {**POSTED, "op_id": op_id})
    page = author.post("/needs", {**POSTED, "title": "别的", "op_id": op_id})
    assert page.status == 409
    assert "同一个编号" in page
    assert page.value("title") == "别的"
    assert page.value("op_id") != op_id


def test_the_same_post_within_seven_days_is_refused_with_the_way_to_the_earlier_one(people: People) -> None:
    _, author = people.logged_in()
    need_id = post_need(author)
    page = author.post("/needs", POSTED)
    assert page.status == 409
    assert f"您已经发过一样的：“{POSTED['title']}”" in page
    assert f'href="/needs/{need_id}"' in page.html
    _, other = people.logged_in()
    post_need(other)
    clock.advance(days=7)
    post_need(author)


@pytest.mark.thorough
def test_after_sixty_posts_in_an_hour_a_member_waits(people: People) -> None:
    _, author = people.logged_in()
    for number in range(60):
        post_need(author, title=f"第 {number} 条")
    page = author.post("/needs", {**POSTED, "title": "第 61 条"})
    assert page.status == 429
    assert "过一会儿再发" in page
    _, other = people.logged_in()
    post_need(other, title="别人照样能发")
    clock.advance(hours=1)
    post_need(author, title="第 61 条")


def test_the_author_changes_it_until_it_is_closed(people: People) -> None:
    _, author = people.logged_in()
    need_id = post_need(author)
    assert f"/needs/{need_id}" in forms(author.get(f"/needs/{need_id}"))
    page = author.post(f"/needs/{need_id}", edited(title="改过的标题", amount="100"), follow=True)
    assert "改过的标题" in page
    assert author.get(f"/needs/{need_id}/edit").value("version") == "2"
    author.post(f"/needs/{need_id}/outcome", {"result": "withdrawn"})
    page = author.post(f"/needs/{need_id}", edited(title="又改", version="3"))
    assert page.status == 409
    assert "已经结束" in page
    assert page.value("title") == "又改"
    assert author.get(f"/needs/{need_id}/edit").status == 409


def test_the_second_of_two_edits_is_shown_both_versions_and_can_save_again(people: People) -> None:
    author_id, phone = people.logged_in()
    computer = people.browser(author_id)
    need_id = post_need(phone)
    phone.post(f"/needs/{need_id}", edited(body="手机上改的", amount="500"))
    page = computer.post(f"/needs/{need_id}", edited(body="电脑上改的"))
    assert page.status == 409
    for words in ("两个版本都在下面", "现在保存着的版本", "手机上改的", "您的版本", "电脑上改的", "和您的不同"):
        assert words in page, words
    assert page.value("version") == "2"
    assert computer.get(f"/needs/{need_id}").text.count("手机上改的")
    again = computer.post(f"/needs/{need_id}", edited(body="电脑上改的", version=page.value("version")), follow=True)
    assert "电脑上改的" in again
    assert "手机上改的" not in again


def test_an_edit_may_build_on_the_operation_that_made_the_version(people: People) -> None:
    _, author = people.logged_in()
    made, changed = str(uuid.uuid4()), str(uuid.uuid4())
    need_id = post_need(author, op_id=made)
    assert author.post(f"/needs/{need_id}", edited(title="一改", version=made, op_id=changed)).status == 303
    assert author.post(f"/needs/{need_id}", edited(title="二改", version=changed)).status == 303
    assert author.post(f"/needs/{need_id}", edited(title="三改", version=made)).status == 409


def test_an_edit_that_is_already_saved_is_no_conflict(people: People) -> None:
    _, author = people.logged_in()
    need_id = post_need(author)
    author.post(f"/needs/{need_id}", edited(title="改过"))
    page = author.post(f"/needs/{need_id}", edited(title="改过"), follow=True)
    assert "已经保存过了" in page


def test_an_edit_keeps_a_last_day_that_is_over_but_takes_no_new_one(people: People) -> None:
    _, author = people.logged_in()
    need_id = post_need(author, expires_on="2026-11-22")
    clock.advance(days=5)
    assert author.post(f"/needs/{need_id}", edited(title="改字", expires_on="2026-11-22")).status == 303
    page = author.post(f"/needs/{need_id}", edited(version="2", expires_on="2026-11-23"))
    assert page.status == 409
    assert "已经过去" in page
    author.post(f"/needs/{need_id}", edited(version="2", expires_on="2026-12-01"))
    assert author.get(f"/needs/{need_id}").state("need", need_id) == "open"


def test_an_edit_that_is_not_valid_comes_back(people: People) -> None:
    _, author = people.logged_in()
    need_id = post_need(author)
    page = author.post(f"/needs/{need_id}", edited(title=""))
    assert page.status == 422
    assert "请填写标题" in page
    assert author.post(f"/needs/{need_id}", POSTED).status == 422


def test_nobody_else_changes_it(people: People) -> None:
    _, author = people.logged_in()
    need_id = post_need(author)
    _, other = people.logged_in("管理员", "admin")
    assert other.post(f"/needs/{need_id}", edited(title="改了")).status == 403
    assert other.get(f"/needs/{need_id}/edit").status == 403
    assert POSTED["title"] in author.get(f"/needs/{need_id}")


def test_what_is_unknown_is_not_found(people: People) -> None:
    _, browser = people.logged_in()
    nobody = uuid.uuid4()
    assert browser.get(f"/needs/{nobody}").status == 404
    assert browser.get(f"/needs/{nobody}/edit").status == 404
    assert browser.get("/needs/none").status == 404
    for url in ("", "/responses", "/outcome"):
        fields = edited(body="有", result="solved")
        assert browser.post(f"/needs/{nobody}{url}", fields).status == 404, url


@pytest.mark.parametrize("url", ["/needs", "/needs/new", "/needs/solved", "/needs/sharing", "/needs/sharing/since"])
def test_visitors_are_sent_to_log_in_and_applicants_wait_outside(client: Browser, people: People, url: str) -> None:
    page = client.get(url)
    assert page.status == 303
    assert page.location.startswith("/login?next=")
    _, applicant = people.logged_in(status="applicant")
    assert applicant.get(url).status == 403
    posted = client.post("/needs", POSTED)
    assert (posted.status, posted.location) == (303, "/login?next=/")
    assert applicant.post("/needs", POSTED).status == 403


def test_a_hidden_need_is_seen_by_its_author_and_admins_alone(app: Flask, people: People) -> None:
    _, author = people.logged_in()
    need_id = post_need(author)
    with app.app_context():
        db.session.get_one(Need, uuid.UUID(need_id)).hidden = True
        db.session.commit()
    _, other = people.logged_in()
    _, admin = people.logged_in("管理员", "admin")
    assert other.get(f"/needs/{need_id}").status == 404
    assert other.post(f"/needs/{need_id}/responses", {"body": "有"}).status == 404
    assert "没有找到" in other.get("/needs")
    assert "已被管理员隐藏" in author.get(f"/needs/{need_id}")
    assert admin.get(f"/needs/{need_id}").status == 200


def test_the_form_opens_for_an_offer_too(people: People) -> None:
    _, browser = people.logged_in()
    page = browser.get("/needs/new?kind=offer")
    offer = page.html.index('value="offer"')
    assert "checked" in page.html[offer - 80 : offer + 80]
    assert "/needs" in forms(page)
    assert "照这五处写" in page
