"""The desk: from a draft to 11:18, by three different people."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts.models import Member
from blueprints.briefings import service
from blueprints.briefings.models import Briefing, BriefingVersion
from core import registries
from core.access import Viewer
from core.audit import AuditEntry
from core.chamber import ChamberSetting
from core.clock import clock
from core.database import db
from tests.client import Browser
from tests.desk import PASS, TEXT, TODAY, Desk, state
from tests.people import People

pytestmark = pytest.mark.unhurried

Told = list[tuple[uuid.UUID, str, str]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    kept: Told = []

    def send(members: list[uuid.UUID], kind: str, *, url: str, subject: str, words: dict[str, str]) -> None:
        str(registries.notice_kinds[kind].sentence % words)
        kept.extend((who, kind.partition(".")[2], subject) for who in members)

    monkeypatch.setattr(registries, "_tellers", [send])
    return kept


def test_an_issue_goes_from_draft_to_1118_by_three_people(desk: Desk, client: Browser) -> None:
    url = desk.draft()
    assert state(desk.editor.get(url), url) == "draft"
    desk.editor.post(f"{url}/submit")
    assert state(desk.reviewer.get(url), url) == "submitted"
    desk.reviewer.post(f"{url}/review", PASS)
    assert state(desk.publisher.get(url), url) == "reviewed"
    assert desk.publisher.post(f"{url}/sign-off", {**PASS, "comment": "好"}).location == url
    assert state(desk.publisher.get(url), url) == "signed_off"
    assert "发布时间" in desk.publisher.get(url)

    clock.freeze(datetime(2026, 11, 21, 3, 17, 59, tzinfo=UTC))
    assert desk.member.get("/briefings/1").status == 404
    assert desk.member.get("/briefings/1.txt").status == 404
    assert "防滑地面" not in desk.member.get("/briefings")
    assert state(desk.editor.get(url), url) == "signed_off"

    clock.freeze(datetime(2026, 11, 21, 3, 18, 0, tzinfo=UTC))
    page = desk.member.get("/briefings/1")
    assert page.status == 200
    assert state(page, url) == "published"
    for words in ("防滑地面和两次脱盐", "货架四十组", "编辑：编者", "审核：审者", "签发：签者", "第 1 期"):
        assert words in page
    assert "防滑地面" in desk.member.get("/briefings")
    assert state(desk.editor.get(url), url) == "published"
    for hidden in ("/briefings", "/briefings/1", "/briefings/1.txt", "/desk", url):
        assert client.get(hidden).status == 303


def test_the_etag_of_the_list_changes_at_1118_though_nothing_was_written(desk: Desk) -> None:
    desk.signed_off()
    clock.freeze(datetime(2026, 11, 21, 3, 17, 59, tzinfo=UTC))
    before = {"If-None-Match": desk.member.get("/briefings").headers["ETag"]}
    assert desk.member.client.get("/briefings", headers=before).status_code == 304
    clock.advance(seconds=1)
    assert desk.member.client.get("/briefings", headers=before).status_code == 200


def test_an_issue_signed_off_after_its_hour_is_out_at_once(desk: Desk) -> None:
    url = desk.reviewed("2026-11-20")
    desk.publisher.post(f"{url}/sign-off", PASS)
    assert state(desk.publisher.get(url), url) == "published"
    assert desk.member.get("/briefings/1").status == 200


def test_the_hour_is_the_one_that_the_admins_set(app: Flask, desk: Desk) -> None:
    with app.app_context():
        db.session.add(ChamberSetting(key="briefing_time", value="18:30"))
        db.session.commit()
    desk.signed_off()
    with app.app_context():
        assert db.session.scalars(select(Briefing.publishes_at)).one() == datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


def test_before_publication_only_the_desk_knows_of_it(desk: Desk, people: People) -> None:
    url = desk.signed_off()
    assert desk.member.get("/desk").status == 403
    assert desk.member.get(url).status == 403
    assert people.logged_in("申请人", status="applicant")[1].get("/briefings").status == 403
    admin = people.logged_in("管理员", "admin")[1]
    page = admin.get(url)
    assert page.status == 200
    assert "<form" not in page.html.partition("<main")[2].partition("</main>")[0]
    assert admin.post(url, {**TEXT, "version": "1"}).status == 403
    assert admin.post("/desk/briefings", {"date": TODAY}).status == 403


def test_each_part_is_done_by_its_role_alone(desk: Desk) -> None:
    url = desk.submitted()
    assert desk.editor.post(f"{url}/review", PASS).status == 403
    assert desk.publisher.post(f"{url}/review", PASS).status == 403
    assert desk.reviewer.post(f"{url}/sign-off", PASS).status == 403
    assert desk.reviewer.post("/desk/briefings", {"date": "2026-11-22"}).status == 403
    assert desk.member.post(f"{url}/submit").status == 403


def test_nobody_reviews_or_signs_off_what_they_edited(desk: Desk, people: People) -> None:
    all_in_one = people.logged_in("全能", "editor", "reviewer", "publisher")[1]
    url = desk.draft()
    desk.save(all_in_one, url, title="改过的标题")
    all_in_one.post(f"{url}/submit")
    page = all_in_one.post(f"{url}/review", {**PASS, "comment": "自己看过了"})
    assert page.status == 409
    assert "请由另一位来审核和签发" in page
    assert "自己看过了" in page
    assert f'action="{url}/review"' not in all_in_one.get(url).html
    assert "由另外的人审核和签发" in all_in_one.get(url)
    desk.reviewer.post(f"{url}/review", PASS)
    assert all_in_one.post(f"{url}/sign-off", PASS).status == 409


def test_who_submitted_it_does_not_review_it(desk: Desk, people: People) -> None:
    second = people.logged_in("副编", "editor", "reviewer")[1]
    url = desk.draft()
    second.post(f"{url}/submit")
    assert second.post(f"{url}/review", PASS).status == 409


def test_the_reviewer_does_not_sign_off(desk: Desk, people: People) -> None:
    both = people.logged_in("两任", "reviewer", "publisher")[1]
    url = desk.submitted()
    both.post(f"{url}/review", PASS)
    page = both.post(f"{url}/sign-off", PASS)
    assert page.status == 409
    assert "这一期是您审核的" in page


def test_a_returned_issue_goes_round_again(desk: Desk) -> None:
    url = desk.submitted()
    desk.reviewer.post(f"{url}/review", {"verdict": "return", "comment": "第三条核实"})
    page = desk.editor.get(url)
    assert state(page, url) == "draft"
    assert "第三条核实" in page
    desk.save(desk.editor, url, title="核实过的")
    desk.editor.post(f"{url}/submit")
    desk.reviewer.post(f"{url}/review", PASS)
    desk.publisher.post(f"{url}/sign-off", {"verdict": "return", "comment": "日期不对"})
    assert state(desk.editor.get(url), url) == "draft"
    desk.editor.post(f"{url}/submit")
    desk.reviewer.post(f"{url}/review", PASS)
    desk.publisher.post(f"{url}/sign-off", PASS)
    page = desk.editor.get(url)
    assert state(page, url) == "signed_off"
    for words in ("建了这一期", "改了文稿", "交给审核", "审核退回", "签发时退回", "签发了", "日期不对"):
        assert words in page


def test_who_returns_an_issue_says_what_is_to_be_changed(desk: Desk) -> None:
    url = desk.submitted()
    for wordless in ({"verdict": "return"}, {"verdict": "return", "comment": " \n "}):
        page = desk.reviewer.post(f"{url}/review", wordless)
        assert page.status == 409
        assert "退回时请写明要改哪里" in page
        assert state(desk.editor.get(url), url) == "submitted"
    desk.reviewer.post(
        f"{url}/comments", {"line": "4", "body": "几组？", "version": desk.reviewer.get(url).value("version")}
    )
    desk.reviewer.post(f"{url}/review", {"verdict": "return"})
    assert state(desk.editor.get(url), url) == "draft"


def test_a_remark_on_an_older_text_or_by_another_explains_no_return(desk: Desk) -> None:
    url = desk.submitted()
    desk.reviewer.post(
        f"{url}/comments", {"line": "4", "body": "几组？", "version": desk.reviewer.get(url).value("version")}
    )
    desk.reviewer.post(f"{url}/review", PASS)
    assert desk.publisher.post(f"{url}/sign-off", {"verdict": "return"}).status == 409
    desk.publisher.post(f"{url}/sign-off", {"verdict": "return", "comment": "日期不对"})
    desk.save(desk.editor, url, title="核实过的")
    desk.editor.post(f"{url}/submit")
    assert desk.reviewer.post(f"{url}/review", {"verdict": "return"}).status == 409
    assert state(desk.editor.get(url), url) == "submitted"


def test_what_was_passed_on_is_not_edited_and_no_typed_word_is_lost(desk: Desk) -> None:
    url = desk.submitted()
    page = desk.save(desk.editor, url, "1", title="迟到的修改")
    assert page.status == 409
    assert "退回之后才能再改" in page
    assert "迟到的修改" in page
    desk.reviewer.post(f"{url}/review", PASS)
    desk.publisher.post(f"{url}/sign-off", PASS)
    assert "已经签发" in desk.save(desk.editor, url, "1", title="迟到的修改")
    assert desk.editor.post(f"{url}/submit").status == 409
    assert desk.reviewer.post(f"{url}/review", PASS).status == 409
    assert desk.publisher.post(f"{url}/sign-off", PASS).status == 409


def test_steps_out_of_turn_are_refused(desk: Desk) -> None:
    url = desk.draft()
    assert desk.reviewer.post(f"{url}/review", PASS).status == 409
    assert desk.publisher.post(f"{url}/sign-off", PASS).status == 409
    assert desk.reviewer.post(f"{url}/review", {"verdict": "maybe"}).status == 422
    assert desk.reviewer.post("/desk/briefings/" + str(uuid.uuid4()) + "/review", PASS).status == 404
    assert desk.editor.get("/desk/briefings/" + str(uuid.uuid4())).status == 404


def test_an_issue_without_words_is_not_submitted(desk: Desk) -> None:
    url = desk.editor.post("/desk/briefings", {"date": TODAY}).location
    page = desk.editor.get(url)
    assert f'action="{url}/submit"' not in page.html
    assert "先写好标题和正文" in desk.editor.post(f"{url}/submit")
    page = desk.editor.post(url, {"title": "题" * 81, "body": "", "version": "1"})
    assert page.status == 422
    assert "最多 80 个字" in page
    assert desk.editor.post(url, {"title": "题", "body": "长" * 15001, "version": "1"}).status == 422


def test_the_second_editor_sees_both_versions_and_can_save_again(desk: Desk, people: People, app: Flask) -> None:
    other = people.logged_in("副编", "editor")[1]
    url = desk.draft()
    opened = other.get(url).value("version") or ""
    assert desk.save(desk.editor, url, opened, body="先保存的正文").status == 303
    page = desk.save(other, url, opened, body="后保存的正文")
    assert page.status == 409
    assert "先保存的正文" in page
    assert "后保存的正文" in page
    assert desk.save(other, url, page.value("version") or "", body="合并的正文").status == 303
    assert "合并的正文" in desk.editor.get(url)
    with app.app_context():
        bodies = db.session.scalars(select(BriefingVersion.body).order_by(BriefingVersion.version)).all()
        assert bodies == [TEXT["body"], "先保存的正文", "合并的正文"]


def test_an_edit_may_build_on_an_operation_of_its_own(desk: Desk) -> None:
    url = desk.draft()
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    version = desk.editor.get(url).value("version")
    desk.editor.post(url, {**TEXT, "body": "一", "version": version, "op_id": first})
    assert desk.editor.post(url, {**TEXT, "body": "二", "version": first, "op_id": second}).status == 303
    assert desk.editor.post(url, {**TEXT, "body": "三", "version": first}).status == 409
    assert desk.editor.post(url, {**TEXT, "body": "三", "version": "no-such-operation"}).status == 409


def test_saving_what_stands_there_changes_nothing(desk: Desk, app: Flask) -> None:
    url = desk.draft()
    assert "没有改动" in desk.editor.post(url, {**TEXT, "version": "1"}, follow=True)
    with app.app_context():
        assert len(db.session.scalars(select(BriefingVersion)).all()) == 1


def test_saving_often_is_one_step_of_one_sitting(desk: Desk) -> None:
    url = desk.draft()
    for number in range(3):
        desk.save(desk.editor, url, body=f"第{number}稿")
    assert desk.editor.get(url).text.count("改了文稿") == 1


def test_there_is_one_issue_a_day(desk: Desk) -> None:
    desk.draft()
    page = desk.editor.post("/desk/briefings", {"date": TODAY})
    assert page.status == 409
    assert "已经有了" in page
    assert desk.editor.post("/desk/briefings", {"date": "明天"}).status == 422
    for mistyped in ("2020-11-22", "2062-11-22"):
        page = desk.editor.post("/desk/briefings", {"date": mistyped})
        assert (page.status, "前后一年之内" in page) == (409, True)
    assert 'value="2026-11-22"' in desk.editor.get("/desk").html
    desk.draft("2026-11-22")
    assert 'value="2026-11-23"' in desk.editor.get("/desk").html


def test_a_draft_of_a_wrong_day_is_given_another(app: Flask, desk: Desk) -> None:
    url, other = desk.draft("2026-11-27"), desk.draft("2026-11-23")
    opened = desk.editor.get(url).value("version")
    assert desk.editor.post(f"{url}/day", {"date": "2026-11-22"}).status == 303
    page = desk.editor.get(url)
    assert "改了日期" in page
    with app.app_context():
        assert str(db.session.get_one(Briefing, uuid.UUID(url.rpartition("/")[2])).date) == "2026-11-22"
    assert desk.save(desk.editor, url, version=opened or "", title="照样能存").status == 303, "the text is as it was"
    taken = desk.editor.post(f"{url}/day", {"date": "2026-11-23"})
    assert (taken.status, "已经有了" in taken) == (409, True)
    assert desk.editor.post(f"{url}/day", {"date": "2062-11-22"}).status == 409
    assert desk.editor.post(f"{url}/day", {"date": "明天"}).status == 422
    assert desk.reviewer.post(f"{url}/day", {"date": "2026-11-25"}).status == 403
    assert desk.editor.post(f"{other}/submit").status == 303
    assert desk.editor.post(f"{other}/day", {"date": "2026-11-25"}).status == 409
    assert "/day" not in desk.editor.get(other).html


def test_the_desk_lists_what_is_in_work_and_who_is_waited_for(desk: Desk) -> None:
    empty = desk.editor.get("/desk")
    assert "没有在做的简报" in empty
    first, second = desk.draft(), desk.submitted("2026-11-22")
    page = desk.reviewer.get("/desk")
    assert state(page, first) == "draft"
    assert "等编辑编者写完并提交" in page
    assert state(page, second) == "submitted"
    assert "等一位没有改过它的审核人" in page
    assert 'action="/desk/briefings"' not in page.html


def test_each_is_told_when_it_is_their_turn(desk: Desk, told: Told, people: People) -> None:
    people.member("离任", "reviewer", status="suspended")
    url = desk.submitted()
    desk.reviewer.post(f"{url}/review", {"verdict": "return", "comment": "第三条核实"})
    desk.editor.post(f"{url}/submit")
    desk.reviewer.post(f"{url}/review", PASS)
    desk.publisher.post(f"{url}/sign-off", PASS)
    assert [(who, kind) for who, kind, _ in told] == [
        (desk.reviewer_id, "submitted"),
        (desk.editor_id, "returned"),
        (desk.reviewer_id, "submitted"),
        (desk.publisher_id, "reviewed"),
        (desk.editor_id, "signed_off"),
        (desk.reviewer_id, "signed_off"),
    ]
    assert len(set(told)) == len(told)


def test_what_waits_at_the_desk_is_each_one_s_turn(app: Flask, desk: Desk) -> None:
    def turns() -> list[list[str]]:
        roles = {desk.editor_id: "editor", desk.reviewer_id: "reviewer", desk.publisher_id: "publisher"}
        with app.test_request_context():
            viewers = [Viewer(key, key, "", "member", frozenset({role})) for key, role in roles.items()]
            return [[waiting.sentence for waiting in service.waiting_at_desk(viewer)] for viewer in viewers]

    url = desk.draft()
    assert turns() == [["等您写完并提交"], [], []]
    desk.editor.post(f"{url}/submit")
    assert turns() == [[], ["等您审核"], []]
    desk.reviewer.post(f"{url}/review", PASS)
    assert turns() == [[], [], ["等您签发"]]
    desk.publisher.post(f"{url}/sign-off", PASS)
    assert turns() == [[], [], []]
    with app.app_context():
        assert service.waiting_at_desk(Viewer(desk.editor_id, desk.editor_id, "", "member")) == []


def test_every_act_is_on_the_audit_trail(app: Flask, desk: Desk) -> None:
    desk.signed_off()
    with app.app_context():
        acts = [entry.act for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
        assert acts == [f"briefing.{act}" for act in ("create", "edit", "submit", "review", "sign_off")]


def test_numbers_have_no_gap_when_two_are_signed_off_at_once(app: Flask, desk: Desk, people: People) -> None:
    urls = [desk.reviewed(f"2026-11-{day}") for day in range(22, 28)]
    publishers = [people.logged_in("", "publisher")[1] for _ in urls]
    barrier = threading.Barrier(len(urls))
    answers: list[int] = []

    def sign(phone: Browser, url: str) -> None:
        barrier.wait()
        sent = {"Sec-Fetch-Site": "same-origin"}
        answers.append(phone.client.post(f"{url}/sign-off", data=PASS, headers=sent).status_code)

    threads = [threading.Thread(target=sign, args=pair) for pair in zip(publishers, urls, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * len(urls)
    with app.app_context():
        numbers = db.session.scalars(select(Briefing.number)).all()
        assert sorted(number or 0 for number in numbers) == list(range(1, len(urls) + 1))


@pytest.mark.thorough
def test_the_pages_of_the_desk_ask_no_more_for_many_issues(desk: Desk) -> None:
    url = desk.draft()
    desk.editor.get("/desk")
    few = [len(desk.editor.get(place).queries) for place in ("/desk", url)]
    for day in range(22, 30):
        desk.submitted(f"2026-11-{day}")
    assert [len(desk.editor.get(place).queries) for place in ("/desk", url)] == few
    assert max(few) <= 8


def test_a_name_at_the_desk_is_not_markup(desk: Desk, app: Flask) -> None:
    with app.app_context():
        db.session.get_one(Member, desk.editor_id).real_name = "<b>编者</b>"
        db.session.commit()
    url = desk.draft(title="<script>alert(1)</script>", body="<img src=x onerror=alert(1)> {{7*7}}")
    page = desk.editor.get(url)
    assert "<script>alert" not in page.html
    assert "<img" not in page.html
    assert "{{7*7}}" in page
    assert "<b>编者</b>" in page
